"""What one mention shows that can tell whether it and another are one issue: a message and its brand's book reach this module, a `Seen` leaves it.

A `Seen` says who wrote (as far as the channel knows), which numbers, handles and addresses the text names as the writer's own, what it is about, and
whether it says itself that it is about something else, or about the same again. It is made once for each mention and compared often (`pair.py`).
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from zlib import crc32

from libs.common.bookforms import Form, forms
from libs.common.brandbook import BrandBook
from libs.common.ours import Ours
from libs.common.rules import channel_name
from libs.common.wordvectors import Floats, well_formed
from services.triage import handles, phrases
from services.triage.endings import Ending
from services.triage.identifiers import postal_addresses
from services.triage.names import Name, is_given_name, name
from services.triage.numbers import Number, phone_core, written
from services.triage.spelt import unspelt
from services.triage.streets import streets
from services.triage.words import RAREST, folded, stems, weights

MAX_CHARS: Final = 4_000
"""As far as a text is read: what a mention is about is said in its first pages."""
PUBLIC: Final = frozenset(
    {"twitter", "facebook", "instagram", "mastodon", "bluesky", "threads", "tiktok", "linkedin", "youtube", "reddit", "forum"}
)
"""Networks, where people name each other: a handle in a text is its writer's own only where they say so."""

UNKNOWN: Final = "unknown"
"""The channel of what came from nobody knows where: perhaps from one where people name each other."""

BRANDED: Final = 4
"""A handle with a brand's slug of so many letters in it is taken to be the brand's."""

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Lens:
    """What mentions of one brand are read through; made once for each version of its book."""

    forms: tuple[Form, ...] = ()
    ours: Ours | None = None
    handles: frozenset[str] = frozenset()
    country: str = "NL"

    @classmethod
    def of(cls, book: BrandBook) -> "Lens":
        ours = Ours.of(book)
        return cls(
            forms(book.identifiers),
            ours,
            ours.handles | {folded(book.brand), folded(book.name).replace(" ", "")},
            book.hours.holidays.country,
        )

    def has_mail(self, address: str) -> bool:
        return self.ours is not None and self.ours.has_mail(address)


PLAIN: Final = Lens()
"""For a brand whose book is not at hand."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one mention shows. All but `meaning` goes into JSON with `as_json`."""

    id: str
    brand: str
    at: datetime
    channel: str
    own: frozenset[Key]
    """Who wrote: ("handle", "anna_k") of whatever network `channel` is, ("email", …), ("phone", last nine digits)."""
    name: Name
    numbers: tuple[Number, ...]
    endings: tuple[Ending, ...]
    told: frozenset[Key]
    """What the text names as the writer's: ("number", core), ("account", …), ("phone", …), ("email", …), ("handle", …), ("address", …)."""
    called: frozenset[str]
    """What the text seems to call a handle of the writer's, without an @: it counts when somebody writes with it."""
    landlines: frozenset[str]
    """Those of the phones told that a company or a household has rather than a person."""
    flags: frozenset[str]
    words: Mapping[str, float]
    """Stem → how telling it is."""
    places: frozenset[str]
    details: frozenset[str]
    """Amounts, error codes and flight numbers: no identifiers, yet not everybody's."""
    relations: frozenset[str]
    """On whose behalf, where not the writer's own: "moeder"."""
    answers: str | None
    """The id of the mention that this one answers."""
    copy: frozenset[int]
    """A sketch of the text's runs of four words: two copies of one text share most of it."""
    posted: datetime | None = None
    """When it was written, where that is not when it came in."""
    meaning: Floats | None = field(default=None, compare=False, repr=False)
    """Shape (512,), of length one; none when unknown."""

    @property
    def written_at(self) -> datetime:
        """When it was written, as far as can be told: what is of one event was, and a backlog comes in all at once."""
        return self.posted or self.at

    @property
    def author(self) -> str:
        """Who wrote it, as far as can be told: another one for each where nobody knows."""
        return ":".join(min(self.own)) if self.own else self.id

    def among(self, common: Collection[str]) -> "Seen":
        """The same where these parts of names are common."""
        name = self.name.among(common)
        return self if name is self.name else replace(self, name=name)

    @property
    def keys(self) -> frozenset[Key]:
        """What finds those that this mention may be one issue with: a handle counts on any network."""
        return self.told | self.own | {("handle", called) for called in self.called}

    def as_json(self) -> dict[str, Any]:
        """Without `meaning`, which is stored as a vector."""
        return {
            "id": self.id,
            "brand": self.brand,
            "at": self.at.isoformat(),
            "channel": self.channel,
            "own": sorted(self.own),
            "name": self.name.as_json(),
            "numbers": [[n.core, n.kind, n.letters, n.booked, list(n.others)] for n in self.numbers],
            "endings": [[e.kind, e.digits] for e in self.endings],
            "told": sorted(self.told),
            "called": sorted(self.called),
            "landlines": sorted(self.landlines),
            "flags": sorted(self.flags),
            "words": dict(sorted(self.words.items())),
            "places": sorted(self.places),
            "details": sorted(self.details),
            "relations": sorted(self.relations),
            "answers": self.answers,
            "copy": sorted(self.copy),
            "posted": self.posted.isoformat() if self.posted else None,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any], meaning: Floats | None = None) -> "Seen":
        return cls(
            id=data["id"],
            brand=data["brand"],
            at=datetime.fromisoformat(data["at"]),
            channel=data["channel"],
            own=frozenset((kind, value) for kind, value in data["own"]),
            name=Name.from_json(data["name"]),
            numbers=tuple(Number(core, kind, letters, booked, tuple(others)) for core, kind, letters, booked, others in data["numbers"]),
            endings=tuple(Ending(kind, digits) for kind, digits in data["endings"]),
            told=frozenset((kind, value) for kind, value in data["told"]),
            called=frozenset(data.get("called", ())),
            landlines=frozenset(data["landlines"]),
            flags=frozenset(data["flags"]),
            words=dict(data["words"]),
            places=frozenset(data["places"]),
            details=frozenset(data["details"]),
            relations=frozenset(data["relations"]),
            answers=data["answers"],
            copy=frozenset(data["copy"]),
            posted=datetime.fromisoformat(posted) if (posted := data.get("posted")) else None,
            meaning=meaning,
        )


