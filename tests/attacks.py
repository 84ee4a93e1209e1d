"""Tokens that must open nothing, each made from one that would: what an attacker sends who knows the issuer's public keys, or has a key of their own."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.tokens import Issuer


class ManyKeys(Issuer):
    """An issuer that signs with Ed25519 and publishes a key of every other kind beside it."""

    def __init__(self, tmp_dir: Path) -> None:
        super().__init__(tmp_dir)
        self.rsa, self.ec = rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())
        self.keys = json.loads(self.jwks.read_text())["keys"]
        self.keys.append(_jwk("RS256", self.rsa.public_key(), "rsa"))
        self.keys.append(_jwk("ES256", self.ec.public_key(), "ec"))
        self.keys.append({"kty": "oct", "k": b64(b"a" * 32), "kid": "oct", "alg": "HS256"})
        self.jwks.write_text(json.dumps({"keys": self.keys}))
        self.strange = Ed25519PrivateKey.generate(), rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())
        """Keys that it does not publish: the attacker's own."""


def _jwk(algorithm: str, key: Any, kid: str) -> dict[str, Any]:
    kinds: Mapping[str, Any] = {
        "RS256": jwt.algorithms.RSAAlgorithm,
        "ES256": jwt.algorithms.ECAlgorithm,
        "EdDSA": jwt.algorithms.OKPAlgorithm,
    }
    found: dict[str, Any] = kinds[algorithm].to_jwk(key, as_dict=True)
    return found | {"kid": kid, "alg": algorithm, "use": "sig"}


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def part(value: object) -> str:
    return b64(json.dumps(value).encode())


def hs256(header: Mapping[str, Any], claims: Mapping[str, Any], secret: bytes) -> str:
    signed = f"{part({'alg': 'HS256', 'typ': 'JWT', **header})}.{part(claims)}"
    return f"{signed}.{b64(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


def signed(header: Mapping[str, Any], claims: Mapping[str, Any], key: Ed25519PrivateKey) -> str:
    """Whatever they say: a library would refuse to sign some of it."""
    said = f"{part({'alg': 'EdDSA', 'typ': 'JWT', **header})}.{part(claims)}"
    return f"{said}.{b64(key.sign(said.encode()))}"


