"""An outage as a list of messages: a seed and a vocabulary reach this module; posts with their moments leave it. Pure.

An hour in which little happens, then thirty minutes of storm: many people with the same trouble (a topic, and a case each), some who write on two
channels (pairs: one case), some who go on in their own thread because nobody answers, a few whom many people follow, press, people in need, copies,
jokes and spam; and thanks when it is over. The same seed gives the same posts; ``stamped`` makes one play of them differ from another, so that a
storm can be played again and is new to a brand that has seen one.
"""

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from cli.demo.words import FIRST_NAMES, HANDLE_WORDS, Words

QUIET_S, STORM_S = 3600.0, 1800.0
REPAIRED_S = QUIET_S + 1440.0
PLAY_S, QUIET_PLAY_S = 60.0, 10.0
"""How long all of it is played, and the quiet hour of that, at speed 1."""

Role = Literal[
    "everyday", "report", "copy", "joke", "first", "second", "angry", "thanks", "critical", "influencer", "press", "legal", "spam", "mail"
]

SHARES: dict[Role, int] = {
    "everyday": 32, "report": 640, "copy": 110, "joke": 60, "first": 40, "second": 40, "angry": 140, "thanks": 80, "critical": 12, "influencer": 5,
    "press": 5, "legal": 3, "spam": 8, "mail": 25,
}  # fmt: skip
"""How many messages of each role: 1,200 in all."""

_NETWORKS = (("twitter", 42), ("facebook", 20), ("whatsapp", 10), ("bluesky", 8), ("forum", 8), ("instagram", 6), ("mastodon", 6))
_EMOJI = ("😡", "🙄", "😤", "🤷", "😩", "😭", "📵", "🤯")
_POPULAR = 12
"""Copies are of so many of the first reports, and of the influencers."""
_TRIES = 40


@dataclass(frozen=True, slots=True)
class Post:
    """One message of the scenario. ``person`` tells who wrote it, whatever the channel; ``thread`` is the number of the post that began its thread."""

    at_s: float
    number: int
    role: Role
    channel: str
    kind: str
    person: int
    name: str
    known_by: Literal["handle", "phone", "email"]
    base: str
    text: str
    title: str | None = None
    followers: int | None = None
    thread: int | None = None

    @property
    def visibility(self) -> str:
        return "private" if self.kind in ("direct", "mail") else "public"


@dataclass(frozen=True, slots=True)
class Storm:
    """All posts in the order of their moments, and which two are one question on two channels."""

    posts: tuple[Post, ...]
    pairs: tuple[tuple[int, int], ...]


def played_s(at_s: float, speed: float = 1.0) -> float:
    """When a moment of the scenario is played, in seconds from the start: the quiet hour in a sixth of the time, the storm in the rest."""
    if at_s <= QUIET_S:
        return at_s / QUIET_S * QUIET_PLAY_S / speed
    return (QUIET_PLAY_S + (at_s - QUIET_S) / STORM_S * (PLAY_S - QUIET_PLAY_S)) / speed


def scenario_s(played: float, speed: float = 1.0) -> float:
    """The other way round."""
    seconds = min(played * speed, PLAY_S)
    if seconds <= QUIET_PLAY_S:
        return seconds / QUIET_PLAY_S * QUIET_S
    return QUIET_S + (seconds - QUIET_PLAY_S) / (PLAY_S - QUIET_PLAY_S) * STORM_S


def storm(seed: int, words: Words, name: str, account: str) -> Storm:
    """The storm of this seed, for a brand with this name and account."""
    rng = random.Random(seed)  # noqa: S311 - nothing is secret here, and the same seed must give the same storm
    return _Weather(rng, words, name, account).storm()


