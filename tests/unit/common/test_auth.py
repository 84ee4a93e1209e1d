"""Tokens while their issuer is well, and while it is away."""

from pathlib import Path

import pytest

from libs.common.errors import Unauthenticated, Unavailable
from libs.common.tokens import Verifier, platform
from tests.tokens import Issuer


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer(tmp_path)


def verifier(issuer: Issuer) -> Verifier:
    return Verifier([platform(str(issuer.jwks), "weerklank-local", "weerklank")])


async def test_keys_that_are_known_serve_on_while_the_issuer_is_away(issuer: Issuer) -> None:
    checked = verifier(issuer)
    assert (await checked.verify(issuer.token("agent", ["vaart"]))).reaches("vaart")
    issuer.jwks.unlink()
    checked._issuers["weerklank-local"].keys._read_at -= 10_000  # long past the moment to read them again
    for _ in range(3):
        assert (await checked.verify(issuer.token("lead", ["vaart"]))).role == "lead"


async def test_without_any_key_the_issuers_absence_is_said_and_its_return_is_seen(issuer: Issuer) -> None:
    keys = issuer.jwks.read_bytes()
    issuer.jwks.unlink()
    checked = verifier(issuer)
    with pytest.raises(Unavailable, match="cannot be read"):
        await checked.verify(issuer.token("agent", ["vaart"]))
    issuer.jwks.write_bytes(keys)
    assert (await checked.verify(issuer.token("agent", ["vaart"]))).role == "agent"


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"iss": "somebody-else"}, "issuer"),
        ({"aud": "somebody-else"}, "[Aa]udience"),
        ({"exp": 1}, "expired"),
        ({"role": "king"}, "role must be one of"),
        ({"brands": "vaart"}, "list of brand slugs"),
        ({"brands": [3]}, "list of brand slugs"),
    ],
)
async def test_a_token_that_does_not_hold_says_why(issuer: Issuer, claims: dict[str, object], why: str) -> None:
    with pytest.raises(Unauthenticated, match=why):
        await verifier(issuer).verify(issuer.token("agent", ["vaart"], **claims))


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
async def test_what_is_no_token_of_ours_is_refused(issuer: Issuer, token: str) -> None:
    with pytest.raises(Unauthenticated):
        await verifier(issuer).verify(token)


async def test_a_key_of_another_issuer_with_the_same_name_is_refused(issuer: Issuer, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with pytest.raises(Unauthenticated, match="does not hold"):
        await verifier(issuer).verify(Issuer(elsewhere).token("admin", ["vaart"]))
