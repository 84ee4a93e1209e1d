"""`python -m cli.dashboards` writes deploy/grafana/dashboards from the code beside this file; `--check` only says what differs."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from cli.dashboards import platform, today

FOLDER = Path(__file__).parents[2] / "deploy" / "grafana" / "dashboards"


def documents() -> dict[str, str]:
    """File name → what it must hold, the same for the same code."""
    boards = {"platform.json": platform.build(), "today.json": today.build()}
    return {name: JSONEncoder(sort_keys=True, indent=1, ensure_ascii=False).encode(board) + "\n" for name, board in boards.items()}


def drift(folder: Path) -> list[str]:
    """The files that differ from the code, or that nothing generates any more."""
    wanted = documents()
    found = {path.name: path.read_text() for path in folder.glob("*.json")}
    return sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))


def write(folder: Path) -> list[str]:
    """Write what differs, remove what nothing generates any more, and return the names of both."""
    wanted, changed = documents(), drift(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name in changed:
        if name in wanted:
            (folder / name).write_text(wanted[name])
        else:
            (folder / name).unlink()
    return changed


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m cli.dashboards", description="Write the Grafana dashboards from the code.")
    parser.add_argument("--check", action="store_true", help="write nothing; list what differs and exit with 1 when anything does")
    given = parser.parse_args(arguments)
    differing = drift(FOLDER) if given.check else write(FOLDER)
    for name in differing:
        print(f"deploy/grafana/dashboards/{name} is not what the code says: python -m cli.dashboards writes it" if given.check else name)
    return 1 if given.check and differing else 0


if __name__ == "__main__":
    sys.exit(main())
