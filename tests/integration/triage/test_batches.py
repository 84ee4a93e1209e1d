"""What triage decides does not depend on where one batch ends and the next begins."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from libs.common import db
from libs.common.bookfile import load_book
from libs.common.events import Author, Event, Findings, Identity, Label, Mention, MentionDeleted, MentionReceived, Thread, deterministic_id
from libs.common.record import Received
from libs.common.reply_events import Reply, ReplySent
from services.triage import consumer
from services.triage.consumer import TriageWork
from services.triage.examine import Examiner, Prepared

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
FINDINGS = Findings(
    language="nl", language_confidence=1, sentiment="neutral", sentiment_score=0, sentiment_confidence=1, labels=[], model="test"
)


@dataclass
class Story:
    """Mentions of one brand by name, and what each shows."""

    brand: str
    prepared: dict[UUID, Prepared] = field(default_factory=dict)
    names: dict[UUID, str] = field(default_factory=dict)
    offsets: Iterator[int] = field(default_factory=count)

    def id(self, name: str) -> UUID:
        found = deterministic_id(self.brand, name)
        self.names[found] = name
        return found

    def mention(self, name: str, minute: int, shows: str = "", text: str = "") -> Received[Any]:
        """Somebody of their own writes, and names the orders in `shows`, a letter each."""
        at = AT + timedelta(minutes=minute)
        mention = Mention(
            id=self.id(name),
            brand=self.brand,
            channel="email",
            kind="mail",
            external_id=name,
            author=Author(identities=[Identity(kind="email", value=f"{name}@post.example")]),
            text=text,
            posted_at=at,
            received_at=at,
        )
        self.prepared[mention.id] = Prepared(FINDINGS, tuple(mention.author.identities), tuple(("order", letter) for letter in shows), 1)
        return self.received(MentionReceived(brand=self.brand, mention=mention))

    def deleted(self, name: str) -> Received[Any]:
        return self.received(MentionDeleted(brand=self.brand, mention_id=self.id(name), deleted_at=AT))

    def received(self, event: Event) -> Received[Any]:
        offset = next(self.offsets)
        return Received(event, str(offset), str(offset), 1, AT, None, "mentions", 0, offset, "key", AT)

    async def batch(self, pool: db.Pool, events: Sequence[Received[Any]]) -> TriageWork:
        async with pool.acquire() as connection, connection.transaction():
            work = await consumer.load(connection, events, self.prepared)
            for received in events:
                consumer.HANDLERS[type(received.event)](work, received)
            await consumer.save(connection, work)
        return work

    async def groups(self, pool: db.Pool) -> dict[str, str]:
        rows = await pool.fetch("select id, group_id from mention where brand = $1", self.brand)
        return {self.names[row["id"]]: self.names[row["group_id"]] for row in rows}

    async def names_only_mentions_of_the_group(self, pool: db.Pool) -> None:
        """What a mention's evidence names is in its own group, so that a person can look it up there."""
        groups = await self.groups(pool)
        for row in await pool.fetch("select id, evidence from mention where brand = $1", self.brand):
            for item in row["evidence"]:
                assert groups[self.names[UUID(item["mention_id"])]] == groups[self.names[row["id"]]]

    def told(self, work: TriageWork) -> list[tuple[str, str, str]]:
        told: list[Any] = [outgoing.event for outgoing in work.outgoing]
        return [(event.type, self.names[event.triaged.mention.id], self.names[event.triaged.group_id]) for event in told]


