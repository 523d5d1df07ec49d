"""Two projects in the lab, each with two laptops and a container, and streams there that must lose nothing."""

import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from datacenter.addressing import mac_of
from lab.layout import BRIDGE
from lab.stream import Endpoint, Result, stream
from tests.conditions import wait_until
from tests.system.lab import Lab
from tests.system.stack import DATABASE, SETTINGS, postgres

CONTROLLER_PORT = int(SETTINGS["NETMANAGER_OPENFLOW_LISTEN"].rpartition(":")[2])
SPARE, STRANGER = 3, 6  # sockets that no project has; nobody has asked for a lease at the second
NOISE = 3  # times what is promised: the machine may be busy with the tests of others
ATTEMPTS = 3  # runs of a stream, of which the machine itself may spoil all but one

Ends = tuple[Endpoint, Endpoint]


@dataclass(frozen=True)
class Side:
    """A project: its VLAN, the address of its container `web`, and the sockets and addresses of its two laptops."""

    project: int
    vlan: int
    web: str
    sockets: tuple[int, int]
    addresses: tuple[str, str]

    @property
    def router(self) -> str:
        return self.prefix + "1"

    @property
    def prefix(self) -> str:
        """What all addresses of the project begin with."""
        return self.web.rpartition(".")[0] + "."


class Scene:
    """The lab, two projects in it, and what the switch holds for them."""

    def __init__(self, lab: Lab, here: Side, there: Side) -> None:
        self.lab, self.stack, self.here, self.there = lab, lab.stack, here, there

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.here, self.there

    def mac(self, socket: int) -> str:
        return self.lab.room.laptop(socket).mac

    def macs(self, side: Side) -> set[str]:
        """Of all that is in a project."""
        return {mac_of(side.router), mac_of(side.web), *map(self.mac, side.sockets)}

    def ends(self) -> list[Ends]:
        """In both projects from one laptop to the other.

        Not through the tunnel: with the userspace datapath Open vSwitch 3.1 forgets all routes, for a few ms, whenever any
        link of its kernel comes, goes, or goes up or down, a socket's as well as some container's of this machine, and
        drops what goes in or out of tunnels meanwhile (`route_table_reset`): at each tenth bounce some 5 frames.
        """
        return [(self.lab.end(side.sockets[0]), self.lab.end(side.sockets[1])) for side in self.sides]

    # Frames

    def everybody_answers(self) -> None:
        """Every laptop reaches its router, its neighbour and its container; so all are learned, and for some minutes."""
        asked = [
            (socket, side.router, side.web, neighbour)
            for side in self.sides
            for socket, neighbour in zip(side.sockets, side.addresses[::-1], strict=True)
        ]
        with ThreadPoolExecutor(len(asked)) as pool:
            list(pool.map(lambda each: self.wait_answered(*each), asked))

    def wait_answered(self, socket: int, *targets: str) -> None:
        """Wait until a laptop reaches all of these addresses."""
        for target in targets:
            wait_until(lambda: self.answered(socket, target), f"laptop {socket} reaches {target}")  # noqa: B023

    def answered(self, socket: int, target: str) -> bool:
        """Whether somebody answers one of two pings on a laptop's own link, whatever the laptop's routes and neighbours."""
        command = (
            "ip route replace $0/32 dev eth0; ping -c2 -i0.2 -W1 $0; answered=$?; ip route del $0/32 dev eth0; exit $answered"
        )
        return self.lab.on(socket, "sh", "-c", command, target).returncode == 0

    @contextmanager
    def stranger(self, mac: str, address: str) -> Iterator[None]:
        """Another laptop at socket 6, which has this MAC and address and was never heard of; it is gone after the block."""
        command = "ip address flush dev eth0; ip link set eth0 address {}; {}"
        assert self.lab.on(STRANGER, "sh", "-ec", command.format(mac, f"ip address add {address}/24 dev eth0")).returncode == 0
        try:
            yield
        finally:
            self.lab.on(STRANGER, "sh", "-c", command.format(self.mac(STRANGER), "true"))

    # The switch

    def table(self) -> list[str]:
        """All that the switch holds, counters aside: flows, groups and meters."""
        ofctl = self.lab.switch().ofctl
        groups = [line.strip() for line in ofctl("dump-groups").splitlines() if "group_id=" in line]
        meters = " ".join(ofctl("dump-meters").split()).split("meter=")[1:]
        return sorted([*self.lab.flows(), *groups, *(f"meter={meter.strip()}" for meter in meters)])

    def ages(self) -> list[float]:
        """Seconds since each flow was made."""
        return [float(age) for age in re.findall(r"\bduration=([\d.]+)s", self.lab.switch().ofctl("dump-flows"))]

    def part(self, vlan: int) -> list[str]:
        """What of it belongs to the project that has a VLAN; ARCHITECTURE.md tells of its cookie and its group."""
        mark = re.compile(rf"cookie=0x6e6d0001{vlan:08x}\b|group_id={vlan}\b")
        return [line for line in self.table() if mark.search(line)]

    def learned(self) -> set[tuple[int, str, int]]:
        """Hosts that the switch knows: VLAN, MAC and port."""
        return {host for line in self.lab.flows() if (host := known(line))}

    def expected(self) -> set[tuple[int, str, int]]:
        """Hosts that it should know, once everybody has spoken: sockets and ports have the same numbers."""
        return {(side.vlan, self.mac(socket), socket) for side in self.sides for socket in side.sockets}

    def connected_at(self) -> list[float]:
        """When the switch was connected to the controller, each time, by its own log (seconds since 1970)."""
        log = (self.lab.switch().run_dir / "ovs-vswitchd.log").read_text()
        found = re.findall(rf"^(\S+)Z\|.*\|rconn\|INFO\|{BRIDGE}<->tcp:\S+: connected$", log, re.MULTILINE)
        return [datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp() for at in found]

    # The controller

    def controller(self) -> int:
        """Its pid; 0 if it does not run."""
        return int(self.stack.control("pid", "controller"))

    def wait_in_charge(self) -> None:
        """Wait until what the database says of the spare socket is what the switch does; it is free in the end."""
        self.lab.wait_connected()
        for project in (self.here.project, None):
            self.give(SPARE, project)

    def give(self, socket: int, project: int | None) -> None:
        """Give a socket to a project by SQL, or to none, and wait until the switch has confirmed it."""
        sql(f"UPDATE ports_socket SET project_id = {project or 'NULL'} WHERE number = {socket}")
        self.wait_applied(socket)

    def wait_applied(self, socket: int) -> None:
        """Wait until the switch has confirmed that a socket is where the database has it."""
        columns = "applied_vlan IS NOT DISTINCT FROM vlan FROM ports_socket LEFT JOIN projects_project USING (project_id)"
        wait_until(lambda: sql(f"SELECT {columns} WHERE number = {socket}") == "t\n", f"socket {socket} is applied")


