"""A reply in numbered parts, and how a text looks on each channel."""

from typing import Any

from tests.integration.responder.conftest import Quiet, case_of, mention

LONG = "Hoi Sanne! " + "Ik heb de storing in Utrecht gevonden en ben hard aan het herstellen. " * 5 + "^gs"


async def drafted(quiet: Quiet, text: str, status: int = 201, **more: Any) -> dict[str, Any]:
    case = case_of(mention(quiet.brand, "sanne"))
    await quiet.told(case)
    return await quiet.post(f"/cases/{case.id}/replies", {"text": text, **more}, status)


def codes(reply: dict[str, Any]) -> list[str]:
    return [verdict["code"] for verdict in reply["verdicts"] if verdict["blocking"]]


async def test_a_text_too_long_for_its_channel_is_approved_as_the_parts_that_it_is_sent_in(quiet: Quiet) -> None:
    as_one = await drafted(quiet, LONG)
    assert codes(as_one) == ["too_long"]
    answer = await quiet.call("PUT", f"/replies/{as_one['id']}", json={"text": LONG, "in_parts": True})
    split = answer.json()
    assert [part[-3:] for part in split["parts"]] == ["1/2", "2/2"]
    assert codes(split) == []
    assert split["digest"] != as_one["digest"], "an approval is of these parts"
    await quiet.around.submit(split["id"])
    assert (await quiet.around.approve(split["id"], as_one["digest"])).status_code == 409
    last = await quiet.around.approve(split["id"], split["digest"])
    assert last.status_code == 200, last.text


async def test_parts_follow_the_text_and_fall_away_when_it_fits(quiet: Quiet) -> None:
    found = await drafted(quiet, LONG, in_parts=True)
    longer = (await quiet.call("PUT", f"/replies/{found['id']}", json={"text": LONG.replace(" ^gs", " Nog iets. ^gs")})).json()
    assert "Nog iets. ^gs 2/2" in longer["parts"][1]
    assert (await quiet.call("PUT", f"/replies/{found['id']}", json={"text": "Hoi! Opgelost. ^gs"})).json()["parts"] == []
    back = (await quiet.call("PUT", f"/replies/{found['id']}", json={"text": LONG, "in_parts": False})).json()
    assert codes(back) == ["too_long"]


async def test_parts_that_were_approved_are_asked_again_when_the_book_allows_less(quiet: Quiet) -> None:
    found = await drafted(quiet, LONG, in_parts=True)
    await quiet.around.submit(found["id"])
    await quiet.publish(2, conduct={"limits": {"twitter": 140}})
    refused = await quiet.around.approve(found["id"], found["digest"])
    assert refused.status_code == 409
    assert "too_long" in refused.json()["detail"]


async def test_what_cannot_be_split_is_said_to_be_so(quiet: Quiet) -> None:
    await quiet.publish(2, conduct={"limits": {"twitter": 20}})
    answer = await drafted(quiet, "Hoi! https://vaart.example/een/heel/lange/weg ^gs", 409, in_parts=True)
    assert "cannot be split for twitter" in answer["detail"]


async def test_a_text_is_seen_as_each_channel_would_have_it(quiet: Quiet) -> None:
    text = "Hoi @sanne@sociaal.example! Kijk op https://vaart.example/een/heel/lange/weg/naar/de/storing. ^gs"
    found = await quiet.post("/preview", {"text": text, "channels": ["x", "mastodon", "email"]}, 200)
    x, mastodon, email = found["channels"]
    assert [(one["what"], one["units"]) for one in x["counted"]] == [("link", 23)]
    assert [(one["what"], one["units"]) for one in mastodon["counted"]] == [("mention", 6), ("link", 23)]
    assert (x["limit"], mastodon["limit"], email["limit"]) == (280, 500, None)
    assert (x["signature_form"], x["signature"], email["signature"]) == ("initials", "^gs", "Guus")
    assert "wrong_signature" in [verdict["code"] for verdict in email["verdicts"]]
    assert x["parts"] == []
    long = await quiet.post("/preview", {"text": LONG, "channels": ["x", "bluesky", "email"]}, 200)
    assert [len(one["parts"]) for one in long["channels"]] == [2, 2, 0]
    assert all(part["length"] <= 280 for part in long["channels"][0]["parts"])
    assert (await quiet.call("POST", "/preview", json={"text": "Hoi", "channels": []})).status_code == 422
