"""Posts: what a brand says of its own accord, from a draft to what stands there; and what keeps it from being published."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from libs.common.events import HoldScope, SendingHeld, SendingHold, SendingReleased
from libs.common.post_events import PostApproved, PostDrafted, PostEdited, PostEvent, PostSent, PostSubmitted
from services.responder import expiry, keeper
from tests.integration.responder.conftest import AT, Direct
from tests.integration.responder.test_holds import ONLY_BILLS

FORUM = {"id": "hook", "type": "webhook", "url": "https://hook.example/in", "secret": "env:X", "for": ["forum"]}
TEXT = "Zaterdag tussen 2 en 4 uur wordt er aan het netwerk gewerkt."
SOON = timedelta(hours=1)


@pytest.fixture
async def desk(direct: Direct) -> Direct:
    await publish(direct)
    return direct


async def publish(desk: Direct, **more: Any) -> None:
    secret = f"env:{desk.brand.upper().replace('-', '_')}_HOOK"
    await desk.publish(channels=[{**FORUM, "secret": secret}], **more)


async def post(desk: Direct, text: str = TEXT, status: int = 201, **more: Any) -> dict[str, Any]:
    answer = await desk.call("POST", "/posts", json={"account": "hook", "text": text, **more})
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def does(desk: Direct, what: str, of: dict[str, Any], status: int = 200, **more: Any) -> dict[str, Any]:
    body, person = more.pop("body", None), more
    answer = await desk.call("POST", f"/posts/{of['id']}/{what}", json=body, **person)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def approved(desk: Direct, **more: Any) -> dict[str, Any]:
    """By Guus; Mila approves it."""
    draft = await post(desk, **more)
    await does(desk, "submit", draft)
    return await does(desk, "approve", draft, body={"digest": draft["digest"]}, role="lead", subject="mk")


async def now_is(desk: Direct, of: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await desk.call("GET", f"/posts/{of['id']}")).json()
    return found


async def published(desk: Direct) -> list[str]:
    return [row["text"] for row in await desk.db.fetch("select text from sandbox_outbox where brand = $1 order by id", desk.brand)]


async def time_passes(desk: Direct, of: dict[str, Any], by: timedelta) -> None:
    """Its moment comes: as if it had been approved for one that lies so much earlier."""
    await desk.db.execute("alter table reply disable trigger leaves_as_approved")
    await desk.db.execute(
        "update reply set publish_at = publish_at - $2::interval, next_attempt_at = next_attempt_at - $2::interval, "
        "approved_at = approved_at - $2::interval where id = $1",
        of["id"],
        by,
    )
    await desk.db.execute("alter table reply enable trigger leaves_as_approved")


async def hold(desk: Direct, scope: HoldScope) -> SendingHold:
    desk.hold_version += 1
    found = SendingHold(
        id=uuid4(), version=desk.hold_version, laid_version=desk.hold_version, reason="storing", by="mk", since=AT, scope=scope
    )
    desk.held = scope.everything
    said = {"hold": found, "holds": [found], "held": desk.held, "hold_version": desk.hold_version, "at": AT}
    await desk.tell(SendingHeld(brand=desk.brand, **said), desk.brand, desk.hold_version, desk.brand)
    return found


async def release(desk: Direct, found: SendingHold) -> None:
    desk.hold_version += 1
    over = found.model_copy(update={"version": desk.hold_version, "released_at": AT, "released_by": "mk"})
    desk.held = False
    said = {"hold": over, "holds": [over], "held": False, "hold_version": desk.hold_version, "at": AT}
    await desk.tell(SendingReleased(brand=desk.brand, **said), desk.brand, desk.hold_version, desk.brand)


async def test_a_post_is_published_once_and_told(desk: Direct) -> None:
    draft = await approved(desk)
    await desk.send()
    await desk.send()
    assert await published(desk) == [TEXT]
    sent = await now_is(desk, draft)
    assert (sent["state"], sent["approver"], sent["external_id"]) == ("sent", "mk", f"sandbox:{draft['id']}")
    told = [event for event in await desk.told() if isinstance(event, PostEvent)]
    assert [type(event) for event in told] == [PostDrafted, PostSubmitted, PostApproved, PostSent]
    assert (told[-1].post.account, told[-1].post.channel, told[-1].post.text) == ("hook", "forum", TEXT)
    assert len(told) == len(await desk.told()), "nothing is told of it as of a reply"


async def test_its_writer_does_not_approve_it_unless_the_book_says_so_of_posts(desk: Direct) -> None:
    draft = await post(desk)
    await does(desk, "submit", draft)
    refused = await does(desk, "approve", draft, 403, body={"digest": draft["digest"]})
    assert "another agent" in refused["detail"]
    await publish(desk, conduct={"approvals": [{"by": ["self"]}]})
    await does(desk, "approve", draft, 403, body={"digest": draft["digest"]})
    await publish(desk, conduct={"approvals": [{"when": {"kind": "post"}, "by": ["self"]}, {"by": ["lead"]}]})
    assert (await does(desk, "approve", draft, body={"digest": draft["digest"]}))["state"] == "approved"


async def test_an_approval_is_of_text_and_moment(desk: Direct) -> None:
    draft = await post(desk, publish_at=(datetime.now(UTC) + SOON).isoformat())
    changed = await desk.call("PUT", f"/posts/{draft['id']}", json={"text": TEXT, "publish_at": (datetime.now(UTC) + 2 * SOON).isoformat()})
    assert changed.json()["digest"] != draft["digest"]
    await does(desk, "submit", draft)
    await does(desk, "approve", draft, 409, body={"digest": draft["digest"]}, role="lead", subject="mk")
    with pytest.raises(Exception, match="approved"):
        await desk.db.execute("update reply set state = 'approved' where id = $1", draft["id"])


async def test_a_planned_post_waits_for_its_moment(desk: Direct) -> None:
    planned = await approved(desk, publish_at=(datetime.now(UTC) + SOON).isoformat())
    await desk.send()
    assert await published(desk) == []
    assert planned["waiting"][-1].startswith("It is planned for")
    await time_passes(desk, planned, SOON)
    await desk.send()
    assert await published(desk) == [TEXT]


async def test_an_approval_for_next_week_does_not_run_out_before(desk: Direct) -> None:
    planned = await approved(desk, publish_at=(datetime.now(UTC) + timedelta(days=7)).isoformat())
    await desk.db.execute("update reply set approved_at = now() - interval '6 days' where id = $1", planned["id"])
    await expiry.put_back(desk.pool, desk.service.books)
    assert (await now_is(desk, planned))["state"] == "approved"


@pytest.mark.parametrize("who", ["the sender", "whoever looks"])
async def test_a_post_that_is_late_is_put_back_and_never_published_by_itself(desk: Direct, who: str) -> None:
    late = await approved(desk, publish_at=(datetime.now(UTC) + SOON).isoformat())
    await time_passes(desk, late, SOON + timedelta(minutes=16))
    if who == "the sender":
        await desk.send()
    else:
        assert await expiry.put_back(desk.pool, desk.service.books) == 1
        await desk.send()
    found = await now_is(desk, late)
    assert (found["state"], found["approver"]) == ("submitted", None)
    assert "has passed" in found["history"][-1]["detail"]["why"]
    assert await published(desk) == []
    again = await does(desk, "approve", late, 409, body={"digest": late["digest"]}, role="lead", subject="mk")
    assert "has passed" in again["detail"]


async def test_one_that_is_a_little_late_is_published(desk: Direct) -> None:
    late = await approved(desk, publish_at=(datetime.now(UTC) + SOON).isoformat())
    await time_passes(desk, late, SOON + timedelta(minutes=14))
    await desk.send()
    assert await published(desk) == [TEXT]


@pytest.mark.parametrize(
    ("scope", "about", "stopped"),
    [
        (HoldScope(), {}, True),
        (ONLY_BILLS, {"labels": ["factuur"]}, True),
        (ONLY_BILLS, {"labels": ["storing"]}, False),
        (ONLY_BILLS, {}, True),  # nobody said what it is about
        (HoldScope(topic_id=uuid4()), {}, True),
        (HoldScope(topic_id=uuid4()), {"topic_id": str(uuid4())}, False),
        (HoldScope(when={"kind": ["post"]}), {}, True),
        (HoldScope(when={"kind": ["reply"]}), {}, False),
        (HoldScope(when={"channel": ["email"]}), {}, False),
        (HoldScope(when={"urgency": ["high"]}), {}, True),  # in doubt it stops
        (HoldScope(case_ids=[uuid4()]), {}, False),
    ],
)
async def test_stop_the_line_stops_posts(desk: Direct, scope: HoldScope, about: dict[str, Any], stopped: bool) -> None:
    waiting = await approved(desk, **about)
    await hold(desk, scope)
    await desk.send()
    assert await published(desk) == ([] if stopped else [TEXT])
    if stopped:
        assert (await now_is(desk, waiting))["state"] == "approved"


async def test_what_was_held_is_looked_at_again(desk: Direct) -> None:
    waiting = await approved(desk)
    found = await hold(desk, HoldScope())
    await keeper.keep(desk.pool, desk.service.books)
    assert (await now_is(desk, waiting))["held_by"] == str(found.id)
    await release(desk, found)
    await keeper.keep(desk.pool, desk.service.books)
    await desk.send()
    assert await published(desk) == []
    assert (await now_is(desk, waiting))["state"] == "submitted"


async def test_a_post_of_the_quiet_hours_waits_for_their_end(desk: Direct) -> None:
    """All day but for an hour that is not now."""
    hour = (datetime.now(UTC).hour + 3) % 24
    blocks = [f"{start:02}:00-{end:02}:00" for start, end in ((0, hour), (hour + 1, 24)) if start < end]
    await publish(desk, timezone="UTC", conduct={"quiet_hours": [{"blocks": blocks}]})
    waiting = await approved(desk)
    await desk.send()
    assert await published(desk) == []
    found = await now_is(desk, waiting)
    assert found["state"] == "approved"
    assert "conduct.quiet_hours" in found["waiting"][-1]
    assert datetime.fromisoformat(found["next_attempt_at"]).hour == hour
    planned = (datetime.now(UTC) + timedelta(hours=20)).replace(minute=0, second=0, microsecond=0)
    if planned.hour != hour:
        refused = await post(desk, status=409, publish_at=planned.isoformat())
        assert datetime.fromisoformat(refused["quiet_until"]).hour == hour


async def test_a_trainee_writes_and_does_not_approve(desk: Direct) -> None:
    answer = await desk.call("POST", "/posts", json={"account": "hook", "text": TEXT}, role="trainee", subject="tr")
    assert answer.status_code == 201
    assert (await desk.call("POST", f"/posts/{answer.json()['id']}/submit", role="trainee", subject="tr")).status_code == 200
    body = {"digest": answer.json()["digest"]}
    assert (await desk.call("POST", f"/posts/{answer.json()['id']}/approve", json=body, role="trainee", subject="tr")).status_code == 403


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"account": "nowhere", "text": TEXT}, 422, "Accounts of the brand book that do: hook"),
        ({"account": "hook", "channel": "email", "text": TEXT}, 422, "not mailed"),
        ({"account": "hook", "channel": "mastodon", "text": TEXT}, 422, "is for forum"),
        ({"account": "hook", "text": TEXT, "labels": ["onbekend"]}, 422, "onbekend"),
        ({"account": "hook", "text": TEXT, "language": "xx"}, 422, "nl, en"),
        ({"account": "hook", "text": TEXT, "publish_at": "2020-01-01T00:00:00Z"}, 409, "has passed"),
        ({"account": "hook", "text": TEXT, "publish_at": "2030-01-01T00:00:00"}, 422, ""),
        ({"account": "hook", "text": TEXT, "publish_at": "9999-12-31T23:59:59Z"}, 422, "400 days"),
    ],
)
async def test_what_cannot_be_published_is_refused_in_words(desk: Direct, body: dict[str, Any], status: int, said: str) -> None:
    answer = await desk.call("POST", "/posts", json=body)
    assert (answer.status_code, said in json.dumps(answer.json())) == (status, True), answer.text


async def test_the_calendar_lists_posts_by_their_moment(desk: Direct) -> None:
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    days = [start + timedelta(days=day) for day in (2, 0, 1)]
    for day in days:
        await post(desk, publish_at=day.isoformat())
    first = (await desk.call("GET", "/posts", params={"from": start.isoformat(), "limit": 2})).json()
    rest = (await desk.call("GET", "/posts", params={"from": start.isoformat(), "limit": 2, "cursor": first["next"]})).json()
    assert [datetime.fromisoformat(item["publish_at"]) for item in first["items"] + rest["items"]] == sorted(days)
    until = (await desk.call("GET", "/posts", params={"to": sorted(days)[1].isoformat()})).json()
    assert len(until["items"]) == 1


async def test_a_post_is_no_reply(desk: Direct) -> None:
    draft = await post(desk)
    assert (await desk.call("GET", f"/replies/{draft['id']}")).status_code == 404
    assert (await desk.call("GET", "/replies")).json()["items"] == []
    body = {"digest": draft["digest"]}
    await does(desk, "submit", draft)
    assert (await desk.call("POST", f"/replies/{draft['id']}/approve", json=body, role="lead", subject="mk")).status_code == 404


async def test_an_approved_post_is_taken_back(desk: Direct) -> None:
    planned = await approved(desk, publish_at=(datetime.now(UTC) + SOON).isoformat())
    await does(desk, "discard", planned, body={"reason": "toch niet"})
    await time_passes(desk, planned, SOON)
    await desk.send()
    assert await published(desk) == []


async def test_an_edit_voids_what_was_submitted(desk: Direct) -> None:
    draft = await post(desk)
    await does(desk, "submit", draft)
    changed = (await desk.call("PUT", f"/posts/{draft['id']}", json={"text": TEXT + " Tot dan."})).json()
    assert changed["state"] == "draft"
    assert isinstance((await desk.told())[-1], PostEdited)
