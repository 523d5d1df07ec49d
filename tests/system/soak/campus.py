"""Projects of many containers, each with a socket and an owner of its own; NETMANAGER_SOAK_SECONDS says how large it is."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from tests.system import services
from tests.system.lab import Lab, standing_lab
from tests.system.load import projects
from tests.system.load.mix import USER, Call, Known, Mix
from tests.system.repairs.reconciling import healing
from tests.system.soak.documented import while_killed
from tests.system.soak.owner import Owner
from tests.system.stack import Stack
from tests.system.state.facts import rows

SECONDS = float(os.environ.get("NETMANAGER_SOAK_SECONDS", "40"))
SEED = os.environ.get("NETMANAGER_SOAK_SEED", "0")
FULL = SECONDS >= 300
ALL_IS_OURS = FULL and services.ASKED_FOR  # so that PostgreSQL, Redis, Open vSwitch and the firewall may be killed, too
PROJECTS = range(8101, 8121) if FULL else range(8101, 8105)
CONTAINERS = 10 if FULL else 2  # of a project
NAMES = ("web", *(f"box{number}" for number in range(1, CONTAINERS + 1)))  # one more than a project may have


class Campus:
    """What stands while clients change it and things are killed."""

    def __init__(self, lab: Lab) -> None:
        self.lab, self.stack = lab, lab.stack
        self.victim, self.busy = PROJECTS[0], PROJECTS.stop  # the second is nobody's
        self.owners = [self._owner(project, socket) for socket, project in enumerate(PROJECTS, 1)]

    def fill(self) -> None:
        """Every project has all containers that it may have, and they run."""
        with ThreadPoolExecutor(len(self.owners)) as pool:
            list(pool.map(self._fill, self.owners))

    def lost(self) -> list[str]:
        """What was acknowledged to owners and is not so."""
        containers = rows(f"SELECT * FROM containers_container WHERE project_id IN {tuple(PROJECTS)}")
        sockets = {row["number"]: row["project_id"] for row in rows("SELECT number, project_id FROM ports_socket")}
        return [
            sentence
            for socket, owner in enumerate(self.owners, 1)
            for sentence in owner.acknowledged.lost(
                [row for row in containers if row["project_id"] == owner.project], sockets[socket]
            )
        ]

    def _owner(self, project: int, socket: int) -> Owner:
        known = Known()
        mix = Mix(f"{SEED}-{project}", (project,), (socket,), known, NAMES)
        return Owner(self.stack.token, mix, known, project, while_killed())

    def _fill(self, owner: Owner) -> None:
        there = owner.make(Call("GET", f"/get-project-containers/{USER}/{owner.project}/"))["containers"]
        for container in there:
            if container["status"] != "running":
                owner.make(Call("POST", f"/start-container/{USER}/{container['docker_id']}/"))
        free = [name for name in NAMES if name not in {container["container_name"] for container in there}]
        for name in free[: CONTAINERS - len(there)]:
            owner.make(Call("POST", f"/new-container/{USER}/{owner.project}/", {"name": name}))


@contextmanager
def standing_campus(stack: Stack) -> Iterator[Campus]:
    """It stands, and heals, until the end of the block."""
    with healing(stack), standing_lab(stack, len(PROJECTS)) as lab:
        projects.enter(stack, PROJECTS, CONTAINERS)
        try:
            campus = Campus(lab)
            campus.fill()
            yield campus
        finally:
            projects.delete(stack, PROJECTS)
