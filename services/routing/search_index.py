"""What cases are found by: their texts come in from `search_queue`, rows of `search_text` leave.

Whatever changes a text adds a row to the queue in its own transaction (triggers of the tables do it, so nobody can forget). One instance at a time, by
an advisory lock, makes the texts of those cases findable, all of a case's anew: a message that was taken back, and a case that has none left, are gone
from the search with that. The rows of the queue are removed in the same transaction, so a kill loses none. A case that changes often in a second is
done once.
"""

import asyncio
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from prometheus_client import Gauge

from libs.common import db
from libs.common.service import Service
from services.routing import standing, written

log = logging.getLogger(__name__)
WAITING = Gauge("weerklank_search_waiting", "Changes of texts that cannot be found yet")
_BATCH = 500
_EVERY_S = 0.2
_LOCK = "weerklank-search"
MOST_CHARS = 60_000
"""Of all the texts of a case together, the newest first: a tsvector has a size, and so has what one change costs."""
MOST_MESSAGES = 200
MOST_NUMBERS = 60
_NUMBER = re.compile(r"(?<!\w)\+?(?:[A-Za-z]{1,8}[-_]?)?\d(?:[ .\-/()_]{0,2}\d){2,24}(?!\w)|(?<!\w)[A-Za-z0-9][A-Za-z0-9\-_/]{2,39}(?!\w)")


_NAME = re.compile(r"[^\W\d_]{3,30}")


async def run(service: Service) -> None:
    """Until cancelled. A passing fault of Postgres is waited out."""
    while True:
        more = 0
        try:
            more = await tick(service.pool)
        except db.TRANSIENT as error:
            log.warning("cases wait to be made findable", extra={"error": type(error).__name__})
            await asyncio.sleep(1)
        except Exception:  # one case that cannot be made findable must not keep all others out of the search
            log.exception("some cases cannot be made findable: tried one by one")
            await one_by_one(service.pool)
        if more < _BATCH:
            await asyncio.sleep(_EVERY_S)


async def one_by_one(pool: db.Pool) -> None:
    """The oldest rows of the queue each by itself; one that fails even so is left out of the search until the case changes again, and logged."""
    for _ in range(_BATCH):
        try:
            if not await tick(pool, 1):
                return
        except db.TRANSIENT:
            raise
        except Exception:
            async with pool.acquire() as connection:
                row = await connection.fetchrow(
                    "delete from search_queue where seq = (select min(seq) from search_queue) returning brand, case_id"
                )
            log.exception("a case cannot be made findable", extra={"case_id": str(row["case_id"]) if row else None})


async def tick(pool: db.Pool, batch: int = _BATCH) -> int:
    """Take up to so many rows from the queue; return how many there were. None where another instance is at it."""
    async with pool.acquire() as connection:
        if not await connection.fetchval("select exists (select from search_queue)"):
            return 0
        async with connection.transaction():
            if not await connection.fetchval("select pg_try_advisory_xact_lock(hashtextextended($1, 0))", _LOCK):
                return 0
            rows = await connection.fetch(
                "delete from search_queue where seq = any(array(select seq from search_queue order by seq limit $1)) returning brand, case_id",
                batch,
            )
            await put(connection, {(row["brand"], row["case_id"]) for row in rows})
            return len(rows)


async def refresh_gauges(connection: db.Connection) -> None:
    """What a scrape shows: how many changes of texts are not findable yet."""
    WAITING.set(await connection.fetchval("select count(*) from search_queue"))


@dataclass(slots=True)
class Texts:
    """What a case is found by, as people wrote it. `names`: who wrote, with every identity; `titles`: also tags, labels and the brand's own fields;
    `ours`: what colleagues wrote (`written.py`)."""

    brand: str
    names: dict[str, None] = field(default_factory=dict)
    people: dict[str, None] = field(default_factory=dict)
    titles: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    ours: list[str] = field(default_factory=list)
    room: int = MOST_CHARS

    def add(self, into: list[str], text: str | None) -> None:
        if text and self.room > 0:
            into.append(text[: self.room])
            self.room -= len(text)

    def called(self) -> list[str]:
        """The words of the names of those who wrote, without handles."""
        return list(dict.fromkeys(word for name in self.people for word in _NAME.findall(name.lower())))[:40]

    def numbers(self) -> list[str]:
        return list(dict.fromkeys(n for text in (*self.names, *self.titles, *self.messages, *self.ours) for n in numbers_in(text)))


def numbers_in(text: str) -> Iterable[str]:
    """Phone, order and other numbers as they are looked for: in lower case, without what separates their parts. Three digits at least."""
    for found in _NUMBER.findall(text):
        if sum(map(str.isdigit, found)) >= 3:
            yield "".join(filter(str.isalnum, found)).lower()[:40]


