"""Whether a text is signed as the brand book asks of its channel, by who writes it, at its end."""

from collections.abc import Iterator
from functools import lru_cache

import regex

from libs.common.brandbook import BrandBook, SignatureStyle
from services.responder import languages
from services.responder.blanks import LINK, QUOTED_LINE, blank
from services.responder.bounded import Pattern
from services.responder.script import sign_off, signature_form
from services.responder.verdicts.draft import Draft, Found

# What may stand after a signature: a thread's count, closing white space, a full stop.
_AFTER_SIGNATURE = Pattern(r"[\s.]*+(?:\(?\d{1,2}/\d{1,2}\)?)?\s*$")
_ANY_CARET = Pattern(r"(?<!\w)\^\s?(\p{L}{1,15})(?!\w)")
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
_ONE_NAME = Pattern(r"\p{Lu}\p{Ll}{2,}")
_CLOSERS_TEXT = (
    "succes groetjes groeten groet bedankt dank dankjewel dankuwel liefs sterkte excuses sorry hopelijk thanks cheers regards best welkom "
    "hartelijk proost beterschap gefeliciteerd top super fijn mooi prima hoera jammer welterusten slaapwel enjoy congratulations morgen vandaag "
    "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag"
)
_CLOSERS = frozenset(_CLOSERS_TEXT.split())
_pattern = lru_cache(maxsize=1024)(Pattern)
LONGEST_SIGNATURE = 200
"""Characters of a line that closes a text with a name: whatever is longer is a sentence."""
# What tells a sentence of the message from a line about the team or a footer below a name: it goes on, asks, or addresses.
_MESSAGE_LINE = Pattern(r"^(?i:p\.?\s?s|nb)\b|[!?]\s*$|\p{Ll}{2}[.!?]\s+\p{Lu}|\b(?i:je|jij|jou|jouw|jullie|u|uw|you|your)\b|.{81}")


def signature(draft: Draft, book: BrandBook) -> Iterator[Found]:
    form = signature_form(book, draft.channel, draft.visibility)
    if form == "none":
        return
    text = (QUOTED_LINE.sub(lambda m: " " * len(m[0]), draft.text) if ">" in draft.text else draft.text).rstrip()
    if _plainly(text, form, draft):
        return
    if form == "initials":
        found = _by_initials(text, draft, book)
    elif form == "first_name":
        found = _by_first_name(text, draft, book)
    else:
        found = _optional(text, draft, book)
    if found is None:
        return
    start, end = found
    rule = "voice.signature"
    if start == end:
        fix = _closing(text, form, draft, book)
        yield Found("missing_signature", f"Sign with {_expected(form, draft)} at the end.", len(text), len(text), rule, fix)
    else:
        message = f"This is signed otherwise than with {_expected(form, draft)} at the end."
        yield Found("wrong_signature", message, start, end, rule, _instead(text, start, end, form, draft, book))


def _plainly(text: str, form: SignatureStyle, draft: Draft) -> bool:
    """Whether the text ends in nothing but the signature, as most do."""
    if form == "initials":
        return text.lower().endswith(f"^{draft.member.initials.lower()}")
    return form == "first_name" and "^" not in text and text.rpartition("\n")[2].strip() == draft.member.first_name


def _closing(text: str, form: SignatureStyle, draft: Draft, book: BrandBook) -> str:
    """What to add behind a text that nobody signed; one that closes with a formula only lacks the name."""
    signed = _expected(form, draft)
    if form == "initials":
        return f" {signed}"
    if _CLOSED.search(text.rstrip(" ,.!-–—")):
        return f"\n{signed}"
    return sign_off(book, draft.channel, draft.written_in or draft.language, form, signed)


def _instead(text: str, start: int, end: int, form: SignatureStyle, draft: Draft, book: BrandBook) -> str | None:
    """The signature that belongs in the place of the one that stands there; none where that does not make the text signed well."""
    if text[end:].strip(" .\n"):
        return None
    signed = _expected(form, draft)
    mended = f"{text[:start]}{signed}{text[end:]}"
    right = _by_initials(mended, draft, book) if form == "initials" else _by_first_name(mended, draft, book)
    return signed if right is None else None


def _expected(form: SignatureStyle, draft: Draft) -> str:
    return f"^{draft.member.initials}" if form == "initials" else draft.member.first_name


Place = tuple[int, int]


def _by_initials(text: str, draft: Draft, book: BrandBook) -> Place | None:
    """None when signed well; the place of what is wrong; an empty place when nobody signed."""
    own = draft.member.initials.lower()
    signed = list(_pattern(rf"\^{regex.escape(own)}(?!\w)", regex.IGNORECASE).finditer(text))
    if signed and _AFTER_SIGNATURE.match(text, signed[-1].end()):
        return None
    carets = list(_ANY_CARET.finditer(text)) or signed
    if carets:
        return carets[-1].span()
    other = _pattern(rf"(?:(?<=\s)|^)[/\\~*|–—-]\s?(?:(?i:{regex.escape(own)})|\p{{Lu}}{{2}})\.?\s*$").search(text)
    if other:
        return other.span()
    return _bare_initials(text, draft) or _named_end(text, draft, book) or (len(text), len(text))


def _bare_initials(text: str, draft: Draft) -> Place | None:
    own = regex.escape(draft.member.initials.lower())
    bare = _pattern(rf"(?<=[.!?)…\n]\s*)\(?{own}\)?\.?\s*$", regex.IGNORECASE).search(text)
    return bare.span() if bare else None


def _by_first_name(text: str, draft: Draft, book: BrandBook) -> Place | None:
    carets = list(_ANY_CARET.finditer(text))
    signed = _own_name(text, draft, book)
    if signed is not None and not carets:
        return None
    if carets:
        return carets[-1].span()
    elsewhere = _named_end(text, draft, book) or _bare_initials(text, draft)
    if elsewhere:
        return elsewhere
    early = _pattern(_CLOSING.pattern + regex.escape(draft.member.first_name) + r"(?!\w)", regex.IGNORECASE).search(text)
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
    name = _pattern(rf"(?<![\w@#'’])(?<!\w-){regex.escape(draft.member.first_name)}(?![\w'’-])", regex.IGNORECASE)
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
    if first and (len(first) > LONGEST_SIGNATURE or not _pattern(surname + about + icons).fullmatch(first)):
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
    if _ONE_NAME.fullmatch(tail) and text.endswith(tail) and languages.written_in(tail.lower()) is None and tail.lower() not in _CLOSERS:
        return start, len(text)
    is_team = (_TEAM_WORDS.search(tail) or _pattern(rf"\b{regex.escape(book.name)}\b").search(tail)) and len(words) <= 4
    if is_team and all(w[:1].isupper() or w.lower() in _TEAM_SMALL_WORDS for w in words):
        return start, len(text)
    return None


_TEAM_SMALL_WORDS = {"het", "de", "team", "webcare", "klantenservice", "van", "the", "support", "customer", "care", "service"}
