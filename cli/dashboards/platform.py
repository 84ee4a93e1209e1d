"""*Platform*: whether the machinery is well. From Prometheus only; no brand's data but counts.

What several instances of a service read from the same database is taken once (`max by`); what each does for itself is added up (`sum by`).
"""

from grafana_foundation_sdk.models import dashboard as models

from cli.dashboards.panels import GOOD_IS_ZERO, Prom, Steps, board, filled, number, series

OPERATIONS = "/healthz|/readyz|/metrics|/v1/status"
"""Routes that probes ask: they say nothing about what customers wait for."""

ALL_READY: Steps = ((None, "red"), (5, "green"))
SECONDS_BEHIND: Steps = ((None, "green"), (10, "orange"), (60, "red"))
SECONDS_TO_A_CASE: Steps = ((None, "green"), (5, "orange"), (10, "red"))
SHARE_OF_ERRORS: Steps = ((None, "green"), (0.01, "orange"), (0.05, "red"))
SECONDS_OF_LEASE: Steps = ((None, "green"), (3, "orange"), (30, "red"))


def rate(metric: str, by: str, matching: str = "") -> str:
    """How often a second, summed by labels."""
    return f"sum by ({by}) (rate({metric}{matching}[$__rate_interval]))"


def or_zero(expr: str) -> str:
    """Nothing of it has happened in a service that runs: that is zero, and not unknown."""
    return f"{expr} or sum by (service) (weerklank_ready * 0)"


def quantile(share: float, metric: str, by: str, matching: str = "") -> str:
    """A quantile of a histogram; where nothing was measured just now, of all since the service started."""
    labels = f"{by}, le" if by else "le"
    lately = f"histogram_quantile({share}, sum by ({labels}) (rate({metric}_bucket{matching}[$__rate_interval])))"
    ever = f"histogram_quantile({share}, sum by ({labels}) ({metric}_bucket{matching}))"
    return f"({lately} >= 0) or {ever}"


_ANSWERED = f'{{route!~"{OPERATIONS}"}}'
_FAILED = f'{{route!~"{OPERATIONS}", status=~"5.."}}'
_IDLE = "While nothing happens: of all since the service started."

OVERVIEW = [
    number(
        "Services ready",
        "Of five. A service is ready when it reaches Kafka and Postgres, and no partition waits for an operator.",
        "none",
        Prom("sum(max by (service) (weerklank_ready))"),
        steps=ALL_READY,
    ),
    number(
        "Furthest behind",
        "Age of the oldest event that waits before any service.",
        "s",
        Prom("max(weerklank_lag_seconds)"),
        steps=SECONDS_BEHIND,
    ),
    number(
        "A message becomes a case",
        f"99 of 100 live messages take at most this long from our having them to their case. {_IDLE}",
        "s",
        Prom(quantile(0.99, "weerklank_received_seconds", "", '{service="routing"}')),
        steps=SECONDS_TO_A_CASE,
    ),
    number(
        "Failed requests",
        "Share of requests that were answered 5xx, without those of probes.",
        "percentunit",
        Prom(
            f"(sum(rate(weerklank_http_seconds_count{_FAILED}[$__rate_interval])) / "
            f"sum(rate(weerklank_http_seconds_count{_ANSWERED}[$__rate_interval])) > 0) or vector(0)"
        ),
        steps=SHARE_OF_ERRORS,
    ),
    number(
        "Set aside",
        "Events that could not be handled, and those that wait behind them: `weerklank dead`.",
        "none",
        Prom("sum(max by (service, standing) (weerklank_dead_letters))"),
        steps=GOOD_IS_ZERO,
    ),
    number(
        "Unaccounted",
        "Records that the positions have passed without an outcome in the ledger. Anything but 0 is a bug.",
        "none",
        Prom("sum(max by (service) (abs(weerklank_unaccounted)))"),
        steps=GOOD_IS_ZERO,
    ),
]

THROUGHPUT = [
    series(
        "Events handled",
        "Records a second that reached the database, by service and topic, whatever became of them.",
        "ops",
        Prom(rate("weerklank_records_total", "service, topic"), "{{service}} {{topic}}"),
    ),
    series(
        "What became of them",
        "effects: handled. repeated: seen before, no effect on purpose. dead, parked: set aside. gap: offsets without a record.",
        "ops",
        Prom(rate("weerklank_records_total", "outcome"), "{{outcome}}"),
        bars=True,
    ),
    series(
        "Messages sent to us",
        "Mentions a second at ingest, by what became of them: accepted, duplicates, rejected.",
        "ops",
        Prom(rate("weerklank_ingest_mentions_total", "outcome"), "{{outcome}}"),
    ),
]

