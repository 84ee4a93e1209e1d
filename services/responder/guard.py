"""The first guard on a draft: what rules can see in a text before a person approves it.

A draft and its brand book come in; verdicts with the place they are about go out. The editor shows them while someone
writes, and the sender refuses a text with a blocking one. A verdict blocks where a reader would see a machine's or a
stranger's hand (an open placeholder, another's signature) or the channel would refuse; the others are for the writer to
weigh. Pure: no I/O.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache

import regex
from pydantic import BaseModel, ConfigDict

from libs.common.bookteam import Member
from libs.common.brandbook import BrandBook
from libs.common.reply_events import Verdict
from services.responder import lengths
from services.responder.blanks import CARET, HANDLE, LINK, QUOTED, QUOTED_LINE, blank
from services.responder.bounded import Pattern, within
from services.responder.inflection import forms
from services.responder.script import GREETING_WORDS, signature_form

BLOCKING = frozenset({"empty", "too_long", "broken_placeholder", "missing_signature", "wrong_signature", "forbidden_word", "unchecked"})
CHECK_CPU_S = 2.0
"""What all the rules together may cost on one text; an ordinary one takes a few milliseconds."""
SIGNATURE = frozenset({"missing_signature", "wrong_signature"})
"""What depends on whose name the text is sent in."""
KEPT = 20
"""Verdicts of one code that are kept."""


class Draft(BaseModel):
    """A reply as its writer has it now. ``visibility`` is public or private (mail and direct messages), ``language`` the text's."""

    model_config = ConfigDict(frozen=True)

    text: str
    channel: str
    visibility: str = "public"
    first_reply: bool = False
    member: Member
    language: str = "nl"


def check(draft: Draft, book: BrandBook) -> list[Verdict]:
    """What the rules find, in the order of the text, each with its place: code points in the draft's text, end exclusive, equal where something is
    missing. Of each code the first `KEPT`, the last of which says how many more there are.

    An empty text has that one verdict, and so has one that the rules take too long over: nobody has checked it, so it does not leave.
    """
    if not _visible(draft.text):
        return [_verdict("empty", "There is no text to send.", 0, len(draft.text))]
    _forbidden_of(book)  # not out of the text's budget: it is the book's cost, once
    try:
        with within(CHECK_CPU_S):
            found = [verdict for rule in _RULES for verdict in rule(draft, book)]
    except TimeoutError:
        return [unchecked(draft.text)]
    return _first(sorted(found, key=lambda v: (v.start, v.end, v.code)))


def signed_by(draft: Draft, members: Iterable[Member], book: BrandBook) -> bool:
    """Whether one of these members could have signed the text, as the channel asks. False when that takes too long to tell."""
    written = draft.text.lower()
    named = [member for member in members if member.initials.lower() in written or member.first_name.lower() in written]
    try:
        with within(CHECK_CPU_S):
            return any(not list(_signature(draft.model_copy(update={"member": member}), book)) for member in named)
    except TimeoutError:
        return False


def _first(found: list[Verdict]) -> list[Verdict]:
    """At most `KEPT` of each code: a text that is wrong at every word makes no event that the relay cannot carry."""
    number = Counter(verdict.code for verdict in found)
    seen: Counter[str] = Counter()
    kept: list[Verdict] = []
    for verdict in found:
        seen[verdict.code] += 1
        more = number[verdict.code] - KEPT
        if seen[verdict.code] == KEPT and more > 0:
            kept.append(verdict.model_copy(update={"message": f"{verdict.message} And {more} more like this."}))
        elif seen[verdict.code] <= KEPT:
            kept.append(verdict)
    return kept


def _verdict(code: str, message: str, start: int, end: int) -> Verdict:
    return Verdict(code=code, message=message, start=start, end=end, blocking=code in BLOCKING)


def unchecked(text: str) -> Verdict:
    """Of a text that takes too long to read."""
    return _verdict("unchecked", "This text takes too long to check. Write it more simply, or shorter.", 0, len(text))


def _visible(text: str) -> bool:
    """Whether a reader sees anything: white space, zero-width and control characters are nothing."""
    return any(not c.isspace() and unicodedata.category(c) not in ("Cf", "Cc") for c in text)


@lru_cache(maxsize=256)
def _names(names: tuple[str, ...]) -> Pattern:
    """The names as they are written, longest first: "Voor U" is a name, "voor u" is not."""
    ordered = sorted({n for n in names if n}, key=len, reverse=True)
    return Pattern(r"(?<!\w)(?:" + "|".join(map(regex.escape, ordered)) + r")(?!\w)" if ordered else r"(?!)")