async def put(connection: db.Connection, cases: Iterable[tuple[str, UUID]]) -> None:
    """Make what these cases, and those that they go on in, say by now findable, and nothing that they no longer say."""
    changed = sorted(set(cases))
    if not changed:
        return
    wanted = sorted(await standing.onward(connection, [brand for brand, _ in changed], [case_id for _, case_id in changed]))
    found = await _texts(connection, wanted)
    gone = [key for key in wanted if key not in found or not (found[key].messages or found[key].titles or found[key].ours)]
    await _rename(connection, wanted, -1)
    if gone:
        await connection.execute(
            "delete from search_text s using unnest($1::text[], $2::uuid[]) as u(brand, case_id) where s.brand = u.brand and s.case_id = u.case_id",
            [brand for brand, _ in gone],
            [case_id for _, case_id in gone],
        )
    rows = [(key, found[key]) for key in wanted if key not in set(gone)]
    if rows:
        await connection.execute(
            "insert into search_text as s (case_id, brand, seq, words, names, called) "
            "select c.id, c.brand, c.seq, setweight(stems_of(u.who), 'A') || setweight(stems_of(u.titles), 'C') "
            "|| setweight(stems_of(u.messages), 'B') || setweight(stems_of(u.ours), 'D'), folded.n, folded.called "
            "from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], "
            "$8::text[]) as u(brand, case_id, who, titles, messages, ours, names, called) "
            "join care_case c on c.id = u.case_id and c.brand = u.brand "
            "cross join lateral (select unaccent(lower(u.names)) as n, "
            "coalesce(string_to_array(nullif(unaccent(lower(u.called)), ''), ' '), '{}') as called) as folded "
            "on conflict (case_id) do update set words = excluded.words, names = excluded.names, called = excluded.called, seq = excluded.seq "
            "where (s.words, s.names, s.called) is distinct from (excluded.words, excluded.names, excluded.called)",
            [brand for (brand, _), _ in rows],
            [case_id for (_, case_id), _ in rows],
            ["\n".join(texts.names) for _, texts in rows],
            ["\n".join(texts.titles) for _, texts in rows],
            ["\n".join(texts.messages) for _, texts in rows],
            ["\n".join(texts.ours) for _, texts in rows],
            [" ".join([*texts.names, *texts.numbers()[:MOST_NUMBERS]])[:4000] for _, texts in rows],
            [" ".join(texts.called()) for _, texts in rows],
        )
    await _rename(connection, wanted, 1)


async def _rename(connection: db.Connection, cases: Sequence[tuple[str, UUID]], by: int) -> None:
    """Count the names of these cases, or (by -1) no longer."""
    arguments = [brand for brand, _ in cases], [case_id for _, case_id in cases], by
    await connection.execute(
        "insert into search_name as n (brand, name, cases) select s.brand, name, count(*) * $3::int from search_text s "
        "join unnest($1::text[], $2::uuid[]) as u(brand, case_id) using (brand, case_id) cross join lateral unnest(s.called) as name "
        "group by s.brand, name on conflict (brand, name) do update set cases = n.cases + excluded.cases",
        *arguments,
    )
    if by > 0:
        await connection.execute(
            "delete from search_name where brand = any($1::text[]) and cases <= 0", list({brand for brand, _ in cases})
        )


async def _texts(connection: db.Connection, wanted: list[tuple[str, UUID]]) -> Mapping[tuple[str, UUID], Texts]:
    brands, ids = [brand for brand, _ in wanted], [case_id for _, case_id in wanted]
    found: dict[tuple[str, UUID], Texts] = {}
    there: set[tuple[str, UUID]] = set()
    for row in await connection.fetch(
        "select u.brand, u.case_id, m.mention from unnest($1::text[], $2::uuid[]) as u(brand, case_id) cross join lateral ("
        "select triaged -> 'mention' as mention from mention_copy m where m.brand = u.brand and m.case_id = u.case_id and not m.removed "
        "order by received_at desc, id limit $3) m",
        brands,
        ids,
        MOST_MESSAGES,
    ):
        texts = found.setdefault((row["brand"], row["case_id"]), Texts(row["brand"]))
        mention: dict[str, Any] = row["mention"]
        author = mention["author"]
        texts.names |= dict.fromkeys(name for name in (author.get("name"), *(i["value"] for i in author["identities"])) if name)
        texts.people |= dict.fromkeys([author["name"]] if author.get("name") else [])
        texts.add(texts.titles, mention.get("title"))
        texts.add(texts.messages, mention["text"])
    for row in await connection.fetch(
        "select brand, id, state_json -> 'tags' as tags, state_json -> 'labels' as labels, state_json -> 'fields' as fields from care_case c "
        "join unnest($1::text[], $2::uuid[]) as u(brand, id) using (brand, id)",
        brands,
        ids,
    ):
        there.add((row["brand"], row["id"]))
        if (tagged := found.get((row["brand"], row["id"]))) is not None:
            called = [*(row["tags"] or []), *(row["labels"] or []), *map(str, (row["fields"] or {}).values())]
            tagged.add(tagged.titles, "\n".join(called))
    for key, rows in (await written.by_case(connection, brands, ids, MOST_MESSAGES)).items():
        if (into := found.get(key)) is not None:
            for row in rows:
                into.add(into.ours, row["text"])
    return {key: texts for key, texts in found.items() if key in there}
