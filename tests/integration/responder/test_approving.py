"""What an approval has to say about what the guard found, and what happened around a reply."""

from typing import Any
from uuid import uuid4

from libs.common.case_events import Case
from libs.common.events import HoldScope, SendingHeld, SendingHold
from libs.common.reply_events import Override, ReplyOverridden
from services.responder import overrides, updater
from tests.integration.responder.conftest import AT, Direct, case_of, mention

TEXT = "Hoi Sanne, ik kijk ernaar. ^gs"
UNGREETED = "Ik kijk ernaar. ^gs"
"""The guard asks about the greeting."""
FORBIDDEN = "Hoi Sanne, ik kijk kosteloos voor je. ^gs"
"""The guard blocks a word."""
LEAD: dict[str, Any] = {"role": "lead", "subject": "mk"}
FOUR_EYES = {"approvals": [{"when": {}, "by": ["self", "agent"]}]}
BOOK: dict[str, Any] = {"scripts": [], "voice": {"forbidden_words": ["kosteloos"]}, "conduct": FOUR_EYES}


async def submitted(desk: Direct, text: str, case: Case | None = None, **person: Any) -> dict[str, Any]:
    found = case or await desk.says(case_of(mention(desk.brand, f"klant-{uuid4().hex[:6]}")))
    draft = await desk.write(found, text, **person)
    answer = await desk.submit(draft["id"], **person)
    assert answer.status_code == 200, answer.text
    submitted: dict[str, Any] = answer.json()
    return submitted


async def test_whoever_approves_names_what_the_guard_asks_about(direct: Direct) -> None:
    await direct.publish(**BOOK)
    row = await submitted(direct, UNGREETED)
    refused = await direct.approve(row["id"], row["digest"])
    assert (refused.status_code, refused.json()["confirm"]) == (409, ["missing_greeting"])
    assert [verdict["code"] for verdict in refused.json()["verdicts"]] == ["missing_greeting"]
    assert "override" not in refused.json()
    other = await direct.approve(row["id"], row["digest"], seen={"confirmed": ["redirect"]})
    assert other.status_code == 409, "something else was seen"
    done = await direct.approve(row["id"], row["digest"], seen={"confirmed": ["missing_greeting", "redirect"]})
    assert done.status_code == 200
    assert done.json()["history"][-1]["detail"] == {"digest": row["digest"], "confirmed": ["missing_greeting"]}


async def test_how_much_a_verdict_weighs_is_the_brand_books(direct: Direct) -> None:
    guard = {"severity": [{"codes": ["missing_greeting"], "severity": "hint"}, {"codes": ["forbidden_word"], "severity": "confirm"}]}
    await direct.publish(**BOOK, guard=guard)
    row = await submitted(direct, "Ik kijk kosteloos voor je. ^gs")
    refused = await direct.approve(row["id"], row["digest"])
    assert refused.json()["confirm"] == ["forbidden_word"]
    assert (await direct.approve(row["id"], row["digest"], seen={"confirmed": ["forbidden_word"]})).status_code == 200


async def test_a_verdict_that_blocks_is_overruled_by_a_role_that_may_with_a_reason_and_told(direct: Direct) -> None:
    await direct.publish(**BOOK, guard={"review_sample": 1})
    row = await submitted(direct, FORBIDDEN)
    seen = {"overrides": [{"code": "forbidden_word", "reason": "De klant vroeg er letterlijk om."}]}
    refused = await direct.approve(row["id"], row["digest"], seen={"confirmed": ["forbidden_word"]})
    assert (refused.status_code, refused.json()["override"]) == (409, ["forbidden_word"]), "seeing it is not enough"
    assert (await direct.approve(row["id"], row["digest"], seen=seen)).status_code == 403, "an agent may not"
    done = (await direct.approve(row["id"], row["digest"], seen=seen, **LEAD)).json()
    assert [(line["what"], line["who"]) for line in done["history"]][-2:] == [("overridden", "mk"), ("approved", "mk")]
    [told] = [event for event in await direct.told() if isinstance(event, ReplyOverridden)]
    assert (told.actor, told.overrides) == ("mk", [Override(code="forbidden_word", reason="De klant vroeg er letterlijk om.")])
    assert told.reply.state == "submitted"
    [kept] = await direct.db.fetch("select code, who, sampled, review from reply_override where brand = $1", direct.brand)
    assert dict(kept) == {"code": "forbidden_word", "who": "mk", "sampled": True, "review": None}


