"""A seeded random mix of calls over a few projects, which everybody makes and nobody has agreed on."""

import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from tests.system.stack import BASE_IMAGE

USER = 1
NOBODY = "f" * 12  # the docker_id of no container
NAMES = ("web", "db", "cache", "queue")  # one more than a project may have
DOCKERFILES = (
    f'FROM {BASE_IMAGE}\nRUN true\nCMD ["sleep", "infinity"]\n',
    f'FROM {BASE_IMAGE}\nRUN echo one >/one\nUSER nobody\nCMD ["sleep", "infinity"]\n',
    f"FROM {BASE_IMAGE} AS one\nRUN echo 2 >/two\nFROM {BASE_IMAGE}\nCOPY --from=one /two /two\nCMD sleep 9999\n",
)
BROKEN = (f"FROM {BASE_IMAGE}\nRUN false\n", "RUN true\n", "", "FROM nobody-has-this\n")


@dataclass(frozen=True)
class Call:
    """One request; `dockerfile` is sent as a file."""

    method: str
    path: str
    fields: dict[str, str] = field(default_factory=dict)
    dockerfile: str | None = None

    @property
    def endpoint(self) -> str:
        """The first word of the path."""
        return self.path.split("/")[1].split("?")[0]


class Known:
    """What answers have told so far, for all clients: most of it is so still."""

    def __init__(self) -> None:
        self.containers: dict[int, set[str]] = {}  # docker_ids of a project
        self.operations: deque[str] = deque(maxlen=30)

    def docker_ids(self) -> list[str]:
        return [docker_id for ids in list(self.containers.values()) for docker_id in list(ids)]

    def forget(self, docker_id: str) -> None:
        """A container that is gone; another client may have said so already."""
        for ids in list(self.containers.values()):
            ids.discard(docker_id)


class Mix:
    """One client's calls, which give containers these names."""

    def __init__(
        self, seed: str, projects: Sequence[int], sockets: Sequence[int], known: Known, names: Sequence[str] = NAMES
    ) -> None:
        self.random = random.Random(seed)
        self._projects, self._sockets, self._known, self._names = projects, sockets, known, names
        self._makers = {
            self._create_bridge: 3, self._delete_bridge: 1, self._new_container: 14, self._build: 4, self._update: 6,
            self._list: 12, self._of_container: 12, self._change: 16, self._remove: 3, self._add_port: 8, self._remove_port: 6,
            self._operation: 6, self._fixed: 3,
        }  # fmt: skip

    def first(self, number: int) -> Call:
        """A call of each kind, by numbers that follow each other."""
        return list(self._makers)[number % len(self._makers)]()

    def next(self) -> Call:
        """Any call, at random."""
        [maker] = self.random.choices(list(self._makers), list(self._makers.values()))
        return maker()

    def _create_bridge(self) -> Call:
        return Call("POST", f"/create-bridge/{USER}/{self._project}/")

    def _delete_bridge(self) -> Call:
        return Call("POST", f"/delete-bridge/{USER}/{self._project}/")

    def _new_container(self) -> Call:
        image = self.random.choice(("", "", "debian", "default", "nobody-has-this"))
        return Call("POST", f"/new-container/{USER}/{self._project}/", {"name": self._name, "image": image})

    def _build(self) -> Call:
        return Call("POST", f"/new-container/{USER}/{self._project}/", {"name": self._name}, self._dockerfile)

    def _update(self) -> Call:
        return Call("POST", f"/update-container/{USER}/{self._container}/", dockerfile=self._dockerfile)

    def _list(self) -> Call:
        return Call("GET", f"/get-project-containers/{USER}/{self._project}/")

    def _of_container(self) -> Call:
        return Call("GET", f"/{self.random.choice(('get-container-info', 'get-container-logs'))}/{USER}/{self._container}/")

    def _change(self) -> Call:
        verb = self.random.choice(("start", "stop", "restart"))
        return Call(self.random.choice(("GET", "POST")), f"/{verb}-container/{USER}/{self._container}/")

    def _remove(self) -> Call:
        return Call("POST", f"/remove-container/{USER}/{self._container}/")

    def _add_port(self) -> Call:
        return Call("POST", f"/add-port/{USER}/{self._project}/{self.random.choice(self._sockets)}/")

    def _remove_port(self) -> Call:
        return Call("POST", f"/remove-port/{USER}/{self.random.choice(self._sockets)}/")

    def _operation(self) -> Call:
        if self.random.random() < 0.5:
            return Call("GET", f"/operations/{self.random.choice([UUID(int=0), *self._known.operations])}/")
        return Call("GET", f"/operations/?project_id={self._project}")

    def _fixed(self) -> Call:
        return Call(
            "GET", self.random.choice((f"/projects/{self._project}/members/", "/schema/", "/docs/", "/healthz/", "/readyz/"))
        )

    @property
    def _project(self) -> int:
        return self.random.choice(self._projects)

    @property
    def _name(self) -> str:
        return self.random.choice(self._names)

    @property
    def _container(self) -> str:
        return self.random.choice(self._known.docker_ids() or [NOBODY]) if self.random.random() < 0.95 else NOBODY

    @property
    def _dockerfile(self) -> str:
        return self.random.choice(DOCKERFILES if self.random.random() < 0.7 else BROKEN)
