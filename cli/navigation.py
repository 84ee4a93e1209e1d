"""Hooks of MkDocs: what the navigation of `mkdocs.yml` writes as a pattern becomes the pages that it matches, and links out of `docs/` become text.

A page that is named by itself stays where it is named; the others follow by name. So a new page, a runbook or a decision is in the navigation as soon as
it is there.
"""

import re
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


def on_page_markdown(markdown: str, *, page: Any, config: Any, files: Any) -> str:
    """Called for every page. A link to a file of the source leads somewhere where the pages are read beside it; the site does not hold it."""
    docs = Path(config["docs_dir"]).resolve()
    here = (docs / page.file.src_uri).parent

    def kept(link: re.Match[str]) -> str:
        target = (here / link[2].partition("#")[0]).resolve()
        outside = not target.is_relative_to(docs) and target.is_relative_to(docs.parent) and target.exists()
        return link[1] if outside else link[0]

    return re.sub(r"(?<!!)\[([^\]]+)\]\(([^)\s:]+)\)", kept, markdown)
