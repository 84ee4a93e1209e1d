"""A first brand book from an interview: right whatever is answered, kept when it breaks off, and a mail to it has an owner."""

from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from cli import brand_new, main
from cli.errors import CommandError
from cli.interview import QUESTIONS, Answers, Unanswered, interview, slug_of
from libs.common.bookfile import load_book
from libs.common.brandbook import BrandBook
from libs.common.events import Author, Findings, Identity, Mention, TriagedMention, deterministic_id
from libs.common.hours import Calendar
from services.routing.case import opened
from services.routing.sla import Policy

MINE = {"name": "Café Zeester", "team": [{"first_name": "Guus"}], "mailbox": "klant@zeester.example"}


def answered(**more: Any) -> Answers:
    return interview(MINE | more, None, lambda _: None, lambda _: None)


def book(**more: Any) -> BrandBook:
    return load_book(brand_new.book_of(answered(**more)))


def run(*arguments: str | Path, typed: str = "") -> Any:
    return CliRunner().invoke(main.app, ["brand", "new", *map(str, arguments)], typed)


def test_a_name_a_colleague_and_a_mailbox_make_a_book() -> None:
    made = book()
    assert (made.brand, made.name, made.languages, made.pilot) == ("cafe-zeester", "Café Zeester", ("nl", "en"), True)
    assert [(m.id, m.first_name, m.initials, m.role) for m in made.team] == [("gu", "Guus", "gu", "lead")]
    imap, smtp = made.channels
    assert (imap.host, imap.port, imap.tls, imap.user, imap.secret, imap.folder) == (
        "imap.zeester.example",
        993,
        True,
        "klant@zeester.example",
        "file:cafe-zeester/mail",
        "INBOX",
    )
    assert (smtp.host, smtp.port, smtp.tls, smtp.sender) == (
        "smtp.zeester.example",
        587,
        "starttls",
        "Café Zeester <klant@zeester.example>",
    )


def test_every_answer_is_in_the_book() -> None:
    made = book(
        brand="zee",
        languages="nl, de",
        address_form="u",
        person="wij",
        signature="initials",
        timezone="Europe/Brussels",
        days="tue,thu-sat",
        hours=["10:00-12:00", "13:00-18:00"],
        holidays="de",
        region="by",
        reaction="30m",
        resolution="1d",
        departments=["care", "billing"],
        team=[
            {"first_name": "Guus", "initials": "gs", "id": "guus", "role": "agent", "departments": ["care"]},
            {"first_name": "Mila", "departments": "billing, care"},
        ],
        imap_port=143,
        smtp_port="465",
        pilot=False,
    )
    assert (made.brand, made.languages, made.voice.address_form, made.voice.person, made.timezone) == (
        "zee",
        ("nl", "de"),
        "u",
        "wij",
        "Europe/Brussels",
    )
    assert made.signature_style("email") == made.signature_style("review") == "initials"
    assert [len(blocks) for blocks in made.hours.week()] == [0, 2, 0, 2, 2, 2, 0]
    assert (made.hours.holidays.country, made.hours.holidays.region, made.hours.holidays.closed) == ("DE", "BY", True)
    assert [(str(t.reaction), str(t.resolution)) for t in made.targets] == [("30m", "1d")]
    assert {d.id: d.members for d in made.departments} == {"care": ("guus", "mi"), "billing": ("mi",)}
    assert (made.fallback, [channel.tls for channel in made.channels], made.pilot) == ("care", ["starttls", True], False)


def test_whoever_has_no_mailbox_yet_gets_a_book_without_accounts() -> None:
    assert (book(mailbox="").channels, book(holidays="none").hours.holidays.closed) == ((), False)


@pytest.mark.parametrize(
    ("mailbox", "host"),
    [("a@zeester.example", "imap.zeester.example"), ("a@gmail.com", "imap.gmail.com"), ("a@me.com", "imap.mail.me.com")],
)
def test_the_mail_server_is_guessed(mailbox: str, host: str) -> None:
    assert book(mailbox=mailbox).channels[0].host == host


