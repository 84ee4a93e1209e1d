"""Snippets: facts with a source and a term, offered while they hold; and the search for them and for scripts."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.integration.responder.conftest import Quiet, case_of, mention

FACT = {
    "title": "Bezorgtijden",
    "text": "Pakketten komen binnen twee werkdagen aan.",
    "labels": ["factuur"],
    "source": "https://vaart.example/bezorgen",
}


async def ids(quiet: Quiet, **params: Any) -> list[str]:
    return [one["title"] for one in (await quiet.get("/snippets", **params))["items"]]


async def test_a_snippet_is_offered_while_it_holds_and_then_waits_for_somebody_to_look(quiet: Quiet) -> None:
    soon = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    made = await quiet.post("/snippets", {**FACT, "valid_until": soon})
    assert (made["expired"], made["reviewed_by"], made["language"], made["version"]) == (False, "gs", "nl", 1)
    await quiet.around.db.execute("update snippet set valid_until = now() - interval '1 minute'")
    await quiet.around.db.execute("insert into script_shelf values ($1, 99) on conflict (brand) do update set version = 99", quiet.brand)
    assert await ids(quiet) == []
    assert await ids(quiet, state="expired") == ["Bezorgtijden"]
    assert (await quiet.get("/snippet-search", q="pakket"))["hits"] == []
    kept = await quiet.call("POST", f"/snippets/{made['id']}/review", json={"valid_until": None}, version=1, subject="mk", role="lead")
    assert (kept.json()["reviewed_by"], kept.json()["expired"]) == ("mk", False)
    assert await ids(quiet) == ["Bezorgtijden"]


async def test_a_case_gets_the_snippets_about_its_labels_and_those_about_anything(quiet: Quiet) -> None:
    for title, labels, language in (("a", ["factuur"], "nl"), ("b", ["storing"], "nl"), ("c", [], "nl"), ("d", [], "en")):
        await quiet.post("/snippets", {**FACT, "title": title, "labels": labels, "language": language})
    case = case_of(mention(quiet.brand, "sanne"), labels=["storing"])
    await quiet.told(case)
    assert sorted(await ids(quiet, case_id=str(case.id))) == ["b", "c"]
    assert sorted(await ids(quiet, label="factuur", language="nl")) == ["a", "c"]
    first = await quiet.get("/snippets", limit=3)
    assert len((await quiet.get("/snippets", limit=3, cursor=first["next"]))["items"]) == 1
    assert await ids(quiet, case_id=str(uuid4())) == []


async def test_a_snippet_is_changed_and_deleted_only_as_it_was_read(quiet: Quiet) -> None:
    made = await quiet.post("/snippets", FACT)
    path = f"/snippets/{made['id']}"
    assert (await quiet.call("PUT", path, json={**FACT, "title": "Anders"}, version=1)).json()["title"] == "Anders"
    assert (await quiet.call("PUT", path, json=FACT, version=1)).status_code == 412
    assert (await quiet.call("DELETE", path, version=2, role="trainee")).status_code == 403
    assert (await quiet.call("DELETE", path, version=2)).status_code == 204
    assert (await quiet.call("GET", path)).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"labels": ["geen"]},
        {"language": "fr"},
        {"valid_until": "2020-01-01T00:00:00Z"},
        {"valid_until": "9999-12-31T23:59:00-12:00"},
        {"source": ""},
        {"title": "a\nb"},
        {"text": "x" * 4001},
    ],
)
async def test_a_snippet_that_cannot_be_is_refused(quiet: Quiet, wrong: dict[str, Any]) -> None:
    assert (await quiet.call("POST", "/snippets", json={**FACT, **wrong})).status_code == 422


async def test_scripts_and_snippets_are_found_by_what_they_mean(quiet: Quiet) -> None:
    await quiet.post("/snippets", FACT)
    await quiet.post("/snippets", {**FACT, "title": "Wifi", "text": "Het wachtwoord van de wifi staat onder de modem."})
    body = {"id": "opzeggen", "text": "{groet}, jammer dat je weggaat. Je abonnement is per maand op te zeggen. {handtekening}"}
    await quiet.post("/scripts", body, role="lead")
    found = await quiet.get("/script-search", q="contract beëindigen")
    assert (found["by_meaning"], found["hits"][0]["script"]["id"]) == (True, "team:opzeggen")
    assert (await quiet.get("/snippet-search", q="wanneer wordt mijn bestelling geleverd"))["hits"][0]["snippet"]["title"] == "Bezorgtijden"
    case = case_of(mention(quiet.brand, "sanne"))
    await quiet.told(case)
    assert (await quiet.get("/script-search", case_id=str(case.id)))["hits"][0]["script"]["id"] == "storing"
    assert (await quiet.get("/script-search"))["hits"] == []
    assert (await quiet.get("/script-search", case_id=str(uuid4()), q="storing"))["hits"] == []
