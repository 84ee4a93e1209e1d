"""What only routing can be asked: whether every published brand book is still one, and what in it leaves people waiting.

It holds every version that was published; the other services have what they could read of them.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from libs.common import db
from libs.common.bookproblems import BrandBookError
from libs.common.brandbook import BrandBook
from libs.common.checks import CannotAsk, Finding, Kind, Probe
from libs.common.hours import Calendar, HoursError
from services.routing import failed_rule, hold, ladder, store
from services.routing.orphan import somebody_works
from services.routing.route import WORKERS, broken, nobody_of, unreachable

if TYPE_CHECKING:  # it hands us its pool
    from libs.common.service import Service

OPENING_WITHIN = timedelta(days=7)

BOOK = Kind(
    "brand.book",
    "Brand books",
    "That the newest published book of every brand is valid for this version of Weerklank.",
    "Mend the book's file and publish it: weerklank apply FILE. Until then the version before it stays in force.",
)
KNOWN = Kind(
    "brand.known",
    "The brand book that the services go by",
    "That it is the newest in routing's database: it is another where the database was restored, or the topic is new.",
    "Publish the book that should hold: weerklank apply FILE. If that says so again a minute later, look at routing's relay.",
)
ADVICE = Kind(
    "brand.advice",
    "What a brand book leaves open",
    "A team of nobody, or of nobody who owns cases, departments whose cases go to others, a live brand without a way out, hours without an opening in the "
    "next 7 days, exceptions to the hours that have all passed, sending that is held, and a pilot (a value, not a fault).",
    "Change the brand book and publish it: weerklank apply FILE.",
)
RULES = Kind(
    "brand.rules",
    "Routing rules of a brand book",
    "That every rule can be evaluated, and that none is hidden behind an earlier one: what a rule that cannot be evaluated is for goes to the fallback.",
    "Mend the rule under 'routing' and publish the book: weerklank apply FILE. weerklank rules test FILE says beforehand what each rule decides.",
)
KINDS = (BOOK, KNOWN, ADVICE, RULES)


def published_books(service: "Service", brand: str | None) -> Sequence[Probe]:
    """One probe for all books: routing's own table has them."""
    return [Probe(BOOK, partial(_books, service, brand))]


async def _books(service: "Service", brand: str | None) -> list[Finding]:
    found: list[Finding] = []
    try:
        async with service.pool.acquire(timeout=3) as connection:
            held = {lease.brand: lease.held for lease in await hold.leases(connection)}
            failed = await failed_rule.of_newest(connection)
            for row in await store.newest_books(connection):
                if brand in (None, row["brand"]):
                    found += judge_book(row["brand"], row["version"], row["book"], held.get(row["brand"], False), datetime.now(UTC))
                    found += judge_failed(row["brand"], [dict(rule) for rule in failed if rule["brand"] == row["brand"]])
                    if service.books.read.is_set():
                        found += judge_known(row["brand"], row["version"], service.books.version(row["brand"]))
    except db.TRANSIENT as error:
        raise CannotAsk(f"Routing's database does not answer ({type(error).__name__}).") from error
    return found or [BOOK.skipped(f"There is no book of {brand}." if brand else "No brand has a book yet: weerklank apply FILE.")]


def judge_known(brand: str, version: int, known: int) -> list[Finding]:
    """Whether the services go by the version that is the newest here. They do not where one of the two was lost or restored."""
    if known == version:
        return []
    text = f"Version {version} is the newest here, and the services go by {f'version {known}' if known else 'none'}."
    return [KNOWN.error(text, about=brand, brand=brand, values={"version": version, "known": known})]


def judge_book(brand: str, version: int, as_json: dict[str, object], held: bool, now: datetime) -> list[Finding]:
    """The book as it was published, read as this version would, and what it leaves open."""
    try:
        book = BrandBook.from_json(as_json, f"{brand}, version {version}")
    except BrandBookError as error:
        first = error.problems[0]
        more = f" (and {len(error.problems) - 1} more)" if len(error.problems) > 1 else ""
        return [
            BOOK.error(
                f"Version {version} is not valid any more: {first.field} {first.message}{more}.",
                about=brand,
                brand=brand,
                values={"version": version},
            )
        ]
    valid = BOOK.ok(f"Version {version} is valid.", about=brand, brand=brand, values={"version": version})
    return [valid, *judge_rules(book), *advice(book, held, now)]


