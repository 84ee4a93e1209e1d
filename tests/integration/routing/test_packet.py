"""Whoever takes a case over reads the whole of it in one screen, and asks nothing twice."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from libs.common.events import Identity
from services.routing import packet_text, store
from services.routing.case import case_id_of
from tests.integration.routing.access_world import World
from tests.integration.routing.test_search import comes, desk, wrote
from tests.unit.routing.test_permutations import START, mention_id, reply_sent

__all__ = ["desk"]
A = case_id_of("vaart", mention_id("A"))
PACKET = f"/v1/brands/vaart/cases/{A}/packet"
PHONE = "Bel me op 0612345678, klantnummer 40123456"


async def public_private_phone(desk: World) -> None:
    """A customer asks in public, we ask them to go private, they leave their number there."""
    await comes(desk.pool, wrote("A", "Al drie dagen geen internet, en niemand belt terug!", who="Jan Bos", channel="twitter"))
    await comes(desk.pool, reply_sent(A, START + timedelta(seconds=30), "r1", answers=mention_id("A")))
    private = wrote(
        "B", PHONE, group="A", who="Jan Bos", channel="twitter", visibility="private", pii=(("phone", 10, 20), ("customer_number", 34, 42))
    )
    await comes(desk.pool, private)
    async with desk.pool.acquire() as connection:
        await store.add_note(connection, "vaart", A, uuid4(), START + timedelta(minutes=2), "gs", "Modem op afstand herstart, hielp niet")


async def packet(desk: World, role: str = "agent", **asked: str) -> dict[str, Any]:
    answer = await desk.call("GET", PACKET, desk.token(role), params=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_public_then_private_then_phone_keeps_the_thread_and_asks_nothing_twice(desk: World) -> None:
    await public_private_phone(desk)
    found = await packet(desk)
    assert [(asked["text"][:10], asked["visibility"], asked["open"]) for asked in found["asked"]] == [
        (PHONE[:10], "private", True),
        ("Al drie da", "public", False),
    ]
    assert {("phone", "0612345678"), ("customer_number", "40123456")} <= {(given["kind"], given["value"]) for given in found["given"]}
    assert not {"phone", "customer_number"} & set(found["unknown"])
    assert [(tried["what"], tried["text"]) for tried in found["tried"] if tried["text"]] == [
        ("note", "Modem op afstand herstart, hielp niet"),
        ("reply", "We kijken ernaar. ^bb"),
    ]
    assert "callback-planned" in [tried["what"] for tried in found["tried"]], (
        "the number that was left becomes a call, and the packet says so"
    )
    assert [mood["sentiment"] for mood in found["mood"]] == ["negative", "negative"]
    assert [clock["kind"] for clock in found["clocks"]] == ["reaction", "resolution"]


@pytest.mark.parametrize(
    ("role", "sees_number", "sees_name"),
    [("agent", True, True), ("lead", True, True), ("spokesperson", False, True), ("analyst", False, False)],
)
async def test_each_role_sees_what_it_may(desk: World, role: str, sees_number: bool, sees_name: bool) -> None:
    await public_private_phone(desk)
    for answer in (await desk.call("GET", PACKET, desk.token(role)), await desk.call("GET", f"{PACKET}?format=text", desk.token(role))):
        assert ("0612345678" in answer.text) == sees_number
        assert ("40123456" in answer.text) == sees_number
        assert ("Bos" in answer.text) == sees_name
    found = await packet(desk, role)
    assert {given["kind"] for given in found["given"]} >= {"phone", "customer_number"}, "that it was given is known to all"


async def test_the_packet_as_text_fits_one_screen_and_says_it_in_the_brands_language(desk: World) -> None:
    await public_private_phone(desk)
    for n in range(40):
        async with desk.pool.acquire() as connection:
            at = START + timedelta(minutes=n + 3)
            await store.add_note(connection, "vaart", A, uuid4(), at, "gs", f"poging {n}: " + "nog een keer geprobeerd, " * 20)
    await comes(desk.pool, *(wrote(name, f"{name} " + "het is nog steeds stuk " * 60, group="A") for name in "CDEFGH"))
    answer = await desk.call("GET", PACKET, desk.token("agent"), headers={"accept": "text/plain"})
    assert answer.headers["content-type"].startswith("text/plain")
    lines = answer.text.splitlines()
    assert len(lines) <= packet_text.LINES
    assert max(map(len, lines)) <= packet_text.WIDTH
    assert {"GEVRAAGD", "BELOOFD", "GEDAAN", "AL GEGEVEN: NIET OPNIEUW VRAGEN"} <= set(lines)
    assert "… en nog" in answer.text
    english = await desk.call("GET", f"{PACKET}?format=text&language=en", desk.token("agent"))
    assert "ALREADY GIVEN: DO NOT ASK AGAIN" in english.text
    assert (await desk.call("GET", PACKET, desk.token("agent"), headers={"accept": "application/json, text/plain"})).json()["version"]


async def test_a_merged_case_is_handed_over_as_the_one_in_which_it_goes_on(desk: World) -> None:
    await comes(desk.pool, wrote("A", "eerste vraag"), wrote("B", "tweede vraag"))
    other = case_id_of("vaart", mention_id("B"))
    async with desk.pool.acquire() as connection:
        await store.add_note(connection, "vaart", other, uuid4(), START, "gs", "over de tweede")
    await comes(desk.pool, wrote("B", "tweede vraag", group="A", version=2))
    answer = await desk.call("GET", f"/v1/brands/vaart/cases/{other}/packet", desk.token("agent"))
    found = answer.json()
    assert found["case"]["id"] == str(A)
    assert set(found["cases"]) == {str(A), str(other)}
    assert len(found["asked"]) == 2
    assert "over de tweede" in [tried["text"] for tried in found["tried"]]


async def test_a_packet_of_another_brand_or_of_no_case_is_not_found(desk: World) -> None:
    await comes(desk.pool, wrote("A", "vraag"))
    assert (await desk.call("GET", f"/v1/brands/vaart/cases/{uuid4()}/packet", desk.token("agent"))).status_code == 404
    foreign = desk.token("agent", brands=("golfnet",))
    assert (await desk.call("GET", PACKET, foreign)).status_code == 403
    assert (await desk.call("GET", PACKET.replace("vaart", "golfnet"), foreign)).status_code == 404


async def test_a_customers_history_has_all_their_cases_by_whatever_name_they_wrote(desk: World) -> None:
    customer = (wrote("A", "")).event.triaged.customer_id

    def of_the_customer(name: str, text: str) -> Any:
        made = wrote(name, text)
        author = made.event.triaged.mention.author.model_copy(
            update={"identities": [Identity(kind="email", value=f"{name.lower()}@klant.example")]}
        )
        mention = made.event.triaged.mention.model_copy(update={"author": author})
        event = made.event.model_copy(
            update={"triaged": made.event.triaged.model_copy(update={"customer_id": customer, "mention": mention})}
        )
        return made.__class__(event, *[getattr(made, name) for name in list(made.__dataclass_fields__)[1:]])

    await comes(desk.pool, of_the_customer("A", "eerste vraag"), of_the_customer("B", "tweede vraag"), of_the_customer("C", "derde vraag"))
    await comes(desk.pool, wrote("D", "van een ander"))
    await comes(desk.pool, reply_sent(A, START, "r1"))
    path, token = f"/v1/brands/vaart/customers/{customer}/history", desk.token("agent")
    first = (await desk.call("GET", f"{path}?limit=2", token)).json()
    rest = (await desk.call("GET", path, token, params={"limit": "2", "cursor": first["next"]})).json()
    assert [item["asked"] for item in first["items"] + rest["items"]] == ["derde vraag", "tweede vraag", "eerste vraag"]
    assert rest["items"][0]["said"] == "We kijken ernaar. ^bb"
    assert rest["next"] is None
    assert (await desk.call("GET", f"/v1/brands/vaart/customers/{uuid4()}/history", token)).status_code == 404
    others = (await packet(desk))["others"]
    assert len(others) == 2


async def test_what_was_said_is_kept_once(desk: World) -> None:
    await comes(desk.pool, wrote("A", "vraag"))
    for _ in range(2):
        await comes(desk.pool, reply_sent(A, START, "r1"))
    [row] = await desk.pool.fetch("select by, text, channel from said")
    assert dict(row) == {"by": None, "text": "We kijken ernaar. ^bb", "channel": "twitter"}
