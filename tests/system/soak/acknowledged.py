"""What one client knows of its project, for nobody else changes it: all that was acknowledged must be so until it changes it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from tests.system.load.documented import OK
from tests.system.load.mix import Call

Told = tuple[int, str]
STATES = {"start-container": "RUNNING", "restart-container": "RUNNING", "stop-container": "STOPPED"}
UNANSWERED: Told = (0, "")
UNKNOWN: Told = (400, "unknown_container")


@dataclass(frozen=True)
class Container:
    """As it was acknowledged; `desired` is empty if nobody knows."""

    docker_id: str
    ip: str
    desired: str = "RUNNING"


class Acknowledged:
    """What must be so of a project and its socket; what was not acknowledged, and may have been done, is not known any more."""

    def __init__(self, project: int) -> None:
        self.project = project
        self.containers: dict[str, Container] = {}  # by name
        self.removed: set[str] = set()  # docker_ids
        self.socket: int | None = None  # whose it is
        self.socket_known = False
        self._names: dict[str, str] = {}  # by docker_id, of all that there ever were

    def hear(self, call: Call, told: Told, body: dict[str, Any]) -> str:
        """Note an answer, the last to this call; a sentence if it denies what was acknowledged before."""
        refused = 400 <= told[0] < 500
        match call.endpoint:
            case "new-container" if told == OK:
                self._made(body)
            case "get-project-containers" if told == OK:
                self._names |= {found["docker_id"]: found["container_name"] for found in body["containers"]}
            case "update-container" | "remove-container" | "start-container" | "restart-container" | "stop-container":
                return self._changed(call, told, body)
            case "delete-bridge":
                self.containers.clear()
                self.socket, self.socket_known = None, told == OK
            case "add-port" | "remove-port" if not refused:
                self.socket, self.socket_known = self.project if call.endpoint == "add-port" else None, told == OK
        return ""

    def lost(self, containers: Iterable[dict[str, Any]], owner: int | None) -> Iterator[str]:
        """Sentences: what is not so, by the rows of the project's containers, and by whose its socket is."""
        there = {row["name"]: row for row in containers}
        for name, told in self.containers.items():
            row = there.get(name)
            found = Container(row["docker_id"], row["ip"], row["desired"] if told.desired else "") if row else None
            if found != told:
                yield f"container {name} of project {self.project} was acknowledged as {told}, and is {found}"
        for row in there.values():
            if row["docker_id"] in self.removed:
                yield f"container {row['name']} of project {self.project} was removed, and is there"
        if self.socket_known and owner != self.socket:
            yield f"the socket of project {self.project} was given to {self.socket}, and belongs to {owner}"

    def _made(self, body: dict[str, Any], desired: str = "RUNNING") -> None:
        self._names[body["docker_id"]] = body["container_name"]
        self.containers[body["container_name"]] = Container(body["docker_id"], body["ip"], desired)

    def _changed(self, call: Call, told: Told, body: dict[str, Any]) -> str:
        docker_id = call.path.split("/")[3]
        name = self._names.get(docker_id, "")
        known = self.containers.get(name)
        if 400 <= told[0] < 500:
            return f"{call}: it was acknowledged, and is unknown" if told == UNKNOWN and _is(known, docker_id) else ""
        if known is None:
            return ""
        if call.endpoint in STATES:
            self.containers[name] = replace(known, desired=STATES[call.endpoint] if told == OK else "")
        else:
            del self.containers[name]
        if told == OK and call.endpoint == "update-container":
            self._made(body, known.desired)
        if told == OK and call.endpoint == "remove-container":
            self.removed.add(docker_id)
        return ""


def _is(known: Container | None, docker_id: str) -> bool:
    return known is not None and known.docker_id == docker_id
