"""Settings of routing: WEERKLANK_ROUTING_*."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from libs.common import answers
from libs.common.keys import is_safe
from libs.common.settings import Networks, Ports, ServiceSettings


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="WEERKLANK_ROUTING_")

    signing_key: Annotated[Path | None, BeforeValidator(lambda value: value or None)] = Field(
        default=None,
        description="PEM of the platform's own issuer key (Ed25519; its public half is in jwks): tokens for machine clients and for people who log in. "
        "Without it only the OIDC provider makes tokens",
    )
    secrets_dir: Path = Field(
        default=Path("secrets"), description="Where file:name of a brand book is looked up; nothing outside it is read"
    )
    mail_networks: Networks = Field(
        default=(),
        description="Mail servers that notices leave by may stand here too, beside the public network: 10.1.2.0/24, fd00:12::/64, …",
    )
    mail_ports: Ports = Field(default=frozenset(), description="Ports of mail servers beside 25, 465, 587 and 2525")
    webhook_networks: Networks = Field(
        default=(), description="Webhooks and chats may stand here too, beside the public network, and may be plain http here"
    )
    webhook_ports: Ports = Field(default=frozenset(), description="Ports of webhooks in the public network beside 443 and 8443")
    public_url: str = Field(
        default="",
        description="Where people reach routing from outside, for links that work without log-in: https://care.example/routing. Empty: this machine",
    )
    link_key: SecretStr = Field(
        default=SecretStr(""), description="Signs those links: 32 characters or more, at random. Empty: a key that follows from signing_key"
    )
    link_key_before: SecretStr = Field(
        default=SecretStr(""), description="The link_key before it was changed: links that it signed hold on until they expire"
    )
    answer_key: SecretStr = Field(
        default=SecretStr(""),
        description="Signs the addresses that departments answer questions to by mail: 32 characters or more, at random, the same as ingest's. Empty: "
        "notices have no such address",
    )
    notice_slots: int = Field(default=200, ge=1, le=1000, description="Notices that this instance sends at once")
    notice_lane_slots: int = Field(default=24, ge=1, le=1000, description="Of them, those of one brand to one server")
    notice_attempts: int = Field(default=8, ge=1, le=100, description="Temporary refusals before a notice has failed")
    notice_retry_s: float = Field(default=5.0, gt=0, description="Pause before the second attempt, about; doubles up to ten minutes")
    notice_unconfirmed_after_s: float = Field(
        default=30.0, gt=0, description="A notice whose process has not been heard of for so long is given to a person to look at"
    )
    notice_connect_timeout_s: float = Field(default=10.0, gt=0, description="From connecting until a server takes what it is told")
    notice_answer_timeout_s: float = Field(default=30.0, gt=0, description="For the answer of a webhook or a chat")
    notice_mail_answer_timeout_s: float = Field(default=300.0, gt=0, description="For a mail server's answer to a whole message")

    purge_every_s: float = Field(
        default=3600.0, gt=0, description="Between two removals of cases and texts that are older than the book's retention"
    )

    @field_validator("answer_key")
    @classmethod
    def _addresses_can_be_trusted(cls, value: SecretStr) -> SecretStr:
        return answers.strong(value)

    @model_validator(mode="after")
    def _a_claim_outlives_connecting(self) -> Self:
        """A claim that could not be renewed for once must not be given to another while its holder still connects."""
        if self.notice_connect_timeout_s >= self.notice_unconfirmed_after_s:
            raise ValueError(
                f"notice_connect_timeout_s ({self.notice_connect_timeout_s:g}) must be less than "
                f"notice_unconfirmed_after_s ({self.notice_unconfirmed_after_s:g})"
            )
        return self

    @model_validator(mode="after")
    def _links_can_be_trusted(self) -> Self:
        for name in ("link_key", "link_key_before"):
            value = getattr(self, name).get_secret_value()
            if value and len(value) < 32:
                raise ValueError(f"{name} has {len(value)} characters: it takes 32 at least, at random")
        if self.public_url and not is_safe(self.public_url):
            raise ValueError(f"public_url {self.public_url!r} must be an https URL (http only to this machine)")
        return self