STORIES: dict[str, tuple[list[tuple[str, int, str]], dict[str, str]]] = {
    "an older root is opened, then linked": (
        [("a", 10, "x"), ("b", 11, "x"), ("old", 5, "y"), ("link", 12, "xy"), ("after", 13, "x")],
        dict.fromkeys(["a", "b", "old", "link", "after"], "old"),
    ),
    "an older root by way of a chain": (
        [("a", 10, "x"), ("b", 11, "x"), ("old", 5, "z"), ("mid", 6, "zy"), ("link", 12, "xy")],
        dict.fromkeys(["a", "b", "old", "mid", "link"], "old"),
    ),
    "two groups and an older root": (
        [("a", 10, "x"), ("b", 9, "y"), ("both", 12, "xy"), ("old", 5, "z"), ("link", 13, "xz")],
        dict.fromkeys(["a", "b", "both", "old", "link"], "old"),
    ),
    "an older one that joins at once opens nothing": (
        [("a", 10, "x"), ("old", 5, "x"), ("b", 11, "x"), ("alone", 4, "q"), ("c", 12, "x")],
        {**dict.fromkeys(["a", "old", "b", "c"], "a"), "alone": "alone"},
    ),
    "history that comes in later takes nothing from what is written now": (
        [("a", 0, "x"), ("years ago", -1_000_000, "x"), ("b", 60, "x")],
        {"a": "a", "b": "a", "years ago": "years ago"},
    ),
    "an archive with the newest first": (
        [("day 10", 10 * 1440, "x"), ("day 1", 1440, "x"), ("day 9", 9 * 1440, "x"), ("day 2", 2 * 1440, "x")],
        {"day 10": "day 10", "day 9": "day 10", "day 1": "day 1", "day 2": "day 2"},
    ),
    "a value that comes back after its window begins anew": (
        [("a", 0, "x"), ("later", 10 * 1440, "x"), ("b", 10 * 1440 + 5, "x")],
        {"a": "a", "later": "later", "b": "later"},
    ),
}


@pytest.mark.parametrize("name", STORIES)
async def test_every_cut_of_the_same_mentions_gives_the_same_groups_and_tells_the_same(pool: db.Pool, name: str) -> None:
    mentions, wanted = STORIES[name]
    all_told = []
    for cut in range(2 ** (len(mentions) - 1)):
        story = Story(f"cut-{cut}")
        events = [story.mention(*mention) for mention in mentions]
        ends = [0, *(n for n in range(1, len(events)) if cut >> (n - 1) & 1), len(events)]
        told = [item for start, end in pairwise(ends) for item in story.told(await story.batch(pool, events[start:end]))]
        assert await story.groups(pool) == wanted, f"batches end at {ends[1:]}"
        all_told.append(sorted(told))
        stays = await pool.fetch("select distinct group_id from evidence where brand = $1", story.brand)
        assert {story.names[row["group_id"]] for row in stays} == set(wanted.values()), f"batches end at {ends[1:]}"
        await story.names_only_mentions_of_the_group(pool)
    assert all(told == all_told[0] for told in all_told)


async def test_the_common_path_reads_no_members(pool: db.Pool) -> None:
    story = Story("vaart")
    await story.batch(pool, [story.mention("a", 1, "x"), story.mention("b", 2, "x")])
    work = await story.batch(pool, [story.mention("c", 3, "x")])
    assert {story.names[mention_id] for mention_id in work.known} == {"c"}


@pytest.mark.parametrize("together", [True, False])
async def test_a_mention_taken_back_before_it_came_leaves_no_evidence(pool: db.Pool, together: bool) -> None:
    story = Story("vaart")
    gone = [story.deleted("gone"), story.mention("gone", 1, "x")]
    for batch in [gone] if together else [[event] for event in gone]:
        await story.batch(pool, batch)
    assert await pool.fetchval("select count(*) from evidence") == 0
    assert await pool.fetchval("select count(*) from identity") == 0
    await story.batch(pool, [story.mention("a", 2, "x")])
    await story.batch(pool, [story.mention("b", 3, "x")])
    assert await story.groups(pool) == {"a": "a", "b": "a"}


async def test_a_mention_taken_back_after_it_came_keeps_its_group(pool: db.Pool) -> None:
    story = Story("vaart")
    await story.batch(pool, [story.mention("a", 1, "x"), story.deleted("a"), story.mention("a", 1, "x"), story.mention("b", 2, "x")])
    assert await story.groups(pool) == {"a": "a", "b": "a"}


