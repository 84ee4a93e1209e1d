"""Every panel's query, as Grafana would ask it, against `make run`, a Prometheus that scrapes it with our configuration, and its Postgres."""

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from ruamel.yaml import YAML

from cli.client import Client
from cli.dashboards import today
from cli.stack import ports, postgres, state, supervisor
from tests.asking import ask
from tests.integration.deploy import panels
from tests.integration.deploy.panels import Query
from tests.stack import environment, free_base_port, free_port
from tests.unit.deploy.manifests import DEPLOY, ROOT, SERVICES
from tests.waiting import eventually

SCRAPE_S = 1
QUERIES = list(panels.queries())

needs_prometheus = pytest.mark.skipif(not shutil.which("prometheus"), reason="Debian's package prometheus is not installed")
pytestmark = pytest.mark.timeout(600)


@dataclass
class Ran:
    """What `make run` left running, and since when."""

    data_dir: Path
    base_port: int
    since: datetime

    def url(self, service: str) -> str:
        return f"http://127.0.0.1:{ports.table(self.base_port)[service]}"


@pytest.fixture(scope="module")
def ran(home: Path) -> Iterator[Ran]:
    """The samples have gone through the whole system before anybody looks: that is when a dashboard is opened."""
    since, base_port = datetime.now(UTC), free_base_port()
    data_dir, said = home / "data", home / "said"
    with said.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli.run", "--data-dir", str(data_dir), "--base-port", str(base_port)],
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )

    def through() -> bool:
        assert process.poll() is None, said.read_text()
        return "runs until Ctrl-C" in said.read_text()

    try:
        eventually(through, "the samples are through", 280, every_s=0.2)
        yield Ran(data_dir, base_port, since)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(120)
        except subprocess.TimeoutExpired:
            process.kill()
        if state.is_locked(data_dir):
            supervisor.stop(data_dir)


