"""The local issuer of access tokens: a key pair made on the first start, so that the embedded stack has no open door.

In: the data directory. Out: ``keys/issuer.ed25519.pem`` (mode 0600; the command line signs with it, and routing for
people and machines that log in) and ``keys/jwks.json``
(public; every service verifies with it). Beside them ``keys/answers.key``. An external stack brings its own issuer instead.
"""

import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cli.stack.errors import StackError
from libs.common import signing

ISSUER = "weerklank-local"
AUDIENCE = "weerklank"


def signing_key(data_dir: Path) -> Path:
    """Where the private half is."""
    return data_dir / "keys" / "issuer.ed25519.pem"


def ensure(data_dir: Path) -> Path:
    """Makes the keys unless they are there; returns the path of ``jwks.json``."""
    directory = data_dir / "keys"
    directory.mkdir(parents=True, exist_ok=True)
    pem, jwks = signing_key(data_dir), directory / "jwks.json"
    if not pem.exists():
        secret = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        unfinished = pem.with_suffix(".new")
        unfinished.unlink(missing_ok=True)
        unfinished.touch(mode=0o600)
        unfinished.write_bytes(secret)
        unfinished.rename(pem)
    answers = directory / "answers.key"
    if not answers.exists():
        unfinished = answers.with_suffix(".new")
        unfinished.unlink(missing_ok=True)
        unfinished.touch(mode=0o600)
        unfinished.write_text(secrets.token_urlsafe(32))
        unfinished.rename(answers)
    unfinished = jwks.with_suffix(".new")
    unfinished.write_text(json.dumps({"keys": [signing.public_jwk(_private_key(pem))]}))
    unfinished.rename(jwks)
    return jwks


def answer_key(data_dir: Path) -> str:
    """What the addresses are signed with to which departments and customers answer by mail, the same for all services; empty before the first start."""
    path = data_dir / "keys" / "answers.key"
    return path.read_text().strip() if path.exists() else ""


def issue(data_dir: Path, claims: Mapping[str, Any], now: datetime, lifetime: timedelta) -> str:
    """A signed access token with ``claims`` for the services of this data directory. ``now`` is aware.

    Raises ``StackError`` when the stack has never been started here.
    """
    pem = signing_key(data_dir)
    if not pem.exists():
        raise StackError(f"There is no key in {pem.parent}: start the stack once (weerklank up), or name its --data-dir.")
    return signing.token(_private_key(pem), {**claims, "iss": ISSUER, "aud": AUDIENCE}, now, lifetime)


def _private_key(pem: Path) -> Ed25519PrivateKey:
    try:
        return signing.private_key(pem)
    except signing.NotAKey as error:
        raise StackError(f"{error} Move it away, and the next start makes a new one.") from error
