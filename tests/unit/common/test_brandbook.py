"""The brand book as people write it: what it defaults to, and what it says when something is wrong."""

import difflib
import json
import re
import time
from datetime import date
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import ValidationError
from ruamel.yaml import YAML

from libs.common.bookfile import book_json_schema, load_book
from libs.common.bookproblems import BrandBookError, Problem
from libs.common.brandbook import BrandBook
from libs.common.hours import Block, Span
from libs.common.rules import When, first_match

TODAY = date(2026, 6, 1)

SMALL = """\
brand: kaas
name: Kaashuis (example data)
languages: [nl, de]
"""

FULL = """\
brand: kaas
name: Kaashuis (example data)
languages: [nl, de]
timezone: Europe/Brussels
voice:
  person: wij
  signature: {x: none, default: optional}
conduct:
  may_promise: {lead: [{kind: compensation, up_to_eur: 12.5}]}
  limits: {mastodon: 480}
hours:
  mon-fri: ["09:00-12:30", "13:00-24:00"]
  wed: ["09:00-12:00"]
  holidays: {country: BE}
  exceptions: [{date: 2026-12-24, blocks: ["09:00-15:00"]}]
targets:
  - {when: {urgency: [critical, high]}, reaction: 15m, resolution: 1d}
  - {when: {}, reaction: 1h, resolution: 3d}
channels:
  - {id: mail, type: imap, host: imap.kaas.example, user: hulp@kaas.example, secret: "file:kaas/imap"}
  - {id: uit, type: smtp, host: smtp.kaas.example, from: "Kaashuis <hulp@kaas.example>", secret: "env:KAAS_SMTP"}
  - {id: prikbord, type: feed, url: "https://prikbord.kaas.example/rss", every: 10m, map: {text: body}}
identifiers: {order_number: '\\bK-\\d{6}\\b'}
labels:
  - {name: bezorging, department: logistiek}
  - {name: te laat, parent: bezorging, examples: ["waar blijft mijn kaas"]}
departments:
  - {id: winkel, members: [jd]}
  - {id: logistiek, name: Logistiek, email: logistiek@kaas.example, consult_within: 2h}
routing:
  - {when: {labels_any: [bezorging]}, department: logistiek, priority: high}
fallback: winkel
escalation: [{at: 50%, of: resolution, do: [notify_owner]}]
team:
  - {id: jd, first_name: Jo, initials: jd, role: lead}
hub:
  members: [{id: pers, roles: [spokesperson], notify: [{webhook: "env:KAAS_PERS"}, {email: pers@kaas.example}]}]
  scenarios: [{id: kaping, when: {insight: hijack}, tell: [spokesperson]}]
scripts:
  - {id: later, label: te laat, text: "{groet}, we zoeken het uit."}
retention: {mentions: 100d}
webcare_page: {intro: {nl: "Vraag maar."}}
"""


def load(text: str) -> BrandBook:
    return load_book(text, "kaas.yaml", TODAY)


def complaint(text: str) -> str:
    with pytest.raises(BrandBookError) as raised:
        load(text)
    assert raised.value.problems
    return str(raised.value)


def problems(text: str) -> list[Problem]:
    with pytest.raises(BrandBookError) as raised:
        load(text)
    return raised.value.problems


def test_a_book_needs_a_brand_a_name_and_languages_only() -> None:
    book = load(SMALL)
    assert (book.voice.address_form, book.voice.person, book.voice.wordplay) == ("je", "ik", "sparingly")
    assert book.timezone == "Europe/Amsterdam"
    assert book.pilot is True
    assert book.hours.mon == (Block(8 * 60, 22 * 60),)
    assert book.hours.sat == (Block(9 * 60, 13 * 60), Block(14 * 60, 17 * 60))
    assert book.hours.sun == ()
    assert [str(target.reaction) for target in book.targets] == ["10m", "4h", "30m"]
    assert (book.retention.cases, book.survey.window) == (Span(5, "y"), Span(30, "d"))
    assert (book.channels, book.team, book.labels, book.routing) == ((), (), (), ())
    assert book.conduct.may_promise == {}
    assert book.conduct.approvals[-1].by == ("self",)
    assert book.webcare_page.slug == "kaas"


