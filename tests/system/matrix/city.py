"""Five projects of three containers and two laptops each, with streams in all, and one more project for whoever makes calls."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from datacenter.addressing import mac_of
from lab.stream import Endpoint, Target
from tests.conditions import wait_until
from tests.system.lab import Lab, standing_lab
from tests.system.matrix.ends import NAMED, End
from tests.system.matrix.ways import Way
from tests.system.netns import INTERNET, Namespace, internet_behind_nat
from tests.system.stack import Stack, run
from tests.system.state.facts import NAMES, rows

PROJECTS = (9601, 9602, 9603, 9604, 9605)
CALLS = 9606  # has sockets 11 and 12 in turn
BUSY = 9607  # is built, changed and removed by those rows that kill whoever does it
CONTAINERS = ("web", "db", "cache")
SPARE = (11, 12)
KINDS = ("laptop → container", "container → container", "container → internet", "laptop → laptop")
QUIET = "from apps.ports.models import Switch; Switch.objects.update(bounce_ms=0)"


@dataclass(frozen=True)
class Place:
    """A project as the API told of it, with the two sockets that it has."""

    number: int
    vlan: int
    gateway: str
    sockets: tuple[int, int]


class City:
    """What stands while one thing after the other is killed."""

    def __init__(self, lab: Lab, far: Namespace) -> None:
        self.lab, self.stack, self.far = lab, lab.stack, far
        self.places: list[Place] = []
        self.victim, self.busy = PROJECTS[0], BUSY

    def build(self) -> None:
        self.stack.orm(QUIET)  # a link of the lab that goes up or down costs frames of the tunnel
        self.lab.wait_connected()
        with ThreadPoolExecutor(len(PROJECTS)) as pool:
            self.places = list(pool.map(self._place, PROJECTS))
        self.ask(f"/create-bridge/1/{CALLS}/")

    def sweep(self) -> None:
        """Remove project BUSY."""
        wait_until(lambda: self.stack.post(f"/delete-bridge/1/{BUSY}/").status == 200, "project BUSY is gone")

    def rebuild(self) -> None:
        """All anew, after something that nobody put right."""
        self.demolish()
        self.build()

    def demolish(self) -> None:
        for project in (*PROJECTS, CALLS, BUSY):
            self.stack.delete_project(project)

    def ask(self, path: str, **fields: str) -> dict[str, Any]:
        """A call that must succeed."""
        answer = self.stack.post(path, **fields)
        assert answer.status == 200, answer
        return answer.body

    # What is in it

    def ways(self) -> list[Way]:
        """Of each project one of each kind, in the order of KINDS."""
        return [way for place in self.places for way in self._ways(place)]

    @property
    def vlans(self) -> dict[str, int]:
        """The VLAN of each project's bridge."""
        found = rows("SELECT project_id, vlan FROM projects_project WHERE vlan IS NOT NULL")
        return {NAMES.bridge(row["project_id"]): row["vlan"] for row in found}

    @property
    def laptops(self) -> list[tuple[str, str, int]]:
        """Namespace, MAC and project's VLAN of each laptop."""
        found = [(self.lab.room.laptop(socket), place.vlan) for place in self.places for socket in place.sockets]
        return [(laptop.namespace, laptop.mac, vlan) for laptop, vlan in found]

    def told(self) -> dict[str, Any]:
        """What the API tells of every container of the five."""
        paths = {place.number: f"/get-project-containers/1/{place.number}/" for place in self.places}
        return {f"p{number}": self.stack.get(path).body["containers"] for number, path in paths.items()}

    def addresses(self) -> dict[str, str]:
        """Addresses and MACs that containers, routers and laptops have, each read where it is."""
        found = {name: self._links(("nsenter", "-t", str(pid), "-n")) for name, pid in self._pids().items()}
        for namespace, _, _ in self.laptops:
            found[namespace] = self._links(("ip", "netns", "exec", namespace))
        return found

    def _pids(self) -> dict[str, int]:
        names = [self.stack.docker_name(place.number, name) for place in self.places for name in (*CONTAINERS, "router")]
        listed = self.stack.docker("inspect", "-f", "[{{json .Name}}, {{.State.Pid}}]", *names, check=False)
        return {name.removeprefix("/"): pid for name, pid in map(json.loads, filter(NAMED, listed.splitlines())) if pid}

    def _links(self, enter: tuple[str, ...]) -> str:
        found = []
        for link in json.loads(run(*enter, "ip", "-j", "address")):
            addresses = [one["local"] for one in link["addr_info"] if one["family"] == "inet"]
            found += [f"{link['ifname']} {link['address']} {' '.join(addresses)}"] if link["ifname"] != "lo" else []
        return ", ".join(sorted(found))

    def _place(self, project: int) -> Place:
        for name in CONTAINERS:
            self.stack.new_container(project, name)
        bridge = self.ask(f"/create-bridge/1/{project}/")
        first = 2 * PROJECTS.index(project) + 1
        sockets = (first, first + 1)
        for socket in sockets:
            self.lab.join(socket, project)
        return Place(project, bridge["vlan"], bridge["gateway"], sockets)

    def _ways(self, place: Place) -> list[Way]:
        web, db, cache = (End(container=self.stack.docker_name(place.number, name)) for name in CONTAINERS)
        one, other = (End(stays=self.lab.end(socket)) for socket in place.sockets)
        far = End(stays=Endpoint(("ip", "netns", "exec", self.far.name)))
        behind = Target(mac_of(place.gateway), INTERNET)
        ends = ((one, web, None), (web, db, None), (cache, far, behind), (one, other, None))
        return [Way(kind, place.number, *each) for kind, each in zip(KINDS, ends, strict=True)]


@contextmanager
def standing_city(stack: Stack) -> Iterator[City]:
    """The city, and the internet that it reaches, until the end of the block."""
    with internet_behind_nat() as far, standing_lab(stack, 2 * len(PROJECTS) + len(SPARE)) as lab:
        city = City(lab, far)
        try:
            city.build()
            yield city
        finally:
            city.demolish()
            wait_until(lambda: not rows("SELECT 1 FROM projects_project WHERE vlan IS NOT NULL"), "all networks are gone")