def judge_rules(book: BrandBook) -> list[Finding]:
    """What the rules say of themselves, without a case."""
    found = [
        RULES.error(
            f"Rule {failure.rule} can never be evaluated: {failure.error}.", about=f"{book.brand}, rule {failure.rule}", brand=book.brand
        )
        for failure in broken(book)
    ]
    found += [
        RULES.warning(
            f"Rule {later} never decides anything: rule {earlier} holds whenever it would.",
            "Put it before that one, or leave it out.",
            about=f"{book.brand}, rule {later}",
            brand=book.brand,
        )
        for later, earlier in unreachable(book)
    ]
    found += [
        RULES.warning(
            f"Step {number} of the escalation asks for what is not known when a clock speaks, and is taken for every case: {error}.",
            "Ask for something that is known of a case.",
            about=f"{book.brand}, step {number}",
            brand=book.brand,
        )
        for number, error in ladder.broken(book)
    ]
    return found or [RULES.ok(f"{len(book.routing)} rules, each of which can be reached.", about=book.brand, brand=book.brand)]


def judge_failed(brand: str, rows: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """The rules that failed for a case since this version of the book was published."""
    return [
        RULES.error(
            f"{failed_rule.called(row['rule']).capitalize()} could not be evaluated for case {row['case_id']}, which "
            f"{'went to the fallback' if row['rule'] else 'nobody may answer until it can'}: {row['error']}.",
            about=f"{brand}, {failed_rule.called(row['rule'])} (met)",
            brand=brand,
        )
        for row in rows
    ]


def advice(book: BrandBook, held: bool, now: datetime) -> list[Finding]:
    """What is valid and still keeps somebody waiting."""
    told: list[tuple[str, str]] = []
    if not book.team:
        told.append(("The team has nobody: cases have no owner.", "Write the people of the team under 'team'."))
    elif not somebody_works(book):
        roles = ", ".join(sorted({member.role for member in book.team}))
        told.append(
            (
                f"Nobody of the team owns cases: that takes a role of {', '.join(WORKERS)} and a capacity above 0. Its roles: {roles}.",
                f"Give somebody one of the roles {', '.join(WORKERS)}, and a 'capacity' above 0.",
            )
        )
    else:
        routed = {rule.department for rule in book.routing} | {label.department for label in book.labels}
        others = "the whole team" if nobody_of(book, book.fallback) else f"the fallback, {book.fallback},"
        for department in book.departments:
            # What is mailed elsewhere has its people there; where the fallback has nobody, the whole team is meant.
            if department.id in routed - {book.fallback} and not department.email and nobody_of(book, department.id):
                told.append(
                    (
                        f"Department {department.id} has no member who owns cases and no email: {others} gets the cases that go there.",
                        f"Give department {department.id} 'members' of the roles {', '.join(WORKERS)}, or an 'email'.",
                    )
                )
    if not book.pilot and not any(channel.type == "smtp" for channel in book.channels):
        told.append(("It is live (pilot: false) and has no way out: no channel of type smtp.", "Write an smtp channel, or 'pilot: true'."))
    told += _hours(book, now)
    if held:
        told.append(
            (
                "All sending is held.",
                f"Release it when the reason for it is over: GET /v1/brands/{book.brand}/holds lists it, POST …/holds/ID/release ends it, at routing.",
            )
        )
    found = [
        ADVICE.warning(text, remedy, about=f"{book.brand} ({number})", brand=book.brand) for number, (text, remedy) in enumerate(told, 1)
    ]
    if not told:
        said = "It is a pilot: replies go into the sandbox." if book.pilot else "It is live."
        found.append(ADVICE.ok(said, about=book.brand, brand=book.brand, values={"pilot": book.pilot}))
    return found


def _hours(book: BrandBook, now: datetime) -> list[tuple[str, str]]:
    told = []
    try:
        opens = Calendar.of(book).next_open(now)
        if opens > now + OPENING_WITHIN:
            told.append((f"It is closed until {opens:%Y-%m-%d}: clocks do not run.", "Look at 'hours' and their exceptions."))
    except HoursError as error:
        told.append((f"Its hours make no clock: {error}.", "Look at 'hours' and their exceptions."))
    dates = [exception.date for exception in book.hours.exceptions]
    if dates and max(dates) < now.date():
        told.append(
            (f"The last exception to the hours was on {max(dates)}.", "Write the days off that are to come under 'hours.exceptions'.")
        )
    return told
