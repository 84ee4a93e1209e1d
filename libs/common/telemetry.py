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
from prometheus_client import Counter, Gauge, Histogram

_PROPAGATOR = TraceContextTextMapPropagator()
_STANDARD = frozenset(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {"message", "asctime", "taskName"}


class _Metrics:
    """The metrics that every service has."""

    def __init__(self) -> None:
        self.records = Counter("weerklank_records", "Records consumed, by what became of them", ["topic", "outcome"])
        self.batch_seconds = Histogram(
            "weerklank_batch_seconds",
            "Time to handle one batch, preparation and transaction included",
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
        )
        self.lag_messages = Gauge("weerklank_lag_messages", "Records that wait", ["topic", "partition"])
        self.lag_seconds = Gauge("weerklank_lag_seconds", "Age of the oldest record that waits", ["topic", "partition"])
        self.unaccounted = Gauge("weerklank_unaccounted", "Records that were passed without an outcome: always 0")
        self.dead_letters = Gauge("weerklank_dead_letters", "Events set aside", ["standing"])
        self.outbox = Gauge("weerklank_outbox_rows", "Events decided but not yet acknowledged by Kafka")
        self.relayed = Counter("weerklank_relayed", "Events acknowledged by Kafka")
        self.relay_seconds = Histogram(
            "weerklank_relay_seconds",
            "Time to send and acknowledge one batch of the outbox",
            buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30),
        )
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