async def test_of_a_mention_taken_back_no_word_is_kept(pool: db.Pool) -> None:
    story = Story("vaart")
    came = story.mention("a", 1, text="waardeloos, groet Fenna")
    why = {"sentiment": ["waardeloos", "fenna"], "urgency": ["decided by a person"]}
    found = FINDINGS.model_copy(update={"why": why, "corrected": ["urgency"]})
    story.prepared[story.id("a")] = replace(story.prepared[story.id("a")], findings=found)
    await story.batch(pool, [came])
    work = await story.batch(pool, [story.deleted("a")])
    (told,) = [row.triaged for row in work.known.values()]
    assert (told.mention.text, told.findings.why) == ("", {"urgency": ["decided by a person"]})
    assert "fenna" not in await pool.fetchval("select (mention->>'text') || findings::text from mention")


@pytest.mark.parametrize("together", [True, False])
async def test_evidence_for_a_mention_that_does_not_exist_is_none(pool: db.Pool, together: bool) -> None:
    story = Story("vaart")
    ghost = story.id("ghost")
    await pool.execute("insert into evidence values ('vaart', 'order', 'x', $1, $1, array[$1::uuid], $2)", ghost, AT)
    events = [story.mention("a", 1, "x"), story.mention("b", 2, "x")]
    for batch in [events] if together else [[event] for event in events]:
        await story.batch(pool, batch)
    assert await story.groups(pool) == {"a": "a", "b": "a"}
    row = await pool.fetchrow("select * from evidence where kind = 'order'")
    assert row is not None
    assert ghost not in (row["group_id"], row["mention_id"], *row["authors"])


@pytest.mark.parametrize("together", [True, False])
async def test_what_answers_a_reply_joins_also_when_both_come_in_one_batch(pool: db.Pool, together: bool) -> None:
    story = Story("vaart")
    author = Author(identities=[Identity(kind="id", value="7", channel="facebook")])
    question, answer = (
        event.event.mention.model_copy(update={"author": author}) for event in (story.mention("a", 1), story.mention("b", 3))
    )
    story.prepared = {mention_id: replace(found, author=tuple(author.identities)) for mention_id, found in story.prepared.items()}
    await story.batch(pool, [story.received(MentionReceived(brand="vaart", mention=question))])
    at = AT + timedelta(minutes=2)
    reply = Reply(
        id=story.id("reply"),
        brand="vaart",
        case_id=story.id("case"),
        mention_id=question.id,
        channel="email",
        visibility="private",
        text="",
        digest="",
        state="sent",
        external_id="<1@vaart>",
        created_at=at,
        sent_at=at,
    )
    sent = story.received(ReplySent(brand="vaart", reply=reply, at=at))
    answer = answer.model_copy(update={"thread": Thread(id="<1@vaart>")})
    came = story.received(MentionReceived(brand="vaart", mention=answer))
    for batch in [[sent, came]] if together else [[sent], [came]]:
        await story.batch(pool, batch)
    assert await story.groups(pool) == {"a": "a", "b": "a"}


@pytest.mark.parametrize("who", ["the same", "another"])
async def test_what_goes_to_the_address_of_a_reply_goes_on_with_it_and_merges_no_customers(pool: db.Pool, who: str) -> None:
    """The mail was handed on, or its headers were cut: the address says what it is about, and nothing about who wrote it."""
    story = Story("vaart")
    question, answer = story.mention("a", 1).event.mention, story.mention("b", 3).event.mention
    author = Author(identities=[Identity(kind="id", value="7", channel="facebook")])
    question = question.model_copy(update={"author": author})
    story.prepared = {mention_id: replace(found, author=tuple(author.identities)) for mention_id, found in story.prepared.items()}
    if who == "another":
        author = Author(identities=[Identity(kind="id", value="8", channel="facebook")])
        story.prepared[answer.id] = replace(story.prepared[answer.id], author=tuple(author.identities))
    reply_id, at = story.id("reply"), AT + timedelta(minutes=2)
    answer = answer.model_copy(update={"author": author, "answers_reply": reply_id, "thread": None})
    reply = Reply(
        id=reply_id,
        brand="vaart",
        case_id=story.id("case"),
        mention_id=question.id,
        channel="email",
        visibility="private",
        text="",
        digest="",
        state="sent",
        external_id="<1@vaart>",
        created_at=at,
        sent_at=at,
    )
    await story.batch(pool, [story.received(MentionReceived(brand="vaart", mention=question))])
    await story.batch(pool, [story.received(ReplySent(brand="vaart", reply=reply, at=at))])
    await story.batch(pool, [story.received(MentionReceived(brand="vaart", mention=answer))])
    assert await story.groups(pool) == {"a": "a", "b": "a"}
    customers = {row["customer_id"] for row in await pool.fetch("select customer_id from mention where brand = 'vaart'")}
    assert len(customers) == (1 if who == "the same" else 2)