def test_without_departments_the_whole_team_is_webcare() -> None:
    book = load(SMALL + "team: [{id: a, first_name: An, initials: an}, {id: b, first_name: Bo, initials: bo}]\n")
    department = book.department(book.fallback)
    assert department is not None
    assert (department.id, department.members) == ("webcare", ("a", "b"))


def test_departments_without_webcare_still_have_a_fallback() -> None:
    assert [d.id for d in load(SMALL + "departments: [{id: winkel}]\n").departments] == ["winkel", "webcare"]
    assert [d.id for d in load(SMALL + "departments: [{id: winkel}]\nfallback: winkel\n").departments] == ["winkel"]


def test_what_is_written_is_read() -> None:
    book = load(FULL)
    assert book.hours.tue == (Block(540, 750), Block(780, 1440))
    assert book.hours.wed == (Block(540, 720),)  # a day by itself wins over the range
    assert book.hours.sat == ()  # closed where nothing stands
    assert book.hours.exceptions[0].date == date(2026, 12, 24)
    assert book.channels[0].tls is True
    assert book.channels[1].tls == "starttls"
    assert book.channels[1].sender == "Kaashuis <hulp@kaas.example>"
    assert book.conduct.may_promise["lead"][0].up_to_eur == 12.5
    assert book.escalation[0].at == 50
    assert book.team[0].languages == ("nl", "de")  # the brand's
    assert book.scripts[0].language == "nl"  # the brand's first
    assert re.search(book.identifiers["order_number"], "over K-123456 graag")
    assert book.routing[0].when == When(labels_any=("bezorging",))
    found = first_match(book.targets, {"urgency": "high"})
    assert found is not None
    assert found.reaction == Span(15, "m")


def test_things_are_found_by_name() -> None:
    book = load(FULL)
    assert book.signature_style("twitter") == book.signature_style("x") == "none"
    assert book.signature_style("mastodon") == "initials"  # not written: its default
    assert book.signature_style("email") == "optional"
    assert (book.limit("x"), book.limit("mastodon"), book.limit("email")) == (280, 480, None)
    assert book.label_path("te laat") == ("te laat", "bezorging")
    assert book.label_path("onbekend") == ()
    member, department, label = book.member("jd"), book.department("logistiek"), book.label("bezorging")
    assert member is not None
    assert department is not None
    assert label is not None
    assert (member.initials, department.name, label.department) == ("jd", "Logistiek", "logistiek")
    assert (book.member("x"), book.department("x"), book.label("x")) == (None, None, None)


@pytest.mark.parametrize("text", [SMALL, FULL], ids=["small", "full"])
def test_a_book_survives_its_travel_as_json(text: str) -> None:
    book = load(text)
    assert BrandBook.from_json(book.to_json()) == book
    assert BrandBook.from_json(book.to_json().encode()) == book
    assert BrandBook.from_json(json.loads(book.to_json())) == book
    assert BrandBook.from_json(book.to_json()).to_json() == book.to_json()


@pytest.mark.parametrize("text", [SMALL, FULL], ids=["small", "full"])
def test_the_json_schema_accepts_what_the_model_accepts(text: str) -> None:
    schema = book_json_schema()
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    validator.validate(json.loads(load(text).to_json()))
    written = YAML(typ="safe").load(text)
    for exception in written.get("hours", {}).get("exceptions", []):
        exception["date"] = exception["date"].isoformat()
    validator.validate(written)
    assert not validator.is_valid({**written, "voic": {}})
    assert not validator.is_valid({**written, "voice": {"person": "zij"}})
    assert not validator.is_valid({**written, "hours": {"mon-fry": []}})


def test_a_book_from_the_wire_is_checked_too() -> None:
    broken = json.loads(load(FULL).to_json()) | {"fallback": "nergens"}
    for wire in (broken, json.dumps(broken), "{", "[]", "null"):
        with pytest.raises(BrandBookError) as raised:
            BrandBook.from_json(wire)
        assert all(problem.line is None for problem in raised.value.problems)


