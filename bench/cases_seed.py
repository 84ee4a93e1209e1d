"""Cases for `bench/cases.py`: a few thousand made from our own models and made findable by our own code, and then as many copies as are wanted, each
with its own ids, customer, numbers and times, by the database itself. Example data.
"""

import random
import re
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg

from bench.texts import mentions
from libs.common import db
from libs.common.case_events import Case, CaseMention, Clock
from libs.common.events import Findings, Label, Mention, PersonalData, Respond, TriagedMention
from services.routing import search_index

BRAND = "vaart"
AGENTS = 50
TEMPLATES = 2000
CASE = UUID("cccccccc-0000-4000-8000-000000000000")
CUSTOMER = UUID("dddddddd-0000-4000-8000-000000000000")
MENTION = "aaaaaaaa-0000-4000-8000-00000000000"
"""All but the last digit, which numbers the mentions of a case."""
AT = datetime(2001, 1, 1, tzinfo=UTC)
DUE = datetime(2002, 2, 2, tzinfo=UTC)
ORDER, HANDLE = "7654321", "handlezz"
LABELS = (
    "internet",
    "factuur",
    "bestelling",
    "monteur",
    "storing",
    "opzeggen",
    "tv",
    "mobiel",
    "veiligheid",
    "lof",
    "verhuizen",
    "privacy",
)
DEPARTMENTS = ("webcare", "billing", "technical", "logistics", "complaints", "legal")
TAGS = ("vip", "terugbellen", "coulance", "herhaling", "glasvezel", "wacht op monteur", "social", "kerst", "proef", "ambassadeur")
TABLES = ("care_case", "case_line", "mention_copy", "timeline", "said", "note", "search_text", "search_name")


def templates(seed: int, number: int, *, is_open: bool) -> Iterable[dict[str, Any]]:
    """Cases that differ in everything that a list can be narrowed by, as frequent values and as rare ones."""
    chance = random.Random(seed)
    source = mentions(number * 4, seed, "b")
    for _ in range(number):
        found = [_mention(chance, next(source), n) for n in range(chance.choices((1, 2, 3, 4), (60, 25, 10, 5))[0])]
        yield {"case": _case(chance, found, is_open), "mentions": found}


def _weighted(chance: random.Random, values: tuple[str, ...]) -> str:
    return chance.choices(values, [1 / (n + 1) for n in range(len(values))])[0]


def _mention(chance: random.Random, body: dict[str, Any], n: int) -> TriagedMention:
    text = re.sub(r"VA-\d{7}", f"VA-{ORDER}", body["text"])
    text += chance.choice(
        ("", " Ik wacht al weken op een antwoord van jullie en word er niet vrolijk van.", " Bel me op 06-1" + ORDER + ".")
    )
    mention = Mention(
        id=UUID(f"{MENTION}{n}"),
        brand=BRAND,
        channel=body["channel"],
        kind=body["kind"],
        external_id=f"{HANDLE}-{n}",
        author={
            "name": body["author"]["name"],
            "identities": [{"kind": "handle", "value": HANDLE, "channel": body["channel"]}],
            "followers": 99,
        },
        text=text,
        posted_at=AT,
        received_at=AT,
    )
    at = text.find(ORDER)
    findings = Findings(
        language="nl",
        language_confidence=0.9,
        sentiment=chance.choice(("negative", "neutral", "positive")),
        sentiment_score=0,
        sentiment_confidence=0.8,
        intent=chance.choice(("complaint", "question", "order_status", "billing")),
        labels=[Label(name=_weighted(chance, LABELS), score=0.9)],
        urgency=chance.choices(("low", "normal", "high", "critical"), (20, 60, 15, 5))[0],
        respond=Respond(decision="reply", reason="a question that is addressed to us"),
        risk=["press"] if chance.random() < 0.01 else [],
        pii=[PersonalData(kind="order_number", start=at, end=at + len(ORDER))] if at >= 0 else [],
        why={"intent": ["mijn", "wanneer"], "urgency": ["al", "dagen"]},
        model="bench",
    )
    return TriagedMention(mention=mention, findings=findings, customer_id=CUSTOMER, group_id=mention.id, triaged_at=AT)


