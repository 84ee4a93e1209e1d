"""Links that a language model wrote: it invents addresses, so each that does not lead to the brand is for a person to open. Pure."""

from collections.abc import Iterable

import regex

from libs.common.brandbook import BrandBook
from libs.common.reply_events import Verdict
from services.responder.bounded import Pattern

_LINK = Pattern(
    r"(?:https?://|www\.)[^\s<>\"“”]{1,2000}|(?<![\w@.-])(?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,12}/[^\s<>\"“”]{1,500}", regex.IGNORECASE
)

_MOST = 20
"""A text that is one link after another makes no event that the relay cannot carry."""


def foreign_links(text: str, book: BrandBook, role: str, already: Iterable[Verdict] = ()) -> list[Verdict]:
    """Links of a text that do not lead to `voice.safe_domains`, also where the book names none. What the guard says of one is not said twice."""
    known = [(one.start, one.end) for one in already if one.code == "link_unsafe" and one.start is not None and one.end is not None]
    severity = book.guard.severity_of("link_unsafe", role)
    found = []
    for match in _LINK.finditer(text):
        start, end = match.start(), match.start() + len(match[0].rstrip(".,;:!?)"))
        if _is_ours(text[start:end], book) or any(first < end and start < last for first, last in known):
            continue
        found.append(
            Verdict(
                code="link_unsafe",
                message="A language model wrote this link, and it does not lead to a domain of the brand. Open it before it is sent.",
                start=start,
                end=end,
                blocking=severity == "block",
                severity=severity,
                rule="voice.safe_domains",
            )
        )
    return found[:_MOST]


def _is_ours(link: str, book: BrandBook) -> bool:
    host = regex.sub(r"\A(?i:https?://)?", "", link)
    host = regex.split(r"[/?#\\]", host, maxsplit=1)[0].rpartition("@")[2].split(":")[0].lower().rstrip(".")
    return any(host == domain.lower() or host.endswith(f".{domain.lower()}") for domain in book.voice.safe_domains)
