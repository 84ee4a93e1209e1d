"""People say which mentions are one issue; the newest word counts, in whatever order and however often it comes."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from libs.common import db
from libs.common.errors import InvalidEvent
from libs.common.events import DuplicateJudged
from libs.common.record import Received
from tests.integration.triage.test_batches import AT, Story


def judged(story: Story, one: str, other: str, minute: int, *, same: bool) -> Received[Any]:
    return story.received(
        DuplicateJudged(
            brand=story.brand,
            correction_id=story.id(f"{one}-{other}-{minute}"),
            mention_id=story.id(one),
            other_id=story.id(other),
            same=same,
            actor="mk",
            at=AT + timedelta(minutes=minute),
        )
    )


async def test_every_cut_of_mentions_and_judgements_gives_the_same_groups(pool: db.Pool) -> None:
    for cut in range(2**6):
        story = Story(f"cut-{cut}")
        events = [
            story.mention("a", 1, "x"),
            story.mention("b", 2, "x"),
            story.mention("c", 3, "y"),
            judged(story, "a", "b", 60, same=False),
            judged(story, "b", "c", 61, same=True),
            story.mention("d", 62, "x"),
            story.mention("e", 63, "y"),
        ]
        ends = [0, *(n for n in range(1, len(events)) if cut >> (n - 1) & 1), len(events)]
        for start, end in pairwise(ends):
            await story.batch(pool, events[start:end])
        assert await story.groups(pool) == {"a": "a", "b": "b", "c": "b", "d": "a", "e": "b"}, f"batches end at {ends[1:]}"
        await story.names_only_mentions_of_the_group(pool)


async def test_a_mention_leaves_with_what_hangs_on_it_alone(pool: db.Pool) -> None:
    story = Story("vaart")
    for event in (story.mention("a", 1, "x"), story.mention("b", 2, "xy"), story.mention("c", 3, "y"), story.mention("d", 4, "xy")):
        await story.batch(pool, [event])
    await story.batch(pool, [judged(story, "a", "b", 60, same=False)])
    assert await story.groups(pool) == {"a": "a", "b": "b", "c": "b", "d": "a"}
    await story.names_only_mentions_of_the_group(pool)
    await story.batch(pool, [judged(story, "a", "b", 61, same=True)])
    assert set((await story.groups(pool)).values()) == {"a"}


async def test_what_shows_both_of_two_issues_joins_one_of_them(pool: db.Pool) -> None:
    story = Story("vaart")
    await story.batch(pool, [story.mention("a", 1, "x"), story.mention("b", 2, "y")])
    await story.batch(pool, [judged(story, "a", "b", 60, same=False)])
    await story.batch(pool, [story.mention("both", 61, "xy")])
    groups = await story.groups(pool)
    assert groups["a"] != groups["b"]
    assert groups["both"] in (groups["a"], groups["b"])


@pytest.mark.parametrize("replayed", [[0], [1], [0, 1], [1, 0], [0, 1, 0]])
async def test_the_newest_word_counts_however_often_older_ones_come(pool: db.Pool, replayed: list[int]) -> None:
    story = Story("vaart")
    await story.batch(pool, [story.mention("a", 1), story.mention("b", 2)])
    words = [judged(story, "a", "b", 60, same=True), judged(story, "a", "b", 61, same=False)]
    for word in words:
        await story.batch(pool, [word])
    work = await story.batch(pool, [words[n] for n in replayed])
    assert len(work.repeated) == len({words[n].place for n in replayed})
    assert not work.outgoing
    assert await story.groups(pool) == {"a": "a", "b": "b"}
    assert [tuple(row) for row in await pool.fetch("select state, version, decided_by from suggestion")] == [("rejected", 2, "mk")]


async def test_nobody_judges_another_brands_mentions(pool: db.Pool) -> None:
    ours, theirs = Story("vaart"), Story("veer")
    await ours.batch(pool, [ours.mention("a", 1)])
    await theirs.batch(pool, [theirs.mention("b", 2)])
    event = judged(ours, "a", "b", 60, same=True)
    for other in (theirs.id("b"), ours.id("nobody"), ours.id("a")):
        wrong = ours.received(event.event.model_copy(update={"other_id": other}))
        with pytest.raises(InvalidEvent):
            await ours.batch(pool, [wrong])
    assert await theirs.groups(pool) == {"b": "b"}


VARIANTS: dict[str, Callable[[list[Received[Any]]], list[Received[Any]]]] = {
    "twice": lambda events: events + events,
    "adjacent pairs": lambda events: [event for event in events for _ in range(2)],
    "an earlier block replayed": lambda events: events[:6] + events[2:6] + events[6:],
    "the first ones last": lambda events: events + events[:1] + events[4:5],
}


@pytest.mark.parametrize("variant", VARIANTS)
async def test_whatever_comes_again_leaves_the_same_groups_and_decisions(pool: db.Pool, variant: str) -> None:
    found = []
    for brand, change in (("plain", list), ("again", VARIANTS[variant])):
        story = Story(brand)
        events = [story.mention(name, n, shows) for n, (name, shows) in enumerate([("a", "x"), ("b", "x"), ("c", "y"), ("d", "")])]
        events += [
            judged(story, "a", "b", 60, same=True),
            judged(story, "a", "b", 61, same=False),
            judged(story, "b", "c", 62, same=True),
            judged(story, "d", "a", 63, same=True),
        ]
        for event in change(events):
            await story.batch(pool, [event])
        rows = await pool.fetch("select mention_id, other_id, state, version, decided_at from suggestion where brand = $1", brand)
        decisions = {(frozenset({story.names[row["mention_id"]], story.names[row["other_id"]]}), *tuple(row)[2:]) for row in rows}
        versions = await pool.fetch("select id, version from mention where brand = $1", brand)
        found.append((await story.groups(pool), decisions, {story.names[row["id"]]: row["version"] for row in versions}))
    assert found[0] == found[1]
    assert found[0][0] == {"a": "a", "d": "a", "b": "b", "c": "b"}
