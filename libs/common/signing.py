"""Signing access tokens with the platform's own issuer key (Ed25519): the command line does it for this machine, routing for who logs in.

In: the key's PEM file and what a token says. Out: the token (RFC 9068), and the public half of the key as its issuer publishes it (RFC 7517).
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


class NotAKey(ValueError):
    """The text names the file and what it is not."""


def private_key(pem: Path) -> Ed25519PrivateKey:
    """Raises `NotAKey` for anything but a readable Ed25519 key without a password."""
    try:
        key = serialization.load_pem_private_key(pem.read_bytes(), password=None)
    except OSError as error:
        raise NotAKey(f"{pem} can't be read ({error.strerror}).") from error
    except (ValueError, TypeError) as error:
        raise NotAKey(f"{pem} is not a private key in PEM, or asks for a password.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise NotAKey(f"{pem} is not an Ed25519 key.")
    return key


def public_jwk(key: Ed25519PrivateKey) -> dict[str, str]:
    """The public half. Its id is its thumbprint: RFC 7638, members in alphabetical order and without white space."""
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    required = {"crv": "Ed25519", "kty": "OKP", "x": _base64url(raw)}
    thumbprint = hashlib.sha256(json.dumps(required, separators=(",", ":"), sort_keys=True).encode()).digest()
    return {**required, "kid": _base64url(thumbprint), "use": "sig", "alg": "EdDSA"}


def token(key: Ed25519PrivateKey, claims: Mapping[str, Any], now: datetime, lifetime: timedelta) -> str:
    """An access token that says `claims` from `now` (aware) for `lifetime`."""
    full = {**claims, "iat": now, "exp": now + lifetime}
    return jwt.encode(full, key, algorithm="EdDSA", headers={"kid": public_jwk(key)["kid"], "typ": "at+jwt"})


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
