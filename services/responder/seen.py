"""What whoever approves says that they have seen, and what they send a text against: whether that is enough for what the guard found.

A verdict that asks (`confirm`) is named by them. One that blocks is overruled by a role that the brand book lets do so, with a reason; some nobody
overrules. Pure: no I/O.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from libs.common.bookguard import ALWAYS_BLOCK
from libs.common.brandbook import BrandBook
from libs.common.errors import Forbidden
from libs.common.reply_events import Override, Verdict
from services.responder import approval


@dataclass(frozen=True, slots=True)
class Seen:
    """`confirmed`: codes of verdicts that they have seen. `overrides`: code → why it is sent against that verdict."""

    confirmed: Collection[str] = ()
    overrides: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


NOTHING = Seen()


@dataclass(frozen=True, slots=True)
class Weighed:
    """`confirmed` and `overrides`: what was found and they named. `asked`, `blocking`: what is found and they did not, or that nobody overrules."""

    confirmed: tuple[str, ...]
    overrides: tuple[Override, ...]
    asked: tuple[Verdict, ...]
    blocking: tuple[Verdict, ...]


def weigh(found: Sequence[Verdict], seen: Seen, role: str, book: BrandBook, before: Collection[str] = ()) -> Weighed:
    """`before`: codes that somebody who signed the same text before has overruled. Raises `Forbidden` where this role may not overrule."""
    blocks = _codes(verdict for verdict in found if verdict.severity == "block")
    asks = [code for code in _codes(verdict for verdict in found if verdict.severity == "confirm") if code not in blocks]
    overruled = {code: seen.overrides[code] for code in blocks if code in seen.overrides and code not in ALWAYS_BLOCK}
    if overruled and not may_override(role, book):
        raise Forbidden(f"A text with {', '.join(overruled)} is sent by {by_whom(book)} only, who may overrule that. Edit it, or ask them.")
    named = {*seen.confirmed, *seen.overrides}
    return Weighed(
        confirmed=tuple(code for code in asks if code in named),
        overrides=tuple(Override(code=code, reason=reason) for code, reason in overruled.items()),
        asked=tuple(verdict for verdict in found if verdict.code in asks and verdict.code not in named),
        blocking=tuple(
            verdict for verdict in found if verdict.code in blocks and verdict.code not in overruled and verdict.code not in before
        ),
    )


def may_override(role: str, book: BrandBook) -> bool:
    return any(approval.meets(role, asked) for asked in book.guard.override_by)


def by_whom(book: BrandBook) -> str:
    return " or ".join(book.guard.override_by) or "nobody"


def sentences(weighed: Weighed, book: BrandBook) -> list[str]:
    """What is missing, for people."""
    said = []
    if weighed.blocking:
        codes = _codes(weighed.blocking)
        fixed = [code for code in codes if code in ALWAYS_BLOCK]
        remedy = (
            "Edit it."
            if fixed or not book.guard.override_by
            else f"Edit it, or have {by_whom(book)} overrule that (`overrides`), with a reason."
        )
        said.append(f"The guard holds this text back: {', '.join(codes)}. {remedy}")
    if weighed.asked:
        codes = _codes(weighed.asked)
        said.append(f"The guard asks about {', '.join(codes)}: read it, then edit the text, or name what you have seen (`confirmed`).")
    return said


def missing(weighed: Weighed) -> dict[str, Any]:
    """The same for programs."""
    found: dict[str, Any] = {}
    if weighed.blocking:
        found["override"] = [code for code in _codes(weighed.blocking) if code not in ALWAYS_BLOCK]
    if weighed.asked:
        found["confirm"] = _codes(weighed.asked)
    return found


def _codes(verdicts: Iterable[Verdict]) -> list[str]:
    return list(dict.fromkeys(verdict.code for verdict in verdicts))