def _official(book: BrandBook) -> Pattern:
    return _names((*book.voice.official_names, *book.voice.competitors, book.name))


def _too_long(draft: Draft, book: BrandBook) -> Iterator[Verdict]:
    over = lengths.excess(draft.channel, draft.text, book, draft.visibility)
    if over:
        most = lengths.limit(draft.channel, book, draft.visibility)
        end = len(draft.text)
        message = f"{over} over the limit of {most} for {draft.channel}, in its own way of counting."
        yield _verdict("too_long", message, max(0, end - over), end)


# A greeting may be stretched ("hoiii", "heyyy").
_GREETING = Pattern(
    r"(?:"
    + "|".join(
        regex.escape(word) + ("+" if word[-1] in "aeiouéy" else "")
        for word in sorted({w for words in GREETING_WORDS.values() for w in words}, key=len, reverse=True)
    )
    + r")(?![\w-])",
    regex.IGNORECASE,
)
_BEFORE_GREETING = Pattern(r"(?:\.?@[\w.-]+(?:@[\w.-]+\w)?|[^\w@{\[])*")
# "Dag en nacht staan we klaar" opens a sentence, not a conversation.
_NO_GREETING = Pattern(r"dag(?:\s+en\s+nacht|\s+(?:in|na)\s+dag|-)|ha\s*ha", regex.IGNORECASE)


def _greeting(draft: Draft, book: BrandBook) -> Iterator[Verdict]:
    asked = book.voice.greeting.required
    if asked == "never" or (asked == "first_reply" and not draft.first_reply):
        return
    before = _BEFORE_GREETING.match(draft.text)
    start = before.end() if before else 0
    if _GREETING.match(draft.text, start) and not _NO_GREETING.match(draft.text, start):
        return
    own = [regex.split(r"[\s,!{]", example.strip())[0].lower() for example in book.voice.greeting.examples]
    first_word = _WORD.match(draft.text, start)
    if first_word and first_word[0].lower() in own:
        return
    yield _verdict("missing_greeting", "The first reply starts with a greeting, such as Hoi or Hello.", start, start)


# What may stand after a signature: a thread's count, closing white space, a full stop.
_AFTER_SIGNATURE = Pattern(r"[\s.]*+(?:\(?\d{1,2}/\d{1,2}\)?)?\s*$")
_ANY_CARET = Pattern(r"(?<!\w)\^\s?(\p{L}{1,4})(?!\w)")
_CLOSING_WORDS = (
    r"(?:(?:met\s+)?(?:hele?\s+)?(?:vriendelijke|hartelijke|warme|zonnige|beste|lieve|vrolijke|fijne)\s+groet(?:en|jes)?"
    r"|hartelijks|hoogachtend|groet(?:en|jes)?|gr(?:tjs|tz|oetn)?|mvg|m\.v\.g|vr\.?\s?gr|liefs"
    r"|(?:kind|best|warm|warmest|friendly)\s+(?:regards|wishes)|regards|cheers|sincerely|yours(?:\s+(?:sincerely|faithfully|truly))?"
    r"|best|all\s+the\s+best|take\s+care)"
)
_CLOSED = Pattern(rf"(?<![\w'-]){_CLOSING_WORDS}(?:\s+(?:van|from))?$", regex.IGNORECASE)
_CLOSING = Pattern(rf"(?<![\w'-]){_CLOSING_WORDS}(?:\s+(?:van|from))?[\s,.!:;–-]*", regex.IGNORECASE)
_TEAM_WORDS = Pattern(
    r"\b(?:team|webcare\w*|web\s?care|klantenservice|klantcontact|klantenteam|servicedesk|helpdesk|support|customer\s+(?:care|service)"
    r"|redactie|social\s?media|de\s+medewerkers?)\b",
    regex.IGNORECASE,
)
_NAMES_ONLY = Pattern(r"(?:\p{Lu}[\w'’.-]*+|van|de|der|den|het|team|webcare|klantenservice|[&|,()/\s-])+")
_SMILES = Pattern(r"[\p{Extended_Pictographic}\uFE0F)(DPp]$")
_HYPHENATED = Pattern(r"\w-$")
_WORD = Pattern(r"\w+")
LONGEST_SIGNATURE = 200
"""Characters of a line that closes a text with a name: whatever is longer is a sentence."""
# What tells a sentence of the message from a line about the team or a footer below a name: it goes on, asks, or addresses.
_MESSAGE_LINE = Pattern(r"^(?i:p\.?\s?s|nb)\b|[!?]\s*$|\p{Ll}{2}[.!?]\s+\p{Lu}|\b(?i:je|jij|jou|jouw|jullie|u|uw|you|your)\b|.{81}")


