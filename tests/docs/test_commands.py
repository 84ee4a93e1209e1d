"""Every command in the README and in the documentation does what the page says: they are run, page after page, as a reader would.

In a copy of the source, in one shell a page, against one stack on free ports. How a page says what is special about a block is in
`tests/docs/pages.py`.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.reference import commands as reference
from tests.docs import pages
from tests.docs.pages import ROOT, Block
from tests.dovecot import PASSWORD, PROGRAM, Dovecot
from tests.stack import environment, free_base_port

BLOCKS = [block for page in pages.pages() for block in pages.blocks(page)]
COMMANDS = [block for block in BLOCKS if block.is_commands]
RUN = [page for page in pages.pages() if any(block.page == page and block.is_commands and block.not_run is None for block in BLOCKS)]
READY_S = 300
PAGE_S = 240

SHELL = """\
set -eo pipefail
start() {{ setsid "$@" > {log} 2>&1 & echo $! >> {pids}; "$WAIT" {log}; }}
"""
CURL = '#!/bin/sh\n# An answer that says no is a command that failed.\nexec {curl} --fail-with-body "$@"\n'
MAIL = """\
#!{python}
import imaplib, time
lines = [
    "From: Anna Voorbeeld <anna@voorbeeld.example>",
    "To: klant@zeester.example",
    "Subject: Mijn bestelling",
    "Message-ID: <1@voorbeeld.example>",
    "",
    "Hallo, waar blijft mijn bestelling? Ik wacht al een week. Groet, Anna",
]
client = imaplib.IMAP4("127.0.0.1", {port})
client.login('"klant@zeester.example"', "{password}")
client.append("INBOX", "", imaplib.Time2Internaldate(time.time()), "\\r\\n".join(lines).encode())
client.logout()
"""
WAIT = (
    "#!{python}\n"
    + """\
import sys, time
deadline = time.monotonic() + {seconds}
while time.monotonic() < deadline:
    text = open(sys.argv[1]).read()
    if "runs until Ctrl-C" in text:
        sys.exit(0)
    time.sleep(0.2)
