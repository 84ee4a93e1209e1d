"""Schemathesis over a running service: its own description, with the ids of what really exists as examples, and a token for each operation.

Its default checks are all on. What a schema cannot say is said here, operation by operation: see `beyond_schema`.
"""

import json
import re
import subprocess
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.asking import ask

SEED = "20261102"
VALID = ["2xx", "3xx", "401", "403", "404", "409", "429"]
"""What data that a schema allows may be answered with by default; a 5xx is not among them here."""


@dataclass(frozen=True)
class Example:
    """How one operation is asked so that it succeeds: by whom, about what, with which body."""

    role: str = "lead"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    authorization: str = ""
    """Where it is no token of that role: a client's own credentials. (Schemathesis puts ids that it has seen into a form.)"""


def beyond_schema(operation: Mapping[str, Any]) -> list[str]:
    """Answers to data that the schema allows and we do not: a cursor that no list gave out, a form with a scope (400); a member, label or channel that the
    brand does not have, a period that is too long, a digest of another text (422)."""
    parameters = {parameter["name"] for parameter in operation.get("parameters", [])}
    found = ["412"] if operation["operationId"] == "routing_merge_case" else []  # which is asked for one version of the case
    found += ["400"] if parameters & {"cursor", "Idempotency-Key"} or operation["operationId"] == "routing_token" else []
    return found + (["422"] if "requestBody" in operation or parameters & {"from", "by", "topic"} else [])


def with_examples(document: dict[str, Any], examples: Mapping[str, Example]) -> dict[str, Any]:
    """The description of a service, its examples those of things that exist."""
    document = json.loads(json.dumps(document))
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            example = examples.get(operation["operationId"])
            assert example is not None, f"{method.upper()} {path}: say how {operation['operationId']} is asked so that it succeeds"
            for parameter in operation.get("parameters", []):
                parameter.pop("examples", None)
                parameter.get("schema", {}).pop("examples", None)
                if parameter["name"] in example.parameters:
                    parameter["example"] = example.parameters[parameter["name"]]
            if example.body is not None:
                for content in operation["requestBody"]["content"].values():
                    content.pop("examples", None)
                    content["example"] = example.body
    return document


def configuration(document: Mapping[str, Any], examples: Mapping[str, Example], tokens: Mapping[str, str], brief: Collection[str]) -> str:
    """schemathesis.toml: who asks what. Of the operations in `brief` only what the description suggests."""
    lines = [
        "[checks.positive_data_acceptance]",
        f"expected-statuses = {json.dumps(VALID)}",
        "[checks.missing_required_header]",
        'expected-statuses = ["400", "401", "403", "406", "415", "422", "428"]',  # 428 is made for it (RFC 6585)
        "[checks.negative_data_rejection]",
        'expected-statuses = ["400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "428", "429"]',  # 413: a list that is too long
        "[checks.not_a_server_error]",
        'expected-statuses = ["2xx", "3xx", "4xx"]',
    ]
    for methods in document["paths"].values():
        for operation in methods.values():
            name = operation["operationId"]
            example = examples[name]
            lines += ["[[operations]]", f"include-operation-id = {json.dumps(name)}"]
            if operation.get("security") or example.authorization:
                authorization = example.authorization or f"Bearer {tokens[example.role]}"
                lines.append(f"headers = {{ Authorization = {json.dumps(authorization)} }}")
            kept = {
                key: value for key, value in example.parameters.items() if key in ("brand", "If-Match", "follow") or key.endswith("_id")
            }
            if kept:
                lines.append(
                    "parameters = { " + ", ".join(f"{json.dumps(key)} = {json.dumps(value)}" for key, value in kept.items()) + " }"
                )
            if name in brief and (example.parameters or example.body is not None):  # else nothing is suggested
                lines += [f"[operations.phases.{phase}]\nenabled = false" for phase in ("coverage", "fuzzing")]
            lines += ["[operations.checks.positive_data_acceptance]", f"expected-statuses = {json.dumps(VALID + beyond_schema(operation))}"]
    return "\n".join(lines) + "\n"


def run(
    url: str, examples: Mapping[str, Example], tokens: Mapping[str, str], home: Path, *, max_examples: int, brief: Collection[str] = ()
) -> str:
    """What Schemathesis says when it finds something wrong; empty when it does not."""
    document = with_examples(ask("GET", f"{url}/openapi.json", timeout=30).json(), examples)
    home.mkdir(parents=True, exist_ok=True)
    (home / "openapi.json").write_text(json.dumps(document))
    (home / "schemathesis.toml").write_text(configuration(document, examples, tokens, brief))
    argv = [str(Path(sys.executable).with_name("st")), "--config-file", "schemathesis.toml", "run", "openapi.json", "--url", url]
    argv += ["--phases", "examples,coverage,fuzzing", "--max-examples", str(max_examples), "--seed", SEED, "--continue-on-failure"]
    argv += ["--warnings", "off", "--request-timeout", "30", "--suppress-health-check", "all"]
    done = subprocess.run(argv, cwd=home, capture_output=True, text=True, timeout=3000)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def successes(url: str) -> dict[tuple[str, str], int]:
    """(method, route) → how often it was answered with 2xx since the service began, by its own metrics."""
    found: dict[tuple[str, str], int] = {}
    pattern = re.compile(r'weerklank_http_seconds_count\{method="(\w+)",route="([^"]+)",status="2\d\d"\} ([\d.e+]+)')
    for method, route, count in pattern.findall(ask("GET", f"{url}/metrics", timeout=30).text):
        found[method, route] = found.get((method, route), 0) + int(float(count))
    return found
