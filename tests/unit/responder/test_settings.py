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
