"""The registry of topics, the events and the consumers agree: nothing is told that nobody reads, and nothing is read that nobody tells."""

import importlib
import inspect
import re
from types import ModuleType
from typing import Any

import pytest

from libs.common import answer_events, books, case_events, delivery_events, events, incident_events, post_events, reply_events
from libs.common.consumer import Consumer
from libs.common.events import BrandBookPublished, Event
from libs.common.topics import BRANDS, EVENT_TYPES, TOPICS, Topic

EVENT_MODULES = {
    module.__name__ for module in (events, case_events, incident_events, reply_events, post_events, answer_events, delivery_events)
}
SERVICES = ("ingest", "triage", "routing", "responder", "analytics")
STREAMED = [topic for topic in TOPICS if topic is not BRANDS]
"""Brand books are read whole by every instance (`libs/common/books.py`), not through the consume loop."""


def consumer_of(service: str) -> ModuleType:
    return importlib.import_module(f"services.{service}.consumer")


def built(service: str) -> list[Consumer[Any]]:
    """The service's consumers: most have one, the responder a second for holds. Wiring only keeps what it is given (books, models), so that nothing
    need be given here."""
    makers = [getattr(consumer_of(service), name) for name in ("build", "of_holds") if hasattr(consumer_of(service), name)]
    return [make(*(None for _ in inspect.signature(make).parameters)) for make in makers]


def bases_and_events(found: type[Event]) -> set[type[Event]]:
    return {found, *(below for child in found.__subclasses__() for below in bases_and_events(child))}


@pytest.mark.parametrize("service", SERVICES)
def test_a_consumer_subscribes_to_the_topics_that_name_it(service: str) -> None:
    topics = [topic for consumer in built(service) for topic in consumer.topics]
    assert len(topics) == len(set(topics)), "a topic is read once"
    assert set(topics) == {topic.name for topic in STREAMED if service in topic.consumers}


@pytest.mark.parametrize("service", SERVICES)
def test_a_consumer_has_a_handler_for_every_event_of_its_topics_and_for_no_other(service: str) -> None:
    expected = {event for topic in STREAMED if service in topic.consumers for event in topic.events}
    assert set(consumer_of(service).HANDLERS) == expected
    assert {event: handler for consumer in built(service) for event, handler in consumer.handlers.items()} == consumer_of(service).HANDLERS


def test_every_service_reads_brand_books() -> None:
    assert set(BRANDS.consumers) == set(SERVICES)
    assert BRANDS.events == (BrandBookPublished,)
    assert books.BRANDS is BRANDS


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_topic_is_told_by_one_service_and_read_by_known_ones(topic: Topic) -> None:
    assert topic.producer in SERVICES
    assert topic.consumers
    assert set(topic.consumers) <= set(SERVICES)
    assert topic.events


def test_every_event_is_registered() -> None:
    found = {event for event in bases_and_events(Event) if event.__module__ in EVENT_MODULES and "type" in vars(event)}
    assert found == {event for topic in TOPICS for event in topic.events}


def test_only_bases_have_no_type_of_their_own() -> None:
    without = {event for event in bases_and_events(Event) if event.__module__ in EVENT_MODULES and "type" not in vars(event)}
    assert all(event.__subclasses__() for event in without)


def test_event_types_are_unique_and_of_version_1() -> None:
    types = [event.type for event in {event for topic in TOPICS for event in topic.events}]
    assert len(set(types)) == len(types) == len(EVENT_TYPES)
    assert [kind for kind in types if not re.fullmatch(r"weerklank\.[a-z]+\.[a-z]+(-[a-z]+)*\.v1", kind)] == []


@pytest.mark.parametrize("event", EVENT_TYPES.values(), ids=lambda event: event.__name__)
def test_an_event_names_its_brand_tolerates_unknown_fields_and_says_what_it_tells(event: type[Event]) -> None:
    assert event.model_fields["brand"].annotation is str
    assert event.model_fields["brand"].is_required()
    assert event.model_config["extra"] == "ignore"
    assert event.__doc__


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_topic_is_timed_by_the_broker_and_its_retention_is_bounded_or_compacted(topic: Topic) -> None:
    assert re.fullmatch(r"weerklank\.[a-z]+(-[a-z]+)*\.v1", topic.name)
    assert topic.config["message.timestamp.type"] == "LogAppendTime"
    assert ("retention.ms" in topic.config) == (topic.config["cleanup.policy"] == "delete")


def test_an_event_on_two_topics_is_told_by_one_service() -> None:
    for event in EVENT_TYPES.values():
        assert len({topic.producer for topic in TOPICS if event in topic.events}) == 1
