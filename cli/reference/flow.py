"""`docs/FLOW.md`: for each topic and event the function that tells it, the handlers that hear it, what these tell in turn, and the tests.

The registry of topics, every service's `HANDLERS` and the syntax of its code (`cli/reference/source.py`) reach this module; one page leaves it. It
names functions and tests, never lines, so that it changes only when the flow does.
"""

import importlib
import inspect
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cli.reference import markdown as md
from cli.reference import source
from libs.common import books
from libs.common.events import BrandBookPublished, Event
from libs.common.post_events import OF_REPLIES
from libs.common.topics import EVENT_TYPES, TOPICS, Topic

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("ingest", "triage", "routing", "responder", "analytics")
"""In the order in which a mention goes through them."""

STORIES = {
    "MentionReceived": "a mention comes in",
    "MentionDeleted": "a mention is taken back",
    "CaseClockBreached": "a clock runs out",
    "ReplyApproved": "a reply is approved",
    "ReplySent": "a reply reaches the customer",
    "FindingCorrected": "a person corrects what triage found",
    "BrandBookPublished": "a brand book is applied",
}
"""The events whose consequences are followed to their end, as a reader would ask for them."""

TESTS_A_FILE = 3


@dataclass(frozen=True)
class Hears:
    """One service that reads an event: its handler, none where it passes the event over, and what the handler can tell."""

    service: str
    handler: str | None
    tells: tuple[str, ...]


@lru_cache
def services() -> Mapping[str, source.Service]:
    names = frozenset(event.__name__ for event in EVENT_TYPES.values())
    return {name: source.read(ROOT / "services" / name, names) for name in SERVICES}


@lru_cache
def handlers(service: str) -> Mapping[type[Event], str | None]:
    """Event → label of its handler, as the service's consumer says; none where the service passes it over."""
    found = importlib.import_module(f"services.{service}.consumer").HANDLERS
    return {event: f"consumer.{function.__name__}" if function else None for event, function in found.items()}


def tellers(topic: Topic, event: type[Event]) -> list[tuple[source.Function, list[str]]]:
    """(function that tells the event, what leads to it) in the topic's producer."""
    service = services()[topic.producer]
    ours = frozenset(label for label in handlers(topic.producer).values() if label)
    reply = next((reply for reply, post in OF_REPLIES.items() if post is event), None)
    if reply is None:
        return [(function, service.beginnings(function.label, ours)) for function in service.tellers(event.__name__)]
    # A post is told by the functions that tell of a reply, as far as they are reached by its own routes or by what goes on by itself.
    found = [
        (function, [label for label in service.beginnings(function.label, ours) if _of_posts(label)])
        for function in service.tellers(reply.__name__)
    ]
    return [(function, beginnings) for function, beginnings in found if beginnings]


def _of_posts(label: str) -> bool:
    return label.partition(".")[0] in ("post_api", "sender", "expiry", "keeper")


def hearers(event: type[Event]) -> list[Hears]:
    """Every service that reads an event's topics, in the order in which a mention goes through them."""
    consumers = {name for topic in TOPICS if event in topic.events for name in topic.consumers}
    return [_hears(name, event) for name in SERVICES if name in consumers]


def _hears(service: str, event: type[Event]) -> Hears:
    if event is BrandBookPublished:  # read whole by every instance, outside the consume loop
        return Hears(service, f"{books.__name__}.{books.BrandBooks.put.__qualname__}", ())
    handler = handlers(service)[event]
    told = services()[service].told_by(handler) if handler else set()
    return Hears(service, handler, tuple(name for name in _names() if name in told))


def _names() -> list[str]:
    """All events, in the registry's order."""
    return list(dict.fromkeys(event.__name__ for topic in TOPICS for event in topic.events))


@lru_cache
def tests() -> Mapping[str, Sequence[str]]:
    """Event → the tests that name it or its handlers' functions, or that use the route or the function by which it is told."""
    wanted = {event.__name__: _signs(event) for event in EVENT_TYPES.values()}
    found = source.tests_naming(ROOT / "tests", frozenset(sign for signs in wanted.values() for sign in signs))
    order = {test: n for n, test in enumerate(source.tests_in_order(ROOT / "tests"))}
    return {name: sorted({test for sign in signs for test in found[sign]}, key=order.__getitem__) for name, signs in wanted.items()}


