"""The OpenAPI 3.1 document, made from the table of operations and the structs they use."""

from typing import Any

import msgspec

from exeunt import __version__
from exeunt.apis.native.operation import Answer, Operation
from exeunt.apis.native.operations import OPERATIONS
from exeunt.apis.native.problems import MEANINGS
from exeunt.apis.native.words import Problem

REF = "#/components/schemas/{name}"
_ALWAYS = (400, 401, 405, 429, 500, 503)
_WITH_BODY = (408, 413, 415)
PROBLEM_EXAMPLES = {
    400: ("invalid_input", "query: Expected `int` <= 1000 - at `$.limit`"),
    401: ("unauthorized", "this token is not accepted here"),
    403: ("forbidden", "this needs the scope audit:read"),
    404: ("not_found", "no export 0f8fad5b-d9cb-469f-a165-70867728950e"),
    405: ("method_not_allowed", "this address takes GET, HEAD, POST"),
    408: ("body_stalled", "the request body did not arrive in time"),
    409: ("conflict", "export 0f8fad5b-d9cb-469f-a165-70867728950e has no links to end"),
    413: ("body_too_large", "the request body is too large"),
    415: ("not_json", "the body must be application/json"),
    429: ("busy", "too many requests"),
    500: ("internal", "the server made a mistake; its log has it under 5bb1c7a2f6d0e411"),
    503: ("unavailable", "the database does not answer: disk I/O error"),
    507: ("no_space", "only 120 MiB are free; new exports and imports wait for more"),
}
_PROBLEM_HEADERS = {
    401: {"WWW-Authenticate": "`Bearer`."},
    405: {"Allow": "The methods."},
    429: {"Retry-After": "Seconds to wait."},
    503: {"Retry-After": "Seconds to wait."},
}


def document(base: str) -> dict[str, Any]:
    """The whole document for a server at `base`."""
    _, schemas = msgspec.json.schema_components(_types(), ref_template=REF)
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Exeunt",
            "version": __version__,
            "description": "The way out for workspace data. Ask for an export, look at it until it has ended, "
            "then fetch its archives: their links need no token.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": base}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Made by `exeunt token create --for native`.",
                }
            },
        },
    }


def _types() -> list[Any]:
    types: list[Any] = [Problem]
    for operation in OPERATIONS:
        types += [answer.type for answer in operation.answers.values()]
        if operation.body is not None:
            types.append(operation.body)
    return list(dict.fromkeys(types))


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.id,
        "summary": operation.summary,
        "description": f"Needs the scope `{operation.scope}`.",
        "parameters": [_named(name, text) for name, text in operation.names.items()] + _parameters(operation.query),
        "responses": {str(status): _answer(answer) for status, answer in sorted(operation.answers.items())},
    }
    refusals = {*_ALWAYS, *operation.refusals, *(_WITH_BODY if operation.body else ())}
    described["responses"] |= {str(status): _refusal(status) for status in sorted(refusals)}
    if operation.body is not None:
        described["requestBody"] = {
            "required": operation.body_needed,
            "content": _content(operation.body, operation.body_example),
        }
    return described


def _named(name: str, text: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "description": text, "schema": {"type": "string"}}


def _parameters(query: type[msgspec.Struct] | None) -> list[dict[str, Any]]:
    if query is None:
        return []
    _, schemas = msgspec.json.schema_components([query], ref_template=REF)
    schema, found = schemas[query.__name__], []
    for name, value in schema["properties"].items():
        kept = dict(value)
        text = kept.pop("description", "")
        found.append({"name": name, "in": "query", "required": name in schema.get("required", ()), "description": text,
                      "schema": kept})  # fmt: skip
    return found


def _answer(answer: Answer) -> dict[str, Any]:
    described: dict[str, Any] = {"description": answer.meaning, "content": _content(answer.type, answer.example)}
    if answer.headers:
        described["headers"] = _headers(answer.headers)
    return described


def _refusal(status: int) -> dict[str, Any]:
    error, message = PROBLEM_EXAMPLES[status]
    described: dict[str, Any] = {
        "description": MEANINGS[status],
        "content": _content(Problem, {"error": error, "message": message}),
    }
    if status in _PROBLEM_HEADERS:
        described["headers"] = _headers(_PROBLEM_HEADERS[status])
    return described


def _headers(headers: dict[str, str]) -> dict[str, Any]:
    return {name: {"description": text, "schema": {"type": "string"}} for name, text in headers.items()}


def _content(type_: type[Any], example: Any) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": REF.format(name=type_.__name__)}, "example": example}}
