"""What somebody wrote in a mail, without the mails that it quotes. Pure.

Quoted history is lines that begin with `>`, below or between what was written, or all that follows a header that mail programs put above it, in Dutch,
English, German and French. Where nothing would be left all of it is kept: better too much than an answer lost.
"""

import re

_WROTE = re.compile(
    r"^(?:op|on|am|le)\b.{3,300}?(?:schreef|wrote|schrieb|a écrit)\b.{0,200}:\s*$|^.{3,200}\b(?:schreef|wrote)(?: het volgende)?:\s*$",
    re.IGNORECASE,
)
_DIVIDER = re.compile(
    r"^\s*(?:-{2,}\s*(?:original message|oorspronkelijk bericht|oorspronkelijke bericht|ursprüngliche nachricht|message d'origine|"
    r"forwarded message|doorgestuurd bericht)\s*-{2,}|_{20,})\s*$",
    re.IGNORECASE,
)
_FROM = re.compile(r"^\s*\*?(?:from|van|von|de)\s*:\*?\s*\S", re.IGNORECASE)
_HEADER = re.compile(r"^\s*\*?(?:sent|date|verzonden|datum|gesendet|envoyé|to|aan|an|à|subject|onderwerp|betreff|objet)\s*:", re.IGNORECASE)
_LINES_OF_A_HEADER = 4
_LONGEST_WROTE = 3
"""Lines that the header above a quotation is broken into, at most."""


def unquoted(text: str) -> str:
    """What was written. A signature below a line `-- ` is left out too."""
    lines = text.split("\n")
    kept: list[str] = []
    place = 0
    while place < len(lines):
        line = lines[place]
        if line.lstrip().startswith(">"):
            place += 1
            continue
        if _DIVIDER.match(line) or _is_header(lines, place) or (line.rstrip() == "--" and any(item.strip() for item in kept)):
            break
        if length := _wrote(lines, place):
            following = next((item for item in lines[place + length :] if item.strip()), "")
            if not following.lstrip().startswith(">"):
                break
            place += length
            continue
        kept.append(line)
        place += 1
    written = re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()
    return written or text.strip()


def _wrote(lines: list[str], place: int) -> int:
    """How many lines the header above a quotation takes here; 0: there is none."""
    if not lines[place].strip():
        return 0
    for length in range(1, _LONGEST_WROTE + 1):
        some = lines[place : place + length]
        if len(some) == length and all(item.strip() for item in some) and sum(map(len, some)) < 500 and _WROTE.match(" ".join(some)):
            return length
    return 0


def _is_header(lines: list[str], place: int) -> bool:
    """Whether the header of a quoted mail begins here, as Outlook writes it: who, and right below when, to whom or about what."""
    return (
        bool(_FROM.match(lines[place]))
        and sum(bool(_HEADER.match(line)) for line in lines[place + 1 : place + 1 + _LINES_OF_A_HEADER]) >= 2
    )
