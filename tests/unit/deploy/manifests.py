"""What stands in deploy/: read as data, for the tests beside this file."""

import importlib
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from libs.common.settings import ServiceSettings

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "deploy"
SERVICES = ("ingest", "triage", "routing", "responder", "analytics")
PORTS = {"ingest": 8601, "triage": 8602, "routing": 8603, "responder": 8604, "analytics": 8605}
# What is read outside of any service's settings: by OpenTelemetry, and by `weerklank topics`.
OTHER_VARIABLES = {"OTEL_EXPORTER_OTLP_ENDPOINT", "WEERKLANK_KAFKA"}


def yaml(path: Path) -> list[dict[str, Any]]:
    """Every document of a YAML file, as plain data; a key that stands twice is an error."""
    reader = YAML(typ="safe", pure=True)
    found: list[dict[str, Any]] = list(reader.load_all(path.read_text()))
    return found


def settings_of(service: str) -> type[ServiceSettings]:
    """The settings class of a service."""
    found: type[ServiceSettings] = importlib.import_module(f"services.{service}.settings").Settings
    return found


def variables_of(service: str) -> set[str]:
    """Every environment variable that a service reads as a setting."""
    fields = settings_of(service).model_fields
    for_all = {f"WEERKLANK_{name.upper()}" for name in fields if name.startswith("oidc_")}
    return for_all | {f"WEERKLANK_{service.upper()}_{name.upper()}" for name in fields}


def required_variables_of(service: str) -> set[str]:
    """Those without which it does not start, or would be somebody else: its instance has a default that two pods would share."""
    fields = settings_of(service).model_fields.items()
    required = {name for name, field in fields if field.is_required()} | {"kafka", "host", "port", "instance", "jwks"}
    return {f"WEERKLANK_{service.upper()}_{name.upper()}" for name in required}
