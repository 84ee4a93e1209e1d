"""Settings of ingest, from the environment: WEERKLANK_INGEST_*."""

from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from libs.common import answers
from libs.common.settings import Networks, Ports, ServiceSettings
from services.ingest.mail import MAX_MAIL_BYTES


class Settings(ServiceSettings):
    """Beside those that every service has: how much may wait for Kafka's acknowledgement, and how mailboxes are watched."""

    model_config = SettingsConfigDict(env_prefix="WEERKLANK_INGEST_")
    port: int = 8601
    max_body_bytes: int = Field(default=8 * 1024 * 1024, ge=1024, description="Largest JSON body; NDJSON has a limit per line instead")
    rate_limit: int = Field(default=600_000, ge=0, description="Requests a minute of one client, in this instance; 0: any number")
    max_line_bytes: int = Field(default=256 * 1024, ge=1024, description="Longest line of NDJSON")
    max_pending: int = Field(default=20_000, ge=1, description="Mentions that may wait for an acknowledgement; beyond that: 429")
    max_pending_bytes: int = Field(default=64 * 1024 * 1024, ge=1024 * 1024, description="The same in bytes")
    ack_timeout_s: float = Field(default=8.0, gt=0, description="Without an acknowledgement for so long: 503")
    purge_every_s: float = Field(default=3600.0, gt=0, description="Between two removals of receipts older than the book's retention")
    secrets_dir: Path = Field(
        default=Path("secrets"), description="Where file:name of a brand book is looked up; nothing outside it is read"
    )
    answer_key: SecretStr = Field(
        default=SecretStr(""),
        description="Recognises mails that answer a question to a department: the same 32 characters or more, at random, as routing's. Empty: they come "
        "in as any mail",
    )
    answer_key_before: SecretStr = Field(
        default=SecretStr(""), description="The answer_key before it was changed: addresses that it signed are recognised on"
    )
    mail_networks: Networks = Field(
        default=(), description="Mail servers may stand here too, beside the public network: 10.1.2.0/24, fd00:12::/64, …"
    )
    mail_ports: Ports = Field(default=frozenset(), description="Ports of mail servers beside 143 and 993")
    mail_poll_s: float = Field(
        default=60.0,
        gt=0,
        le=1500,
        description="Longest time between two looks at a mailbox, also where its server tells of new mail (IDLE)",
    )
    mail_timeout_s: float = Field(default=30.0, gt=0, le=600, description="For a mail server's answer to one command")
    mail_retry_s: float = Field(default=1.0, gt=0, description="Pause before a lost connection is tried again; doubles up to five minutes")
    mail_login_retry_s: float = Field(
        default=300.0, gt=0, description="The same after a refused login; doubles up to an hour, and ends when the secret changes"
    )
    mail_lease_s: float = Field(default=15.0, ge=1, description="An instance that is silent for so long loses its mailboxes to another")
    mail_boxes: int = Field(
        default=200, ge=1, le=10_000, description="Mailboxes that this instance watches; each takes a thread and two file descriptors"
    )
    mail_slots: int = Field(
        default=8,
        ge=1,
        le=100,
        description="Mailboxes whose mail is fetched at once by this instance; a quarter of them those of one brand",
    )
    mail_bytes: int = Field(
        default=MAX_MAIL_BYTES, ge=1024, le=MAX_MAIL_BYTES, description="A larger mail is rejected, and its mailbox goes on"
    )

    @field_validator("answer_key", "answer_key_before")
    @classmethod
    def _addresses_can_be_trusted(cls, value: SecretStr) -> SecretStr:
        return answers.strong(value)
