"""Inflection: the forms in which a word of the brand's list can stand in a text.

A word that a brand wants to avoid reaches this module from the guard; out go its regular Dutch and English forms, and the
irregular ones of common verbs. Forms are made and looked for, rather than reducing the words of a text to stems: a stem that
two words share would flag the wrong one. Pure: no I/O.
"""

_IRREGULAR = (
    "moeten moet moest moesten gemoeten",
    "kunnen kan kun kunt kon konden gekund",
    "zullen zal zul zult zou zouden",
    "willen wil wilt wilde wilden wou gewild",
    "mogen mag mocht mochten",
    "hebben heb hebt heeft had hadden gehad",
    "gaan ga gaat ging gingen gegaan",
    "doen doe doet deed deden gedaan",
    "zien zie ziet zag zagen gezien",
    "krijgen krijg krijgt kreeg kregen gekregen",
    "begrijpen begrijp begrijpt begreep begrepen",
    "verwijzen verwijs verwijst verwees verwezen",
    "doorverwijzen doorverwijs doorverwijst doorverwees doorverwezen",
    "vergeten vergeet vergat vergaten",
    "spijten spijt speet gespeten",
    "weten weet wist wisten geweten",
    "do does did done doing",
    "have has had having",
    "get gets got gotten getting",
    "know knows knew known knowing",
    "pay pays paid paying",
)
_VOWELS = "aeiouy"
_SEPARABLE = ("aan", "af", "bij", "door", "in", "mee", "na", "om", "op", "over", "terug", "toe", "uit", "voor", "weg")
_NO_GE = ("be", "ge", "her", "ont", "ver", "er")


def forms(word: str, *, finite: bool) -> frozenset[str]:
    """The word (lower case) and its regular Dutch and English inflections, some of which do not exist and so never occur.

    ``finite`` says that a pronoun stands before it, so that a *t* at its end is a verb's: *u dient*, *u diende*. Elsewhere
    that *t* may be part of a noun (*kant* is no form of *kan*).
    """
    for row in _IRREGULAR:
        known = row.split()
        if word in known:
            return frozenset(known)
    if len(word) < 3 or not word.isalpha():
        return frozenset({word, f"{word}'s"}) if word.isalpha() and len(word) > 2 else frozenset({word})
    found = {word, *_nominal_nl(word), *_english(word)}
    if word.endswith("en") and len(word) > 4:
        found |= _verb_nl(word)
    elif finite and word.endswith("t") and len(word) > 3:
        found |= _verb_nl(_lengthen(word[:-1]))
    elif word.endswith("eert") and len(word) > 5:
        found |= _verb_nl(word[:-4] + "eren")
    return frozenset(found)


def _lengthen(stem: str) -> str:
    """A stem with *-en*, spelled as Dutch does: *loos* → *lozen*, *klus* → *klussen*, *dien* → *dienen*."""
    if len(stem) > 3 and stem[-2] == stem[-3] and stem[-2] in "aeou" and stem[-1] not in _VOWELS:
        return stem[:-2] + _voiced(stem[-1]) + "en"
    if len(stem) > 2 and stem[-1] not in _VOWELS + "wxjh" and stem[-2] in _VOWELS and stem[-3] not in _VOWELS:
        return f"{stem}{stem[-1]}en"
    return stem[:-1] + _voiced(stem[-1]) + "en" if stem[-2:-1] in (*_VOWELS, "l", "r", "n") else f"{stem}en"


def _voiced(consonant: str) -> str:
    return {"s": "z", "f": "v"}.get(consonant, consonant)


def _stems(infinitive: str) -> set[str]:
    """*klussen* → *klus*, *lozen* → *loos*, *dienen* → *dien*; *garanderen* and *leveren* differ only in stress: both spellings."""
    stem = infinitive[:-2]
    if len(stem) > 2 and stem[-1] == stem[-2] and stem[-1] not in _VOWELS:
        return {stem[:-1]}
    hard = stem[:-1] + {"z": "s", "v": "f"}.get(stem[-1], stem[-1])
    open_syllable = len(stem) > 1 and stem[-2] in "aeou" and stem[-1] not in _VOWELS
    if not open_syllable or (len(stem) > 2 and stem[-3] in _VOWELS):
        return {hard}
    long = hard[:-1] + hard[-2] + hard[-1]
    unstressed = stem[-2] == "e" and stem[-1] in "lrn" and any(v in stem[:-2] for v in _VOWELS)
    return {long, hard} if unstressed else {long}


def _nominal_nl(word: str) -> set[str]:
    """Adjective and noun: *kosteloze, kostelozer, klussen, klusje, foto's*."""
    made = {f"{word}{end}" for end in ("e", "s", "er", "ere", "st", "ste", "'s", "je", "tje", "pje", "etje", "jes", "tjes")}
    made |= {f"{word}n", f"{word}r"} if word.endswith("e") else set()
    for long in {_lengthen(word), f"{word}en"}:
        made |= {long, long[:-1], f"{long[:-1]}r", f"{long[:-1]}re", f"{long[:-1]}s"}
    return made


def _verb_nl(infinitive: str) -> set[str]:
    return {form for stem in _stems(infinitive) for form in _conjugated(stem, infinitive)}


def _conjugated(stem: str, infinitive: str) -> set[str]:
    root = infinitive[:-2]
    past = ("te", "ten") if root[-1:] in ("t", "k", "f", "s", "p", "h", "x") or root.endswith("ch") else ("de", "den")
    made = {infinitive, stem, f"{stem}t", f"{stem}end", f"{root}end", f"{root}ende", *(stem + end for end in past)}
    last = "t" if past[0] == "te" else "d"
    participle = stem if stem.endswith(last) else stem + last
    separable = next((p for p in sorted(_SEPARABLE, key=len, reverse=True) if stem.startswith(p) and len(stem) > len(p) + 2), None)
    made |= {participle, f"{participle}e"} if stem.startswith(_NO_GE) else {f"ge{participle}", f"ge{participle}e"}
    if separable:
        made |= {f"{separable}ge{participle[len(separable) :]}"}
    return made


def _english(word: str) -> set[str]:
    made = {f"{word}{end}" for end in ("s", "es", "ed", "ing", "er", "est", "'s")}
    if word.endswith("e"):
        made |= {f"{word}d", f"{word}r", f"{word}st", f"{word[:-1]}ing"}
    if word.endswith("y"):
        made |= {f"{word[:-1]}{end}" for end in ("ies", "ied", "ier", "iest")}
    if len(word) > 2 and word[-1] not in _VOWELS + "wx" and word[-2] in _VOWELS and word[-3] not in _VOWELS:
        made |= {f"{word}{word[-1]}{end}" for end in ("ed", "ing", "er", "est")}
    return made
