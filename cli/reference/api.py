"""`docs/reference/api.md`: every operation of the five services, with the roles that may use it, its parameters, its body and its answers.

The services' OpenAPI documents and the roles that their routes ask for reach this module; one page leaves it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from cli.reference import markdown as md
from cli.stack.ports import BASE_PORT, OFFSETS

Schema = Mapping[str, Any]


def page(apps: Mapping[str, Any]) -> str:
    """The whole of api.md, from each service's FastAPI app."""
    return md.generated(
        "# API",
        "Each service describes itself at `/openapi.json`, and the documents stand here too. Send a token as `Authorization: Bearer …`; it "
        "names one role and the brands that it reaches. Errors are problem details (RFC 9457): `type`, `title`, `status`, and `detail`, which says "
        "what was wrong with which value and what to do. Lists come in pages: `items`, and `next` where there is more, to be given as `cursor`.",
        *(part for name, app in apps.items() for part in _service(name, app)),
    )


def _service(name: str, app: Any) -> Iterator[str]:
    document = app.openapi()
    roles = {
        (method, str(found.path)): _roles(getattr(found, "dependant", None))
        for found in iter_route_contexts(app.routes)
        for method in found.methods or ()
    }
    yield f"## {name}"
    yield f"{document['info']['summary']}. Port {BASE_PORT + OFFSETS[name]}. [OpenAPI](../openapi/{name}.json)"
    rows = []
    details: list[str] = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            heading = f"{name}: {method.upper()} {path}"
            said = " ".join(str(operation["description"]).split("\n\n")[0].split())
            who = roles.get((method.upper(), path), [])
            rows.append((f"[`{method.upper()} {path}`](#{md.anchor(heading)})", said, ", ".join(who) if who else "anybody"))
            details += _operation(heading, operation, document)
    yield md.table(("operation", "what it does", "roles"), rows)
    yield from details


def _roles(dependant: Dependant | None) -> list[str]:
    """The roles that any dependency of a route asks for, in the order in which it names them."""
    if dependant is None:
        return []
    own = list(getattr(dependant.call, "allowed_roles", ()))
    return list(dict.fromkeys([*own, *(role for below in dependant.dependencies for role in _roles(below))]))


def _operation(heading: str, operation: Schema, document: Schema) -> Iterator[str]:
    yield f"### {heading}"
    yield "\n\n".join(" ".join(paragraph.split()) for paragraph in str(operation["description"]).split("\n\n"))
    if operation.get("parameters"):
        yield md.table(("parameter", "in", "type", "meaning"), [_parameter(one) for one in operation["parameters"]])
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"Body, `{media}`:"
        yield _body(content.get("schema", {}), document)
    answers = [f"`{status}` {_answer(answer)}" for status, answer in operation["responses"].items() if status != "default"]
    yield f"Answers {md.listed(answers, 'or')}; problem details when it fails."


def _parameter(one: Schema) -> tuple[str, str, str, str]:
    schema = one.get("schema", {})
    default = f"; `{schema['default']}` when absent" if schema.get("default") is not None else ""
    return (
        f"`{one['name']}`{'' if one.get('required') else ' (optional)'}",
        one["in"],
        _kind(schema),
        f"{one.get('description', '')}{default}".removeprefix("; "),
    )


def _body(schema: Schema, document: Schema) -> str:
    found = _followed(schema, document)
    if not found.get("properties"):
        return f"{_kind(schema) or 'anything'}."
    required = found.get("required", ())
    return md.table(
        ("field", "type", "meaning"),
        [
            (f"`{name}`{'' if name in required else ' (optional)'}", _kind(field), " ".join(str(field.get("description", "")).split()))
            for name, field in found["properties"].items()
        ],
    )


def _answer(answer: Schema) -> str:
    schemas: list[Schema] = [content.get("schema", {}) for content in answer.get("content", {}).values()]
    kind = _kind(schemas[0]) if schemas else ""
    return f"({kind})" if kind not in ("", "anything") else ""


def _followed(schema: Schema, document: Schema) -> Schema:
    while "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        schema = document["components"]["schemas"][name]
    return schema


def _kind(schema: Schema) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2]).replace("_", " ").strip()
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_kind(way) for way in schema["anyOf"] if way.get("type") != "null"))
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    named = {"date-time": "time", "uuid": "UUID", "date": "date"}.get(str(schema.get("format")))
    return named or str(schema.get("type", "anything")).replace("string", "text").replace("object", "fields")
