"""``weerklank apply``: a brand book from a file to routing, which publishes it; done when ingest takes mentions of that brand."""

import sys
import time
from pathlib import Path
from typing import Any

from cli import bookwords
from cli.client import Client, answer_of, remember_brand
from cli.errors import NOTHING_RUNS, WRONG, CommandError, Refused
from libs.common.bookfile import load_book
from libs.common.bookproblems import BrandBookError

KNOWN_WITHIN_S = 30.0


def apply(client: Client, path: Path, *, dry_run: bool, note: str | None = None) -> str:
    """Publishes the book, or with ``dry_run`` says what that would change. Returns the brand's slug.

    Raises ``CommandError``: exit code 2 with every problem and its line when the book is wrong.
    """
    source = read(path)
    try:
        brand = load_book(source, str(path)).brand
    except BrandBookError as error:
        raise CommandError(str(error), WRONG) from error
    try:
        answer = publish(client, brand, source, dry_run=dry_run, note=note)
    except CommandError as error:
        if not (dry_run and error.code == NOTHING_RUNS):
            raise
        sys.stdout.write(f"{brand}: valid. Nothing runs here to compare it with.\n")
        return brand
    if dry_run:
        say_what_would_change(brand, answer)
    else:
        remember_brand(client.data_dir, brand)
        wait_known(client, brand)
        say_published(brand, answer)
    return brand


def publish(client: Client, brand: str, source: str, *, dry_run: bool, note: str | None) -> Any:
    """Routing's answer to a book. Raises ``CommandError``, with exit code 2 where the book is what is wrong."""
    try:
        return client.call(
            "routing",
            "PUT",
            f"/v1/brands/{brand}/book",
            brand,
            params={"dry_run": dry_run} | ({"note": note} if note else {}),
            content=source.encode(),
            headers={"content-type": "application/yaml"} | ({} if dry_run else _as_read(client, brand)),
        )
    except Refused as error:
        if error.status == 422:
            raise CommandError(str(error), WRONG) from error
        raise


def _as_read(client: Client, brand: str) -> dict[str, str]:
    """The book that this one replaces: what somebody else publishes meanwhile is not overwritten unseen."""
    standing = client.send("routing", "GET", f"/v1/brands/{brand}/book", brand)
    if standing.status_code == 404:
        return {"if-none-match": "*"}
    answer_of("routing", standing)
    return {"if-match": standing.headers["etag"]}


def say_what_would_change(brand: str, answer: Any) -> None:
    """What routing answered to a dry run: first whether anything changes, then what, then for which open cases."""
    if not answer["changed"]:
        sys.stdout.write(f"{brand}: valid. Would change nothing.\n")
    elif answer["version"] == 0:
        sys.stdout.write(f"{brand}: valid. Would be this brand's first book.\n")
    else:
        sys.stdout.write(f"{brand}: valid. Would change {', '.join(answer['fields'])}.\n\n")
        for line in bookwords.lines(bookwords.changes_of(answer["changes"])):
            sys.stdout.write(f"{line}\n")
        for line in ("", *bookwords.impact_lines(answer["cases"])):
            sys.stdout.write(f"{line}\n")


def say_published(brand: str, answer: Any) -> None:
    said = f"published as version {answer['version']}" if answer["changed"] else f"unchanged, version {answer['version']}"
    fields = ", ".join(answer["fields"])
    sys.stdout.write(f"{brand}: {said}" + (f"; changed: {fields}\n" if answer["changed"] and answer["version"] > 1 else "\n"))


def read(path: Path) -> str:
    """The text of a file. Raises ``CommandError``."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise CommandError(f"{path} is not UTF-8: byte {error.start} cannot be read. Save it as UTF-8.", WRONG) from error
    except OSError as error:
        raise CommandError(f"{path} can't be read ({error.strerror}).", WRONG) from error


def wait_known(client: Client, brand: str, timeout_s: float = KNOWN_WITHIN_S) -> None:
    """Returns once ingest knows the brand, so that a mention that is sent next is not refused."""
    deadline = time.monotonic() + timeout_s
    while True:
        answer = client.send("ingest", "POST", f"/v1/brands/{brand}/mentions", brand, json=[])
        if answer.status_code == 202:
            return
        if answer.status_code not in (404, 503):
            raise CommandError(f"The book is published, but ingest answered {answer.status_code} when asked whether it knows {brand}.")
        if time.monotonic() > deadline:
            raise CommandError(
                f"The book is published, but ingest does not know {brand} after {timeout_s:.0f} s: 'weerklank status' shows who is behind."
            )
        time.sleep(0.05)
