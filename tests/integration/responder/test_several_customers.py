"""A case that people put together: each customer is answered on their own channel, and finds nothing of the other's in it."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from libs.common.case_events import Case, CaseCustomer, CaseMention, CaseMerged
from libs.common.events import Mention
from tests.integration.responder.conftest import AT, Around, MailServer, case_of, in_reach, mention, opened, real


def together(*mentions: Mention, unanswered: tuple[bool, ...], **more: Any) -> Case:
    """Each message by a customer of its own."""
    customers = [
        CaseCustomer(
            customer_id=uuid4(),
            language="nl",
            labels=["storing"],
            unanswered=waits,
            latest=[m.model_copy(update={"text": "", "attachments": []})],
        )
        for m, waits in zip(mentions, unanswered, strict=True)
    ]
    listed = [
        CaseMention(id=m.id, channel=m.channel, visibility=m.visibility, received_at=m.received_at, customer_id=who.customer_id)
        for m, who in zip(mentions, customers, strict=True)
    ]
    return case_of(*mentions, merged_cases=[uuid4()], customers=customers, mentions=listed, **more)


def merged(case: Case) -> CaseMerged:
    other = case.merged_cases[0]
    return CaseMerged(brand=case.brand, case=case, at=AT, move_id=uuid4(), from_id=other, into_id=case.id, reason="Een gezin.")


async def test_each_customer_has_a_draft_and_each_answer_reaches_its_own_and_nobody_else(around: Around, mail_server: MailServer) -> None:
    await around.publish(**real(mail_server))
    await around.start(**in_reach(mail_server))
    await around.keep_leasing()
    mother = mention(around.brand, "moeder", "email")
    daughter = mention(around.brand, "dochter", "email")
    daughter = daughter.model_copy(update={"received_at": AT + timedelta(minutes=3), "title": "Geheim van de dochter"})
    tweet = mention(around.brand, "buurman").model_copy(update={"received_at": AT + timedelta(minutes=1)})
    case = together(mother, tweet, daughter, unanswered=(True, True, True))
    await around.case(opened(case_of(mother)), 1)
    await around.case(merged(case), 2)
    await around.settled()
    drafts = (await around.call("GET", f"/replies?case_id={case.id}&state=draft")).json()["items"]
    assert {(draft["channel"], draft["recipient"]["value"]) for draft in drafts} == {
        ("email", "moeder@klant.example"), ("email", "dochter@klant.example"), ("twitter", "buurman"),
    }  # fmt: skip

    sent = []
    for to in (mother, daughter):
        body = {"text": f"Hoi Sanne, alleen voor {to.external_id}.\n\nGroetjes,\nGuus", "mention_id": str(to.id)}
        answer = await around.call("POST", f"/cases/{case.id}/replies", json=body)
        assert answer.status_code == 201, answer.text
        draft = answer.json()
        await around.submit(draft["id"])
        answer = await around.approve(draft["id"], draft["digest"])
        assert answer.status_code == 200, answer.text
        sent.append(draft["id"])
    for reply_id in sent:
        await around.becomes(reply_id, "sent")
    mails = {mail["to"]: mail for mail in mail_server.mails()}
    assert sorted(mails) == ["dochter@klant.example", "moeder@klant.example"]
    assert "dochter" not in str(mails["moeder@klant.example"])
    assert "moeder" not in str(mails["dochter@klant.example"])
    assert mails["dochter@klant.example"]["subject"].endswith("Geheim van de dochter")
    left = (await around.call("GET", f"/replies?case_id={case.id}&state=draft")).json()["items"]
    assert [draft["recipient"]["value"] for draft in left] == ["buurman"], "the machine's draft for the third waits on"


async def test_a_message_of_one_customer_takes_no_approval_from_another_and_gets_no_older_answer(desk: Around) -> None:
    mother, daughter = mention(desk.brand, "moeder", "email"), mention(desk.brand, "dochter")
    case = together(mother, daughter, unanswered=(True, True))
    await desk.case(merged(case), 1)
    await desk.settled()
    body = {"text": "Hoi Sanne, dat zoek ik uit.\n\nGroetjes,\nGuus", "mention_id": str(mother.id)}
    draft = (await desk.call("POST", f"/cases/{case.id}/replies", json=body)).json()
    assert (draft["recipient"]["value"], draft["recipient"]["subject"]) == ("moeder@klant.example", "Mijn internet")
    await desk.submit(draft["id"])
    assert (await desk.approve(draft["id"], draft["digest"])).status_code == 200, "the daughter's message is newer, and not hers"
    again = mention(desk.brand, "moeder-2", "email").model_copy(update={"received_at": AT + timedelta(minutes=9)})
    who = case.customers[0].customer_id
    newer = case.model_copy(
        update={
            "mentions": [*case.mentions, CaseMention(id=again.id, channel="email", visibility="private", received_at=AT, customer_id=who)],
            "customers": [case.customers[0].model_copy(update={"latest": [again]}), case.customers[1]],
            "latest": again,
        }
    )
    await desk.case(merged(newer), 2)
    await desk.settled()
    assert (await desk.get(draft["id"]))["state"] == "submitted", "she has written again herself"


async def test_only_the_newest_message_of_a_thread_is_answered(desk: Around) -> None:
    mother, daughter = mention(desk.brand, "moeder", "email"), mention(desk.brand, "dochter")
    case = together(mother, daughter, unanswered=(True, False))
    await desk.case(merged(case), 1)
    alone = case_of(mention(desk.brand, "piet"))
    await desk.case(opened(alone), 1)
    await desk.settled()
    for target, to in ((case, uuid4()), (alone, mother.id)):
        answer = await desk.call("POST", f"/cases/{target.id}/replies", json={"text": "x", "mention_id": str(to)})
        assert (answer.status_code, "recipients" in answer.json()["detail"]) == (422, True)
    drafts = (await desk.call("GET", f"/replies?case_id={case.id}&state=draft")).json()["items"]
    assert [draft["recipient"]["value"] for draft in drafts] == ["moeder@klant.example"], "the other one was answered"


async def test_what_people_wrote_stays_when_people_merge_its_case_and_can_be_approved_there(desk: Around) -> None:
    mother, daughter = mention(desk.brand, "moeder", "email"), mention(desk.brand, "dochter")
    theirs, whole = case_of(daughter), together(mother, daughter, unanswered=(True, True))
    await desk.case(opened(theirs), 1)
    await desk.case(opened(case_of(mother)), 1)
    await desk.settled()
    draft = await desk.write(theirs, "Hoi Sanne, ik kijk ernaar. ^gs")
    await desk.submit(draft["id"])
    empty = {"state": "merged", "merged_into": whole.id, "merged_by": "gs", "mentions": [], "latest": None}
    await desk.case(merged(whole), 2)
    gone = theirs.model_copy(update=empty)
    await desk.case(
        CaseMerged(brand=desk.brand, case=gone, at=AT, move_id=uuid4(), from_id=theirs.id, into_id=whole.id, reason="Een gezin."), 2
    )
    await desk.settled()
    assert (await desk.get(draft["id"]))["state"] == "submitted"
    assert (await desk.approve(draft["id"], draft["digest"])).status_code == 200