def test_a_book_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        load(SMALL).brand = "other"  # type: ignore[misc]


def test_a_key_with_nothing_after_it_keeps_its_default() -> None:
    assert load(SMALL + "team:\nvoice:\n  person:\nhours:\n  mon: ['09:00-17:00']\n  sun:\n").voice.person == "ik"
    assert "kaas.yaml:4: teem: is no field here; did you mean 'team'?" in complaint(SMALL + "teem:\n")


def test_every_problem_is_told_at_once_with_its_line() -> None:
    text = SMALL + "voice:\n  person: zij\n  smileyz: true\n\nhours:\n  mon-fri:\n    - '09:00-17:00'\n    - '16:00-25:00'\n"
    assert complaint(text).splitlines() == [
        "kaas.yaml:5: voice.person: must be ik or wij, not 'zij'",
        "kaas.yaml:6: voice.smileyz: is no field here; did you mean 'smileys'?",
        "kaas.yaml:11: hours.mon-fri[1]: must lie within 00:00-24:00, not '16:00-25:00'",
    ]


def test_problems_can_be_read_by_programs() -> None:
    with pytest.raises(BrandBookError) as raised:
        load("brand: kaas\nlanguages: [nl]\npilot: maybe\n")
    assert raised.value.problems == [
        Problem(None, "name", "is required"),
        Problem(3, "pilot", "must be true or false, not 'maybe'"),
    ]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("description: 5", "4: description: must be text, not 5 (put it in quotes)"),
        ("goals: snel", "4: goals: must be a list, such as [a, b], not 'snel'"),
        ("voice: [je]", "4: voice: must be fields with values, not a list"),
        ("timezone: Europe/Utrecht", "4: timezone: is no time zone"),
        ("timezone: ../etc", "4: timezone: is no time zone"),
        ("survey: {sample: 3}", "4: survey.sample: should be less than or equal to 1, not 3"),
        ("retention: {cases: 5 years}", "4: retention.cases: must be a duration such as 30m, 4h, 2d or 5y, not '5 years'"),
        ("retention: {mentions: 0d}", "4: retention.mentions: must be a duration such as 30m, 4h, 2d or 5y, not '0d'"),
        ("retention: {mentions: 23h}", "4: retention.mentions: 23h would be forgotten on the day on which it came; write 1d at least, such as 400d"),
        (
            "retention: {cases: 300d}",
            "4: retention.cases: 300d is less than mentions (400d), and a case holds them; write 400d at least, or less for mentions",
        ),
        ("retention: {mentions: 6y}", "4: retention.cases: 5y is less than mentions (6y)"),
        ("targets: [{reaction: 30}]", "4: targets[0].reaction: must be a duration"),
        ("targets: [{reaction: 1y}]", "4: targets[0].reaction: counts opening time"),
        ("targets: [{when: {urgncy: high}}]", "4: targets[0].when.urgncy: is no field here; did you mean 'urgency'?"),
        ("targets: [{when: {urgency: hihg}}]", "4: targets[0].when.urgency: must be critical, high, normal or low, not 'hihg'"),
        ("escalation: [{at: 0.8, do: [notify_owner]}]", "4: escalation[0].at: must be a share of the clock's time such as 80%"),
        (
            "escalation: [{at: 80%, do: [notify_lead], to: webcare}]",
            "4: escalation[0]: names the department 'webcare' and has no reassign among its steps, which alone gives a case to one",
        ),
        ("escalation: [{at: 80%, do: [shout]}]", "4: escalation[0].do[0]: must be notify_owner, raise_priority, notify_lead, return_to_queue"),
        ("webcare_page: {colour: blue}", "4: webcare_page.colour: must be a colour such as #0a6ebd, not 'blue'"),
        ("channels: [{id: m, type: imap}]", "4: channels[0]: a channel of type imap needs host and user and secret"),
        ("channels: [{id: f, type: feed, url: ftp://a}]", "4: channels[0].url: must be an address that starts with https://"),
        ("channels: [{id: f, type: x, tls: maybe}]", "4: channels[0].tls: must be true, false or starttls, not 'maybe'"),
        ("channels: [{id: f, type: x, port: 0}]", "4: channels[0].port: should be greater than or equal to 1, not 0"),
        ("hours: {mon: ['22:00-02:00']}", "4: hours.mon[0]: ends before it starts"),
        ("hours: {mon: ['09:00-12:00', '11:00-13:00']}", "4: hours.mon: blocks overlap: 09:00-12:00 and 11:00-13:00"),
        ("hours: {mon-wed: ['09:00-12:00'], wed-fri: []}", "4: hours: wed stands in both"),
        ("hours: {maandag: []}", "4: hours.maandag: is no field here"),
        ("hours: {holidays: {country: nl}}", "4: hours.holidays.country: must be a country code whose holidays are known"),
        ("hours: {holidays: {country: DE, region: XX}}", "4: hours.holidays: region 'XX' is not known for DE"),
        ("hours: {exceptions: [{date: 20261224}]}", "4: hours.exceptions[0].date: must be a date such as 2026-12-24, not 20261224"),
        ("hours: {exceptions: [{date: 2026-13-24}]}", "4: hours.exceptions[0].date: cannot be read: month must be in 1..12"),
        ("hours: {mon-sun: []}", "4: hours: kaas is never open in the two years from 2026-06-01"),
        ("channels: [{id: m, type: x, secret: 'env:ANDERS_X'}]", "4: channels[0].secret: the secret env:ANDERS_X is not one of this brand"),
        ("channels: [{id: m, type: x, secret: 'env:WEERKLANK_X'}]", "4: channels[0].secret: the secret env:WEERKLANK_X is not one"),
        (
            "hub: {members: [{id: a, notify: [{webhook: 'file:anders/x'}]}]}",
            "4: hub.members[0].notify[0].webhook: the secret file:anders/x is not one of this brand",
        ),
        ("channels: [{id: m, type: smtp, from: a@b.example, host: 'mail.example:25'}]", "4: channels[0].host: must be a server's name"),
        ("channels: [{id: m, type: smtp, from: a@b.example, host: 'a b'}]", "4: channels[0].host: must be a server's name or address"),
        ("targets: [{reaction: 367d}]", "4: targets[0].reaction: must be at most 366d, not 367d"),
        (
            "hours: {mon: ['09:00-09:10']}\ntargets: [{resolution: 1d}, {reaction: 20h}]",
            "5: targets[1].reaction: 20h of opening time take more than the two years after 2026-06-01",
        ),
        ("hub: {members: [{id: a, notify: [{}]}]}", "4: hub.members[0].notify[0]: needs one of email, webhook, mattermost, slack and teams"),
        ("team: [{id: a, first_name: An, initials: a1}]", "4: team[0].initials: must be one to four letters, such as gs, not 'a1'"),
        # what does not fit together
        ("fallback: winkel", "4: fallback: there is no department 'winkel' (there are none)"),
        ("routing: [{department: webcara}]", "4: routing[0].department: there is no department 'webcara'; did you mean 'webcare'?"),
        ("labels: [{name: a, department: b}]", "4: labels[0].department: there is no department 'b'"),
        ("labels: [{name: a, parent: b}]", "4: labels[0].parent: there is no label 'b'"),
        ("labels: [{name: a, parent: b}, {name: b, parent: a}]", "4: labels[0].parent: label 'a' is its own ancestor"),
        ("labels: [{name: a}, {name: a}]", "4: labels[1].name: 'a' is used more than once"),
        ("departments: [{id: webcare, members: [zz]}]", "4: departments[0].members[0]: there is no team member 'zz'"),
        ("departments: [{id: a}, {id: a}]", "4: departments[1].id: 'a' is used more than once"),
        (
            "team: [{id: a, first_name: An, initials: aa}, {id: b, first_name: Bo, initials: AA}]",
            "4: team[1].initials: 'aa' is used more than once",
        ),
        ("scripts: [{id: a, label: b, text: c}]", "4: scripts[0].label: there is no label 'b'"),
        ("targets: [{when: {labels_any: [b]}}]", "4: targets[0].when.labels_any: there is no label 'b'"),
        ("targets: [{when: {department: b}}]", "4: targets[0].when.department: there is no department 'b'"),
        ("hub: {scenarios: [{id: a, when: {}, tell: [pers]}]}", "4: hub.scenarios[0].tell[0]: there is no person with the role 'pers'"),
        ("channels: [{id: a, type: x}, {id: a, type: y}]", "4: channels[1].id: 'a' is used more than once"),
        ("hours: {mon: ['09:00-17:00'], exceptions: [{date: 2026-12-24}, {date: 2026-12-24}]}", "4: hours.exceptions[1].date: '2026-12-24'"),
        # YAML itself
        ("pilot: true\npilot: false", "5: pilot: is written twice, first on line 4"),
        ("voice:\n  person: ik\n  person: wij", "6: voice.person: is written twice, first on line 5"),
        ("goals: [a", "is not readable YAML"),
        ("goals: *nowhere", "4: is not readable YAML: found undefined alias 'nowhere'"),
        ("goals: !!python/name:os.system x", "4: goals: has the tag"),
        ("voice: {5: x}", "4: voice: has a key that is not text: '5'; put it in quotes"),
        ("voice: {[a]: x}", "4: voice: has a key that is not text"),
        ("goals: &a [*a]", "4: has more than 30 levels once its aliases are followed"),
        ("---\nbrand: two", "is not readable YAML"),
        ("goals: \x00", "is not readable YAML"),
        ('goals: ["a\\0b"]', "goals[0]: holds U+0000, which is no character that text can hold"),
        ('goals: ["a\\uD800b"]', "goals[0]: holds U+D800"),
        ('identifiers: {"a\\0b": x}', "identifiers: holds U+0000"),
        ("conduct: {limits: {twitter: 99999999999999999999}}", "conduct.limits.twitter: "),
    ],
)  # fmt: skip
def test_a_problem_names_its_line_its_field_and_the_way_out(more: str, says: str) -> None:
    told = complaint(f"{SMALL}{more}\n")
    assert says in told
    assert told.startswith("kaas.yaml:")


