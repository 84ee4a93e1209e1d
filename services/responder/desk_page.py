"""What the desk's pages are made of: templates, which escape whatever people wrote, all words in Dutch and English, and the files beside them.

A visit and values come in, a page goes out. Words stand in `desk/words.json`, templates in `desk/templates/`, style and script in `desk/static/`.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.responder.desk_session import Session

FOLDER = Path(__file__).parent / "desk"
LANGUAGES = ("nl", "en")
WORDS: Mapping[str, Mapping[str, str]] = json.loads((FOLDER / "words.json").read_text())
"""Key → language → text, with {variables}."""
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_DAYS = {"nl": ("ma", "di", "wo", "do", "vr", "za", "zo"), "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}
_MONTHS = {
    "nl": ("jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec"),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}


class File(NamedTuple):
    """A file that every page may ask for. `mark` changes with what is in it."""

    content: bytes
    media_type: str
    mark: str


def _file(path: Path) -> File:
    content = path.read_bytes()
    return File(content, _TYPES[path.suffix], hashlib.sha256(content).hexdigest()[:16])


STATIC: Mapping[str, File] = {path.name: _file(path) for path in sorted((FOLDER / "static").iterdir()) if path.suffix in _TYPES}


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody's request at the desk. `base` stands before /desk in its addresses, `path` is the address that was asked for."""

    language: str
    base: str
    path: str
    session: Session | None
    had_cookie: bool
    oidc: bool

    def __call__(self, key: str, /, **values: object) -> str:
        """The words for `key` in the visitor's language. Raises `KeyError` for words that there are none of."""
        words = WORDS[key][self.language]
        return words.format(**values) if values else words

    def has(self, key: str) -> bool:
        return key in WORDS

    def to(self, path: str = "") -> str:
        """The address of a page of the desk."""
        return f"{self.base}/desk{path}"

    def file(self, name: str) -> str:
        return f"{self.base}/desk/static/{name}?v={STATIC[name].mark}"


def said(language: str, at: datetime, zone: str, now: datetime | None = None) -> str:
    """A moment in the brand's zone, as people say it; without the day where that is today, with the year where it is another."""
    local = at.astimezone(_zone(zone))
    today = now.astimezone(_zone(zone)) if now else None
    time = f"{local:%H:%M}"
    if today and local.date() == today.date():
        return time
    day = f"{_DAYS[language][local.weekday()]} {local.day} {_MONTHS[language][local.month - 1]}"
    return f"{day} {local.year} {time}" if today and local.year != today.year else f"{day} {time}"


@lru_cache(64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


_TEMPLATES = Environment(
    loader=FileSystemLoader(FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(visit: Visit, template: str, status: int = 200, headers: Mapping[str, str] | None = None, **values: Any) -> HTMLResponse:
    """A page, or a piece of one. In a template `t` are its words, and every value is escaped."""
    content = _TEMPLATES.get_template(template).render(t=visit, visit=visit, language=visit.language, **values)
    return HTMLResponse(content, status, headers)
