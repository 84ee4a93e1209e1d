"""What mentions show to a later look, and what a brand's habits are: rows of `mention` reach this module, what is compared and searched leaves it."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from libs.common import db
from libs.common.books import BrandBooks
from libs.common.errors import InvalidEvent
from libs.common.events import Mention, deterministic_id
from libs.common.ours import Ours
from libs.common.wordvectors import Floats
from services.triage import group, look_store, meaning, store, topic_look
from services.triage.features import Encoder
from services.triage.heard import Heard
from services.triage.look_store import Looked
from services.triage.names import Name
from services.triage.pair import SUGGEST_WINDOW
from services.triage.shown import Lens, Seen, seen

_BEGINNING = 5
"""Letters of a name by which it is found: who is called Willemijn signs as Willem, and writes as willemijnk."""
_REMEMBERED = 20_000
_REFRESHED_S = 600.0
_EVERYDAY_SAMPLE = 60


@dataclass(frozen=True, slots=True)
class Habits:
    """`heard`: what is no news. `spread`: the brand has enough mentions to be searched by the index on meaning. `authors`: some who
    wrote of late, and how they are called."""

    heard: Heard
    spread: bool
    authors: tuple[tuple[str, Name], ...]


class Looker:
    """The models and brand books at hand, and what mentions showed that were met lately."""

    def __init__(self, books: BrandBooks, encoder: Encoder) -> None:
        self._books, self.encoder = books, encoder
        self._lenses: dict[str, tuple[int, Lens, Ours]] = {}
        self._met: OrderedDict[UUID, Seen] = OrderedDict()
        self._habits: dict[str, tuple[float, Habits]] = {}

    async def habits(self, connection: db.Connection, brand: str) -> Habits:
        """What a brand hears of every day, and how its mentions are best searched; asked anew every ten minutes."""
        known = self._habits.get(brand)
        if known is None or time.monotonic() - known[0] > _REFRESHED_S:
            since = datetime.now(UTC) - SUGGEST_WINDOW
            sample = await look_store.sample(connection, brand, since, _EVERYDAY_SAMPLE)
            authors = tuple((shown.author, shown.name) for shown in sample)
            found = Habits(
                Heard(sample, await look_store.many(connection, brand, since)), await look_store.spread(connection, brand), authors
            )
            known = self._habits[brand] = (time.monotonic(), found)
        return known[1]

    def see(self, rows: Sequence[store.MentionRow]) -> list[Looked]:
        """What these mentions show. Slow: it runs in a thread."""
        texts = [_text(row.triaged.mention) for row in rows]
        static = self.encoder.encode(texts).static
        few = meaning.directions().of(static)
        found = []
        for place, row in enumerate(rows):
            mention = row.triaged.mention
            shown = self._seen(mention, texts[place], static[place])
            found.append(Looked(mention.id, shown, few[place], clues(shown)))
            self.remember(mention.id, shown)
        return found

    def _seen(self, mention: Mention, text: str, static: Floats) -> Seen:
        lens, ours = self._lens(mention.brand)
        known: dict[str, str] = {}
        for identity in mention.author.identities:
            if not ours.has(identity):
                known.setdefault(identity.kind, identity.value)
        answers = mention.thread.in_reply_to if mention.thread else None
        return seen(
            id=str(mention.id),
            brand=mention.brand,
            at=group.moment(mention),
            channel=mention.channel,
            text=text,
            handle=known.get("handle"),
            called=mention.author.name,
            email=known.get("email"),
            phone=known.get("phone"),
            answers=str(deterministic_id(mention.brand, mention.channel, answers)) if answers else None,
            private=mention.visibility == "private",
            posted=mention.posted_at,
            lens=lens,
            meaning=static if static.any() else None,
        )

    def _lens(self, brand: str) -> tuple[Lens, Ours]:
        published = self._books.get(brand)
        if published is None:
            raise InvalidEvent(f"There is no brand book for {brand!r}.")
        known = self._lenses.get(brand)
        if known is None or known[0] != published.version:
            known = self._lenses[brand] = (published.version, Lens.of(published.book), Ours.of(published.book))
        return known[1], known[2]

    def remember(self, mention_id: UUID, shown: Seen) -> None:
        self._met[mention_id] = shown
        self._met.move_to_end(mention_id)
        if len(self._met) > _REMEMBERED:
            self._met.popitem(last=False)

    async def glanced(self, connection: db.Connection, brand: str, mention_ids: Collection[UUID]) -> dict[UUID, Seen | Name]:
        """What is soon said of these: what they showed where that is remembered, how their authors are called where it was kept."""
        found: dict[UUID, Seen | Name] = {mention_id: self._met[mention_id] for mention_id in mention_ids if mention_id in self._met}
        return found | await look_store.names(connection, brand, [i for i in mention_ids if i not in found])

    async def met(self, connection: db.Connection, brand: str, mention_ids: Collection[UUID]) -> dict[UUID, Seen]:
        """What these mentions showed: remembered, kept, or looked at anew where it is too long ago for either."""
        found = {mention_id: self._met[mention_id] for mention_id in mention_ids if mention_id in self._met}
        found |= await look_store.seen(connection, brand, [i for i in mention_ids if i not in found])
        rest = await store.these(connection, brand, [i for i in mention_ids if i not in found])
        if rest:
            found |= {one.mention_id: one.seen for one in await asyncio.to_thread(self.see, list(rest.values()))}
        for mention_id, shown in found.items():
            self.remember(mention_id, shown)
        return found


def _text(mention: Mention) -> str:
    return f"{mention.title}\n{mention.text}" if mention.title else mention.text


def clues(shown: Seen) -> list[str]:
    """What another mention can be found by that may be of the same person: who wrote, what they name as theirs, the end of a number, parts of a name."""
    found = {f"{kind}:{value}" for kind, value in shown.keys}
    whole = [value for kind, value in shown.told if kind in ("number", "account", "phone")]
    whole += [value for kind, value in shown.own if kind == "phone"]
    ends = [*whole, *(ending.digits for ending in shown.endings)]
    found |= {f"end:{value[-size:]}" for value in ends for size in (3, 4) if len(value) >= size}
    found |= {f"name:{part[:_BEGINNING]}" for part in (*shown.name.parts, *shown.name.handles) if len(part) >= 3}
    return sorted({clue[:200] for clue in found} | set(topic_look.copy_clues(shown)))
