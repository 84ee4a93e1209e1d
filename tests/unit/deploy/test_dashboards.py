"""deploy/grafana: the dashboards are what the code says, whole, and lead to data sources that are provisioned."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from cli.dashboards import __main__ as generator
from tests.unit.deploy.manifests import DEPLOY, yaml

GRAFANA = DEPLOY / "grafana"
FILES = sorted((GRAFANA / "dashboards").glob("*.json"))
BOARDS = {path.stem: json.loads(path.read_text()) for path in FILES}
PANELS = [(f"{name}: {panel['title']}", panel) for name, board in BOARDS.items() for panel in board["panels"] if panel["type"] != "row"]


def test_the_files_are_what_the_code_says() -> None:
    assert generator.drift(GRAFANA / "dashboards") == []
    assert generator.documents() == generator.documents()


def test_a_file_that_differs_or_that_nothing_makes_is_told_and_mended(tmp_path: Path) -> None:
    assert generator.write(tmp_path) == ["platform.json", "today.json"]
    (tmp_path / "today.json").write_text("{}")
    (tmp_path / "yesterday.json").write_text("{}")
    assert generator.drift(tmp_path) == ["today.json", "yesterday.json"]
    assert generator.write(tmp_path) == ["today.json", "yesterday.json"]
    assert generator.drift(tmp_path) == []


@pytest.mark.parametrize(("name", "panel"), PANELS, ids=[name for name, _ in PANELS])
def test_a_panel_says_what_it_shows_and_where_it_is_from(name: str, panel: dict[str, Any]) -> None:
    [document] = yaml(GRAFANA / "provisioning" / "datasources" / "weerklank.yaml")
    sources = {source["uid"]: source["type"] for source in document["datasources"]}
    assert panel["title"]
    assert panel["description"].endswith((".", "`."))
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["targets"]
    for asked in (panel, *panel["targets"]):
        assert asked["datasource"] == {"type": sources[asked["datasource"]["uid"]], "uid": asked["datasource"]["uid"]}
    for target in panel["targets"]:
        if panel["datasource"]["type"] != "prometheus":
            assert "brand = ${brand:sqlstring}" in target["rawSql"]


@pytest.mark.parametrize("name", BOARDS)
def test_no_panel_lies_on_another_or_beside_the_grid(name: str) -> None:
    places = Counter(
        (x, y)
        for panel in BOARDS[name]["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    )
    assert max(places.values()) == 1
    assert max(x for x, _ in places) < 24
    ids = [panel["id"] for panel in BOARDS[name]["panels"]]
    assert len(set(ids)) == len(ids)


def test_dashboards_are_found_by_the_uids_that_the_documentation_names() -> None:
    assert {name: (board["uid"], board["time"]["from"]) for name, board in BOARDS.items()} == {
        "platform": ("weerklank-platform", "now-1h"),
        "today": ("weerklank-today", "now/d"),
    }


def test_no_password_stands_in_what_is_provisioned() -> None:
    [document] = yaml(GRAFANA / "provisioning" / "datasources" / "weerklank.yaml")
    [secret] = [source["secureJsonData"] for source in document["datasources"] if "secureJsonData" in source]
    assert secret == {"password": "$WEERKLANK_GRAFANA_PASSWORD"}
