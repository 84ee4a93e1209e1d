"""Two brand books are compared by what they mean."""

from collections.abc import Iterator
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from libs.common.bookdiff import IN_ORDER, Change, as_read_today, compare, condition_words
from libs.common.bookfile import load_book
from libs.common.brandbook import BrandBook
from libs.common.rules import When

BOOK = """
brand: strand
name: Strand
languages: [nl, en]
hours: {mon-fri: ["09:00-17:00"]}
targets:
  - {when: {urgency: high}, reaction: 10m}
  - {when: {channel: email}, reaction: 4h}
  - {when: {}, reaction: 30m}
labels: [{name: factuur, department: billing}, {name: storing}]
departments:
  - {id: webcare, members: [gs, mk]}
  - {id: billing, members: [gs]}
routing:
  - {when: {risk_any: [press]}, department: webcare}
  - {when: {labels_any: [factuur]}, department: billing}
  - {when: {urgency: critical}, department: webcare, priority: urgent}
team:
  - {id: gs, first_name: Guus, initials: gs}
  - {id: mk, first_name: Mila, initials: mk, role: lead}
scripts: [{id: hoi, text: "Hoi {voornaam}"}]
"""


def differences(*edits: tuple[str, str]) -> list[Change]:
    after = BOOK
    for old, new in edits:
        assert old in after
        after = after.replace(old, new)
    return compare(*(load_book(text).model_dump(mode="json", by_alias=True) for text in (BOOK, after)))


CASES: dict[str, tuple[list[tuple[str, str]], list[Change]]] = {
    "a comment": ([("name: Strand", "name: Strand  # the same")], []),
    "a list in another shape": ([("[nl, en]", "\n  - nl\n  - en")], []),
    "a default that is written out": ([("name: Strand", "name: Strand\npilot: true\ntimezone: Europe/Amsterdam")], []),
    "a plain value": ([("name: Strand", "name: Strandtent")], [Change(("name",), "changed", "Strand", "Strandtent")]),
    "a default that no longer holds": ([("name: Strand", "name: Strand\npilot: false")], [Change(("pilot",), "changed", True, False)]),
    "a colleague's field": ([("initials: gs", "initials: gu")], [Change(("team", "gs", "initials"), "changed", "gs", "gu")]),
    "a member of a department": (
        [("members: [gs]}", "members: [gs, mk]}")],
        [Change(("departments", "billing", "members", "mk"), "added", None, "mk")],
    ),
    "another department of a label": (
        [("department: billing}, {name: storing}", "department: webcare}, {name: storing}")],
        [Change(("labels", "factuur", "department"), "changed", "billing", "webcare")],
    ),
    "a target": ([("reaction: 30m", "reaction: 60m")], [Change(("targets", "always", "reaction"), "changed", "30m", "60m")]),
    "hours": ([('mon-fri: ["09:00-17:00"]', 'mon-thu: ["09:00-17:00"]')], [Change(("hours", "fri"), "changed", ["09:00-17:00"], [])]),
    "a rule that comes first now": (
        [
            ("  - {when: {urgency: critical}, department: webcare, priority: urgent}\n", ""),
            ("routing:\n", "routing:\n  - {when: {urgency: critical}, department: webcare, priority: urgent}\n"),
        ],
        [Change(("routing", "urgency critical"), "moved", 3, 1)],
    ),
    "a rule's condition": (
        [("risk_any: [press]", "risk_any: [press, influencer]")],
        [
            Change(
                ("routing", "risk press or influencer", "when"), "changed", {"risk_any": ["press"]}, {"risk_any": ["press", "influencer"]}
            )
        ],
    ),
    "another default language": ([("[nl, en]", "[en, nl]")], [Change(("languages", "en"), "moved", 2, 1)]),
}


@pytest.mark.parametrize("name", CASES)
def test_each_kind_of_change(name: str) -> None:
    edits, expected = CASES[name]
    found = differences(*edits)
    # who speaks which language, and which language a script is in, follow from the book's
    assert [change for change in found if name != "another default language" or change.path[0] == "languages"] == expected


def test_what_comes_and_goes_is_told_whole_and_what_stays_is_not() -> None:
    found = differences(
        ("  - {id: mk, first_name: Mila, initials: mk, role: lead}\n", "  - {id: jd, first_name: Jo, initials: jd}\n"),
        ("[gs, mk]", "[gs, jd]"),
    )
    assert [(change.path, change.kind) for change in found] == [
        (("departments", "webcare", "members", "mk"), "removed"),
        (("departments", "webcare", "members", "jd"), "added"),
        (("team", "mk"), "removed"),
        (("team", "jd"), "added"),
    ]
    assert (found[2].before["first_name"], found[3].after["first_name"], found[3].after["capacity"]) == ("Mila", "Jo", 6)


def test_a_rule_that_moves_and_changes_is_told_both_ways_and_those_that_made_place_are_not() -> None:
    found = differences(
        ("  - {when: {risk_any: [press]}, department: webcare}\n", ""),
        ("priority: urgent}\n", "priority: urgent}\n  - {when: {risk_any: [press]}, department: billing}\n"),
    )
    assert found == [
        Change(("routing", "risk press", "department"), "changed", "webcare", "billing"),
        Change(("routing", "risk press"), "moved", 1, 3),
    ]


