"""What the words of the wrong person or form of address become, with the verb that goes with them.

A place in a text comes in; a place (the word, with its verb where that changes too) and what stands there instead goes out, or nothing where the words
around leave open what is right: a click must never make a sentence wrong. Pure: no I/O.
"""

import re
from typing import Final, NamedTuple

_VERBS_TEXT: Final = (
    "kijken vragen zoeken bellen sturen geven leggen nemen laten zorgen helpen maken zetten melden meedenken denken hopen horen lezen begrijpen "
    "snappen vinden weten krijgen komen houden checken controleren regelen=regel proberen=probeer reageren=reageer informeren=informeer "
    "adviseren=adviseer noteren=noteer annuleren=annuleer corrigeren=corrigeer herstellen bekijken bespreken betalen storten mailen=mail "
    "antwoorden schrijven spreken wachten werken boeken plannen passen draaien openen=open blokkeren=blokkeer verwijderen=verwijder "
    "veranderen=verander wijzigen=wijzig bezorgen leveren=lever ontvangen brengen schakelen=schakel overleggen uitzoeken betreuren verwachten "
    "wensen danken bedanken moeten blijven lopen zeggen vertellen delen gebruiken starten stoppen starten verzenden versturen bevestigen=bevestig "
    "verwerken volgen tonen beloven vermoeden geloven vergeten kiezen kopen pakken voegen halen trekken rijden vliegen bieden rekenen verrekenen "
    "vergoeden "
    "compenseren=compenseer crediteren=crediteer ruilen repareren=repareer vervangen onderzoeken vermelden bewaren bestellen leren testen meten schatten "
    "tellen winnen verliezen breken missen voorkomen ondernemen vernemen verbinden lossen luisteren=luister verbeteren=verbeter herinneren=herinner "
    "herhalen herstarten installeren=installeer activeren=activeer registreren=registreer reserveren=reserveer factureren=factureer "
    "accepteren=accepteer garanderen=garandeer escaleren=escaleer waarderen=waardeer twijfelen wisselen handelen behandelen verzamelen "
    "ontwikkelen tekenen "
    "berekenen ervaren verklaren verlengen sluiten besluiten bespoedigen=bespoedig verhuizen wijzen verwijzen lezen beheren bewijzen uitvoeren invoeren "
    "bouwen vertrouwen onthouden waarschuwen huren verhuren verkopen ontdekken drukken klikken zitten liggen spreken vertrekken roepen bewerken steunen "
    "ontkoppelen koppelen stellen voorstellen verdelen verlenen lenen menen noemen wisselen trakteren=trakteer rekenen splitsen sorteren=sorteer scannen "
    "printen posten tweeten=tweet chatten appen=app"
)
_IRREGULAR_TEXT: Final = (
    "ben/zijn heb/hebben kan/kunnen zal/zullen wil/willen mag/mogen ga/gaan sta/staan doe/doen zie/zien was/waren had/hadden zou/zouden "
    "kon/konden moest/moesten wilde/wilden ging/gingen deed/deden zag/zagen kwam/kwamen vond/vonden kreeg/kregen gaf/gaven nam/namen bleef/bleven "
    "wist/wisten dacht/dachten stuurde/stuurden belde/belden vroeg/vroegen zocht/zochten hoorde/hoorden las/lazen begreep/begrepen "
    "schreef/schreven"
)


_STRESSED: Final = re.compile(r"(?:be|ver|ont|her|ge)?[^aeiou]*e[ln]")
"""*delen*, *verlenen*: of longer ones (*handelen*, *rekenen*) the last vowel is a dull one, which stays single."""


