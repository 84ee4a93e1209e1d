"""The forms of a brand's book: its patterns reach this module, forms that numbers in any spelling are matched with leave it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import re2


@dataclass(frozen=True, slots=True)
class Form:
    """A pattern of a brand's book, for text without separators. It begins with `lead`, and that with `letters`; `bare` is it without those letters."""

    kind: str
    whole: Any
    bare: Any
    letters: str
    lead: str

    def fits(self, compact: str) -> bool:
        """Whether capitals and digits without separators are of this form. Most are not, and begin otherwise."""
        return compact.startswith(self.lead) and self.whole.match(compact) is not None


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
    lead, leading, position = "", True, 0
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
            continue
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
    return Form(kind, whole, bare, letters, lead)


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
