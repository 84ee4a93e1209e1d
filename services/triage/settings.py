"""Settings of triage: WEERKLANK_TRIAGE_*."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from libs.common.settings import ServiceSettings


class Settings(ServiceSettings):
    """Beside those that every service has: how often evidence that links nobody any more is removed, and when a brand's models learn."""

    model_config = SettingsConfigDict(env_prefix="WEERKLANK_TRIAGE_")
    forget_every_s: float = Field(default=600.0, gt=0, description="Between two removals of evidence that links nobody any more")
    learn_after: int = Field(default=25, ge=1, description="New corrections of a finding from which on a brand's model of it learns anew")
    learn_every_s: float = Field(default=300.0, gt=0, description="Between two times that a brand's model of a finding learns, at least")