async def test_what_comes_by_the_brands_own_form_is_of_a_customer_each(pool: db.Pool) -> None:
    """Anna and Bram both write by the contact form, about the same thing: nothing of one may reach the other."""
    book = load_book("brand: vaart\nname: Vaart\nlanguages: [nl]\ndepartments: [{id: webcare, email: formulier@vaart.example}]\n")
    labelled = FINDINGS.model_copy(update={"labels": [Label(name="factuur", score=1)]})
    books: Any = SimpleNamespace(get=lambda _: SimpleNamespace(book=book, version=1))
    classifier: Any = SimpleNamespace(view=lambda _: None, classify=lambda found, *_, **__: [labelled] * len(found))
    prepare = consumer.build(Examiner(books, classifier)).prepare
    assert prepare is not None
    story, form = Story("vaart"), Author(identities=[Identity(kind="email", value="formulier@vaart.example")])
    events = []
    for name, minute in (("anna", 1), ("bram", 2)):
        mention = story.mention(name, minute).event.mention.model_copy(update={"author": form})
        events.append(story.received(MentionReceived(brand="vaart", mention=mention)))
    story.prepared = await prepare(events)
    for event in events:
        await story.batch(pool, [event])
    assert await story.groups(pool) == {"anna": "anna", "bram": "bram"}
    assert await pool.fetchval("select count(distinct customer_id) from mention") == 2
    assert await pool.fetchval("select count(*) from identity") == 0


async def test_findings_are_of_the_text_that_is_kept(pool: db.Pool) -> None:
    book = load_book("brand: vaart\nname: Vaart\nlanguages: [nl]\n")
    texts: list[str] = []

    def classify(found: Sequence[str], *_: Any, **__: Any) -> list[Findings]:
        texts.extend(found)
        return [FINDINGS.model_copy(update={"model": text}) for text in found]

    books: Any = SimpleNamespace(get=lambda _: SimpleNamespace(book=book, version=1))
    classifier: Any = SimpleNamespace(view=lambda _: None, classify=classify)
    prepare = consumer.build(Examiner(books, classifier)).prepare
    assert prepare is not None
    story = Story("vaart")
    events = [story.mention("a", 1, text="the first"), story.mention("a", 1, text="the second")]
    story.prepared = await prepare(events)
    work = await story.batch(pool, events)
    kept = work.known[story.id("a")].triaged
    assert (kept.mention.text, kept.findings.model, texts) == ("the first", "the first", ["the first"])


async def test_who_says_that_it_is_about_something_else_begins_anew_and_later_ones_join_that(pool: db.Pool) -> None:
    story = Story("vaart")
    labelled = FINDINGS.model_copy(update={"labels": [Label(name="factuur", score=1)]})
    events = [story.mention(name, n) for n, name in enumerate(("first", "else", "more"))]
    author = (Identity(kind="email", value="anna@post.example"),)
    story.prepared = {
        mention_id: replace(found, findings=labelled, author=author, something_else=mention_id == story.id("else"))
        for mention_id, found in story.prepared.items()
    }
    for event in events:
        await story.batch(pool, [event])
    assert await story.groups(pool) == {"first": "first", "else": "else", "more": "else"}
