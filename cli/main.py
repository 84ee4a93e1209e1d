"""``weerklank``: the names and flags of every command, and what its errors look like. What a command does is in the module that it imports.

Those imports stand inside the functions, so that ``weerklank --help`` does not wait for Kafka's and the database's libraries.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from cli.access import client_app, user_app
from cli.brand_commands import book_app, brand_app, secret_app
from cli.errors import FAILED, OURS, WRONG, CommandError
from cli.options import DATA_DIR, BasePort, DataDir, Onto
from cli.rule_commands import rules_app
from cli.stack.errors import StackError

if TYPE_CHECKING:
    from cli.client import Client

EXIT_CODES = (
    "Exit codes: 0 done; 1 it failed, or something is not well; 2 the command or a file given to it is wrong; 3 nothing runs; "
    "4 there is no such thing. WEERKLANK_URL_<SERVICE> and WEERKLANK_TOKEN lead to services elsewhere than on this machine; instead of the token, "
    "WEERKLANK_CLIENT_ID and WEERKLANK_CLIENT_SECRET get one."
)
ROLES = "agent, trainee, lead, spokesperson, analyst, connector, admin or candidate"

app = typer.Typer(
    name="weerklank",
    help="Hear what people say about a brand, get it to whoever knows the answer, and reply as a person.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
dead_app = typer.Typer(
    help="Events that were set aside: those that could not be handled, and what waits behind them.", rich_markup_mode=None
)
topics_app = typer.Typer(help="The registry of topics: who writes, who reads, under which key, for how long.", rich_markup_mode=None)
scenario_app = typer.Typer(help="Stories of messages, people and time, and what must come of them in every order.", rich_markup_mode=None)
app.add_typer(scenario_app, name="scenario", no_args_is_help=True)
app.add_typer(dead_app, name="dead", invoke_without_command=True)
app.add_typer(topics_app, name="topics", invoke_without_command=True)
app.add_typer(book_app, name="book")
app.add_typer(brand_app, name="brand")
app.add_typer(secret_app, name="secret")
app.add_typer(client_app, name="client")
app.add_typer(user_app, name="user")
app.add_typer(rules_app, name="rules")

AsJson = Annotated[bool, typer.Option("--json", help="For programs")]
Brand = Annotated[Optional[str], typer.Option("--brand", help="A brand's slug; without it every brand that was applied here")]  # noqa: UP045
OneBrand = Annotated[Optional[str], typer.Option("--brand", help="Only this brand's; without it all, as an operator")]  # noqa: UP045
Service = Annotated[Optional[str], typer.Option("--service", help="Only this service")]  # noqa: UP045
OfTopic = Annotated[Optional[str], typer.Option("--topic", help="Only this topic")]  # noqa: UP045
OfKey = Annotated[Optional[str], typer.Option("--key", help="Only this key")]  # noqa: UP045


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            typer.echo(f"weerklank {version('weerklank')}")
        except PackageNotFoundError:  # run from a folder that was not installed
            typer.echo("weerklank, not installed")
        raise typer.Exit


@app.callback()
def _any_command(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is")] = False,
) -> None:
    pass


def _client(data_dir: Path) -> "Client":
    from cli.client import Client

    return Client(data_dir)


@app.command()
def up(
    detach: Annotated[bool, typer.Option("--detach", help="Return once everything is ready; it goes on behind")] = False,
    data_dir: DataDir = DATA_DIR,
    base_port: BasePort = None,
    external: Annotated[bool, typer.Option("--external", help="A Kafka and a PostgreSQL of your own, named in the environment")] = False,
) -> None:
    """Start Kafka, PostgreSQL and the five services, and keep them running until Ctrl-C."""
    from cli import up as ups
    from cli.stack import state
    from cli.stack.settings import Settings

    ups.up(Settings(data_dir=data_dir, base_port=state.base_port(data_dir, base_port), external=external), detach=detach)


@app.command()
def down(data_dir: DataDir = DATA_DIR) -> None:
    """Stop everything, services first."""
    from cli import up as ups

    ups.down(data_dir)


@app.command()
def status(as_json: AsJson = False, data_dir: DataDir = DATA_DIR) -> None:
    """Show how every part is. Exit code 0: all healthy; 1: not; 3: nothing runs."""
    from cli import status as statuses

    raise typer.Exit(statuses.status(data_dir, as_json=as_json))


@app.command()
def doctor(
    as_json: AsJson = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Also what is well, and why something was left out")] = False,
    brand: Annotated[Optional[str], typer.Option("--brand", help="Of the brands, only this one")] = None,  # noqa: UP045
    external: Annotated[bool, typer.Option("--external", help="A Kafka and a PostgreSQL of your own, named in the environment")] = False,
    base_port: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option("--base-port", help="Of a stack that was not started yet; else its own, or 8600"),
    ] = None,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Look at everything that can be wrong, and say what to do; changes nothing. Exit code 1 when there is an error, 0 with warnings."""
    from cli.doctor import command
    from cli.doctor.world import World

    world = World(data_dir, external=external, brand=brand, wanted_base_port=base_port)
    command.doctor(world, as_json=as_json, verbose=verbose)


