"""All generated pages, by their path under `docs/`. The services' apps reach this module; Markdown leaves it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cli.reference import api, book, commands, events, flow
from cli.reference.markdown import MARK


def pages(apps: Mapping[str, Any]) -> dict[str, str]:
    """Path under `docs/` → page. `apps`: each service's FastAPI app, by name."""
    return {
        "FLOW.md": flow.page(),
        "reference/api.md": api.page(apps),
        "reference/brand-book.md": book.page(),
        "reference/cli.md": commands.page(),
        "reference/events.md": events.page(),
    }


def generated(docs: Path) -> list[Path]:
    """The pages that are there and say that they are generated."""
    return [path for path in sorted(docs.rglob("*.md")) if path.read_text().startswith(MARK)]