def attacks(issuer: ManyKeys, role: str, brands: list[str]) -> dict[str, str]:
    """What it tries → the token. Each claims that role and those brands."""
    now = datetime.now(UTC)
    claims: dict[str, Any] = {
        "iss": "weerklank-local",
        "aud": "weerklank",
        "sub": "x",
        "role": role,
        "brands": brands,
        "iat": int(now.timestamp()),
        "exp": int((now + timedelta(hours=1)).timestamp()),
    }
    own, own_rsa, own_ec = issuer.strange
    public = {
        "PEM": issuer._key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        "raw": issuer._key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw),
        "RSA PEM": issuer.rsa.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        "RSA DER": issuer.rsa.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo),
        "JWK": json.dumps(issuer.keys[0]).encode(),
        "JWKS": issuer.jwks.read_bytes(),
    }
    good = issuer.token(role, brands)
    head, body, signature = good.split(".")

    def mine(header: Mapping[str, Any] | None = None, key: Any = own, algorithm: str = "EdDSA", **more: Any) -> str:
        said = {"kid": "test", **(header or {})}
        return signed(said, claims | more, key) if key is own else jwt.encode(claims | more, key, algorithm, said)

    def theirs(header: Mapping[str, Any] | None = None, **more: Any) -> str:
        return signed({"kid": "test", **(header or {})}, claims | more, issuer._key)

    without = {name: signed({"kid": "test"}, {k: v for k, v in claims.items() if k != name}, issuer._key) for name in claims}
    deep = '{"a":' * 2000 + "1" + "}" * 2000
    digits = '{"exp":' + "9" * 10_000 + "}"
    critical = b64(json.dumps({"alg": "EdDSA", "kid": "test", "crit": ["b64"], "b64": False}).encode())
    return {
        "garbage": "garbage",
        "dots": "..",
        "a JWE's five parts": "a.b.c.d.e",
        "no signature": f"{head}.{body}.",
        "another signature": f"{head}.{body}.{signature[:-6]}AAAAAA",
        "other claims under the signature": f"{head}.{part(claims | {'brands': [*brands, '*']})}.{signature}",
        "two tokens": f"{good},{good}",
        "padded": f"{head}=.{body}.{signature}",
        **{f"alg {name!r}": f"{part({'alg': name, 'kid': 'test'})}.{part(claims)}." for name in ("none", "None", "NONE", "nOnE", "")},
        **{
            f"alg {name!r} with a signature": f"{part({'alg': name, 'kid': 'test'})}.{part(claims)}.{signature}"
            for name in ("none", "HS256")
        },
        "alg is a list": f"{part({'alg': ['EdDSA'], 'kid': 'test'})}.{body}.{signature}",
        "no alg": f"{part({'kid': 'test'})}.{body}.{signature}",
        **{f"HS256 keyed with the public key, {name}": hs256({"kid": "test"}, claims, key) for name, key in public.items()},
        "HS256 with the RSA key's name": hs256({"kid": "rsa"}, claims, public["RSA PEM"]),
        "HS256 with a published secret": hs256({"kid": "oct"}, claims, b"a" * 32),
        "HS256 keyed with nothing": hs256({"kid": "test"}, claims, b""),
        "a key of one's own": mine(),
        "a key of one's own, embedded (jwk)": mine({"jwk": _jwk("EdDSA", own.public_key(), "test")}),
        "a key of one's own, embedded, and no name": mine({"kid": None, "jwk": _jwk("EdDSA", own.public_key(), "own")}),
        "keys at an address (jku)": mine({"jku": "https://attacker.example/keys", "kid": "own"}),
        "a certificate at an address (x5u)": mine({"x5u": "https://attacker.example/chain"}),
        "a certificate (x5c)": mine({"x5c": ["MIIB"]}),
        "RS256 under an Ed25519 key's name": mine(key=own_rsa, algorithm="RS256"),
        "RS256 under the RSA key's name": mine({"kid": "rsa"}, key=own_rsa, algorithm="RS256"),
        "PS256 with a key for RS256": mine({"kid": "rsa"}, key=issuer.rsa, algorithm="PS256"),
        "ES256 under an RSA key's name": mine({"kid": "rsa"}, key=own_ec, algorithm="ES256"),
        "ES256 with zeroes": f"{part({'alg': 'ES256', 'kid': 'ec'})}.{part(claims)}.{b64(bytes(64))}",
        "EdDSA with zeroes": f"{head}.{part(claims)}.{b64(bytes(64))}",
        **{
            f"kid {kid!r}": f"{part({'alg': 'EdDSA', 'kid': kid})}.{body}.{signature}"
            for kid in ("../../dev/null", "/dev/null", "test' or '1'='1", "test\x00", "test\r\nx: y", "", 0, True, [], {"a": 1}, ["test"])
        },
        "no key's name": f"{part({'alg': 'EdDSA'})}.{body}.{b64(issuer._key.sign((part({'alg': 'EdDSA'}) + '.' + body).encode()))}",
        "crit": theirs({"crit": ["exp"], "exp": 1}),
        "crit, empty": theirs({"crit": []}),
        "b64 false": f"{critical}.{body}.{b64(issuer._key.sign(f'{critical}.{body}'.encode()))}",
        **{f"typ {typ!r}": theirs({"typ": typ}) for typ in ("dpop+jwt", "logout+jwt", "secevent+jwt", "JWE", 1)},
        "expired": theirs(exp=int((now - timedelta(minutes=5)).timestamp())),
        "not before later": theirs(nbf=int((now + timedelta(minutes=5)).timestamp())),
        "issued later": theirs(iat=int((now + timedelta(minutes=5)).timestamp())),
        **{f"exp {value!r}": theirs(exp=value) for value in ("never", None, True, [], "9999999999")},
        "exp without end": f"{head}.{b64(json.dumps(claims).replace(str(claims['exp']), '1e999').encode())}.{signature}",
        **{f"another audience, {value!r}": theirs(aud=value) for value in ("other", ["other"], "", "weerklank2", ["weerklank", 1], {})},
        **{
            f"another issuer, {value!r}": theirs(iss=value)
            for value in ("https://other.example", "", ["weerklank-local"], {}, "weerklank-local/")
        },
        **{f"without {name}": token for name, token in without.items() if name != "iat"},
        **{f"role {value!r}": theirs(role=value) for value in ("king", ["admin"], None, "Admin", "admin ")},
        **{f"brands {value!r}": theirs(brands=value) for value in ("vaart", {"vaart": 1}, None, [["vaart"]])},
        **{f"subject {value!r}": theirs(sub=value) for value in ("", "a\r\nb", "a\x00b", 7, "x" * 5000)},
        "an ID token (nonce)": theirs(nonce="n"),
        "an ID token (at_hash)": theirs(at_hash="x"),
        "a token bound to a key": theirs(cnf={"jkt": "x"}),
        "an oversized token": theirs(pad="x" * 20_000),
        "deeply nested claims": f"{head}.{b64(deep.encode())}.{signature}",
        "a deeply nested header": f"{b64(deep.encode())}.{body}.{signature}",
        "claims that are a list": f"{head}.{part([claims])}.{signature}",
        "a header that is a string": f"{part('EdDSA')}.{body}.{signature}",
        "a number of ten thousand digits": f"{head}.{b64(digits.encode())}.{signature}",
        "not UTF-8": f"{head}.{b64(bytes([0xFF, 0xFE]))}.{signature}",
    }
