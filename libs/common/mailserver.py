"""The servers that a brand's book names, those of mail first: a channel of the book comes in, a connection to an address that was looked at goes out.

Whoever may change a book names any host in it. Dialled are ports of mail and addresses that anybody in the world reaches, and what the operator's
settings add to those: a book makes nobody knock at what stands around a service.
"""

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from libs.common.brandbook import Channel

_PORTS = {"smtp": frozenset({25, 465, 587, 2525}), "imap": frozenset({143, 993})}
_USUAL = {"smtp": {True: 465, "starttls": 587, False: 25}, "imap": {True: 993, "starttls": 143, False: 143}}
_UNICAST = IPv6Network("2000::/3")
"""All of IPv6 that is global unicast (RFC 4291, 2.4, and IANA's registry)."""
_NAT64 = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Reach:
    """What may be dialled beside what anybody may: networks and ports of the operator's settings.

    `settings` is how those begin that give them, for whoever must change one: `<settings>_PORTS`, `<settings>_NETWORKS`.
    """

    networks: Sequence[IPv4Network | IPv6Network] = ()
    ports: frozenset[int] = frozenset()
    settings: str = "WEERKLANK_RESPONDER_MAIL"

    def own(self, address: str) -> bool:
        """Whether an address lies in a network that the operator named."""
        return any(_meant(ip_address(address)) in network for network in self.networks)


class OutOfReach(Exception):
    """A brand book names a mail server that is not to be dialled. The text names what the book says, and no address that it stands for."""


def port_of(account: Channel) -> int:
    """The port that the book gives, else the protocol's own for its way of TLS (RFC 8314, 7.3; RFC 6409; RFC 5321; RFC 9051, 2.1)."""
    return account.port or _USUAL[account.type][account.tls]


def ports(kind: str, reach: Reach) -> frozenset[int]:
    """Where servers of a channel's type may listen."""
    return _PORTS[kind] | reach.ports


def may_dial(address: str, networks: Sequence[IPv4Network | IPv6Network] = ()) -> bool:
    """Whether an address is one that anybody in the world reaches, or lies in one of `networks`.

    An IPv6 address that stands for one of IPv4 (mapped, 6to4, NAT64) is taken for that one.
    """
    meant = _meant(ip_address(address))
    if any(meant in network for network in networks):
        return True
    return meant.is_global and not meant.is_multicast and (meant.version == 4 or meant in _UNICAST)


def _meant(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address


async def connect(account: Channel, reach: Reach, within_s: float) -> socket.socket:
    """A connected socket to the account's server. Raises `OutOfReach`, or `OSError` when the name does not resolve or no address answers."""
    host, port = account.host, port_of(account)
    assert host is not None, "the brand book gives an account of mail a host"
    if port not in ports(account.type, reach):
        raise OutOfReach(f"Port {port} of {host} is not one for mail. {reach.settings}_PORTS allows others.")
    return await dial(host, port, reach, within_s)


async def dial(host: str, port: int, reach: Reach, within_s: float) -> socket.socket:
    """A connected socket to a host that may be dialled. The name is resolved once: what was looked at is what is dialled.

    Its addresses share what is left of `within_s`: one that swallows what is sent to it leaves time for the next. Raises `OutOfReach`, or
    `OSError` when the name does not resolve or no address answers.
    """
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + within_s
    try:
        async with asyncio.timeout_at(ends_at):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OutOfReach("The server's name is none that can be looked up.") from error
    allowed = [entry for entry in found if may_dial(str(entry[4][0]), reach.networks)]
    if not allowed:
        raise OutOfReach(f"{host} is not in the public network. {reach.settings}_NETWORKS allows others.")
    failures: list[OSError] = []
    for tried, (family, kind, protocol, _, address) in enumerate(allowed):
        dialled = socket.socket(family, kind, protocol)
        try:
            dialled.setblocking(False)
            async with asyncio.timeout((ends_at - loop.time()) / (len(allowed) - tried)):
                await loop.sock_connect(dialled, address)
            return dialled
        except OSError as error:
            dialled.close()
            failures.append(error)
        except BaseException:
            dialled.close()
            raise
    raise failures[-1]