def _stem(infinitive: str) -> str:
    """*kijken* → *kijk*, *bellen* → *bel*, *sturen* → *stuur*, *geven* → *geef*."""
    root = infinitive[:-2]
    if len(root) > 2 and root[-1] == root[-2]:
        return root[:-1]
    if root.endswith("kom") or root.endswith("w") or (root[-2:] in ("el", "en") and not _STRESSED.fullmatch(root)):
        return root
    hard = root[:-1] + {"z": "s", "v": "f"}.get(root[-1], root[-1])
    open_syllable = root[-2] in "aeou" and root[-1] not in "aeiou" and root[-3:-2] not in tuple("aeiou")
    return hard[:-1] + hard[-2] + hard[-1] if open_syllable else hard


def _pairs_of(text: str) -> dict[str, str]:
    return dict(pair.split("/", 1) for pair in text.split())


def _pairs() -> dict[str, str]:
    """First person singular → plural."""
    known = {}
    for verb in _VERBS_TEXT.split():
        infinitive, _, stem = verb.partition("=")
        known[stem or _stem(infinitive)] = infinitive
    return known | _pairs_of(_IRREGULAR_TEXT)


_PLURAL: Final = _pairs()
_SINGULAR: Final = {plural: singular for singular, plural in _PLURAL.items()}
_SECOND: Final = _pairs_of("ben/bent heb/hebt kan/kunt zal/zult wil/wilt mag/mag ga/gaat sta/staat doe/doet zie/ziet")
"""First person → second, where that is more than a *t*."""
_WITH_U: Final = {
    **{(stem if stem.endswith("t") else f"{stem}t"): stem for stem in _PLURAL if stem not in _SECOND},
    **{second: first for first, second in _SECOND.items()},
    "kunt": "kun", "zult": "zul", "heeft": "heb", "had": "had", "was": "was", "zou": "zou", "wordt": "word", "hoeft": "hoef",
}  # fmt: skip
"""A verb before *u* → the same before *je*."""
_WITH_JE: Final = _pairs_of(
    "kun/kunt kan/kunt heb/hebt ben/bent zul/zult wil/wilt mag/mag moet/moet ga/gaat krijg/krijgt weet/weet hoef/hoeft word/wordt "
    "ontvang/ontvangt had/had zou/zou hoor/hoort"
)
"""A verb that makes *je* behind it the subject → the same before *u*."""
_AFTER_JE: Final = _pairs_of(
    "kan/kunt kunt/kunt hebt/hebt bent/bent zult/zult zal/zult wilt/wilt wil/wilt mag/mag moet/moet gaat/gaat krijgt/krijgt vindt/vindt weet/weet "
    "ziet/ziet hoort/hoort ontvangt/ontvangt had/had zou/zou hoeft/hoeft betaalt/betaalt stuurt/stuurt kiest/kiest leest/leest"
)
_SMALL_TEXT: Final = (
    "graag even dan nu nog zo snel morgen vandaag vanmiddag vanavond straks zelf ook wel niet er het een de dit dat deze die hier daar in op aan "
    "met van voor naar bij over uit om als of en maar want zodat omdat via per binnen altijd al alvast weer meteen direct persoonlijk terug "
    "verder hoe wat wanneer waar waarom ons onze mij me ik we wij hem haar hen alles iets niets geen uiterlijk maandag dinsdag woensdag donderdag "
    "vrijdag zaterdag zondag zeker natuurlijk"
)
_SMALL: Final = frozenset(_SMALL_TEXT.split())
"""What shows that *je* before it owns nothing."""
_PREPOSITIONS: Final = frozenset(["voor", "met", "bij", "aan", "naar", "van", "over", "tegen", "op", "in", "uit", "via", "onder"])
_OF_DE_TEXT: Final = (
    "collega collega's excuses kant vraag mail hulp reactie fout vergissing uitleg afdeling leidinggevende teamleider monteurs systemen"
)
_OF_DE: Final = frozenset(_OF_DE_TEXT.split())
_OF_HET: Final = frozenset(["team", "bericht", "antwoord", "systeem", "advies", "overzicht", "scherm", "voorstel", "excuus"])
_NO_VERB_TEXT: Final = (
    "dat wat met niet want uit tot naast omdat zodat totdat voordat nadat het dit best meest eerst juist echt recht bericht omtrent jegens"
)
_NO_VERB: Final = frozenset(_NO_VERB_TEXT.split())