def _case(chance: random.Random, found: list[TriagedMention], is_open: bool) -> Case:
    latest, first = found[-1], found[0].findings
    state = chance.choice(("new", "open", "open", "waiting")) if is_open else chance.choice(("resolved", "closed", "closed"))
    clocks = [Clock(kind="resolution", started_at=AT, due_at=DUE, met_at=None if is_open else DUE)]
    return Case(
        id=CASE,
        brand=BRAND,
        customer_id=CUSTOMER,
        group_id=found[0].mention.id,
        state=state,
        department=_weighted(chance, DEPARTMENTS),
        owner=None if chance.random() < 0.2 else f"a{chance.randrange(AGENTS)}",
        watchers=[f"a{chance.randrange(AGENTS)}"] if chance.random() < 0.1 else [],
        tags=[_weighted(chance, TAGS)] if chance.random() < 0.3 else [],
        fields={"contract": chance.choice(("basis", "plus", "zakelijk"))} if chance.random() < 0.4 else {},
        priority=chance.choices(("low", "normal", "high", "urgent"), (20, 60, 15, 5))[0],
        channel=latest.mention.channel,
        language="nl",
        sentiment=latest.findings.sentiment,
        urgency=first.urgency,
        intent=first.intent,
        respond="reply",
        respond_reason="a question that is addressed to us",
        labels=list({label.name for m in found for label in m.findings.labels}),
        risk=first.risk,
        mentions=[CaseMention(id=m.mention.id, channel=m.mention.channel, visibility="public", received_at=AT) for m in found],
        mentions_total=len(found),
        latest=latest.mention,
        opened_at=AT,
        resolved_at=None if is_open else DUE,
        replied_at=AT if chance.random() < 0.7 else None,
        clocks=clocks,
    )


_MADE = """
create temporary table made (id integer primary key, is_open boolean, case_json text, keys text, state text, department text, owner text, rank smallint,
    words tsvector, names text, called text, said text, noted text, events integer);
create temporary table made_mention (id integer, n integer, mention text, primary key (id, n));
"""

_REPLIES = (
    "Wat vervelend! Ik zoek het voor je uit en je hebt voor vanavond antwoord van me. ^gs",
    "Dank je wel voor je geduld. De monteur komt morgen tussen 9 en 12 uur langs. ^tb",
    "Goed dat je het zegt. Ik heb de factuur laten aanpassen, je krijgt het verschil binnen een week terug. ^eo",
)


async def prepare(connection: "asyncpg.Connection[asyncpg.Record]", seed: int, number: int) -> None:
    """`number` templates of open cases and as many of others, with what our own code finds them by."""
    chance = random.Random(seed)
    await connection.execute(_MADE)
    made = [(is_open, template) for is_open in (True, False) for template in templates(seed + is_open, number, is_open=is_open)]
    rows, texts = [], []
    for n, (is_open, template) in enumerate(made):
        case: Case = template["case"]
        state = case.model_dump_json()
        reply, note = (
            chance.choice(_REPLIES),
            chance.choice(("", "", "Klant al twee keer gebeld, geen gehoor.", "@tb kun jij hier naar kijken?")),
        )
        rows.append((n, is_open, state, case.state, case.department, case.owner, reply, note, chance.randrange(4, 9)))
        found = search_index.Texts(BRAND)
        for m in template["mentions"]:
            found.names |= dict.fromkeys([m.mention.author.name or HANDLE])
            found.people |= dict.fromkeys([m.mention.author.name or HANDLE])
            found.add(found.messages, m.mention.text)
        found.add(found.titles, "\n".join([*case.tags, *case.labels]))
        found.add(found.ours, f"{reply}\n{note}")
        texts.append((n, found))
    await connection.executemany(
        "insert into made (id, is_open, case_json, keys, state, department, owner, rank, said, noted, events) "
        "select $1, $2, $3, array_to_string(l.keys, '|'), $4, $5, $6, l.rank, $7, $8, $9 "
        f"from line_of_case('{BRAND}', $3::text::jsonb) l",
        rows,
    )
    await connection.executemany(
        "insert into made_mention values ($1, $2, $3)",
        [(n, k, m.model_dump_json()) for n, (_, template) in enumerate(made) for k, m in enumerate(template["mentions"])],
    )
    await connection.executemany(
        "update made set words = ts_delete(setweight(stems_of($2), 'A') || setweight(stems_of($3), 'C') || setweight(stems_of($4), 'B') "
        "|| setweight(stems_of($5), 'D'), $6::text[]), names = unaccent(lower($7)), called = unaccent(lower($8)) where id = $1",
        [
            (
                n,
                "\n".join(found.names),
                "\n".join(found.titles),
                "\n".join(found.messages),
                "\n".join(found.ours),
                [f"va-{ORDER}", ORDER, f"-{ORDER}", f"06-1{ORDER}"],
                " ".join([*found.names, HANDLE, *found.numbers()]),
                " ".join(found.called()),
            )
            for n, found in texts
        ],
    )


