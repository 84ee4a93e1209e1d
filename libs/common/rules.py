"""Conditions of the brand book: "when these things are so".

What reaches this module: a condition (`When`, or a plain mapping with the same keys) and the facts about a mention, a
case, a draft or an insight. What leaves it: yes or no, or the first rule that says yes. Nothing here reads a clock, a
database or the network.

A condition holds when every key in it holds; an empty one always holds. A plain key (`urgency`) asks for that value,
or for one out of a list. A key that ends in `_any` (`labels_any`) asks whether a list of values and the fact without
the ending (`labels`) share one.

A fact that is `None` is known to be absent and equals nothing. A fact that is not among the facts at all is an error,
also when another key already says no: whether a rule can be evaluated must not depend on the case at hand. The caller
then takes its fallback.
"""

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from functools import cached_property
from typing import Annotated, Any, NamedTuple, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, PlainValidator, WithJsonSchema, model_serializer

URGENCIES = ("critical", "high", "normal", "low")
SENTIMENTS = ("negative", "neutral", "positive")
VISIBILITIES = ("public", "private")
INTENTS = (
    "complaint", "question", "compliment", "order_status", "cancellation", "billing", "outage", "idea", "product_advice", "praise_ambassador", "spam",
    "abuse", "chatter", "press", "job", "staff_post",
)  # fmt: skip
CONTACTS = ("first", "repeat")
"""Whether a customer has written about something else of late."""
HOURS = ("open", "closed")
RESPONSES = ("reply", "ask_clarification", "no_reply", "hide")
"""Whether a mention is answered."""
KINDS = ("reply", "post")
"""An answer to somebody, or what the brand says of its own accord."""

# One network, several words: an account's type says how it is reached (imap), a mention's channel where people wrote
# (email).
CHANNEL_ALIASES = {"x": "twitter", "imap": "email", "smtp": "email", "mail": "email"}

CHANNELS = (
    "bluesky", "email", "facebook", "forum", "google", "instagram", "linkedin", "mastodon", "phone", "reddit", "review", "sms", "telegram",
    "tiktok", "trustpilot", "twitter", "whatsapp", "youtube",
)  # fmt: skip
"""Where people write, by the names that are usual. Others are allowed: a brand may have channels of its own."""


class RuleError(ValueError):
    """A condition cannot be evaluated with these facts: use the fallback. The text names the key and holds no
    personal data."""


def channel_name(channel: str) -> str:
    """The one name of a channel, so that a rule on `x` and a mention from `twitter` meet."""
    return CHANNEL_ALIASES.get(channel, channel)


def _one_or_more(known: tuple[str, ...] = ()) -> Callable[[object], str | tuple[str, ...]]:
    def read(value: object) -> str | tuple[str, ...]:
        values: list[Any] = list(value) if isinstance(value, list | tuple) else [value]
        if not values or not all(isinstance(item, str) and item for item in values):
            raise ValueError(f"must be a word or a list of words, not {value!r}")
        for item in values:
            if known and item not in known:
                raise ValueError(f"must be {', '.join(known[:-1])} or {known[-1]}, not {item!r}")
        return value if isinstance(value, str) else tuple(values)

    return read


def _some(value: object) -> tuple[str, ...]:
    read = _one_or_more()(value)
    return (read,) if isinstance(read, str) else read


def _schema(known: tuple[str, ...] = ()) -> dict[str, Any]:
    word: dict[str, Any] = {"type": "string", "minLength": 1} | ({"enum": list(known)} if known else {})
    return {"anyOf": [word, {"type": "array", "items": word, "minItems": 1}]}


Words = Annotated[str | tuple[str, ...] | None, PlainValidator(_one_or_more()), WithJsonSchema(_schema())]
SomeWords = Annotated[tuple[str, ...] | None, PlainValidator(_some), WithJsonSchema(_schema())]
Urgency = Annotated[str | tuple[str, ...] | None, PlainValidator(_one_or_more(URGENCIES)), WithJsonSchema(_schema(URGENCIES))]
Sentiment = Annotated[str | tuple[str, ...] | None, PlainValidator(_one_or_more(SENTIMENTS)), WithJsonSchema(_schema(SENTIMENTS))]
Contact = Annotated[str | tuple[str, ...] | None, PlainValidator(_one_or_more(CONTACTS)), WithJsonSchema(_schema(CONTACTS))]
Opening = Annotated[str | tuple[str, ...] | None, PlainValidator(_one_or_more(HOURS)), WithJsonSchema(_schema(HOURS))]
Kind = Annotated[str | tuple[str, ...] | None, PlainValidator(_one_or_more(KINDS)), WithJsonSchema(_schema(KINDS))]
Visibility = Annotated[str | tuple[str, ...] | None, PlainValidator(_one_or_more(VISIBILITIES)), WithJsonSchema(_schema(VISIBILITIES))]


