"""Publishing a brand book over what others published, and going back to a version that today's rules may refuse."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from cli import applying, books
from cli.client import Client
from cli.errors import FAILED, NOTHING_RUNS, CommandError, Refused
from libs.common.bookfile import load_book

BOOK = "brand: strand\nname: Strand\nlanguages: [nl]\n"


class Kept:
    """Routing with these sources as versions, each published by another colleague; it notes what is published."""

    def __init__(self, data_dir: Path, *sources: str) -> None:
        self.data_dir = data_dir
        self.sources = list(sources)
        self.published: list[dict[str, Any]] = []

    def elsewhere(self, service: str) -> None:
        return None

    def told(self, version: int) -> dict[str, Any]:
        by = {"published_by": f"colleague-{version}", "published_at": "2026-11-27T15:00:00Z", "fields": ["name"], "note": None}
        source = self.sources[version - 1]
        return {"version": version, "source": source, "book": load_book(source).model_dump(mode="json", by_alias=True)} | by

    def get(self, service: str, path: str, brand: str) -> dict[str, Any]:
        last = path.removeprefix("/v1/brands/strand/book").removeprefix("/versions/")
        return self.told(int(last) if last else len(self.sources))

    def items(self, service: str, path: str, brand: str, **request: Any) -> list[dict[str, Any]]:
        assert path == "/v1/brands/strand/book/versions"
        return [self.told(version) for version in range(len(self.sources), 0, -1)]

    def send(self, service: str, method: str, path: str, brand: str, **request: Any) -> httpx.Response:
        assert service == "ingest"
        return httpx.Response(202)

    def call(self, service: str, method: str, path: str, brand: str, **request: Any) -> dict[str, Any]:
        stands, source = len(self.sources), request["content"].decode()
        changed = not self.sources or source != self.sources[-1]
        if changed and not request["params"]["dry_run"]:
            if request["headers"].get("if-match", '"0"') != f'"{stands}"':
                raise Refused("routing: stale", 412, {})
            self.sources.append(source)
            self.published.append(request)
        return {"version": len(self.sources), "changed": changed, "fields": ["name"] if changed else [], "changes": [], "cases": None}


@pytest.fixture
def apply(tmp_path: Path) -> Callable[..., None]:
    def run(kept: Kept, source: str, **options: Any) -> None:
        (tmp_path / "book.yaml").write_text(source)
        applying.apply(cast(Client, kept), tmp_path / "book.yaml", **{"dry_run": False, **options})

    return run


MINE, THEIRS = BOOK.replace("Strand", "Mine"), BOOK.replace("Strand", "Theirs")


def test_what_a_colleague_published_since_the_last_look_is_not_overwritten_unseen(tmp_path: Path, apply: Callable[..., None]) -> None:
    kept = Kept(tmp_path)
    apply(kept, BOOK)
    kept.sources.append(THEIRS)
    for publish in (lambda: apply(kept, MINE), lambda: books.rollback(cast(Client, kept), "strand", 1, dry_run=False, note=None)):
        with pytest.raises(CommandError) as refused:
            publish()
        assert refused.value.code == 2
        for told in (
            "strand is at version 2, and this was written from version 1.",
            "version 2, by colleague-2 2026-11-27 15:00 UTC: name",
            "weerklank book diff --brand strand 1 2",
            "--onto 2",
        ):
            assert told in str(refused.value)
    assert kept.sources == [BOOK, THEIRS]


LOOKS: dict[str, Callable[[Any], object]] = {
    "book show": lambda kept: books.show(kept, "strand", None),
    "book diff": lambda kept: books.diff(kept, "strand", 1, 2),
    "a dry run of a rollback": lambda kept: books.rollback(kept, "strand", 1, dry_run=True, note=None),
}


@pytest.mark.parametrize("look", LOOKS)
def test_whoever_has_looked_goes_on(look: str, tmp_path: Path, apply: Callable[..., None]) -> None:
    kept = Kept(tmp_path)
    apply(kept, BOOK)
    kept.sources.append(THEIRS)
    LOOKS[look](kept)
    apply(kept, MINE)
    assert kept.published[-1]["headers"]["if-match"] == '"2"'


def test_an_earlier_version_that_was_looked_at_is_not_the_newest(tmp_path: Path, apply: Callable[..., None]) -> None:
    kept = Kept(tmp_path)
    apply(kept, BOOK)
    kept.sources.append(THEIRS)
    books.show(cast(Client, kept), "strand", 1)
    with pytest.raises(CommandError, match="is at version 2"):
        apply(kept, MINE)


def test_a_dry_run_says_what_it_compared_with_and_is_a_look(
    tmp_path: Path, apply: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    kept = Kept(tmp_path)
    apply(kept, BOOK)
    kept.sources.append(THEIRS)
    apply(kept, MINE, dry_run=True)
    assert "Compared with version 2, which colleague-2 published 2026-11-27 15:00 UTC." in capsys.readouterr().out
    apply(kept, MINE)
    assert kept.sources[-1] == MINE


def test_a_book_that_changes_nothing_and_must_be_told_anew_says_so(
    tmp_path: Path, apply: Callable[..., None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = Kept(tmp_path, BOOK)
    anew = {"version": 1, "changed": True, "fields": [], "changes": [], "cases": None}
    monkeypatch.setattr(kept, "call", lambda *_, **request: anew | ({} if request["params"]["dry_run"] else {"version": 4}))
    apply(kept, BOOK, dry_run=True)
    said = capsys.readouterr().out
    assert "Would change nothing." in said
    assert "as a new version" in said
    apply(kept, BOOK)
    assert "strand: published as version 4, over version 1 by colleague-1 of 2026-11-27 15:00 UTC (the first)\n" in capsys.readouterr().out


def test_a_book_that_a_colleague_published_just_so_is_unchanged(
    tmp_path: Path, apply: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    kept = Kept(tmp_path)
    apply(kept, BOOK)
    kept.sources.append(THEIRS)
    apply(kept, THEIRS)
    assert (kept.sources, "unchanged, version 2" in capsys.readouterr().out) == ([BOOK, THEIRS], True)


def test_a_version_may_be_named_that_is_replaced_and_no_other_is(tmp_path: Path, apply: Callable[..., None]) -> None:
    kept = Kept(tmp_path)
    apply(kept, BOOK)
    kept.sources += [THEIRS, BOOK]
    for onto in (2, 4):
        with pytest.raises(CommandError, match="is at version 3") as refused:
            apply(kept, MINE, onto=onto)
        assert refused.value.code == 2
    apply(kept, MINE, onto=3)
    assert kept.published[-1]["headers"]["if-match"] == '"3"'


def test_on_a_new_machine_it_is_said_whose_version_is_replaced(
    tmp_path: Path, apply: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    kept = Kept(tmp_path, BOOK, THEIRS)
    apply(kept, MINE)
    replaced = "published as version 3, over version 2 by colleague-2 of 2026-11-27 15:00 UTC (it changed: name); changed now: name\n"
    assert f"strand: {replaced}Nobody had looked at version 2 from here.\n" in capsys.readouterr().out


def test_whose_version_is_replaced_is_said_to_two_who_share_a_data_directory_too(
    tmp_path: Path, apply: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    kept = Kept(tmp_path)
    apply(kept, BOOK)
    apply(kept, THEIRS)
    capsys.readouterr()
    apply(kept, MINE)
    said = capsys.readouterr().out
    assert (
        said
        == "strand: published as version 3, over version 2 by colleague-2 of 2026-11-27 15:00 UTC (it changed: name); changed now: name\n"
    )


def test_where_nobody_says_where_ingest_is_the_book_is_published_and_not_waited_for(
    tmp_path: Path, apply: Callable[..., None], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Kept(tmp_path)
    monkeypatch.setattr(kept, "elsewhere", {"routing": "https://routing.example"}.get)
    monkeypatch.setattr(kept, "send", lambda *_, **__: pytest.fail("ingest was asked"))
    apply(kept, BOOK)
    said = capsys.readouterr().out
    assert said.startswith("strand: published as version 1\n")
    assert "Not waited until ingest takes mentions of it" in said


def no_ingest(*_: Any, **__: Any) -> httpx.Response:
    raise CommandError("No ingest runs on .data: start the stack.", NOTHING_RUNS)


@pytest.mark.parametrize(
    ("ingest", "said"),
    [
        (no_ingest, "whether ingest takes mentions of strand is not known: No ingest runs on .data"),
        (lambda *_, **__: httpx.Response(500), "ingest answered 500"),
    ],
)
def test_what_fails_after_the_publishing_says_first_that_the_book_is_published(
    ingest: Callable[..., httpx.Response],
    said: str,
    tmp_path: Path,
    apply: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = Kept(tmp_path)
    monkeypatch.setattr(kept, "send", ingest)
    with pytest.raises(CommandError, match=f"^The book is published, but {said}") as failed:
        apply(kept, BOOK)
    assert (failed.value.code, len(kept.published)) == (FAILED, 1)
    assert "strand: published as version 1" in capsys.readouterr().out


def test_a_directory_that_cannot_be_written_does_not_hide_that_the_book_is_published(tmp_path: Path, apply: Callable[..., None]) -> None:
    (tmp_path / "file").touch()
    kept = Kept(tmp_path / "file" / "below")
    with pytest.raises(CommandError, match=r"^The book is published, but .*can't be written.*--brand"):
        apply(kept, BOOK)
    assert len(kept.published) == 1


def test_who_publishes_in_the_very_moment_is_told_of_too(tmp_path: Path, apply: Callable[..., None]) -> None:
    kept = Kept(tmp_path, BOOK)
    publish = kept.call

    def faster(*arguments: Any, **request: Any) -> dict[str, Any]:
        kept.sources.append(THEIRS)
        return publish(*arguments, **request)

    kept.call = faster  # type: ignore[method-assign]
    with pytest.raises(CommandError, match="version 2, by colleague-2") as refused:
        apply(kept, MINE)
    assert refused.value.code == 2


def test_the_old_source_is_published_again_with_a_note(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = Kept(tmp_path, f"{BOOK}# as it was\n", THEIRS)
    books.rollback(cast(Client, kept), "strand", 1, dry_run=False, note=None)
    assert [(sent["content"].decode(), sent["params"], sent["headers"]["if-match"]) for sent in kept.published] == [
        (kept.sources[0], {"dry_run": False, "note": "back to version 1"}, '"2"')
    ]
    assert "published as version 3" in capsys.readouterr().out


def test_a_source_that_todays_rules_refuse_is_told_with_its_lines_and_not_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Kept(tmp_path, f"{BOOK}fallback: nowhere\n", THEIRS)
    monkeypatch.setattr(kept, "get", lambda *_: {"version": 1, "source": kept.sources[0]})
    with pytest.raises(CommandError) as refused:
        books.rollback(cast(Client, kept), "strand", 1, dry_run=False, note=None)
    assert (refused.value.code, kept.published) == (2, [])
    assert "version 1:4: fallback: there is no department 'nowhere'" in str(refused.value)
    assert "weerklank book show --brand strand --version 1" in str(refused.value)
