"""What may stand in the brand's own fields, what is still to be filled in, tags, and watchers."""

from typing import Any

import pytest

from libs.common.bookfile import load_book
from libs.common.case_events import Case
from libs.common.errors import Conflict, Unprocessable
from libs.common.hours import Calendar
from services.routing import bulk, field, tag, watch
from services.routing.case import File
from services.routing.sla import Policy
from tests.unit.routing.test_permutations import START, mention_id

BOOK = load_book("""
brand: vaart
name: Vaart (example data)
languages: [nl]
fields:
  - {id: postcode, name: Postcode, name_in: {en: Postal code}, required: true}
  - {id: amount, type: number}
  - {id: since, type: date}
  - {id: insured, type: boolean}
  - {id: product, type: choice, choices: [tv, internet]}
""")


def file(**values: Any) -> File:
    said = {"state": "open", "department": "webcare", "channel": "email", "language": "nl", "sentiment": "neutral", "urgency": "normal"}
    case = Case(
        id=mention_id("A"), brand="vaart", customer_id=mention_id("A"), group_id=mention_id("A"), opened_at=START, **{**said, **values}
    )
    return File(case, version=1)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("postcode", "3511 AB", None),
        ("postcode", " ", "needs some text"),
        ("postcode", 7, "needs a text in quotes"),
        ("postcode", "a\x07", "control characters"),
        ("postcode", "x" * 2001, "2000 at most"),
        ("amount", 12.5, None),
        ("amount", 12, None),
        ("amount", "12", "needs a number"),
        ("amount", True, "needs a number"),
        ("amount", float("nan"), "needs a number"),
        ("amount", 10**400, "needs a number"),
        ("since", "2026-02-28", None),
        ("since", "2026-02-30", "needs a date"),
        ("since", "20260228", "needs a date"),
        ("insured", True, None),
        ("insured", "yes", "needs true or false"),
        ("insured", 1, "needs true or false"),
        ("product", "tv", None),
        ("product", "radio", "needs one of tv, internet"),
        ("colour", "red", "is no field of this brand's book; it has postcode, amount, since, insured, product"),
    ],
)
def test_a_value_fits_its_field_or_is_refused_with_what_it_needs(name: str, value: Any, said: str | None) -> None:
    case = file()
    if said is None:
        assert [(change.field, change.after) for change in field.filled_in(BOOK, case, {name: value})] == [(name, value)]
        assert case.case.fields == {name: value}
        assert not isinstance(case.case.fields[name], int) or isinstance(value, bool), "a number is kept as events carry it"
        return
    with pytest.raises(Unprocessable, match=said) as refused:
        field.filled_in(BOOK, case, {name: value, "insured" if name != "insured" else "amount": None})
    assert [item["field"] for item in refused.value.more["errors"]] == [name]  # type: ignore[attr-defined,index]
    assert case.version == 1


def test_all_that_is_wrong_is_said_at_once_and_nothing_is_kept() -> None:
    case = file()
    with pytest.raises(Unprocessable) as refused:
        field.filled_in(BOOK, case, {"postcode": "3511", "amount": "x", "since": "x"})
    assert [item["field"] for item in refused.value.more["errors"]] == ["amount", "since"]  # type: ignore[attr-defined,index]
    assert case.case.fields == {}


def test_what_stands_there_already_is_no_change_and_null_takes_away() -> None:
    case = file(fields={"postcode": "3511", "amount": 1.0})
    assert field.filled_in(BOOK, case, {"postcode": "3511", "since": None}) == []
    assert case.version == 1
    (change,) = field.filled_in(BOOK, case, {"amount": None})
    assert (change.before, change.after) == (1.0, None)
    assert case.case.fields == {"postcode": "3511"}


def test_a_former_field_is_kept_and_may_be_taken_away_but_not_changed() -> None:
    case = file(fields={"colour": "red"})
    with pytest.raises(Unprocessable, match="no longer in the brand book"):
        field.filled_in(BOOK, case, {"colour": "blue"})
    field.filled_in(BOOK, case, {"postcode": "3511"})
    assert case.case.fields == {"colour": "red", "postcode": "3511"}
    field.filled_in(BOOK, case, {"colour": None})
    assert case.case.fields == {"postcode": "3511"}


def test_what_must_be_filled_in_is_named() -> None:
    with pytest.raises(Conflict, match="Postcode") as refused:
        field.must_be_complete(BOOK, file().case)
    assert refused.value.more["missing"] == [{"id": "postcode", "name": "Postcode"}]
    field.must_be_complete(BOOK, file(fields={"postcode": "3511"}).case)


@pytest.mark.parametrize(
    ("written", "kept"),
    [("#Storing", "storing"), ("  Te  Laat ", "te laat"), ("STRASSE", "strasse"), ("re\u0301gion", "r\xe9gion"), ("x" * 100, "x" * 100)],
)
def test_a_tag_is_kept_in_one_way(written: str, kept: str) -> None:
    assert tag.normal(written) == kept


@pytest.mark.parametrize("written", ["", " ", "#", "x" * 101, "a\u202eb", "a\x00b"])
def test_what_is_no_tag_is_refused(written: str) -> None:
    with pytest.raises(Unprocessable):
        tag.normal(written)


def test_tags_are_added_and_taken_away_at_once_and_have_an_end() -> None:
    case = file(tags=["b", "a"])
    assert tag.tagged(case, ["c", "a"], ["b", "z"]) == (["c"], ["b"])
    assert case.case.tags == ["a", "c"]
    assert tag.tagged(case, ["c"], ["b"]) == ([], [])
    assert case.version == 2
    assert not case.touched, "what it is called decides nothing"
    with pytest.raises(Unprocessable, match="52 tags"):
        tag.tagged(case, [str(n) for n in range(50)], [])
    assert case.case.tags == ["a", "c"]
    with pytest.raises(Conflict):
        tag.tagged(file(state="withdrawn"), ["a"], [])


def test_watchers_come_and_go_and_the_case_stays_whoevers_it_is() -> None:
    case = file()
    assert watch.watched(case, ["gs", "mk"], []) == (["gs", "mk"], [])
    assert watch.watched(case, [], ["gs", "bb"]) == ([], ["gs"])
    assert (case.case.watchers, case.touched, case.version) == (["mk"], False, 3)


def test_many_at_once_are_not_resolved_without_what_is_required_either() -> None:
    policy, resolve = Policy(BOOK, Calendar.of(BOOK), 1), bulk.End(do="resolve")
    with pytest.raises(Conflict, match="Postcode"):
        bulk.do(policy, file(), [], resolve, "klaar", START)
    filled = file(fields={"postcode": "3511"})
    bulk.do(policy, filled, [], resolve, "klaar", START)
    assert filled.case.state == "resolved"