class When(BaseModel):
    """A condition as the brand book writes it. Every value is a word or a list of words; an empty condition always
    holds.

    Closed where the values are ours (urgency, sentiment, visibility), so that a typing error is found; open where a
    brand adds its own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    urgency: Urgency = None
    """How urgent triage finds it: critical, high, normal, low."""
    sentiment: Sentiment = None
    """negative, neutral, positive."""
    visibility: Visibility = None
    """public or private."""
    channel: Words = None
    """Where people wrote: twitter, email, review, …"""
    account: Words = None
    """Id of the brand's account."""
    language: Words = None
    """nl, en, de, fr, other."""
    intent: Words = None
    """What the writer wants: complaint, question, compliment, order_status, …"""
    respond: Words = None
    """Whether it is to be answered: reply, ask_clarification, no_reply, hide."""
    department: Words = None
    """The department that triage proposes; for a reply, the one that has the case."""
    priority: Words = None
    """low, normal, high, urgent."""
    kind: Kind = None
    """reply or post: only in rules about what is sent."""
    role: Words = None
    """The writer's role."""
    customer_group: Words = None
    """Id of the group of customers that the writer is in."""
    contact: Contact = None
    """first or repeat: whether the customer had another case within `cases.repeat_within`."""
    hours: Opening = None
    """open or closed: whether the case was opened within opening hours."""
    insight: Words = None
    """What was noticed: spike, hijack, influencer, press, staff_leak, safety, data_leak, broken_promise, escalation; trend and ambassador are not yet."""
    severity: Words = None
    """How bad an incident is."""
    labels_any: SomeWords = None
    """One of these labels, or of their children."""
    risk_any: SomeWords = None
    """One of these risks: press, influencer, legal_threat, safety, self_harm, discrimination, data_leak, staff_leak, hashtag_hijack."""
    pii_any: SomeWords = None
    """One of these kinds of personal data."""
    tags_any: SomeWords = None
    """One of these tags, which people gave the case."""
    skills_any: SomeWords = None
    """One of these skills."""
    verdicts_any: SomeWords = None
    """The guard found one of these in the text: only in rules about replies."""

    @cached_property
    def _written(self) -> dict[str, str | tuple[str, ...]]:
        return {key: value for key, value in self if value is not None}

    @cached_property
    def _asked(self) -> tuple["_Condition", ...]:
        return tuple(_condition(key, wanted) for key, wanted in self._written.items())

    def conditions(self) -> dict[str, str | tuple[str, ...]]:
        """Only the keys that were written. Computed once: rules are asked for every case."""
        return self._written

    @model_serializer
    def _written_only(self) -> dict[str, str | tuple[str, ...]]:
        return dict(self.conditions())


class HasWhen(Protocol):
    """Anything with a condition: a target, a routing rule, an approval, a scenario."""

    @property
    def when(self) -> When: ...


Rule = TypeVar("Rule", bound=HasWhen)


def matches(when: When | Mapping[str, object], facts: Mapping[str, object]) -> bool:
    """Whether the condition holds for the facts.

    Raises RuleError when a fact that the condition asks for is not among `facts`, or has another shape (a list for a
    plain key, anything but a list or set for an `_any` key).
    """
    conditions = when._asked if isinstance(when, When) else tuple(_condition(key, wanted) for key, wanted in when.items())
    # Every key is evaluated before the answer is made, so that an unknown fact is always found.
    held = [_holds(condition, facts) for condition in conditions]
    return all(held)


def unmet(when: When, facts: Mapping[str, object]) -> list[str]:
    """The keys of the condition that do not hold, in the order in which they are asked; empty where it holds. Raises RuleError like `matches`."""
    return [condition.key for condition, held in [(condition, _holds(condition, facts)) for condition in when._asked] if not held]


def first_match(rules: Iterable[Rule], facts: Mapping[str, object]) -> Rule | None:
    """The first rule whose condition holds; None when none does. Raises RuleError like `matches`, at the first rule
    that cannot be evaluated."""
    for rule in rules:
        if matches(rule.when, facts):
            return rule
    return None


class _Condition(NamedTuple):
    """One key of a condition: the fact that it asks for, whether that is a list, and what satisfies it."""

    key: str
    fact: str
    is_list: bool
    accepted: list[object]


def _condition(key: str, wanted: object) -> _Condition:
    """Booleans and numbers are compared as they are; None is no condition and an error."""
    values: list[object] = list(wanted) if isinstance(wanted, list | tuple | AbstractSet) else [wanted]
    if not values or any(value is None for value in values):
        raise RuleError(f"condition {key!r} has no value")
    if key == "channel":
        values = [channel_name(value) if isinstance(value, str) else value for value in values]
    return _Condition(key, key.removesuffix("_any"), key.endswith("_any"), values)


def _holds(condition: _Condition, facts: Mapping[str, object]) -> bool:
    key, name = condition.key, condition.fact
    if name not in facts:
        raise RuleError(f"condition {key!r} asks for {name!r}, which is not known here (known: {', '.join(sorted(facts))})")
    fact = facts[name]
    if condition.is_list:
        if fact is None:
            return False
        if not isinstance(fact, list | tuple | AbstractSet):
            raise RuleError(f"condition {key!r} needs a list of {name!r}, not a {type(fact).__name__}")
        return any(item in condition.accepted for item in fact)
    if isinstance(fact, list | tuple | AbstractSet):
        raise RuleError(f"condition {key!r} needs one value, but {name!r} is a list: use '{key}_any'")
    if key == "channel" and isinstance(fact, str):
        fact = channel_name(fact)
    return fact is not None and fact in condition.accepted
