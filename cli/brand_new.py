"""``weerklank brand new``: an interview in, a first brand book out, with comments that explain each section, and the commands that come next.

What was answered is kept beside the book as it is given, so that an interview that breaks off goes on where it was. No password is asked for the
book: it names the secret, and ``cli.brand_secrets`` keeps it.
"""

import contextlib
import io
import ipaddress
import os
import re
import shlex
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from cli import brand_secrets, kept, seen_books
from cli.applying import read
from cli.client import Client, known_brands
from cli.errors import FAILED, WRONG, CommandError
from cli.interview import Answers, Unanswered, confirmed, interview
from cli.options import DATA_DIR
from cli.stack import ports, state
from cli.stack.errors import StackError
from libs.common.bookfile import load_book
from libs.common.bookproblems import BrandBookError
from libs.common.mailserver import may_dial

_SECRET = "mail"  # noqa: S105  # its name
_ANY_NETWORK = "192.168.1.0/24"
_MAIL_PORTS = frozenset({25, 143, 465, 587, 993, 2525})


def new(file: Path | None, answers: Path | None, *, force: bool, data_dir: Path) -> Path:
    """Writes the book and says what comes next. Returns where it is. Raises ``CommandError``; nothing is overwritten without a yes."""
    unfinished = Path(f"{file or Path('new-brand.yaml')}.unfinished")
    given = _mapping(answers) if answers else _earlier(unfinished)
    try:
        found = interview(
            given,
            None if answers else _ask,
            _say,
            (lambda known: None) if answers else (lambda known: _keep(unfinished, {**given, **known})),
        )
        path = file or Path(f"{found['brand']}.yaml")
        source = book_of(found)
        load_book(source, str(path))
        if path.exists() and not force and (answers or not _is_yes(f"{path} is there already. Overwrite it?", "no")):
            raise CommandError(f"{path} is there already and stays as it is: name another file, or say --force.{_kept(unfinished)}", WRONG)
    except Unanswered as error:
        raise CommandError(f"{answers}: {error}", WRONG) from error
    except BrandBookError as error:
        raise CommandError(f"These answers make no brand book:\n{error}{_kept(unfinished)}", WRONG) from error
    except (typer.Abort, KeyboardInterrupt) as error:
        typer.echo(err=True)  # the terminal stands behind ^C
        raise CommandError(f"Broken off.{_kept(unfinished)}", FAILED) from error
    _write(path, source)
    if not answers:
        with contextlib.suppress(FileNotFoundError):
            unfinished.unlink()
    stored = bool(found["mailbox"]) and not answers and sys.stdin.isatty() and _store_now(found, data_dir)
    sys.stdout.write("\n".join(_said(found, path, data_dir, stored=stored)) + "\n")
    return path


def _ask(text: str, default: str) -> str:
    suffix = " " if text.endswith(("?", ")")) else ": "
    answer: str = typer.prompt(text, default=default, show_default=bool(default), prompt_suffix=suffix, err=True)
    return answer


def _say(text: str) -> None:
    typer.echo(text, err=True)


def _is_yes(text: str, default: str) -> bool:
    return confirmed(text, default, _ask, _say)


def _mapping(path: Path) -> Mapping[str, Any]:
    try:
        found = YAML(typ="safe", pure=True).load(read(path))
    except YAMLError as error:
        raise CommandError(f"{path} is not readable YAML: {' '.join(str(error).split())[:200]}", WRONG) from error
    if not isinstance(found, dict):
        raise CommandError(f"{path} must hold answers, such as 'name: Zeester'.", WRONG)
    return {str(key): value for key, value in found.items()}


def _earlier(unfinished: Path) -> Mapping[str, Any]:
    """The answers of an interview that broke off, if somebody wants to go on with it."""
    if not unfinished.exists():
        return {}
    try:
        wanted = _is_yes(f"Go on with the answers in {unfinished}?", "yes")
    except typer.Abort as error:
        raise CommandError(f"Broken off.{_kept(unfinished)}", FAILED) from error
    return _mapping(unfinished) if wanted else {}


def _keep(unfinished: Path, known: Answers) -> None:
    text = io.StringIO()
    YAML(typ="safe", pure=True).dump(known, text)
    _write(unfinished, text.getvalue())


def _kept(unfinished: Path) -> str:
    said = f" What was answered is kept in {unfinished}: the same command goes on with it. An answer can be changed in that file."
    return said if unfinished.exists() else ""


