"""The API as it is described: its operations, what each can answer, and whether an answer is one of them."""

from dataclasses import dataclass
from typing import Any

import requests
import schemathesis
from drf_spectacular.generators import SchemaGenerator

SCHEMA: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    name: str
    method: str
    path: str

    @property
    def described(self) -> dict[str, Any]:
        said: dict[str, Any] = SCHEMA["paths"][self.path][self.method.lower()]
        return said

    @property
    def ids(self) -> set[str]:
        """The names of the ids in its path."""
        return {parameter["name"] for parameter in self.described.get("parameters", []) if parameter["in"] == "path"}

    @property
    def codes(self) -> list[tuple[int, str]]:
        """(status, code) of every error."""
        return [
            (int(status), code)
            for status, response in self.described["responses"].items()
            for code in response["content"]["application/json"]["schema"].get("properties", {}).get("code", {}).get("enum", [])
        ]

    def takes(self, header: str) -> bool:
        return any((said["in"], said["name"]) == ("header", header) for said in self.described.get("parameters", []))


OPERATIONS = [
    Operation(said["operationId"], method.upper(), path)
    for path, methods in SCHEMA["paths"].items()
    for method, said in methods.items()
]
NAMED = {operation.name: operation for operation in OPERATIONS}
ERRORS = [(operation, status, code) for operation in OPERATIONS for status, code in operation.codes]


class Contract:
    """The description as it is served."""

    def __init__(self, served: dict[str, Any]) -> None:
        self.served = served
        self._schema = schemathesis.openapi.from_dict(served)

    def check(self, operation: Operation, response: requests.Response) -> dict[str, Any]:
        """The body of an answer that is as described, to the last field; fails otherwise."""
        self._schema[operation.path][operation.method].validate_response(response)
        body: dict[str, Any] = response.json()
        media = operation.described["responses"][str(response.status_code)]["content"]["application/json"]
        assert not list(self._undescribed(body, media["schema"])), body
        return body

    def _undescribed(self, value: Any, schema: dict[str, Any]) -> list[str]:
        """Fields that the description does not have."""
        if "$ref" in schema:
            schema = self.served["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        if isinstance(value, list):
            return [name for item in value for name in self._undescribed(item, schema["items"])]
        if not isinstance(value, dict) or "properties" not in schema:
            return []
        properties = schema["properties"]
        unknown = [name for name in value if name not in properties]
        return unknown + [name for key in set(value) - set(unknown) for name in self._undescribed(value[key], properties[key])]