@pytest.mark.parametrize(
    ("name", "slug"), [("Café Zeester", "cafe-zeester"), ("'t Vuur & Co.", "t-vuur-co"), ("東京", ""), ("a" * 80, "a" * 63)]
)
def test_a_slug_is_made_of_the_name(name: str, slug: str) -> None:
    assert slug_of(name) == slug


@settings(max_examples=60, deadline=None)
@given(name=st.text(min_size=1, max_size=40), first=st.text(min_size=1, max_size=20), user=st.text(min_size=1, max_size=20))
def test_whatever_is_typed_the_book_says_just_that(name: str, first: str, user: str) -> None:
    given = {"name": name, "brand": "zee", "team": [{"first_name": first, "initials": "gs"}], "mail_user": user, "mailbox": "a@b.example"}
    try:
        found = interview(given, None, lambda _: None, lambda _: None)
    except Unanswered:
        assert not all(text.strip() for text in (name, first, user))
        return
    if not all(character.isprintable() for character in name + first + user):
        return  # YAML keeps these too, escaped, and some are no characters at all
    made = load_book(brand_new.book_of(found))
    assert (made.name, made.team[0].first_name, made.channels[0].user) == (name.strip(), first.strip(), user.strip())


def mail(language: str, urgency: str, risk: list[str]) -> TriagedMention:
    at = datetime(2026, 11, 2, 9, tzinfo=UTC)
    author = Author(name="Sanne Visser", identities=[Identity(kind="email", value="sanne@klant.example")])
    mention = Mention(
        id=deterministic_id("zee", "email", "1"),
        brand="zee",
        channel="email",
        kind="mail",
        external_id="1",
        author=author,
        text="Is het terras open?",
        posted_at=at,
        received_at=at,
    )
    findings = Findings(
        language=language,
        language_confidence=1,
        sentiment="neutral",
        sentiment_score=0,
        sentiment_confidence=1,
        labels=[],
        urgency=urgency,
        risk=risk,
        model="test",
    )
    return TriagedMention(mention=mention, customer_id=mention.id, group_id=mention.id, findings=findings, triaged_at=at)


def test_any_mail_to_the_first_book_is_a_case_of_the_newcomer_with_two_clocks() -> None:
    made = book(brand="zee")
    policy = Policy(made, Calendar.of(made), 1)
    for language, urgency, risk in product(("nl", "en", "tr"), ("low", "normal", "high", "critical"), ([], ["press"], ["legal_threat"])):
        found = mail(language, urgency, risk)
        case = opened(policy, "zee", found.mention.id, [found], None, found.mention.received_at).case
        assert (case.state, case.owner, case.department, len(case.clocks)) == ("new", "gu", "webcare", 2), (language, urgency, risk)


def test_a_department_whose_cases_are_others_is_spoken_of_and_stays() -> None:
    said: list[str] = []
    team = [
        {"first_name": "Guus", "departments": ["care"]},
        {"first_name": "Mila", "role": "spokesperson", "departments": ["press"]},
    ]
    found = interview(MINE | {"departments": "care, billing, press", "team": team}, None, said.append, lambda _: None)
    assert said == [f"Nobody in {id} owns cases: those that go there are care's." for id in ("billing", "press")]
    assert [department.id for department in load_book(brand_new.book_of(found)).departments] == ["care", "billing", "press"]
    said.clear()
    interview(MINE | {"team": [{"first_name": "Guus", "departments": []}]}, None, said.append, lambda _: None)
    assert said == ["Nobody in webcare owns cases: those that go there are the whole team's."]


# --- asking -----------------------------------------------------------------------------------------------------------------------------