_ONE = f"""
insert into care_case (id, seq, brand, version, state, department, owner, customer_id, opened_at, next_fire_at, fired, touched, book_version, state_json)
overriding system value
select md5('c' || n)::uuid, n, '{BRAND}', m.events, m.state, m.department, m.owner, md5('k' || n / 3)::uuid, t.at, case when m.is_open then t.due end,
    '{{}}', true, 1, replace(replace(replace(replace(replace(replace(m.case_json, '{CASE}', md5('c' || n)::uuid::text),
    '{CUSTOMER}', md5('k' || n / 3)::uuid::text), '{MENTION}', left(md5('m' || n)::uuid::text, 35)), '2001-01-01T00:00:00Z', t.iso),
    '2002-02-02T00:00:00Z', t.iso_due), '{HANDLE}', 'h' || n)::jsonb
from t join made m on m.id = t.made;
insert into case_line (case_id, brand, seq, is_open, rank, due_at, opened_at, latest_at, customer_id, keys)
select md5('c' || n)::uuid, '{BRAND}', n, m.is_open, m.rank, case when m.is_open then t.due end, t.at, t.at, md5('k' || n / 3)::uuid,
    string_to_array(replace(replace(m.keys, '{CUSTOMER}', md5('k' || n / 3)::uuid::text), '2001-01', left(t.iso, 7)), '|')
from t join made m on m.id = t.made;
insert into mention_copy (id, brand, version, case_id, customer_id, removed, received_at, triaged)
select overlay(md5('m' || t.n)::uuid::text placing mm.n::text from 36)::uuid, '{BRAND}', 1, md5('c' || t.n)::uuid,
    md5('k' || t.n / 3)::uuid, false, t.at, replace(replace(replace(replace(replace(mm.mention, '{MENTION}',
    left(md5('m' || t.n)::uuid::text, 35)), '{CUSTOMER}', md5('k' || t.n / 3)::uuid::text), '2001-01-01T00:00:00Z', t.iso),
    '{HANDLE}', 'h' || t.n), '{ORDER}',
    t.number)::jsonb
from t join made_mention mm on mm.id = t.made;
insert into timeline (case_id, brand, version, event_id, at, what, actor, detail)
select md5('c' || n)::uuid, '{BRAND}', v, md5('e' || n || '/' || v)::uuid, t.at + v * interval '10 minutes',
    (array['opened', 'assigned', 'reacted', 'noted', 'joined', 'waiting', 'assigned', 'resolved', 'reopened'])[v], coalesce(m.owner, 'system'),
    jsonb_build_object('state', m.state, 'department', m.department, 'owner', m.owner, 'priority', 'normal')
from t join made m on m.id = t.made cross join generate_series(1, m.events) v;
insert into said (reply_id, brand, case_id, channel, visibility, at, by, text)
select md5('r' || n)::uuid, '{BRAND}', md5('c' || n)::uuid, 'twitter', 'public', t.at + interval '30 minutes', m.owner, m.said
from t join made m on m.id = t.made where n % 10 < 7;
insert into note (id, brand, case_id, at, author, text)
select md5('n' || n)::uuid, '{BRAND}', md5('c' || n)::uuid, t.at, coalesce(m.owner, 'gs'), m.noted from t join made m on m.id = t.made where m.noted <> '';
insert into search_text (case_id, brand, seq, words, names, called)
select md5('c' || n)::uuid, '{BRAND}', n,
    m.words || setweight(array_to_tsvector(array['h' || n, t.number, 'va-' || t.number, 'straat' || n % 400000]), 'B'),
    replace(replace(m.names, '{HANDLE}', 'h' || n), '{ORDER}', t.number), coalesce(string_to_array(nullif(m.called, ''), ' '), '{{}}')
from t join made m on m.id = t.made;
"""
_T = """
create temporary table t on commit drop as
select n, (n::bigint * 7919 % $T)::int + case when is_open then 0 else $T end as made, at, at + interval '8 hours' as due,
    to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as iso,
    to_char((at + interval '8 hours') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as iso_due,
    lpad((n::bigint * 48271 % 9999991)::text, 7, '0') as number
from (select n, n > $CLOSED as is_open, now() - ($ALL - n) * interval '1 second' * $PACE as at from generate_series($LOW, $HIGH) n) as numbered;
analyze t;
"""


