"""``weerklank status``: what runs, where, how it is, what it takes, how far behind it is, and whether every event is accounted for."""

import json
import os
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil

from cli.client import Client
from cli.console import console, table
from cli.errors import FAILED, NOTHING_RUNS, CommandError
from cli.stack import state
from cli.stack.ports import SERVICES
from cli.stack.state import PartState, StackState

Row = dict[str, Any]
HINT = "Start it with 'weerklank up'."


def status(data_dir: Path, *, as_json: bool) -> int:
    """Prints the table, or one JSON object. Returns the exit code: 0 all well, 1 not, 3 nothing runs."""
    found = gather(data_dir, os.environ)
    if as_json:
        sys.stdout.write(json.dumps(found, indent=1) + "\n")
    elif found["status"] == "stopped":
        sys.stderr.write(f"Nothing runs on {data_dir}. {HINT}\n")
    else:
        _show(found)
    if found["status"] == "stopped":
        return NOTHING_RUNS
    return 0 if found["healthy"] else FAILED


def gather(data_dir: Path, environment: Mapping[str, str]) -> Row:
    """All that is known, as ``--json`` prints it. Memory is in bytes, lag in messages and seconds; null: not known or not applicable."""
    observed = state.observe(data_dir)
    elsewhere = [service for service in SERVICES if environment.get(f"WEERKLANK_URL_{service.upper()}")]
    running = observed is not None and any(part.pid is not None for part in observed.parts.values())
    parts: dict[str, Row] = {}
    if running or elsewhere:
        local = observed.parts if observed is not None and running else {}
        names = [*(name for name in ("kafka", "postgres") if name in local), *(s for s in SERVICES if s in local or s in elsewhere)]
        with Client(data_dir, environment) as client, ThreadPoolExecutor(len(names)) as pool:
            rows = pool.map(lambda name: _part(client, name, None if name in elsewhere else local.get(name)), names)
            parts = dict(zip(names, rows, strict=True))
    counted = [row["unaccounted"] for row in parts.values() if row["unaccounted"] is not None]
    stack = _stack(observed) if running and observed is not None else {}
    healthy = bool(parts) and all(row["healthy"] for row in parts.values()) and set(SERVICES) <= parts.keys()
    return {
        "status": stack.get("status", "ready" if healthy else "degraded") if parts else "stopped",
        "healthy": healthy,
        "data_dir": str(data_dir.absolute()),
        "base_port": stack.get("base_port"),
        "external": stack.get("external"),
        "unaccounted": sum(counted) if counted else None,
        "parts": parts,
    }


def _stack(observed: StackState) -> Row:
    return {"status": observed.status, "base_port": observed.base_port, "external": observed.external}


def _part(client: Client, name: str, local: PartState | None) -> Row:
    """One part: what the supervisor knows of it, its memory, and what it says of itself when it is a service."""
    row: Row = {
        "healthy": local is None or local.status == "ready",
        "status": local.status if local else None,
        "why": local.why if local else "",
        "url": _address(client, name, local),
        "pid": local.pid if local else None,
        "memory_bytes": memory_bytes(local.pid) if local and local.pid else None,
        "restarts": local.restarts if local else None,
        "log": str(local.log) if local else None,
        "lag": None,
        "unaccounted": None,
        "dead": None,
        "parked": None,
        "outbox": None,
        "mailboxes": None,
    }
    if name in SERVICES and (local is None or local.pid is not None):
        row |= _said(client, name, row)
    if not row["healthy"] and not row["why"]:
        row["why"] = row["status"] or "not ready"
    return row


def _said(client: Client, name: str, row: Row) -> Row:
    try:
        found = client.status(name)
    except CommandError as error:
        return {"healthy": False, "why": row["why"] or str(error)}
    lag, ledger = found["lag"], found["ledger"]
    why = "; ".join(found["why"]) or row["why"]
    if ledger["unaccounted"]:
        why = "; ".join(filter(None, (why, f"{ledger['unaccounted']} events are not accounted for: report this with its log")))
    return {
        "healthy": row["healthy"] and found["ready"] and not ledger["unaccounted"],
        "why": why,
        "lag": {
            "messages": int(sum(topic["messages"] for topic in lag.values())),
            "seconds": max((topic["seconds"] for topic in lag.values()), default=0.0),
            "topics": lag,
        },
        **{field: ledger[field] for field in ("unaccounted", "dead", "parked", "outbox")},
        "mailboxes": found.get("mailboxes"),
    }


def _address(client: Client, name: str, local: PartState | None) -> str | None:
    if name in SERVICES:
        try:
            return client.url(name)
        except CommandError:
            return None
    if local is None:
        return None
    return f"127.0.0.1:{local.port}" if name == "kafka" else f"postgresql://127.0.0.1:{local.port}/weerklank"


def memory_bytes(pid: int) -> int | None:
    """What a process and its children hold: PSS where the system tells it (pages shared by two count half), else resident memory."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        return None
    total = 0
    for member in family:
        try:
            info = member.memory_full_info()
        except psutil.Error:
            continue
        total += getattr(info, "pss", info.rss)
    return total or None


def _show(found: Row) -> None:
    shown = table("part", "state", "address", ">pid", ">memory", ">lag", ">behind", ">dead", ">parked", ">unaccounted")
    for name, row in found["parts"].items():
        lag = row["lag"]
        shown.add_row(
            name,
            "[green]healthy[/]" if row["healthy"] else "[red]not healthy[/]",
            row["url"] or "",
            str(row["pid"] or ""),
            f"{row['memory_bytes'] / 2**20:.0f} MiB" if row["memory_bytes"] else "",
            f"{lag['messages']}" if lag else "",
            f"{lag['seconds']:.1f} s" if lag else "",
            *("" if row[field] is None else str(row[field]) for field in ("dead", "parked", "unaccounted")),
        )
    out = console()
    out.print(shown)
    for name, row in found["parts"].items():
        if not row["healthy"]:
            out.print(f"{name}: {row['why']}" + (f" (log: {row['log']})" if row["log"] else ""), markup=False)
        if (boxes := row["mailboxes"]) and boxes["watched"]:
            said = "" if boxes["read"] == boxes["watched"] else "; 'weerklank doctor' says why"
            out.print(f"mailboxes: {boxes['read']} of {boxes['watched']} are read{said}", markup=False)
    if any(not row["healthy"] or row["dead"] or row["parked"] or row["unaccounted"] for row in found["parts"].values()):
        out.print("Not all is well: 'weerklank doctor' says what to do.", markup=False)