async def test_nobody_overrules_what_always_blocks(direct: Direct) -> None:
    await direct.publish(**BOOK)
    row = await submitted(direct, "Hoi {voornaam}, ik kijk ernaar. ^gs")
    seen = {"overrides": [{"code": "broken_placeholder", "reason": "x"}]}
    refused = await direct.approve(row["id"], row["digest"], seen=seen, **LEAD)
    assert (refused.status_code, refused.json()["override"]) == (409, [])


async def test_what_happened_around_a_draft_is_among_its_verdicts(direct: Direct) -> None:
    await direct.publish(**BOOK)
    first, second = mention(direct.brand, "sanne"), mention(direct.brand, "sanne-2")
    case = await direct.says(case_of(first))
    sent = await submitted(direct, TEXT, case)
    assert (await direct.approve(sent["id"], sent["digest"])).status_code == 200
    await direct.send()
    row = await submitted(direct, TEXT, case)
    await direct.says(case_of(first, second))
    hold = SendingHold(id=uuid4(), version=1, scope=HoldScope(), reason="storing", by="mk", since=AT, laid_version=2)
    await direct.tell(SendingHeld(brand=direct.brand, hold=hold, holds=[hold], held=True, hold_version=2, at=AT, actor="mk"), "x", 2, "x")
    found = (await direct.get(row["id"]))["verdicts"]
    assert [(verdict["code"], verdict["severity"]) for verdict in found] == [
        ("stale", "confirm"), ("duplicate_reply", "confirm"), ("hold", "block"),
    ]  # fmt: skip
    assert "storing" in found[-1]["message"]
    edited = await direct.call("PUT", f"/replies/{row['id']}", json={"text": TEXT})
    assert [verdict["code"] for verdict in edited.json()["verdicts"]] == ["stale", "duplicate_reply", "hold"]
    await direct.submit(row["id"])
    refused = (await direct.approve(row["id"], row["digest"])).json()
    assert (refused["newest"], refused["sibling"]) == (str(second.id), sent["id"])
    assert {verdict["code"] for verdict in refused["verdicts"]} == {"stale", "duplicate_reply", "hold"}
    named = {"despite": str(second.id), "confirmed": ["stale", "duplicate_reply"]}
    assert (await direct.approve(row["id"], row["digest"], seen=named)).json()["sibling"] == sent["id"], "which one was read is what counts"
    done = await direct.approve(row["id"], row["digest"], despite_reply=sent["id"], seen=named)
    assert done.status_code == 200, "it waits for the end of the hold"


async def test_an_update_to_many_confirms_what_the_guard_asks_about_in_its_texts(direct: Direct) -> None:
    await direct.publish(**BOOK)
    case = await direct.says(case_of(mention(direct.brand, "sanne")))
    told = (await direct.call("POST", f"/cases/{case.id}/replies", json={"text": TEXT, "update_due": True})).json()
    await direct.submit(told["id"])
    await direct.approve(told["id"], told["digest"])
    await direct.send()
    made = (await direct.call("POST", "/updates", json={"texts": {"nl": "De storing is voorbij. {handtekening}"}})).json()
    while await updater.step(direct.pool, direct.service.books):
        pass
    path = f"/updates/{made['id']}"
    draft = (await direct.call("GET", path)).json()
    refused = await direct.call("POST", f"{path}/approve", json={"digest": draft["digest"]})
    assert (refused.status_code, refused.json()["confirm"]) == (409, ["missing_greeting"])
    seen = {"digest": draft["digest"], "confirmed": ["missing_greeting"]}
    assert (await direct.call("POST", f"{path}/approve", json=seen)).status_code == 200
    while await updater.step(direct.pool, direct.service.books):
        pass
    assert (await direct.call("GET", path)).json()["conversations"] == {"made.approved": 1}


def test_which_overrides_are_looked_at_follows_from_the_reply() -> None:
    ids = [uuid4() for _ in range(2000)]
    assert [overrides.sampled(one, 0.2) for one in ids] == [overrides.sampled(one, 0.2) for one in ids]
    assert 0.15 < sum(overrides.sampled(one, 0.2) for one in ids) / len(ids) < 0.25
    assert not any(overrides.sampled(one, 0) for one in ids)
    assert all(overrides.sampled(one, 1) for one in ids)
