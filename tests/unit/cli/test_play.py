"""Playing a storm: what goes wrong on the way is told, and what did not arrive is never called accounted for."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from cli.demo import play, scenario
from cli.demo.outage import OUTAGE
from cli.demo.play import Order, Played
from cli.demo.watching import Seen
from cli.errors import CommandError

STORM = scenario.storm(1, OUTAGE, "Vaart", "@vaartnl")


def a_case(*mentions: str, state: str = "new", due_at: str = "2099-01-01T00:00:00Z") -> dict[str, Any]:
    return {
        "id": f"case-{mentions[0]}",
        "state": state,
        "mentions": [{"id": mention} for mention in mentions],
        "urgency": "normal",
        "risk": [],
        "department": "technical",
        "labels": ["storing"],
        "clocks": [{"kind": "reaction", "due_at": due_at, "met_at": None}],
    }


class Watcher:
    """Cases as they stand, and no time that a case took."""

    def __init__(self, *cases: dict[str, Any]) -> None:
        self.cases = list(cases)

    def all_cases(self) -> list[dict[str, Any]]:
        return self.cases

    def opened_after_s(self, cases: list[dict[str, Any]]) -> list[float]:
        return [float(second) for second in range(1, len(cases) + 1)]


def told(sent: dict[int, str], *cases: dict[str, Any], seen: Seen | None = None) -> dict[str, Any]:
    watcher: Any = Watcher(*cases)
    return play.summary(watcher, Order("vaart"), Played(STORM, "a1b2c3", sent), watcher.cases, seen or Seen())


def test_a_mention_without_a_case_is_named_and_nothing_is_called_accounted_for() -> None:
    found = told({0: "m0", 1: "m1", 2: "m2"}, a_case("m0", "m1"))
    assert not found["accounted"]
    assert found["missing"] == ["storm-a1b2c3-0002"]
    assert (found["cases"], found["linked"]) == (1, 1)


@pytest.mark.parametrize("state", ["merged", "withdrawn"])
def test_a_case_that_went_into_another_holds_no_mention_any_more(state: str) -> None:
    assert not told({0: "m0"}, a_case("m0", state=state))["accounted"]


def test_what_other_people_wrote_meanwhile_is_not_counted() -> None:
    found = told({0: "m0"}, a_case("m0"), a_case("somebody's", due_at="2020-01-01T00:00:00Z"))
    assert found["accounted"]
    assert found["cases"] == 1
    assert found["reaction_clocks"] == {"running": 1, "within_10_minutes": 0, "breached": 0}


@pytest.mark.parametrize("seen", [Seen(dead=1), Seen(unaccounted=1)], ids=["dead letter", "unaccounted"])
def test_a_dead_letter_or_an_event_unaccounted_for_is_not_well(seen: Seen) -> None:
    assert not told({0: "m0"}, a_case("m0"), seen=seen)["accounted"]


def test_nothing_sent_is_not_well_either() -> None:
    assert not told({})["accounted"]


def test_the_middle_and_the_last_of_a_hundred_are_told_by_nearest_rank() -> None:
    sent = {number: f"m{number}" for number in range(100)}
    took = told(sent, *(a_case(id) for id in sent.values()))["received_to_case_s"]
    assert took == {"cases": 100, "p50": 50.0, "p99": 99.0}


class Ingest:
    """Answers each request with the next of these, and remembers what it was sent."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers, self.bodies = list(answers), list[Any]()

    def send(self, service: str, method: str, path: str, brand: str, **request: Any) -> httpx.Response:
        self.bodies.append(request["json"])
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def accepted(count: int) -> httpx.Response:
    return httpx.Response(202, json={"items": [{"index": index, "id": f"id-{index}", "status": "accepted"} for index in range(count)]})


def test_what_ingest_could_not_take_or_did_not_answer_is_sent_again_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(play.time, "sleep", lambda seconds: None)
    ingest: Any = Ingest(httpx.Response(503), CommandError("ingest does not answer"), httpx.Response(429), accepted(2))
    assert play.taken(ingest, "vaart", "a1b2c3", STORM.posts[:2]) == {0: "id-0", 1: "id-1"}
    assert len(ingest.bodies) == 4
    assert all(body == ingest.bodies[0] for body in ingest.bodies)
    assert datetime.fromisoformat(ingest.bodies[0][0]["posted_at"]) <= datetime.now(UTC)


def test_a_refusal_is_not_tried_again() -> None:
    ingest: Any = Ingest(httpx.Response(403, json={"detail": "no"}))
    with pytest.raises(CommandError, match="no"):
        play.taken(ingest, "vaart", "a1b2c3", STORM.posts[:1])
