"""deploy/compose.yaml: valid by the Compose specification, complete for the services' settings, and without a secret in it."""

import json
import re
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft7Validator

from tests.unit.deploy.manifests import DEPLOY, OTHER_VARIABLES, PORTS, SERVICES, required_variables_of, variables_of, yaml

[COMPOSE] = yaml(DEPLOY / "compose.yaml")


def test_it_fits_the_compose_specification() -> None:
    schema = json.loads((files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json").read_text())
    problems = [f"{'/'.join(map(str, problem.path))}: {problem.message}" for problem in Draft7Validator(schema).iter_errors(COMPOSE)]
    assert problems == []


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_gets_exactly_variables_that_it_reads(service: str) -> None:
    given: dict[str, str] = COMPOSE["services"][service]["environment"]
    assert given.keys() - OTHER_VARIABLES <= variables_of(service)
    assert required_variables_of(service) <= given.keys()
    assert COMPOSE["services"][service]["command"] == [service]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_reached_from_this_machine_only(service: str) -> None:
    port = PORTS[service]
    assert COMPOSE["services"][service]["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert COMPOSE["services"][service]["environment"][f"WEERKLANK_{service.upper()}_PORT"] == str(port)


@pytest.mark.parametrize("service", [*SERVICES, "topics"])
def test_a_container_has_no_right_that_it_does_not_need(service: str) -> None:
    found: dict[str, Any] = COMPOSE["services"][service]
    assert (found["read_only"], found["cap_drop"], found["security_opt"]) == (True, ["ALL"], ["no-new-privileges:true"])


def test_every_password_comes_from_outside_and_its_absence_is_said() -> None:
    for name, service in COMPOSE["services"].items():
        for variable, value in service.get("environment", {}).items():
            if variable.endswith(("PASSWORD", "DATABASE_URL")):
                assert re.search(r"\$\{WEERKLANK_[A-Z]+_PASSWORD:\?", value), f"{name}: {variable}"


def test_services_start_once_topics_and_roles_are_there() -> None:
    for service in SERVICES:
        needed = COMPOSE["services"][service]["depends_on"]
        assert needed == {name: {"condition": "service_completed_successfully"} for name in ("topics", "roles")}


def test_what_must_stay_out_of_git_does() -> None:
    ignored = (DEPLOY / ".gitignore").read_text().split()
    assert {".env", "channels.env", "secrets/"} <= set(ignored)


[OBSERVE] = yaml(DEPLOY / "compose.observe.yaml")


def test_prometheus_and_grafana_beside_it_fit_the_specification() -> None:
    schema = json.loads((files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json").read_text())
    problems = [f"{'/'.join(map(str, problem.path))}: {problem.message}" for problem in Draft7Validator(schema).iter_errors(OBSERVE)]
    assert problems == []


@pytest.mark.parametrize("service", ["prometheus", "grafana"])
def test_what_watches_is_pinned_reached_from_this_machine_only_and_has_no_right_that_it_does_not_need(service: str) -> None:
    found = OBSERVE["services"][service]
    assert re.fullmatch(r"[a-z]+/[a-z]+:v?\d+\.\d+\.\d+", found["image"])
    assert all(port.startswith("127.0.0.1:") for port in found["ports"])
    assert (found["read_only"], found["cap_drop"], found["security_opt"]) == (True, ["ALL"], ["no-new-privileges:true"])
    for volume in found["volumes"]:
        source = volume.split(":")[0]
        assert (DEPLOY / source).is_dir() if source.startswith("./") else source in OBSERVE["volumes"]


def test_grafana_gets_what_its_provisioning_names_and_no_password_is_written_down() -> None:
    given = OBSERVE["services"]["grafana"]["environment"]
    provisioned = "".join(path.read_text() for path in (DEPLOY / "grafana" / "provisioning").rglob("*.yaml"))
    assert set(re.findall(r"\$(WEERKLANK_\w+)", provisioned)) == {name for name in given if name.startswith("WEERKLANK_")}
    for service in OBSERVE["services"].values():
        for variable, value in service.get("environment", {}).items():
            if variable.endswith("PASSWORD"):
                assert re.search(r"\$\{WEERKLANK_[A-Z_]+_PASSWORD:\?", value)


@pytest.mark.parametrize("folder", ["grafana", "prometheus"])
def test_what_a_cluster_gets_is_what_is_there(folder: str) -> None:
    [kustomization] = yaml(DEPLOY / folder / "kustomization.yaml")
    for config_map in kustomization["configMapGenerator"]:
        for name in config_map["files"]:
            assert (DEPLOY / folder / name.split("=")[-1]).is_file()
