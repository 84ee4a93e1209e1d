"""How a change of a case is told."""

from libs.common.case_events import CaseNoted
from libs.common.events import MentionTriaged, deterministic_id
from services.routing import record
from tests.unit.routing.test_permutations import START, event, mention_id, state
from tests.unit.routing.test_turns import A, heard


def test_a_note_travels_with_its_case_and_its_text_stays_out_of_the_timeline() -> None:
    """Notes have a table of their own, from which a person can be erased."""
    file = heard([event(MentionTriaged, 1, state("A", "A"))]).files[A]
    file.change()
    note_id = deterministic_id("note", str(mention_id("A")))
    told = record.story(file, CaseNoted, at=START, actor="gs", traceparent=None, note_id=note_id, note="Belt morgen terug")
    assert isinstance(told.outgoing.event, CaseNoted)
    assert (told.outgoing.event.note, told.outgoing.event.case, told.outgoing.version) == ("Belt morgen terug", file.case, file.version)
    assert (told.outgoing.key, told.outgoing.subject) == (str(A), str(A))
    assert "note" not in told.detail
    assert told.detail["note_id"] == str(note_id)
