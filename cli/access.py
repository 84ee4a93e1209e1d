"""``weerklank client``, ``user`` and ``login``: who gets tokens from the platform, made and ended from the command line.

In: options, and passwords from the terminal or standard input (never from an argument, which every process of the machine can read). Out: what routing
answered; a secret or a token alone on standard output, so that a program can take it.
"""

import getpass
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional
from urllib.parse import quote

import typer

from cli.errors import WRONG, CommandError

if TYPE_CHECKING:
    from cli.client import Client

client_app = typer.Typer(
    help="Machine clients: programs with credentials of their own, for a role and brands.", rich_markup_mode=None, no_args_is_help=True
)
user_app = typer.Typer(help="Users: people who log in with a password.", rich_markup_mode=None, no_args_is_help=True)

DataDir = Annotated[Path, typer.Option("--data-dir", envvar="WEERKLANK_DATA_DIR", help="Where the local stack keeps its data")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs")]
OfBrand = Annotated[str, typer.Option("--brand", help="The brand that it reaches; *: the platform's operation")]
Also = Annotated[Optional[list[str]], typer.Option("--also", help="A further brand that it reaches; repeat it")]  # noqa: UP045
Days = Annotated[int, typer.Option("--days", min=1, max=365, help="How long the secret holds")]
ClientId = Annotated[str, typer.Argument(help="The client's id (wkc_…)")]
UserId = Annotated[str, typer.Argument(help="The user's id: the team member's id in the brand book")]

DATA_DIR = Path(".data")


def _call(data_dir: Path, method: str, brand: str, path: str, also: list[str] | None = None, **request: Any) -> Any:
    from cli.client import Client

    with Client(data_dir) as client:
        return _with(client, method, brand, path, also or [], **request)


def _with(client: "Client", method: str, brand: str, path: str, also: list[str], **request: Any) -> Any:
    return client.call("routing", method, f"/v1/brands/{quote(brand, safe='*')}{path}", [brand, *also], **request)


def _change(data_dir: Path, method: str, brand: str, thing: str, also: list[str] | None = None, below: str = "", **request: Any) -> Any:
    """A change to a client or user, or to what is below it, as it is at this moment: who changes it in between is not overwritten."""
    from cli.client import Client, answer_of

    reached = [brand, *(also or [])]
    path = f"/v1/brands/{quote(brand, safe='*')}{thing}"
    with Client(data_dir) as client:
        read = client.send("routing", "GET", path, reached)
        answer_of("routing", read)
        return client.call("routing", method, path + below, reached, headers={"if-match": read.headers["etag"]}, **request)


def _items(data_dir: Path, brand: str, path: str) -> list[dict[str, Any]]:
    from cli.client import Client

    with Client(data_dir) as client:
        return list(client.items("routing", f"/v1/brands/{quote(brand, safe='*')}{path}", brand))


def _table(rows: list[dict[str, Any]], columns: dict[str, str], *, as_json: bool) -> None:
    from rich.markup import escape

    from cli.console import console, table

    if as_json:
        sys.stdout.write(json.dumps(rows, indent=2) + "\n")
        return
    made = table(*columns.values())
    for row in rows:
        made.add_row(*(escape(_cell(row[name])) for name in columns))  # a name is a name, whatever brackets it has
    console().print(made)


def _cell(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else {True: "yes", False: ""}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _secret(made: dict[str, Any]) -> None:
    """The secret alone on standard output, the rest on standard error."""
    sys.stderr.write(f"client {made['id']}: {made['role']} for {', '.join(made['brands'])}\n")
    sys.stderr.write(f"secret {made['secrets'][-1]['id']}, until {made['secrets'][-1]['expires_at'][:10]}; it is shown this once:\n")
    sys.stdout.write(made["client_secret"] + "\n")


@client_app.command("add")
def client_add(
    name: Annotated[str, typer.Argument(help="For people: what it is, and whose")],
    brand: OfBrand,
    role: Annotated[str, typer.Option("--role", help="connector, analyst, trainee or admin")] = "connector",
    also: Also = None,
    days: Days = 90,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Make a client and print its secret, once."""
    body = {"name": name, "role": role, "brands": also or [], "expires_in_days": days}
    _secret(_call(data_dir, "POST", brand, "/clients", also, json=body))


@client_app.command("list")
def client_list(brand: OfBrand, as_json: AsJson = False, data_dir: DataDir = DATA_DIR) -> None:
    """The clients that reach a brand, their secrets' dates, and when each was last used."""
    rows = _items(data_dir, brand, "/clients")
    if not as_json:
        for row in rows:
            row["until"] = [secret["expires_at"][:10] for secret in row["secrets"]]
            row["used"] = (row["last_used_at"] or "never")[:16]
    _table(
        rows,
        {"id": "client", "name": "name", "role": "role", "brands": "brands", "until": "secrets until", "used": "used"},
        as_json=as_json,
    )


@client_app.command("show")
def client_show(client_id: ClientId, brand: OfBrand, data_dir: DataDir = DATA_DIR) -> None:
    """All about a client, as JSON; never a secret. Exit code 4 when there is none."""
    sys.stdout.write(json.dumps(_call(data_dir, "GET", brand, f"/clients/{quote(client_id, safe='')}"), indent=2) + "\n")


@client_app.command("rotate")
def client_rotate(
    client_id: ClientId,
    brand: OfBrand,
    overlap_hours: Annotated[float, typer.Option("--overlap-hours", min=0, max=720, help="How long the secrets until now still work")] = 24,
    also: Also = None,
    days: Days = 90,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Make another secret and print it, once; the older ones work on for the overlap."""
    body = {"expires_in_days": days, "overlap_hours": overlap_hours}
    _secret(_change(data_dir, "POST", brand, f"/clients/{quote(client_id, safe='')}", also, "/secrets", json=body))


@client_app.command("revoke")
def client_revoke(
    client_id: ClientId,
    secret_id: Annotated[str, typer.Argument(help="The secret's id, as 'client show' has it")],
    brand: OfBrand,
    also: Also = None,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """End one secret now."""
    _change(data_dir, "DELETE", brand, f"/clients/{quote(client_id, safe='')}", also, f"/secrets/{quote(secret_id, safe='')}")


@client_app.command("remove")
def client_remove(client_id: ClientId, brand: OfBrand, also: Also = None, data_dir: DataDir = DATA_DIR) -> None:
    """End a client and all its secrets now."""
    _change(data_dir, "DELETE", brand, f"/clients/{quote(client_id, safe='')}", also)


@user_app.command("add")
def user_add(
    user_id: UserId,
    brand: OfBrand,
    role: Annotated[str, typer.Option("--role", help="agent, trainee, lead, spokesperson, analyst, connector, admin or candidate")],
    also: Also = None,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Let somebody log in. The password is asked for, or read from standard input."""
    body = {"id": user_id, "role": role, "brands": also or [], "password": new_password()}
    made = _call(data_dir, "POST", brand, "/users", also, json=body)
    sys.stderr.write(f"user {made['id']}: {made['role']} for {', '.join(made['brands'])}\n")


@user_app.command("list")
def user_list(brand: OfBrand, as_json: AsJson = False, data_dir: DataDir = DATA_DIR) -> None:
    """The users who reach a brand, and when each last logged in."""
    rows = _items(data_dir, brand, "/users")
    if not as_json:
        for row in rows:
            row["last"] = (row["last_login_at"] or "never")[:16]
    _table(rows, {"id": "user", "role": "role", "brands": "brands", "disabled": "disabled", "last": "last log-in"}, as_json=as_json)


@user_app.command("password")
def user_password(user_id: UserId, brand: OfBrand, also: Also = None, data_dir: DataDir = DATA_DIR) -> None:
    """Set another password, asked for or read from standard input. Whoever is logged in as them has to log in again."""
    body = {"password": new_password()}
    _change(data_dir, "PUT", brand, f"/users/{quote(user_id, safe='')}", also, "/password", json=body)


@user_app.command("role")
def user_role(
    user_id: UserId,
    brand: OfBrand,
    role: Annotated[str, typer.Option("--role", help="The role from their next access token on")],
    also: Also = None,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Give a user another role, and the brands that are named here."""
    _change(data_dir, "PUT", brand, f"/users/{quote(user_id, safe='')}", also, json={"role": role, "brands": also or []})


@user_app.command("disable")
def user_disable(user_id: UserId, brand: OfBrand, also: Also = None, data_dir: DataDir = DATA_DIR) -> None:
    """No log-in any more, and no further token; the one that they have holds for an hour at most."""
    _change(data_dir, "POST", brand, f"/users/{quote(user_id, safe='')}", also, "/disable")


@user_app.command("enable")
def user_enable(user_id: UserId, brand: OfBrand, also: Also = None, data_dir: DataDir = DATA_DIR) -> None:
    """Let a disabled user log in again."""
    _change(data_dir, "POST", brand, f"/users/{quote(user_id, safe='')}", also, "/enable")


@user_app.command("remove")
def user_remove(user_id: UserId, brand: OfBrand, also: Also = None, data_dir: DataDir = DATA_DIR) -> None:
    """Remove a user; what they wrote stays."""
    _change(data_dir, "DELETE", brand, f"/users/{quote(user_id, safe='')}", also)


def login(data_dir: Path, user_id: str) -> str:
    """An access token of that user, for an hour. Raises ``Refused`` when routing does not take the password."""
    from cli.client import Client

    with Client(data_dir) as client:
        token: str = client.public("routing", "/v1/login", json={"user": user_id, "password": password("Password: ")})["access_token"]
    return token


def password(prompt: str) -> str:
    """One line from the terminal without an echo, or from standard input when that is no terminal. Raises ``CommandError`` for none."""
    if sys.stdin.isatty():
        return getpass.getpass(prompt, stream=sys.stderr)
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise CommandError("There is no password on standard input: write one line, or run this in a terminal.", WRONG)
    return line


def new_password() -> str:
    """A new one; at a terminal it is asked for twice. Raises ``CommandError`` when the two differ."""
    chosen = password("New password: ")
    if sys.stdin.isatty() and chosen != password("The same again: "):
        raise CommandError("The two passwords differ. Nothing was changed.", WRONG)
    return chosen
