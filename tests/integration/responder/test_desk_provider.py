"""Logging in to the desk at an OpenID Connect provider: its page, its code, our log-in."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.integration.responder.conftest import Around
from tests.integration.responder.desk_person import AtDesk
from tests.oidc_provider import AUDIENCE, SECRET, Provider

DESK = "http://desk.test"


@pytest.fixture
async def provider(tmp_path: Path) -> AsyncIterator[Provider]:
    found = Provider(tmp_path / "provider.log").start()
    yield found
    found.stop()


@pytest.fixture
async def people(around: Around, provider: Provider) -> Around:
    """A running responder whose people log in at the provider, which knows them as of the brand's team."""
    await around.publish()
    await around.start(
        desk_url=DESK,
        desk_oidc_client_id="desk",
        desk_oidc_client_secret=SECRET,
        oidc_issuer=provider.issuer,
        oidc_audience=AUDIENCE,
        oidc_subject_claim="preferred_username",
        oidc_role_claim="realm_access.roles",
        oidc_brands_claim="teams",
        oidc_roles={"care": "agent"},
        oidc_brands={"vaart-care": [around.brand]},
    )
    return around


async def at_the_provider(person: AtDesk) -> tuple[httpx.Response, str]:
    """Where the desk sends somebody, and the address that the provider sends them back to."""
    begun = await person.client.get("/desk/oidc")
    assert begun.status_code == 303, begun.text
    async with httpx.AsyncClient(trust_env=False) as browser:
        back = await browser.get(begun.headers["location"])
    assert back.status_code == 302, back.text
    return begun, back.headers["location"]


async def test_people_log_in_at_their_provider_and_nobody_pastes_anything(people: Around) -> None:
    person = AtDesk(people)
    page = await person.client.get("/desk")
    assert page.status_code == 401
    assert 'href="/desk/oidc"' in page.text
    begun, back = await at_the_provider(person)
    asked = parse_qs(urlsplit(begun.headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [f"{DESK}/desk/oidc/back"]
    cookie = begun.headers["set-cookie"]
    assert "SameSite=lax" in cookie
    assert "Path=/desk/oidc" in cookie

    done = await person.client.get(f"{back}&session_state=theirs&other=too")
    assert done.status_code == 200, done.text
    assert "You are logged in" in done.text
    assert (await person.get()).status_code == 200

    again = await person.client.get(back)  # its cookie is gone, and the code is used
    assert again.status_code == 400
    assert await people.db.fetchval("select count(*) from desk_session") == 1


async def test_an_answer_to_a_log_in_that_another_browser_began_logs_nobody_in(people: Around) -> None:
    attacker, victim = AtDesk(people), AtDesk(people)
    _, back = await at_the_provider(attacker)
    assert (await victim.client.get(back)).status_code == 400
    await at_the_provider(victim)
    assert (await victim.client.get(back)).status_code == 400
    forged = back.replace(parse_qs(urlsplit(back).query)["state"][0], "x" * 43)
    assert (await attacker.client.get(forged)).status_code == 400
    assert (await attacker.client.get(f"{back}&iss=https://elders.example")).status_code == 400
    wrong_code = await attacker.client.get(back.replace("code=", "code=x"))
    assert wrong_code.status_code == 401
    assert await people.db.fetchval("select count(*) from desk_session") == 0


async def test_where_no_provider_is_set_up_there_is_nothing_to_log_in_at(desk: Around) -> None:
    answer = await AtDesk(desk).client.get("/desk/oidc")
    assert answer.status_code == 404
