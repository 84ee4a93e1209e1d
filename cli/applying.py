"""``weerklank apply``: a brand book from a file to routing, which publishes it; done when ingest takes mentions of that brand, where it can be asked."""

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli import bookwords, seen_books
from cli.client import Client, remember_brand
from cli.errors import NOTHING_RUNS, WRONG, CommandError, Refused
from cli.seen_books import Standing
from libs.common.bookfile import load_book
from libs.common.bookproblems import BrandBookError

KNOWN_WITHIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """Routing's answer to a book; `replaced` is the version that stood before it, `is_known` whether somebody had looked at that from here."""

    answer: Any
    replaced: Standing | None
    is_known: bool


def apply(client: Client, path: Path, *, dry_run: bool, note: str | None = None, onto: int | None = None) -> str:
    """Publishes the book, or with ``dry_run`` says what that would change. Returns the brand's slug.

    Raises ``CommandError``: exit code 2 with every problem and its line when the book is wrong, and as ``publish`` does.
    """
    source = read(path)
    try:
        brand = load_book(source, str(path)).brand
    except BrandBookError as error:
        raise CommandError(str(error), WRONG) from error
    try:
        outcome = publish(client, brand, source, dry_run=dry_run, note=note, onto=onto)
    except CommandError as error:
        if not (dry_run and error.code == NOTHING_RUNS):
            raise
        sys.stdout.write(f"{brand}: valid. Nothing runs here to compare it with.\n")
        return brand
    if dry_run:
        say_what_would_change(brand, outcome)
    else:
        say_published(brand, outcome)
        _follow(client, brand)
    return brand


def _follow(client: Client, brand: str) -> None:
    """What comes after the publishing. A ``CommandError`` from here says that the book is published: nobody must conclude that nothing happened."""
    try:
        remember_brand(client.data_dir, brand)
        if client.elsewhere("routing") and not client.elsewhere("ingest"):
            # An ingest of this machine's stack would be another installation's.
            sys.stdout.write(
                "Not waited until ingest takes mentions of it: nobody says where that installation's ingest is (WEERKLANK_URL_INGEST).\n"
            )
        else:
            wait_known(client, brand)
    except CommandError as error:
        raise CommandError(f"The book is published, but {error}") from error
    except OSError as error:
        raise CommandError(
            f"The book is published, but {client.data_dir} can't be written ({error.strerror}): name the brand with --brand."
        ) from error


def publish(client: Client, brand: str, source: str, *, dry_run: bool, note: str | None, onto: int | None) -> Outcome:
    """Publishes a book onto the version that was last seen from here, or onto exactly ``onto``.

    Raises ``CommandError`` with exit code 2 where the book is what is wrong, and where another version stands by now: who published it, and how to
    go on. A book that says what stands already is nobody's loss.
    """
    standing, seen = seen_books.standing(client, brand), seen_books.last(client, brand)
    version = standing.version if standing else 0
    if onto is not None and onto != version:
        raise seen_books.published_since(client, brand, onto, version)
    if seen is not None and seen > version:
        seen = None  # another installation answers at this address by now
    is_behind = onto is None and seen is not None and seen < version
    answer = _put(client, brand, source, version, dry_run=dry_run or is_behind, note=note)
    if is_behind and not dry_run and answer["changed"]:
        raise seen_books.published_since(client, brand, seen or 0, version)
    seen_books.remember(client, brand, answer["version"])
    return Outcome(answer, standing, is_known=seen is not None or onto is not None)


def _put(client: Client, brand: str, source: str, version: int, *, dry_run: bool, note: str | None) -> Any:
    try:
        return client.call(
            "routing",
            "PUT",
            f"/v1/brands/{brand}/book",
            brand,
            params={"dry_run": dry_run} | ({"note": note} if note else {}),
            content=source.encode(),
            headers={"content-type": "application/yaml"} | ({"if-match": f'"{version}"'} if version else {"if-none-match": "*"}),
        )
    except Refused as error:
        if error.status == 412:  # somebody published in this very moment
            newest = seen_books.standing(client, brand)
            raise seen_books.published_since(client, brand, version, newest.version if newest else 0) from error
        if error.status in (413, 422):
            raise CommandError(str(error), WRONG) from error
        raise


def say_what_would_change(brand: str, outcome: Outcome) -> None:
    """What routing answered to a dry run: first whether anything changes, then what, then for which open cases."""
    answer = outcome.answer
    if answer["version"] == 0:
        sys.stdout.write(f"{brand}: valid. Would be this brand's first book.\n")
        return
    would = f"Would change {', '.join(answer['fields']) or 'nothing'}"
    sys.stdout.write(f"{brand}: valid. {would}.\nCompared with {outcome.replaced}.\n")
    if not answer["fields"] and answer["changed"]:
        sys.stdout.write(
            "It would be told to the services all the same, as a new version: they know a newer one than routing's database.\n"
        )
    elif answer["changed"]:
        for line in ("", *bookwords.lines(bookwords.changes_of(answer["changes"])), "", *bookwords.impact_lines(answer["cases"])):
            sys.stdout.write(f"{line}\n")


def say_published(brand: str, outcome: Outcome) -> None:
    """Also whose version is replaced, always: which one a file was written from is known to its writer only, and two may share a data directory."""
    answer, replaced = outcome.answer, outcome.replaced
    if not answer["changed"]:
        sys.stdout.write(f"{brand}: unchanged, version {answer['version']}\n")
    elif replaced is None:
        sys.stdout.write(f"{brand}: published as version {answer['version']}\n")
    else:
        changed = f"; changed now: {', '.join(answer['fields'])}" if answer["fields"] else ""
        sys.stdout.write(f"{brand}: published as version {answer['version']}, over {replaced.in_short()}{changed}\n")
        if not outcome.is_known:
            sys.stdout.write(f"Nobody had looked at version {replaced.version} from here.\n")


def read(path: Path) -> str:
    """The text of a file. Raises ``CommandError``."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise CommandError(f"{path} is not UTF-8: byte {error.start} cannot be read. Save it as UTF-8.", WRONG) from error
    except OSError as error:
        raise CommandError(f"{path} can't be read ({error.strerror}).", WRONG) from error


def wait_known(client: Client, brand: str, timeout_s: float = KNOWN_WITHIN_S) -> None:
    """Returns once ingest knows the brand, so that a mention that is sent next is not refused. Raises ``CommandError`` with half a sentence."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            answer = client.send("ingest", "POST", f"/v1/brands/{brand}/mentions", brand, json=[])
        except CommandError as error:
            raise CommandError(f"whether ingest takes mentions of {brand} is not known: {error}") from error
        if answer.status_code == 202:
            return
        if answer.status_code not in (404, 503):
            raise CommandError(f"ingest answered {answer.status_code} when asked whether it knows {brand}.")
        if time.monotonic() > deadline:
            raise CommandError(f"ingest does not know {brand} after {timeout_s:.0f} s: 'weerklank status' shows who is behind.")
        time.sleep(0.05)
