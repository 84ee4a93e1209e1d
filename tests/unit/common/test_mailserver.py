"""Which mail servers are dialled: anybody's in the public network, and what the operator allows."""

import asyncio
import socket
from ipaddress import ip_network
from typing import Any

import pytest

from libs.common import mailserver
from libs.common.brandbook import Channel
from libs.common.mailserver import OutOfReach, Reach


@pytest.mark.parametrize(
    ("address", "dialled"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::808:808", True),
        ("0.0.0.0", False),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("::127.0.0.1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b:1::7f00:1", False),
        ("2002:7f00:1::1", False),
        ("fe80::1%1", False),
        ("fec0::1", False),
        ("fd00:ec2::254", False),
        ("ff02::1", False),
    ],
)
def test_only_what_anybody_in_the_world_reaches_is_dialled(address: str, dialled: bool) -> None:
    assert mailserver.may_dial(address) == dialled


def test_an_operators_networks_are_dialled_too_and_no_others() -> None:
    networks = [ip_network("10.1.2.0/24"), ip_network("fd00:12::/64")]
    for address in ("10.1.2.3", "::ffff:10.1.2.3", "fd00:12::1", "8.8.8.8"):
        assert mailserver.may_dial(address, networks)
    for address in ("10.1.3.3", "fd00:13::1", "127.0.0.1"):
        assert not mailserver.may_dial(address, networks)


@pytest.mark.parametrize(
    ("given", "port"),
    [({"tls": True}, 465), ({"tls": "starttls"}, 587), ({}, 587), ({"tls": False}, 25), ({"tls": True, "port": 2525}, 2525)],
)
def test_the_port_is_the_books_or_that_of_the_way_of_tls(given: dict[str, Any], port: int) -> None:
    account = Channel.model_validate({"id": "smtp", "type": "smtp", "host": "smtp.vaart.example", "from": "klant@vaart.example", **given})
    assert mailserver.port_of(account) == port


@pytest.mark.parametrize(("given", "port"), [({}, 993), ({"tls": "starttls"}, 143), ({"tls": False}, 143), ({"port": 1993}, 1993)])
def test_the_port_of_a_mailbox_is_the_books_or_that_of_the_way_of_tls(given: dict[str, Any], port: int) -> None:
    assert mailserver.port_of(_account("imap", **given)) == port


def _account(kind: str, **more: Any) -> Channel:
    given = {
        "id": "mail",
        "type": kind,
        "host": "8.8.8.8",
        "user": "klant@vaart.example",
        "from": "klant@vaart.example",
        "secret": "env:VAART",
    }
    return Channel.model_validate(given | more)


@pytest.mark.parametrize(("kind", "port"), [("smtp", 5432), ("smtp", 993), ("imap", 5432), ("imap", 25)])
async def test_no_other_service_is_knocked_at(kind: str, port: int) -> None:
    reach = Reach(ports=frozenset({1025}), settings="WEERKLANK_TEST_MAIL")
    with pytest.raises(OutOfReach, match=f"Port {port} .* WEERKLANK_TEST_MAIL_PORTS"):
        await mailserver.connect(_account(kind, port=port), reach, 5)


def test_a_network_of_the_operators_is_their_own() -> None:
    reach = Reach([ip_network("10.1.2.0/24")])
    assert reach.own("10.1.2.3")
    assert reach.own("::ffff:10.1.2.3")
    assert not reach.own("8.8.8.8")


async def test_an_address_that_swallows_everything_leaves_time_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as full, socket.socket() as answers:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        answers.bind(("127.0.0.2", full.getsockname()[1]))
        answers.listen()
        # Nobody accepts here, so that soon no further connection is answered.
        waiting = [socket.socket() for _ in range(8)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())

        async def both(*_: object, **__: object) -> list[tuple[object, ...]]:
            return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", at.getsockname()) for at in (full, answers)]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", both)
        port = full.getsockname()[1]
        reach = Reach([ip_network("127.0.0.0/8")], frozenset({port}))
        with await mailserver.connect(_account("imap", host="mail.vaart.example", port=port), reach, 2) as connected:
            assert connected.getpeername() == answers.getsockname()
        for one in waiting:
            one.close()
