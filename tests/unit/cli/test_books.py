"""Going back to a version of a brand book that today's rules may refuse."""

from typing import Any, cast

import httpx
import pytest

from cli import books
from cli.client import Client
from cli.errors import CommandError


class Kept:
    """Routing with one version, whose source is this; it notes what is published."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.published: list[dict[str, Any]] = []

    def get(self, service: str, path: str, brand: str) -> dict[str, Any]:
        assert path == "/v1/brands/strand/book/versions/1"
        return {"version": 1, "source": self.source}

    def send(self, service: str, method: str, path: str, brand: str) -> httpx.Response:
        assert (method, path) == ("GET", "/v1/brands/strand/book")
        return httpx.Response(200, json={"version": 2}, headers={"etag": '"2"'})

    def call(self, service: str, method: str, path: str, brand: str, **request: Any) -> dict[str, Any]:
        self.published.append(request)
        return {"changed": True, "version": 3, "fields": ["name"], "changes": [], "cases": None}


def test_the_old_source_is_published_again_with_a_note(capsys: pytest.CaptureFixture[str]) -> None:
    kept = Kept("brand: strand\nname: Strand\nlanguages: [nl]\n# as it was\n")
    books.rollback(cast(Client, kept), "strand", 1, dry_run=False, note=None)
    assert [(sent["content"].decode(), sent["params"], sent["headers"]["if-match"]) for sent in kept.published] == [
        (kept.source, {"dry_run": False, "note": "back to version 1"}, '"2"')
    ]
    assert "published as version 3" in capsys.readouterr().out


def test_a_source_that_todays_rules_refuse_is_told_with_its_lines_and_not_published() -> None:
    kept = Kept("brand: strand\nname: Strand\nlanguages: [nl]\nfallback: nowhere\n")
    with pytest.raises(CommandError) as refused:
        books.rollback(cast(Client, kept), "strand", 1, dry_run=False, note=None)
    assert (refused.value.code, kept.published) == (2, [])
    assert "version 1:4: fallback: there is no department 'nowhere'" in str(refused.value)
    assert "weerklank book show --brand strand --version 1" in str(refused.value)
