"""Scripts that should exist, as a lead sees them: found from what was sent, made into a script or dismissed, and then left alone."""

from typing import Any

from services.responder import suggester
from tests.integration.responder.conftest import Quiet, case_of, mention

LEAD = {"role": "lead", "subject": "mk"}


async def said(quiet: Quiet, times: int, text: str, first: int = 0) -> None:
    """So many customers were answered this, by hand."""
    for n in range(first, first + times):
        case = case_of(mention(quiet.brand, f"klant{n}"), labels=["factuur"])
        await quiet.told(case)
        found = await quiet.post(
            f"/cases/{case.id}/replies", {"text": text.format(town=("Utrecht", "Breda", "Assen", "Goes", "Ede")[n % 5])}
        )
        await quiet.sent(found["id"])


async def look(quiet: Quiet) -> None:
    """An hour later."""
    await quiet.around.db.execute("update script_suggested set computed_at = now() - interval '2 hours'")
    published = quiet.around.app.state.service.books.get(quiet.brand)  # type: ignore[union-attr]
    assert await suggester.look(quiet.pool, published)
    assert not await suggester.look(quiet.pool, published), "this hour was taken"


async def open_ones(quiet: Quiet, **params: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await quiet.get("/script-suggestions", **params))["items"]
    return found


async def test_what_people_keep_writing_is_suggested_and_becomes_a_script(quiet: Quiet) -> None:
    await said(quiet, 5, "Hoi Sanne, verhuizen naar {town} kan! Geef het een maand van tevoren door, dan zet ik alles over. ^gs")
    await look(quiet)
    (one,) = await open_ones(quiet)
    assert (
        one["text"] == "{groet}, verhuizen naar {gegeven1} kan! Geef het een maand van tevoren door, dan zet ik alles over. {handtekening}"
    )
    assert (one["label"], one["number"], one["people"], len(one["replies"])) == ("factuur", 5, 1, 5)
    body = {"id": "verhuizen", "label": "factuur", "text": one["text"], "suggestion": one["id"]}
    assert (await quiet.post("/scripts", body, **LEAD))["id"] == "team:verhuizen"
    assert (await open_ones(quiet, state="made"))[0]["script"] == "team:verhuizen"
    await look(quiet)
    assert await open_ones(quiet) == []
    assert (await quiet.call("POST", f"/script-suggestions/{one['id']}/dismiss", **LEAD)).status_code == 409


async def test_what_was_dismissed_is_not_suggested_again_however_often_it_is_said(quiet: Quiet) -> None:
    text = "Hoi Sanne, verhuizen naar {town} kan! Geef het een maand van tevoren door, dan zet ik alles over. ^gs"
    await said(quiet, 4, text)
    await look(quiet)
    (one,) = await open_ones(quiet)
    assert (await quiet.call("POST", f"/script-suggestions/{one['id']}/dismiss")).status_code == 403
    assert (await quiet.call("POST", f"/script-suggestions/{one['id']}/dismiss", **LEAD)).status_code == 200
    await said(quiet, 4, text, first=4)
    await look(quiet)
    assert await open_ones(quiet) == []
    assert [(each["id"], each["decided_by"]) for each in await open_ones(quiet, state="dismissed")] == [(one["id"], "mk")]


async def test_what_is_no_longer_said_is_no_longer_suggested_and_comes_back_as_what_it_was(quiet: Quiet) -> None:
    await said(quiet, 4, "Hoi Sanne, verhuizen naar {town} kan! Geef het een maand van tevoren door, dan zet ik alles over. ^gs")
    await look(quiet)
    (one,) = await open_ones(quiet)
    await quiet.around.db.execute("update reply set created_at = created_at - interval '100 days'")
    await look(quiet)
    assert await open_ones(quiet) == []
    await quiet.around.db.execute("update reply set created_at = created_at + interval '100 days'")
    await look(quiet)
    assert [each["id"] for each in await open_ones(quiet)] == [one["id"]]