def test_what_does_not_fit_together_is_told_in_the_same_round_as_wrong_fields() -> None:
    more = "pilot: maybe\nlabels: [{name: a, parent: b}]\nteam: [{id: a}]\ndepartments: [{id: webcare, members: [zz]}]\nfallback: winkel\n"
    assert complaint(SMALL + more).splitlines() == [
        "kaas.yaml:4: pilot: must be true or false, not 'maybe'",
        "kaas.yaml:5: labels[0].parent: there is no label 'b' (there are: a)",
        "kaas.yaml:6: team[0].first_name: is required",
        "kaas.yaml:6: team[0].initials: is required",
        "kaas.yaml:8: fallback: there is no department 'winkel' (there are: webcare)",
    ]


@pytest.mark.parametrize("name", [line.partition(":")[0] for line in FULL.splitlines() if line[0].isalpha()])
@pytest.mark.parametrize("instead", ["{name}: 5", "{name}x: []", "x: 5"])
def test_a_wrong_field_makes_no_other_field_wrong(name: str, instead: str) -> None:
    """In a book that fits together, whatever else refers to what the field held."""
    without = re.sub(rf"^{name}:.*\n(?:  .*\n)*", instead.format(name=name) + "\n", FULL, flags=re.MULTILINE)
    told = {problem.field.partition(".")[0].partition("[")[0] for problem in problems(without)}
    assert told <= {name, f"{name}x", "x"}


