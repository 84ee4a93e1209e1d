"""Whatever customers, people, clocks and replies do to cases, in whatever order: what must hold of every case does."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.case_events import Case, CaseEvent
from libs.common.errors import Conflict
from libs.common.events import MentionRegrouped, MentionRemoved, MentionTriaged, Respond
from services.routing import waiting
from services.routing.case import EMPTY, ENDED, File, assigned, case_id_of, computed, noted
from services.routing.case_work import CaseWork
from services.routing.consumer import on_mention, on_reply_sent
from services.routing.turn import end, for_customer, left_unanswered, may_go_unanswered, reopened, resolved, unhandled
from tests.unit.routing.test_permutations import POLICIES, REVISIONS, START, event, mention_id, reply_sent, revised, state, tick
from tests.unit.routing.test_turns import historic, nobody_is_forgotten

NAMES = "ABCD"
WHAT = [
    *("mention", "mention", "mention", "remove", "revise", "revise", "tick", "tick"),
    *("reply", "reply", "resolve", "unanswered", "reopen", "assign", "note"),
    *("wait", "put off", "picked up", "go on"),
]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(WHAT),
        st.sampled_from(NAMES),
        st.sampled_from("AAB"),
        st.sampled_from([1, 4, 11, 45, 600]),
    ),
    min_size=4,
    max_size=18,
)


class Story:
    """Messages A to D, the last of them history, in the cases of A and B, and what happens to those. `acted`: where a person did something."""

    def __init__(self) -> None:
        self.work = CaseWork(POLICIES, START)  # type: ignore[arg-type]
        self.now = START
        self.versions: dict[str, int] = {}
        self.groups: dict[str, str] = {}
        self.drafts: list[tuple[UUID, UUID]] = []
        self.acted: set[UUID] = set()
        self.findings: dict[str, dict[str, Any]] = {}
        self.reopened_at = START
        self.told: set[UUID] = set()

    def step(self, what: str, name: str, group: str, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        self.work.now = self.now
        if what in ("mention", "remove"):
            self._mention(name, group, removed=what == "remove")
        elif what == "revise":
            self._revise(name, REVISIONS[minutes % len(REVISIONS)])
        elif what == "tick":
            tick(self.work, self.now)
        elif (file := self.work.files.get(case_id_of("vaart", mention_id(group)))) is not None:
            try:
                self._act(what, file)
            except Conflict:  # a person cannot do this to a case as it is
                pass

    def _mention(self, name: str, group: str, *, removed: bool) -> None:
        if removed and name not in self.versions:
            return
        if not removed and self.groups.get(group, group) == name != group:
            return  # triage never has each of two mentions in the other's group
        version = self.versions[name] = self.versions.get(name, 0) + 1
        group = self.groups[name] = self.groups[name] if removed else group
        triaged = state(name, group, removed=removed, **self.findings.get(name, {}))
        triaged = historic(triaged) if name == "D" else triaged
        kind = MentionRemoved if removed else MentionTriaged if version == 1 else MentionRegrouped
        on_mention(self.work, event(kind, version, triaged))

    def _revise(self, name: str, change: dict[str, Any]) -> None:
        """Nothing that people decided changes by it, and nothing is woken."""
        known = self.work.copies.get(mention_id(name))
        if known is None:
            return
        before = {case_id: (file.touched, people_s(file.case), file.handled) for case_id, file in self.work.files.items()}
        self.findings[name] = self.findings.get(name, {}) | change
        version = self.versions[name] = self.versions[name] + 1
        findings = known.triaged.findings.model_copy(update=change)
        on_mention(self.work, revised(version, known.triaged.model_copy(update={"findings": findings})))
        for case_id, (touched, decided, handled) in before.items():
            file = self.work.files[case_id]
            assert (file.touched, file.handled, file.case.state) == (touched, handled, decided["state"])
            assert not touched or people_s(file.case) == decided

    def _act(self, what: str, file: File) -> None:
        if what == "resolve":
            resolved(file, self.now)
        elif what == "unanswered":
            may_go_unanswered(file)
            end(file, self.now)
            left_unanswered(file, Respond(decision="no_reply", reason="A joke among friends.", by="gs"), self.now)
        elif what == "reopen":
            reopened(POLICIES.policy, file, self.work.mentions_of(file.case.id), self.now)
            self.reopened_at = self.now
        elif what == "wait":
            waiting.for_the_customer(file, self.now)
        elif what == "put off":
            waiting.until(POLICIES.policy, file, self.now + timedelta(minutes=30), self.now)
        elif what == "picked up":
            waiting.picked_up(file, self.now)
            self.told.add(file.case.id)
        elif what == "go on":
            waiting.over(POLICIES.policy, file, self.now)
        elif what == "assign":
            assigned(file, to="tt", department="technical")
        elif what == "note":
            noted(file)
        elif self.drafts and self.drafts[0][0] == file.case.id:
            return self._send(*self.drafts.pop(0))
        elif file.case.latest is not None:
            return self.drafts.append((file.case.id, file.case.latest.id))  # under way: sent by a later step
        else:
            return None
        self.acted.add(file.case.id)
        return None

    def _send(self, case_id: UUID, answers: UUID) -> None:
        on_reply_sent(self.work, reply_sent(case_id, self.now, "reply", str(answers), str(self.now), answers=answers))
        self.acted.add(self.goes_on_in(case_id))  # the answer counts where the question is by now

    def goes_on_in(self, case_id: UUID) -> UUID:
        seen = {case_id}
        while (into := self.work.files[case_id].case.merged_into) is not None:
            assert into not in seen, "merges go round in a circle"
            seen.add(into)
            case_id = into
        return case_id


def people_s(case: Case) -> dict[str, Any]:
    """What is people's, and the clocks', in a case that people touched."""
    names = ("state", "department", "owner", "priority", "clocks", "earlier", "resolved_at", "unanswered", "replied_at", "opened_at")
    return {name: getattr(case, name) for name in names}


def clocks_tell_the_truth(file: File) -> None:
    for clock in file.case.clocks:
        stopped_at = clock.met_at or clock.paused_at
        late = stopped_at is not None and stopped_at > clock.due_at
        assert clock.breached_at in (None, clock.due_at)
        assert (clock.breached_at is not None) == late or stopped_at is None
        assert clock.paused_at is None or (clock.kind == "resolution" and for_customer(file.case)), "for nobody but the customer"
        if for_customer(file.case):
            assert clock.met_at is not None or clock.paused_at is not None
    assert file.case.unanswered == (file.case.state == "resolved" and not file.case.clocks)
    if file.case.state == "resolved":
        assert all(clock.met_at is not None for clock in file.case.clocks)


@settings(max_examples=400, deadline=None)
@given(STEPS)
def test_what_must_hold_of_every_case_holds_after_every_step(steps: list[tuple[str, str, str, int]]) -> None:
    story = Story()
    for step in steps:
        story.step(*step)
        carried = set(story.acted)
        for outgoing in story.work.outgoing:
            assert isinstance(outgoing.event, CaseEvent)
            if getattr(outgoing.event, "merged", None):
                carried.add(outgoing.event.case.id)
        for case_id, file in story.work.files.items():
            mentions = story.work.mentions_of(case_id)
            present = [m for m in mentions if not m.removed]
            assert (file.case.state in EMPTY) == (not present)
            assert file.case.mentions_total == len(present)
            assert file.touched == (case_id in carried), "touched by people, and by them alone"
            story.goes_on_in(case_id)
            clocks_tell_the_truth(file)
            if file.case.state not in ENDED:
                assert not (for_customer(file.case) and file.touched and unhandled(file, mentions))
                if file.case.waiting_for != "until" and not story.told:  # there a person knows of the message
                    nobody_is_forgotten(file, mentions, story.reopened_at)
            if not file.touched:
                assert _again(story, file, mentions) == file.case


def _again(story: Story, file: File, mentions: Any) -> Case:
    """What the brand book makes of an untouched case, computed anew."""
    fresh = File(file.case, fired=list(file.fired))
    return computed(POLICIES.policy, fresh, mentions, file.case.merged_into, story.now)
