"""Which mentions are one issue: pure decisions on strong evidence.

Strong evidence is a value that two mentions share: an identifier (order, customer, phone or account number, address …), or the same customer
together with the same thread or label; the same handle on two networks takes the same label, too. It holds for a while, and not when too many people
show the same value (a number that went viral says nothing about one issue). Grouping never merges customers.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from libs.common.events import Findings, Identity, Mention

_NAMEABLE = frozenset({"handle", "phone", "email"})
_HANDLE = re.compile(r"(?<![\w@./])@([A-Za-z0-9_]{3,30})\b(?!\.\w)")
_OWN_HANDLE = re.compile(
    r"\b(?:ik|we|wij|i|i've)\b[^.!?\n]{0,60}\b(?:op|on|via)\s+"
    r"(?:x|twitter|insta|instagram|facebook|mastodon|bluesky|threads|tiktok|linkedin)\b[^.!?\n@]{0,40}\(@([a-z0-9_]{3,30})\)",
    re.IGNORECASE,
)
"""The writer says where they asked before, and as whom: "ik vroeg het gisteren ook op X (@naam)"."""

_NETWORKS = (
    "twitter", "instagram", "facebook", "mastodon", "bluesky", "threads", "tiktok", "linkedin", "youtube", "reddit", "forum", "review",
)  # fmt: skip
"""Where somebody whose handle is named may have it: the same handle on two networks can be two persons."""
_MAX_NAMED = 10

MAX_AUTHORS = 5
"""A value seen with more customers than this is no evidence."""

WINDOW = timedelta(hours=72)
THREAD_WINDOW = timedelta(days=30)
"""An answer in a thread goes on with it for longer: the customer says so themselves (see docs/adr/0004)."""


WINDOWS = {"thread": THREAD_WINDOW, "reply": THREAD_WINDOW, "": WINDOW}
"""By kind of key, "" for the rest."""


class Key(NamedTuple):
    """A value that can be evidence, within a brand. A tuple: batches sort and look up thousands of them."""

    brand: str
    kind: str
    value: str

    @property
    def window(self) -> timedelta:
        return WINDOWS.get(self.kind, WINDOW)


@dataclass(slots=True)
class Shown:
    """What we know of a key: the group it stands for, who showed it, when last. `fresh`: nobody before this batch."""

    group_id: UUID
    mention_id: UUID
    authors: list[UUID]
    last_at: datetime
    fresh: bool = False
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """Why a mention joins a group: the key, and the mention that showed it first."""

    kind: str
    mention_id: UUID
    group_id: UUID


def keys(
    mention: Mention, author: Sequence[Identity], findings: Findings, identifiers: Iterable[tuple[str, str]], customer_id: UUID
) -> list[Key]:
    """The keys that a mention shows, sorted, each once. `author` is what identifies its author: nothing that belongs to the brand."""
    found = {Key(mention.brand, kind, value[:300]) for kind, value in identifiers}
    if mention.thread is not None:
        threads = (mention.thread.id, mention.thread.in_reply_to)
        found |= {thread_key(mention.brand, customer_id, mention.channel, thread) for thread in threads if thread}
    if mention.answers_reply is not None:
        found.add(reply_key(mention.brand, mention.answers_reply))
    found |= {Key(mention.brand, "label", f"{customer_id}|{label.name}") for label in findings.labels}
    handles = [identity.value for identity in author if identity.kind == "handle"]
    found |= {Key(mention.brand, "label", f"@{handle}|{label.name}"[:300]) for handle in handles for label in findings.labels}
    return sorted(found | own_keys(mention.brand, author))


def thread_key(brand: str, customer_id: UUID, channel: str, thread: str) -> Key:
    """A customer's thread: known by what began it, by what they answer, and by what we answered (some mailers name nothing else)."""
    return Key(brand, "thread", f"{customer_id}|{channel}|{thread}"[:1000])


def reply_key(brand: str, reply_id: UUID) -> Key:
    """A reply of ours by which somebody says that they answer it: whoever was handed that mail, so another customer too. A link merges no customers."""
    return Key(brand, "reply", str(reply_id))


def own_keys(brand: str, author: Sequence[Identity]) -> set[Key]:
    """What the author is known by and what another message can name: whoever leaves the number that they app with says who they are."""
    known = [identity for identity in author if identity.kind in _NAMEABLE]
    return {Key(brand, i.kind, (f"{i.channel}:{i.value}" if i.kind == "handle" else i.value)[:300]) for i in known}


def named_handles(mention: Mention, ours: Collection[str]) -> list[tuple[str, str]]:
    """The handles that a mail names ("I also tweeted as @…"). Elsewhere people name each other, which says nothing about who they are
    themselves: there a handle counts only where its owner says that they asked on another network, and as whom."""
    by_mail = mention.visibility == "private" and mention.kind == "mail"
    found = dict.fromkeys(handle.lower() for handle in (_HANDLE if by_mail else _OWN_HANDLE).findall(mention.text[:10_000]))
    named = [handle for handle in found if handle not in ours][:_MAX_NAMED]
    return [("handle", f"{network}:{handle}") for handle in named for network in _NETWORKS]


def moment(mention: Mention) -> datetime:
    """What windows are measured from: our clock, except for imported history."""
    return mention.posted_at if mention.historic else mention.received_at


def links(shown: Sequence[tuple[Key, Shown]], at: datetime, author: UUID, own: Collection[Key]) -> list[Link]:
    """Which of the keys that a mention shows are evidence, given what was known before it. `own` are those of its author (`own_keys`)."""
    found = []
    for key, known in shown:
        if known.fresh:
            continue
        people = set(known.authors) | {author}
        if (key.kind == "handle" or key in own) and author in known.authors:
            continue  # the same customer again: that takes a thread, a label or an identifier
        if len(people) <= MAX_AUTHORS and abs(at - known.last_at) <= key.window:
            found.append(Link(key.kind, known.mention_id, known.group_id))
    return list(dict.fromkeys(found))


def show(known: Shown, at: datetime, author: UUID, group_id: UUID, mention_id: UUID, *, linked: bool) -> None:
    """A mention of `group_id` showed this key. `linked`: what the key stood for is this group.

    A key stands for the newest issue that showed it: history that is imported later takes no key from what people write now.
    """
    if known.fresh:
        known.fresh = False
        if known.group_id != group_id:
            known.group_id, known.changed = group_id, True
        return
    known.changed = True
    if author not in known.authors and len(known.authors) <= MAX_AUTHORS:
        known.authors.append(author)
    if len(known.authors) <= MAX_AUTHORS:
        if linked:
            known.group_id = group_id
        elif at >= known.last_at:
            known.group_id, known.mention_id = group_id, mention_id
    known.last_at = max(known.last_at, at)


@dataclass
class Groups:
    """Roots of groups, with the moment of each root: the earliest root survives a merge, the smaller id between equals."""

    moments: dict[UUID, datetime] = field(default_factory=dict)
    merged: dict[UUID, UUID] = field(default_factory=dict)

    def root(self, group_id: UUID) -> UUID:
        while group_id in self.merged:
            group_id = self.merged[group_id]
        return group_id

    def merge(self, group_ids: Iterable[UUID]) -> tuple[UUID, list[UUID]]:
        """The surviving root of these groups, and the roots that were merged into it."""
        roots = sorted({self.root(group_id) for group_id in group_ids}, key=lambda root: (self.moments[root], root))
        for loser in roots[1:]:
            self.merged[loser] = roots[0]
        return roots[0], roots[1:]
