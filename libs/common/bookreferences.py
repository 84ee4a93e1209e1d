"""What must fit together inside one brand book: a book whose fields are each right reaches this module, what is wrong between them leaves it."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from libs.common.bookproblems import Path, hint
from libs.common.bookvalues import SECRET_FIELDS
from libs.common.secret import belongs, refusal

if TYPE_CHECKING:  # the book imports this module
    from libs.common.bookteam import Notify
    from libs.common.brandbook import BrandBook
    from libs.common.rules import When

TRIAGE_DEPARTMENTS = frozenset(
    ["webcare", "billing", "technical", "logistics", "complaints", "legal", "press_office", "product", "security", "none"]
)
"""What triage proposes before a brand refines it. A condition may name these even when the book has no such
department."""


LEGAL = "legal"
"""Who reads a reply before it is sent, unless the book names another department."""

_NAMED_IN = {
    "department": {"departments"},
    "customer group": {"customer_groups"},
    "team member": {"team"},
    "label": {"labels"},
    "person with the role": {"hub", "team"},
}
"""The fields of a book that name what something refers to."""


def inconsistencies(book: "BrandBook", unknown: Collection[str] = ()) -> Iterator[tuple[Path, str]]:
    """Every problem, with the path of the field that has it: what is used twice, what refers to nothing, labels that are their own ancestors.

    `unknown` are fields of the book that nobody could read: nothing is said to refer to nothing that may be named there.
    """
    unique: list[tuple[Path, str, list[str]]] = [
        (("channels",), "id", [channel.id for channel in book.channels]),
        (("listen",), "id", [query.id for query in book.listen]),
        (("labels",), "name", [label.name for label in book.labels]),
        (("departments",), "id", [department.id for department in book.departments]),
        (("team",), "id", [member.id for member in book.team]),
        # ^GS and ^gs are the same signature to a reader
        (("team",), "initials", [member.initials.casefold() for member in book.team]),
        (("hub", "members"), "id", [member.id for member in book.hub.members]),
        (("hub", "scenarios"), "id", [scenario.id for scenario in book.hub.scenarios]),
        (("scripts",), "id", [script.id for script in book.scripts]),
        (("fields",), "id", [field.id for field in book.fields]),
        (("customer_groups",), "id", [group.id for group in book.customer_groups]),
        (("hours", "exceptions"), "date", [exception.date.isoformat() for exception in book.hours.exceptions]),
    ]
    for path, field, values in unique:
        for index, value in _again(values):
            yield (*path, index, field), f"{value!r} is used more than once"
    for index, language in _again(book.languages):
        yield ("languages", index), f"{language!r} is used more than once"

    departments = {department.id for department in book.departments}
    proposed = departments | TRIAGE_DEPARTMENTS
    people = {member.id for member in book.team}
    labels = {label.name: label for label in book.labels}
    roles = {role for member in book.hub.members for role in member.roles} | {member.role for member in book.team}

    references: list[tuple[Path, str, str | None, Collection[str]]] = [(("fallback",), "department", book.fallback, departments)]
    for index, department in enumerate(book.departments):
        for at, person in enumerate(department.members):
            references.append((("departments", index, "members", at), "team member", person, people))
    for index, label in enumerate(book.labels):
        references.append((("labels", index, "department"), "department", label.department, departments))
        references.append((("labels", index, "parent"), "label", label.parent, labels))
    for index, rule in enumerate(book.routing):
        references.append((("routing", index, "department"), "department", rule.department, departments))
        references.append((("routing", index, "owner"), "team member", rule.owner, people))
        for at, label_name in enumerate(rule.labels):
            references.append((("routing", index, "labels", at), "label", label_name, labels))
    for index, escalation in enumerate(book.escalation):
        references.append((("escalation", index, "to"), "department", escalation.to, departments))
    if book.conduct.legal_check.department != LEGAL:  # the default may be a department that the book does not have
        references.append((("conduct", "legal_check", "department"), "department", book.conduct.legal_check.department, departments))
    references.append((("callbacks", "department"), "department", book.callbacks.department, departments))
    for index, script in enumerate(book.scripts):
        references.append((("scripts", index, "label"), "label", script.label, labels))
    for index, scenario in enumerate(book.hub.scenarios):
        for field in ("tell", "holding_statement_by", "ladder"):
            for at, role in enumerate(getattr(scenario, field)):
                references.append((("hub", "scenarios", index, field, at), "person with the role", role, roles))
    for path, when in _conditions(book):
        for name in when.labels_any or ():
            references.append(((*path, "labels_any"), "label", name, labels))
        groups = (when.customer_group,) if isinstance(when.customer_group, str) else when.customer_group or ()
        for name in groups:
            references.append(((*path, "customer_group"), "customer group", name, [group.id for group in book.customer_groups]))
        asked = (when.department,) if isinstance(when.department, str) else when.department or ()
        for name in asked:
            references.append(((*path, "department"), "department", name, proposed))
    for path, what, name_or_none, known in references:
        if name_or_none is not None and name_or_none not in known and _NAMED_IN[what].isdisjoint(unknown):
            yield path, f"there is no {what} {name_or_none!r}{hint(name_or_none, known)}"

    circular = _own_ancestors({label.name: label.parent for label in book.labels})
    for index, label in enumerate(book.labels):
        if label.name in circular:
            yield ("labels", index, "parent"), f"label {label.name!r} is its own ancestor"


def kept_too_briefly(book: "BrandBook") -> Iterator[tuple[Path, str]]:
    """Spans of retention that forget more than can be meant. A book that was published before this was asked goes on: its cases are kept as long as what
    customers wrote in them."""
    spans = book.retention
    for name in ("mentions", "cases", "attachments"):
        span = getattr(spans, name)
        if span.elapsed() < timedelta(days=1):
            yield ("retention", name), f"{span} would be forgotten on the day on which it came; write 1d at least, such as 400d"
    if spans.cases.elapsed() < spans.mentions.elapsed():
        said = f"{spans.cases} is less than mentions ({spans.mentions}), and a case holds them; write {spans.mentions} at least, or less for mentions"
        yield ("retention", "cases"), said


def foreign_secrets(book: "BrandBook") -> Iterator[tuple[Path, str]]:
    """References to secrets that no book of this brand may name. Where they are read it is asked again, beside the other brands by then."""
    named: list[tuple[Path, str | None]] = [(("channels", at, "secret"), channel.secret) for at, channel in enumerate(book.channels)]
    named += [
        (("channels", at, "dkim", "secret"), channel.dkim.secret) for at, channel in enumerate(book.channels) if channel.dkim is not None
    ]
    told: list[tuple[Path, list[tuple[Notify, ...]]]] = [
        (("hub", "members"), [member.notify for member in book.hub.members]),
        (("departments",), [department.notify for department in book.departments]),
        (("team",), [member.notify for member in book.team]),
    ]
    for path, ways_of in told:
        for index, ways in enumerate(ways_of):
            for at, way in enumerate(ways):
                named += [((*path, index, "notify", at, field), getattr(way, field)) for field in sorted(SECRET_FIELDS)]
    for path, reference in named:
        if reference and not belongs(reference, book.brand, ()):
            yield path, f"the secret {refusal(reference, book.brand)}"


def _again(values: Iterable[str]) -> Iterator[tuple[int, str]]:
    """What has stood before, with its place."""
    seen: set[str] = set()
    for index, value in enumerate(values):
        if value in seen:
            yield index, value
        seen.add(value)


def _own_ancestors(parents: Mapping[str, str | None]) -> set[str]:
    """The names that their parents' parents lead back to. Each name is followed once, however long the lines are."""
    circular: set[str] = set()
    followed: set[str] = set()
    for name in parents:
        line: dict[str, None] = {}
        at: str | None = name
        while at is not None and at in parents and at not in followed:
            line[at] = None
            followed.add(at)
            at = parents[at]
        if at is not None and at in line:
            names = list(line)
            circular.update(names[names.index(at) :])
    return circular


def _conditions(book: "BrandBook") -> Iterator[tuple[Path, "When"]]:
    for index, approval in enumerate(book.conduct.approvals):
        yield ("conduct", "approvals", index, "when"), approval.when
    yield ("conduct", "legal_check", "when"), book.conduct.legal_check.when
    for index, target in enumerate(book.targets):
        yield ("targets", index, "when"), target.when
    for index, rule in enumerate(book.routing):
        yield ("routing", index, "when"), rule.when
    for index, escalation in enumerate(book.escalation):
        yield ("escalation", index, "when"), escalation.when
    for index, scenario in enumerate(book.hub.scenarios):
        yield ("hub", "scenarios", index, "when"), scenario.when