def test_a_wrong_answer_is_told_and_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    wrong = {
        "brand": ("Zee!", "slug"),
        "languages": ("dutch", "language code"),
        "address_form": ("jij", "je or u"),
        "timezone": ("Amsterdam", "time zone"),
        "days": ("weekdays", "mon-fri"),
        "hours": ("17:00-09:00", "ends before it starts"),
        "holidays": ("XX", "country"),
        "region": ("ZZ", "not known for NL"),
        "reaction": ("2y", "opening time"),
        "departments": ("a b", "an id"),
    }
    typed = ["Zeester"]
    for question in QUESTIONS[1:]:
        typed += [wrong[question.key][0], ""] if question.key in wrong else [""]
    typed += ["Guus", "g5", "gs", "", "baas", "spokesperson", "lead", "sales", "", "yes", "Mila", "GS", "mi", "", "", "", "no"]
    typed += ["klant at zeester", "klant@zeester.example", "", "70000", "", "", "", "", "", "", "", "maybe", "yes"]
    done = run(typed="\n".join(typed) + "\n")
    assert done.exit_code == 0, done.output
    for _, (_, said) in wrong.items():
        assert said in done.output
    assert all(said in done.output for said in ("one to four letters", "the first colleague owns cases", "there is no department 'sales'"))
    assert all(said in done.output for said in ("'GS' are a colleague's already", "an e-mail address", "1 to 65535", "yes or no"))
    made = load_book((tmp_path / "zeester.yaml").read_text())
    assert [(m.id, m.role) for m in made.team] == [("gs", "lead"), ("mi", "agent")]
    assert "weerklank apply zeester.yaml" in done.stdout
    assert "weerklank secret set zeester mail" in done.stdout


def test_an_interview_that_breaks_off_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "zee.yaml"
    broken = run(path, typed="Zeester\nzee\nnl\n")
    assert isinstance(broken.exception, CommandError)
    assert (broken.exception.code, path.exists()) == (1, False)
    assert f"{path}.unfinished" in str(broken.exception)
    done = run(path, typed="y\n" + "\n" * 11 + "Guus\n" + "\n" * 30)
    assert done.exit_code == 0, done.output
    made = load_book(path.read_text())
    assert (made.name, made.brand, made.languages, made.team[0].first_name) == ("Zeester", "zee", ("nl",), "Guus")
    assert [file.name for file in tmp_path.iterdir()] == ["zee.yaml"]


def test_whoever_said_that_the_team_is_complete_is_not_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "zee.yaml"
    run(path, typed="Zeester\n" + "\n" * 13 + "Guus\n" + "\n" * 4 + "no\nwrong@\n")
    resumed = run(path, typed="what\nyes\n" + "\n" * 3)
    assert resumed.exit_code == 0, resumed.output
    assert "must be yes or no, not 'what'" in resumed.output
    assert "Another colleague" not in resumed.output
    assert [member.first_name for member in load_book(path.read_text()).team] == ["Guus"]


def test_a_colleague_by_mistake_is_taken_out_again(tmp_path: Path) -> None:
    path = tmp_path / "zee.yaml"
    guus, mila = "Guus\n" + "\n" * 4, "Mila\n" + "\n" * 4
    typed = "-\n" + guus + "-\n" + guus + "yes\n-\n" + "yes\n" + mila + "maybe\n-\n" + "no\n"
    done = run(path, typed="Zeester\n" + "\n" * 13 + typed + "\n" * 3)
    assert done.exit_code == 0, done.output
    assert all(
        said in done.output for said in ("one colleague at least", "Guus is not in the team", "Mila is not in the team", "yes, no or -")
    )
    assert [member.first_name for member in load_book(path.read_text()).team] == ["Guus"]


def test_answers_of_an_interview_that_broke_off_are_answers_of_a_file_too(tmp_path: Path) -> None:
    path, kept = tmp_path / "zee.yaml", tmp_path / "zee.yaml.unfinished"
    run(path, typed="Zeester\n" + "\n" * 13 + "Guus\n" + "\n" * 4 + "no\nklant@zeester.example\n")
    assert run(path, "--answers", kept).exit_code == 0
    assert load_book(path.read_text()).channels[0].user == "klant@zeester.example"


def test_ctrl_c_keeps_what_was_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(text: str, default: str) -> str:
        if text.startswith("Time zone"):
            raise KeyboardInterrupt
        return default or "Zeester"

    monkeypatch.setattr(brand_new, "_ask", ask)
    with pytest.raises(CommandError, match="Broken off"):
        brand_new.new(tmp_path / "zee.yaml", None, force=False, data_dir=tmp_path)
    assert "address_form: je" in (tmp_path / "zee.yaml.unfinished").read_text()


