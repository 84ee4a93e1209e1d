"""What Grafana does with a panel before it asks: variables and macros become values. A panel's query reaches this module, rows leave it.

Prometheus: `$__rate_interval` is at least four scrapes, https://grafana.com/docs/grafana/latest/datasources/prometheus/template-variables/.
Postgres: macros as in https://grafana.com/docs/grafana/latest/datasources/postgres/query-editor/#macros; `${name:sqlstring}` is a quoted literal.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.asking import ask
from tests.unit.deploy.manifests import DEPLOY, yaml

GRAFANA = DEPLOY / "grafana"
DASHBOARDS = sorted((GRAFANA / "dashboards").glob("*.json"))


@dataclass(frozen=True)
class Query:
    """One target of a panel."""

    dashboard: str
    panel: Mapping[str, Any]
    target: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.dashboard}: {self.panel['title']} ({self.target['refId']})"

    @property
    def kind(self) -> str:
        return str(self.panel["datasource"]["type"])


def panels(path: Path) -> list[dict[str, Any]]:
    """The panels of a dashboard, without the headings of rows."""
    return [panel for panel in json.loads(path.read_text())["panels"] if panel["type"] != "row"]


def queries() -> Iterator[Query]:
    for path in DASHBOARDS:
        for panel in panels(path):
            for target in panel["targets"]:
                yield Query(path.stem, panel, target)


def promql(expr: str, *, scrape_s: int) -> str:
    done = expr.replace("$__rate_interval", f"{4 * scrape_s}s")
    assert "$" not in done, f"a variable is left: {done}"
    return done


def prometheus(url: str, query: Query, *, scrape_s: int, now: datetime) -> list[tuple[dict[str, str], list[float]]]:
    """(Labels, values that are numbers) of each series over the last scrapes; what is not a number is a gap in the panel."""
    answer = ask(
        "GET",
        f"{url}/api/v1/query_range",
        params={
            "query": promql(query.target["expr"], scrape_s=scrape_s),
            "start": (now - timedelta(seconds=3 * scrape_s)).timestamp(),
            "end": now.timestamp(),
            "step": str(scrape_s),
        },
        timeout=10,
    )
    found = answer.json()
    assert found["status"] == "success", f"{query}: {found}"
    series = [(item["metric"], [float(value) for _, value in item["values"]]) for item in found["data"]["result"]]
    return [(labels, numbers) for labels, values in series if (numbers := [value for value in values if math.isfinite(value)])]


def sql(statement: str, *, start: datetime, end: datetime, variables: Mapping[str, str]) -> str:
    first, last = (f"'{moment.isoformat(timespec='milliseconds').replace('+00:00', 'Z')}'" for moment in (start, end))
    done = re.sub(r"\$__timeFilter\(([^()]*)\)", rf"\1 BETWEEN {first} AND {last}", statement)
    done = done.replace("$__timeFrom()", first).replace("$__timeTo()", last)
    for name, value in variables.items():
        quoted = value.replace("'", "''")
        done = done.replace(f"${{{name}:sqlstring}}", f"'{quoted}'")
    assert "$" not in done, f"a variable or macro is left: {done}"
    return done


def datasources(environment: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The provisioned data sources by uid, with variables of the environment filled in as Grafana does; a missing one is an error."""

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: filled(item) for name, item in value.items()}
        if isinstance(value, str):
            return re.sub(r"\$\{?(\w+)\}?", lambda found: environment[found[1]], value)
        return value

    [document] = yaml(GRAFANA / "provisioning" / "datasources" / "weerklank.yaml")
    return {source["uid"]: filled(source) for source in document["datasources"]}
