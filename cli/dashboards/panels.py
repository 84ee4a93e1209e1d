"""Panels in the few shapes that our dashboards have. What to show reaches this module, builders of grafana-foundation-sdk leave it.

Every panel says what it shows and in which unit, and names its data source by the uid that deploy/grafana/provisioning gives it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import bargauge, common, prometheus, stat, table, timeseries
from grafana_foundation_sdk.builders import dashboard as boards
from grafana_foundation_sdk.cog import builder as cog
from grafana_foundation_sdk.cog import variants
from grafana_foundation_sdk.models import common as shapes
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.prometheus import QueryEditorMode

PROMETHEUS = models.DataSourceRef(type_val="prometheus", uid="weerklank-prometheus")
POSTGRES = models.DataSourceRef(type_val="grafana-postgresql-datasource", uid="weerklank-postgres")

Panel = cog.Builder[models.Panel]
Target = cog.Builder[variants.Dataquery]
Steps = Sequence[tuple[float | None, str]]
"""Colours from a value on, the lowest first; None: from below everything."""

PLAIN: Steps = ((None, "text"),)
GOOD_IS_ZERO: Steps = ((None, "green"), (1, "red"))


@dataclass(frozen=True)
class Prom:
    """A PromQL expression, and how its series are called."""

    expr: str
    legend: str = "{{service}}"


@dataclass(frozen=True)
class Sql:
    """A statement for Postgres. Without `by_time` its rows are a table; with it its columns are `time`, `metric` and a value."""

    statement: str
    by_time: bool = False


class _SqlQuery(variants.Dataquery):
    """A query of Grafana's PostgreSQL data source, which the SDK has no model of."""

    def __init__(self, query: Sql, ref_id: str) -> None:
        self._query, self._ref_id = query, ref_id

    def to_json(self) -> dict[str, object]:
        return {
            "datasource": POSTGRES,
            "editorMode": "code",
            "format": "time_series" if self._query.by_time else "table",
            "rawQuery": True,
            "rawSql": self._query.statement,
            "refId": self._ref_id,
        }


class _SqlTarget(cog.Builder[variants.Dataquery]):
    def __init__(self, query: Sql, ref_id: str) -> None:
        self._built = _SqlQuery(query, ref_id)

    def build(self) -> variants.Dataquery:
        return self._built


Query = Prom | Sql


def _targets(queries: Iterable[Query]) -> list[Target]:
    found: list[Target] = []
    for place, query in enumerate(queries):
        ref_id = chr(ord("A") + place)
        if isinstance(query, Sql):
            found.append(_SqlTarget(query, ref_id))
        else:
            target = prometheus.Dataquery().expr(query.expr).legend_format(query.legend).ref_id(ref_id).datasource(PROMETHEUS)
            found.append(target.editor_mode(QueryEditorMode.CODE).range())
    return found


def _source(queries: Sequence[Query]) -> models.DataSourceRef:
    return POSTGRES if isinstance(queries[0], Sql) else PROMETHEUS


def _thresholds(steps: Steps) -> boards.ThresholdsConfig:
    return (
        boards.ThresholdsConfig()
        .mode(models.ThresholdsMode.ABSOLUTE)
        .steps([models.Threshold(value=value, color=color) for value, color in steps])
    )


def _all_values() -> common.ReduceDataOptions:
    """Every row is a value of its own: what a table's query returned is not reduced any more."""
    return common.ReduceDataOptions().values(True).calcs(["lastNotNull"]).fields("")


def number(title: str, description: str, unit: str, query: Query, *, steps: Steps = PLAIN, width: int = 4) -> Panel:
    """One number now, in colour where that says something."""
    panel = stat.Panel().title(title).description(description).unit(unit).datasource(_source([query])).span(width).height(4)
    panel = panel.targets(_targets([query])).thresholds(_thresholds(steps)).no_value("–").graph_mode(shapes.BigValueGraphMode.NONE)
    return panel.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).fields("").values(False))


def series(
    title: str,
    description: str,
    unit: str,
    *queries: Query,
    bars: bool = False,
    share: bool = False,
    width: int = 8,
    nothing: str = "No data",
) -> Panel:
    """Lines over time, or stacked bars; `share`: stacked to the whole."""
    panel = timeseries.Panel().title(title).description(description).unit(unit).datasource(_source(queries)).span(width).height(8)
    panel = panel.targets(_targets(queries)).no_value(nothing).show_points(shapes.VisibilityMode.AUTO).line_width(1)
    panel = panel.tooltip(common.VizTooltipOptions().mode(shapes.TooltipDisplayMode.MULTI).sort(shapes.SortOrder.DESCENDING))
    panel = panel.legend(
        common.VizLegendOptions()
        .display_mode(shapes.LegendDisplayMode.LIST)
        .placement(shapes.LegendPlacement.BOTTOM)
        .show_legend(True)
        .calcs([])
    )
    if bars or share:
        mode = shapes.StackingMode.PERCENT if share else shapes.StackingMode.NORMAL
        panel = panel.draw_style(shapes.GraphDrawStyle.BARS).fill_opacity(70).stacking(common.StackingConfig().mode(mode).group("A"))
    return panel.axis_soft_min(0)


def amounts(title: str, description: str, unit: str, query: Query, *, width: int = 8, nothing: str = "No data") -> Panel:
    """A bar for each row of a table: a name and a number."""
    panel = bargauge.Panel().title(title).description(description).unit(unit).datasource(_source([query])).span(width).height(8)
    panel = panel.targets(_targets([query])).no_value(nothing).thresholds(_thresholds(((None, "blue"),))).min(0)
    return panel.orientation(shapes.VizOrientation.HORIZONTAL).reduce_options(_all_values()).display_mode(shapes.BarGaugeDisplayMode.BASIC)


def rows(title: str, description: str, unit: str, query: Query, *, width: int = 8, nothing: str = "No data") -> Panel:
    """A table as it comes."""
    panel = table.Panel().title(title).description(description).unit(unit).datasource(_source([query])).span(width).height(8)
    return panel.targets(_targets([query])).no_value(nothing)


def board(uid: str, title: str, description: str) -> boards.Dashboard:
    """An empty dashboard that nobody edits in Grafana: the next start would undo it."""
    made = boards.Dashboard(title).uid(uid).description(description).tags(["weerklank", "generated"]).readonly()
    return made.timezone("browser").tooltip(models.DashboardCursorSync.CROSSHAIR)


def filled(made: boards.Dashboard, parts: Iterable[tuple[str, Sequence[Panel]]]) -> models.Dashboard:
    """The dashboard with its rows of panels, each with a heading and each panel with a number of its own."""
    for heading, panels in parts:
        made = made.with_row(boards.Row(heading))
        for panel in panels:
            made = made.with_panel(panel)
    found = made.build()
    for place, part in enumerate(found.panels or [], start=1):
        part.id_val = place
    return found
