"""``weerklank dead``: events that could not be handled, and those that wait behind them, in every service.

Without a brand it asks as an operator: of all brands, and of events whose brand could not be read.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

from cli.client import Client
from cli.console import console, table
from cli.errors import FAILED, NOT_FOUND, WRONG, CommandError, Refused
from cli.stack.ports import SERVICES
from libs.common.auth import EVERY_BRAND

Letter = dict[str, Any]
_NOTHING = "Nothing is set aside there: 'weerklank dead list' shows what is."


def letters(client: Client, service: str, brand: str | None, topic: str | None, key: str | None) -> Iterator[Letter]:
    """What is set aside in a service, oldest first, each with its service. Raises ``CommandError`` when it does not tell."""
    slug = brand or EVERY_BRAND
    for letter in client.items(service, f"/v1/brands/{slug}/dead-letters", slug, params={"limit": 500}):
        if topic in (None, letter["topic"]) and key in (None, letter["key"]):
            yield {"service": service, **letter}


def gather(
    client: Client, service: str | None, brand: str | None, topic: str | None, key: str | None
) -> tuple[list[Letter], dict[str, CommandError]]:
    """What is set aside in each service, or in the one that is named, and of each that did not tell why.

    Raises what the first one raised when none of them told: five times the same sentence helps nobody.
    """
    found: list[Letter] = []
    silent: dict[str, CommandError] = {}
    asked = [service] if service else list(SERVICES)
    for name in asked:
        try:
            found += list(letters(client, name, brand, topic, key))
        except CommandError as error:
            silent[name] = error
    if len(silent) == len(asked):
        raise silent[asked[0]]
    return found, silent


def _exit_code(silent: dict[str, CommandError]) -> int:
    """Says who is missing, after what the others told."""
    for name, why in silent.items():
        sys.stderr.write(f"{name} is missing here: {why}\n")
    return FAILED if silent else 0


def show_list(client: Client, service: str | None, brand: str | None, topic: str | None, key: str | None, *, as_json: bool) -> int:
    """One line a letter. Returns the exit code: 1 when a service did not tell and its letters are missing."""
    found, silent = gather(client, service, brand, topic, key)
    if as_json:
        sys.stdout.write(json.dumps(found, indent=1) + "\n")
    elif found:
        _print(found)
    else:
        where = f" in {', '.join(name for name in SERVICES if name not in silent)}" if silent else ""
        sys.stdout.write(f"Nothing is set aside{where}.\n")
    return _exit_code(silent)


def _print(found: list[Letter]) -> None:
    shown = table("service", "topic", "key", ">offset", "standing", "type", "reason")
    for letter in found:
        place = f"{letter['partition']}/{letter['offset']}"
        reason = letter["reason"].replace("[", "(").replace("]", ")")
        shown.add_row(letter["service"], letter["topic"], letter["key"], place, letter["standing"], letter["event_type"] or "", reason)
    console().print(shown)


def show(client: Client, service: str | None, brand: str | None, topic: str | None, key: str | None) -> int:
    """Everything about the letters of a key, as JSON; the content stays in the service. Returns 1 when a service did not tell.

    Raises ``CommandError`` when there are none.
    """
    found, silent = gather(client, service, brand, topic, key)
    for letter in found:
        sys.stdout.write(json.dumps(letter, indent=1) + "\n")
    code = _exit_code(silent)
    if not (found or silent):
        raise CommandError(_NOTHING, NOT_FOUND)
    return code


def replay(client: Client, service: str | None, brand: str | None, topic: str | None, key: str | None) -> int:
    """Has what is set aside handled, key by key, each in order and whole or not at all. Returns 1 when some of it still fails, or a service did
    not tell what it has.
    """
    slug = brand or EVERY_BRAND
    found, silent = gather(client, service, brand, topic, key)
    keys = dict.fromkeys((item["service"], item["topic"], item["key"]) for item in found)
    if not (keys or silent):
        raise CommandError(_NOTHING, NOT_FOUND)
    failed = 0
    for name, of_topic, of_key in keys:
        body = {"topic": of_topic, "key": of_key}
        try:
            answer = client.call(name, "POST", f"/v1/brands/{slug}/dead-letters/replay", slug, json=body)
            sys.stdout.write(f"{name}: {of_topic} {of_key}: {answer['replayed']} handled\n")
        except Refused as error:
            failed += 1
            sys.stderr.write(f"{error} ({of_topic} {of_key})\n")
    return max(_exit_code(silent), FAILED if failed else 0)


def drop(client: Client, letter: Letter, brand: str | None) -> None:
    """Gives up one event for good, so that what waits behind it for the same key can be handled. Says what it was, and what is left to do."""
    slug = brand or EVERY_BRAND
    place = {name: letter[name] for name in ("topic", "key", "partition", "offset")}
    client.call(letter["service"], "POST", f"/v1/brands/{slug}/dead-letters/drop", slug, json=place)
    sys.stdout.write(f"dropped: {described(letter)}\n")
    if waiting := sum(1 for _ in letters(client, letter["service"], brand, letter["topic"], letter["key"])):
        sys.stdout.write(f"{waiting} more of {letter['key']} set aside: 'weerklank dead replay' handles them, in order.\n")


def one(client: Client, service: str, brand: str | None, topic: str, key: str, partition: int, offset: int) -> Letter:
    """The letter at a place. Raises ``CommandError`` when there is none."""
    for letter in letters(client, service, brand, topic, key):
        if (letter["partition"], letter["offset"]) == (partition, offset):
            return letter
    raise CommandError("Nothing is set aside at that place: 'weerklank dead list' shows what is, with partition/offset.", NOT_FOUND)


def described(letter: Letter) -> str:
    """A letter in one line."""
    what = letter["event_type"] or "an event of no known type"
    return (
        f"{letter['service']}: {what} of {letter['key']} at {letter['topic']} {letter['partition']}/{letter['offset']} ({letter['reason']})"
    )


def resume(client: Client, service: str | None) -> None:
    """Lets a service that stopped after too many dead letters consume again."""
    if service is None:
        raise CommandError(f"Say which with --service: {', '.join(SERVICES)}.", WRONG)
    client.call(service, "POST", "/v1/stream/resume", EVERY_BRAND)
    sys.stdout.write(f"{service}: consumes again\n")
