"""Tokens of an OpenID Connect provider that is a process of its own: its first token, its keys as they change, its absence, its clock, its claims."""

import asyncio
import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from libs.common import issuers
from libs.common.errors import Forbidden, Unauthenticated, Unavailable
from libs.common.tokens import Verifier
from services.triage.app import create_app
from services.triage.settings import Settings
from tests.oidc_provider import AUDIENCE, Provider
from tests.tokens import Issuer
from tests.waiting import until

CLAIMS = {
    "oidc_audience": AUDIENCE,
    "oidc_subject_claim": "preferred_username",
    "oidc_role_claim": "realm_access.roles",
    "oidc_brands_claim": "teams",
    "oidc_roles": {"care-leads": "lead", "care": "agent", "mail-bridge": "connector"},
    "oidc_brands": {"vaart-care": ["vaart", "noord"], "platform": ["*"]},
}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    """A provider for tests that leave it running; keys may rotate."""
    provider = Provider(tmp_path_factory.mktemp("oidc") / "provider.log").start()
    yield provider
    provider.stop()


def settings(provider: Provider, **more: Any) -> Settings:
    return Settings(database_url="postgresql://nobody@localhost/none", **({"oidc_issuer": provider.issuer} | CLAIMS | more))


def verifier(provider: Provider, **more: Any) -> Verifier:
    return issuers.verifier(settings(provider, **more))


def said(provider: Provider, **claims: Any) -> dict[str, Any]:
    """The claims of a good access token, and whatever else."""
    now = int(time.time())
    good = {
        "iss": provider.issuer,
        "aud": AUDIENCE,
        "sub": "u-1",
        "client_id": "app",
        "iat": now,
        "exp": now + 300,
        "preferred_username": "gs",
        "realm_access": {"roles": ["care"]},
        "teams": ["vaart-care"],
    }
    return {name: value for name, value in (good | claims).items() if value is not None}


async def holds(checked: Verifier, token: str) -> bool:
    try:
        await checked.verify(token)
    except Unauthenticated:
        return False
    return True


async def test_the_first_token_makes_a_principal_of_the_mapped_claims(shared: Provider) -> None:
    found = await verifier(shared).verify(shared.sign(said(shared)))
    assert (found.subject, found.role, found.brands, found.machine) == ("gs", "agent", frozenset({"vaart", "noord"}), False)


async def test_client_credentials_make_a_machine(shared: Provider) -> None:
    found = await verifier(shared).verify(shared.token("tool"))
    assert (found.subject, found.role, found.machine) == ("service-account-tool", "connector", True)


@pytest.mark.parametrize(
    "marks",
    [
        {"sub": "app"},
        {"sub": "0oa1", "client_id": None, "cid": "0oa1"},
        {"idtyp": "app"},
        {"sub": "x@clients", "gty": "client-credentials"},
        {"preferred_username": "service-account-app"},
    ],
    ids=str,
)
async def test_no_mapping_lets_a_machine_approve(shared: Provider, marks: dict[str, Any]) -> None:
    checked = verifier(shared)
    with pytest.raises(Forbidden, match="only people"):
        await checked.verify(shared.sign(said(shared, **marks)))
    bridge = await checked.verify(shared.sign(said(shared, **marks, realm_access={"roles": ["mail-bridge"]})))
    assert (bridge.role, bridge.machine) == ("connector", True)


async def test_keys_rotate_with_overlap_and_one_that_was_taken_away_is_refused(shared: Provider) -> None:
    checked = verifier(shared, oidc_refresh_s=1)
    before = shared.token()
    assert await holds(checked, before)
    shared.rotate("ES256")
    after = shared.token()
    await until(lambda: holds(checked, after), "a new key is found by its name", 10)
    assert await holds(checked, before)  # both are published
    shared.retire()

    async def refused() -> bool:
        return not await holds(checked, before)

    await until(refused, "a key that was taken away proves nothing any more", 10)
    assert await holds(checked, after)


async def test_invented_key_names_do_not_make_us_ask_the_provider_again_and_again(
    shared: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = issuers.oidc.fetch

    async def counted(url: str) -> bytes:
        asked.append(url)
        return await real(url)

    monkeypatch.setattr(issuers.oidc, "fetch", counted)
    checked = verifier(shared)
    for number in range(50):
        with pytest.raises(Unauthenticated, match="does not publish"):
            await checked.verify(_with_key_named(f"invented-{number}", shared.issuer))
    assert len(asked) == 2  # discovery and keys, once


def _with_key_named(kid: str, issuer: str) -> str:
    header, claims = {"alg": "RS256", "kid": kid}, {"iss": issuer}
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, claims)) + ".c2ln"


