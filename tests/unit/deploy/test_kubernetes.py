"""deploy/k8s: valid by Kubernetes' own schemas, complete for the services' settings, and as tight as it says."""

from typing import Any

import kubernetes_validate
import pytest

from tests.unit.deploy.manifests import DEPLOY, OTHER_VARIABLES, PORTS, SERVICES, required_variables_of, variables_of, yaml

BASE = DEPLOY / "k8s"
FILES = sorted(path for path in BASE.glob("*.yaml") if path.name != "kustomization.yaml")
OBJECTS = [(f"{path.name}:{item['kind']}/{item['metadata']['name']}", item) for path in FILES for item in yaml(path)]
# Oldest and newest that we say we run on.
VERSIONS = ("1.31", "1.34")


def _objects(kind: str) -> dict[str, dict[str, Any]]:
    return {item["metadata"]["name"]: item for _, item in OBJECTS if item["kind"] == kind}


def _pods() -> dict[str, dict[str, Any]]:
    found = _objects("StatefulSet") | _objects("Job")
    return {name: item["spec"]["template"]["spec"] for name, item in found.items()}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("name", "item"), OBJECTS, ids=[name for name, _ in OBJECTS])
def test_every_object_fits_kubernetes_own_schema(name: str, item: dict[str, Any], version: str) -> None:
    kubernetes_validate.validate(item, version, strict=True)


def test_the_kustomization_names_every_file() -> None:
    [kustomization] = yaml(BASE / "kustomization.yaml")
    assert sorted(kustomization["resources"]) == [path.name for path in FILES]


def test_no_secret_and_no_namespace_is_in_the_base() -> None:
    assert not _objects("Secret")
    assert [name for name, item in OBJECTS if "namespace" in item["metadata"]] == []


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_gets_exactly_variables_that_it_reads(service: str) -> None:
    [container] = _pods()[service]["containers"]
    given = {variable["name"]: variable for variable in container["env"]}
    assert given.keys() - OTHER_VARIABLES <= variables_of(service)
    assert required_variables_of(service) <= given.keys()
    assert given[f"WEERKLANK_{service.upper()}_INSTANCE"]["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}
    assert container["args"] == [service]


def test_every_reference_to_configuration_leads_somewhere() -> None:
    config = _objects("ConfigMap")["weerklank"]["data"]
    for pod in _pods().values():
        for variable in pod["containers"][0]["env"]:
            reference = variable.get("valueFrom", {}).get("configMapKeyRef")
            if reference and not reference.get("optional"):
                assert reference["name"] == "weerklank"
                assert reference["key"] in config


def test_no_password_stands_in_the_base() -> None:
    for service in SERVICES:
        given = {variable["name"]: variable for variable in _pods()[service]["containers"][0]["env"]}
        url = given[f"WEERKLANK_{service.upper()}_DATABASE_URL"]
        assert url["valueFrom"] == {"secretKeyRef": {"name": f"weerklank-{service}", "key": "database-url"}}


@pytest.mark.parametrize("name", [*SERVICES, "topics"])
def test_a_container_has_no_right_that_it_does_not_need(name: str) -> None:
    pod = _pods()[name]
    [container] = pod["containers"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"]["memory"]
    assert container["resources"]["requests"].keys() == {"cpu", "memory"}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_asked_how_it_is_on_the_port_that_it_listens_on(service: str) -> None:
    [container] = _pods()[service]["containers"]
    given = {variable["name"]: variable.get("value") for variable in container["env"]}
    assert container["ports"] == [{"name": "http", "containerPort": PORTS[service]}]
    assert given[f"WEERKLANK_{service.upper()}_PORT"] == str(PORTS[service])
    asked = {probe: container[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert asked == {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}


@pytest.mark.parametrize("service", SERVICES)
def test_selectors_find_the_pods_of_their_service_and_no_others(service: str) -> None:
    stateful = _objects("StatefulSet")[service]["spec"]
    labels = stateful["template"]["metadata"]["labels"]
    services = _objects("Service")
    assert stateful["selector"]["matchLabels"] == labels == services[service]["spec"]["selector"]
    governing = services[stateful["serviceName"]]["spec"]
    assert (governing["clusterIP"], governing["selector"]) == ("None", labels)
    budget = _objects("PodDisruptionBudget")[service]["spec"]
    assert (budget["selector"]["matchLabels"], budget["maxUnavailable"]) == (labels, 1)
    [spread] = stateful["template"]["spec"]["topologySpreadConstraints"]
    assert spread["labelSelector"]["matchLabels"] == labels
    others = [_objects("StatefulSet")[name]["spec"]["template"]["metadata"]["labels"] for name in SERVICES if name != service]
    assert labels not in others


def test_network_policies_reach_every_pod_and_let_only_the_responder_send_mail() -> None:
    policies = _objects("NetworkPolicy")
    everyone = policies["weerklank"]["spec"]
    assert everyone["policyTypes"] == ["Ingress", "Egress"]
    for name in [*SERVICES, "topics"]:
        owner = {**_objects("StatefulSet"), **_objects("Job")}[name]
        assert everyone["podSelector"]["matchLabels"].items() <= owner["spec"]["template"]["metadata"]["labels"].items()
    mail = {25, 465, 587}
    assert not mail & {port["port"] for rule in everyone["egress"] for port in rule["ports"]}
    assert policies["responder-mail"]["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/name"] == "responder"
