"""Settings that every service has; each service's `settings.py` names its prefix (WEERKLANK_TRIAGE_*) and adds its own."""

from pydantic import Field
from pydantic_settings import BaseSettings


class ServiceSettings(BaseSettings):
    """Read from the environment. `instance` must be stable over restarts and unlike that of any other instance."""

    database_url: str = Field(description="postgresql://… ; the login's own schema is used")
    kafka: str = Field(default="127.0.0.1:8610", description="Bootstrap servers, host:port[,host:port…]")
    host: str = "127.0.0.1"
    port: int = 8600
    instance: str = Field(default="0", description="Kafka's group_instance_id; a StatefulSet's pod name, for one")
    jwks: str = Field(description="File or https URL with the issuer's public keys (JWKS)")
    issuer: str = "weerklank-local"
    audience: str = "weerklank"
    pool_size: int = Field(default=6, ge=2, description="Postgres connections of this instance, beside two of the relay")
    batch: int = Field(default=1000, ge=1, le=10_000, description="Most records in one transaction")
    session_timeout_s: float = Field(default=10.0, ge=1, description="Silence after which Kafka gives our partitions away")
    stalled_after_s: float = Field(default=60.0, ge=1, description="Waiting records without progress for so long fail liveness")
    max_body_bytes: int = Field(default=1024 * 1024, ge=1024, description="Largest request body, streams apart")
    rate_limit: int = Field(
        default=6000, ge=0, description="Requests a minute of one client (a token's subject), in this instance; 0: any number"
    )
    rate_limit_anonymous: int = Field(default=3000, ge=0, description="The same of one network address, for requests without a valid token")
    idempotency_hours: float = Field(default=24, gt=0, le=24 * 30, description="How long the answer to an Idempotency-Key is kept")