async def test_keys_that_are_known_serve_on_while_the_provider_is_away(tmp_path: Path) -> None:
    provider = Provider(tmp_path / "provider.log").start()
    try:
        checked = verifier(provider, oidc_refresh_s=1)
        token = provider.token()
        assert await holds(checked, token)
    finally:
        provider.stop()
    keys = checked._issuers[provider.issuer].keys
    keys._read_at -= 3  # past the moment to read them again
    assert await holds(checked, token)
    keys._read_at -= 100_000  # more than a day later
    with pytest.raises(Unavailable):
        await checked.verify(token)


async def test_a_provider_that_is_away_at_the_start_is_503_and_its_return_is_seen(tmp_path: Path) -> None:
    provider = Provider(tmp_path / "provider.log").start()
    token = provider.token()
    provider.stop()
    app = create_app(settings(provider))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://triage") as client:

        async def ask(brand: str) -> httpx.Response:
            return await client.get(f"/v1/brands/{brand}/mentions", headers={"authorization": f"Bearer {token}"})

        away = await ask("vaart")
        assert (away.status_code, away.headers["retry-after"]) == (503, "5")
        assert "127.0.0.1" in away.json()["detail"]
        await asyncio.to_thread(provider.start)
        try:
            token = provider.token()

            async def told_apart() -> bool:
                """403 for a brand that the token does not reach: it was verified."""
                return (await ask("zuid")).status_code == 403

            await until(told_apart, "its keys are read once it is back", 15)
        finally:
            provider.stop()


@pytest.mark.parametrize(
    ("claims", "fine"),
    [
        ({"exp": -20}, True),
        ({"exp": -40}, False),
        ({"nbf": 20}, True),
        ({"nbf": 40}, False),
        ({"iat": 20}, True),
        ({"iat": 4000}, False),
    ],
    ids=str,
)
async def test_clocks_may_differ_by_the_leeway_and_no_more(shared: Provider, claims: dict[str, int], fine: bool) -> None:
    now = int(time.time())
    token = shared.sign(said(shared, **{name: now + offset for name, offset in claims.items()}))
    assert await holds(verifier(shared), token) is fine


async def test_an_id_token_opens_nothing_even_where_its_audience_fits(shared: Provider) -> None:
    checked = verifier(shared)
    for token in (
        shared.id_token("an-application"),
        shared.id_token(AUDIENCE, nonce="n-1"),
        shared.id_token(AUDIENCE),
        shared.sign(said(shared, at_hash="x"), typ="JWT"),
        shared.sign(said(shared, client_id=None), typ="JWT"),
        shared.sign(said(shared), typ="logout+jwt"),
        shared.sign(said(shared, typ="ID"), typ="JWT"),
        shared.sign(said(shared, cnf={"jkt": "x"})),
    ):
        assert not await holds(checked, token)
    assert await holds(checked, shared.sign(said(shared), typ="JWT"))


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"aud": "account"}, "[Aa]udience"),
        ({"aud": None}, "aud"),
        ({"iss": "https://elsewhere.example"}, "issuer"),
        ({"iss": ["x"]}, "issuer"),
        ({"exp": None}, "exp"),
        ({"exp": "soon"}, "exp"),
        ({"preferred_username": None}, "preferred_username"),
        ({"preferred_username": "g\r\ns"}, "printable"),
        ({"preferred_username": {"$ne": ""}}, "printable"),
    ],
    ids=str,
)
async def test_a_token_of_the_provider_that_does_not_hold_says_why(shared: Provider, claims: dict[str, Any], why: str) -> None:
    with pytest.raises(Unauthenticated, match=why):
        await verifier(shared).verify(shared.sign(said(shared, **claims)))


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"realm_access": {"roles": ["offline_access"]}}, "mapped to a role"),
        ({"realm_access": {"roles": ["admin"]}}, "mapped to a role"),  # ours by name, but a mapping was given
        ({"realm_access": None}, "mapped to a role"),
        ({"realm_access": {"roles": [["care"]]}}, "mapped to a role"),
        ({"teams": ["*"]}, "mapped to a brand"),
        ({"teams": "vaart"}, "mapped to a brand"),
        ({"teams": None}, "mapped to a brand"),
    ],
    ids=str,
)
async def test_what_maps_to_nothing_is_forbidden_with_the_claim_that_was_looked_at(
    shared: Provider, claims: dict[str, Any], why: str
) -> None:
    with pytest.raises(Forbidden, match=why):
        await verifier(shared).verify(shared.sign(said(shared, **claims)))