def test_a_book_that_is_there_is_overwritten_only_after_a_yes(tmp_path: Path) -> None:
    path, answers = tmp_path / "zee.yaml", tmp_path / "answers.yaml"
    path.write_text("somebody's work\n")
    answers.write_text("name: Zeester\nteam: [{first_name: Guus}]\n")
    refused = run(path, "--answers", answers)
    assert isinstance(refused.exception, CommandError)
    assert (refused.exception.code, path.read_text()) == (2, "somebody's work\n")
    refused = run(path, typed="Zeester\n" + "\n" * 13 + "Guus\n" + "\n" * 7 + "n\n")
    assert (path.read_text(), "is there already and stays" in str(refused.exception)) == ("somebody's work\n", True)
    assert run(path, "--answers", answers, "--force").exit_code == 0
    assert load_book(path.read_text()).name == "Zeester"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("team: [{first_name: Guus}]", "name: must be answered"),
        ("name: Zee", "team: must be a list"),
        ("name: Zee\nteam: [Guus]", "team: must be a list"),
        ("name: Zee\nteam: [{initials: gs}]", "first_name: must be answered"),
        ("name: Zee\nteam: [{first_name: Guus}]\nreaction: soon", "reaction: must be a duration"),
        ("name: Zee\nteam: [{first_name: Guus}]\nmail_box: a@b.example", "no question 'mail_box' (there are: name, brand, "),
        (
            "name: Zee\nteam: [{first_name: Guus}, {first_name: Kim, rol: trainee}]",
            "team[1]: there is no question 'rol' (there are: first_name, initials, id, role, departments)",
        ),
        (
            "name: Zee\nteam: [{first_name: Guus}]\nmailbox: a@b.example\nimap_host: imap.b.example:993",
            "imap_host: must be a server's name",
        ),
        ("name: 東京\nteam: [{first_name: Guus}]", "brand: must be answered"),
        ("- name", "must hold answers"),
        ("name: [", "is not readable YAML"),
    ],
)
def test_answers_that_make_no_book_are_told(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "answers.yaml").write_text(text)
    refused = run(tmp_path / "zee.yaml", "--answers", tmp_path / "answers.yaml")
    assert isinstance(refused.exception, CommandError)
    assert refused.exception.code == 2
    assert said in str(refused.exception)
    assert not (tmp_path / "zee.yaml").exists()


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, ""),
        ({"imap_host": "192.168.1.4"}, "WEERKLANK_INGEST_MAIL_NETWORKS=192.168.1.4/32 "),
        (
            {"imap_host": "localhost", "imap_port": 1143, "smtp_host": "nas.local", "smtp_port": 1025},
            "WEERKLANK_INGEST_MAIL_NETWORKS=127.0.0.0/8,::1/128 WEERKLANK_INGEST_MAIL_PORTS=1143 "
            "WEERKLANK_RESPONDER_MAIL_NETWORKS=192.168.1.0/24 WEERKLANK_RESPONDER_MAIL_PORTS=1025 "
            "WEERKLANK_ROUTING_MAIL_NETWORKS=192.168.1.0/24 WEERKLANK_ROUTING_MAIL_PORTS=1025 ",
        ),
        ({"imap_port": 1143}, "WEERKLANK_INGEST_MAIL_PORTS=1143 "),
    ],
)
@pytest.mark.parametrize("runs", [False, True])
def test_the_commands_that_come_next_can_be_followed_as_they_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: dict[str, Any], told: str, runs: bool
) -> None:
    monkeypatch.setattr(brand_new.state, "is_locked", lambda data_dir: runs)
    monkeypatch.setattr(brand_new.state, "observe", lambda data_dir: {})
    monkeypatch.setenv("WEERKLANK_DATA_DIR", str(tmp_path))
    said = list(brand_new._said(answered(**more), tmp_path / "zee.yaml", tmp_path, stored=False))
    commands = [line.strip() for line in said[said.index("next:") + 1 :] if not line.strip().startswith("#")]
    start = ([] if not runs else ["weerklank down"] if told else []) + ([f"{told}weerklank up --detach"] if told or not runs else [])
    assert commands[: len(start) + 1] == [*start, f"weerklank apply {tmp_path}/zee.yaml"]
    assert ("SSL_CERT_FILE" in "".join(said)) == bool(told)
    assert ("is an example" in "".join(said)) == ("nas.local" in more.values())