async def copies(connection: "asyncpg.Connection[asyncpg.Record]", closed: int, number: int, each: int, low: int, high: int) -> None:
    """The cases with these numbers, of `number` in all."""
    pace = 86_400 * 300 / number
    for start in range(low, high, 20_000):
        given = {"T": each, "CLOSED": closed, "ALL": number, "PACE": pace, "LOW": start, "HIGH": min(start + 20_000, high) - 1}
        sql = _T
        for name, value in given.items():
            sql = re.sub(rf"\${name}\b", str(value), sql)
        async with connection.transaction():
            await connection.execute(sql, timeout=600)
            await connection.execute(_ONE, timeout=600)


async def fill(url: str, opened: int, closed: int, say: Any) -> None:
    """Fill an empty, migrated database; `url` is a superuser's. Indexes are made when the rows are there."""
    began = time.monotonic()
    connection = await _connect(url)
    made_again = [
        row["def"]
        for row in await connection.fetch(
            "select coalesce('alter table ' || c.conrelid::regclass || ' add constraint ' || quote_ident(c.conname) || ' ' "
            "|| pg_get_constraintdef(c.oid), "
            "pg_get_indexdef(i.indexrelid)) as def from pg_index i left join pg_constraint c on c.conindid = i.indexrelid "
            "where i.indrelid = any(select to_regclass(n) from unnest($1::text[]) n)",
            list(TABLES),
        )
    ]
    for row in await connection.fetch(
        "select i.indexrelid::regclass::text as name, c.conname, i.indrelid::regclass::text as of from pg_index i "
        "left join pg_constraint c on c.conindid = i.indexrelid where i.indrelid = any(select to_regclass(n) from unnest($1::text[]) n)",
        list(TABLES),
    ):
        drop = f'alter table {row["of"]} drop constraint "{row["conname"]}"' if row["conname"] else f"drop index {row['name']}"
        await connection.execute(drop)
    each = min(TEMPLATES, max(50, (opened + closed) // 20))
    number = opened + closed
    middle = number // 2
    await connection.close()

    def part(low: int, high: int) -> None:
        import asyncio

        async def run() -> None:
            mine = await _connect(url)
            await prepare(mine, 1, each)
            await copies(mine, closed, number, each, low, high)
            await mine.close()

        asyncio.run(run())

    def index(sql: str) -> None:
        import asyncio

        async def run() -> None:
            mine = await _connect(url)
            await mine.execute(sql, timeout=3600)
            await mine.close()

        asyncio.run(run())

    with ThreadPoolExecutor(2) as threads:
        for waiting in [threads.submit(part, 1, middle), threads.submit(part, middle, number + 1)]:
            waiting.result()
    connection = await _connect(url)
    await connection.execute(
        "insert into search_name (brand, name, cases) select brand, name, count(*) from search_text "
        "cross join lateral unnest(called) as name group by 1, 2",
        timeout=600,
    )
    await connection.close()
    rows_s = time.monotonic() - began
    with ThreadPoolExecutor(2) as threads:
        slow_first = sorted(made_again, key=lambda sql: ("gin" not in sql, sql))
        for waiting in [threads.submit(index, sql) for sql in slow_first]:
            waiting.result()
    connection = await _connect(url)
    await connection.execute("select setval(pg_get_serial_sequence('care_case', 'seq'), $1)", number)
    await connection.execute("vacuum analyze", timeout=3600)
    sizes = await connection.fetch(
        "select n as of, pg_size_pretty(pg_total_relation_size(to_regclass(n))) as size from unnest($1::text[]) n", list(TABLES)
    )
    await connection.close()
    say(
        bench="seeded",
        cases=number,
        rows_s=round(rows_s),
        seconds=round(time.monotonic() - began),
        sizes={r["of"]: r["size"] for r in sizes},
    )


async def _connect(url: str) -> "asyncpg.Connection[asyncpg.Record]":
    connection = await db.connect(url, "routing")
    await connection.execute("set session_replication_role = replica")  # no triggers: the lines and the words are made here
    await connection.execute("set maintenance_work_mem = '1GB'")
    await connection.execute("set max_parallel_maintenance_workers = 0")
    return connection