LAG = [
    series(
        "Seconds behind",
        "Age of the oldest event that waits, by service and topic. Imports wait while live messages do: mentions-bulk may lag.",
        "s",
        Prom("max by (service, topic) (weerklank_lag_seconds)", "{{service}} {{topic}}"),
        width=12,
    ),
    series(
        "Events that wait",
        "Records that no instance has handled yet, by service and topic.",
        "none",
        Prom("sum by (service, topic) (weerklank_lag_messages)", "{{service}} {{topic}}"),
        width=12,
    ),
]

LATENCY = [
    series(
        "From our having a message to its effect",
        f"95 of 100 live messages take at most this long to reach each service's database. {_IDLE}",
        "s",
        Prom(quantile(0.95, "weerklank_received_seconds", "service")),
    ),
    series(
        "One hop",
        f"95 of 100 events take at most this long from their append to the log to their effect, by service and topic. {_IDLE}",
        "s",
        Prom(quantile(0.95, "weerklank_hop_seconds", "service, topic"), "{{service}} {{topic}}"),
    ),
    series(
        "Answers over HTTP",
        f"95 of 100 requests are answered within this time, without those of probes. {_IDLE}",
        "s",
        Prom(quantile(0.95, "weerklank_http_seconds", "service", _ANSWERED)),
    ),
]

ERRORS = [
    series(
        "Requests that failed",
        "Answers 5xx a second by service and route, without those of probes.",
        "ops",
        Prom(or_zero(f"sum by (service, route) (rate(weerklank_http_seconds_count{_FAILED}[$__rate_interval]))"), "{{service}} {{route}}"),
        width=6,
    ),
    series(
        "Batches tried again",
        "A second, by the class of the error. A few while Kafka or Postgres restarts are no harm.",
        "ops",
        Prom(or_zero(rate("weerklank_batch_retries_total", "service, error")), "{{service}} {{error}}"),
        width=6,
    ),
    series(
        "Partitions that stopped",
        "They wait for an operator's choice: `weerklank topics reset`, or `weerklank dead resume` for too-many-dead-letters.",
        "none",
        Prom("sum by (service, kind) (weerklank_stream_stopped)", "{{service}} {{kind}}"),
        width=6,
    ),
    series(
        "Ready",
        "Instances of each service that are ready.",
        "none",
        Prom("sum by (service) (weerklank_ready)"),
        width=6,
    ),
]

ASIDE = [
    series(
        "Dead",
        "Events that could not be handled, by service. `weerklank dead show` says why.",
        "none",
        Prom('max by (service) (weerklank_dead_letters{standing="dead"})'),
    ),
    series(
        "Parked",
        "Events that wait behind a dead one of the same key, or for a newer version or brand book.",
        "none",
        Prom('max by (service) (weerklank_dead_letters{standing="parked"})'),
    ),
    series(
        "Unaccounted",
        "Accepted = effects + repeated + dead + parked + gaps. What breaks that sum is shown here, and is 0.",
        "none",
        Prom("max by (service) (weerklank_unaccounted)"),
    ),
]

DATABASE = [
    series(
        "Postgres answers",
        "1 where the last scrape could ask the database of that service.",
        "none",
        Prom("min by (service) (weerklank_database_up)"),
        width=6,
    ),
    series(
        "Pool in use",
        "Share of an instance's connections that are at work, the busiest instance of each service.",
        "percentunit",
        Prom("max by (service) (weerklank_pool_in_use / weerklank_pool_limit)"),
        width=6,
    ),
    series(
        "Wait for a connection",
        "How long a scrape waited for a connection of the pool, as a request would have.",
        "s",
        Prom("max by (service) (weerklank_pool_wait_seconds)"),
        width=6,
    ),
    series(
        "Transactions",
        f"95 of 100 batches are committed within this time. {_IDLE}",
        "s",
        Prom(quantile(0.95, "weerklank_transaction_seconds", "service")),
        width=6,
    ),
    series(
        "Connections of the server",
        "Connections to the database of everybody, and how many the server takes at most.",
        "none",
        Prom("max(weerklank_database_connections)", "open"),
        Prom("max(weerklank_database_connections_limit)", "limit"),
        width=12,
    ),
    series(
        "Size of the database",
        "On its disk, of all services that share it.",
        "bytes",
        Prom("max(weerklank_database_bytes)", "size"),
        width=12,
    ),
]

