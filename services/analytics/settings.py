"""Settings of analytics, from the environment: WEERKLANK_ANALYTICS_*."""

from pydantic_settings import SettingsConfigDict

from libs.common.settings import ServiceSettings


class Settings(ServiceSettings):
    """Those that every service has; only the port differs."""

    model_config = SettingsConfigDict(env_prefix="WEERKLANK_ANALYTICS_")
    port: int = 8605
