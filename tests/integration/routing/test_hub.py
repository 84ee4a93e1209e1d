"""The social hub: who raises an incident, who is told of it, and what happens when nobody answers."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from libs.common.events import MentionRegrouped, MentionRevised, MentionTriaged
from libs.common.incident_events import IncidentEvent, IncidentJoined
from libs.common.topics import EVENT_TYPES
from services.routing import signal, store, ticker
from services.routing.case import case_id_of, opened
from services.routing.due import DUE
from services.routing.timer import tick
from tests.integration.routing.access_world import World
from tests.integration.routing.hub_world import BOOK, Books, comes, hub, incidents, noticed, story, time_comes
from tests.integration.routing.outbox import told_as
from tests.integration.routing.test_simultaneous import batch
from tests.unit.routing.test_permutations import START, event, mention_id, state

__all__ = ["hub"]
PATH = "/v1/brands/vaart/incidents"
WHY = {"why": "Zo besloten."}
RAISE = {"title": "Reclame uit 2019 duikt op", "why": "Een oude reclame wordt gedeeld.", "scenario": "hijack"}
HIJACK = {"risk": ["hashtag_hijack"]}


async def told(hub: World) -> list[str]:
    (incident,) = await incidents(hub.pool)
    return [one["who"] for one in incident["told"]]


async def raised(hub: World, **body: Any) -> dict[str, Any]:
    answer = await hub.call("POST", PATH, hub.token("agent", sub="gs"), json={**RAISE, **body})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()["incident"]
    return found


async def acknowledges(hub: World, incident: dict[str, Any], who: str, role: str = "agent") -> Any:
    return await hub.call("POST", f"{PATH}/{incident['id']}/acknowledge", hub.token(role, sub=who))


# --- by people --------------------------------------------------------------------------------------------------------------------------


async def test_all_whom_a_scenario_names_are_told_at_the_same_moment_by_every_way_of_theirs(hub: World) -> None:
    incident = await raised(hub)
    assert (incident["state"], incident["severity"], incident["raised_by"]) == ("raised", "high", "gs")
    assert await noticed(hub.pool) == [("mt", "webhook"), ("wv", "email"), ("wv", "slack")]
    assert len({one["at"] for one in incident["told"]}) == 1
    links = await hub.pool.fetchval("select links from notice where recipient = 'mt'")
    assert [link["purpose"] for link in links] == ["incident-ack", "incident-say"]


async def test_without_a_scenario_the_whole_hub_is_told_or_the_roles_that_its_raiser_names(hub: World) -> None:
    incident = await raised(hub, scenario=None)
    assert [one["who"] for one in incident["told"]] == ["wv", "mt", "dir", "jur"]
    other = await raised(hub, scenario=None, tell=["legal", "lead"])
    assert [one["who"] for one in other["told"]] == ["jur", "mk"]
    rows = await hub.pool.fetch("select member, incident_id::text from notification")
    assert [tuple(row) for row in rows] == [("mk", other["id"])], "of the team, in their list too"


async def test_of_a_scenario_one_incident_runs_and_another_may_follow_its_closing(hub: World) -> None:
    first = await raised(hub)
    again = await hub.call("POST", PATH, json=RAISE)
    assert (again.status_code, again.json()["incident_id"]) == (409, first["id"])
    assert (await hub.call("POST", f"{PATH}/{first['id']}/close", hub.token("lead"), json=WHY)).status_code == 200
    assert (await raised(hub))["id"] != first["id"]


async def test_two_who_raise_the_same_at_the_same_moment_raise_one(hub: World) -> None:
    answers = await asyncio.gather(*(hub.call("POST", PATH, json=RAISE) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    assert len(await incidents(hub.pool)) == 1


async def test_the_same_request_again_is_the_same_incident(hub: World) -> None:
    key = {"idempotency-key": "een-keer"}
    one, two = [await hub.call("POST", PATH, headers=key, json={**RAISE, "scenario": None}) for _ in range(2)]
    assert one.json() == two.json()
    assert len(await incidents(hub.pool)) == 1


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"scenario": "brand"}, "hijack, veilig, drukte"),
        ({"label": "vacature"}, "vacature"),
        ({"case_ids": [str(UUID(int=7))]}, str(UUID(int=7))),
        ({"tell": ["koning"]}, "koning"),
        ({"title": "twee\nregels"}, "title"),
        ({"label": "internet", "topic_id": str(UUID(int=7))}, "not both"),
    ],
)
async def test_what_cannot_be_raised_says_which_value_it_is(hub: World, body: dict[str, Any], named: str) -> None:
    answer = await hub.call("POST", PATH, json={**RAISE, **body})
    assert answer.status_code == 422
    assert named in answer.text
    assert await incidents(hub.pool) == []


# --- acknowledging ----------------------------------------------------------------------------------------------------------------------


async def test_whoever_was_told_acknowledges_once_and_nobody_else_can(hub: World) -> None:
    incident = await raised(hub)
    answer = await acknowledges(hub, incident, "wv")
    assert (answer.status_code, answer.json()["incident"]["state"]) == (200, "acknowledged")
    assert (await acknowledges(hub, incident, "wv")).json()["version"] == answer.json()["version"]
    refused = await acknowledges(hub, incident, "gs")
    assert (refused.status_code, "'gs' was not told" in refused.text) == (409, True)
    assert await story(hub.pool, incident["id"]) == ["raised", "acknowledged"]


async def test_whoever_does_not_acknowledge_in_time_is_followed_role_by_role_and_nobody_is_told_twice(hub: World) -> None:
    incident = await raised(hub)
    await acknowledges(hub, incident, "wv")
    await time_comes(hub, "incident")
    assert await told(hub) == ["wv", "mt", "dir"], "marketing is missing: management follows"
    await time_comes(hub, "incident")
    assert await told(hub) == ["wv", "mt", "dir", "mk"]
    await time_comes(hub, "incident")
    (found,) = await incidents(hub.pool)
    assert found["unanswered"] is True
    assert await story(hub.pool, incident["id"]) == ["raised", "acknowledged", "followed", "followed", "unanswered"]
    ways = await noticed(hub.pool)
    assert len(ways) == len(set(ways)) == 5
    rows = await hub.pool.fetch("select member, what from notification order by seq")
    assert [(row["member"], row["what"]) for row in rows][-1] == ("mk", "Incident Reclame uit 2019 duikt op: niet bevestigd door mk")


async def test_where_all_acknowledged_in_time_nobody_else_is_told(hub: World) -> None:
    incident = await raised(hub)
    await acknowledges(hub, incident, "wv")
    await acknowledges(hub, incident, "mt")
    await time_comes(hub, "incident")
    assert await told(hub) == ["wv", "mt"]
    assert await hub.pool.fetchval("select count(*) from timer where kind = 'incident'") == 0


async def test_a_follower_who_acknowledges_ends_the_ladder(hub: World) -> None:
    incident = await raised(hub)
    await time_comes(hub, "incident")
    await acknowledges(hub, incident, "dir")
    await time_comes(hub, "incident")
    assert await told(hub) == ["wv", "mt", "dir"]


async def test_a_role_that_was_told_already_is_passed_over_at_once(hub: World) -> None:
    hub.app.state.policies = Books(Books().vaart.book.to_json().replace('"ladder":["management","lead"]', '"ladder":["marketing","lead"]'))
    await raised(hub)
    await time_comes(hub, "incident")
    assert await told(hub) == ["wv", "mt", "mk"]


async def test_reopened_all_are_told_again_and_must_acknowledge_again(hub: World) -> None:
    incident = await raised(hub)
    await acknowledges(hub, incident, "wv")
    for step in ("handled", "close", "reopen"):
        answer = await hub.call("POST", f"{PATH}/{incident['id']}/{step}", hub.token("lead"), json=WHY)
        assert answer.status_code == 200, answer.text
    assert (answer.json()["incident"]["state"], answer.json()["incident"]["round"]) == ("raised", 1)
    ways = await noticed(hub.pool)
    assert sorted(ways) == sorted(2 * [("mt", "webhook"), ("wv", "email"), ("wv", "slack")])
    assert (await acknowledges(hub, incident, "wv")).json()["incident"]["state"] == "acknowledged"


# --- how changes meet -------------------------------------------------------------------------------------------------------------------


async def test_a_change_that_was_decided_on_what_is_no_more_is_refused_and_says_what_happened(hub: World) -> None:
    incident = await raised(hub)
    path = f"{PATH}/{incident['id']}"
    seen = (await hub.call("GET", path)).headers["etag"]
    assert (await hub.call("POST", f"{path}/change", hub.token("lead"), json={**WHY, "severity": "critical"})).status_code == 200
    late = await hub.call("POST", f"{path}/close", hub.token("lead"), headers={"if-match": seen}, json=WHY)
    assert (late.status_code, [change["what"] for change in late.json()["changes"]]) == (412, ["changed"])


async def test_what_joins_and_who_acknowledges_stands_in_the_way_of_no_decision(hub: World) -> None:
    incident = await raised(hub)
    path = f"{PATH}/{incident['id']}"
    seen = (await hub.call("GET", path)).headers["etag"]
    await acknowledges(hub, incident, "wv")
    await comes(hub, "A", **HIJACK)
    await time_comes(hub, "signal")
    assert (await incidents(hub.pool))[0]["signals"] == 1
    assert (await hub.call("POST", f"{path}/handled", hub.token("lead"), headers={"if-match": seen}, json=WHY)).status_code == 200


# --- by signals -------------------------------------------------------------------------------------------------------------------------


async def test_a_mention_that_a_scenario_is_for_raises_it_and_the_next_ones_join(hub: World) -> None:
    await comes(hub, "A", **HIJACK)
    await comes(hub, "B", **HIJACK)
    await time_comes(hub, "signal")
    await comes(hub, "C", **HIJACK)
    await time_comes(hub, "signal")
    (incident,) = await incidents(hub.pool)
    assert (incident["scenario"], incident["insight"], incident["signals"], incident["cases"]) == ("hijack", "hijack", 3, 3)
    assert await story(hub.pool, incident["id"]) == ["raised", "joined"]
    [joined] = await told_as(hub.pool, IncidentJoined)
    assert (joined.signals, joined.insights, len(joined.case_ids)) == (1, ["hijack"], 1)
    assert len(await noticed(hub.pool)) == 3, "who was told is not told again"


async def test_the_same_mention_again_is_one_signal(hub: World) -> None:
    await comes(hub, "A", **HIJACK)
    await time_comes(hub, "signal")
    for version in (2, 3):
        await comes(hub, "A", version=version, kind=MentionRevised, urgency="high", **HIJACK)
        await time_comes(hub, "signal")
    (incident,) = await incidents(hub.pool)
    assert (incident["signals"], await story(hub.pool, incident["id"])) == (1, ["raised"])


async def test_whatever_order_signals_come_in_they_make_the_same_incident(hub: World) -> None:
    found = []
    for order in ("ABC", "CAB", "BCA"):
        await hub.pool.execute(
            "truncate mention_copy, care_case, timeline, incident, incident_timeline, incident_case, signal, notice, timer"
        )
        for name in order:
            await comes(hub, name, **HIJACK)
            await time_comes(hub, "signal")
        (incident,) = await incidents(hub.pool)
        found.append((incident["id"], incident["signals"], incident["began_at"], sorted(incident["case_ids"])))
    assert found[0] == found[1] == found[2]


async def test_history_raises_nothing(hub: World) -> None:
    triaged = state("A", "A", **HIJACK)
    triaged = triaged.model_copy(update={"mention": triaged.mention.model_copy(update={"historic": True})})
    await batch(hub.pool, [event(MentionTriaged, 1, triaged)])
    assert await hub.pool.fetchval("select count(*) from signal") == 0
    assert await hub.pool.fetchval("select count(*) from mention_minute") == 0


async def test_after_its_closing_only_what_was_received_since_raises_another(hub: World) -> None:
    await comes(hub, "A", **HIJACK)
    await time_comes(hub, "signal")
    (first,) = await incidents(hub.pool)
    await hub.call("POST", f"{PATH}/{first['id']}/close", hub.token("lead"), json=WHY)
    await comes(hub, "B", **HIJACK)
    await time_comes(hub, "signal")
    assert len(await incidents(hub.pool)) == 1, "B was received before the closing"
    await hub.pool.execute("update incident set state_json = jsonb_set(state_json, '{closed_at}', '\"2026-11-02T09:01:30Z\"')")
    await comes(hub, "C", **HIJACK)
    await time_comes(hub, "signal")
    assert [one["state"] for one in await incidents(hub.pool)] == ["closed", "raised"]


async def test_a_scenario_that_holds_all_stops_the_brands_sending_and_says_so(hub: World) -> None:
    await comes(hub, "B", risk=["safety"])  # critical
    await time_comes(hub, "signal")
    (incident,) = await incidents(hub.pool)
    assert (incident["scenario"], incident["hold"]) == ("veilig", "all")
    assert await hub.pool.fetchval("select held from hold where brand = 'vaart'") is True
    assert await story(hub.pool, incident["id"]) == ["raised", "held"]


async def test_what_an_incident_affects_is_held_as_narrowly_as_a_reply_can_be_asked(hub: World) -> None:
    incident = await raised(hub)  # hijack
    labelled = await raised(hub, scenario=None, label="internet")
    bare = await raised(hub, scenario=None)
    for one in (incident, labelled):
        answer = await hub.call("POST", f"{PATH}/{one['id']}/hold", hub.token("lead"), json={"what": "affected", **WHY})
        assert answer.status_code == 200, answer.text
    refused = await hub.call("POST", f"{PATH}/{bare['id']}/hold", hub.token("lead"), json={"what": "affected", **WHY})
    assert refused.status_code == 409
    rows = await hub.pool.fetch("select scope from sending_hold order by since")
    assert [row["scope"]["when"] for row in rows] == [{"risk_any": ["hashtag_hijack"]}, {"labels_any": ["internet"]}]
    assert await hub.pool.fetchval("select held from hold") is False, "not everything is"


async def test_where_nothing_more_can_be_held_the_incident_is_raised_all_the_same(hub: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.routing.hold.MOST_STANDING", 0)
    await comes(hub, "B", risk=["safety"])
    await time_comes(hub, "signal")
    (incident,) = await incidents(hub.pool)
    assert (incident["hold"], await story(hub.pool, incident["id"])) == ("none", ["raised"])
    assert "holds nothing" in await hub.pool.fetchval("select what from notification where member = 'mk'")


async def test_a_case_with_the_label_of_an_incident_joins_by_itself_and_one_taken_out_stays_out(hub: World) -> None:
    incident = await raised(hub, scenario=None, label="internet")
    path = f"{PATH}/{incident['id']}"
    await comes(hub, "A")
    await time_comes(hub, "signal")
    assert (await incidents(hub.pool))[0]["cases"] == 1
    answer = await hub.call("POST", f"{path}/cases", json={**WHY, "unlink": [str(case_id_of("vaart", mention_id("A")))]})
    assert answer.json()["incident"]["cases"] == 0
    await hub.pool.execute("delete from signal")
    await comes(hub, "A", version=2, kind=MentionRevised, urgency="high")
    await time_comes(hub, "signal")
    assert (await incidents(hub.pool))[0]["cases"] == 0


async def test_whoever_wrote_just_before_an_incident_about_their_label_was_raised_is_in_it(hub: World) -> None:
    now = datetime.now(UTC)
    for name, hours in (("A", 1), ("D", 30)):  # both are about internet
        told = state(name, name)
        at = {"posted_at": now - timedelta(hours=hours), "received_at": now - timedelta(hours=hours)}
        told = told.model_copy(update={"mention": told.mention.model_copy(update=at)})
        await batch(hub.pool, [event(MentionTriaged, 1, told)])
    await comes(hub, "B")
    incident = await raised(hub, scenario=None, label="internet")
    assert (incident["cases"], incident["case_ids"]) == (1, [str(case_id_of("vaart", mention_id("A")))])
    assert (await hub.call("GET", f"{PATH}/{incident['id']}")).json()["facts"]["mentions"] == 1


async def test_where_a_case_goes_on_in_another_one_the_incident_follows(hub: World) -> None:
    await comes(hub, "A")
    await comes(hub, "B", **HIJACK)
    await time_comes(hub, "signal")
    await batch(hub.pool, [event(MentionRegrouped, 2, state("B", "A", **HIJACK))])
    await time_comes(hub, "signal")
    (incident,) = await incidents(hub.pool)
    assert str(case_id_of("vaart", mention_id("A"))) in incident["case_ids"]
    facts = (await hub.call("GET", f"{PATH}/{incident['id']}")).json()["facts"]
    assert facts["mentions"] == 2


async def test_an_escalation_and_a_broken_promise_reach_the_hub_once(hub: World) -> None:
    await comes(hub, "A")
    policy = hub.app.state.policies.vaart
    for _ in range(2):
        async with hub.pool.acquire() as connection, connection.transaction():
            file = await store.file(connection, "vaart", case_id_of("vaart", mention_id("A")), lock=True)
            assert file is not None
            now = await store.now(connection)
            escalation = signal.of_escalation(policy, file.case, "reactieklok op 150%")
            await signal.of_cases(connection, [escalation, signal.of_promise(policy, file.case, UUID(int=1), "niet teruggebeld")], now)
        await time_comes(hub, "signal")
    (incident,) = await incidents(hub.pool)
    assert (incident["insight"], incident["scenario"], incident["cases"], incident["signals"]) == ("escalation", None, 1, 1)
    assert "reactieklok op 150%" in incident["why"]


async def test_a_scenario_that_cannot_be_evaluated_is_told_to_the_leads_once_and_shown(hub: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real = signal.facts
    monkeypatch.setattr(signal, "facts", lambda *given: {key: value for key, value in real(*given).items() if key != "risk"})
    await comes(hub, "A", **HIJACK)
    await comes(hub, "B", **HIJACK)
    rows = await hub.pool.fetch("select member, what from notification")
    assert [(row["member"], "veilig cannot be evaluated" in row["what"]) for row in rows] == [("mk", True)]
    shown = (await hub.call("GET", "/v1/brands/vaart/hub")).json()
    assert [(one["id"], one["error"] is None) for one in shown["scenarios"]] == [("hijack", True), ("veilig", False), ("drukte", True)]
    await time_comes(hub, "signal")
    assert [one["scenario"] for one in await incidents(hub.pool)] == ["hijack"], "the others go on"


async def test_two_instances_that_take_signals_at_once_raise_one_incident(hub: World) -> None:
    for name in "ABC":
        await comes(hub, name, **HIJACK)
    await hub.pool.execute("update timer set at = moment()")
    await asyncio.gather(*(tick(hub.pool, hub.app.state.policies, DUE) for _ in range(4)))
    (incident,) = await incidents(hub.pool)
    assert (incident["signals"], len(await noticed(hub.pool))) == (3, 3)


# --- a storm ------------------------------------------------------------------------------------------------------------------------------

STORM = BOOK + "escalation:\n  - {at: 100%, of: reaction, do: [inform_hub]}\n"
"""No scenario asks for escalations."""


async def breach(hub: World, numbers: Iterable[int]) -> None:
    """So many cases whose time to react is over; their clocks speak, in two instances at once."""
    policies, names = hub.app.state.policies, [chr(ord("A") + number) for number in numbers]
    files = [opened(policies.vaart, "vaart", mention_id(name), [state(name, name)], None, START) for name in names]
    files.sort(key=lambda file: file.case.id)
    async with hub.pool.acquire() as connection, connection.transaction():
        await store.insert(connection, files, {file.case.id: START for file in files})
    while any(await asyncio.gather(*(ticker.tick(hub.pool, policies) for _ in range(2)))):
        pass


async def an_hour_passes(hub: World) -> None:
    await hub.pool.execute(
        "update incident set state_json = jsonb_set(state_json, '{raised_at}', to_jsonb(moment() - interval '61 minutes')) where state <> 'closed'"
    )


async def signals_are_taken(hub: World) -> None:
    await hub.pool.execute("update timer set at = moment() where kind = 'signal'")
    await asyncio.gather(*(tick(hub.pool, hub.app.state.policies, DUE) for _ in range(3)))


async def test_hundreds_of_escalations_at_once_are_one_incident_that_later_ones_join_and_are_told_once(hub: World) -> None:
    hub.app.state.policies = Books(STORM)
    await breach(hub, range(600))
    assert await incidents(hub.pool) == [], "they are gathered for a moment"
    await signals_are_taken(hub)
    (incident,) = await incidents(hub.pool)
    assert (incident["about"], incident["cases"], incident["signals"], incident["insight"]) == ("escalation", 600, 600, "escalation")
    assert "600" in incident["why"]
    told = await noticed(hub.pool)
    assert [who for who, _ in told] == ["dir", "jur", "mt", "wv", "wv"]
    await breach(hub, (600, 601))
    await signals_are_taken(hub)
    (incident,) = await incidents(hub.pool)
    assert (incident["cases"], len(incident["told"]), await noticed(hub.pool)) == (602, 4, told)
    assert await story(hub.pool, incident["id"]) == ["raised", "joined"]
    room = (await hub.call("GET", f"{PATH}/{incident['id']}")).json()
    assert sum(room["facts"]["cases"].values()) == 602


async def test_what_is_escalated_an_hour_later_or_after_the_closing_is_told_anew(hub: World) -> None:
    hub.app.state.policies = Books(STORM)
    for number in range(3):
        await breach(hub, [number])
        await signals_are_taken(hub)
        if number == 0:
            await an_hour_passes(hub)
        else:
            newest = (await incidents(hub.pool))[-1]
            answer = await hub.call("GET", f"{PATH}/{newest['id']}")
            closing = {"if-match": answer.headers["etag"]}
            closed = await hub.call("POST", f"{PATH}/{newest['id']}/close", hub.token("lead", sub="mk"), json=WHY, headers=closing)
            assert closed.status_code == 200, closed.text
    assert [(one["cases"], one["state"]) for one in await incidents(hub.pool)] == [(1, "raised"), (1, "closed"), (1, "closed")]
    assert len(await noticed(hub.pool)) == 15


# --- what is told -----------------------------------------------------------------------------------------------------------------------


async def test_every_change_is_one_event_one_version_and_one_row(hub: World) -> None:
    incident = await raised(hub)
    await acknowledges(hub, incident, "wv")
    await time_comes(hub, "incident")
    rows = await hub.pool.fetch("select key, headers, value from outbox where topic = 'weerklank.incidents.v1' order by id")
    events = []
    for row in rows:
        headers = orjson.loads(row["headers"])
        event = EVENT_TYPES[headers["ce_type"]].model_validate_json(row["value"])
        assert isinstance(event, IncidentEvent)
        assert row["key"] == str(event.incident.id)
        events.append((int(headers["ce_entityversion"]), headers["ce_type"].split(".")[2]))
    assert events == [(1, "raised"), (2, "acknowledged"), (3, "followed")]
    assert await story(hub.pool, incident["id"]) == [what for _, what in events]


async def test_an_incident_of_another_brand_is_not_there(hub: World) -> None:
    incident = await raised(hub)
    other = hub.token("lead", ("noord",))
    for method, path in (("GET", ""), ("GET", "/timeline"), ("POST", "/acknowledge"), ("GET", "/messages")):
        answer = await hub.call(method, f"/v1/brands/noord/incidents/{incident['id']}{path}", other)
        assert answer.status_code == 404, (path, answer.text)
