"""What stands while the contract is looked at: projects, containers, sockets, and a client that calls any operation."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import requests

from tests.conditions import wait_until
from tests.system.contract.description import Contract, Operation
from tests.system.lab import Lab
from tests.system.stack import BASE_IMAGE, DATABASE, INSTANCE, LISTEN, ROOT, Stack, postgres

USER, STRANGER = 1, 9
PROJECT, CLOSED, TWINS, BARE = 19001, 19002, 19003, 19004  # BARE has no network, TWINS has rows alone
SPARE, UNBUILT = 19005, 19006  # for what is tried and must fail; the second has no network
PORT, TAKEN, DISABLED, FREE = 1, 2, 3, 4  # sockets: PROJECT's, CLOSED's, a disabled one, and one that nobody has
OWNED = "created_by=1, cpus=0.1, memory=1"  # what a row of a container has besides
DOCKERFILE = ("Dockerfile", f'FROM {BASE_IMAGE}\nCMD ["sleep", "infinity"]\n')
THROTTLED = f"127.0.0.1:{int(LISTEN.rpartition(':')[2]) + 5}"
BODIES: dict[str, dict[str, Any]] = {  # of what cannot be called without one
    "update-container": {"files": {"dockerfile": DOCKERFILE}},
    "put-projects-members": {"json": {"members": [USER]}},
}
LOST_ID, REPLACED_ID = "feedfeedfeed", "0ddba11c0de5"
UNKNOWN_ID, TWIN_IDS = "ffffffffffff", ("abcd00000001", "abcd00000002")


class World:
    """The standing system as a caller sees it."""

    def __init__(self, stack: Stack, lab: Lab) -> None:
        self.stack, self.lab = stack, lab
        self.contract = Contract(
            requests.get(f"http://{LISTEN}/schema/", headers={"Accept": "application/json"}, timeout=60).json()
        )
        self.ids: dict[str, Any] = {"user_id": USER, "project_id": PROJECT, "port_id": PORT}

    # Calls

    def call(self, operation: Operation, headers: dict[str, str | None] | None = None, **ids: Any) -> requests.Response:
        """Call an operation with these ids, and else with those of what stands."""
        path = operation.path.format(**self.ids | ids)
        return self.request(operation.method, path, headers or {}, **BODIES.get(operation.name, {}))

    def request(self, method: str, path: str, headers: dict[str, str | None], to: str = LISTEN, **body: Any) -> requests.Response:
        """One request, with a token; a header of None is left out."""
        every = {"Authorization": f"Token {self.stack.token}"} | headers
        sent = {name: value for name, value in every.items() if value is not None}
        return requests.request(method, f"http://{to}{path}", headers=sent, timeout=180, **body)

    def post(self, operation: Operation, body: dict[str, str], **ids: Any) -> requests.Response:
        """Call an operation with fields in multipart, the Dockerfile as a file."""
        files = {name: ("Dockerfile" if name == "dockerfile" else None, value) for name, value in body.items()}
        return self.request("POST", operation.path.format(**self.ids | ids), {"Idempotency-Key": uuid4().hex}, files=files)

    def send(self, operation: Operation, body: bytes, content_type: str) -> requests.Response:
        """Call an operation with a body as it is; with a key, it is read where nothing else is in it."""
        headers: dict[str, str | None] = {"Content-Type": content_type, "Idempotency-Key": uuid4().hex}
        return self.request(operation.method, operation.path.format(**self.ids), headers, data=body)

    # What stands

    def build(self) -> None:
        """Projects with containers and sockets, and rows of what does not stand."""
        web = self.stack.new_container(PROJECT, "web", USER)
        self.ids["docker_id"] = web["docker_id"]
        self.ids["closed_docker_id"] = self.stack.new_container(CLOSED, "web", USER)["docker_id"]
        self.lab.add(PORT, PROJECT)
        self.lab.add(TAKEN, CLOSED)
        self.ids["uuid"] = postgres(
            f"SELECT uuid FROM operations_operation WHERE project_id = {PROJECT} LIMIT 1", DATABASE
        ).strip()
        postgres(f"UPDATE projects_project SET closed = true WHERE project_id = {CLOSED}", DATABASE)
        self.disable(DISABLED)
        ghost = self.ids["ghost_docker_id"] = self.stack.docker("create", "--user", "ghost", f"{INSTANCE}-default:latest")[:12]
        self.stack.orm(
            "from apps.projects.models import Project as P, Member as M; from apps.containers.models import Container as C;"
            f"P.objects.bulk_create([P(pk={TWINS}), P(pk={BARE})], ignore_conflicts=True);"
            f"M.objects.get_or_create(project_id={TWINS}, user_id={USER});"
            f"row = lambda d: C(project_id={TWINS}, name=d, ip='10.0.0.' + d[-1], docker_id=d, {OWNED});"
            f"C.objects.bulk_create(row(d) for d in {TWIN_IDS});"
            f"lone = lambda n, d, ip: C.objects.create(project_id={PROJECT}, name=n, docker_id=d, ip=ip, {OWNED});"
            f"lone('lost', '{LOST_ID}', '10.0.0.3'); lone('ghost', '{ghost}', '10.0.0.4');"
            "from apps.containers.models import FormerId;"
            f"FormerId.objects.create(docker_id='{REPLACED_ID}', container=C.objects.get(docker_id='{web['docker_id']}'))"
        )

    def clear(self) -> None:
        """Nothing of it is left."""
        postgres(f"UPDATE projects_project SET closed = false WHERE project_id = {CLOSED}", DATABASE)
        self.stack.orm(
            "from apps.containers.models import Container as C; from apps.operations.models import Operation as O;"
            f"C.objects.filter(project_id={TWINS}).delete(); C.objects.filter(name__in=['lost', 'ghost']).delete();"
            "O.objects.filter(service='test').delete()"
        )
        if "ghost_docker_id" in self.ids:
            self.stack.docker("rm", "-f", self.ids["ghost_docker_id"])
        postgres("UPDATE ports_socket SET enabled = true, disabled_reason = ''", DATABASE)
        self.stack.delete_projects(PROJECT, CLOSED, TWINS, BARE, SPARE, UNBUILT)

    def disable(self, socket: int) -> None:
        postgres(f"UPDATE ports_socket SET enabled = false, disabled_reason = 'loop' WHERE number = {socket}", DATABASE)


@contextmanager
def standing_world(stack: Stack, lab: Lab) -> Iterator[World]:
    """The world, until the end of the block."""
    world = World(stack, lab)
    try:
        world.build()
        with _throttled_web(stack):
            yield world
    finally:
        world.clear()


@contextmanager
def _throttled_web(stack: Stack) -> Iterator[None]:
    """Another web process, at THROTTLED, that lets a service call once an hour."""
    environment = os.environ | stack.environment | {"NETMANAGER_THROTTLE": "1/hour"}
    command = [".venv/bin/gunicorn", "--bind", THROTTLED, "--worker-class", "gthread", "--no-control-socket", "netmanager.wsgi"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL) as web:
        try:
            wait_until(_throttled_answers, "the throttled web process answers")
            yield
        finally:
            web.terminate()


def _throttled_answers() -> bool:
    try:
        return requests.get(f"http://{THROTTLED}/healthz/", timeout=5).ok
    except requests.ConnectionError:
        return False
