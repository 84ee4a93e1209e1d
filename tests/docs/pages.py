"""The commands in the documentation: found in its Markdown, and made fit to run beside other stacks.

A command stands in a block fenced as `sh`, or in an indented one. What stands directly above a block, as an HTML comment, says what is special about it:

- `<!-- not run: why -->`: it needs something that a test does not have. It must still be right as far as that can be seen without running it.
- `<!-- a mail arrives -->`: before it runs, somebody writes to the mailbox that the pages call `imap.zeester.example`, which is one of the test's own.
- `<!-- output -->` above a `text` block: lines that the commands before it print, in this order; `…` stands for anything.

`make run` goes on until Ctrl-C: it is started behind, waited for, and ended after the last page. `weerklank up` is given `--detach`.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cli.reference.markdown import MARK
from cli.stack.ports import BASE_PORT, OFFSETS

ROOT = Path(__file__).parents[2]
FIRST = ("docs/install.md", "docs/first-brand.md", "README.md")
"""Those that begin with nothing running; the others follow by name."""

COMMANDS = frozenset({"sh", "bash", "shell"})
_FENCE = re.compile(r"^( {0,3})(```+|~~~+)\s*(\w*)\s*$")
_COMMENT = re.compile(r"^\s*<!--\s*(.*?)\s*-->\s*$")
_PORT = re.compile(rf"\b(?:{'|'.join(str(BASE_PORT + offset) for offset in sorted({0, *OFFSETS.values()}))})\b")


@dataclass(frozen=True)
class Block:
    """Commands, or output (`language` text). `remark` is the comment above it."""

    page: str
    line: int
    language: str
    text: str
    remark: str = ""

    @property
    def is_commands(self) -> bool:
        return self.language in COMMANDS

    @property
    def not_run(self) -> str | None:
        """Why it is not run; none when it is."""
        kind, _, why = self.remark.partition(":")
        return why.strip() if kind == "not run" else None

    @property
    def needs_mail(self) -> bool:
        return self.remark == "a mail arrives"

    @property
    def is_output(self) -> bool:
        return self.remark == "output"

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[str]:
    """Every page that people write, by its path. Decisions and generated pages hold no commands to follow."""
    found = [path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")]
    written = {
        "README.md",
        *(name for name in found if not name.startswith("docs/adr/") and not (ROOT / name).read_text().startswith(MARK)),
    }
    return [*(name for name in FIRST if name in written), *sorted(written - set(FIRST))]


def blocks(page: str) -> list[Block]:
    """The blocks of a page with commands or with their output, in order."""
    return [block for block in _blocks(page, (ROOT / page).read_text().splitlines()) if block.is_commands or block.is_output]


def _blocks(page: str, lines: list[str]) -> Iterator[Block]:
    number, remark, in_list = 0, "", False
    while number < len(lines):
        line = lines[number]
        if comment := _COMMENT.match(line):
            remark = comment[1]
        elif fence := _FENCE.match(line):
            end = next((n for n in range(number + 1, len(lines)) if lines[n].strip().startswith(fence[2])), len(lines))
            inside = [text.removeprefix(fence[1]) for text in lines[number + 1 : end]]
            yield Block(page, number + 1, fence[3] or "text", "\n".join(inside) + "\n", remark)
            number, remark = end, ""
        elif line.startswith("    ") and not in_list and (number == 0 or not lines[number - 1].strip()):
            end = next((n for n in range(number, len(lines)) if lines[n].strip() and not lines[n].startswith("    ")), len(lines))
            inside = [text.removeprefix("    ") for text in lines[number:end]]
            yield Block(page, number + 1, "sh", "\n".join(inside).strip("\n") + "\n", remark)
            number, remark = end - 1, ""
        elif line.strip():
            remark = ""
            in_list = bool(re.match(r"\s*([-*+:]|\d+\.)\s", line)) or (in_list and line.startswith(" "))
        number += 1


def starts(page: str) -> bool:
    """Whether a page begins with nothing running: the first thing that it does with a stack is to start one."""
    run = [block for block in blocks(page) if block.is_commands and block.not_run is None]
    calls = [words for block in run for words in commands(block.text) if words[:2] != ["make", "setup"]]
    return bool(calls) and calls[0][:2] in (["make", "run"], ["weerklank", "up"])


def commands(text: str) -> Iterator[list[str]]:
    """Every call of `weerklank` or `make` in shell text, as its words; the ends of pipes and `$(…)` included."""
    joined = text.replace("\\\n", " ")
    for found in re.finditer(r"(?:^|[|;&(]|\$\()[ \t]*((?:\.venv/bin/)?(?:weerklank|make)\b[^|;&)\n]*)", joined, re.MULTILINE):
        try:
            words = shlex.split(found[1], comments=True)
        except ValueError:  # a quote that goes on over what ends a command
            words = found[1].split()
        yield [words[0].removeprefix(".venv/bin/"), *words[1:]]


def quoted(page: str) -> Iterator[str]:
    """Commands that prose names, in backticks."""
    outside = re.sub(r"^( {0,3})(```+).*?^\1\2\s*$", "", (ROOT / page).read_text(), flags=re.MULTILINE | re.DOTALL)
    for found in re.findall(r"`((?:weerklank|make)(?: [^`]*)?)`", outside):
        yield str(found)


def fitted(text: str, base_port: int, mail_port: int = 993) -> str:
    """The commands with a stack and a mail server of the test's own, and nothing that keeps the shell until Ctrl-C: `start` runs it behind."""
    text = text.replace("imap.zeester.example", "localhost").replace("imap_port: 993", f"imap_port: {mail_port}")
    moved = _PORT.sub(lambda port: str(base_port + int(port[0]) - BASE_PORT), text)
    moved = re.sub(r"^(make run)\b(.*)$", rf"start \1 BASE_PORT={base_port}\2", moved, flags=re.MULTILINE)
    moved = re.sub(r"^((?:\.venv/bin/)?weerklank up)\b(.*)$", rf"\1 --base-port {base_port}\2", moved, flags=re.MULTILINE)
    return re.sub(r"^((?:\.venv/bin/)?weerklank up(?!.*--detach).*)$", r"\1 --detach", moved, flags=re.MULTILINE)