def _signature(draft: Draft, book: BrandBook) -> Iterator[Verdict]:
    form = signature_form(book, draft.channel, draft.visibility)
    if form == "none":
        return
    text = QUOTED_LINE.sub(lambda m: " " * len(m[0]), draft.text).rstrip()
    if form == "initials":
        found = _by_initials(text, draft, book)
    elif form == "first_name":
        found = _by_first_name(text, draft, book)
    else:
        found = _optional(text, draft, book)
    if found is None:
        return
    start, end = found
    if start == end:
        yield _verdict("missing_signature", f"Sign with {_expected(form, draft)} at the end.", len(text), len(text))
    else:
        yield _verdict("wrong_signature", f"This is signed otherwise than with {_expected(form, draft)} at the end.", start, end)


def _expected(form: str, draft: Draft) -> str:
    return f"^{draft.member.initials}" if form == "initials" else draft.member.first_name


Place = tuple[int, int]


def _by_initials(text: str, draft: Draft, book: BrandBook) -> Place | None:
    """None when signed well; the place of what is wrong; an empty place when nobody signed."""
    own = draft.member.initials.lower()
    signed = list(Pattern(rf"\^{regex.escape(own)}(?!\w)", regex.IGNORECASE).finditer(text))
    if signed and _AFTER_SIGNATURE.match(text, signed[-1].end()):
        return None
    carets = list(_ANY_CARET.finditer(text)) or signed
    if carets:
        return carets[-1].span()
    other = Pattern(rf"(?:(?<=\s)|^)[/\\~*|–—-]\s?(?:(?i:{regex.escape(own)})|\p{{Lu}}{{2}})\.?\s*$").search(text)
    if other:
        return other.span()
    bare = Pattern(rf"(?<=[.!?)…\n]\s*)\(?{regex.escape(own)}\)?\.?\s*$", regex.IGNORECASE).search(text)
    if bare:
        return bare.span()
    return _named_end(text, draft, book) or (len(text), len(text))


def _by_first_name(text: str, draft: Draft, book: BrandBook) -> Place | None:
    carets = list(_ANY_CARET.finditer(text))
    signed = _own_name(text, draft, book)
    if signed is not None and not carets:
        return None
    if carets:
        return carets[-1].span()
    elsewhere = _named_end(text, draft, book)
    if elsewhere:
        return elsewhere
    early = Pattern(_CLOSING.pattern + regex.escape(draft.member.first_name) + r"(?!\w)", regex.IGNORECASE).search(text)
    return early.span() if early else (len(text), len(text))


def _optional(text: str, draft: Draft, book: BrandBook) -> Place | None:
    """Either form, or none; what is signed is signed as oneself and at the end."""
    found = _by_initials(text, draft, book)
    if found is None or found[0] == found[1]:
        return None
    if _ANY_CARET.search(text) is None and _own_name(text, draft, book) is not None:
        return None
    return found


def _own_name(text: str, draft: Draft, book: BrandBook) -> Place | None:
    """Where the writer's first name closes the text; a surname, a function and lines about the team may follow."""
    name = Pattern(rf"(?<![\w@#'’-]){regex.escape(draft.member.first_name)}(?![\w'’-])", regex.IGNORECASE)
    for match in reversed(list(name.finditer(text))[-8:]):
        if not _opens_signature(text, match.start()) or not _closes_text(text[match.end() :], book):
            continue
        return match.span()
    return None


def _opens_signature(text: str, start: int) -> bool:
    """Whether what stands before a name lets it be a signature: a line's start, a sentence's end, a dash or a closing formula."""
    before = text[:start]
    line = before.rsplit("\n", 1)[-1].rstrip()
    if not line or line[-1] in ".!?…:;,)–—-~|/*_" or _SMILES.search(line[-1]):
        return not _HYPHENATED.search(before[-2:])
    return bool(_CLOSED.search(line))


