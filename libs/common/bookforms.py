"""The forms of a brand's book: its patterns reach this module, forms that numbers in any spelling are matched with leave it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

import re2


@dataclass(frozen=True, slots=True)
class Form:
    """A pattern of a brand's book, for text without separators. It begins with `lead`, and that with `letters`; `bare` is it without those letters."""

    kind: str
    whole: Any
    bare: Any
    letters: str
    lead: str
    layout: tuple["Run | str", ...] | None
    """How the book writes it: characters and separators in turn; none where that cannot be told from the characters alone."""

    def fits(self, compact: str) -> bool:
        """Whether capitals and digits without separators are of this form. Most are not, and begin otherwise."""
        return compact.startswith(self.lead) and self.whole.match(compact) is not None

    def as_booked(self, compact: str) -> str | None:
        """A number without separators as the book writes it, or none where it could be written in several ways."""
        if self.layout is None:
            return None
        fixed = sum(part.least for part in self.layout if isinstance(part, Run))
        written, at = [], 0
        for part in self.layout:
            if isinstance(part, str):
                written.append(part)
                continue
            size = part.least if part.least == part.most else part.least + len(compact) - fixed
            written.append(compact[at : at + size])
            at += size
        return "".join(written) if at == len(compact) else None


class Run(NamedTuple):
    """So many characters in a row without a separator; `most` none: any number."""

    least: int
    most: int | None


_PIECE: Final = re.compile(
    r"(?P<anchor>\\[bB]|\^|\$)"
    r"|(?P<class>\[\^?\]?(?:\\.|[^\]\\])*\])(?P<times>[*+?]\??|\{\d*,?\d*\}\??)?"
    r"|(?P<escape>\\.)(?P<times_>[*+?]\??|\{\d*,?\d*\}\??)?"
    r"|(?P<group>\(\?:|\(|\)|\|)(?P<times__>[*+?]\??|\{\d*,?\d*\}\??)?"
    r"|(?P<literal>[^\\\[\]()|*+?{}^$])(?P<times___>[*+?]\??|\{\d*,?\d*\}\??)?"
)
_SEPARATORS: Final = frozenset(" -./_:#\t")


def form(kind: str, pattern: str) -> Form | None:
    """The form without separators that a book's pattern stands for; None where that cannot be told (look-arounds, a captured part, a set of
    characters that is not allowed)."""
    if "(?=" in pattern or "(?!" in pattern or "(?<" in pattern:
        return None
    built: list[str] = []
    layout: list[Run | str] = []
    lead, leading, grouped, position = "", True, False, 0
    while position < len(pattern):
        piece = _PIECE.match(pattern, position)
        if piece is None or (piece["group"] == "("):
            return None
        position = piece.end()
        if piece["anchor"]:
            continue
        text = piece["class"] or piece["escape"] or piece["group"] or piece["literal"]
        times = piece["times"] or piece["times_"] or piece["times__"] or piece["times___"] or ""
        if _separates(text):
            layout.append(_separator(text))
            continue
        grouped = grouped or piece["group"] is not None
        layout.append(_run(times))
        if piece["escape"] and text[1].isalnum() and text[1] not in "dw":
            return None
        leading = leading and len(text) == 1 and text.isalnum() and not times
        if leading:
            lead += text.upper()
        else:
            built.append(text + times)
    rest = "".join(built)
    letters = lead[: next((place for place, letter in enumerate(lead) if letter.isdigit()), len(lead))]
    try:
        whole = re2.compile(f"^(?:{lead}(?:{rest}))$", _options())
        bare = re2.compile(f"^(?:{lead[len(letters) :]}(?:{rest}))$", _options()) if letters and rest else None
    except re2.error:
        return None
    return Form(kind, whole, bare, letters, lead, _layout(layout, grouped=grouped))


_TIMES: Final = re.compile(r"\{(\d*)(?:(,)(\d*))?\}")


def _run(times: str) -> Run:
    """How many characters a piece of a pattern stands for that comes so many times."""
    if counted := _TIMES.match(times):
        least = int(counted[1] or 0)
        return Run(least, least if not counted[2] else int(counted[3]) if counted[3] else None)
    return {"": Run(1, 1), "?": Run(0, 1), "+": Run(1, None)}.get(times.rstrip("?") or times, Run(0, None))


def _separator(text: str) -> str:
    """What a piece that matches separators is written as: its first."""
    inside = text[1:-1] if text.startswith("[") else text
    return " " if inside.startswith("\\s") else inside.lstrip("\\")[:1]


def _layout(parts: list["Run | str"], *, grouped: bool) -> tuple["Run | str", ...] | None:
    """The pieces with runs put together. Where two runs have no fixed length nobody can tell where the separator stood."""
    if grouped:  # what alternatives have in common is not known here; without separators nothing need be
        return None if any(isinstance(part, str) for part in parts) else (Run(0, None),)
    found: list[Run | str] = []
    for part in parts:
        before = found[-1] if found else None
        if isinstance(part, Run) and isinstance(before, Run):
            most = None if part.most is None or before.most is None else before.most + part.most
            found[-1] = Run(before.least + part.least, most)
        else:
            found.append(part)
    return tuple(found) if sum(isinstance(part, Run) and part.least != part.most for part in found) <= 1 else None


def _separates(text: str) -> bool:
    """Whether a piece of a pattern matches what stands between the parts of a number, and nothing else."""
    if text.startswith("["):
        inside = text[1:-1].replace(r"\s", " ").replace("\\", "")
        return not text.startswith("[^") and set(inside) <= _SEPARATORS
    if text.startswith("\\"):
        return text[1] in "sW" or text[1] in _SEPARATORS
    return text in _SEPARATORS


@lru_cache(maxsize=1)
def _options() -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    return options


def forms(patterns: Mapping[str, str]) -> tuple[Form, ...]:
    """Those of a book's identifiers that can be read in any spelling."""
    found = (form(kind, pattern) for kind, pattern in patterns.items())
    return tuple(one for one in found if one is not None)