_WORD_BEFORE: Final = re.compile(r"([^\W\d_]+)[ ]\Z")
_WORD_BEHIND: Final = re.compile(r"[ ]([^\W\d_]+(?:'s)?)(?![\w'])")
_OPENS: Final = re.compile(r"(?:\A|[.!?…:\n>)\"“‘])[\s\U0001F000-\U0001FAFF]*\Z")


_GOES_ON: Final = re.compile(r"\b(?:en|of|maar)[ ]([^\W\d_]+)(?![ ](?:ik|we|wij)\b)")
_REFLEXIVE: Final = re.compile(r"[^.!?\n]{0,40}\bzich\b")
_REST: Final = re.compile(r"[^.!?\n]{0,120}")


class Turn(NamedTuple):
    """A place in the text, and what stands there instead."""

    start: int
    end: int
    fix: str


def _neighbours(text: str, start: int, end: int) -> tuple["re.Match[str] | None", "re.Match[str] | None"]:
    return _WORD_BEFORE.search(text, max(0, start - 30), start), _WORD_BEHIND.match(text, end)


def _cased(text: str, start: int, fix: str) -> str:
    return fix[:1].upper() + fix[1:] if _OPENS.search(text, max(0, start - 4), start) or (start < 3 and text[start].isupper()) else fix


def _turn(text: str, start: int, end: int, fix: str) -> Turn:
    return Turn(start, end, _cased(text, start, fix) if text[start].isupper() else fix)


def _more_verbs(text: str, end: int, verbs: dict[str, str]) -> bool:
    """Whether the sentence goes on with another verb of the same subject ("ik zoek het op en bel u"), which would have to change too."""
    rest = _REST.match(text, end)
    return rest is not None and any(match[1].lower() in verbs for match in _GOES_ON.finditer(rest[0]))


def to_we(text: str, start: int, end: int, *, formal: bool) -> Turn | None:
    """*ik kijk* → *we kijken*, *mijn collega* → *onze collega*, *me* → *ons*."""
    word, we = text[start:end].lower().replace("’", "'"), "wij" if formal else "we"
    before, behind = _neighbours(text, start, end)
    if word == "ik":
        if _more_verbs(text, end, _PLURAL):
            return None
        if before and (plural := _PLURAL.get(before[1].lower())):
            return _turn(text, before.start(1), end, f"{plural} {we}")
        if behind and (plural := _PLURAL.get(behind[1].lower())):
            return _turn(text, start, behind.end(1), f"{we} {plural}")
    elif word in ("mij", "me"):
        return _turn(text, start, end, "ons")
    elif word in ("mezelf", "mijzelf"):
        return _turn(text, start, end, "onszelf")
    elif word in ("mijn", "m'n", "mn") and behind:
        owned = behind[1].lower()
        if owned in _OF_DE or owned in _OF_HET:
            return _turn(text, start, end, "onze" if owned in _OF_DE else "ons")
    return None


def to_i(text: str, start: int, end: int) -> Turn | None:
    """*we kijken* → *ik kijk*, *kijken we* → *kijk ik*."""
    if text[start:end].lower() not in ("we", "wij"):
        return None
    if _more_verbs(text, end, _SINGULAR):
        return None
    before, behind = _neighbours(text, start, end)
    if before and (singular := _SINGULAR.get(before[1].lower())):
        return _turn(text, before.start(1), end, f"{singular} ik")
    if behind and (singular := _SINGULAR.get(behind[1].lower())):
        return _turn(text, start, behind.end(1), f"ik {singular}")
    return None