def _signs(event: type[Event]) -> set[str]:
    """What a test that exercises an event uses: its class, its type, or the function that tells it, as `module.function` or, for a route, as the last
    part of its path."""
    signs = {event.__name__, event.type}
    for topic in TOPICS:
        if event not in topic.events:
            continue
        for function, beginnings in tellers(topic, event):
            for label in {function.label, *beginnings}:
                route = services()[topic.producer].functions[label].route
                last = (route or "").rpartition("/")[2]
                if route is None and not label.startswith(("consumer.", "sender.")):
                    signs.add(label)
                elif last and "{" not in last:
                    signs.add(f"/{last}")
    return signs


# --- the page ---------------------------------------------------------------------------------------------------------------------------


def page() -> str:
    """The whole of FLOW.md."""
    return md.generated(
        "# What flows where",
        "Five services talk through these topics only. For every event this page says which function tells it and what leads there, who hears it, what "
        "that can lead to, and which tests exercise it. Functions are named `module.function` inside `services/<service>/`. "
        "What the events hold is in [Events](reference/events.md).",
        "`consumer.…` are handlers: pure functions that the consume loop calls inside one transaction. “Can tell” is read from the code: all that a "
        "function can lead to, not what it does every time. A service that reads a topic and has no use for one of its events *passes it over*.",
        "Beside the tests named here, `tests/integration/test_redelivery.py` feeds every handler repeated and stale events, "
        "`tests/e2e/test_brand_isolation.py` tries every route across brands, and `tests/contract/` holds the registry, the handlers and this "
        "page together.",
        "## The topics",
        _picture(),
        "## What happens when …",
        *(part for name, question in STORIES.items() for part in (f"### … {question}", *_story(name))),
        "## Where events begin",
        "People and other systems by a route, and work that goes on by itself. Routes of a brand stand below `/v1/brands/{brand}`.",
        md.table(("service", "what happens", "function", "events that it can tell"), _beginnings()),
        *(part for topic in TOPICS for part in _topic(topic)),
    )


def _picture() -> str:
    width = max(len(topic.producer) for topic in TOPICS)
    name = max(len(_short(topic)) for topic in TOPICS)
    lines = [f"{topic.producer:>{width}} ──▶ {_short(topic):<{name}} ──▶ {', '.join(topic.consumers)}" for topic in TOPICS]
    return md.block("\n".join(lines))


def _short(topic: Topic) -> str:
    return topic.name.split(".")[1]


def _story(name: str) -> list[str]:
    """Everything that can follow from an event, as a tree; what was followed already is not followed again."""
    topic = next(topic for topic in TOPICS if _event_of(name) in topic.events)
    starts = sorted({_began(topic.producer, label) for _, beginnings in tellers(topic, _event_of(name)) for label in beginnings})
    tree = [name, *_followed((name,), set())]
    return [f"Begins at {md.listed(starts, 'or')}.", md.block("\n".join(tree)), *_by_hand(name)]


def _event_of(name: str) -> type[Event]:
    return next(event for event in EVENT_TYPES.values() if event.__name__ == name)


def _followed(events: tuple[str, ...], told: set[str]) -> list[str]:
    """Who hears events that are heard alike, and what follows from that."""
    told |= set(events)
    lines: list[str] = []
    heard = [hears for hears in hearers(_event_of(events[0])) if hears.handler]
    for n, hears in enumerate(heard):
        lines.append(f"{'└─' if n == len(heard) - 1 else '├─'} {hears.service}: {hears.handler}")
        indent = "   " if n == len(heard) - 1 else "│  "
        alike = _heard_alike(hears.tells)
        for m, group in enumerate(alike):
            seen = set(group) <= told
            lines.append(f"{indent}{'└▶' if m == len(alike) - 1 else '├▶'} {', '.join(group)}{' (see above)' if seen else ''}")
            deeper = indent + ("   " if m == len(alike) - 1 else "│  ")
            lines += [deeper + line for line in (() if seen else _followed(group, told))]
    return lines


