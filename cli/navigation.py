"""A hook of MkDocs: what the navigation of `mkdocs.yml` writes as a pattern becomes the pages that it matches.

A page that is named by itself stays where it is named; the others follow by name. So a new page, a runbook or a decision is in the navigation as soon as
it is there.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any


def on_config(config: Any) -> Any:
    """Called by MkDocs once it has read its configuration."""
    docs = Path(config["docs_dir"])
    named = {page for page in _pages(config["nav"]) if "*" not in page}
    config["nav"] = _filled(config["nav"], docs, named)
    return config


def _pages(nav: Any) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    for item in nav.values() if isinstance(nav, dict) else nav if isinstance(nav, list) else ():
        yield from _pages(item)


def _filled(nav: list[Any], docs: Path, named: set[str]) -> list[Any]:
    found: list[Any] = []
    for item in nav:
        if isinstance(item, dict):
            found += [{title: _filled(below, docs, named) if isinstance(below, list) else below} for title, below in item.items()]
        elif "*" in item:
            found += [page for path in sorted(docs.glob(item)) if (page := path.relative_to(docs).as_posix()) not in named]
        else:
            found.append(item)
    return found