def _write(path: Path, text: str) -> None:
    try:
        kept.write_text(path, text)
    except OSError as error:
        raise CommandError(f"{path} can't be written ({error.strerror}): name another file.") from error


def _store_now(found: Answers, data_dir: Path) -> bool:
    """Offers to keep the mailbox's password at once. Whoever breaks off here has the book all the same."""
    try:
        if not _is_yes(f"Keep the password of {found['mailbox']} now?", "yes"):
            return False
        place = brand_secrets.place(data_dir, found["brand"], _SECRET)
        brand_secrets.keep(place, brand_secrets.ask("Password, which is not shown"))
    except typer.Abort:
        return False
    except CommandError as error:
        typer.echo(str(error), err=True)
        return False
    return True


def _said(found: Answers, path: Path, data_dir: Path, *, stored: bool) -> Iterator[str]:
    """What was made, and what comes next."""
    yield f"wrote {path}: {found['name']}, open {found['days']} {', '.join(found['hours'])}, {len(found['team'])} in the team"
    near = _own_network(found) if found["mailbox"] else {}
    if near:
        yield "services reach a mail server of your own network, or on a port that is none of mail, when they are started with the settings below"
    yield from _replaces(found["brand"], data_dir)
    where = f" --data-dir {shlex.quote(str(data_dir))}" if data_dir != DATA_DIR and "WEERKLANK_DATA_DIR" not in os.environ else ""
    file, brand, me = shlex.quote(str(path)), found["brand"], found["team"][0]["id"]
    runs = state.observe(data_dir) if state.is_locked(data_dir) else None
    yield "next:"
    if near:
        yield "  # is its certificate of an authority of your own, write SSL_CERT_FILE=/path/to/authority.pem before weerklank up too"
    if _ANY_NETWORK in near.values():
        yield f"  # {_ANY_NETWORK} is an example: name the network in which the mail server stands"
    if runs is not None and near:
        yield f"  weerklank down{where}"
    if runs is None or near:
        yield "  " + " ".join([*(f"{name}={value}" for name, value in near.items()), f"weerklank up --detach{where}"])
    yield f"  weerklank apply {file}{where}"
    if found["mailbox"] and not stored:
        yield f"  weerklank secret set {brand} {_SECRET}{where}    # the password of {found['mailbox']}"
    port = ports.table(state.base_port(data_dir, None))["routing"]
    token = f"weerklank token --role {found['team'][0]['role']} --brand {brand} --subject {me}{where}"
    yield f'  curl -sS -H "Authorization: Bearer $({token})" "http://127.0.0.1:{port}/v1/brands/{brand}/cases?owner={me}"    # your cases'


def _replaces(brand: str, data_dir: Path) -> Iterator[str]:
    """A brand of that name may have a book already, and not everybody who begins one means to replace it."""
    stands = None
    with contextlib.suppress(CommandError, StackError), Client(data_dir) as client:
        stands = seen_books.standing(client, brand)
    if stands is None and brand not in known_brands(data_dir):
        return
    yield (
        f"{brand} has a brand book already: {stands or 'one was published from here'}. What you apply replaces it; "
        f"look at it first: weerklank book show --brand {brand}"
    )


def _own_network(found: Answers) -> dict[str, str]:
    """The settings by which a mail server in one's own network is reached: the book's writer alone cannot open that door."""
    settings = {}
    for service, kind in (("INGEST", "imap"), ("RESPONDER", "smtp"), ("ROUTING", "smtp")):
        host, port = found[f"{kind}_host"], found[f"{kind}_port"]
        if _is_near(host):
            settings[f"WEERKLANK_{service}_MAIL_NETWORKS"] = _network(host)
        if port not in _MAIL_PORTS:
            settings[f"WEERKLANK_{service}_MAIL_PORTS"] = str(port)
    return settings


def _network(host: str) -> str:
    if host in ("localhost", "127.0.0.1", "::1"):
        return "127.0.0.0/8,::1/128"
    try:
        return str(ipaddress.ip_network(host))
    except ValueError:
        return _ANY_NETWORK


