"""Settings of ingest, from the environment: WEERKLANK_INGEST_*."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from libs.common.settings import ServiceSettings


class Settings(ServiceSettings):
    """Beside those that every service has: how much may wait for Kafka's acknowledgement, and for how long."""

    model_config = SettingsConfigDict(env_prefix="WEERKLANK_INGEST_")
    port: int = 8601
    max_body_bytes: int = Field(default=8 * 1024 * 1024, ge=1024, description="Largest JSON body; NDJSON has a limit per line instead")
    rate_limit: int = Field(default=600_000, ge=0, description="Requests a minute of one client, in this instance; 0: any number")
    max_line_bytes: int = Field(default=256 * 1024, ge=1024, description="Longest line of NDJSON")
    max_pending: int = Field(default=20_000, ge=1, description="Mentions that may wait for an acknowledgement; beyond that: 429")
    max_pending_bytes: int = Field(default=64 * 1024 * 1024, ge=1024 * 1024, description="The same in bytes")
    ack_timeout_s: float = Field(default=8.0, gt=0, description="Without an acknowledgement for so long: 503")
    purge_every_s: float = Field(default=3600.0, gt=0, description="Between two removals of receipts older than the book's retention")