def seen(
    *,
    id: str,
    brand: str,
    at: datetime,
    channel: str,
    text: str,
    handle: str | None = None,
    called: str | None = None,
    email: str | None = None,
    phone: str | None = None,
    answers: str | None = None,
    private: bool | None = None,
    posted: datetime | None = None,
    lens: Lens = PLAIN,
    meaning: Floats | None = None,
) -> Seen:
    """What a mention shows. `text` has the subject of a mail as its first line; `called` is the author's displayed name; `private` follows from the
    channel where it is not given. A handle that is a phone number is one. `meaning` is the text's row of `Features.static`."""
    text = well_formed(text[:MAX_CHARS]).translate(_TYPESET)
    if handle and phone is None and _NUMBER.fullmatch(handle):
        handle, phone = None, handle
    channel = channel_name(channel.lower())
    handle = handle.lstrip("@").lower() if handle else None
    email = email.lower() if email else None
    private = channel not in PUBLIC and (channel != UNKNOWN or email is not None) if private is None else private
    fresh = phrases.unquoted(text)
    found = written(unspelt(text), lens.forms)
    own: set[Key] = set()
    if handle and handle not in lens.handles:
        own.add(("handle", handle))
        if is_telling(local := handle.partition("@")[0]):
            own.add(("handle", local))  # of a federated network: the same person has it elsewhere without a server
    if email and not lens.has_mail(email):
        own.add(("email", email))
    if phone:
        own.add(("phone", phone_core(phone)))
    told = {("number", core) for number in found.numbers for core in number.cores}
    told |= {
        ("number", bare.lstrip("0")) for account in found.accounts if (bare := account[8:]).isdigit()
    }  # as people write it without its bank
    told |= {("account", account) for account in found.accounts} | {("phone", one) for one in found.phones}
    if "@" in text:
        told |= {("email", one) for one in map(str.lower, phrases.addresses(text)) if not lens.has_mail(one)}
        named = folded(brand)
        told |= {
            ("handle", one)
            for one in handles.own_handles(text, private=private)
            if one not in lens.handles and one != handle and not (len(named) >= BRANDED and named in one)
        }
    if lens.country == "NL":
        told |= {("address", one) for one in postal_addresses(text)}
    told |= {("address", one) for one in streets(text)}
    lower = folded(fresh)
    known = weights()
    ours = lens.handles | {folded(brand)}
    unsaid = stems(" ".join([*ours, *(folded(number.letters) for number in found.numbers)]))
    return Seen(
        id=id,
        brand=brand,
        at=at,
        channel=channel,
        own=frozenset(own),
        name=name(called or phrases.signed(fresh), handle, email, ours),
        numbers=found.numbers,
        endings=found.endings,
        told=frozenset(told),
        called=frozenset(handles.named_handles(text, private=private)) - lens.handles - {handle, folded(brand)},
        landlines=frozenset(one for one in found.phones if one[0] not in "67"),
        flags=phrases.flags(lower),
        words={stem: known.get(stem, RAREST) for stem in stems(phrases.unaddressed(lower)) - unsaid},
        places=frozenset(phrases.places(fresh)) - {folded(brand)},
        details=frozenset(phrases.details(fresh)),
        relations=frozenset(phrases.relations(lower)),
        answers=answers,
        copy=_sketch(lower),
        posted=posted,
        meaning=meaning,
    )


_TYPESET: Final = {
    0xA0: " ",
    0x202F: " ",
    0x2009: " ",
    0x2010: "-",
    0x2011: "-",
    0x2012: "-",
    0x2013: "-",
    0x2212: "-",
    0x200B: None,
    0xFEFF: None,
}
"""Blanks and dashes as keyboards have them."""
_NUMBER: Final = re.compile(r"\+?\d[\d ()-]{6,18}")

_SHORTEST_LOCAL: Final = 5


def is_telling(local: str) -> bool:
    """Whether a handle without its server is hardly anybody else's: no first name, and no short one."""
    return len(local) >= _SHORTEST_LOCAL and not is_given_name(local)


_SKETCH: Final = 24
_RUN: Final = 4
MAX_RUNS: Final = 150
_WORD: Final = re.compile(r"[^\W_]+")


def _sketch(lower: str) -> frozenset[int]:
    """The smallest hashes of the text's runs of four words: of two texts, the share in common tells how much of one is in the other."""
    words = _WORD.findall(lower)[:MAX_RUNS]
    if len(words) < 2 * _RUN:
        return frozenset()
    joined = [" ".join(words[place : place + _RUN]) for place in range(len(words) - _RUN + 1)]
    hashes = {crc32(run.encode()) for run in joined}
    return frozenset(sorted(hashes)[:_SKETCH])
