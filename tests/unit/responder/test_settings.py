"""Settings of the responder: what is read from the environment, and what cannot go together."""

from ipaddress import ip_network

import pytest
from pydantic import ValidationError

from services.responder.settings import Settings


def test_networks_and_ports_are_written_as_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"DATABASE_URL": "postgresql://x", "JWKS": "x", "MAIL_NETWORKS": "10.1.2.0/24, fd00:12::/64", "MAIL_PORTS": "1025,10025"}
    for name, value in given.items():
        monkeypatch.setenv(f"WEERKLANK_RESPONDER_{name}", value)
    settings = Settings()
    assert settings.mail_networks == (ip_network("10.1.2.0/24"), ip_network("fd00:12::/64"))
    assert settings.mail_ports == {1025, 10025}
    monkeypatch.setenv("WEERKLANK_RESPONDER_MAIL_NETWORKS", "10.1.2.3/8")
    with pytest.raises(ValidationError, match="mail_networks"):
        Settings()


@pytest.mark.parametrize(("connect", "unconfirmed", "fits"), [(20, 30, True), (29.9, 30, True), (30, 30, False), (40, 30, False)])
def test_a_claim_outlives_connecting(connect: float, unconfirmed: float, fits: bool) -> None:
    given = {"database_url": "postgresql://x", "jwks": "x", "connect_timeout_s": connect, "unconfirmed_after_s": unconfirmed}
    if fits:
        Settings.model_validate(given)
    else:
        with pytest.raises(ValidationError, match=rf"connect_timeout_s \({connect}\) must be less than unconfirmed_after_s \(30\)"):
            Settings.model_validate(given)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"model_url": "https://models.example/v1"}, "model_url and model go together"),
        ({"model": "small"}, "model_url and model go together"),
        ({"model_url": "https://u:p@models.example/v1", "model": "small"}, "without user, password"),
        ({"model_url": "https://models.example/v1", "model": "small", "model_key": "k", "model_key_file": "/k"}, "not both"),
    ],
)
def test_a_language_model_has_an_address_a_name_and_one_key(given: dict[str, str], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Settings.model_validate({"database_url": "postgresql://x", "jwks": "x", **given})


def test_without_a_language_model_there_is_none_and_its_key_is_never_shown() -> None:
    base = {"database_url": "postgresql://x", "jwks": "x"}
    assert Settings.model_validate(base).endpoint is None
    found = Settings.model_validate({**base, "model_url": "https://models.example/v1", "model": "small", "model_key": "geheim"})
    assert found.endpoint is not None
    assert found.endpoint.key == "geheim"
    assert "geheim" not in f"{found!r} {found.endpoint!r}"