def _closes_text(after: str, book: BrandBook) -> bool:
    """Whether what follows a name is a surname and lines about the team, and no more of the message."""
    first, *lines = after.split("\n")
    first = first.strip(" \t.,!*_~)")
    surname = r"(?:\s*+(?:van|de|der|den|ter|te|von|el|la|\p{Lu}[\p{L}'’.-]*+))*"
    link = r"[\s,|/(–—-]*(?i:(?:van|from|namens|of|at|@)\s+)?(?i:(?:het|the)\s+)?"
    team = rf"(?i:team|webcare\w*|klantenservice|klantcontact|support|customer|care|service|van|from|of|{regex.escape(book.name)})"
    about = rf"(?:{link}(?:{team}|\p{{Lu}}\w*)(?:[\s|&/,-]+(?:{team}|\p{{Lu}}\w*))*\)?)?"
    icons = r"[\s\p{Extended_Pictographic}\uFE0F<3:;()-]*"
    if first and (len(first) > LONGEST_SIGNATURE or not Pattern(surname + about + icons).fullmatch(first)):
        return False
    rest = [line.strip() for line in lines if line.strip()]
    return len(rest) <= 6 and not any(_MESSAGE_LINE.search(blank(line, LINK)) for line in rest)


def _named_end(text: str, draft: Draft, book: BrandBook) -> Place | None:
    """Where the text closes with a name or a team that is not the signature asked for; None when it closes with neither."""
    own = _own_name(text, draft, book)
    if own is not None:
        return own
    for closing in list(_CLOSING.finditer(text))[-1:]:
        after = text[closing.end() :]
        if _NAMES_ONLY.fullmatch(after) and _WORD.search(after):
            return closing.end(), len(text)
    tail_start = max(text.rfind("\n"), *(text.rfind(mark) for mark in ".!?"), -1) + 1
    tail = text[tail_start:].strip(" \t,~–—-*_|")
    start = text.find(tail, tail_start) if tail else len(text)
    if not tail or tail_start == 0:
        return None
    others = {m.first_name.lower() for m in book.team if m.first_name}
    if tail.lower() in others:
        return start, len(text)
    words = tail.split()
    is_team = (_TEAM_WORDS.search(tail) or Pattern(rf"\b{regex.escape(book.name)}\b").search(tail)) and len(words) <= 4
    if is_team and all(w[:1].isupper() or w.lower() in _TEAM_SMALL_WORDS for w in words):
        return start, len(text)
    return None


_TEAM_SMALL_WORDS = {"het", "de", "team", "webcare", "klantenservice", "van", "the", "support", "customer", "care", "service"}

_JE_FORMS = r"je|jij|jou|jouw|jouwe|jouwes|jezelf|jijzelf|jouzelf|jullie|jullies|dankje|dankjewel|bedanktje|alsjeblieft|asjeblieft"
_U_FORMS = r"u|uw|uwe|uzelf|uws|dankuwel|danku|alstublieft|uwerzijds"
_BOUND_LEFT, _BOUND_RIGHT = r"(?<![\w'’&^-])(?<!\w\.)", r"(?![\w&^-])(?!['’]\w)"
_JE = Pattern(rf"{_BOUND_LEFT}(?:{_JE_FORMS}){_BOUND_RIGHT}", regex.IGNORECASE)
_U = Pattern(rf"{_BOUND_LEFT}(?:{_U_FORMS}){_BOUND_RIGHT}", regex.IGNORECASE)
# With loose bounds: what stands beside a word may be blanked before it is judged.
_ANY_JE = Pattern(rf"(?<!\w)(?:{_JE_FORMS})(?!\w)", regex.IGNORECASE)
_ANY_U = Pattern(rf"(?<!\w)(?:{_U_FORMS})(?!\w)", regex.IGNORECASE)
_NOT_ADDRESS = Pattern(
    # idioms in which je is nobody
    r"\bhoud?t?\s+je\s+(?:haaks|taai)\b|\bje[\s-]van[\s-]het\b"
    # the hour: 2u, 14.00 u, 24 u; not "in 2024 u"
    r"|(?<![\w.:])\d{1,3}(?:[.:]\d{2})?\s?u(?![\w'’])|\d\s?u\s?\d{2}\b|\b(?:km|kilometer)\s?/\s?u\b|\bper\s+u\b(?!\w)"
    # letters and names: U2, vak U, letter u
    r"|\bU\s2\b|\bletters?\s+['‘’\"]?u\b",
    regex.IGNORECASE,
)
_LETTER = Pattern(
    r"\b(?i:rij|vak|gate|zone|type|model|optie|categorie|blok|perron|klasse|serie|hal|maat|tribune|ingang|kolom|lijn|gebouw)\s+U\b"
)
# A name that the book does not list: "de app Jouw Gezondheid". Capitals in mid-sentence, both of them.
_TITLE_CASED = Pattern(r"(?<=\p{Ll}\s)(?:Jouw|Je|Jij|Uw|U)\s\p{Lu}\p{Ll}\w*")
_METALANGUAGE = Pattern(r"\bje\s?/\s?u\b|\bu\s?/\s?je\b|\bjij\s?/\s?u\b|\bu\s?/\s?jij\b", regex.IGNORECASE)