@app.command()
def apply(
    file: Annotated[Path, typer.Argument(help="A brand book (YAML)")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say whether it is valid, what would change, and for which open cases")
    ] = False,
    note: Annotated[Optional[str], typer.Option("--note", help="Why, for the book's history")] = None,  # noqa: UP045
    onto: Onto = None,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Publish a brand book. Exit code 2 when it is wrong, with the line of every problem, or somebody published another since it was last seen here."""
    from cli import applying

    with _client(data_dir) as client:
        applying.apply(client, file, dry_run=dry_run, note=note, onto=onto)


@app.command("import")
def import_(
    path: Annotated[Path, typer.Argument(help="A file, or a folder of .eml files")],
    brand: Annotated[str, typer.Option("--brand", help="Whose mentions they are")],
    channel: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--channel", help="Of messages that name none themselves: twitter, review, … (mails: email)"),
    ] = None,
    format: Annotated[Optional[str], typer.Option("--format", help="csv, jsonl, mbox or eml; else the name tells")] = None,  # noqa: UP045
    map: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--map", metavar="FIELD=COLUMN", help="Which column (or dotted path in JSON) holds a field; repeat it. Else by name"),
    ] = None,
    historic: Annotated[bool, typer.Option("--historic", help="History: opens no clock, notifies nobody")] = False,
    rate: Annotated[Optional[int], typer.Option("--rate", min=1, help="At most so many a second")] = None,  # noqa: UP045
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Send messages from a file to ingest, and wait until they are handled.

    Doing it again changes nothing. The last line on standard output is JSON: read = accepted (new) + duplicates (known already, or twice
    in the file) + rejected (in rejects_file, with the reason).
    """
    from cli import importing

    mapping = importing.mapping_of(map or [])
    with _client(data_dir) as client:
        importing.command(client, importing.Order(path, brand, channel, format, mapping, historic, rate))


@app.command()
def triage(
    brandbook: Annotated[
        Optional[list[Path]],  # noqa: UP045
        typer.Option("--brandbook", metavar="FILE", help="A brand book; repeat it. A row's brand, slug or name, picks one. Else defaults"),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Never ask the whole encoder")] = False,
) -> None:
    """Read messages from standard input, and print what is found in each, in their order. Needs nothing that runs.

    In: a JSON object a line, {"id", "text"} and, where known, "channel", "visibility", "author", "brand". Out, for each: language, sentiment, intent,
    labels, urgency, respond, pii, go_private, risk and department. A line that is wrong is told on standard error and left out; the exit code is 2 then.
    The whole encoder reads all of fewer than 1,000 messages, and of more those whose purpose is doubtful.
    """
    from cli import triage as findings

    raise typer.Exit(findings.triage(brandbook or [], sys.stdin.buffer, sys.stdout.buffer, sys.stderr, quick=quick))


@app.command()
def guard(
    brandbook: Annotated[
        list[Path] | None, typer.Option("--brandbook", help="A brand book (YAML); give one for each brand that occurs")
    ] = None,
) -> None:
    """Read drafts from standard input, and print what the guard says of each and what it promises, in their order. Needs nothing that runs.

    In: a JSON object a line, {"id", "draft"} and, where known, "brand", "channel", "visibility", "first_reply", "now", "agent": {"name", "initials"},
    "customer": {"name"} and "incoming". Out, for each: violations and promises, due in the brand's own time. A line that is wrong is told on standard
    error and left out; the exit code is 2 then.
    """
    from cli import guard as drafts

    raise typer.Exit(drafts.judge(brandbook or [], sys.stdin.buffer, sys.stdout.buffer, sys.stderr))


@app.command()
def duplicates(
    brandbook: Annotated[
        Optional[list[Path]],  # noqa: UP045
        typer.Option("--brandbook", metavar="FILE", help="A brand book; repeat it. A row's brand, slug or name, picks one. Else defaults"),
    ] = None,
) -> None:
    """Read mentions from standard input, and print which are one issue, which may be, and which share a topic. Needs nothing that runs.

    In: a JSON object a line, {"id", "brand", "channel", "author": {"handle", "name", "email"}, "text", "posted_at", "in_reply_to"}; all but id and
    text may be missing. Out: {"a", "b", "decision": "link" or "suggest", "score", "evidence"} for each pair, then {"topic": [ids], "why"}.
    A line that is wrong is told on standard error and left out; the exit code is 2 then.
    """
    from cli import duplicates as pairs

    raise typer.Exit(pairs.duplicates(brandbook or [], sys.stdin.buffer, sys.stdout, sys.stderr))


@app.command()
def trace(
    mention_id: Annotated[str, typer.Argument(help="A mention's id")],
    brand: Brand = None,
    as_json: AsJson = False,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Follow one mention through all five services. Exit code 4 when none knows it."""
    from cli import trace as traces

    with _client(data_dir) as client:
        raise typer.Exit(traces.trace(client, mention_id, brand, as_json=as_json))


@app.command()
def demo(
    storm: Annotated[bool, typer.Option("--storm", help="An outage: a quiet hour and half an hour of storm, in a minute")] = False,
    brand: Annotated[str, typer.Option("--brand", help="Whose outage")] = "vaart",
    speed: Annotated[float, typer.Option("--speed", help="So many times as fast: 6 plays it in 10 s")] = 1.0,
    seed: Annotated[int, typer.Option("--seed", help="Another one is another storm")] = 1,
    yes: Annotated[bool, typer.Option("--yes", help="Also to a brand that is live")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Play a scenario to the stack that runs, and show how it reacts; without --storm say what there is.

    Exit code 1 when a mention came to no case in time.
    """
    from cli.demo import play

    if not storm:
        play.catalogue()
        return
    with _client(data_dir) as client:
        raise typer.Exit(play.run(client, play.Order(brand, seed, speed, yes, as_json)))


@app.command()
def token(
    role: Annotated[str, typer.Option("--role", help=ROLES)],
    brand: Annotated[
        list[str],
        typer.Option("--brand", help="A brand that it reaches; repeat it for more. *: an operator's"),
    ],
    subject: Annotated[str, typer.Option("--subject", help="Whose it is: the team member's id for one of the team")] = "cli",
    hours: Annotated[float, typer.Option("--hours", min=0.01, max=24 * 365, help="How long it holds")] = 12,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Print an access token for the services of this machine's stack, and nothing else."""
    from cli import tokens

    sys.stdout.write(tokens.issue(data_dir, role, brand, subject, hours) + "\n")


@app.command()
def login(
    user_id: Annotated[str, typer.Argument(help="The user's id")],
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Log in with a password, asked for or read from standard input, and print an access token for an hour, and nothing else."""
    from cli import access

    sys.stdout.write(access.login(data_dir, user_id) + "\n")


@app.command()
def drill(
    file: Annotated[Optional[Path], typer.Argument(help="A recording (JSON lines); without one the example of a hijacked hashtag")] = None,  # noqa: UP045
    brand: Annotated[Optional[str], typer.Option("--brand", help="A brand's slug")] = None,  # noqa: UP045
    to: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--to", help="Who takes part: ids of the hub's and the team's members, with commas; else whom the scenario tells"),
    ] = None,
    speed: Annotated[float, typer.Option("--speed", min=0.1, max=100, help="How many times as fast as it was recorded")] = 1,
    seconds: Annotated[Optional[float], typer.Option("--for", min=0, help="Seconds that it lasts; else as long as the recording")] = None,  # noqa: UP045
    is_dry: Annotated[bool, typer.Option("--dry", help="Only print the script")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Play an incident from a recording, to train the team: only those who take part are told, no customer is reached. Ends with a report."""
    from cli import drill as drills

    recording = drills.read(file)
    if is_dry:
        drills.dry(recording)
        return
    if brand is None:
        raise CommandError("Say whose team is trained, with --brand.", WRONG)
    people = [who.strip() for who in (to or "").split(",") if who.strip()]
    with _client(data_dir) as client:
        raise typer.Exit(drills.run(client, brand, recording, to=people, speed=speed, seconds=seconds, as_json=as_json))


@scenario_app.callback()
def scenario() -> None:
    pass


@scenario_app.command("run")
def scenario_run(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Scenarios (YAML), or folders of them")],
    schedules: Annotated[int, typer.Option("--schedules", min=1, help="In how many orders each is played")] = 20,
    seed: Annotated[Optional[int], typer.Option("--seed", min=0, help="Only in this order; 0 is the plain one")] = None,  # noqa: UP045
    jobs: Annotated[Optional[int], typer.Option("--jobs", min=1, help="Processes; else one for every core")] = None,  # noqa: UP045
    as_json: AsJson = False,
) -> None:
    """Play scenarios through the real handlers and store, on a clock of their own. Needs nothing that runs. Exit code 1 when one does not come out as
    expected, with the seed that shows it again; 2 for a file that is no scenario."""
    from cli.scenario import command

    raise typer.Exit(command.run(files, schedules=schedules, seed=seed, jobs=jobs, as_json=as_json))


@dead_app.callback()
def dead(context: typer.Context, data_dir: DataDir = DATA_DIR) -> None:
    """Without a further word: list."""
    if context.invoked_subcommand is None:
        dead_list(data_dir=data_dir)


@dead_app.command("list")
def dead_list(
    service: Service = None,
    brand: OneBrand = None,
    topic: OfTopic = None,
    key: OfKey = None,
    as_json: AsJson = False,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """One line for each event that was set aside. Exit code 1 when a service did not tell and its events are missing."""
    from cli import dead as letters

    with _client(data_dir) as client:
        raise typer.Exit(letters.show_list(client, service, brand, topic, key, as_json=as_json))


@dead_app.command("show")
def dead_show(
    service: Service = None, brand: OneBrand = None, topic: OfTopic = None, key: OfKey = None, data_dir: DataDir = DATA_DIR
) -> None:
    """All that is known of them, as JSON. Exit code 4 when there are none."""
    from cli import dead as letters

    with _client(data_dir) as client:
        raise typer.Exit(letters.show(client, service, brand, topic, key))


@dead_app.command("replay")
def dead_replay(
    service: Service = None, brand: OneBrand = None, topic: OfTopic = None, key: OfKey = None, data_dir: DataDir = DATA_DIR
) -> None:
    """Handle them again, key by key, in order. Exit code 1 when some still fail."""
    from cli import dead as letters

    with _client(data_dir) as client:
        raise typer.Exit(letters.replay(client, service, brand, topic, key))


@dead_app.command("drop")
def dead_drop(
    service: Annotated[str, typer.Option("--service", help="Whose")],
    topic: Annotated[str, typer.Option("--topic", help="Its topic")],
    key: Annotated[str, typer.Option("--key", help="Its key")],
    partition: Annotated[int, typer.Option("--partition", min=0, help="Its partition")],
    offset: Annotated[int, typer.Option("--offset", min=0, help="Its offset")],
    brand: Annotated[Optional[str], typer.Option("--brand", help="Its brand; without it as an operator")] = None,  # noqa: UP045
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask")] = False,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Give one of them up for good, where it can never be handled and others wait behind it. Exit code 4 when it is not there."""
    from cli import dead as letters

    with _client(data_dir) as client:
        found = letters.one(client, service, brand, topic, key, partition, offset)
        if not yes:
            typer.confirm(f"{letters.described(found)}\nIt will never be handled. Drop it?", abort=True, err=True)
        letters.drop(client, found, brand)


@dead_app.command("resume")
def dead_resume(service: Service = None, data_dir: DataDir = DATA_DIR) -> None:
    """Let a service consume again that stopped after too many dead letters."""
    from cli import dead as letters

    with _client(data_dir) as client:
        letters.resume(client, service)


@topics_app.callback()
def topics(
    context: typer.Context,
    create: Annotated[bool, typer.Option("--create", help="Make those that are missing")] = False,
    mend: Annotated[bool, typer.Option("--mend", help="Make those that are missing, and set what differs from the registry")] = False,
    shorten: Annotated[
        bool,
        typer.Option("--shorten", help="With --mend: also a retention that is longer, so that Kafka deletes what is older, handled or not"),
    ] = False,
    replication: Annotated[int, typer.Option("--replication", min=1, help="Of topics that are made: copies of a record")] = 1,
    brand: Annotated[Optional[str], typer.Option("--brand", help="Show on which partitions this brand's events are")] = None,  # noqa: UP045
    as_json: AsJson = False,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Without a further word: show the registry."""
    from cli import topics as registry

    if context.invoked_subcommand is None:
        if shorten and not mend:
            raise CommandError("--shorten says how far --mend may go: say both.", WRONG)
        if mend:
            registry.mend(data_dir, replication, shorten=shorten)
        elif create:
            registry.create(data_dir, replication)
        else:
            registry.show(brand, as_json=as_json)


@topics_app.command("reset")
def topics_reset(
    service: Annotated[str, typer.Argument(help="Whose position")],
    topic: Annotated[str, typer.Argument()],
    partition: Annotated[int, typer.Argument(min=0)],
    to: Annotated[str, typer.Option("--to", metavar="start|end|OFFSET", help="Where it goes on")],
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Choose where a service goes on in a partition that stopped with a named error."""
    from cli import topics as registry

    with _client(data_dir) as client:
        registry.reset(client, service, topic, partition, to)


def main() -> None:
    """The entry point."""
    failing(app)


def failing(command: Callable[[], object]) -> None:
    """Runs a command. An error is one sentence on standard error; WEERKLANK_TRACEBACK=1 lets a fault of ours show where it is."""
    try:
        command()
    except CommandError as error:
        _fail(str(error), error.code)
    except StackError as error:
        _fail(str(error), FAILED)
    except BrokenPipeError:
        # Whoever read us has seen enough; Python would complain once more when it closes standard output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
    except Exception as error:  # the last one to hear of it
        if os.environ.get("WEERKLANK_TRACEBACK"):
            raise
        _fail(f"This is a fault of ours ({type(error).__name__}: {error}). WEERKLANK_TRACEBACK=1 shows where; please report it.", OURS)


def _fail(text: str, code: int) -> None:
    sys.stderr.write(f"{text}\n")
    sys.exit(code)


if __name__ == "__main__":
    main()