def known(flow: str) -> tuple[int, str, int] | None:
    """VLAN, MAC and port of the host for which a flow of the learning table stands, if it is such a flow."""
    fields = dict(re.findall(r"([\w]+)=([^, ]+)", flow.replace("in_port=s", "in_port=")))
    if (fields.get("table"), fields.get("priority")) != ("1", "200"):
        return None
    return int(fields["metadata"], 16), fields["dl_src"], int(fields["in_port"])


def of_host(line: str) -> bool:
    """Whether a line of a table is there for one learned host."""
    return re.search(r"table=[12], (idle_timeout=300, )?(send_flow_rem )?priority=200,", line) is not None


def sql(statement: str) -> str:
    """A statement in the stack's database, as its superuser would say it by hand."""
    return postgres(statement, DATABASE)


def listens() -> bool:
    """Whether the controller's port is open; nobody is called to find that out."""
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(row[1].endswith(f":{CONTROLLER_PORT:04X}") and row[3] == "0A" for row in rows)


def loses_nothing(ends: Sequence[Ends], disturb: Callable[[], None]) -> list[Result]:
    """Streams of 1 kHz from end to end while something happens lose no frame; so do those of a run when nothing does.

    A run in which the machine itself lost frames is void: then all is done again, `disturb` too.
    """
    for _ in range(ATTEMPTS):
        if any(result.lost or result.dropped for result in _streams(ends, lambda: let_pass(2))):
            continue
        results = _streams(ends, disturb)
        print(*(result.summary() for result in results), sep="\n")
        if not any(result.dropped for result in results):
            assert [result.lost for result in results] == [[] for _ in ends]
            return results
    raise AssertionError(f"each of {ATTEMPTS} runs was void: the machine is too busy")


def _streams(ends: Sequence[Ends], meanwhile: Callable[[], None]) -> list[Result]:
    with ExitStack() as stack:
        running = [stack.enter_context(stream(*pair)) for pair in ends]
        for frames in running:
            frames.wait_for_first(10)
        meanwhile()
        let_pass(0.5)
        return [frames.stop() for frames in running]


def let_pass(seconds: float) -> None:
    """Let streams run: their length is what a test is about."""
    end = monotonic() + seconds
    wait_until(lambda: monotonic() >= end, "time passes", seconds + 1)


@contextmanager
def standing_scene(lab: Lab, *projects: int) -> Iterator[Scene]:
    """Two projects with sockets 1 and 2, and 4 and 5, until the end of the block."""
    try:
        with ThreadPoolExecutor(len(projects)) as pool:
            here, there = pool.map(lambda project, sockets: _side(lab, project, sockets), projects, ((1, 2), (4, 5)))
        yield Scene(lab, here, there)
    finally:
        lab.stack.delete_projects(*projects)


def _side(lab: Lab, project: int, sockets: tuple[int, int]) -> Side:
    web = lab.stack.new_container(project, "web")["ip"]
    with ThreadPoolExecutor(len(sockets)) as pool:
        one, other = pool.map(lambda socket: lab.join(socket, project).ip, sockets)
    vlan = int(lab.stack.post(f"/create-bridge/1/{project}/").body["vlan"])
    return Side(project, vlan, web, sockets, (one, other))
