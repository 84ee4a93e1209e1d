"""deploy/prometheus and docs/runbooks: rules that promtool accepts and tests, a page for each alert, and commands on it that exist."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer.main

from cli.main import app
from tests.unit.deploy.manifests import DEPLOY, PORTS, ROOT, SERVICES, yaml

PROMETHEUS = DEPLOY / "prometheus"
RULES = sorted((PROMETHEUS / "rules").glob("*.yml"))
TESTS = sorted((PROMETHEUS / "tests").glob("*.yml"))
RUNBOOKS = ROOT / "docs" / "runbooks"
PAGES = sorted(path for path in RUNBOOKS.glob("*.md") if path.name != "README.md")
ALERTS: dict[str, dict[str, Any]] = {
    rule["alert"]: rule for path in RULES for document in yaml(path) for group in document["groups"] for rule in group["rules"]
}
HEADINGS = ["What it means", "How to look", "What to do", "Whom to wake", "How it ends"]

needs_promtool = pytest.mark.skipif(not shutil.which("promtool"), reason="Debian's package prometheus is not installed")


def _promtool(*arguments: str | Path) -> None:
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
@pytest.mark.parametrize("name", ["prometheus", "compose"])
def test_prometheus_accepts_its_configuration(name: str) -> None:
    _promtool("check", "config", PROMETHEUS / f"{name}.yml")


@needs_promtool
def test_prometheus_accepts_how_it_finds_pods(tmp_path: Path) -> None:
    """Debian's build knows no Kubernetes: only what is done with what it finds is looked at."""
    text = (PROMETHEUS / "kubernetes.yml").read_text()
    without = text.replace("kubernetes_sd_configs: [{ role: pod }]", "static_configs: []")
    assert without != text
    (tmp_path / "prometheus.yml").write_text(without)
    _promtool("check", "config", "--syntax-only", tmp_path / "prometheus.yml")


@needs_promtool
def test_prometheus_accepts_the_rules() -> None:
    _promtool("check", "rules", *RULES)


@needs_promtool
@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_alerts_fire_when_they_should_and_end(path: Path) -> None:
    _promtool("test", "rules", path)


def test_each_alert_is_tested_to_fire_to_wait_and_to_end() -> None:
    seen: dict[str, list[bool]] = {}
    for path in TESTS:
        for case in yaml(path)[0]["tests"]:
            for check in case["alert_rule_test"]:
                seen.setdefault(check["alertname"], []).append(bool(check["exp_alerts"]))
    assert seen.keys() == ALERTS.keys()
    assert [name for name, fires in seen.items() if not re.search("qFq", "".join("F" if fired else "q" for fired in fires))] == []


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_says_what_is_wrong_and_leads_to_its_page(name: str) -> None:
    rule = ALERTS[name]
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}
    assert rule["annotations"]["runbook_url"] == f"docs/runbooks/{name}.md"
    assert f"| [{name}]({name}.md) | {rule['labels']['severity']} |" in (RUNBOOKS / "README.md").read_text()


def test_each_alert_has_a_page_and_each_page_an_alert() -> None:
    assert sorted(path.stem for path in PAGES) == sorted(ALERTS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_answers_what_somebody_asks_at_night(page: Path) -> None:
    text = page.read_text()
    assert text.startswith(f"# {page.stem}\n")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS
    for part in re.split(r"^## .+$", text, flags=re.MULTILINE)[1:]:
        assert len(part.split()) > 5, part
    for link in re.findall(r"\]\(([^)]+)\)", text):
        assert (RUNBOOKS / link).exists(), link
    shown = "".join(re.findall(r"^```sh$(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    assert re.findall(r"^(?:weerklank|psql|curl|grep|TOKEN=)", shown, re.MULTILINE), "a command to begin with"
    outside = re.sub(r"^```sh$.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert re.findall(r"^ *(?:weerklank|psql|curl|grep|tail|df|TOKEN=).*$", outside, re.MULTILINE) == [], (
        "a command that is not shown as one"
    )


def _commands(text: str) -> set[str]:
    """The `weerklank` commands of a page, in a block or between backquotes, without comments."""
    spans = [*re.findall(r"`(weerklank [^`]+)`", text), *re.findall(r"\$\((weerklank [^)]+)\)", text)]
    spans += re.findall(r"^ *(weerklank .+)$", text, re.MULTILINE)
    return {span.partition(" #")[0].strip() for span in spans}


@pytest.mark.parametrize("command", sorted({command for page in PAGES for command in _commands(page.read_text())}))
def test_a_command_on_a_page_exists_with_its_options(command: str) -> None:
    known: Any = typer.main.get_command(app)
    words = shlex.split(command)[1:]
    context = known.make_context("weerklank", [], resilient_parsing=True)
    while words and hasattr(known, "commands") and words[0] in known.commands:
        known = known.commands[words.pop(0)]
        context = known.make_context("", [], resilient_parsing=True, parent=context)
    assert not hasattr(known, "commands") or not words, f"weerklank has no command {words[0]!r}" if words else ""
    if not hasattr(known, "commands") and words:
        known.make_context(command, words, parent=context)


def test_ports_and_labels_are_those_of_the_services() -> None:
    for name, host in (("prometheus", lambda service: "127.0.0.1"), ("compose", lambda service: service)):
        [document] = yaml(PROMETHEUS / f"{name}.yml")
        [job] = document["scrape_configs"]
        assert job["job_name"] == "weerklank"
        wanted = [{"targets": [f"{host(service)}:{PORTS[service]}"], "labels": {"service": service}} for service in SERVICES]
        assert job["static_configs"] == wanted


def test_every_rule_reaches_a_cluster() -> None:
    [document] = yaml(PROMETHEUS / "kustomization.yaml")
    maps = {item["name"]: item["files"] for item in document["configMapGenerator"]}
    assert sorted(maps["weerklank-rules"]) == [f"rules/{path.name}" for path in RULES]
