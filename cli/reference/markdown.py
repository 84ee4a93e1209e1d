"""How generated pages are written: paragraphs, tables, blocks, anchors. Values reach this module, Markdown leaves it."""

import re
from collections.abc import Iterable, Sequence

MARK = "<!-- Made by `python -m cli.contracts`; do not edit. -->"


def generated(*parts: str) -> str:
    """A page that says that it is generated, with an empty line between its parts."""
    return "\n\n".join([MARK, *(part.strip("\n") for part in parts)]) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table. A cell is Markdown on one line; `|` in it is escaped, also inside code, as tables want it."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(' '.join(cell.replace('|', chr(92) + '|').split()) for cell in line)} |" for line in lines)


def plain(text: str) -> str:
    """Text in which nothing is taken for HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;")


def block(text: str, language: str = "text") -> str:
    return f"```{language}\n{text.rstrip()}\n```"


def listed(items: Sequence[str], word: str) -> str:
    """`a, b and c`."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {word} {items[-1]}" if items else ""


def anchor(heading: str) -> str:
    """The id that a heading gets on the page."""
    return re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", heading).strip().lower())