@pytest.fixture(scope="module")
def prometheus(ran: Ran, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a Prometheus with deploy/prometheus, for these ports and every second."""
    home = tmp_path_factory.mktemp("prometheus")
    shutil.copytree(DEPLOY / "prometheus" / "rules", home / "rules")
    config = (DEPLOY / "prometheus" / "prometheus.yml").read_text().replace("15s", f"{SCRAPE_S}s")
    for service in SERVICES:
        config = config.replace(f"127.0.0.1:{ports.table()[service]}", ran.url(service).removeprefix("http://"))
    (home / "prometheus.yml").write_text(config)
    port = free_port()
    arguments = [
        f"--config.file={home / 'prometheus.yml'}",
        f"--storage.tsdb.path={home / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    url = f"http://127.0.0.1:{port}"
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(["prometheus", *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:

        def scraped() -> bool:
            assert process.poll() is None, (home / "log").read_text()
            try:
                answer = ask("GET", f"{url}/api/v1/query", params={"query": 'min(count_over_time(up{job="weerklank"}[1m])) > 4'}, timeout=2)
            except httpx.HTTPError:
                return False
            # It listens before it answers.
            return answer.status_code == 200 and bool(answer.json()["data"]["result"])

        eventually(scraped, "five scrapes of every service", 60, every_s=0.2)
        yield url
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture
async def facts(ran: Ran) -> AsyncIterator[asyncpg.Connection]:
    """A connection as Grafana makes it, from the provisioned data source and the environment that docs/observability.md tells to set."""
    with_it = {
        "WEERKLANK_PROMETHEUS_URL": "http://127.0.0.1:9090",
        "WEERKLANK_GRAFANA_DATABASE": f"127.0.0.1:{ports.table(ran.base_port)['postgres']}",
        "WEERKLANK_GRAFANA_PASSWORD": postgres.url(ran.data_dir / "postgres", 1, "grafana").split(":")[2].partition("@")[0],
        "WEERKLANK_GRAFANA_SSLMODE": "disable",
    }
    source = panels.datasources(with_it)["weerklank-postgres"]
    host, port = source["url"].split(":")
    connection = await asyncpg.connect(
        host=host,
        port=int(port),
        user=source["user"],
        password=source["secureJsonData"]["password"],
        database=source["jsonData"]["database"],
        ssl=source["jsonData"]["sslmode"],
    )
    try:
        yield connection
    finally:
        await connection.close()


async def _rows(facts: asyncpg.Connection, query: Query, start: datetime, end: datetime, brand: str = "vaart") -> list[dict[str, Any]]:
    statement = panels.sql(query.target["rawSql"], start=start, end=end, variables={"brand": brand})
    return [dict(row) for row in await facts.fetch(statement)]


def _one(title: str) -> Query:
    return next(query for query in QUERIES if query.panel["title"] == title and query.dashboard == "today")


@needs_prometheus
@pytest.mark.parametrize("query", [query for query in QUERIES if query.kind == "prometheus"], ids=str)
def test_a_panel_of_prometheus_shows_data_after_make_run(prometheus: str, query: Query) -> None:
    def shown() -> bool:
        return bool(panels.prometheus(prometheus, query, scrape_s=SCRAPE_S, now=datetime.now(UTC)))

    eventually(shown, f"a number of {query}", 20)


@pytest.mark.parametrize("query", [query for query in QUERIES if query.kind != "prometheus"], ids=str)
async def test_a_panel_of_postgres_shows_data_after_make_run(ran: Ran, facts: asyncpg.Connection, query: Query) -> None:
    now = datetime.now(UTC)
    rows = await _rows(facts, query, ran.since - timedelta(hours=1), now)
    assert [value for row in rows for value in row.values() if isinstance(value, int | float)], f"no number in {query}"
    if query.target["format"] == "time_series":
        assert [set(row) - {"time", "metric"} for row in rows[:1]], "one value beside time and metric"
        assert all(isinstance(row["time"], datetime) and isinstance(row["metric"], str) for row in rows)


@pytest.mark.parametrize("query", [query for query in QUERIES if query.kind != "prometheus"], ids=str)
async def test_a_panel_is_not_empty_right_after_midnight(facts: asyncpg.Connection, query: Query) -> None:
    now = datetime.now(UTC)
    assert await _rows(facts, query, now, now + timedelta(seconds=1))


async def test_today_says_what_the_summary_says(ran: Ran, facts: asyncpg.Connection) -> None:
    with Client(ran.data_dir) as client:
        summary = client.get("analytics", "/v1/brands/vaart/summary", "vaart")
    start, now = ran.since - timedelta(hours=1), datetime.now(UTC)
    [messages] = await _rows(facts, _one("Messages today"), start, now)
    assert messages["mentions"] == sum(summary["mentions"].values())
    channels = await _rows(facts, _one("Messages by channel"), start, now)
    assert {row["channel"]: row["mentions"] for row in channels} == summary["mentions"]
    hours = await _rows(facts, _one("Messages by hour"), start, now)
    assert sum(row["mentions"] for row in hours) == messages["mentions"]
    mood = await _rows(facts, _one("Mood by hour"), start, now)
    assert sum(row["mentions"] for row in mood) == messages["mentions"]
    departments = await _rows(facts, _one("Open cases by department"), start, now)
    wanted = {name: sum(found.get(state, 0) for state in ("new", "open", "waiting")) for name, found in summary["cases"].items()}
    assert {row["department"]: row["open"] for row in departments} == wanted
    ages = await _rows(facts, _one("Open cases by age"), start, now)
    assert sum(row["open"] for row in ages) == sum(wanted.values())
    clocks = {row["clock"]: row for row in await _rows(facts, _one("Clocks"), start, now)}
    for shown, clock in (("first answer", "reaction"), ("solution", "resolution")):
        assert (clocks[shown]["running"], clocks[shown]["met today"]) == (
            summary["clocks"][clock]["running"],
            summary["clocks"][clock]["met"],
        )
    replies = {row["state"]: row["replies"] for row in await _rows(facts, _one("Replies by state"), start, now)}
    assert replies["draft"] + replies["submitted"] == summary["drafts_waiting"]
    assert replies["sent"] == summary["replies"]["sent"]


async def test_brands_to_choose_from_are_those_with_messages(facts: asyncpg.Connection) -> None:
    assert [row["brand"] for row in await facts.fetch(today.BRANDS)] == ["kwartel", "vaart"]


@pytest.mark.parametrize("query", [query for query in QUERIES if query.kind != "prometheus"], ids=str)
async def test_a_panel_counts_nothing_of_another_brand(ran: Ran, facts: asyncpg.Connection, query: Query) -> None:
    rows = await _rows(facts, query, ran.since - timedelta(hours=1), datetime.now(UTC), brand="other' or true --")
    assert not [value for row in rows for value in row.values() if isinstance(value, int | float) and value]


@needs_prometheus
def test_a_healthy_stack_raises_no_alarm(prometheus: str) -> None:
    rules = ask("GET", f"{prometheus}/api/v1/rules", timeout=10).json()["data"]["groups"]
    wanted = [path.stem for path in (ROOT / "docs" / "runbooks").glob("*.md") if path.stem != "README"]
    assert sorted(rule["name"] for group in rules for rule in group["rules"]) == sorted(wanted)
    assert [rule["lastError"] for group in rules for rule in group["rules"] if rule.get("lastError")] == []

    def calm() -> bool:
        alerts = ask("GET", f"{prometheus}/api/v1/alerts", timeout=10).json()["data"]["alerts"]
        return {alert["labels"]["alertname"] for alert in alerts} <= {"PilotMailboxFailing"}

    eventually(calm, "no alert is pending or firing but that the sample brands' mailboxes do not exist", 30)


@needs_prometheus
@pytest.mark.parametrize("service", SERVICES)
def test_what_a_service_exports_follows_the_conventions(ran: Ran, service: str) -> None:
    text = ask("GET", f"{ran.url(service)}/metrics", timeout=10).content
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False)
    assert (done.returncode, done.stdout.decode(), done.stderr.decode()) == (0, "", "")


def _exported(ran: Ran) -> dict[str, str]:
    """The metrics that are ours, with what they say they are."""
    texts = [ask("GET", f"{ran.url(service)}/metrics", timeout=10).text for service in SERVICES]
    return dict(found for text in texts for found in re.findall(r"^# HELP (weerklank_\w+) (.+)$", text, re.MULTILINE))


def test_the_list_of_metrics_is_what_the_services_export(ran: Ran) -> None:
    page = (ROOT / "docs" / "observability.md").read_text()
    assert dict(re.findall(r"^\| `(weerklank_\w+)` \| (.+?) \|", page, re.MULTILINE)) == _exported(ran)


def test_dashboards_and_alerts_name_no_metric_that_nobody_exports(ran: Ran) -> None:
    rules = [YAML(typ="safe").load(path) for path in (DEPLOY / "prometheus" / "rules").glob("*.yml")]
    asked = [query.target["expr"] for query in QUERIES if query.kind == "prometheus"]
    asked += [rule["expr"] for document in rules for group in document["groups"] for rule in group["rules"]]
    named = {re.sub(r"_(bucket|count|sum)$", "", name) for expr in asked for name in re.findall(r"\bweerklank_\w+", expr)}
    assert named <= set(_exported(ran))