def _address_form(draft: Draft, book: BrandBook) -> Iterator[Verdict]:
    """Every word of the form that the brand does not use; a mixed text has some of those by definition. Dutch only."""
    if not draft.language.lower().startswith("nl"):
        return
    wrong, own, anywhere = (_U, "je", _ANY_U) if book.voice.address_form == "je" else (_JE, "u", _ANY_JE)
    if not anywhere.search(draft.text):
        return
    text = blank(draft.text, QUOTED_LINE, LINK, _official(book), QUOTED, HANDLE, CARET, _NOT_ADDRESS, _LETTER, _TITLE_CASED, _METALANGUAGE)
    for match in wrong.finditer(text):
        yield _verdict("address_form", f"“{match[0]}” where the brand says “{own}”.", *match.span())


_UNITS = (
    r"(?:werk)?dag(?:en)?|uur|uren|minuten|min|maanden?|weken|week|euro|eur|procent|%|gb|mb|mbps|km|stuks|"
    r"(?:working\s|business\s)?days?|hours?|minutes|weeks?|months?|euros?|percent|gbp|pounds?|dollars?"
)
# Apart, not as one alternation: the engine finds each by what is rare in it. Together they take six times as long.
_PLACEHOLDERS = tuple(
    Pattern(pattern)
    for pattern in (
        # braces: {naam}, {{ naam }}, ${naam}, and one that was never closed
        r"\$?(?<!\{)\{++[^{}\n]{0,60}\}+",
        r"(?<!\{)\{++\s*\w+",
        r"(?<!\w)\w{1,40}\s?\}+",
        # brackets with words: [naam], [vul hier de datum in]; a markdown link is none
        r"\[\s*(?!(?i:sic|red\.?|edit|update|nl|en|video|foto|audio|link|x|let\s+op|note|nb|nieuw|new|opgelost|solved|spoiler)\s*\])"
        r"[\p{L}_][\p{L}\p{N}\s_/.’'-]{0,60}\](?!\()",
        r"\[\s*[._…-]*\s*\](?!\()",
        # <naam>, %naam%, %%naam%%, %s, $naam
        r"<\s*(?!/?(?:b|i|u|p|a|br|em|strong|ul|ol|li|div|span)\b)\p{L}[\p{L}_ -]{1,30}>",
        r"%{1,2}\p{L}[\p{L}_]{1,30}%{1,2}|(?<!\w)%s\b",
        r"(?<![\w$])\$(?:naam|name|voornaam|first_?name|datum|date|bedrag|amount)\b",
        # XX and its shapes in dates, times, amounts
        r"(?<![\w*])X{2,}(?![\w*])",
        r"(?<!\w)xx+(?:[-:/.]xx+)+(?!\w)",
        r"(?<!\w)(?<=(?:€|\beur|\beuro|\bbinnen|\bom|\btot|\bwithin|\bin|\bat|\bby)\s*)xx+(?!\w)",
        rf"(?<!\w)xx+(?=\s?(?:{_UNITS})(?!\w))",
        # a line to fill in, a word that says so, and a program's nothing where a name belongs
        r"_{3,}",
        r"(?<!\w)(?:TODO|TBD|TBC|INVULLEN|INVOEGEN|VUL\s+IN|VOORNAAM|KLANTNAAM|NAAM|FIRSTNAME|FIRST_NAME|LASTNAME)(?!\w)",
        r"(?<!\w)(?i:lorem\s+ipsum)\b",
        r"^(?:@\S+\s+)*(?i:hoi|hallo|hi|hello|hey|dear|beste|geachte|dag)\s+(?:(?i:null|none|undefined|nan)\b|\.\.\.|…)",
    )
)
_HTTP_LINK = Pattern(r"https?://\S+")
_AT_NAME = Pattern(r"(?<!\w)@\w[\w.-]*")


