"""An issuer of access tokens for tests: an Ed25519 key of its own, and the JWKS file that a service under test is given."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class Issuer:
    """`jwks` is the file to pass as WEERKLANK_<SERVICE>_JWKS, `pem` the one for WEERKLANK_ROUTING_SIGNING_KEY; issuer and audience are the services'
    defaults."""

    def __init__(self, tmp_dir: Path) -> None:
        self._key = Ed25519PrivateKey.generate()
        raw = self._key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        x = base64.urlsafe_b64encode(raw).decode().rstrip("=")
        self.pem = tmp_dir / "issuer.pem"
        self.pem.write_bytes(
            self._key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
        self.jwks = tmp_dir / "jwks.json"
        self.jwks.write_text(json.dumps({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x, "kid": "test", "use": "sig", "alg": "EdDSA"}]}))

    def token(self, role: str, brands: list[str], /, subject: str = "x", **claims: Any) -> str:
        """A token for an hour; `claims` override what it says."""
        now = datetime.now(UTC)
        said = {
            "iss": "weerklank-local",
            "aud": "weerklank",
            "sub": subject,
            "role": role,
            "brands": brands,
            "iat": now,
            "exp": now + timedelta(hours=1),
        }
        return jwt.encode(said | claims, self._key, algorithm="EdDSA", headers={"kid": "test"})
