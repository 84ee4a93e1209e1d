"""What operations see: traces, metrics and logs. None of them holds personal data.

A trace follows a mention from its HTTP request to the last service: the request's trace id travels with every event as `ce_traceparent`, and
each service records one span per batch with a link to every trace in it (a span per record costs more than the work itself).
"""

import logging
import os
import sys
from collections.abc import Iterable
from datetime import UTC, datetime

import orjson
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

# When each series began: as many again as the series themselves, and nobody asks for them.
disable_created_metrics()  # type: ignore[no-untyped-call]

_PROPAGATOR = TraceContextTextMapPropagator()
_STANDARD = frozenset(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {"message", "asctime", "taskName"}

_HOP_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)


class _Metrics:
    """The metrics that every service has."""

    def __init__(self) -> None:
        self.records = Counter("weerklank_records", "Records consumed, by what became of them", ["topic", "outcome"])
        self.batch_seconds = Histogram(
            "weerklank_batch_seconds",
            "Time to handle one batch, preparation and transaction included",
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
        )
        self.transaction_seconds = Histogram(
            "weerklank_transaction_seconds",
            "Time from asking for a connection to the commit of one batch's transaction",
            buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
        )
        self.hop_seconds = Histogram(
            "weerklank_hop_seconds",
            "Time from a record's append to the log to the commit of its effect here; records that were seen before apart",
            ["topic"],
            buckets=_HOP_BUCKETS,
        )
        self.received_seconds = Histogram(
            "weerklank_received_seconds",
            "Time from when we had a live mention to the commit of its effect here",
            buckets=_HOP_BUCKETS,
        )
        self.batch_retries = Counter("weerklank_batch_retries", "Batches that were tried again, by the class of the error", ["error"])
        self.stopped = Gauge(
            "weerklank_stream_stopped", "Partitions that wait for an operator's choice; a whole stream counts as one", ["kind"]
        )
        self.ready = Gauge("weerklank_ready", "1 when this service is ready, as /readyz says")
        self.loop_delay_seconds = Histogram(
            "weerklank_event_loop_delay_seconds",
            "How much later than asked for the event loop came back to a task that sleeps",
            buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5),
        )
        self.lag_messages = Gauge("weerklank_lag_messages", "Records that wait", ["topic", "partition"])
        self.lag_seconds = Gauge("weerklank_lag_seconds", "Age of the oldest record that waits", ["topic", "partition"])
        self.unaccounted = Gauge("weerklank_unaccounted", "Records that were passed without an outcome: always 0")
        self.dead_letters = Gauge("weerklank_dead_letters", "Events set aside", ["standing"])
        self.outbox = Gauge("weerklank_outbox_rows", "Events decided but not yet acknowledged by Kafka")
        self.outbox_age_seconds = Gauge("weerklank_outbox_oldest_seconds", "Age of the oldest event in the outbox; 0 when it is empty")
        self.relay_leads = Gauge("weerklank_relay_leads", "1 where this instance sends the outbox of its service")
        self.relay_failures = Counter(
            "weerklank_relay_failures", "Times that the relay was interrupted, by the class of the error", ["error"]
        )
        self.relayed = Counter("weerklank_relayed", "Events acknowledged by Kafka")
        self.relay_seconds = Histogram(
            "weerklank_relay_seconds",
            "Time to send and acknowledge one batch of the outbox",
            buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30),
        )
        self.database_up = Gauge("weerklank_database_up", "1 when this scrape could ask the database")
        self.database_connections = Gauge("weerklank_database_connections", "Connections to the database, of everybody")
        self.database_connections_limit = Gauge("weerklank_database_connections_limit", "Connections that the server takes at most")
        self.database_bytes = Gauge("weerklank_database_bytes", "Size of the database on its disk")
        self.pool_in_use = Gauge("weerklank_pool_in_use", "Connections of this instance that are at work, the scrape's own apart")
        self.pool_size = Gauge("weerklank_pool_size", "Connections that this instance holds")
        self.pool_limit = Gauge("weerklank_pool_limit", "Connections that this instance may hold")
        self.pool_wait_seconds = Gauge("weerklank_pool_wait_seconds", "How long this scrape waited for a connection of the pool")
        self.requests = Histogram(
            "weerklank_http_seconds",
            "Time to answer a request",
            ["method", "route", "status"],
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
        )


METRICS = _Metrics()


class _JsonLines(logging.Formatter):
    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        context = trace.get_current_span().get_span_context()
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "service": self._service,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if context.is_valid:
            line["trace_id"] = f"{context.trace_id:032x}"
        line |= {key: value for key, value in record.__dict__.items() if key not in _STANDARD}
        if record.exc_info and record.exc_info[0]:
            line["exception"] = record.exc_info[0].__name__
            line["where"] = _where(record)
        return orjson.dumps(line, default=str).decode()


def _where(record: logging.LogRecord) -> list[str]:
    """File and line of each frame, without the exception's text or any value: those can hold personal data."""
    frames = []
    walk = record.exc_info[2] if record.exc_info else None
    while walk is not None:
        frames.append(f"{walk.tb_frame.f_code.co_filename}:{walk.tb_lineno} {walk.tb_frame.f_code.co_name}")
        walk = walk.tb_next
    return frames[-8:]


def setup(service: str, instance: str) -> None:
    """JSON logs on standard output; traces to `OTEL_EXPORTER_OTLP_ENDPOINT` when that is set."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_JsonLines(service))
    logging.basicConfig(level=os.environ.get("WEERKLANK_LOG_LEVEL", "INFO"), handlers=[handler], force=True)
    for noisy in ("httpx", "uvicorn.access", "uvicorn.error"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # It repeats itself ten times a second while a broker is away; what that means for us, we say ourselves.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    provider = TracerProvider(resource=Resource.create({"service.name": f"weerklank-{service}", "service.instance.id": instance}))
    if os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
        # Imported only when it is used: it costs 20 MB in each of five processes.
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)


def tracer() -> trace.Tracer:
    return trace.get_tracer("weerklank")


def current_traceparent() -> str | None:
    """The W3C traceparent of the span that runs now; none outside a span."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier.get("traceparent")


def links(traceparents: Iterable[str | None], limit: int = 128) -> list[trace.Link]:
    """A link to each distinct trace, at most `limit` (the SDK's own limit of links on a span)."""
    found = []
    for traceparent in dict.fromkeys(item for item in traceparents if item):
        context = trace.get_current_span(_PROPAGATOR.extract({"traceparent": traceparent})).get_span_context()
        if context.is_valid:
            found.append(trace.Link(context))
        if len(found) == limit:
            break
    return found
