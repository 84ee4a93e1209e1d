"""DKIM signatures (RFC 6376, RFC 8463): whether a brand's key is one, what its domain must publish, and the header that goes before a mail.

A key comes in as its secret has it, a PEM of RSA or Ed25519. The signature is made of the very bytes that are transmitted, relaxed in both parts, so that
servers on the way may fold headers and change blanks. What names sender, recipient, thread and content cannot be added to afterwards.
"""

import base64
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from libs.common.brandbook import Dkim

FEWEST_BITS = 1024
"""RFC 8301: a shorter RSA key is no key to whoever verifies."""
GOOD_BITS = 2048
_SIGNED = (
    "From", "To", "Subject", "Date", "Message-ID", "Reply-To", "In-Reply-To", "References", "MIME-Version", "Content-Type",
)  # fmt: skip
"""Each is named once more than it stands in a mail: one that is added to a mail on its way breaks the signature."""


class NotAKey(ValueError):
    """The text says what is the matter, without a word of the secret."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key as the library takes it. `published` is its public part, for `p=`."""

    kind: str
    private: bytes
    published: str
    bits: int

    @property
    def record(self) -> str:
        """What the domain publishes under `selector._domainkey`, as TXT."""
        return f"v=DKIM1; k={self.kind}; p={self.published}"


def key(pem: str) -> Key:
    """Raises `NotAKey`."""
    try:
        found = load_pem_private_key(pem.strip().encode() + b"\n", password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise NotAKey("it is no private key in PEM form without a passphrase") from error
    if isinstance(found, Ed25519PrivateKey):
        raw = found.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        public = found.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return Key("ed25519", base64.b64encode(raw), base64.b64encode(public).decode(), 256)
    if isinstance(found, RSAPrivateKey):
        if found.key_size < FEWEST_BITS:
            raise NotAKey(f"it is an RSA key of {found.key_size} bits, and whoever verifies takes {FEWEST_BITS} at least")
        public = found.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        written = found.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        return Key("rsa", written, base64.b64encode(public).decode(), found.key_size)
    raise NotAKey("it is neither an RSA nor an Ed25519 key")


def signature(written: bytes, dkim: Dkim, pem: str) -> bytes:
    """The header, with its line end, that goes before a mail with exactly these bytes. Takes some ten milliseconds with RSA. Raises `NotAKey`."""
    import dkim as library  # brings a resolver along, which nobody needs who signs nothing

    signing = key(pem)
    present = written.partition(b"\r\n\r\n")[0].lower().split(b"\r\n")
    names = [name.lower().encode() for name in _SIGNED]
    header: bytes = library.sign(
        written,
        dkim.selector.encode(),
        dkim.domain.encode("idna"),
        signing.private,
        canonicalize=(b"relaxed", b"relaxed"),
        signature_algorithm=b"ed25519-sha256" if signing.kind == "ed25519" else b"rsa-sha256",
        include_headers=[name for name in names if any(line.startswith(name + b":") for line in present)] + names,
    )
    return header
