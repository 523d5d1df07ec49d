"""Three projects of two containers each, and a room of two switches where each has two laptops."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from datacenter.addressing import mac_of
from datacenter.netlink import link_exists
from lab.leases import Lease
from lab.stream import Endpoint
from tests.conditions import wait_until
from tests.system.lab import Lab
from tests.system.room.frames import Addresses
from tests.system.room.mesh import Member, Place
from tests.system.stack import INSTANCE, Stack

CONTAINERS = ("web", "db")
SOCKETS, SWITCHES = 8, 2  # 1 to 4 on the first, 5 to 8 on the second
SEATS = {2001: (1, 2), 2002: (3, 5), 2003: (6, 7)}  # of a project: its sockets, on one switch or on both
FAR = 2002  # the project whose sockets are on two switches
NEAR = 2001  # one whose sockets are on one
FREE = {4: 2001, 8: 2003}  # free sockets, and a project that has all of its own on the same switch


@dataclass
class Project:
    """A project as the API told of it."""

    number: int
    vlan: int
    gateway: str
    containers: dict[str, str]  # address by name


@dataclass
class Town:
    """The projects, and once the room stands the leases of their laptops, by socket."""

    stack: Stack
    projects: dict[int, Project] = field(default_factory=dict)
    leases: dict[int, Lease] = field(default_factory=dict)

    def build(self) -> None:
        """The projects, side by side."""
        with ThreadPoolExecutor(len(SEATS)) as pool:
            self.projects = {project.number: project for project in pool.map(self._project, SEATS)}

    def demolish(self) -> None:
        with ThreadPoolExecutor(len(SEATS)) as pool:
            list(pool.map(self.stack.delete_project, SEATS))
        bridges = [f"{INSTANCE}-p{project}" for project in SEATS]
        wait_until(
            lambda: not any(link_exists(bridge) for bridge in bridges), "the projects' bridges are gone from the kernel too"
        )

    def settle(self, lab: Lab) -> None:
        """Every laptop joins its project."""
        seats = [(socket, project) for project, sockets in SEATS.items() for socket in sockets]
        with ThreadPoolExecutor(len(seats)) as pool:
            leases = pool.map(lambda seat: lab.join(*seat), seats)
            self.leases = {socket: lease for (socket, _), lease in zip(seats, leases, strict=True)}

    def laptop(self, lab: Lab, socket: int, project: int = 0) -> Member:
        """The laptop at a socket; one without a lease is called by an address that nobody has."""
        lease = self.leases.get(socket)
        addresses = Addresses(lab.room.laptop(socket).mac, lease.ip if lease else "198.18.255.200")
        return Member(Place(f"laptop{socket}", lab.end(socket)), project, addresses, lab.room.layout.switch_of(socket))

    def members(self, lab: Lab) -> list[Member]:
        """Laptops, containers and routers of all projects."""
        members = [self.laptop(lab, socket, project) for project, sockets in SEATS.items() for socket in sockets]
        for project in self.projects.values():
            for name, ip in (project.containers | {"router": project.gateway}).items():
                pid = self.stack.pid(project.number, name)
                end = Endpoint.of_process(pid, "lan0" if name == "router" else "eth0")
                members.append(Member(Place(f"{name}{project.number}", end), project.number, Addresses(mac_of(ip), ip)))
        return members

    def _project(self, number: int) -> Project:
        containers = {name: self.stack.new_container(number, name)["ip"] for name in CONTAINERS}
        bridge = self.stack.post(f"/create-bridge/1/{number}/").body
        return Project(number, bridge["vlan"], bridge["gateway"], containers)
