"""Settings of ingest, from the environment: WEERKLANK_INGEST_*."""

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, IPvAnyNetwork
from pydantic_settings import NoDecode, SettingsConfigDict

from libs.common.settings import ServiceSettings


def _listed(value: object) -> object:
    return value.replace(",", " ").split() if isinstance(value, str) else value


Ports = Annotated[frozenset[Annotated[int, Field(ge=1, le=65535)]], NoDecode, BeforeValidator(_listed)]
Networks = Annotated[tuple[IPvAnyNetwork, ...], NoDecode, BeforeValidator(_listed)]


class Settings(ServiceSettings):
    """Beside those that every service has: how much may wait for Kafka's acknowledgement, and for how long."""

    model_config = SettingsConfigDict(env_prefix="WEERKLANK_INGEST_")
    port: int = 8601
    max_body_bytes: int = Field(default=8 * 1024 * 1024, ge=1024, description="Largest JSON body; NDJSON has a limit per line instead")
    max_line_bytes: int = Field(default=256 * 1024, ge=1024, description="Longest line of NDJSON")
    max_pending: int = Field(default=20_000, ge=1, description="Mentions that may wait for an acknowledgement; beyond that: 429")
    max_pending_bytes: int = Field(default=64 * 1024 * 1024, ge=1024 * 1024, description="The same in bytes")
    ack_timeout_s: float = Field(default=8.0, gt=0, description="Without an acknowledgement for so long: 503")
    purge_every_s: float = Field(default=3600.0, gt=0, description="Between two removals of receipts older than the book's retention")
    secrets_dir: Path = Field(
        default=Path("secrets"), description="Where file:name of a brand book is looked up; nothing outside it is read"
    )
    mail_networks: Networks = Field(
        default=(), description="Mail servers may stand here too, beside the public network: 10.1.2.0/24, fd00:12::/64, …"
    )
    mail_ports: Ports = Field(default=frozenset(), description="Ports of mail servers beside 143 and 993")
