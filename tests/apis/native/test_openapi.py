"""The OpenAPI document: served to everybody, sound as a document, and true."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from exeunt.apis.native.openapi import PROBLEM_EXAMPLES, document
from exeunt.apis.native.operations import OPERATIONS
from exeunt.apis.native.words import ExportRequest, Problem
from tests.apis.native.conftest import BASE, Client

DOCUMENT = json.loads(msgspec.json.encode(document("https://exeunt.example")))
METHODS = {"get", "post", "delete"}


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, operation) for path, item in DOCUMENT["paths"].items() for method, operation in item.items()]


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_it_is_served_without_login(nobody: Client) -> None:
    answer = nobody("GET", "/v1/openapi.json")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == json.loads(msgspec.json.encode(document(BASE)))
    assert answer.json()["servers"] == [{"url": BASE}]


def test_it_is_openapi_3_1() -> None:
    assert DOCUMENT["openapi"].startswith("3.1.")
    assert set(DOCUMENT["info"]) >= {"title", "version"}
    assert set(DOCUMENT) <= {"openapi", "info", "servers", "security", "paths", "components"}
    assert all(path.startswith("/v1/") for path in DOCUMENT["paths"])
    assert all(method in METHODS for _, method, _ in operations())


def test_every_reference_leads_somewhere() -> None:
    found = set(references(DOCUMENT))
    assert found
    for reference in found:
        assert reference.removeprefix("#/components/schemas/") in DOCUMENT["components"]["schemas"]


def test_every_schema_is_used() -> None:
    used = {reference.rsplit("/", 1)[1] for reference in references(DOCUMENT)}
    assert used == set(DOCUMENT["components"]["schemas"])


def test_operations_have_ids_of_their_own() -> None:
    ids = [operation["operationId"] for _, _, operation in operations()]
    assert len(ids) == len(set(ids)) == len(OPERATIONS)


def test_every_name_in_an_address_is_a_parameter() -> None:
    for path, _, operation in operations():
        named = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
        assert named == {part[1:-1] for part in path.split("/") if part.startswith("{")}
        for parameter in operation["parameters"]:
            assert {"name", "in", "required", "description", "schema"} <= set(parameter)
            assert parameter["required"] is (parameter["in"] == "path")
            assert "$ref" not in parameter["schema"]


def test_every_answer_has_a_meaning_a_type_and_an_example() -> None:
    for _, _, operation in operations():
        assert any(status.startswith("2") for status in operation["responses"])
        assert {"400", "401", "429", "503"} <= set(operation["responses"])
        for answer in operation["responses"].values():
            assert answer["description"]
            assert set(answer["content"]["application/json"]) == {"schema", "example"}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.id)
def test_every_example_is_of_its_type(operation: Any) -> None:
    printed = DOCUMENT["paths"][operation.path][operation.method.lower()]
    for status, answer in operation.answers.items():
        example = printed["responses"][str(status)]["content"]["application/json"]["example"]
        value = msgspec.convert(example, answer.type)
        # nothing is left out of an example, and nothing is in it that the type does not have
        assert set(example) == set(msgspec.to_builtins(value))
    for status, answer in printed["responses"].items():
        if int(status) >= 400:
            msgspec.convert(answer["content"]["application/json"]["example"], Problem)
    if operation.body is not None:
        example = printed["requestBody"]["content"]["application/json"]["example"]
        msgspec.convert(example, operation.body)


def test_the_example_of_asking_can_be_sent(ann: Client) -> None:
    example = DOCUMENT["paths"]["/v1/exports"]["post"]["requestBody"]["content"]["application/json"]["example"]
    # its person is of another workspace
    assert ann("POST", "/v1/exports", json=example | {"people": ["U-ann"]}).status_code == 202


def test_security_is_a_bearer_token() -> None:
    (name,) = DOCUMENT["security"][0]
    assert DOCUMENT["components"]["securitySchemes"][name]["scheme"] == "bearer"


def test_the_manual_has_every_operation_with_its_scope_and_every_field() -> None:
    manual = (Path(__file__).parents[3] / "docs" / "native.md").read_text()
    for operation in OPERATIONS:
        assert f"| `{operation.method} {operation.path}` | `{operation.scope}` |" in manual
    for name in ExportRequest.__struct_fields__:
        assert f"`{name}`" in manual
    for status, (error, _) in PROBLEM_EXAMPLES.items():
        assert f"| {status} | `{error}`" in manual
