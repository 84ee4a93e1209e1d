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