@dataclass
class _Weather:
    """What is drawn so far. Posts have provisional numbers until all are there."""

    rng: random.Random
    words: Words
    name: str
    account: str
    posts: list[Post] = field(default_factory=list)
    pairs: list[tuple[int, int]] = field(default_factory=list)
    people: int = 0
    bases: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)

    def storm(self) -> Storm:
        for role, moments in (
            ("everyday", self._times(0, QUIET_S + STORM_S, None)), ("joke", self._times(300, 1500, 700)), ("critical", self._times(120, 1300, 500)),
            ("influencer", self._evenly(420, 1100)), ("press", self._evenly(520, 1300)), ("legal", self._times(700, 1500, 1000)),
            ("spam", self._times(400, 1500, 800)), ("mail", self._times(200, 1500, 800)),
        ):  # fmt: skip
            for at_s in moments(SHARES[role]):  # type: ignore[index]
                self._one(role, at_s)  # type: ignore[arg-type]
        self._reports()
        self._pairs()
        self._copies()
        return self._numbered()

    def _times(self, start: float, end: float, peak: float | None) -> Any:
        """Moments of the storm (of the whole time where no ``peak`` is named), rising to the peak and falling after it."""
        if peak is None:
            return lambda count: sorted(self.rng.uniform(start, end) for _ in range(count))
        return lambda count: sorted(QUIET_S + self.rng.triangular(start, end, peak) for _ in range(count))

    def _evenly(self, start: float, end: float) -> Any:
        return lambda count: [QUIET_S + start + (end - start) * index / max(1, count - 1) for index in range(count)]

    def _reports(self) -> None:
        """Those whom it happened to, and what some of them add: in anger while nobody answers, with thanks once it is over."""
        reported = [self._one("report", at_s) for at_s in self._times(0, 1400, 430)(SHARES["report"])]
        early = [post for post in reported if post.at_s < QUIET_S + 1000]
        for number in sorted(post.number for post in self.rng.sample(early, SHARES["angry"])):
            first = self._threaded(number)
            self._goes_on(first, "angry", min(REPAIRED_S, first.at_s + self.rng.uniform(240, 600)))
        for number in sorted(post.number for post in self.rng.sample(reported, SHARES["thanks"])):
            self._goes_on(self._threaded(number), "thanks", REPAIRED_S + self.rng.triangular(5, QUIET_S + STORM_S - REPAIRED_S - 1, 60))

    def _threaded(self, number: int) -> Post:
        self.posts[number] = replace(self.posts[number], thread=number)
        return self.posts[number]

    def _goes_on(self, first: Post, role: Role, at_s: float) -> None:
        kind = first.kind if first.kind == "direct" else "reply"
        text = self._roughly(self._filled(self.rng.choice(getattr(self.words, role))))
        self.posts.append(replace(first, at_s=at_s, number=len(self.posts), role=role, kind=kind, text=text, title=None))

    def _pairs(self) -> None:
        """One person, one question, two channels, with what shows that: a phone number, an address, or a handle that the mail names."""
        for index, at_s in enumerate(self._times(60, 1200, 480)(SHARES["first"])):
            person, name, base = self._person()
            place = self.rng.choice(self.words.places)
            where = self._filled(self.rng.choice(self.words.first_of_pair), place=place)
            again = self._filled(self.rng.choice(self.words.second_of_pair), place=place)
            way = ("phone", "address", "handle")[index % 3]
            first_text = where.replace(
                "{reach}", {"phone": "Bel me op {phone}", "address": "Mail mag ook: {email}", "handle": ""}[way]
            ).strip()
            second_text = again.replace("{said}", "Ik ben {at_handle} op X." if way == "handle" else "").strip()
            channel, kind = ("facebook", "direct") if way == "address" else ("twitter", "post" if way == "handle" else "direct")
            first = self._add(at_s, "first", channel, kind, person, name, "handle", base, first_text)
            channel, kind, known_by = ("whatsapp", "direct", "phone") if way == "phone" else ("email", "mail", "email")
            title = self._filled(self.rng.choice(self.words.mail_subjects), place=place) if kind == "mail" else None
            second = self._add(
                at_s + self.rng.uniform(40, 300), "second", channel, kind, person, name, known_by, base, second_text, title=title
            )  # fmt: skip
            self.pairs.append((first.number, second.number))

    def _copies(self) -> None:
        """What people pass on: the words of somebody else, and so no question of theirs."""
        known = [post for post in self.posts if post.role == "influencer"]
        known += sorted((post for post in self.posts if post.role == "report" and post.kind == "post"), key=lambda post: post.at_s)[
            :_POPULAR
        ]
        for _ in range(SHARES["copy"]):
            source = self.rng.choice(known)
            at_s = min(QUIET_S + STORM_S - 1, max(source.at_s, QUIET_S) + self.rng.expovariate(1 / 260) + 5)
            person, name, base = self._person()
            self._add(at_s, "copy", self.rng.choice(("twitter", "twitter", "mastodon", "bluesky")), "post", person, name, "handle", base,
                      f"RT {source.name}: {source.text}"[:280])  # fmt: skip

    def _one(self, role: Role, at_s: float) -> Post:
        person, name, base = self._person()
        channel = self._channel(role)
        kind = (
            "mail"
            if channel == "email"
            else "direct"
            if channel in ("whatsapp", "instagram") or self.rng.random() < self._direct(role)
            else "post"
        )
        known_by: Literal["handle", "phone", "email"] = "phone" if channel == "whatsapp" else "email" if channel == "email" else "handle"
        text = self._text(role)
        title = self._filled(self.rng.choice(self.words.mail_subjects)) if kind == "mail" else None
        text = f"{text}\n{name}" if kind == "mail" else text
        followers = self.rng.randrange(60_000, 400_000) if role == "influencer" else None
        return self._add(at_s, role, channel, kind, person, name, known_by, base, text, title=title, followers=followers)

    def _channel(self, role: Role) -> str:
        if role == "mail":
            return "email"
        if role in ("influencer", "joke", "spam"):
            return self.rng.choice(("twitter", "twitter", "bluesky", "mastodon"))
        return self.rng.choices([network for network, _ in _NETWORKS], [share for _, share in _NETWORKS])[0]

    def _direct(self, role: Role) -> float:
        return {"report": 0.12, "critical": 0.3, "press": 0.4}.get(role, 0.0)

    def _text(self, role: Role) -> str:
        """Words of this role; a report in words that nobody has used yet."""
        if role == "mail":
            return self._filled(self.rng.choice(self.words.mails))
        if role != "report":
            lists = {"everyday": self.words.everyday, "joke": self.words.jokes, "critical": self.words.critical, "influencer": self.words.influencers,
                     "press": self.words.press, "legal": self.words.legal, "spam": self.words.spam}  # fmt: skip
            text = self._filled(self.rng.choice(lists[role]))
            return text if role in ("critical", "press", "influencer") else self._roughly(text)
        text = ""
        for _ in range(_TRIES):
            text = self._report()
            if text not in self.texts:
                break
        self.texts.add(text)
        return text

    def _report(self) -> str:
        if self.rng.random() < 0.13:
            parts = {"since": self.words.since_en, "effect": self.words.effects_en, "ask": self.words.asks_en}
            return self._roughly(self._filled(self.rng.choice(self.words.reports_en), parts))
        return self._roughly(self._filled(self.rng.choice(self.words.reports)))

    def _filled(self, text: str, parts: dict[str, tuple[str, ...]] | None = None, place: str | None = None) -> str:
        lists = {"since": self.words.since, "effect": self.words.effects, "ask": self.words.asks} | (parts or {})
        values = {"at": self.account, "name": self.name, "tag": self.words.tag}
        values |= {"place": place or self.rng.choice(self.words.places), "quarter": self.rng.choice(self.words.quarters)}
        values |= {key: self.rng.choice(list(choices)) for key, choices in lists.items()}
        for key, value in values.items():
            text = text.replace(f"{{{key}}}", value)
        # What follows a full stop begins a sentence; what was left empty leaves no space behind.
        lines = (" ".join(line.replace(" .", ".").replace("..", ".").replace("?.", "?").split()) for line in text.split("\n"))
        return _sentences("\n".join(lines).strip())

    def _roughly(self, text: str) -> str:
        """As people type: in haste, in capitals, without marks, with a slip of the fingers, with a face at the end."""
        chance = self.rng.random()
        if chance < 0.45:
            return text
        if chance < 0.65:
            return text.lower()
        if chance < 0.72:
            return text.lower().replace(".", "").replace(",", "").replace("?", "")
        if chance < 0.75:
            return text.upper()
        if chance < 0.88:
            return f"{text} {self.rng.choice(_EMOJI)}"
        if chance < 0.94:
            return f"{text}{self.rng.choice(('!!', ' !!!', '...', ' ??'))}"
        at = self.rng.randrange(1, max(2, len(text) - 2))
        slip = text[at : at + 2]
        return text[:at] + slip[::-1] + text[at + 2 :] if slip.isalpha() else text

    def _person(self) -> tuple[int, str, str]:
        """A new person: a number, a name to show, and what their handle is made of."""
        self.people += 1
        while True:
            first = self.rng.choice(FIRST_NAMES)
            base = f"{first.lower()}_{self.rng.choice(HANDLE_WORDS)}"[:20]
            base += str(self.rng.randrange(100)) if base in self.bases or self.rng.random() < 0.3 else ""
            if base not in self.bases:
                self.bases.add(base)
                return self.people, first if self.rng.random() < 0.7 else base.replace("_", " "), base

    def _add(self, at_s: float, role: Role, channel: str, kind: str, person: int, name: str, known_by: Any, base: str, text: str, *,
             title: str | None = None, followers: int | None = None) -> Post:  # fmt: skip
        if followers is None and known_by == "handle":
            followers = min(20_000, int(self.rng.lognormvariate(5.2, 1.2)))
        post = Post(at_s, len(self.posts), role, channel, kind, person, name, known_by, base, text, title, followers)
        self.posts.append(post)
        return post

    def _numbered(self) -> Storm:
        """In the order of their moments, numbered so."""
        ordered = sorted(self.posts, key=lambda post: (post.at_s, post.number))
        number = {post.number: place for place, post in enumerate(ordered)}
        posts = tuple(
            replace(post, number=place, thread=None if post.thread is None else number[post.thread]) for place, post in enumerate(ordered)
        )
        return Storm(posts, tuple(sorted((number[a], number[b]) for a, b in self.pairs)))


