"""The ladder of escalation: each step once, never in silence, whatever happens to the clock and to the book."""

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.bookfile import load_book
from libs.common.bookteam import Escalation
from libs.common.brandbook import Target
from libs.common.case_events import CaseEscalated
from libs.common.hours import Calendar
from services.routing import case as cases
from services.routing import orphan, record, sla, ticker, turn
from services.routing.case import File, opened
from services.routing.checks import judge_rules
from services.routing.presence import Load, There
from services.routing.sla import Policy
from tests.unit.routing.test_permutations import BOOK, START, mention_id, state

DATA = BOOK.model_dump(mode="json", by_alias=True) | {
    "hours": {day: ["00:00-24:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
}
LEADLESS = [m | {"role": "agent"} for m in DATA["team"]]


def policy(*steps: dict[str, Any], version: int = 1, **fields: Any) -> Policy:
    book = load_book(json.dumps(DATA | {"escalation": list(steps)} | fields))
    return Policy(book, Calendar.of(book), version)


PLAIN = policy()


def quick(steps: list[dict[str, Any]], version: int, **target: Any) -> Policy:
    """The same, without reading a whole book."""
    ladder = tuple(Escalation.model_validate(step) for step in steps)
    more = {"targets": (Target.model_validate(target),)} if target else {}
    return Policy(PLAIN.book.model_copy(update={"escalation": ladder, **more}), PLAIN.calendar, version)


def a_case(policy: Policy, **changes: Any) -> File:
    """Case A of a Dutch customer, of whose thirty minutes to react none have passed; Tim of technical owns it."""
    file = opened(policy, "vaart", mention_id("A"), [state("A", "A")], None, START)
    file.case = file.case.model_copy(update=changes)
    return file


def escalations(policy: Policy, file: File, after: float) -> list[CaseEscalated]:
    """What the clocks do when they are asked so many minutes after the start."""
    spoken = ticker.due(policy, file, START + timedelta(minutes=after))
    return [found.outgoing.event for found in spoken.stories if isinstance(found.outgoing.event, CaseEscalated)]


def short(found: list[CaseEscalated]) -> list[tuple[int, list[str], list[str], list[str]]]:
    return [(e.share, e.did, e.told, [f"{failed.step}: {failed.why}" for failed in e.not_done]) for e in found]


def test_reassigning_gives_it_to_a_colleague_who_is_able_and_never_back_to_whoever_had_it() -> None:
    book = policy({"at": 100, "do": ["reassign", "notify_owner"]}, {"at": 150, "do": ["reassign"]})
    file = a_case(book, owner="mk", department="webcare")
    (first,) = escalations(book, file, 31)
    assert (first.case.owner, first.previous_owner, first.told) == ("gs", "mk", ["gs"])
    assert first.case.decided == "reaction clock at 100%: from mk to gs"
    assert short(escalations(book, file, 46)) == [(150, ["notify_lead"], ["mk"], ["reassign: nobody else in webcare can have it"])]
    assert (file.case.owner, file.touched) == ("gs", False)


SHIFT = policy(
    {"at": 100, "do": ["reassign"]},
    {"at": 150, "do": ["reassign"], "to": "billing"},
    {"at": 200, "do": ["return_to_queue"]},
    departments=[
        {"id": "webcare", "members": ["gs", "mk", "hk", "lk"]},
        {"id": "billing", "members": ["bb"]},
        {"id": "technical", "members": ["tt"]},
    ],
    team=[
        {"id": "gs", "first_name": "Guus", "initials": "gs", "languages": ["nl"], "capacity": 4},
        {"id": "hk", "first_name": "Hanna", "initials": "hk", "languages": ["nl"], "capacity": 4, "channel_capacity": {"x": 1}},
        {"id": "mk", "first_name": "Mila", "initials": "mk", "role": "lead", "languages": ["nl"], "capacity": 1},
        {"id": "lk", "first_name": "Loes", "initials": "lk", "role": "lead", "languages": ["nl"], "capacity": 1},
        {"id": "bb", "first_name": "Bo", "initials": "bb", "languages": ["nl"]},
        {"id": "tt", "first_name": "Tim", "initials": "tt", "languages": ["nl"]},
    ],
)


def shift(states: str, **cases: int) -> There:
    """`states` as in "gs available, hk busy"; who is not named never said anything. And who has how many tweets."""
    said = dict(one.split() for one in states.split(", ") if one)
    return There(said, {m.id: Load({"twitter": cases[m.id]} if m.id in cases else {}) for m in SHIFT.book.team})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("there", "cases", "gets"),
    [
        ("gs available, hk available, mk busy, lk busy", {"gs": 2}, "hk"),  # the smallest share
        ("gs available, hk available, mk busy, lk busy", {"hk": 1}, "gs"),  # hk may have one tweet
        ("gs available, hk away, mk offline, lk busy", {"gs": 3}, "gs"),
        (
            "gs away, mk offline, lk busy",
            {"hk": 9},
            "hk",
        ),  # who never said anything is not known to be away, and is given cases at once as ever
        ("gs available, mk busy, lk busy", {"gs": 4}, "hk"),  # there, but full: before them one who may be there
    ],
)
def test_a_clock_gives_a_case_to_who_is_there_and_has_room(there: str, cases: dict[str, int], gets: str) -> None:
    file = a_case(SHIFT, owner="tt", department="webcare")
    spoken = ticker.due(SHIFT, file, START + timedelta(minutes=31), shift(there, **cases))
    assert file.case.owner == gets
    assert spoken.stories[-1].outgoing.event.not_done == []  # type: ignore[attr-defined]


def test_whoever_helped_the_customer_last_goes_before_others_who_are_there() -> None:
    file = a_case(SHIFT, owner="tt", department="webcare")
    file.helpers = {"webcare": "gs"}
    ticker.due(SHIFT, file, START + timedelta(minutes=31), shift("gs available, hk available", gs=3))
    assert file.case.owner == "gs"
    assert file.case.decided == "reaction clock at 100%: from tt to gs, who is there and has room: 3 of 4"


def test_where_nobody_is_there_or_has_room_the_case_stays_and_the_leads_hear_of_it() -> None:
    file = a_case(SHIFT, owner="tt", department="webcare")
    there = shift("gs busy, hk available, mk available, lk offline, bb away", hk=1, mk=1)
    spoken = ticker.due(SHIFT, file, START + timedelta(minutes=31), there)
    (event,) = [found.outgoing.event for found in spoken.stories if isinstance(found.outgoing.event, CaseEscalated)]
    not_done = ["reassign: nobody else in webcare who can have it is there and has room"]
    assert short([event]) == [(100, ["notify_lead"], ["mk", "lk"], not_done)]
    assert file.case.owner == "tt"


def test_to_a_department_where_nobody_is_there_it_goes_to_the_queue_and_its_leads_hear_of_it() -> None:
    file = a_case(SHIFT, owner="tt", department="webcare", priority="high")
    file.fired = ["reaction:out", "reaction:100:reassign"]
    spoken = ticker.due(SHIFT, file, START + timedelta(minutes=46), shift("bb away"))
    (event,) = [found.outgoing.event for found in spoken.stories if isinstance(found.outgoing.event, CaseEscalated)]
    assert short([event]) == [(150, ["reassign"], ["mk", "lk"], [])]
    assert (file.case.owner, file.case.department) == (None, "billing")
    assert file.case.decided == "reaction clock at 150%: from tt to the queue of billing: nobody who can have it is there and has room"


def test_several_cases_at_one_moment_fill_nobody_beyond_their_capacity() -> None:
    there = shift("gs available, hk away, mk away, lk away", gs=2)
    owners = []
    for _ in range(3):
        file = a_case(SHIFT, owner="tt", department="webcare")
        ticker.due(SHIFT, file, START + timedelta(minutes=31), there)
        owners.append(file.case.owner)
    assert owners == ["gs", "gs", "tt"]


@pytest.mark.parametrize(
    ("there", "gets", "says"),
    [
        ("mk away, lk available", "lk", ""),
        ("mk available, lk available", "lk", ""),  # mk has all that they may have
        ("mk available, lk away", "mk", ""),  # there, though without room: a lead has it
        ("mk away", "lk", ""),  # who may be there before who is not
        ("mk away, lk offline", "mk", ", who is not there, as no lead is"),
    ],
)
def test_back_to_the_queue_it_goes_to_a_lead_who_is_there_and_stays_with_them(there: str, gets: str, says: str) -> None:
    file = a_case(SHIFT, owner="tt", department="webcare")
    file.fired = ["reaction:out", "reaction:100:reassign", "reaction:150:reassign:billing"]
    spoken = ticker.due(SHIFT, file, START + timedelta(minutes=61), shift(there, mk=1))
    assert (file.case.owner, spoken.told[-1][2]) == (gets, gets)
    assert file.case.decided == f"a clock ran: {gets} has it until somebody takes it{says}"
    again = cases.computed(SHIFT, file, [state("A", "A", sentiment="neutral")], None, START + timedelta(minutes=62))
    assert (again.owner, again.decided) == (gets, file.case.decided), "also when more is said"


def test_reassigning_to_a_department_outlives_the_next_mention_until_a_person_decides() -> None:
    book = policy({"at": 100, "do": ["reassign"], "to": "billing"})
    file = a_case(book)
    (told,) = escalations(book, file, 31)
    assert (told.previous_owner, told.previous_department, told.case.owner, told.case.department) == ("tt", "technical", "bb", "billing")
    again = cases.computed(book, file, [state("A", "A", sentiment="neutral")], None, START + timedelta(minutes=32))
    assert (again.owner, again.department, again.sentiment) == ("bb", "billing", "neutral")


def test_a_colleague_or_a_department_that_is_gone_has_it_no_longer() -> None:
    book = policy({"at": 100, "do": ["reassign"], "to": "billing"})
    file = a_case(book)
    escalations(book, file, 31)
    team = [*DATA["team"], {"id": "cc", "first_name": "Cas", "initials": "cc", "languages": ["nl"]}]
    departments = {d["id"]: d for d in DATA["departments"]}
    left = policy(
        *steps_of(book),
        version=2,
        team=[member for member in team if member["id"] != "bb"],
        departments=[departments["webcare"], departments["technical"], {"id": "billing", "members": ["cc"]}],
    )
    now = START + timedelta(minutes=32)
    assert orphan.gone(left.book, file.case) == ["bb is not in the team"]
    settled = orphan.settled(left, file, [state("A", "A")], now)
    assert (settled.owner, settled.department) == ("cc", "billing")
    closed = policy(
        version=3, departments=[departments["webcare"], departments["technical"]], labels=DATA["labels"][:1], routing=DATA["routing"][2:]
    )
    settled = orphan.settled(closed, file, [state("A", "A")], now)
    assert (settled.owner, settled.department) == ("tt", "technical")
    assert orphan.gone(closed.book, settled) == []


def test_where_people_take_their_cases_it_waits_in_the_queue_of_the_department() -> None:
    book = policy({"at": 100, "do": ["reassign"], "to": "billing"}, assignment={"give": "on_take"})
    file = a_case(book, owner="tt")
    (told,) = escalations(book, file, 31)
    assert (told.case.owner, told.case.department, told.case.decided) == (
        None,
        "billing",
        "reaction clock at 100%: from tt to the queue of billing",
    )
    assert file.given is not None
    assert file.given.declined == ["tt"], "nobody gets it back by themselves"


SILENCES: dict[str, tuple[list[str], dict[str, Any], dict[str, Any], tuple[list[str], list[str], list[str]]]] = {
    "no owner: the leads hear of it": (
        ["notify_owner"],
        {"owner": None},
        {},
        (["notify_lead"], ["mk"], ["notify_owner: nobody owns it"]),
    ),
    "an owner who left: the leads": (
        ["notify_owner"],
        {"owner": "xx"},
        {},
        (["notify_lead"], ["mk"], ["notify_owner: xx is not in the team any more"]),
    ),
    "no lead: the hub": (
        ["notify_lead"],
        {},
        {"team": LEADLESS, "hub": {"members": [{"id": "wv", "name": "Woordvoering", "roles": ["press"]}]}},
        (["inform_hub"], [], ["notify_lead: the team has no lead"]),
    ),
    "no lead and no hub: the whole department": (
        ["notify_lead", "return_to_queue"],
        {},
        {"team": LEADLESS},
        (
            ["notify_team"],
            ["tt", "uu"],
            [
                "notify_lead: the team has no lead",
                "inform_hub: the hub has nobody",
                "return_to_queue: the team has no lead to have it until somebody takes it",
            ],
        ),
    ),
    "as urgent as can be": (["raise_priority"], {"priority": "urgent"}, {}, ([], [], ["raise_priority: its priority is urgent already"])),
}


@pytest.mark.parametrize("what", SILENCES)
def test_what_cannot_be_done_is_said_and_goes_one_further(what: str) -> None:
    steps, changes, fields, expected = SILENCES[what]
    book = policy({"at": 80, "do": steps}, **fields)
    assert short(escalations(book, a_case(book, **changes), 25)) == [(80, *expected)]


def test_a_step_is_for_the_cases_that_it_asks_for_and_is_taken_when_they_turn_out_to_be_so() -> None:
    book = policy(
        {"at": 50, "when": {"risk_any": "press"}, "do": ["inform_hub"]},
        {"at": 50, "when": {"contact": "repeat"}, "do": ["notify_lead"]},
        {"at": 50, "when": {"channel": "x"}, "do": ["notify_owner"]},
    )
    file = a_case(book)
    assert short(escalations(book, file, 16)) == [(50, ["notify_owner"], ["tt"], [])]
    assert escalations(book, file, 17) == []
    file.case = file.case.model_copy(update={"risk": ["press"], "contact": "repeat"})
    assert record.next_firing(book, file) == START + timedelta(minutes=15)
    assert short(escalations(book, file, 18)) == [(50, ["inform_hub", "notify_lead"], ["mk"], [])]
    assert escalations(book, file, 19) == []


def test_a_step_whose_condition_cannot_be_known_is_taken_and_found_before_that() -> None:
    book = policy(
        {"at": 50, "when": {"pii_any": "iban"}, "do": ["notify_lead"]}, {"at": 90, "when": {"risk_any": "press"}, "do": ["notify_lead"]}
    )
    (found,) = [one for one in judge_rules(book.book) if "escalation" in one.found]
    assert (found.status, found.found.partition(" asks")[0]) == ("warning", "Step 1 of the escalation")
    assert [e.told for e in escalations(book, a_case(book), 28)] == [["mk"]]


def test_another_ladder_does_nothing_twice_and_what_it_adds_once() -> None:
    before = policy({"at": 80, "do": ["notify_owner", "raise_priority"]})
    file = a_case(before)
    escalations(before, file, 25)
    moved = policy({"at": 90, "do": ["notify_owner", "raise_priority"]}, version=2)
    assert escalations(moved, file, 28) == []
    more = policy({"at": 80, "do": ["notify_owner", "notify_lead"]}, {"at": 100, "do": ["notify_owner"]}, version=3)
    assert short(escalations(more, file, 28)) == [(80, ["notify_lead"], ["mk"], [])]
    assert short(escalations(more, file, 31)) == [(100, ["notify_owner"], ["tt"], [])]


def test_a_clock_that_gets_more_time_takes_no_step_twice_and_says_anew_that_it_ran_out() -> None:
    book = policy({"at": 80, "do": ["raise_priority"]}, {"at": 100, "do": ["notify_lead"]})
    file = a_case(book)
    file.touched = True
    assert [e.share for e in escalations(book, file, 31)] == [80, 100]
    longer = policy(*steps_of(book), targets=[{"reaction": "2h"}], version=2)
    turn.retargeted(book, longer, file, [state("A", "A")], START + timedelta(minutes=32))
    spoken = ticker.due(longer, file, START + timedelta(hours=3))
    assert [story.outgoing.event.type for story in spoken.stories] == ["weerklank.case.clock-breached.v1"]
    assert file.case.priority == "high"


def steps_of(of: Policy) -> list[dict[str, Any]]:
    return [step.model_dump(mode="json", by_alias=True) for step in of.book.escalation]


def test_what_was_said_before_steps_had_names_of_their_own_is_not_said_again() -> None:
    book = policy({"at": 80, "do": ["notify_owner", "raise_priority"]}, {"at": 100, "do": ["notify_lead"]})
    file = a_case(book)
    file.fired = ["reaction:80", "reaction:100"]
    assert ticker.due(book, file, START + timedelta(minutes=40)).stories == []


# --- any sequence -----------------------------------------------------------------------------------------------------------------------

STEP = st.builds(
    lambda at, of, do: {"at": at, "of": of, "do": do},
    st.sampled_from([50, 80, 100, 150]),
    st.sampled_from(["reaction", "resolution"]),
    st.lists(
        st.sampled_from(["notify_owner", "notify_lead", "raise_priority", "reassign", "inform_hub"]), min_size=1, max_size=2, unique=True
    ),
)
LADDER = st.lists(STEP, max_size=4)
ACTS = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from([1, 7, 20, 60, 400, 3000])),
    st.tuples(st.just("book"), st.tuples(LADDER, st.sampled_from(["20m", "1h", "8h"]), st.sampled_from(["2h", "12h"]))),
    st.tuples(st.just("assign"), st.sampled_from(["gs", "mk", "bb", "tt", "uu"])),
    st.tuples(st.sampled_from(["reply", "message", "resolve", "reopen"]), st.none()),
)