def test_a_list_whose_order_decides_nothing_is_told_as_one_that_differs() -> None:
    labels: list[Any] = [{"name": "a"}, {"name": "b"}]
    assert compare({"labels": labels}, {"labels": labels[::-1]}) == [Change(("labels",), "changed", labels, labels[::-1])]


ANY_ORDER = {
    ("goals",), ("listen",), ("campaign_hashtags",), ("labels",), ("labels", "*", "examples"), ("departments",), ("escalation",),
    ("voice", "words_to_use"), ("voice", "forbidden_words"), ("voice", "competitors"), ("voice", "internal_names"), ("voice", "official_names"),
    ("voice", "safe_domains"), ("channels", "*", "authserv_ids"), ("channels", "*", "for"), ("staff", "handles"), ("staff", "domains"),
    ("conduct", "in_scope"), ("conduct", "out_of_scope"), ("conduct", "may_promise", "*"), ("conduct", "go_private_for"),
    ("conduct", "approvals", "*", "by"),
    ("conduct", "approvals", "*", "also"),
    ("conduct", "quiet_hours"), ("conduct", "quiet_hours", "*", "blocks"), ("conduct", "quiet_hours", "*", "days"),
    ("conduct", "quiet_hours", "*", "channels"),
    ("hours", "exceptions"), ("hours", "exceptions", "*", "blocks"), *(("hours", day) for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")),
    ("routing", "*", "skills"), ("routing", "*", "tell"), ("team", "*", "languages"), ("team", "*", "skills"),
    ("hub", "members"), ("hub", "members", "*", "roles"), ("hub", "members", "*", "notify"),
    ("hub", "scenarios"), ("hub", "scenarios", "*", "tell"), ("hub", "scenarios", "*", "holding_statement_by"),
    ("team", "*", "notify"), ("departments", "*", "notify"), ("departments", "*", "remind_at"), ("routing", "*", "labels"), ("fields",),
    ("fields", "*", "choices"), ("customer_groups", "*", "identities"), ("promises", "remind_at"),
    ("scripts", "*", "variants"), ("scripts", "*", "variables", "*", "choices"),
    ("guard", "override_by"), ("guard", "severity", "*", "codes"), ("guard", "severity", "*", "roles"),
}  # fmt: skip
"""Lists that services ask whether something is in them, or go through whole."""


def lists_of(kind: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The place of every list in the model but those inside conditions, which are told whole."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        for name, field in () if kind is When else kind.model_fields.items():
            yield from lists_of(field.annotation, (*place, field.alias or name))
        return
    if get_origin(kind) is tuple:
        yield place
    for part in get_args(kind):
        yield from lists_of(part, (*place, "*") if get_origin(kind) in (tuple, dict) else place)


def test_what_is_added_in_front_of_others_is_told_with_its_place() -> None:
    old, new, last = ({"id": name} for name in ("smtp", "smtp-new", "imap"))
    assert compare({"channels": [old]}, {"channels": [new, old, last]}) == [
        Change(("channels", "smtp-new"), "added", None, new),
        Change(("channels", "imap"), "added", None, last),
        Change(("channels", "smtp-new"), "moved", None, 1),
    ]
    assert [change.kind for change in compare({"labels": [{"name": "a"}]}, {"labels": [{"name": "b"}, {"name": "a"}]})] == ["added"]


def test_of_every_list_of_the_model_it_is_known_whether_its_order_decides() -> None:
    assert set(lists_of(BrandBook)) == IN_ORDER | ANY_ORDER


@pytest.mark.parametrize("place", sorted(IN_ORDER), ids=".".join)
def test_where_the_order_decides_it_is_told_beside_whatever_else_changed(place: tuple[str, ...]) -> None:
    def within(items: list[Any]) -> Any:
        found: Any = items
        for part in reversed(place):
            found = [found] if part == "*" else {part: found}
        return found

    a, b, c = ({"id": name, "when": {"channel": name}} for name in "abc")
    found = compare(within([a, b]), within([b, a, c]))
    assert [change.kind for change in found] == ["added", "moved"]


def test_two_rules_with_the_same_condition_are_two() -> None:
    rule = {"when": {"urgency": "high"}, "department": "a"}
    found = compare({"routing": [rule, rule]}, {"routing": [rule, rule | {"department": "b"}]})
    assert found == [Change(("routing", "urgency high (2)", "department"), "changed", "a", "b")]


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ({}, "always"),
        ({"urgency": "high"}, "urgency high"),
        ({"labels_any": ["a", "b"], "channel": "email"}, "labels a or b and channel email"),
    ],
)
def test_a_condition_in_words(when: dict[str, Any], said: str) -> None:
    assert condition_words(when) == said


def test_a_book_that_was_stored_before_a_field_was_there_differs_only_in_what_its_writer_changed() -> None:
    now = load_book(BOOK).model_dump(mode="json", by_alias=True)
    stored = {key: now[key] for key in sorted(now.keys() - {"survey"})}
    assert compare(as_read_today(stored), now) == []
    assert list(as_read_today(stored)) == list(now)


def test_a_stored_book_that_todays_rules_refuse_is_compared_as_it_is() -> None:
    stored = {"brand": "strand", "name": "", "languages": ["nl"]}
    assert as_read_today(stored) is stored