def test_triages_own_departments_can_stand_in_a_condition() -> None:
    assert load(SMALL + "routing: [{when: {department: security}, department: webcare}]\n").routing


@pytest.mark.parametrize("text", ["", "# nothing\n", "- brand\n", "kaas\n", "null\n"])
def test_a_file_without_fields_is_told_apart(text: str) -> None:
    assert complaint(text) == "kaas.yaml: must be fields with values, such as `brand: vaart`"


@pytest.mark.parametrize("secret", ["hunter2", "env:", "env:A B", "file:", "file:../../etc/passwd", "file:a/../b", "vault:x", "12345"])
def test_a_secret_is_a_reference_and_never_shown(secret: str) -> None:
    told = complaint(f"{SMALL}channels: [{{id: a, type: x, secret: {json.dumps(secret)}}}]\n")
    assert "4: channels[0].secret: must be a reference, env:NAME or file:name" in told
    assert secret in ("env:", "file:") or secret not in told
    assert "hunter" not in complaint(f"{SMALL}hub: {{members: [{{id: a, notify: [{{webhook: [hunter]}}]}}]}}\n")


@pytest.mark.parametrize("secret", ["env:KAAS_TOKEN", "file:kaas-token", "file:kaas/token.txt"])
def test_references_to_secrets(secret: str) -> None:
    assert load(f"{SMALL}channels: [{{id: a, type: x, secret: '{secret}'}}]\n").channels[0].secret == secret


