"""The running NetManager's API, as a caller with a kept connection."""

import os
from pathlib import Path
from typing import Any

import requests


class Api:
    """Calls the API with the service token of `make up`; any failure ends the benchmark."""

    def __init__(self) -> None:
        self._url = os.environ["NETMANAGER_API"]
        self._session = requests.Session()
        token = Path(os.environ["NETMANAGER_VAR"], "dml-servant.token").read_text().strip()
        self._session.headers["Authorization"] = f"Token {token}"

    def get(self, path: str) -> dict[str, Any]:
        return self._call("GET", path)

    def post(self, path: str) -> dict[str, Any]:
        return self._call("POST", path)

    def _call(self, method: str, path: str) -> dict[str, Any]:
        answer = self._session.request(method, f"{self._url}{path}", timeout=300)
        body: dict[str, Any] = answer.json()
        if answer.status_code != requests.codes.ok:
            raise SystemExit(f"{method} {path}: {body['error']}")
        return body
