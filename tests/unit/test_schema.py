"""The OpenAPI description has every path of the API, and what each can answer."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.generators import SchemaGenerator

UNDESCRIBED = {"/schema/", "/docs/"}  # the description itself; the admin's pages are no part of the API
METHODS = {"get", "post", "put", "patch", "delete"}

SCHEMA: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
OPERATIONS = [(path, method, SCHEMA["paths"][path][method]) for path in SCHEMA["paths"] for method in SCHEMA["paths"][path]]
NAMES = [operation["operationId"] for _, _, operation in OPERATIONS]


def _views(resolver: URLResolver, prefix: str = "/") -> Iterator[tuple[str, Any]]:
    """(path as OpenAPI writes it, view) of all but the admin."""
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path), entry.callback
        elif entry.app_name != "admin":
            yield from _views(entry, path)


@pytest.mark.parametrize(("path", "view"), list(_views(get_resolver())))
def test_every_method_of_every_path_is_described(path: str, view: Any) -> None:
    if path in UNDESCRIBED:
        return
    allowed = {name.lower() for name in view.view_class(**view.view_initkwargs).allowed_methods}
    assert set(SCHEMA["paths"].get(path, {})) == allowed & METHODS


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS, ids=NAMES)
def test_every_operation_says_what_it_does_and_answers(path: str, method: str, operation: dict[str, Any]) -> None:
    assert operation["summary"].endswith(".")
    assert {"200", "400", "405", "413"} <= set(operation["responses"])
    assert operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert (
        bool(operation.get("security"))
        == ("401" in operation["responses"])
        == ("500" in operation["responses"])
        == (operation["tags"] != ["health"])
    )


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS, ids=NAMES)
def test_every_error_has_an_example_of_each_of_its_codes(path: str, method: str, operation: dict[str, Any]) -> None:
    for status, response in operation["responses"].items():
        if int(status) < 400 or (operation["tags"], status) == (["health"], "503"):
            continue
        media = response["content"]["application/json"]
        examples = [example["value"] for example in media["examples"].values()]
        assert sorted(example["code"] for example in examples) == media["schema"]["properties"]["code"]["enum"]
        assert all(example["success"] is False and example["error"] for example in examples)


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS, ids=NAMES)
def test_ids_in_a_path_have_limits(path: str, method: str, operation: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path":
            assert set(parameter["schema"]) & {"maximum", "pattern", "format"}, parameter["name"]


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS, ids=NAMES)
def test_a_change_may_be_pending_and_is_recommended_by_post(path: str, method: str, operation: dict[str, Any]) -> None:
    by_get = operation["operationId"].endswith("-by-get")
    assert operation.get("deprecated", False) == by_get
    if method == "post" or by_get:
        assert operation["responses"]["202"]["headers"]["Location"]["required"]


def test_operations_are_called_like_their_paths_and_each_once() -> None:
    assert len(set(NAMES)) == len(NAMES)
    for path, _, operation in OPERATIONS:
        assert path.strip("/").split("/")[0].rstrip("s") in operation["operationId"]