@pytest.mark.parametrize(
    "pattern",
    [
        r"\b40\d{6}\b",
        r"\bVA-\d{7}\b",
        r"\bVA-?\d{4,9}\b",
        r"(?i)(?:order|bestelling)\s?#?(\d{5,8})",
        r"[A-Z]{2}\d{2}(?: ?\w{4}){3}",
        r"\bK\d+\b",
    ],
)
def test_ordinary_identifiers_are_accepted_and_fast_on_hostile_text(pattern: str) -> None:
    book = load(f"{SMALL}identifiers: {{nummer: '{pattern}'}}\n")
    compiled = re.compile(book.identifiers["nummer"])
    began = time.process_time()
    for hostile in ("1" * 5000, "40" * 2500, "K1" * 2500 + "-", " " * 5000, "AB12" * 1250, "order " * 1000):
        list(compiled.finditer(hostile))
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("(", "is no regular expression"),
        (r"(a+)+b", "can take very long"),
        (r"(a|aa)+b", "can take very long"),
        (r"(?:\w+\s?)*:", "can take very long"),
        (r"\d*\d*\d*X", "can take very long"),
        (r".*\d.*X", "can take very long"),
        (r"(\d{1,50}){1,50}X", "can take very long"),
        (r"(?=(\w+\s?)+$)X", "can take very long"),
        (r"\d*", "matches empty text"),
        ("a" * 201, "is longer than 200 characters"),
    ],
)
def test_a_pattern_that_a_stranger_could_use_against_us_is_refused(pattern: str, says: str) -> None:
    assert says in complaint(f"{SMALL}identifiers: {{nummer: '{pattern}'}}\n")


@pytest.mark.parametrize("field", ["forbidden_words", "competitors", "official_names"])
def test_lists_that_every_reply_is_searched_for_end_somewhere(field: str) -> None:
    most = load(f"{SMALL}voice: {{{field}: [{', '.join(f'w{number}' for number in range(1_000))}]}}\n")
    assert len(getattr(most.voice, field)) == 1_000
    more = complaint(f"{SMALL}voice: {{{field}: [{', '.join(f'w{number}' for number in range(1_001))}]}}\n")
    assert f"voice.{field}: may have 1000 values at most, not 1001" in more
    assert "100 characters" in complaint(f"{SMALL}voice: {{{field}: [{'w' * 101}]}}\n")


def test_of_very_many_problems_the_first_hundred_are_told_and_no_more_are_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []
    monkeypatch.setattr(difflib, "get_close_matches", lambda name, *_, **__: compared.append(name) or [])
    for wrong in (
        {"departments": [{"id": "webcare", "members": [f"nobody{n}" for n in range(20_000)]}]},
        {f"field{n}": 1 for n in range(20_000)},
    ):
        compared.clear()
        with pytest.raises(BrandBookError) as found:
            BrandBook.from_json({"brand": "kaas", "name": "Kaashuis", "languages": ["nl"], **wrong})
        assert len(found.value.problems) == 101
        assert "has more than 100 problems" in str(found.value)
        assert len(compared) <= 102