RELAY = [
    series(
        "Leaders",
        "Instances that send the outbox of their service: one for each. None: nothing is told to the others.",
        "none",
        Prom("sum by (service) (weerklank_relay_leads)"),
        width=6,
    ),
    series(
        "In the outbox",
        "Events that are decided and not yet acknowledged by Kafka.",
        "none",
        Prom("max by (service) (weerklank_outbox_rows)"),
        width=6,
    ),
    series(
        "Oldest in the outbox",
        "How long the oldest of them waits.",
        "s",
        Prom("max by (service) (weerklank_outbox_oldest_seconds)"),
        width=6,
    ),
    series(
        "Sent and interrupted",
        "Events that Kafka acknowledged, and interruptions of the relay, a second.",
        "ops",
        Prom(rate("weerklank_relayed_total", "service"), "{{service}}"),
        Prom(or_zero(rate("weerklank_relay_failures_total", "service, error")), "{{service}} interrupted {{error}}"),
        width=6,
    ),
]

REPLIES = [
    series(
        "Sending lease",
        "Age of the oldest sending lease. Routing renews them every second; after 3 s nothing is sent.",
        "s",
        Prom("max(weerklank_sending_lease_age_seconds)", "oldest lease"),
    ),
    series(
        "Replies that wait",
        "By state, of all brands. unconfirmed: whether it arrived is not known, a person looks.",
        "none",
        Prom("sum by (state) (max by (brand, state) (weerklank_replies_waiting))", "{{state}}"),
    ),
    series(
        "Longest wait to leave",
        "How long the reply that was approved first waits, by brand; held: all sending of the brand is held by a person (1).",
        "s",
        Prom("max by (brand) (weerklank_replies_oldest_approved_seconds)", "{{brand}}"),
        Prom("max by (brand) (weerklank_brand_held)", "{{brand}} held"),
    ),
    series(
        "Notices that wait",
        "What members of the team, the hub and departments are to be told by mail and chat, and how long the oldest has waited, of all brands.",
        "none",
        Prom("sum by (state) (max by (brand, state) (weerklank_notices_waiting))", "{{state}}"),
        Prom("max(weerklank_notices_oldest_seconds)", "oldest, seconds"),
    ),
    series(
        "What became of notices",
        "A minute. unconfirmed: whether it arrived is not known; failed: it has not arrived. A person sends it again, or does not.",
        "none",
        Prom("sum by (outcome) (rate(weerklank_notices_total[$__rate_interval])) * 60", "{{outcome}}"),
    ),
]

PROCESSES = [
    series(
        "Memory",
        "Resident memory of each service; all instances together.",
        "bytes",
        Prom('sum by (service) (process_resident_memory_bytes{job="weerklank"})'),
    ),
    series(
        "CPU",
        "Cores at work; 1 is as much as one instance can use, its inference threads apart.",
        "none",
        Prom('sum by (service) (rate(process_cpu_seconds_total{job="weerklank"}[$__rate_interval]))'),
    ),
    series(
        "Event loop late",
        "99 of 100 times the loop came back at most this late. What is late here keeps requests and heartbeats waiting.",
        "s",
        Prom(quantile(0.99, "weerklank_event_loop_delay_seconds", "service")),
    ),
]


def build() -> models.Dashboard:
    made = board("weerklank-platform", "Platform", "Whether Weerklank's machinery is well: flow, errors, database, relay.")
    made = made.time("now-1h", "now").refresh("30s")
    return filled(
        made,
        (
            ("How it is", OVERVIEW),
            ("Throughput", THROUGHPUT),
            ("Lag", LAG),
            ("Latency", LATENCY),
            ("Errors", ERRORS),
            ("Dead, parked, unaccounted", ASIDE),
            ("Database", DATABASE),
            ("Relay", RELAY),
            ("Replies", REPLIES),
            ("Processes", PROCESSES),
        ),
    )