class Told:
    """What was done to the clocks of one case, counted apart for each time that a clock runs."""

    def __init__(self, policy: Policy) -> None:
        self.policy, self.file = policy, a_case(policy)
        self.mentions = [state("A", "A")]
        self.now = START
        self.done = Counter[tuple[Any, ...]]()
        self.most = Counter[tuple[Any, ...]]()
        self.runs = {clock.kind: 0 for clock in self.file.case.clocks}

    def tick(self) -> None:
        known = len(self.file.fired)
        spoken = ticker.due(self.policy, self.file, self.now)
        told = [story.outgoing.event for story in spoken.stories if isinstance(story.outgoing.event, CaseEscalated)]
        for clock, share, step in [name.split(":")[:3] for name in self.file.fired[known:] if not name.endswith(":out")]:
            assert any(
                (event.clock, event.share) == (clock, int(share)) and step in [*event.did, *(failed.step for failed in event.not_done)]
                for event in told
            ), "every step is told of"
            self.done[clock, self.runs[clock], step] += 1

    def check(self) -> None:
        """Every step whose time has come is done, and none oftener than a ladder of this run has it."""
        if self.file.case.state not in cases.OPEN:
            return
        for clock in self.file.case.clocks:
            rungs = sla.rungs(self.policy.book, clock.kind)
            for _, do, *_ in rungs:
                key = (clock.kind, self.runs[clock.kind], do)
                self.most[key] = max(self.most[key], sum(other == do for _, other, *_ in rungs))
        due = [f for f in sla.firings(self.policy, self.file.case.clocks, []) if f.at <= self.now and f.do]
        for key, number in Counter((f.clock, self.runs[f.clock], f.do) for f in due).items():
            assert self.done[key] >= number, ("not done", key)
        for key, number in self.done.items():
            assert number <= self.most[key], ("done twice", key)

    def act(self, what: str, value: Any) -> None:
        before = {clock.kind: clock for clock in self.file.case.clocks}
        getattr(self, f"_{what}")(value)
        for clock in self.file.case.clocks:
            old = before[clock.kind]
            if clock.started_at != old.started_at:
                self.runs[clock.kind] += 1
            elif old.breached_at is not None and old.met_at is not None and clock.met_at is None:
                self._runs_out_another_time(clock.kind)
        self.tick()
        self.check()
        self.tick()
        self.check()

    def _runs_out_another_time(self, kind: str) -> None:
        """What had been done by the moment at which it goes on stays done."""
        old, new = self.runs[kind], self.runs[kind] + 1
        self.runs[kind] = new
        for firing in sla.firings(self.policy, self.file.case.clocks, []):
            if (
                firing.clock == kind
                and firing.do
                and firing.at <= self.now
                and self.done[kind, old, firing.do] > self.done[kind, new, firing.do]
            ):
                self.done[kind, new, firing.do] += 1

    def _wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    def _book(self, value: Any) -> None:
        steps, reaction, resolution = value
        new = quick(steps, self.policy.version + 1, reaction=reaction, resolution=resolution)
        if self.file.case.state in cases.OPEN:
            turn.retargeted(self.policy, new, self.file, self.mentions, self.now)
        self.policy = new

    def _assign(self, to: str) -> None:
        cases.assigned(self.file, to=to, department=None)

    def _reply(self, _: None) -> None:
        if self.file.case.state in cases.OPEN:
            turn.replied(self.policy, self.file, self.mentions, cases.key_of(self.mentions[-1].mention), self.now, self.now)

    def _message(self, _: None) -> None:
        name = chr(ord("A") + len(self.mentions))
        if name > "Z":
            return
        triaged = state(name, "A")
        triaged = triaged.model_copy(update={"mention": triaged.mention.model_copy(update={"received_at": self.now})})
        self.mentions.append(triaged)
        if turn.wakes(self.file, triaged):
            turn.begin(self.policy, self.file, triaged)

    def _resolve(self, _: None) -> None:
        if self.file.case.state in cases.OPEN:
            turn.resolved(self.file, self.now)

    def _reopen(self, _: None) -> None:
        if self.file.case.state == "resolved":
            turn.reopened(self.policy, self.file, self.mentions, self.now)


@settings(max_examples=200, deadline=None)
@given(LADDER, st.lists(ACTS, max_size=14))
def test_whatever_happens_every_step_that_is_due_is_taken_exactly_once(steps: list[dict[str, Any]], acts: list[tuple[str, Any]]) -> None:
    told = Told(quick(steps, 1))
    told.check()
    for what, value in acts:
        told.act(what, value)
