"""What was never filled in."""

import re
from collections.abc import Iterator

import regex

from libs.common.brandbook import BrandBook
from services.responder.blanks import blank
from services.responder.bounded import Pattern
from services.responder.script import first_name
from services.responder.verdicts import reading
from services.responder.verdicts.draft import Draft, Found, official

UNITS = (
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
        # a place of a language model's draft: what it stands for may not be said here
        r"⟦[^⟦⟧\n]{0,40}⟧?",
        # XX and its shapes in dates, times, amounts
        r"(?<![\w*])X{2,}(?![\w*])",
        r"(?<!\w)xx+(?:[-:/.]xx+)+(?!\w)",
        r"(?<!\w)(?<=(?:€|\beur|\beuro|\bbinnen|\bom|\btot|\bwithin|\bin|\bat|\bby)\s*)xx+(?!\w)",
        rf"(?<!\w)xx+(?=\s?(?:{UNITS})(?!\w))",
        # a line to fill in, a word that says so, and a program's nothing where a name belongs
        r"_{3,}",
        r"(?<!\w)(?:TODO|TBD|TBC|INVULLEN|INVOEGEN|VUL\s+IN|VOORNAAM|KLANTNAAM|NAAM|FIRSTNAME|FIRST_NAME|LASTNAME)(?!\w)",
        r"(?<!\w)(?i:lorem\s+ipsum)\b",
        r"^(?:@\S+\s+)*(?i:hoi|hallo|hi|hello|hey|dear|beste|geachte|dag)\s+(?:(?i:null|none|undefined|nan)\b|\.\.\.|…)",
    )
)
# What every one of them has, so that a text without it is not read for each.
_SIGNS = re.compile(r"[{}\[<%$_⟦…]")
_HOLD = (
    *("xx", "todo", "tbd", "tbc", "invullen", "invoegen", "vul", "naam", "name", "...", "lorem", "null", "nan", "none"),
    "undefined",
)
_NAME_ASKED = Pattern(
    r"[\[{<%$\s]*(?:(?P<writer>medewerker|agent|mijn\s?naam|your\s?agent|naam\s?medewerker)|(?:klant|customer|first|voor|naam|customer's)?[\s_-]?(?:naam|name|klant|customer))[\]}>%\s]*",
    regex.IGNORECASE,
)
_HTTP_LINK = Pattern(r"https?://\S+")


def placeholders(draft: Draft, book: BrandBook) -> Iterator[Found]:
    lower = reading.of(draft).lower
    if not _SIGNS.search(draft.text) and not any(part in lower for part in _HOLD):
        return
    text = blank(draft.text, official(book), _HTTP_LINK)
    found = sorted((match.start(), order, match) for order, pattern in enumerate(_PLACEHOLDERS) for match in pattern.finditer(text))
    end = 0
    for start, _, match in found:
        if start >= end:
            end = match.end()
            fix = _filled(match[0], draft)
            yield Found("broken_placeholder", f"“{match[0].strip()}” was never filled in.", *match.span(), None, fix)


def _filled(placeholder: str, draft: Draft) -> str | None:
    """The customer's first name, or who writes, where that is what the placeholder asks for and it is known."""
    name = _NAME_ASKED.fullmatch(placeholder)
    if name is None:
        return None
    return draft.member.first_name if name["writer"] else first_name(draft.customer_name)
