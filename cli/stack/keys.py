"""The local issuer of access tokens: a key pair made on the first start, so that the embedded stack has no open door.

In: the data directory. Out: ``keys/issuer.ed25519.pem`` (mode 0600; the command line signs with it) and ``keys/jwks.json``
(public; every service verifies with it). An external stack brings its own issuer instead.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cli.stack.errors import StackError

ISSUER = "weerklank-local"
AUDIENCE = "weerklank"


def ensure(data_dir: Path) -> Path:
    """Makes the key pair unless it is there; returns the path of ``jwks.json``."""
    directory = data_dir / "keys"
    directory.mkdir(parents=True, exist_ok=True)
    pem, jwks = directory / "issuer.ed25519.pem", directory / "jwks.json"
    if not pem.exists():
        secret = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        unfinished = pem.with_suffix(".new")
        unfinished.unlink(missing_ok=True)
        unfinished.touch(mode=0o600)
        unfinished.write_bytes(secret)
        unfinished.rename(pem)
    unfinished = jwks.with_suffix(".new")
    unfinished.write_text(json.dumps({"keys": [_public_jwk(_private_key(pem))]}))
    unfinished.rename(jwks)
    return jwks


def issue(data_dir: Path, claims: Mapping[str, Any], now: datetime, lifetime: timedelta) -> str:
    """A signed access token with ``claims`` for the services of this data directory. ``now`` is aware.

    Raises ``StackError`` when the stack has never been started here.
    """
    pem = data_dir / "keys" / "issuer.ed25519.pem"
    if not pem.exists():
        raise StackError(f"There is no key in {pem.parent}: start the stack once (weerklank up), or name its --data-dir.")
    key = _private_key(pem)
    full = {**claims, "iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + lifetime}
    return jwt.encode(full, key, algorithm="EdDSA", headers={"kid": _public_jwk(key)["kid"]})


def _private_key(pem: Path) -> Ed25519PrivateKey:
    key = serialization.load_pem_private_key(pem.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise StackError(f"{pem} is not an Ed25519 key. Move it away, and the next start makes a new one.")
    return key


def _public_jwk(key: Ed25519PrivateKey) -> dict[str, str]:
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    required = {"crv": "Ed25519", "kty": "OKP", "x": _base64url(raw)}
    # The key's id is its thumbprint: RFC 7638, members in alphabetical order and without white space.
    thumbprint = hashlib.sha256(json.dumps(required, separators=(",", ":"), sort_keys=True).encode()).digest()
    return {**required, "kid": _base64url(thumbprint), "use": "sig", "alg": "EdDSA"}


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
