"""What operations see of one mention: its trace through all five services, metrics and logs, and nothing of the person in any of them."""

import asyncio
import gzip
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from libs.common import outbox, topics
from tests.asking import ask
from tests.system import SERVICES, System
from tests.waiting import eventually

# Example data.
BOOK = """
brand: dijk
name: Dijk
languages: [nl]
labels: [{name: storing, examples: ["mijn internet ligt eruit", "is er een storing"]}]
departments: [{id: webcare, members: [mk]}]
team: [{id: mk, first_name: Mila, initials: mk, role: lead}]
scripts: [{id: navraag, language: nl, text: "{groet}, ik zoek het uit. {handtekening}"}]
"""
PERSON = {
    "name": "Wilhelmina Zeldenthuis",
    "handle": "wilhelmina_zeldenthuis",
    "email": "w.zeldenthuis@post.example",
    "text": "Al drie dagen geen kabouternet in de Bosbessenlaan, bel 06-12345678",
}
SECRETS = ("zeldenthuis", "kabouternet", "bosbessenlaan", "12345678")
"""None of this may be seen by operations, in whatever case."""
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


class Found(NamedTuple):
    """A span, and the service that told of it."""

    service: str
    span: Span

    @property
    def links(self) -> set[str]:
        return {link.trace_id.hex() for link in self.span.links}


@dataclass
class Collector:
    """An OpenTelemetry collector as far as services need one: OTLP over HTTP, in protobuf."""

    spans: list[Found] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)

    def start(self) -> "Collector":
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                collector.take(gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body)
                self.send_response(200)
                self.send_header("content-type", "application/x-protobuf")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        return self

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def take(self, body: bytes) -> None:
        self.raw.append(body)
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            name = next(item.value.string_value for item in resource.resource.attributes if item.key == "service.name")
            self.spans += [Found(name, span) for scope in resource.scope_spans for span in scope.spans]

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    started = Collector().start()
    try:
        yield started
    finally:
        started.stop()


@pytest.fixture(scope="module")
def system(home: Path, collector: Collector) -> Iterator[System]:
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "200", "WEERKLANK_LOG_LEVEL": "DEBUG"}
    made = System(home, environment=environment)
    try:
        made.start()
        made.apply(BOOK, "dijk")
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def mention_id(system: System) -> str:
    """A person's complaint came in under a trace of the sender's, was answered in the sandbox, and is known everywhere."""
    given = {
        "channel": "twitter",
        "external_id": "t-1",
        "author": {
            "name": PERSON["name"],
            "identities": [{"kind": "handle", "value": PERSON["handle"]}, {"kind": "email", "value": PERSON["email"]}],
        },
        "text": PERSON["text"],
        "posted_at": datetime.now(UTC).isoformat(),
    }
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
    answer = system.call("ingest", "POST", "/v1/brands/dijk/mentions", brand="dijk", json=given, headers=headers)
    assert answer.status_code == 202, answer.text
    found = str(answer.json()["id"])
    path = "/v1/brands/dijk/replies"

    def draft() -> dict[str, Any] | None:
        drafts = system.call("responder", "GET", path, role="lead", brand="dijk", subject="mk").json()["items"]
        return drafts[0] if drafts else None

    reply = eventually(draft, "a draft")
    for step, body in (("submit", None), ("approve", {"digest": reply["digest"]})):
        done = system.call("responder", "POST", f"{path}/{reply['id']}/{step}", role="lead", brand="dijk", subject="mk", json=body)
        assert done.status_code == 200, done.text

    def sent() -> bool:
        summary = system.call("analytics", "GET", "/v1/brands/dijk/summary", brand="dijk").json()
        return bool(summary["replies"].get("sent"))

    eventually(sent, "analytics knows that it was sent")
    return found


@pytest.fixture(scope="module")
def broken(system: System, mention_id: str) -> None:
    """What goes wrong with personal data in it: a refused request, events that cannot be read, and one of a brand that has no book."""
    wrong = {
        "channel": "twitter",
        "author": {"identities": [{"kind": "email", "value": "geen adres van zeldenthuis"}]},
        "text": PERSON["text"],
    }
    refused = system.call("ingest", "POST", "/v1/brands/dijk/mentions", brand="dijk", json=wrong)
    assert refused.status_code == 422
    assert system.call("ingest", "POST", "/v1/brands/dijk/mentions", brand="dijk", content=b'{"text": "zeldenthuis').status_code == 415
    asyncio.run(_poison(system.kafka.bootstrap))

    def set_aside() -> bool:
        return all(system.status(name)["ledger"]["dead"] for name in SERVICES)

    eventually(set_aside, "each service has set something aside")
    eventually(lambda: system.status("triage")["ledger"]["dead"] == 2, "triage has set both aside")


