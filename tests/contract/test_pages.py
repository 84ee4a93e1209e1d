"""The generated pages say what is so: FLOW.md has no event without a teller, a hearer and a test, and the references leave nothing out."""

import importlib
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from cli import contracts
from cli.navigation import on_config, on_page_markdown
from cli.reference import commands, flow
from libs.common.bookguard import ALWAYS_BLOCK, SEVERITIES
from libs.common.brandbook import BrandBook
from libs.common.events import Event
from libs.common.topics import EVENT_TYPES, TOPICS, Topic

TOLD = [(topic, event) for topic in TOPICS for event in topic.events]


def page(name: str) -> str:
    return (contracts.DOCS / name).read_text()


# --- FLOW.md ---------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("topic", "event"), TOLD, ids=lambda found: getattr(found, "name", None) or found.__name__)
def test_an_event_is_told_by_its_producer_and_by_nobody_else(topic: Topic, event: type[Event]) -> None:
    assert flow.tellers(topic, event)
    elsewhere = {service.name for service in flow.services().values() if service.tellers(event.__name__)} - {topic.producer}
    assert elsewhere == set()


@pytest.mark.parametrize(("topic", "event"), TOLD, ids=lambda found: getattr(found, "name", None) or found.__name__)
def test_what_leads_to_an_event_is_a_handler_a_route_or_a_loop(topic: Topic, event: type[Event]) -> None:
    service, ours = flow.services()[topic.producer], {label for label in flow.handlers(topic.producer).values() if label}
    for _, beginnings in flow.tellers(topic, event):
        for label in beginnings:
            loop = label.rpartition(".")[2] in ("run", "sweep")
            assert label in ours or service.functions[label].route or loop, f"{label}: nothing calls it"


@pytest.mark.parametrize("event", EVENT_TYPES.values(), ids=lambda event: event.__name__)
def test_an_event_is_exercised_by_a_test_of_its_own(event: type[Event]) -> None:
    assert flow.tests()[event.__name__]


@pytest.mark.parametrize("service", flow.SERVICES)
def test_every_handler_is_a_function_that_was_found_in_the_code(service: str) -> None:
    handlers = importlib.import_module(f"services.{service}.consumer").HANDLERS.values()
    assert {f"consumer.{handler.__name__}" for handler in handlers if handler} <= set(flow.services()[service].functions)


def test_a_mention_that_is_taken_back_leads_through_triage_to_its_case_and_its_drafts() -> None:
    text = page("FLOW.md").partition("### … a mention is taken back")[2].partition("###")[0]
    for step in (
        "DELETE /mentions/{mention_id}",
        "triage: consumer.on_mention_deleted",
        "MentionRemoved",
        "routing: consumer.on_mention",
        "CaseLeft",
    ):
        assert step in text
        text = text.partition(step)[2]
    assert "ReplyDiscarded" in text


def test_asking_for_the_id_of_what_was_told_tells_nothing() -> None:
    assert [function.label for function in flow.services()["triage"].tellers("MentionTriaged")] == ["consumer.on_mention_received"]


# --- references ------------------------------------------------------------------------------------------------------------------------


def test_every_field_of_the_brand_book_has_a_type_and_a_meaning() -> None:
    rows = [line for line in page("reference/brand-book.md").splitlines() if line.startswith("| `")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]
    assert {row[0].strip("`") for row in cells} >= set(BrandBook.names())
    assert [row[0] for row in cells if len(row) == 5 and not (row[1] and row[2] and row[3])] == []


def test_every_operation_stands_in_the_api_with_its_roles() -> None:
    text = page("reference/api.md")
    for service in contracts.services():
        for path, methods in contracts.app_of(service).openapi()["paths"].items():
            for method in methods:
                assert f"### {service}: {method.upper()} {path}\n" in text
    assert re.search(r"`POST /v1/brands/\{brand\}/mentions`\].*connector", text)


def test_every_command_and_option_stands_in_the_reference() -> None:
    text = page("reference/cli.md")
    for command, options in commands.options().items():
        section = text.partition(f"## {command}\n")[2].partition("\n## ")[0] if command != "weerklank" else text
        for option in options - {"-h", "--help"} if command != "weerklank" else ():
            assert f"`{option}`" in section, f"{command} {option}"


# --- the site --------------------------------------------------------------------------------------------------------------------------


def test_a_pattern_of_the_navigation_takes_the_pages_that_are_named_nowhere_else(tmp_path: Path) -> None:
    for name in ("index.md", "b.md", "a.md", "guide.md"):
        (tmp_path / name).write_text("# A page\n")
    config = on_config({"docs_dir": str(tmp_path), "nav": ["index.md", {"Guide": ["guide.md", "*.md", "none/*.md"]}]})
    assert config["nav"] == ["index.md", {"Guide": ["guide.md", "a.md", "b.md"]}]


def test_a_link_to_a_file_of_the_source_is_text_on_the_site(tmp_path: Path) -> None:
    for name in ("docs/a.md", "docs/guide/b.md", "deploy/compose.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("# A file\n")
    page = SimpleNamespace(file=SimpleNamespace(src_uri="guide/b.md"))
    text = "[a](../a.md#x) [compose](../../deploy/compose.yaml) [gone](../../deploy/gone.yaml) [far](https://vaart.example/)"
    shown = on_page_markdown(text, page=page, config={"docs_dir": str(tmp_path / "docs")}, files=None)
    assert shown == "[a](../a.md#x) compose [gone](../../deploy/gone.yaml) [far](https://vaart.example/)"


def test_what_the_readme_and_the_contributing_page_link_to_is_there() -> None:
    for name in ("README.md", "CONTRIBUTING.md"):
        text = (contracts.ROOT / name).read_text()
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
            if not target.startswith(("https://", "http://")):
                assert (contracts.ROOT / target).exists(), f"{name} links to {target}"
        for target, anchor in re.findall(r"\]\(([^)#]*)#([^)]+)\)", text):
            linked = (contracts.ROOT / target).read_text() if target else text
            assert anchor in {
                re.sub(r"[^\w -]", "", line.lstrip("# ").lower()).replace(" ", "-") for line in linked.splitlines() if line.startswith("#")
            }


# --- guard.md --------------------------------------------------------------------------------------------------------------------------


def test_the_page_of_the_guard_has_every_verdict_with_what_it_means() -> None:
    rows = re.findall(r"^\| `(\w+)` \|[^|]*\| (\w+)(, always)? \|", page("guard.md"), re.MULTILINE)
    assert {code: severity for code, severity, _ in rows} == dict(SEVERITIES)
    assert {code for code, _, always in rows if always} == ALWAYS_BLOCK