_ENGLISH_WE: Final = {
    "i": "we",
    "i'm": "we're",
    "i'll": "we'll",
    "i've": "we've",
    "i'd": "we'd",
    "me": "us",
    "my": "our",
    "mine": "ours",
    "myself": "ourselves",
}
_ENGLISH_I: Final = {"we": "I", "we're": "I'm", "we'll": "I'll", "we've": "I've", "we'd": "I'd"}
_BE_WE, _BE_I = {"am": "are", "was": "were"}, {"are": "am", "were": "was"}


def english(text: str, start: int, end: int, *, to_singular: bool) -> Turn | None:
    """*I am* → *we are*, *my* → *our*, *we've* → *I've*."""
    word = text[start:end].lower().replace("’", "'")
    fix = (_ENGLISH_I if to_singular else _ENGLISH_WE).get(word)
    if fix is None:
        return None
    opens = _OPENS.search(text, max(0, start - 4), start) is not None
    if word in ("i", "we"):
        before, behind = _neighbours(text, start, end)
        be = _BE_I if to_singular else _BE_WE
        if behind and behind[1].lower() in be:
            start, end, fix = start, behind.end(1), f"{fix} {be[behind[1].lower()]}"
        elif before and before[1].lower() in be:
            capital = before[1][0].isupper()
            fix = f"{be[before[1].lower()]} {fix}"
            return Turn(before.start(1), end, fix[:1].upper() + fix[1:] if capital else fix)
    return Turn(start, end, fix[:1].upper() + fix[1:] if opens else fix)


_TO_JE: Final = {"uw": "je", "uzelf": "jezelf", "alstublieft": "alsjeblieft", "dankuwel": "dankjewel", "danku": "dank je"}
_TO_U: Final = {
    "jij": "u", "jou": "u", "jouw": "uw", "jezelf": "uzelf", "jijzelf": "uzelf", "jouzelf": "uzelf", "alsjeblieft": "alstublieft",
    "asjeblieft": "alstublieft", "dankjewel": "dank u wel", "dankje": "dank u",
}  # fmt: skip


def to_je(text: str, start: int, end: int) -> Turn | None:
    """*kunt u* → *kun je*, *u heeft* → *je hebt*, *uw* → *je*."""
    word = text[start:end].lower()
    if word in _TO_JE:
        return _turn(text, start, end, _TO_JE[word])
    if word != "u" or _REFLEXIVE.match(text, end):
        return None
    before, behind = _neighbours(text, start, end)
    said = before[1].lower() if before else ""
    if before and said in _WITH_U and said not in _NO_VERB:
        return _turn(text, before.start(1), end, f"{_WITH_U[said]} je")
    if said.endswith("t") and said not in _NO_VERB:
        return None
    if behind and behind[1].lower() == "heeft":
        return _turn(text, start, behind.end(1), "je hebt")
    return _turn(text, start, end, "je")


def to_u(text: str, start: int, end: int) -> Turn | None:
    """*kun je* → *kunt u*, *je kan* → *u kunt*, *op je rekening* → *op uw rekening*."""
    word = text[start:end].lower()
    before, behind = _neighbours(text, start, end)
    said, next_word = before[1].lower() if before else "", behind[1].lower() if behind else ""
    if word == "jij" and before and said in _WITH_JE:
        return _turn(text, before.start(1), end, f"{_WITH_JE[said]} u")
    if word in ("je", "jij") and behind and next_word in _AFTER_JE and said not in _PREPOSITIONS:
        return _turn(text, start, behind.end(1), f"u {_AFTER_JE[next_word]}")
    if word in _TO_U:
        return _turn(text, start, end, _TO_U[word])
    if word != "je":
        return None
    open_end = not behind or next_word in _SMALL
    if before and said in _WITH_JE and (open_end or said in ("kun", "zul")):
        return _turn(text, before.start(1), end, f"{_WITH_JE[said]} u")
    if said in _PREPOSITIONS:
        return _turn(text, start, end, "u" if open_end else "uw") if open_end or not next_word.endswith("en") else None
    return _turn(text, start, end, "u") if open_end and said in {*_PLURAL, *_SINGULAR, "dank"} else None
