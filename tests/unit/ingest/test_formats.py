"""Files as people have them. All rows are invented."""

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.ingest import formats
from services.ingest.formats import Parsed, Unmapped, format_of, moment, parse
from services.ingest.mail import read_mail


def csv_file(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "file.csv"
    path.write_bytes(text.encode(encoding))
    return path


def one(path: Path, **mapping: str) -> Any:
    (found,) = parse(path, "csv", "twitter", mapping)
    assert found.mention is not None, found.problem
    return found.mention


def test_columns_are_found_by_name(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path, "tweet_id,airline,retweet_count,text,tweet_created\n57,Duif,3,@duif waar is mijn koffer?,2026-02-24 11:35:52 -0800\n"
    )
    found = one(path)
    assert (found.external_id, found.text, found.engagement.shares) == ("57", "@duif waar is mijn koffer?", 3)
    assert found.posted_at == datetime(2026, 2, 24, 19, 35, 52, tzinfo=UTC)


def test_rows_without_an_author_are_from_people_who_have_nothing_to_do_with_one_another(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "text,date\na,2026-01-01\nb,2026-01-01\n")
    identities = [item.mention.author.identities[0] for item in parse(path, "csv") if item.mention]
    assert [identity.kind for identity in identities] == ["id", "id"]
    assert identities[0].value != identities[1].value


def test_a_mapping_goes_before_names(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "text,opmerking,wie,wanneer\nkop,inhoud,@Noor,01-03-2026 14:05\n")
    found = one(path, text="opmerking", author="wie", posted_at="wanneer", title="text")
    assert (found.text, found.title, found.author.identities[0].value) == ("inhoud", "kop", "@Noor")
    assert found.posted_at == datetime(2026, 3, 1, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_separator_and_character_set_are_found(tmp_path: Path, delimiter: str, encoding: str) -> None:
    row = delimiter.join(['"één, twee; drie | €\nvier ""vijf"""', "2026-01-01"])
    path = csv_file(tmp_path, f"tekst{delimiter}datum\r\n{row}\r\n", encoding)
    assert one(path).text == 'één, twee; drie | €\nvier "vijf"'


@pytest.mark.parametrize(
    ("text", "mapping", "names"),
    [
        ("a,b\n1,2\n", {}, "text"),
        ("text,b\n1,2\n", {}, "posted_at"),
        ("text,date\n1,2\n", {"text": "weg"}, "weg"),
        ("text,date\n1,2\n", {"tekst": "text"}, "tekst"),
        ("", {}, "text"),
    ],
)
def test_a_column_that_is_missing_is_named(tmp_path: Path, text: str, mapping: dict[str, str], names: str) -> None:
    with pytest.raises(Unmapped, match=names):
        list(parse(csv_file(tmp_path, text), "csv", None, mapping))


def test_a_bad_row_is_told_with_its_line_and_does_not_stop_the_rest(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path,
        'text,date,likes\ngoed,2026-01-01,1\n"over\ntwee regels",gisteren,1\n\n,2026-01-01,1\ngoed,2026-01-01,veel\nkort\ngoed,2026-01-01\n',
    )
    found = list(parse(path, "csv"))
    assert [(item.at, item.mention is not None) for item in found] == [
        ("line 2", True), ("line 3", False), ("line 6", False), ("line 7", False), ("line 8", False), ("line 9", True),
    ]  # fmt: skip
    assert all(item.problem for item in found if item.mention is None)


def test_a_quote_that_nobody_closed_ends_somewhere(tmp_path: Path) -> None:
    path = csv_file(tmp_path, 'text,date\n"nooit dicht,2026-01-01\n' + "x,2026-01-01\n" * 200_000)
    assert any(item.problem for item in parse(path, "csv"))


def test_a_quote_that_nobody_closed_in_the_columns_names_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unmapped, match="quote"):
        list(parse(csv_file(tmp_path, 'text,"date\n' + "x,2026-01-01\n" * 200_000), "csv"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T14:05:06Z", datetime(2026, 3, 1, 14, 5, 6, tzinfo=UTC)),
        ("2026-03-01 14:05:06 +0100", datetime(2026, 3, 1, 14, 5, 6, tzinfo=timezone(timedelta(hours=1)))),
        ("2026-03-01 14:05:06 UTC", datetime(2026, 3, 1, 14, 5, 6, tzinfo=UTC)),
        ("1-3-2026 14:05", datetime(2026, 3, 1, 14, 5, tzinfo=UTC)),
        ("01/03/2026", datetime(2026, 3, 1, tzinfo=UTC)),
        ("Sun, 01 Mar 2026 14:05:06 +0100", datetime(2026, 3, 1, 13, 5, 6, tzinfo=UTC)),
        ("Sun Mar 01 14:05:06 +0000 2026", datetime(2026, 3, 1, 14, 5, 6, tzinfo=UTC)),
        ("1772373906", datetime(2026, 3, 1, 14, 5, 6, tzinfo=UTC)),
        ("1772373906000", datetime(2026, 3, 1, 14, 5, 6, tzinfo=UTC)),
    ],
)
def test_dates_are_read_as_people_write_them(value: str, expected: datetime) -> None:
    assert moment(value, UTC) == expected


@pytest.mark.parametrize(
    "value", ["", "gisteren", "31-31-2026", "02/24/2026", "2026-13-01", "1" * 30, "99999999999999", "2026" + " " * 900_000 + "x"]
)
def test_a_date_that_could_be_another_is_not_guessed(value: str) -> None:
    with pytest.raises(ValueError, match="posted_at"):
        moment(value, UTC)


def test_a_time_without_offset_is_in_the_zone_given() -> None:
    assert moment("2026-07-01 12:00", ZoneInfo("Europe/Amsterdam")) == datetime(2026, 7, 1, 10, tzinfo=UTC)


MENTION = {
    "channel": "forum",
    "author": {"identities": [{"kind": "handle", "value": "noor"}]},
    "text": "hoi",
    "posted_at": "2026-01-01T00:00:00Z",
}


def test_json_lines_are_mentions_as_the_api_takes_them(tmp_path: Path) -> None:
    path = tmp_path / "file.jsonl"
    rows = [
        json.dumps(MENTION),
        "",
        "{",
        "[]",
        json.dumps(MENTION | {"id": 1}),
        json.dumps({k: v for k, v in MENTION.items() if k != "channel"}),
    ]
    path.write_bytes(b"\xef\xbb\xbf" + "\n".join([*rows, '"' + "x" * 1_100_000 + '"', json.dumps(MENTION)]).encode())
    found = list(parse(path, "jsonl", "review"))
    assert [(item.at, item.mention.channel if item.mention else None) for item in found] == [
        ("line 1", "forum"), ("line 3", None), ("line 4", None), ("line 5", None), ("line 6", "review"), ("line 7", None), ("line 8", "forum"),
    ]  # fmt: skip


def test_json_of_another_shape_is_mapped_by_dotted_paths(tmp_path: Path) -> None:
    path = tmp_path / "file.jsonl"
    path.write_text(json.dumps({"post": {"body": "hoi", "at": 1772373906}, "user": {"name": "noor"}}))
    (found,) = parse(path, "jsonl", "forum", {"text": "post.body", "posted_at": "post.at", "author": "user.name"})
    assert found.mention is not None
    assert (found.mention.text, found.mention.author.identities[0].value) == ("hoi", "noor")


def test_a_folder_of_mails_and_a_mailbox_of_the_same_mails_are_the_same_mentions(tmp_path: Path) -> None:
    mails = [b"From: a@b.example\nSubject: een\n\nFrom hier\n", b"From: c@b.example\nSubject: twee\nAuto-Submitted: auto-replied\n\nhoi\n"]
    for number, mail in enumerate(mails):
        (tmp_path / f"{number}.eml").write_bytes(mail.replace(b"\n", b"\r\n"))
    box = tmp_path / "box.mbox"
    box.write_bytes(b"\n".join(b"From x Mon Feb  2 13:47:09 2026\n" + mail.replace(b"\nFrom ", b"\n>From ") for mail in mails))
    folder, mailbox = list(parse(tmp_path, "eml")), list(parse(box, "mbox"))
    assert [_id(item) for item in folder] == [_id(item) for item in mailbox]
    assert [item.automatic for item in folder] == [False, True]
    assert [item.at for item in mailbox] == ["line 1", "line 7"]


def test_a_mail_that_nobody_can_read_costs_only_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails_on_the_first(raw: bytes, **given: Any) -> Any:
        if b"noor" in raw:
            raise IndexError("noor@post.example")
        return read_mail(raw, **given)

    monkeypatch.setattr(formats, "read_mail", fails_on_the_first)
    for number, author in enumerate((b"noor", b"sam")):
        (tmp_path / f"{number}.eml").write_bytes(b"From: %s@post.example\n\nhoi\n" % author)
    first, second = parse(tmp_path, "eml")
    assert (first.at, first.problem) == ("0.eml", "The mail cannot be read (IndexError).")
    assert second.mention is not None
    assert "noor" not in caplog.text


def _id(item: Parsed) -> str | None:
    assert item.mention is not None
    return item.mention.external_id


@pytest.mark.parametrize(("name", "expected"), [("a.csv", "csv"), ("a.NDJSON", "jsonl"), ("a.eml", "eml"), ("a.mbox", "mbox")])
def test_a_name_tells_the_format(name: str, expected: str) -> None:
    assert format_of(Path(name)) == expected
