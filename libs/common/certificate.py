"""How long a server's TLS certificate is still good, and what a connection that failed means.

A connection's TLS object or the error that it ended by comes in; a finding, or words for one, go out.
"""

import socket
import ssl
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509

from libs.common.checks import Finding, Kind

WARNING = timedelta(days=30)
ERROR = timedelta(days=7)
_EXPIRED = 10
"""X509_V_ERR_CERT_HAS_EXPIRED (OpenSSL)."""


def expires_at(tls: ssl.SSLObject | ssl.SSLSocket | Any) -> datetime | None:
    """The end of the peer's certificate (UTC), also of one that was not verified; none when there is no TLS."""
    der = tls.getpeercert(binary_form=True) if tls is not None else None
    return x509.load_der_x509_certificate(der).not_valid_after_utc if der else None


def judge(kind: Kind, server: str, end: datetime, now: datetime, *, about: str = "", brand: str | None = None) -> Finding:
    """Whether a certificate is renewed in time: a warning 30 days before its end, an error 7 days before."""
    left = end - now
    values = {"server": server, "expires_at": end.isoformat(), "days_left": round(left / timedelta(days=1), 1)}
    days = f"{max(0, left // timedelta(days=1))} days"
    if left <= timedelta():
        return kind.error(f"The certificate of {server} expired on {end:%Y-%m-%d}.", about=about, brand=brand, values=values)
    found = f"The certificate of {server} expires in {days}, on {end:%Y-%m-%d}."
    if left > WARNING:
        return kind.ok(found, about=about, brand=brand, values=values)
    return (kind.error if left <= ERROR else kind.warning)(found, about=about, brand=brand, values=values)


def is_expired(error: BaseException | None) -> bool:
    """Whether a handshake failed because the server's certificate has ended."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:  # an error that was raised again from what it caused leads back to itself
        if isinstance(error, ssl.SSLCertVerificationError):
            return error.verify_code == _EXPIRED
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return False


def told(error: BaseException) -> str:
    """Why there is no connection, in our words: what a server said would show whoever names a host what answers there."""
    if is_expired(error):
        return "its certificate has expired"
    if isinstance(error, TimeoutError):
        return "it does not answer in time"
    if isinstance(error, ssl.SSLCertVerificationError):
        return "its certificate is not one of its name that is trusted here"
    if isinstance(error, ssl.SSLError):
        return "its TLS and ours do not agree"
    if isinstance(error, socket.gaierror):
        return "its name does not resolve"
    if isinstance(error, ConnectionRefusedError):
        return "it refuses the connection"
    return "there is no connection, or it was lost"