async def _poison(bootstrap: str) -> None:
    producer = outbox.producer(bootstrap, client_id="test")
    await producer.start()
    try:
        for topic, kind in (
            (topics.MENTIONS, "weerklank.mention.received.v1"),
            (topics.TRIAGED, "weerklank.mention.triaged.v1"),
            (topics.CASES, "weerklank.case.opened.v1"),
        ):
            value = {"brand": "dijk", "mention": PERSON, "triaged": PERSON, "case": PERSON, "at": PERSON["text"]}
            await producer.send_and_wait(topic.name, json.dumps(value).encode(), b"poison", headers=[("ce_type", kind.encode())])
        now = datetime.now(UTC).isoformat()
        mention = {
            "id": "6f0c5c1e-5d4d-5b8e-9a55-7d1c0f6a0b99",
            "brand": "geenboek",
            "channel": "twitter",
            "kind": "post",
            "external_id": "x",
            "author": {"name": PERSON["name"], "identities": [{"kind": "handle", "value": PERSON["handle"], "channel": "twitter"}]},
            "text": PERSON["text"],
            "posted_at": now,
            "received_at": now,
        }
        headers = {
            "ce_type": "weerklank.mention.received.v1",
            "ce_id": "e-1",
            "ce_subject": mention["id"],
            "ce_entityversion": "1",
            "ce_time": now,
            "ce_traceparent": f"00-{TRACE}-{PARENT}-01",
        }
        await producer.send_and_wait(
            topics.MENTIONS.name,
            json.dumps({"brand": "geenboek", "mention": mention}).encode(),
            b"geenboek",
            headers=[(name, str(value).encode()) for name, value in headers.items()],
        )
    finally:
        await producer.stop()


def test_one_trace_leads_from_the_request_through_all_five_services(collector: Collector, mention_id: str) -> None:
    def request() -> Span | None:
        of_trace = [item for item in collector.spans if item.span.trace_id.hex() == TRACE and item.span.kind == Span.SPAN_KIND_SERVER]
        assert {item.service for item in of_trace} <= {"weerklank-ingest"}
        return of_trace[0].span if of_trace else None

    span = eventually(request, "the request's span")
    assert span.name == "POST /v1/brands/{brand}/mentions"
    assert span.parent_span_id.hex() == PARENT

    def batches() -> set[str]:
        return {item.service for item in collector.spans if TRACE in item.links and item.span.name.endswith(" batch")}

    eventually(lambda: batches() == {f"weerklank-{name}" for name in SERVICES}, f"batch spans of {SERVICES}")


@pytest.mark.parametrize("service", SERVICES)
def test_a_mentions_trail_names_the_senders_trace(system: System, mention_id: str, service: str) -> None:
    trail = system.call(service, "GET", f"/v1/brands/dijk/trace/{mention_id}", brand="dijk").json()
    assert TRACE in {step["trace_id"] for step in trail["steps"]}


METRICS = (
    "weerklank_records_total",
    "weerklank_batch_seconds_count",
    "weerklank_lag_messages",
    "weerklank_lag_seconds",
    "weerklank_unaccounted",
    "weerklank_dead_letters",
    "weerklank_outbox_rows",
    "weerklank_relayed_total",
    "weerklank_relay_seconds_count",
    "weerklank_http_seconds_count",
    "weerklank_hop_seconds_count",
    "weerklank_transaction_seconds_count",
    "weerklank_event_loop_delay_seconds_count",
    "weerklank_outbox_oldest_seconds",
    "weerklank_relay_leads",
    "weerklank_stream_stopped",
    "weerklank_ready",
    "weerklank_database_up",
    "weerklank_pool_in_use",
)
OWN_METRICS = {
    "ingest": 'weerklank_ingest_mentions_total{outcome="accepted"}',
    "analytics": 'weerklank_replies{brand="dijk",state="sent"}',
}


@pytest.mark.parametrize("service", SERVICES)
def test_metrics_count_and_name_nobody(system: System, broken: None, service: str) -> None:
    for path in ("/metrics", "/v1/status"):
        shown = ask("GET", system.url(service) + path, timeout=30).text
        assert not [secret for secret in SECRETS if secret in shown.lower()], path
    lines = ask("GET", f"{system.url(service)}/metrics", timeout=30).text.splitlines()
    values = {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}
    for name in METRICS:
        assert any(key.partition("{")[0] == name for key in values), f"{name} is missing"
    if service in OWN_METRICS:
        assert values[OWN_METRICS[service]] == 1
    assert values["weerklank_unaccounted"] == 0
    assert sum(value for key, value in values.items() if key.startswith("weerklank_records_total") and '"effects"' in key) > 0
    assert 'weerklank_dead_letters{standing="dead"}' in values


def test_spans_name_nobody(collector: Collector, broken: None) -> None:
    eventually(lambda: sum(item.span.name == "triage batch" for item in collector.spans) > 1, "the poisoned batch")
    for body in list(collector.raw):
        assert not [secret for secret in SECRETS if secret.encode() in body.lower()]


@pytest.mark.parametrize("service", SERVICES)
def test_logs_are_json_and_hold_nothing_of_a_person(system: System, broken: None, service: str) -> None:
    text = system.services[f"{service}-0"].log.read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert lines
    for line in lines:
        assert {"at", "level", "service", "logger", "message"} <= line.keys()
        assert line["service"] == service
        assert datetime.fromisoformat(line["at"]).tzinfo is not None
    assert not [secret for secret in SECRETS if secret in text.lower()]


def test_a_failure_in_the_log_leads_to_its_trace(system: System, collector: Collector, broken: None) -> None:
    """The mention of a brand without a book made triage fail; its line has the trace of a batch that links to the mention's."""
    lines = [json.loads(line) for line in system.services["triage-0"].log.read_text().splitlines()]
    failed = [line for line in lines if line["message"] == "handling failed"]
    assert failed
    assert failed[0]["exception"] == "InvalidEvent"

    def batch() -> Found | None:
        return next((item for item in collector.spans if item.span.trace_id.hex() == failed[0]["trace_id"]), None)

    found = eventually(batch, "the span of the line's trace")
    assert found.span.name == "triage batch"
    assert TRACE in found.links
