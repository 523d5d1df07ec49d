"""What the scenes of the demo share: calls of the API, laptops and containers to look from, and a count of what was checked."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests
from django.conf import settings
from django.core.management.base import CommandError, OutputWrapper
from rest_framework.authtoken.models import Token

from apps import host
from lab.room import Room

USER = 1
HERE, THERE = 7, 8  # the two projects
WEB, DB, OWN = "demo-web", "demo-db", "demo-own"
PING = ("ping", "-c", "2", "-i", "0.2", "-W", "2")


class Stage:
    """Says what happens, checks it, and ends the demo at the first thing that is not so."""

    def __init__(self, out: OutputWrapper) -> None:
        self._out = out
        self.passed = 0
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Token {_token()}"

    @property
    def room(self) -> Room:
        return Room.standing(settings.NETMANAGER_INSTANCE)

    def step(self, what: str) -> None:
        self._out.write(f"• {what}")

    def check_none(self, tries: dict[str, Callable[[], bool]]) -> None:
        """Check of each sentence that what it denies is not so; all are tried at once, for each waits for an answer."""
        with ThreadPoolExecutor() as pool:
            for what, held in zip(tries, pool.map(lambda hold: hold(), tries.values()), strict=True):
                self.check(what, not held)

    def check(self, what: str, holds: bool) -> None:
        if not holds:
            raise CommandError(f"demo: not so: {what}")
        self.passed += 1
        self._out.write(f"  ✓ {what}")

    def post(self, path: str, **fields: str) -> dict[str, Any]:
        return self._call("POST", path, fields)

    def get(self, path: str) -> dict[str, Any]:
        return self._call("GET", path, {})

    def build(self, path: str, dockerfile: str, **fields: str) -> dict[str, Any]:
        """POST with a Dockerfile as an uploaded file."""
        return self._call("POST", path, fields, dockerfile)

    def refused(self, path: str, dockerfile: str) -> dict[str, Any]:
        """The body of a refusal of the same."""
        status, body = self._asked("POST", path, {}, dockerfile)
        self.check(f"refused: {body.get('error')}", status == requests.codes.bad_request)
        return body

    def wait(self, what: str, condition: Callable[[], Any], seconds: float) -> Any:
        """The condition's value once it is true."""
        deadline = time.monotonic() + seconds
        while not (value := condition()):
            if time.monotonic() > deadline:
                raise CommandError(f"demo: not within {seconds:g} s: {what}")
            time.sleep(0.1)
        return value

    def inside(self, project: int, *command: str) -> tuple[int, str]:
        """Exit status and output of a command in the project's container WEB."""
        return host.engine.execute(host.names.container(project, WEB), list(command))

    def container_pings(self, project: int, target: str) -> bool:
        return self.inside(project, *PING, target)[0] == 0

    def on_laptop(self, socket: int, *command: str) -> tuple[int, str]:
        """Exit status and output of a command on a laptop."""
        done = self.room.laptop(socket).run(*command)
        return done.returncode, done.stdout

    def laptop_pings(self, socket: int, target: str) -> bool:
        return self.on_laptop(socket, *PING, target)[0] == 0

    def _call(self, method: str, path: str, fields: dict[str, str], dockerfile: str = "") -> dict[str, Any]:
        status, body = self._asked(method, path, fields, dockerfile)
        if status != requests.codes.ok:
            raise CommandError(f"demo: {method} /{path}/ failed: {body['error']}")
        return body

    def _asked(self, method: str, path: str, fields: dict[str, str], dockerfile: str) -> tuple[int, dict[str, Any]]:
        files = {"dockerfile": dockerfile} if dockerfile else None
        try:
            answer = self._session.request(method, f"{settings.NETMANAGER_API}/{path}/", data=fields, files=files, timeout=300)
            body: dict[str, Any] = answer.json()
        except requests.RequestException as error:  # no answer in time, or one that is not JSON
            raise CommandError(f"demo: {method} /{path}/ got no answer of the API: {error}") from error
        self._out.write(f"    {method} /{path}/ → {answer.status_code} {body}")
        return answer.status_code, body


def _token() -> str:
    token = Token.objects.filter(user__username="dml-servant").first()
    if token is None:
        raise CommandError("There is no service dml-servant: run make up.")
    return str(token.key)
