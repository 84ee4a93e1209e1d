"""One description of all five services: each service's own, below its name, with an example of every request and answer.

The examples are what a running stack said (`docs/openapi/examples.json`, which `tests/e2e/test_examples.py` records and holds to).
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

LINES = frozenset({"application/x-ndjson", "application/jsonl"})
"""Where a body is objects, one a line: its example is that of the whole."""
EXAMPLES = Path(__file__).resolve().parent.parent / "docs" / "openapi" / "examples.json"
_METHODS = ("get", "put", "post", "delete", "patch")


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(path, method, operation), in the document's order."""
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                yield path, method, item[method]


def merged(documents: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """The description of all services. A path that two of them have is two paths here: each begins with its service's name, as a service also answers."""
    first = next(iter(documents.values()))
    schemas: dict[str, Any] = {}
    paths: dict[str, Any] = {}
    examples: dict[str, Any] = json.loads(EXAMPLES.read_text()) if EXAMPLES.exists() else {}
    for service, document in documents.items():
        document = _apart(json.loads(json.dumps(document)), service, documents)
        schemas |= document["components"]["schemas"]
        for path, item in document["paths"].items():
            paths[f"/{service}{path}"] = {**item, "servers": document["servers"]}
        for _, _, operation in operations(document):
            operation["tags"] = [service]
            _exemplify(operation, examples.get(operation["operationId"], {}))
    return {
        "openapi": first["openapi"],
        "info": {**first["info"], "title": "Weerklank", "summary": "Hear what people say about a brand, and reply as a person"},
        "servers": [
            {"url": "https://weerklank.example", "description": "A proxy that has all five services behind it, each below its name"}
        ],
        "tags": [{"name": service, "description": document["info"]["summary"]} for service, document in documents.items()],
        "paths": paths,
        "components": {**first["components"], "schemas": dict(sorted(schemas.items()))},
    }


def _apart(document: dict[str, Any], service: str, documents: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """The document with names of its own for schemas that are another thing in another service."""
    others = [other["components"]["schemas"] for name, other in documents.items() if name != service]
    own: dict[str, Any] = document["components"]["schemas"]
    taken = {name for name, schema in own.items() if any(name in other and other[name] != schema for other in others)}
    # What refers to such a schema is another thing too.
    while more := {name for name, schema in own.items() if name not in taken and any(f'/{item}"' in json.dumps(schema) for item in taken)}:
        taken |= more
    text = json.dumps(document)
    for name in taken:
        text = text.replace(f'#/components/schemas/{name}"', f'#/components/schemas/{service}_{name}"')
    found: dict[str, Any] = json.loads(text)
    schemas = found["components"]["schemas"]
    found["components"]["schemas"] = {f"{service}_{name}" if name in taken else name: schema for name, schema in schemas.items()}
    return found


def _exemplify(operation: dict[str, Any], example: Mapping[str, Any]) -> None:
    if "request" in example and "requestBody" in operation:
        for media_type, content in operation["requestBody"]["content"].items():
            if media_type not in LINES:
                content["example"] = example["request"]
    if "answer" in example:
        for content in operation["responses"][example["status"]].get("content", {}).values():
            content["example"] = example["answer"]
