"""A later look at mentions, by what links nobody at once: names, handles, meaning, time. It suggests, links late where the evidence is strong after
all, finds topics, and the earlier question that a mention follows.

Mentions that triage has told of come in by the queue `to_look`, brand by brand and in order; suggestions and new versions of mentions leave. All of a
batch is one transaction with the queue's rows, so a look has its effect once. It may come seconds later, and in a storm minutes: nothing waits for it
(docs/adr/0015).
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from libs.common import db, outbox
from libs.common.books import BrandBooks
from libs.common.errors import InvalidEvent
from libs.common.events import Mention, MentionRevised, deterministic_id
from libs.common.outbox import Outgoing
from libs.common.service import Service, Task
from services.triage import group, look_store, meaning, pair, regroup, store, suggestion, suggestion_store
from services.triage.features import Encoder, Floats
from services.triage.identifiers import Ours
from services.triage.look_store import Looked, Standing
from services.triage.shown import Lens, Seen, seen

log = logging.getLogger(__name__)

AT_ONCE = 200
_EVERY_S = 0.25
NEAREST, NEAREST_BEHIND, SHARING, OWN, MOST = 20, 8, 8, 5, 50
"""Candidates of one mention: by meaning (fewer while many wait), by each clue, of the same customer, and in all."""
BEHIND = 2_000
MEANING_WINDOW, CLUE_WINDOW = pair.SUGGEST_WINDOW, timedelta(days=30)
KEPT = CLUE_WINDOW + timedelta(days=1)
MOST_ASKED = 3
"""Suggestions of one mention: the best. Who shows more likenesses than that shows none."""
_REMEMBERED = 20_000
_LONG_AFTER = 2 * pair.AUTHOR_WINDOW
_SAME_SUBJECT = 0.75


@dataclass
class Found:
    """What a batch of looks found, before it is written."""

    links: list[tuple[UUID, UUID, pair.Verdict]] = field(default_factory=list)
    suggestions: list[tuple[UUID, UUID, pair.Verdict]] = field(default_factory=list)
    follows: dict[UUID, UUID] = field(default_factory=dict)
    """Mention → the group of the earlier question."""


class Looker:
    """The models and brand books at hand, and what mentions showed that were met lately."""

    def __init__(self, books: BrandBooks, encoder: Encoder) -> None:
        self._books, self._encoder = books, encoder
        self._lenses: dict[str, tuple[int, Lens, Ours]] = {}
        self._met: OrderedDict[UUID, Seen] = OrderedDict()

    def see(self, rows: Sequence[store.MentionRow]) -> list[Looked]:
        """What these mentions show. Slow: it runs in a thread."""
        texts = [_text(row.triaged.mention) for row in rows]
        static = self._encoder.encode(texts).static
        few = meaning.directions().of(static)
        found = []
        for place, row in enumerate(rows):
            mention = row.triaged.mention
            shown = self._seen(mention, texts[place], static[place])
            found.append(Looked(mention.id, shown, meaning.written(few[place]), clues(shown)))
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

    async def met(self, connection: db.Connection, brand: str, mention_ids: Iterable[UUID]) -> dict[UUID, Seen]:
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
    found |= {f"name:{part}" for part in (*shown.name.parts, *shown.name.handles) if len(part) >= 4}
    return sorted(clue[:200] for clue in found)


def judged(mine: UUID, shown: Seen, others: Mapping[UUID, Seen], standing: Mapping[UUID, Standing], found: Found) -> None:
    """Compare a mention with its candidates of other groups and add what that says. Evidence against one member of a group counts against suggesting
    any of its members, and makes a late link a question."""
    here = standing[mine]
    by_group: dict[UUID, list[tuple[UUID, pair.Verdict]]] = {}
    earlier: list[tuple[datetime, UUID]] = []
    for other, theirs in others.items():
        there = standing.get(other)
        if there is None or there.removed or there.group_id == here.group_id:
            continue
        verdict = pair.compare(shown, theirs)
        by_group.setdefault(there.group_id, []).append((other, verdict))
        if theirs.at < shown.at and (verdict.follows or _comes_back(shown, theirs, verdict)):
            earlier.append((theirs.at, there.group_id))
    if earlier:
        found.follows[mine] = max(earlier)[1]
    asked = []
    for verdicts in by_group.values():
        against = any(verdict.decision == "apart" for _, verdict in verdicts)
        links = [(other, verdict) for other, verdict in verdicts if verdict.decision == "link"]
        if links and not against:
            found.links.append((mine, *max(links, key=lambda item: item[1].score)))
        elif links:
            asked.append(max(links, key=lambda item: item[1].score))
        elif not against and (asks := [(other, verdict) for other, verdict in verdicts if verdict.decision == "suggest"]):
            asked.append(max(asks, key=lambda item: item[1].score))
    best = sorted(asked, key=lambda item: -item[1].score)[:MOST_ASKED]
    found.suggestions += [(mine, other, verdict) for other, verdict in best]


def _comes_back(later: Seen, earlier: Seen, verdict: pair.Verdict) -> bool:
    """Whether the same author asks about the same subject so long after that it is a new question, which goes back to the old one."""
    if verdict.decision is not None or later.at - earlier.at < _LONG_AFTER or not later.own & earlier.own:
        return False
    cosine, _, share = pair.subject(earlier, later)
    return cosine + 0.5 * share >= _SAME_SUBJECT


# --- a batch --------------------------------------------------------------------------------------------------------------------------


async def look(pool: db.Pool, looker: Looker, brand: str, limit: int = AT_ONCE) -> int:
    """Look at the longest waiting mentions of a brand, in one transaction, and return how many those were. 0 too while another instance does."""
    async with pool.acquire() as connection, connection.transaction():
        if not await look_store.alone(connection, brand):
            return 0
        due = await look_store.take(connection, brand, limit)
        rows = await store.these(connection, brand, due)
        fresh = [rows[mention_id] for mention_id in due if mention_id in rows and not rows[mention_id].triaged.removed]
        if fresh:
            await _look_at(connection, looker, brand, fresh)
    return len(due)


async def _look_at(connection: db.Connection, looker: Looker, brand: str, rows: Sequence[store.MentionRow]) -> None:
    looked = await asyncio.to_thread(looker.see, rows)
    await look_store.keep(connection, brand, looked)
    candidates = await _candidates(connection, brand, looked)
    everybody = sorted({one.mention_id for one in looked} | {other for others in candidates.values() for other in others})
    standing = await look_store.standing(connection, brand, everybody)
    met = await looker.met(connection, brand, everybody)
    found = Found()

    def compare() -> None:
        for one in looked:
            if one.mention_id in standing:
                others = {other: met[other] for other in candidates[one.mention_id] if other in met}
                judged(one.mention_id, one.seen, others, standing, found)

    await asyncio.to_thread(compare)
    told = await _link(connection, brand, found)
    await _suggest(connection, brand, found)
    told += await _revise(connection, found)
    await outbox.add(connection, "triage", told)


async def _candidates(connection: db.Connection, brand: str, looked: Sequence[Looked]) -> dict[UUID, list[UUID]]:
    """For each mention those that it is compared with, the likeliest first, at most MOST: of its customer, by clues, by meaning."""
    newest = max(one.seen.at for one in looked)
    nearest = NEAREST_BEHIND if await look_store.backlog(connection, brand, BEHIND) >= BEHIND else NEAREST
    found: dict[UUID, dict[UUID, None]] = {one.mention_id: {} for one in looked}
    for mention_id, other in await look_store.own(connection, brand, list(found), OWN):
        found[mention_id][other] = None
    shared: dict[UUID, dict[UUID, int]] = {}
    for mention_id, other, _ in await look_store.sharing(connection, brand, looked, newest - CLUE_WINDOW, SHARING):
        counts = shared.setdefault(mention_id, {})
        counts[other] = counts.get(other, 0) + 1
    for mention_id, counts in shared.items():
        found[mention_id] |= dict.fromkeys(sorted(counts, key=lambda other: -counts[other])[: MOST - OWN - nearest])
    for mention_id, other, _ in await look_store.near(connection, brand, looked, newest - MEANING_WINDOW, nearest):
        found[mention_id][other] = None
    return {mention_id: list(others)[:MOST] for mention_id, others in found.items()}


async def _link(connection: db.Connection, brand: str, found: Found) -> list[Outgoing]:
    """Groups that strong evidence shows to be one after all become one; those that a person said to be two do not."""
    if not found.links:
        return []
    links = [(one, other, list({item.kind: None for item in verdict.evidence if not item.against})) for one, other, verdict in found.links]
    before = await regroup.lock(connection, brand, {mention_id for one, other, _ in links for mention_id in (one, other)})
    rejected = await suggestion_store.rejected(connection, [brand], sorted(before))
    return await regroup.save(connection, before, regroup.joined_all(before, links, rejected), None)


async def _suggest(connection: db.Connection, brand: str, found: Found) -> None:
    """People are asked once about two groups, and not about two that are one by now."""
    if not found.suggestions:
        return
    ids = {mention_id for one, other, _ in found.suggestions for mention_id in (one, other)}
    groups = await store.groups_of(connection, brand, sorted(ids))
    known = await suggestion_store.between(connection, brand, sorted(set(groups.values())))
    answered = await suggestion_store.answered(connection, brand)
    asked = []
    for one, other, verdict in sorted(found.suggestions, key=lambda item: -item[2].score):
        both = frozenset({groups[one], groups[other]})
        if len(both) == 2 and known.get(both, "withdrawn") == "withdrawn":
            state = known[both] = suggestion.state_of(verdict.score, answered)
            evidence = [(item.kind, item.against, item.said) for item in verdict.evidence]
            asked.append(suggestion_store.Asked(suggestion_store.pair_of(brand, one, other), verdict.score, evidence, state))
    await suggestion_store.suggest(connection, asked)


async def _revise(connection: db.Connection, found: Found) -> list[Outgoing]:
    """Mentions that follow an earlier question are told with it."""
    rows = await store.mentions(connection, sorted(found.follows))
    changed = []
    for mention_id, row in rows.items():
        earlier = found.follows[mention_id]
        if not row.triaged.removed and row.triaged.group_id != earlier and row.triaged.follows != earlier:
            changed.append((regroup.changed(row, follows=earlier), "follows"))
    await store.update(connection, [row for row, _ in changed])
    return [revised(row, why) for row, why in changed]


def revised(row: store.MentionRow, why: str, actor: str = "system") -> Outgoing:
    triaged = row.triaged
    event = MentionRevised(brand=triaged.mention.brand, book_version=row.book_version, triaged=triaged, why=why, actor=actor)
    return Outgoing(event, str(triaged.mention.id), row.version, str(triaged.customer_id), row.traceparent)


# --- the task -------------------------------------------------------------------------------------------------------------------------


def looking(service: Service, encoder: Encoder) -> Task:
    looker = Looker(service.books, encoder)

    async def look_on() -> None:
        """Until cancelled, every brand in turn, so that one brand's storm keeps no other waiting."""
        await service.books.read.wait()
        while True:
            brands: list[str] = []
            try:
                async with service.pool.acquire() as connection:
                    brands = await look_store.waiting(connection, [brand for brand, _ in service.books])
                for brand in brands:
                    await _carefully(service.pool, looker, brand)
                    service.relay.poke()
            except db.TRANSIENT as error:
                log.warning("mentions are not looked at now", extra={"error": type(error).__name__})
                brands = []
            if not brands:
                await asyncio.sleep(_EVERY_S)

    return look_on


async def _carefully(pool: db.Pool, looker: Looker, brand: str) -> None:
    """A mention that cannot be looked at is left out, and said so; it keeps no other waiting."""
    try:
        await look(pool, looker, brand)
    except db.TRANSIENT:
        raise
    except Exception:
        log.exception("looking failed: one by one", extra={"brand": brand})
        for _ in range(AT_ONCE):
            try:
                if not await look(pool, looker, brand, limit=1):
                    return
            except db.TRANSIENT:
                raise
            except Exception:
                async with pool.acquire() as connection, connection.transaction():
                    skipped = await look_store.take(connection, brand, 1)
                log.exception("a mention is not looked at", extra={"mention_id": str(skipped)})
