"""Settings of the responder: WEERKLANK_RESPONDER_*."""

from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from libs.common import answers
from libs.common.mailserver import Reach
from libs.common.settings import Networks, Ports, ServiceSettings
from services.responder.language_model import Endpoint, is_address


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="WEERKLANK_RESPONDER_")

    port: int = 8604
    secrets_dir: Path = Field(
        default=Path("secrets"), description="Where file:name of a brand book is looked up; nothing outside it is read"
    )
    answer_key: SecretStr = Field(
        default=SecretStr(""),
        description="Signs the addresses that customers answer replies at by mail: the same 32 characters or more, at random, as ingest's. Empty: replies "
        "have no such address, and their answers are known by what they refer to",
    )
    mail_networks: Networks = Field(
        default=(), description="Mail servers may stand here too, beside the public network: 10.1.2.0/24, fd00:12::/64, …"
    )
    mail_ports: Ports = Field(default=frozenset(), description="Ports of mail servers beside 25, 465, 587 and 2525")
    webhook_networks: Networks = Field(
        default=(), description="Webhooks may stand here too, beside the public network, and may be plain http here"
    )
    webhook_ports: Ports = Field(default=frozenset(), description="Ports of webhooks in the public network beside 443 and 8443")
    model_url: str = Field(
        default="",
        description="OpenAI-compatible endpoint of a language model for drafts, as far as before /chat/completions: https://models.example/v1. "
        "Empty: nobody is helped by one",
    )
    model: str = Field(default="", max_length=200, pattern=r"^[\x20-\x7e]*$", description="The model's name there")
    model_key: SecretStr = Field(default=SecretStr(""), description="Key for the endpoint; empty: none is sent")
    model_key_file: Annotated[Path | None, BeforeValidator(lambda value: value or None)] = Field(
        default=None, description="A file with that key in its place, read for each draft: a new key needs no restart"
    )
    model_networks: Networks = Field(
        default=(), description="The endpoint may stand here too, beside the public network, and may be plain http here"
    )
    model_ports: Ports = Field(default=frozenset(), description="Ports of the endpoint in the public network beside 443 and 8443")
    model_timeout_s: float = Field(default=20.0, gt=0, le=120, description="For a draft, a second attempt included")
    model_slots: int = Field(default=4, ge=1, le=100, description="Drafts that this instance asks for at once")
    lease_s: float = Field(default=3.0, gt=0, le=60, description="A lease or a claim older than this sends nothing")
    unconfirmed_after_s: float = Field(
        default=30.0, gt=0, description="A send whose process has not been heard of for so long is given to a person to look at"
    )
    send_slots: int = Field(default=8, ge=1, le=100, description="Replies being sent at once by this instance")
    send_poll_s: float = Field(default=0.2, gt=0, le=10)
    send_attempts: int = Field(default=8, ge=1, le=100, description="Temporary refusals before a reply has failed")
    send_retry_s: float = Field(default=10.0, gt=0, description="Most of the pause before the second attempt; doubles up to ten minutes")
    account_retry_s: float = Field(
        default=60.0, gt=0, description="An account that refuses our credentials is tried again after so long; doubles up to ten minutes"
    )
    connect_timeout_s: float = Field(default=20.0, gt=0, description="From connecting to the recipient's acceptance")
    answer_timeout_s: float = Field(default=300.0, gt=0, description="For a mail server's answer to a whole message (RFC 5321: 10 minutes)")
    webhook_answer_timeout_s: float = Field(default=30.0, gt=0, description="For the answer of a webhook")
    desk_url: str = Field(
        default="",
        description="Where browsers reach the responder, without /desk: https://care.example/responder; needed behind a proxy that puts it below a path "
        "of another name, and for logging in at an OIDC provider",
    )
    desk_oidc_client_id: str = Field(
        default="", description="The application in which people log in to the desk at the OIDC provider; none: they paste a token"
    )
    desk_oidc_client_secret: SecretStr = Field(
        default=SecretStr(""), description="Its secret; none for a public client, which PKCE protects"
    )
    desk_oidc_scope: str = Field(
        default="openid", description="What is asked of the provider, so that it gives an access token for this API"
    )

    @property
    def desk_oidc(self) -> bool:
        """Whether people log in to the desk at the provider."""
        return bool(self.oidc_issuer and self.desk_oidc_client_id and self.desk_url)

    @model_validator(mode="after")
    def _desk_has_an_address(self) -> Self:
        if self.desk_url and urlsplit(self.desk_url).scheme not in ("https", "http"):
            raise ValueError(f"desk_url {self.desk_url!r} must be an http or https URL")
        if self.desk_oidc_client_id and not (self.desk_url and self.oidc_issuer):
            raise ValueError("desk_oidc_client_id needs oidc_issuer, and desk_url: the provider sends people back there")
        return self

    @field_validator("answer_key")
    @classmethod
    def _addresses_can_be_trusted(cls, value: SecretStr) -> SecretStr:
        return answers.strong(value)

    @model_validator(mode="after")
    def _a_model_has_an_address_and_a_name(self) -> Self:
        if self.model_url and not is_address(self.model_url):
            raise ValueError("model_url must be an http or https address without user, password, query and fragment")
        if bool(self.model_url) != bool(self.model):
            raise ValueError("model_url and model go together: where it is, and what it is called there")
        if self.model_key.get_secret_value() and self.model_key_file:
            raise ValueError("give model_key or model_key_file, not both")
        return self

    @property
    def endpoint(self) -> Endpoint | None:
        """The language model; none where nobody has set one up."""
        if not self.model_url:
            return None
        return Endpoint(
            url=self.model_url,
            model=self.model,
            key=self.model_key.get_secret_value(),
            key_file=self.model_key_file,
            reach=Reach(self.model_networks, self.model_ports, "WEERKLANK_RESPONDER_MODEL"),
            within_s=self.model_timeout_s,
        )

    @model_validator(mode="after")
    def _a_claim_outlives_connecting(self) -> Self:
        """A claim that could not be renewed for once must not be given to another while its holder still connects."""
        if self.connect_timeout_s >= self.unconfirmed_after_s:
            raise ValueError(
                f"connect_timeout_s ({self.connect_timeout_s:g}) must be less than unconfirmed_after_s ({self.unconfirmed_after_s:g})"
            )
        return self
