"""A drill trains the team and touches nobody: no case, no reply, no hold, no notice to anybody who does not take part."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cli.drill import RECORDINGS, read, script
from cli.errors import CommandError
from libs.common.events import deterministic_id
from libs.common.topics import INCIDENTS
from services.routing.hub import DRILL_ENDS
from tests.integration.routing.access_world import World
from tests.integration.routing.hub_world import comes, hub, incidents, noticed, story, time_comes
from tests.integration.routing.test_hub import HIJACK, PATH, RAISE, WHY
from tests.integration.routing.test_room import TEXTS, do

__all__ = ["hub"]
DRILLS = "/v1/brands/vaart/drills"
RECORDED = [
    {"offset_s": -120, "author": "een_demo", "followers": 900, "text": "Daar gaan we weer.", "engagement": 5},
    {"offset_s": -5, "author": "twee_demo", "followers": 50_000, "text": "Schande!", "engagement": 80},
    {"offset_s": 3600, "author": "drie_demo", "followers": 10, "text": "Pas over een uur.", "sentiment": "neutral"},
]
UNTOUCHED = (
    "care_case",
    "mention_copy",
    "timeline",
    "incident_case",
    "hold",
    "sending_hold",
    "signal",
    "sent_reply",
    "correction",
    "mention_minute",
)


async def begun(hub: World, **body: Any) -> dict[str, Any]:
    said = {"title": "Oefening", "why": "Om te oefenen.", "scenario": "hijack", "take_part": ["wv", "mk"], "mentions": RECORDED, **body}
    answer = await do(hub, "POST", DRILLS, json=said)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()["incident"]
    return found


async def test_only_those_who_take_part_are_told_and_what_they_read_says_that_it_is_a_drill(hub: World) -> None:
    incident = await begun(hub)
    assert (incident["drill"], [told["who"] for told in incident["told"]]) == (True, ["wv"])
    for _ in range(3):
        await time_comes(hub, "incident", but=DRILL_ENDS)  # the ladder: management and lead, of whom only the lead takes part
    assert {who for who, _ in await noticed(hub.pool)} == {"wv", "mk"}
    rows = await hub.pool.fetch("select title, text from notice")
    assert all(row["title"].startswith("[OEFENING] ") and row["text"].startswith("Dit is een oefening.") for row in rows)
    rows = await hub.pool.fetch("select what from notification")
    assert rows
    assert all(row["what"].startswith("[OEFENING] ") for row in rows)


async def test_a_whole_drill_touches_no_case_no_reply_and_no_hold_and_offers_no_statement(hub: World) -> None:
    """Of a scenario that holds everything, played through from the first notice to the report."""
    for scenario in ("veilig", "hijack"):
        path = f"{PATH}/{(await begun(hub, scenario=scenario, take_part=['wv', 'mk', 'dir']))['id']}"
        assert (await do(hub, "POST", f"{path}/acknowledge", "wv", "spokesperson")).status_code == 200
        await do(hub, "POST", f"{path}/messages", json={"text": "gezien"})
        await do(hub, "POST", f"{path}/decisions", json={"what": "Stil.", "why": "Oefening."})
        drafted = await do(hub, "PUT", f"{path}/statement", json={"texts": TEXTS})
        digest = drafted.json()["incident"]["statement"]["digest"]
        for who, role in (("wv", "spokesperson"), ("dir", "agent")):
            await do(hub, "POST", f"{path}/statement/sign", who, role, json={"digest": digest})
        assert (await do(hub, "POST", f"{path}/hold", json={"what": "all", "why": "x"})).status_code == 409
        case = deterministic_id("vaart", "case", "x")
        assert (await do(hub, "POST", f"{path}/cases", json={**WHY, "link": [str(case)]})).status_code == 409
        await do(hub, "POST", f"{path}/tasks", json={"title": "x", "owner": "mt"})
        for _ in range(4):
            await time_comes(hub, "incident", "signal", "spike", but=DRILL_ENDS)
        closed = await do(hub, "POST", f"{path}/close", json=WHY)
        assert closed.json()["incident"]["statement"]["approved_at"] is not None
        assert closed.json()["incident"]["statement"]["offered"] is False
    for table in UNTOUCHED:
        assert await hub.pool.fetchval(f"select count(*) from {table}") == 0, table
    rows = await hub.pool.fetch("select distinct topic from outbox")
    assert [row["topic"] for row in rows] == [INCIDENTS.name]
    values = [json.loads(row["value"]) for row in await hub.pool.fetch("select value from outbox")]
    assert all(value["incident"]["drill"] and not (value["incident"]["statement"] or {}).get("offered") for value in values)
    assert {who for who, _ in await noticed(hub.pool)} <= {"wv", "mk", "dir"}


async def test_a_drill_neither_takes_real_signals_nor_keeps_them_from_raising_what_is_real(hub: World) -> None:
    await begun(hub)
    await comes(hub, "A", **HIJACK)
    await time_comes(hub, "signal")
    drill, real = await incidents(hub.pool)
    assert ((drill["drill"], drill["signals"]), (real["drill"], real["signals"])) == ((True, 0), (False, 1))
    assert (await do(hub, "POST", PATH, json=RAISE)).status_code == 409, "because of the real one"
    assert [one["drill"] for one in (await do(hub, "GET", f"{PATH}?drill=false")).json()["items"]] == [False]


async def test_several_drills_of_a_scenario_run_beside_each_other_and_beside_what_is_real(hub: World) -> None:
    await do(hub, "POST", PATH, json=RAISE)
    await begun(hub)
    await begun(hub)
    assert len(await incidents(hub.pool)) == 3


async def test_its_facts_are_those_of_the_recording_that_were_shown_by_now(hub: World) -> None:
    incident = await begun(hub)
    facts = (await do(hub, "GET", f"{PATH}/{incident['id']}")).json()["facts"]
    assert (facts["mentions"], facts["authors"], facts["reach"]) == (2, 2, 50_900)
    await hub.pool.execute("update drill_mention set at = at - interval '2 hours'")
    facts = (await do(hub, "GET", f"{PATH}/{incident['id']}")).json()["facts"]
    assert (facts["mentions"], facts["mood"]) == (3, {"negative": 2, "neutral": 1})


async def test_played_faster_it_is_shown_sooner(hub: World) -> None:
    incident = await begun(hub, speed=60)
    raised_at = datetime.fromisoformat(incident["raised_at"]).astimezone(UTC)
    rows = await hub.pool.fetch("select at from drill_mention order by number")
    assert [row["at"] - raised_at for row in rows] == [timedelta(seconds=s) for s in (-2, -5 / 60, 60)]


async def test_a_drill_that_nobody_closes_closes_by_itself(hub: World) -> None:
    incident = await begun(hub)
    await time_comes(hub, "incident")
    assert (await story(hub.pool, incident["id"]))[-1] == "closed"
    assert await hub.pool.fetchval("select count(*) from timer") == 0


async def test_only_who_decides_may_begin_one_and_everybody_named_must_be_there(hub: World) -> None:
    said = {"title": "x", "why": "x", "take_part": ["wv"], "mentions": RECORDED}
    assert (await do(hub, "POST", DRILLS, "gs", "agent", json=said)).status_code == 403
    wrong = await do(hub, "POST", DRILLS, json={**said, "take_part": ["wv", "klant"]})
    assert (wrong.status_code, "klant" in wrong.text) == (422, True)


# --- the report -------------------------------------------------------------------------------------------------------------------------


async def test_the_report_says_how_fast_who_knew_what_was_decided_and_how_it_went(hub: World) -> None:
    incident = await begun(hub, take_part=["wv", "mk", "dir"])
    path = f"{PATH}/{incident['id']}"
    await hub.pool.execute("update notice set state = 'sent', ended_at = created_at + interval '2 seconds'")
    await do(hub, "POST", f"{path}/acknowledge", "wv", "spokesperson")
    await do(hub, "POST", f"{path}/decisions", json={"what": "Campagne <b>stil</b>.", "why": "Olie | op het vuur."})
    await do(hub, "POST", f"{path}/messages", "wv", "spokesperson", json={"text": "# Ik bel de krant"})
    await do(hub, "POST", f"{path}/close", json=WHY)
    report = (await do(hub, "GET", f"{path}/report")).json()
    times = report["times"]
    assert times["told"] == 2
    assert all(times[name] is not None for name in ("first_acknowledged", "all_acknowledged", "first_decision", "closed"))
    assert (times["statement_signed"], times["handled"]) == (None, None)
    assert [(one["who"], one["notices"]) for one in report["reached"]] == [("wv", {"sent": 2})]
    assert [row["what"] for row in report["timeline"]] == ["raised", "acknowledged", "decided", "closed"]
    assert [message["text"] for message in report["messages"]] == ["# Ik bel de krant"]
    assert sum(step["mentions"] for step in report["course"]) == 2
    page = await do(hub, "GET", f"{path}/report.md")
    assert page.headers["content-type"].startswith("text/markdown")
    assert page.text.startswith("# DRILL: Oefening\n")
    assert "Campagne &lt;b&gt;stil&lt;/b&gt;. Because: Olie \\| op het vuur." in page.text, "what people wrote is text"


async def test_the_report_of_a_real_incident_says_how_its_cases_ended(hub: World) -> None:
    await comes(hub, "A", **HIJACK)
    await comes(hub, "B", **HIJACK)
    await time_comes(hub, "signal")
    (incident,) = await incidents(hub.pool)
    case = incident["case_ids"][0]
    assert (await do(hub, "POST", f"/v1/brands/vaart/cases/{case}/resolve")).status_code == 200
    report = (await do(hub, "GET", f"{PATH}/{incident['id']}/report")).json()
    assert sorted(one["state"] for one in report["cases"]) == ["new", "resolved"]
    assert report["facts"]["cases"] == {"new": 1, "resolved": 1}


# --- recordings -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", sorted(RECORDINGS.glob("*.jsonl")), ids=lambda file: file.stem)
async def test_the_recordings_that_are_shipped_can_be_played_and_say_that_they_are_examples(hub: World, file: Any) -> None:
    recording = read(file)
    assert "Example data" in recording.head.note
    assert len(recording.mentions) >= 20
    assert recording.cues
    assert any(line.startswith("+") and ">>" in line for line in script(recording))
    mentions = [mention.model_dump() for mention in recording.mentions]
    assert (await begun(hub, title=recording.head.title, mentions=mentions, speed=10))["drill"]


def test_a_recording_that_is_none_says_which_line(tmp_path: Any) -> None:
    file = tmp_path / "kapot.jsonl"
    head = '{"recording": 1, "title": "x", "why": "y"}\n'
    for text, named in (
        ("", "is empty"),
        (head, "has 0 mentions"),
        (head + "{\n", "line 2 is no JSON"),
        (head + '{"offset_s": "straks", "author": "a", "text": "b"}\n', "line 2: offset_s"),
        ('{"recording": 2, "title": "x", "why": "y"}\n', "line 1: recording"),
    ):
        file.write_text(text)
        with pytest.raises(CommandError, match=named):
            read(file)
