"""Nothing is ever sent without a person's approval of exactly that text to exactly that target: every route, every event and every order of them tries."""

import random

import pytest

from services.responder import consumer
from tests.integration.responder.conftest import Direct
from tests.integration.responder.walk import OTHERS, PEOPLE, Walk
from tests.mail_server import MailServer


def test_every_route_that_changes_something_is_among_those_that_are_tried(direct: Direct, mail_server: MailServer) -> None:
    walk = Walk(direct, mail_server, random.Random(0), people_approve=False)
    changing = {(method, path) for method, path in walk.routes() if method not in ("GET", "HEAD")}
    assert changing - walk.recipes().keys() == set(), "new routes: say in Walk.recipes how somebody would send something with them"
    assert walk.recipes().keys() - changing == set()


async def test_no_route_and_no_event_gets_out_what_nobody_approved(direct: Direct, mail_server: MailServer) -> None:
    """Each of them, by everybody, while drafts and submitted replies are there; nobody who may approves the text that there is."""
    walk = Walk(direct, mail_server, random.Random(1), people_approve=False)
    await walk.begin()
    for actor in PEOPLE:
        for case_id in walk.ids["case_id"]:
            await walk.writes(actor, f"/v1/brands/{direct.brand}/cases/{case_id}/replies")
    reply = f"/v1/brands/{direct.brand}/replies/{{reply_id}}/approve"
    for actor in OTHERS * 2:
        for does in (walk.approve, walk.approve, walk.approve_at_desk):
            await does(actor, reply)
        await walk.approve_held(actor, f"/v1/brands/{direct.brand}/held/approve")
    assert walk.calls == []
    for key in walk.routes():
        await walk.somebody_asks(key)
    for kind in consumer.HANDLERS:
        await walk.told(kind)
    for pilot in (True, False):
        walk.pilot = pilot
        await walk.publish()
        for doing in (walk.sends, walk.dies, walk.sweeps, walk.background, walk.sends):
            await doing()
    assert await walk.judge() == 0
    assert await direct.db.fetchval("select count(*) from reply where state in ('approved', 'sending', 'sent', 'unconfirmed')") == 0


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_left_was_approved_to_the_letter_by_people_who_may(direct: Direct, mail_server: MailServer, seed: int) -> None:
    """Walks in which people also approve: with whatever happens at the same moment."""
    walk = Walk(direct, mail_server, random.Random(seed), people_approve=True)
    await walk.begin()
    for _ in range(30):
        await walk.step()
    await walk.ends_well()
    assert await walk.judge() > 0, "a walk in which nothing leaves shows nothing"