def _sentences(text: str) -> str:
    """The same with a capital where a sentence begins after another: filling places leaves `. mijn`."""
    return re.sub(r"([.!?] )([a-z])", lambda match: match[1] + match[2].upper(), text)


def phone_of(run: str, person: int) -> str:
    """A number in 06-000…, which nobody has: another one for each person of a run, and most likely for each run."""
    return f"+316000{(int(run, 16) * 41 + person) % 100_000:05d}"


def external_id(run: str, number: int) -> str:
    return f"storm-{run}-{number:04d}"


def stamped(post: Post, run: str, now: datetime) -> dict[str, Any]:
    """The body of a mention for ingest, posted at ``now``. ``run`` (hexadecimal) makes names, numbers and ids those of one play alone."""
    handle, address, phone = f"{post.base}_{run}", f"{post.base.replace('_', '.')}.{run}@postbus.example", phone_of(run, post.person)
    value = {"handle": handle, "email": address, "phone": phone}[post.known_by]
    written = {"{phone}": f"{phone[:3]} {phone[3]} {phone[4:7]} {phone[7:]}", "{email}": address, "{at_handle}": f"@{handle}"}
    text = post.text
    for place, said in written.items():
        text = text.replace(place, said)
    identity = {"kind": post.known_by, "value": value} | ({"channel": post.channel} if post.known_by == "handle" else {})
    thread = None
    if post.thread is not None:
        began = external_id(run, post.thread)
        thread = {"id": began, "in_reply_to": began if post.thread != post.number else None}
    return {
        "channel": post.channel,
        "kind": post.kind,
        "external_id": external_id(run, post.number),
        "author": {"name": post.name, "identities": [identity], "followers": post.followers},
        "title": post.title,
        "text": text,
        "thread": thread,
        "visibility": post.visibility,
        "posted_at": now.isoformat(),
    }


def due(posts: Iterable[Post], played: float, speed: float) -> list[Post]:
    """Those whose moment has come after ``played`` seconds."""
    return [post for post in posts if played_s(post.at_s, speed) <= played]
