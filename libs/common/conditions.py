"""Conditional requests (RFC 9110, section 13): which version of a thing a caller has read, and whether it still is that.

A thing that changes is answered with an ETag, its version in quotes. A write to it says `If-Match` with the ETag that was read; without it the answer
is 428, and when the thing has changed since, 412 with what changed. Nobody's change is overwritten unseen.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Header, Response

from libs.common.errors import BadRequest, PreconditionFailed, PreconditionRequired

_TAG = re.compile(r'\s*(W/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*(?:,|$)')
CODED = "-gzip"
"""What `front.py` adds to the ETag of a compressed answer, which is another representation (RFC 9110, 8.8.3.3)."""
MOST_TOLD = 50
"""Changes that a 412 tells, the newest."""


@dataclass(frozen=True, slots=True)
class Condition:
    """`tags` of a header in their order, without quotes; none when it said `*`, which any version of an existing thing meets."""

    tags: tuple[str, ...] | None

    def holds(self, version: int) -> bool:
        """Whether one of the tags is of this version. What follows a dot in a tag marks what is told beside the version."""
        return self.tags is None or any(tag.partition(".")[0] == str(version) for tag in self.tags)

    def read(self) -> int | None:
        """The newest version that the caller says to know; none when no tag is one of ours."""
        known = [int(tag.partition(".")[0]) for tag in self.tags or () if re.fullmatch(r"[0-9]{1,9}(\..*)?", tag)]
        return max(known, default=None)


def etag(version: int, beside: str = "") -> str:
    """The strong ETag of a version; `beside` marks what an answer tells that changes without a version."""
    return f'"{version}.{beside}"' if beside else f'"{version}"'


def mark(response: Response, version: int, beside: str = "") -> None:
    """Give an answer its ETag."""
    response.headers["etag"] = etag(version, beside)


def parse(header: str, name: str, *, weak: bool) -> Condition:
    """The condition of an `If-Match` or `If-None-Match`. Weak tags count only where `weak`: `If-Match` compares strongly.

    Raises `BadRequest` for what is neither `*` nor a list of entity tags.
    """
    if header.strip() == "*":
        return Condition(None)
    tags, at = [], 0
    while at < len(header):
        found = _TAG.match(header, at)
        if found is None:
            raise BadRequest(f'{name} must be * or the ETag of what you read, quotes included: {name}: "7".')
        if weak or not found[1]:
            tags.append(found[2].removesuffix(CODED))
        at = found.end()
    if at == 0:
        raise BadRequest(f"{name} is empty. Send the ETag of what you read.")
    return Condition(tuple(tags))


async def _required(
    if_match: Annotated[
        str | None,
        Header(
            alias="If-Match",
            max_length=1000,
            description="ETag of what was read. Missing: 428. Of another version by now: 412, which tells what changed. `*`: whatever it is now",
            examples=['"1"'],
        ),
    ] = None,
) -> Condition:
    if if_match is None:
        raise PreconditionRequired(
            'Read the thing first and send its ETag with the change, as If-Match: "7". So nobody\'s change is overwritten unseen.'
        )
    return parse(if_match, "If-Match", weak=False)


Match = Annotated[Condition, Depends(_required)]
"""A dependency of every write to a thing that changes."""


def stale(what: str, version: int, changes: Iterable[Mapping[str, Any]], **more: Any) -> PreconditionFailed:
    """The error of a write that was decided on another version. `changes` are those since, oldest first."""
    told = list(changes)
    return PreconditionFailed(
        f"{what} is at version {version} by now, and not at the one that you read; `changes` tells what happened since. Read it again, then decide.",
        version=version,
        changes=told[-MOST_TOLD:],
        headers={"etag": etag(version)},
        **more,
    )
