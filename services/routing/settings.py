"""Settings of routing: WEERKLANK_ROUTING_*."""

from pydantic_settings import SettingsConfigDict

from libs.common.settings import ServiceSettings


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="WEERKLANK_ROUTING_")
