"""Whether a reply leads somewhere that the brand does not vouch for.

A link is safe on the brand's own domains and on the accounts that its book has; a shortener hides where it leads. A brand whose book names no safe domain
has not said what is safe. Mail addresses are no links. Pure: no I/O.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import regex

from libs.common.brandbook import BrandBook
from services.responder.bounded import Pattern
from services.responder.lengths import links
from services.responder.verdicts.draft import Draft, Found

SHORTENERS_TEXT: Final = (
    "bit.ly t.co tinyurl.com goo.gl ow.ly is.gd buff.ly rebrand.ly cutt.ly rb.gy shorturl.at t.ly tiny.cc lnkd.in bl.ink soo.gd s.id dlvr.it "
    "ift.tt trib.al spr.ly sprinklr.com v.gd x.co adf.ly qr.ae bc.vc u.to kortelink.nl urlz.fr tr.im hyperurl.co"
)
SHORTENERS: Final = frozenset(SHORTENERS_TEXT.split())
"""Where a short link hides its target."""
_MAY_LINK: Final = re.compile(r"\w\.\w|://")
# More than channels make a link of: what hides its host before an @ is one for whoever copies it.
_WRITTEN: Final = Pattern(r"(?<![\w@/.])(?:https?://|www\.)[^\s<>\"'“”‘’()\[\]]+", regex.IGNORECASE)
_HOST: Final = Pattern(r"(?:https?://)?(?:[^/@\s]*@)?([^/:?#\s]+)", regex.IGNORECASE)


def link_unsafe(draft: Draft, book: BrandBook) -> Iterator[Found]:
    """Each link to elsewhere than the brand's own."""
    if not book.voice.safe_domains or not _MAY_LINK.search(draft.text):
        return
    safe = _safe(book.voice.safe_domains, tuple(book.staff.domains), tuple(one.account for one in book.channels if one.account))
    end = 0
    for match in sorted((*links(draft.text), *_WRITTEN.finditer(draft.text)), key=lambda one: (one.start(), -one.end())):
        if match.start() < end:
            continue
        end = match.end()
        link = match[0].rstrip(".,;:!?…")
        host = _host(link)
        if not host or "." not in host or _within(host, safe):
            continue
        hides = host in SHORTENERS
        message = (
            f"“{link}” hides where it leads. Write the whole address."
            if hides
            else f"“{link}” is not on one of the brand's own domains. Lead to a page of the brand's own, or add the domain to safe_domains."
        )
        yield Found("link_unsafe", message, match.start(), match.start() + len(link), "voice.safe_domains")


def _host(link: str) -> str:
    match = _HOST.match(link)
    return match[1].lower().rstrip(".").removeprefix("www.") if match else ""


def _within(host: str, domains: frozenset[str]) -> bool:
    parts = host.split(".")
    return any(".".join(parts[first:]) in domains for first in range(len(parts)))


@lru_cache(maxsize=256)
def _safe(domains: tuple[str, ...], staff: tuple[str, ...], accounts: tuple[str, ...]) -> frozenset[str]:
    hosts = {_host(account) for account in accounts if "://" in account or account.lower().startswith("www.")}
    return frozenset(name.lower().strip().lstrip("@.").removeprefix("www.") for name in (*domains, *staff)) | {
        host for host in hosts if host
    }