def _placeholders(draft: Draft, book: BrandBook) -> Iterator[Verdict]:
    text = blank(draft.text, _official(book), _HTTP_LINK)
    found = sorted((match.start(), order, match) for order, pattern in enumerate(_PLACEHOLDERS) for match in pattern.finditer(text))
    end = 0
    for start, _, match in found:
        if start >= end:
            end = match.end()
            yield _verdict("broken_placeholder", f"“{match[0].strip()}” was never filled in.", *match.span())


def _forbidden_words(draft: Draft, book: BrandBook) -> Iterator[Verdict]:
    """Whole words and their inflections, in either case; a link, a handle or an official name is not the writer's wording."""
    if not book.voice.forbidden_words:
        return
    allowed = tuple(n for n in book.voice.official_names if n)
    text = blank(draft.text, LINK, _AT_NAME, _names((*allowed, book.name))).replace("’", "'")
    spans: list[Place] = []
    for word, pattern in _forbidden_of(book):
        for match in pattern.finditer(text):
            if not any(start <= match.start() and match.end() <= end for start, end in spans):
                spans.append(match.span())
                found = draft.text[match.start() : match.end()]
                yield _verdict("forbidden_word", f"“{found}” is on the brand's list of words to avoid (“{word}”).", *match.span())


_Forbidden = tuple[tuple[str, Pattern], ...]
_forbidden_by_brand: dict[str, tuple[tuple[str, ...], _Forbidden]] = {}


def _forbidden_of(book: BrandBook) -> _Forbidden:
    """The book's words to avoid as patterns, made once for a version: only a brand's own next version takes their place, never another brand's list."""
    words = book.voice.forbidden_words
    known = _forbidden_by_brand.get(book.brand)
    if known is None or known[0] != words:
        known = _forbidden_by_brand[book.brand] = words, tuple((word, _forbidden(word)) for word in words)
    return known[1]


def _forbidden(word: str) -> Pattern:
    """One forbidden word or phrase as a pattern: every word in any inflection, a comma or a line's end between words allowed."""
    parts = word.replace("’", "'").split()
    pronouns = {"u", "je", "jij", "ik", "wij", "we", "hij", "zij", "ze", "men", "het", "i", "you"}
    alternatives: list[str] = []
    for index, part in enumerate(parts):
        finite = index > 0 and parts[index - 1].lower() in pronouns
        shapes: Iterable[str] = forms(part.lower(), finite=finite)
        alternatives.append("(?:" + "|".join(regex.escape(s) for s in sorted(shapes, key=len, reverse=True)) + ")")
    return Pattern(r"(?<![\w-])" + r"[,;]?\s+".join(alternatives) + r"(?![\w-])", regex.IGNORECASE)


_EMOJI = Pattern(
    r"\p{Regional_Indicator}{2}|[0-9#*]\uFE0F?\u20E3"
    r"|(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}(?=\uFE0F)|[☺☹☻❤♥♡✌☝✨✅❌])"
    r"[\uFE0F\U0001F3FB-\U0001F3FF]*(?:\u200D\p{Extended_Pictographic}[\uFE0F\U0001F3FB-\U0001F3FF]*)*"
)
_EMOTICON = Pattern(
    # eyes, nose, mouth of punctuation; a link's "://" is blanked, "8)" closes a list's number
    r"(?<![\d:;])[:;=]['’]?[-o^]?[)(\]\[|]+(?!\d)"
    r"|(?<!\w):['’]?-?[/\\](?!\S)"
    # mouths that are letters stand alone
    r"|(?<![\w:/])[:;=]-?[DPpOoSsXx$@3*](?![\w:/])|(?<=\p{Ll}{2}):-?[DP](?!\w)"
    r"|(?<!\w)[xX]D+(?!\w)|(?<![\w)])[(][-]?[:;=](?!\w)|(?<!\S)[Bb8]-\)"
    rf"|<3+(?!\w)(?!\s*(?:{_UNITS})(?!\w))|</3"
    r"|\^_*\^|(?<!\w)[oO>-][._][oO<-](?!\w)|\\o/|¯\\_\(ツ\)_/¯"
)


def _smileys(draft: Draft, book: BrandBook) -> Iterator[Verdict]:
    if book.voice.smileys:
        return
    text = blank(draft.text, LINK, CARET)
    for match in (*_EMOJI.finditer(text), *_EMOTICON.finditer(text)):
        yield _verdict("smiley_not_allowed", f"“{match[0].strip()}”: the brand uses no smileys.", *match.span())


_RULES = (_too_long, _greeting, _signature, _address_form, _placeholders, _forbidden_words, _smileys)
