"""A worker that is killed in the middle of an operation, at each of its steps, and what has to become of the operation."""

import os
import signal
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.conditions import wait_until
from tests.system.builds.test_update import FIRST, SECOND
from tests.system.matrix.city import BUSY, City
from tests.system.matrix.kills import pid_of, served
from tests.system.matrix.site import Site
from tests.system.matrix.void import Void
from tests.system.stack import ENDED, LISTEN, Stack, run
from tests.system.state.facts import NAMES, rows

BRIDGE, ROUTER, WEB = NAMES.bridge(BUSY), NAMES.router(BUSY), NAMES.container(BUSY, "web")
PATHS = {
    "create-bridge": "/create-bridge/1/{busy}/", "new-container": "/new-container/1/{busy}/",
    "update-container": "/update-container/1/{web}/", "delete-bridge": "/delete-bridge/1/{busy}/",
}  # fmt: skip
BEFORE = "SELECT 1 FROM operations_operation WHERE littered OR state NOT IN ('SUCCEEDED', 'FAILED')"
Reached = Callable[[Stack], bool]


@dataclass
class Middle:
    """An operation on project BUSY, and the sign on the host that it has come to a step."""

    kind: str
    step: str
    reached: Reached
    _web: str = ""
    _operation: str = ""

    def prepare(self, city: City) -> None:
        """What must be there before it can be asked for, and nothing else of the project."""
        city.sweep()
        if self.kind in ("new-container", "delete-bridge"):
            city.ask(f"/create-bridge/1/{BUSY}/")
        if self.kind in ("update-container", "delete-bridge"):
            answer = city.stack.build(f"/new-container/1/{BUSY}/", FIRST, name="web")
            assert answer.status == 200, answer
            self._web = answer.body["docker_id"]
        wait_until(lambda: not rows(f"{BEFORE} LIMIT 1"), "nothing is under way")

    def kill(self, site: Site) -> float:
        """SIGKILL the worker once it has come to the step; when there was a worker again."""
        worker, serves = pid_of(site, "datacenter"), served("datacenter")
        self._operation = self._ask(site.stack)
        wait_until(lambda: self._there_or_ended(site.stack), f"{self.kind}: {self.step}", 120)
        os.killpg(worker, signal.SIGKILL)
        wait_until(lambda: not Path(f"/proc/{worker}").exists(), "the worker has ended")
        wait_until(serves, "a worker serves again")
        return time.monotonic()

    def _there_or_ended(self, stack: Stack) -> bool:
        if self.reached(stack):
            return True
        if stack.operation(self._operation)["state"] in ENDED:
            raise Void(f"{self.kind} ended before it was seen that {self.step}")
        return False

    def complaints(self, city: City) -> list[str]:
        """Sentences, if it is lost or half done: it has ended, a repeat does it, and nothing is there twice."""
        found = city.stack.operation(self._operation)
        said = (found["state"], found.get("error_code") or "")
        wrong = [] if said in {("SUCCEEDED", ""), ("FAILED", "worker_lost")} else [f"{self.kind} ended {said}"]
        if said[0] == "FAILED":
            again = city.stack.ended(self._ask(city.stack))
            wrong += [] if again["state"] == "SUCCEEDED" else [f"{self.kind} repeated: {again['error']}"]
        wanted = 0 if self.kind == "delete-bridge" else 1
        there = city.stack.docker("ps", "-a", "--format", "{{.Names}}").split()
        routers, webs = there.count(ROUTER), [name for name in there if name.startswith(WEB)]
        if routers != wanted or len(webs) != (wanted if self.kind != "create-bridge" else 0):
            wrong.append(f"after {self.kind} there are {routers} routers, and {webs}")
        return wrong

    def _ask(self, stack: Stack) -> str:
        """The uuid of the operation, asked for and not waited for."""
        headers = {"Authorization": f"Token {stack.token}", "Prefer": "respond-async", "Idempotency-Key": uuid.uuid4().hex}
        files: dict[str, Any] = {"name": (None, "web")} if self.kind == "new-container" else {}
        if self.kind == "update-container":
            files = {"dockerfile": SECOND}
        path = PATHS[self.kind].format(busy=BUSY, web=self._web)
        sent = requests.post(f"http://{LISTEN}{path}", headers=headers, files=files or None, timeout=60)
        assert sent.status_code == 202, sent.text
        return str(sent.json()["operation"])


# The signs, in the order in which they come


def _listed(stack: Stack, *filters: str) -> list[str]:
    return stack.docker("ps", "-a", "--format", "{{.Names}}", *filters).split()


def _row(condition: str) -> bool:
    """Whether the project's row, joined with those of its containers, is so."""
    joined = "projects_project p LEFT JOIN containers_container c USING (project_id)"
    return bool(rows(f"SELECT 1 FROM {joined} WHERE project_id = {BUSY} AND {condition}"))


def _bridges() -> list[str]:
    return run("ovs-vsctl", "list-br").split()


def _networks(stack: Stack) -> list[str]:
    return stack.docker("network", "ls", "--format", "{{.Name}}").split()


MIDDLES = (
    Middle("create-bridge", "a VLAN is claimed", lambda stack: _row("p.status = 'BUILD'")),
    Middle("create-bridge", "the bridge is there", lambda stack: BRIDGE in _bridges()),
    Middle("create-bridge", "its tunnels are there", lambda stack: "-s" in run("ovs-vsctl", "list-ports", BRIDGE, check=False)),
    Middle(
        "create-bridge",
        "its Docker network is there",
        lambda stack: BRIDGE in _networks(stack),
    ),
    Middle("create-bridge", "its router is made", lambda stack: ROUTER in _listed(stack)),
    Middle("create-bridge", "its router runs", lambda stack: ROUTER in _listed(stack, "--filter", "status=running")),
    Middle("new-container", "name and address are claimed", lambda stack: _row("c.docker_id = ''")),
    Middle("new-container", "it is made", lambda stack: WEB in _listed(stack)),
    Middle("new-container", "it runs", lambda stack: WEB in _listed(stack, "--filter", "status=running")),
    Middle("update-container", "the new one is made", lambda stack: f"{WEB}.next" in _listed(stack)),
    Middle("update-container", "the old one is stopped", lambda stack: WEB in _listed(stack, "--filter", "status=exited")),
    Middle("update-container", "the new one runs", lambda stack: f"{WEB}.next" in _listed(stack, "--filter", "status=running")),
    Middle("delete-bridge", "it is begun", lambda stack: _row("p.status = 'DELETING'")),
    Middle("delete-bridge", "its containers are gone", lambda stack: not {WEB, ROUTER} & set(_listed(stack))),
    Middle(
        "delete-bridge",
        "its Docker network is gone",
        lambda stack: BRIDGE not in _networks(stack),
    ),
    Middle("delete-bridge", "its bridge is gone", lambda stack: BRIDGE not in _bridges()),
)