def test_a_name_is_compared_with_so_many_others_only() -> None:
    initials = map("".join, product("abcdefgh", repeat=3))
    team = [{"id": f"m{n}", "first_name": "Mila", "initials": next(initials)} for n in range(201)]
    book = {
        "brand": "kaas",
        "name": "Kaashuis",
        "languages": ["nl"],
        "team": team,
        "departments": [{"id": "webcare", "members": ["nobody"]}],
    }
    with pytest.raises(BrandBookError, match=r"there is no team member 'nobody' \(there are 201\)"):
        BrandBook.from_json(book)


def test_only_labels_that_lead_back_to_themselves_are_their_own_ancestors() -> None:
    labels = [
        {"name": "a", "parent": "b"},
        {"name": "b", "parent": "c"},
        {"name": "c", "parent": "b"},
        {"name": "d", "parent": "d"},
        {"name": "e"},
    ]
    with pytest.raises(BrandBookError) as found:
        BrandBook.from_json({"brand": "kaas", "name": "Kaashuis", "languages": ["nl"], "labels": labels})
    assert [problem.field for problem in found.value.problems] == ["labels[1].parent", "labels[2].parent", "labels[3].parent"]


def test_a_book_has_fifty_identifiers_at_most() -> None:
    said = complaint(f"{SMALL}identifiers: {{{', '.join(f'n{number}: x{number}' for number in range(51))}}}\n")
    assert "identifiers: may have 50 values at most, not 51" in said


def test_anchors_and_merges_can_be_used() -> None:
    book = load(
        SMALL
        + "targets:\n  - &slow {when: {channel: email}, reaction: 4h, resolution: 2d}\n"
        + "  - {<<: *slow, when: {channel: forum}, reaction: 8h}\n"
    )
    assert (book.targets[1].reaction, book.targets[1].resolution) == (Span(8, "h"), Span(2, "d"))
    assert book.targets[1].when == When(channel="forum")


def test_a_file_that_unfolds_to_billions_is_refused_quickly() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))
    began = time.process_time()
    assert "more than 200000 values" in complaint(bomb)
    assert time.process_time() - began < 10


@pytest.mark.parametrize("text", ["goals: " + "[" * 5000, "goals: " + "{a: " * 2000, "- " * 4000])
def test_deep_nesting_is_refused(text: str) -> None:
    assert "more than 30 levels" in complaint(text)


@pytest.mark.parametrize("text", ["goals: [" + "1," * 500_000, "a: 1\n" * 100_000])
def test_more_than_a_book_can_hold_is_not_read_to_its_end(text: str) -> None:
    assert "more than 30000 words and signs" in complaint(text)


def test_a_huge_file_is_refused_before_it_is_read() -> None:
    assert complaint("x" * (1024 * 1024 + 1)) == "kaas.yaml: is larger than 1024 KiB; a brand book is a few pages"


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_a_book_or_a_readable_error(text: str) -> None:
    with pytest.raises(BrandBookError):
        load(text)


VALUES = st.sampled_from(
    ["", "5", "true", "~", "[]", "{}", "[[]]", "[{}]", "[5]", "{a: b}", "x", "''", "-1", ".nan", "1e999", "2026-01-01", "{5: 5}", "[a, a]"]
)


@settings(max_examples=300, deadline=None)
@given(line=st.integers(0, FULL.count("\n") - 1), value=VALUES)
def test_any_value_in_any_place_is_read_or_told_with_its_line(line: int, value: str) -> None:
    lines = FULL.splitlines()
    head = re.match(r"(\s*(?:- )?(?:\{\w+|[\w-]+):)", lines[line])
    if head is None:
        return
    lines[line] = f"{head[1]} {value}" + ("}" if "{" in head[1] else "")
    told: str | None = None
    try:
        book = load("\n".join(lines))
    except BrandBookError as error:
        told = str(error)
    if told is None:
        assert BrandBook.from_json(book.to_json()) == book
    else:
        assert all(line.startswith("kaas.yaml") for line in told.splitlines())


def test_a_problem_names_no_field_in_a_way_that_a_terminal_obeys() -> None:
    said = complaint(SMALL + '"\\e[2J": 1\n')
    assert "\x1b" not in said
    assert "is no field here" in said