def _is_near(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith((".local", ".lan", ".internal", ".home.arpa"))
    return not may_dial(host)


# --- the book ---------------------------------------------------------------------------------------------------------------------------


def book_of(found: Answers) -> str:
    """The book of these answers: YAML that a person likes to read, in the order in which the sample book stands."""
    sections = [
        (
            f"The brand book of {' '.join(found['name'].split())}: how this team works. 'weerklank apply FILE --dry-run' shows what a change does,\n"
            "'weerklank apply FILE' publishes it. What is not written has a default; samples/vaart.yaml shows all there is.",
            {"brand": found["brand"], "name": found["name"], "languages": _flow(found["languages"]), "timezone": found["timezone"]},
        ),
        (
            "How the brand sounds. The guard holds a reply to this before anybody can send it.\n"
            "Worth adding: words_to_use, forbidden_words, internal_names, safe_domains.",
            {
                "voice": {
                    "address_form": found["address_form"],
                    "person": found["person"],
                    "signature": {"email": found["signature"], "default": found["signature"]},
                }
            },
        ),
        ("Clocks run in opening hours only. Days that are not named are closed; exceptions are single dates.", {"hours": _hours(found)}),
        (
            "How much opening time a first answer, and the whole of it, may take. The first that holds counts,\n"
            "so put what is special ('when: {urgency: critical}') above what is general.",
            {"targets": [_flow({"when": {}, "reaction": found["reaction"], "resolution": found["resolution"]})]},
        ),
        (
            "Accounts. A password never stands here: 'secret' names it, and 'weerklank secret set' keeps it.",
            {"channels": [_flow(channel) for channel in _channels(found)]},
        ),
        ("While this is true nothing leaves the building: replies go to a sandbox.", {"pilot": found["pilot"]}),
        (
            "Who can be asked. A case is with one department; of its members who speak the customer's language one owns it.",
            {"departments": [_flow(department) for department in _departments(found)]},
        ),
        (
            "Which cases go to which department: the first rule that holds. What no rule takes goes to the fallback. Two such rules:\n"
            "  - {when: {urgency: critical}, department: webcare, priority: urgent, tell: [lead]}\n"
            "  - {when: {labels_any: [invoice]}, department: billing}    # with 'invoice' among the labels",
            {"routing": _flow([]), "fallback": found["departments"][0]},
        ),
        (
            "The team. 'id' is who somebody is in an access token, 'initials' what they sign with. Roles: agent, trainee (an agent\n"
            "approves what they write), lead (told when a clock runs out), spokesperson (the press, the law; owns no cases).",
            {"team": [_flow({key: member[key] for key in ("id", "first_name", "initials", "role")}) for member in found["team"]]},
        ),
    ]
    return "\n".join(_section(comment, part) for comment, part in sections)


def _section(comment: str, part: Mapping[str, Any]) -> str:
    yaml = YAML()
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    text = io.StringIO()
    yaml.dump(CommentedMap(part), text)
    return "".join(f"# {line}\n" for line in comment.splitlines()) + text.getvalue()


def _flow(value: Any) -> Any:
    """On one line."""
    made = CommentedSeq(value) if isinstance(value, list) else CommentedMap(value)
    made.fa.set_flow_style()
    return made


def _hours(found: Answers) -> dict[str, Any]:
    country: dict[str, Any] = {"closed": False} if found["holidays"] == "none" else {"country": found["holidays"], "closed": True}
    if found.get("region"):
        country["region"] = found["region"]
    return {found["days"]: _flow(found["hours"]), "holidays": _flow(country)}


def _channels(found: Answers) -> list[dict[str, Any]]:
    if not found["mailbox"]:
        return []
    # A name that would need quoting in a header is left out: the address alone is always right.
    sender = f"{found['name']} <{found['mailbox']}>" if re.fullmatch(r"[\w .'&-]+", found["name"]) else found["mailbox"]
    login = {"user": found["mail_user"], "secret": f"file:{found['brand']}/{_SECRET}"}
    imap = {"id": "mail", "type": "imap", **_at(found, "imap"), **login, "folder": found["imap_folder"]}
    return [imap, {"id": "smtp", "type": "smtp", **_at(found, "smtp"), "from": sender, **login}]


def _at(found: Answers, kind: str) -> dict[str, Any]:
    tls = found[f"{kind}_tls"]
    return {"host": found[f"{kind}_host"], "port": found[f"{kind}_port"], "tls": tls if tls == "starttls" else tls == "true"}


def _departments(found: Answers) -> Iterator[dict[str, Any]]:
    for id in found["departments"]:
        members = [member["id"] for member in found["team"] if id in member["departments"]]
        yield {"id": id, "name": id.replace("_", " ").replace("-", " ").capitalize(), "members": _flow(members)}