sys.exit("not ready: " + text[-2000:])
"""
)


# --- what can be seen without running ------------------------------------------------------------------------------------------------


def test_commands_are_found() -> None:
    assert {"README.md", "docs/install.md", "docs/operations.md"} <= set(RUN)


@pytest.mark.parametrize("block", COMMANDS, ids=str)
def test_a_block_of_commands_is_a_shells(block: Block) -> None:
    done = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.not_run is not None], ids=str)
def test_what_is_not_run_says_why(block: Block) -> None:
    assert block.is_commands
    assert block.not_run


def problems(words: list[str]) -> list[str]:
    """What is wrong with a call of `weerklank` or `make`, as far as its words tell."""
    if words[0] == "make":
        targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
        return [f"there is no make {word}" for word in words[1:] if re.fullmatch(r"[a-z-]+", word) and word not in targets]
    known = reference.options()
    path = ["weerklank"]
    for word in words[1:]:
        if " ".join([*path, word]) not in known:
            break
        path.append(word)
    name = " ".join(path)
    following = words[len(path) :]
    if following and re.fullmatch(r"[a-z]+", following[0]) and any(other.startswith(f"{name} ") for other in known):
        return [f"there is no {name} {following[0]}"]
    given = [word.partition("=")[0] for word in following if re.match(r"--?[a-z]", word)]
    return [f"{name} has no {option}" for option in given if option not in known[name]]


@pytest.mark.parametrize("block", COMMANDS, ids=str)
def test_the_commands_and_options_of_a_block_exist(block: Block) -> None:
    assert [problem for words in pages.commands(block.text) for problem in problems(words)] == []


@pytest.mark.parametrize("page", pages.pages())
def test_the_commands_that_prose_names_exist(page: str) -> None:
    found = [re.sub(r"\[--[^\]]*\]|\[[a-z\\|]+\]|<[^>]*>|…", " ", text) for text in pages.quoted(page)]
    assert [problem for text in found for words in pages.commands(text) for problem in problems(words)] == []


def test_a_command_or_an_option_that_does_not_exist_is_found() -> None:
    wrong = "make setup everything\nweerklank aply x.yaml\nTOKEN=$(weerklank token --rol agent --brand b)\nls | weerklank dead bury --service triage\n"
    assert [problem for words in pages.commands(wrong) for problem in problems(words)] == [
        "there is no make everything",
        "there is no weerklank aply",
        "weerklank token has no --rol",
        "there is no weerklank dead bury",
    ]


def test_ports_are_moved_together_and_what_goes_on_is_started_behind() -> None:
    text = "make run\nweerklank up --detach\nweerklank up\ncurl http://127.0.0.1:8603/v1\npsql -p 8612\necho 86031 8620\n"
    assert pages.fitted(text, 21000).splitlines() == [
        "start make run BASE_PORT=21000",
        "weerklank up --base-port 21000 --detach",
        "weerklank up --base-port 21000 --detach",
        "curl http://127.0.0.1:21003/v1",
        "psql -p 21012",
        "echo 86031 8620",
    ]


# --- running -------------------------------------------------------------------------------------------------------------------------


class Reader:
    """Somebody who follows the pages in a folder of their own."""

    def __init__(self, home: Path) -> None:
        self.home, self.folder, self.base_port = home, home / "weerklank", free_base_port()
        self.log, self.pids, self.tools = home / "started.log", home / "pids", home / "tools"
        self.log.touch()
        self.pids.touch()
        self._copy()
        self.settings: dict[str, str] = {}
        self.mail_server = Dovecot(home / "dovecot") if PROGRAM else None
        if self.mail_server is not None:
            self._has_a_mailbox(self.mail_server)
        self._tool("curl", CURL.format(curl=shutil.which("curl")))
        self._tool("wait-ready", WAIT.format(python=sys.executable, seconds=READY_S))

    def _has_a_mailbox(self, server: Dovecot) -> None:
        server.start().user("klant@zeester.example")
        self.settings = {
            "SSL_CERT_FILE": str(server.trusted()),
            "WEERKLANK_INGEST_MAIL_NETWORKS": "127.0.0.0/8,::1/128",
            "WEERKLANK_INGEST_MAIL_PORTS": str(server.tls_port),
            "MAIL_PASSWORD": PASSWORD,
        }
        self._tool("a-mail-arrives", MAIL.format(python=sys.executable, port=server.port, password=PASSWORD))

    def _tool(self, name: str, text: str) -> None:
        self.tools.mkdir(exist_ok=True)
        (self.tools / name).write_text(text)
        (self.tools / name).chmod(0o755)

    def _copy(self) -> None:
        """What git knows and what is new, with the environment that runs this test: `make setup` finds it as it should be."""
        listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
        for name in filter(None, listed.decode().split("\0")):
            if (ROOT / name).is_file() and not name.startswith("tests/"):
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.folder / name)
        venv = Path(sys.prefix)
        (self.folder / ".venv").mkdir()
        for name in ("bin", "lib", "pyvenv.cfg"):
            (self.folder / ".venv" / name).symlink_to(venv / name)
        for stamp in (".run", ".dev"):
            (self.folder / ".venv" / stamp).write_text(f"{self.folder}\n")

    def reads(self, page: str) -> list[str]:
        """Runs the blocks of a page in one shell, and returns what each printed. Fails with the block and its output."""
        run = [block for block in pages.blocks(page) if block.is_commands and block.not_run is None]
        folder = self.home / page.replace("/", "-")
        folder.mkdir()
        script = SHELL.format(log=self.log, pids=self.pids)
        for number, block in enumerate(run):
            port = self.mail_server.tls_port if self.mail_server else 993
            arrives = "a-mail-arrives\n" if block.needs_mail else ""
            (folder / f"{number}.sh").write_text(arrives + pages.fitted(block.text, self.base_port, port))
            script += f"exec > {folder}/{number}.out 2>&1\n. {folder}/{number}.sh\n"
        done = subprocess.run(
            ["timeout", str(PAGE_S), "bash", "-c", script],
            cwd=self.folder,
            env=environment(PATH=f"{self.tools}:{os.environ['PATH']}", WAIT=str(self.tools / "wait-ready"), **self.settings),
            stdin=subprocess.DEVNULL,
        )
        # 124: it waited for something that did not come.
        printed = [(folder / f"{number}.out").read_text() for number in range(len(run)) if (folder / f"{number}.out").exists()]
        assert done.returncode == 0, f"{run[len(printed) - 1]} ends with {done.returncode}:\n{run[len(printed) - 1].text}\n{printed[-1]}"
        return printed

    def runs(self) -> bool:
        return self.weerklank("status").returncode in (0, 1)

    def weerklank(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "cli.main", *arguments],
            cwd=self.folder,
            env=environment(**self.settings),
            capture_output=True,
            text=True,
            timeout=READY_S,
        )

    def has_everything(self) -> None:
        """The stack and the sample brand, which a page that is not the first takes for granted."""
        if not self.runs():
            done = self.weerklank("up", "--detach", "--base-port", str(self.base_port))
            assert done.returncode == 0, done.stderr
        done = self.weerklank("apply", "samples/vaart.yaml")
        assert done.returncode == 0, done.stderr

    def leaves(self) -> None:
        """Ctrl-C for what was started, and the end of the stack if that was not all."""
        for pid in map(int, self.pids.read_text().split()):
            try:
                os.killpg(pid, signal.SIGINT)
            except ProcessLookupError:
                continue
        self.pids.write_text("")
        self.weerklank("down")


@pytest.fixture(scope="module")
def reader(home: Path) -> Iterator[Reader]:
    found = Reader(home)
    try:
        yield found
    finally:
        found.leaves()
        if found.mail_server is not None:
            found.mail_server.stop()


def matches(line: str, shown: str) -> bool:
    """Whether a printed line is the one that a page shows; columns may be apart as they like."""
    pattern = r"\s+".join(re.escape(word).replace("…", ".*") for word in shown.split())
    return re.fullmatch(rf"\s*{pattern}\s*", line) is not None


@pytest.mark.timeout(PAGE_S + READY_S)
@pytest.mark.parametrize("page", RUN)
def test_the_commands_of_a_page_do_what_it_says(reader: Reader, page: str) -> None:
    if reader.mail_server is None and any(block.needs_mail for block in pages.blocks(page)):
        pytest.skip("needs Dovecot: install the Debian package dovecot-imapd")
    if pages.starts(page):
        reader.leaves()
    else:
        reader.has_everything()
    printed = reader.reads(page)
    number = -1
    for block in pages.blocks(page):
        number += block.is_commands and block.not_run is None
        if block.is_output:
            lines = (printed[number] + reader.log.read_text()).splitlines()
            for shown in filter(str.strip, block.text.splitlines()):
                found = next((n for n, line in enumerate(lines) if matches(line, shown)), None)
                assert found is not None, f"{block}: nothing prints {shown!r}. Printed was:\n{chr(10).join(lines[-60:])}"
                lines = lines[found + 1 :]
