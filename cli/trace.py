"""``weerklank trace``: the way of one mention through all five services, in the order of time."""

import json
import re
import sys
from datetime import datetime
from typing import Any
from uuid import UUID

from cli.client import Client, brands_of
from cli.console import console, table
from cli.errors import FAILED, NOT_FOUND, WRONG, CommandError, Refused
from cli.stack.ports import SERVICES

_ID = re.compile(r"\b([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_WIDE = 200
"""Columns in which a step with its ids has room on one line."""


def trace(client: Client, mention_id: str, brand: str | None, *, as_json: bool) -> int:
    """Prints the steps and returns the exit code: 1 when a service did not answer and its steps are missing.

    Raises ``CommandError`` with exit code 4 when no service knows the mention, 3 when none of them runs.
    """
    try:
        UUID(mention_id)
    except ValueError as error:
        raise CommandError(f"{mention_id[:100]!r} is not a mention's id, which looks like 0b5e1a52-….", WRONG) from error
    brands = brands_of(client.data_dir, brand)
    _must_run(client)
    for candidate in brands:
        trail = gather(client, mention_id, candidate)
        if trail["steps"]:
            _show(trail, as_json=as_json)
            for service, why in trail["silent"].items():
                sys.stderr.write(f"{service} is missing here: {why}\n")
            return FAILED if trail["silent"] else 0
        if trail["silent"]:
            raise CommandError("; ".join(trail["silent"].values()))
    raise CommandError(
        f"No service knows mention {mention_id} of {' or '.join(brands)}. A mention of another brand is found with --brand.", NOT_FOUND
    )


def _must_run(client: Client) -> None:
    """Raises what the first service raises when there is none at all to ask: five times the same sentence helps nobody."""
    absent: list[CommandError] = []
    for service in SERVICES:
        try:
            client.url(service)
        except CommandError as error:
            absent.append(error)
    if len(absent) == len(SERVICES):
        raise absent[0]


def gather(client: Client, mention_id: str, brand: str) -> dict[str, Any]:
    """What every service tells of a mention. ``silent`` says of each service that could not be asked why."""
    steps: list[dict[str, Any]] = []
    case_ids: list[str] = []
    silent: dict[str, str] = {}
    for service in SERVICES:
        try:
            trail = client.get(service, f"/v1/brands/{brand}/trace/{mention_id}", brand)
        except Refused as error:
            if error.status != 404:
                silent[service] = str(error)
            continue
        except CommandError as error:
            silent[service] = str(error)
            continue
        steps += [{"service": service, **step} for step in trail["steps"]]
        case_ids += [case_id for case_id in trail["case_ids"] if case_id not in case_ids]
    order = {service: place for place, service in enumerate(SERVICES)}
    # Each service writes its times as ISO 8601 in UTC with microseconds or without: compare them as the moments that they are.
    steps.sort(key=lambda step: (_moment(step["at"]), order[step["service"]]))
    found = [service for service in SERVICES if any(step["service"] == service for step in steps)]
    return {"mention_id": mention_id, "brand": brand, "services": found, "case_ids": case_ids, "steps": steps, "silent": silent}


def _moment(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()


def _show(trail: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(trail, indent=1) + "\n")
        return
    out = console()
    is_narrow = out.width < _WIDE
    days = {step["at"][:10] for step in trail["steps"]}
    is_short = is_narrow and len(days) == 1
    out.print(
        f"mention {trail['mention_id']} of {trail['brand']}"
        + (f", case {', '.join(trail['case_ids'])}" if trail["case_ids"] else "")
        + (f", {days.pop()}" if is_short else "")
    )
    shown = table("time (UTC)", "service", "what", "detail", "trace")
    for column in shown.columns:
        column.no_wrap = column.header != "detail"
    for step in trail["steps"]:
        detail = _detail(step["detail"])
        shown.add_row(
            step["at"].replace("T", " ")[11 if is_short else 0 : 23],
            step["service"],
            step["what"],
            _ID.sub(r"\1", detail) if is_narrow else detail,
            (step["trace_id"] or "")[:8],
        )
    out.print(shown)
    if is_narrow:
        out.print("Ids are shortened here: --json has them whole.", style="dim")


def _detail(detail: dict[str, Any]) -> str:
    said = {name: ", ".join(map(str, value)) if isinstance(value, list) else value for name, value in detail.items()}
    # Square brackets would be read as markup.
    return "  ".join(f"{name}={value}" for name, value in said.items() if value not in (None, "", {})).replace("[", "(").replace("]", ")")