def _heard_alike(events: Sequence[str]) -> list[tuple[str, ...]]:
    groups: dict[tuple[Hears, ...], list[str]] = {}
    for event in events:
        groups.setdefault(tuple(hearers(_event_of(event))), []).append(event)
    return [tuple(group) for group in groups.values()]


def _by_hand(name: str) -> list[str]:
    """What goes on without an event: a sender works from rows, not from the topic, so that no replay ever sends anything."""
    if name != "ReplyApproved":
        return []
    sender = services()["responder"].told_by("sender.Sender.run")
    told = md.listed([f"`{event}`" for event in _names() if event in sender], "or")
    return [
        "Sending starts from the approved row in the responder's own table, never from the event, so that a topic that repeats sends nothing twice. "
        f"`sender.Sender.run` claims the row under the sending lease, and tells {told}."
    ]


def _began(service: str, label: str) -> str:
    route = services()[service].functions[label].route
    return f"{service} `{route}`" if route else f"{service} `{label}`"


def _beginnings() -> list[tuple[str, str, str, str]]:
    rows = []
    for name, service in services().items():
        ours = frozenset(label for label in handlers(name).values() if label)
        topics = [topic for topic in TOPICS if topic.producer == name]
        starts = {label for topic in topics for event in topic.events for _, found in tellers(topic, event) for label in found}
        for label in sorted(
            starts - ours, key=lambda label: (service.functions[label].route is None, service.functions[label].route or "", label)
        ):
            function, told = service.functions[label], service.told_by(label)
            what = f"`{function.route}`" if function.route else "by itself"
            rows.append((name, what, f"`{label}`", ", ".join(_linked(event) for event in _names() if event in told)))
    return rows


def _linked(event: str) -> str:
    return f"[{event}](#{event.lower()})"


def _topic(topic: Topic) -> list[str]:
    key = f"Key: {topic.key}. Told by {topic.producer}, read by {md.listed(topic.consumers, 'and')}."
    parts = [f"## {topic.name}", f"{topic.carries[0].upper()}{topic.carries[1:]}. {key}"]
    first = next(other for other in TOPICS if other.events == topic.events)
    if first is not topic:
        return [*parts, f"The same events as on [{first.name}](#{first.name.replace('.', '')}), told and heard by the same functions."]
    return parts + [part for event in topic.events for part in _event(topic, event)]


def _event(topic: Topic, event: type[Event]) -> list[str]:
    heard = []
    for hears in hearers(event):
        if hears.handler is None:
            heard.append(f"- **{hears.service}** passes it over")
            continue
        then = f", can tell {md.listed([_linked(name) for name in hears.tells], 'and')}" if hears.tells else ""
        heard.append(f"- **{hears.service}** `{hears.handler}`{then}")
    told = []
    for function, beginnings in tellers(topic, event):
        starts = [_began(topic.producer, label).removeprefix(f"{topic.producer} ") for label in beginnings if label != function.label]
        route = f" (`{function.route}`)" if function.route else ""
        told.append(f"- **{topic.producer}** `{function.label}`{route}{', by ' + md.listed(starts, 'and') if starts else ''}")
    return [
        f"### {event.__name__}",
        f"`{event.type}`: {inspect.cleandoc(event.__doc__ or '').replace(chr(10), ' ')}",
        "Told by:\n\n" + "\n".join(told),
        "Heard by:\n\n" + "\n".join(heard),
        "Tests:\n\n" + "\n".join(_tests(event.__name__)),
    ]


def _tests(event: str) -> Iterable[str]:
    files: dict[str, list[str]] = {}
    for test in tests()[event]:
        path, name = test.split("::")
        files.setdefault(path, []).append(name)
    for path, names in files.items():
        shown = ", ".join(f"`{name}`" for name in names[:TESTS_A_FILE])
        more = ", and more" if len(names) > TESTS_A_FILE else ""
        yield textwrap.shorten(f"- `{path}`: {shown}{more}", 2000)