async def test_the_first_role_of_the_mapping_counts_and_an_operator_is_made_by_a_mapping_only(shared: Provider) -> None:
    both = said(shared, realm_access={"roles": ["care", "care-leads"]}, teams=["platform"])
    found = await verifier(shared).verify(shared.sign(both))
    assert (found.role, found.brands) == ("lead", frozenset("*"))
    plain = said(shared, roles=["agent", "admin"], brands=["vaart", "*"])
    unmapped = {"oidc_roles": {}, "oidc_brands": {}, "oidc_role_claim": "roles", "oidc_brands_claim": "brands"}
    found = await verifier(shared, **unmapped).verify(shared.sign(plain))
    assert (found.role, found.brands) == ("admin", frozenset({"vaart"}))


async def test_a_claims_name_may_be_an_address(shared: Provider) -> None:
    named = said(shared, **{"https://weerklank.example/role": "care"})
    found = await verifier(shared, oidc_role_claim="https://weerklank.example/role").verify(shared.sign(named))
    assert found.role == "agent"


async def test_each_issuer_vouches_with_its_own_keys_only(shared: Provider, tmp_path: Path) -> None:
    ours = Issuer(tmp_path)
    both = verifier(shared, jwks=str(ours.jwks))
    assert (await both.verify(ours.token("lead", ["vaart"], "lo"))).role == "lead"
    assert (await both.verify(shared.token())).role == "connector"
    as_ours = said(shared, iss="weerklank-local", aud="weerklank", role="admin", brands=["vaart", "*"])
    for token in (shared.sign(as_ours), ours.token("admin", ["vaart"], **said(shared))):
        with pytest.raises(Unauthenticated):
            await both.verify(token)


async def test_a_provider_that_calls_itself_otherwise_is_not_the_one_that_was_named(shared: Provider) -> None:
    elsewhere = shared.issuer.replace("127.0.0.1", "localhost")
    with pytest.raises(Unavailable, match="of another issuer"):
        await verifier(shared, oidc_issuer=elsewhere).verify(shared.sign(said(shared, iss=elsewhere)))


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"oidc_issuer": "http://issuer.example"}, "must be an https URL"),
        ({"oidc_issuer": "https://issuer.example?a=1"}, "must be an https URL"),
        ({"oidc_issuer": "https://issuer.example"}, "oidc_audience is missing"),
        ({}, "set jwks"),
        ({"jwks": "x", "issuer": "https://a.example", "oidc_issuer": "https://a.example", "oidc_audience": "x"}, "are both"),
        ({"jwks": "x", "oidc_roles": '{"a": "king"}'}, "oidc_roles"),
        ({"jwks": "x", "oidc_roles": "{"}, "is not JSON"),
        ({"jwks": "x", "oidc_brands": '{"a": ["Vaart!"]}'}, "oidc_brands"),
    ],
    ids=str,
)
def test_settings_that_would_trust_the_wrong_tokens_stop_the_start(given: dict[str, str], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Settings(database_url="postgresql://nobody@localhost/none", **given)


def test_the_provider_is_named_once_for_all_services(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEERKLANK_OIDC_ISSUER", "https://issuer.example")
    monkeypatch.setenv("WEERKLANK_OIDC_AUDIENCE", "all")
    monkeypatch.setenv("WEERKLANK_OIDC_ROLES", "")
    monkeypatch.setenv("WEERKLANK_TRIAGE_OIDC_AUDIENCE", "triage")
    monkeypatch.setenv("WEERKLANK_PORT", "1")
    found = Settings(database_url="postgresql://nobody@localhost/none")
    assert (found.oidc_issuer, found.oidc_audience, found.oidc_roles, found.port) == ("https://issuer.example", "triage", {}, 8600)
