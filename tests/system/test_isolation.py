"""No frame of one project is seen in another, and none reaches the datacenter host."""

import socket
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from datacenter.addressing import mac_of
from tests.conditions import wait_until
from tests.system.netns import INTERNET, Tap, internet, internet_behind_nat
from tests.system.stack import LISTEN, POSTGRES_PORT, Stack, run
from tests.system.state.facts import NAMES
from tests.system.test_uplink import GATEWAY

SERVICES = [int(LISTEN.split(":")[1]), POSTGRES_PORT, 6379, 22]  # API, PostgreSQL, Redis, SSH
IPV4 = "0800"  # EtherType

# Tries to open TCP connections, all at once; prints those that were opened.
CONNECT = """
import socket, sys
from concurrent.futures import ThreadPoolExecutor

def connect(target):
    host, port = target.rsplit(":", 1)
    try:
        with socket.create_connection((host, int(port)), float(sys.argv[1])):
            print(target)
    except OSError:
        pass

with ThreadPoolExecutor(256) as pool:
    list(pool.map(connect, sys.argv[2:]))
"""


@dataclass
class Side:
    """One of two projects: its number, its container `web` and its router's public address."""

    project: int
    ip: str
    public: str

    @property
    def router(self) -> str:
        return self.ip.rsplit(".", 1)[0] + ".1"


@pytest.fixture
def sides(stack: Stack, project: int, other: int) -> list[Side]:
    return [_side(stack, project), _side(stack, other)]


def _side(stack: Stack, project: int) -> Side:
    ip = stack.new_container(project, "web")["ip"]
    vlan = stack.post(f"/create-bridge/1/{project}/").body["vlan"]
    stack.inside(project, "web", "sh", "-c", "nc -lk 8080 >/dev/null 2>&1 &")
    return Side(project, ip, f"100.65.{vlan // 256}.{vlan % 256}")


def _connects(stack: Stack, project: int, name: str, *targets: str, seconds: float = 1) -> list[str]:
    done = stack.in_netns(project, name, sys.executable, "-c", CONNECT, str(seconds), *targets)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def _listening(stack: Stack, side: Side) -> bool:
    return _connects(stack, side.project, "web", f"{side.ip}:8080", seconds=5) != []


def test_no_frame_crosses_between_two_projects(stack: Stack, sides: list[Side]) -> None:
    for here, there in (sides, sides[::-1]):
        assert _listening(stack, here), "the control: the server is reached from within its own project"
        enter = ["nsenter", "-t", str(stack.pid(there.project, "web")), "-n"]
        enter_router = ["nsenter", "-t", str(stack.pid(there.project, "router")), "-n"]
        with Tap(enter, "eth0") as container, Tap(enter_router, "wan0") as wan, Tap(enter_router, "lan0") as lan:
            assert stack.pings(there.project, "web", GATEWAY)
            for tap in (container, wan, lan):
                assert any(frame["type"] == IPV4 for frame in tap.frames()), "the control: the taps see what is sent within"
        with Tap(enter, "eth0") as container, Tap(enter_router, "wan0") as wan, Tap(enter_router, "lan0") as lan:
            _attack(stack, here, there)
            frames = container.frames() + wan.frames() + lan.frames()
        macs = {mac_of(address) for address in (here.ip, here.router, here.public)}
        # In the other project nobody says anything, so any IPv4 frame would come from here, whatever its addresses.
        assert [frame for frame in frames if frame["type"] == IPV4 or frame["src"] in macs] == []


def _attack(stack: Stack, here: Side, there: Side) -> None:
    """Everything that a student with root in the container could send to the other project."""
    targets = [f"{address}:{port}" for address in (there.ip, there.router, there.public) for port in (22, 67, 8080)]
    assert _connects(stack, here.project, "web", *targets) == []
    _connects(stack, here.project, "web", f"{there.router}:53", f"{there.public}:53")  # its own router answers for all of port 53
    addresses, router = (there.ip, there.router, there.public), (there.public, there.ip)
    with ThreadPoolExecutor() as pool:
        ping = ("ping", "-c1", "-W1")
        tried = [*pool.map(lambda address: stack.inside(here.project, "web", *ping, address), addresses)]
        tried += pool.map(lambda target: stack.in_netns(here.project, "router", *ping, target), router)
        for address in addresses:
            _do(stack, here.project, "web", "ip", "route", "replace", address, "dev", "eth0")
        arping = ("arping", "-c2", "-w2", "-I", "eth0")
        tried += pool.map(lambda address: stack.inside(here.project, "web", *arping, address), addresses)
    assert [done for done in tried if done.returncode == 0] == []
    assert _connects(stack, here.project, "web", *(f"{address}:8080" for address in addresses)) == []
    for address in addresses:
        _do(stack, here.project, "web", "ip", "route", "del", address, "dev", "eth0")
    assert _connects(stack, here.project, "router", *(f"{target}:8080" for target in router)) == []


def test_what_comes_from_outside_for_a_router_that_is_gone_reaches_no_other(stack: Stack, sides: list[Side]) -> None:
    gone, there = sides
    for side in sides:  # so that the host asks nobody
        run("ip", "neighbour", "replace", side.public, "lladdr", mac_of(side.public), "dev", NAMES.routing)
    try:
        assert stack.pings(gone.project, "web", GATEWAY), "the control: the bridge knows it"
        stack.docker("rm", "-f", NAMES.router(gone.project))
        with Tap(["nsenter", "-t", str(stack.pid(there.project, "router")), "-n"], "wan0") as wan:
            for side in sides:
                run("ping", "-c3", "-i0.2", "-W1", side.public, check=False)
            received = {frame["dst"] for frame in wan.frames()}
    finally:
        for side in sides:
            run("ip", "neighbour", "del", side.public, "dev", NAMES.routing)
    assert mac_of(there.public) in received, "the control: it gets what is for it"
    assert mac_of(gone.public) not in received


@pytest.fixture
def host_server() -> Iterator[int]:
    """A TCP port that is open on all addresses of the host."""
    with socket.create_server(("::", 0), family=socket.AF_INET6, backlog=64, dualstack_ipv6=True) as server:
        yield server.getsockname()[1]


def _host_addresses(family: str) -> list[str]:
    """The host's addresses (family `inet` or `inet6`) but for loopback's."""
    words = run("ip", "-o", "address", "show").split()
    addresses = [address.split("/")[0] for before, address in pairwise(words) if before == family]
    return [address for address in addresses if address != "::1" and not address.startswith("127.")]


@dataclass(frozen=True)
class Foothold:
    """Where an attacker sits: the container of a project (or `router`), and its interface."""

    project: int
    name: str
    interface: str


def _do(stack: Stack, project: int, name: str, *command: str) -> str:
    """A command in the namespace that must succeed, else an attack would be none."""
    done = stack.in_netns(project, name, *command)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _reached_straight(stack: Stack, at: Foothold, addresses: list[str], ports: list[int]) -> list[str]:
    """Connections to addresses of the host by frames that go straight to one of its MACs, or to whoever answers for them."""
    scoped = [f"{address}%{at.interface}" if address.startswith("fe80:") else address for address in addresses]
    targets, reached = [f"{address}:{port}" for address in scoped for port in ports], []

    def do(verb: str, *more: str) -> None:
        lines = "".join(f"ip {verb} {address} {' '.join(more)} dev {at.interface}\n" for address in addresses)
        _do(stack, at.project, at.name, "sh", "-ec", lines)

    do("route replace")
    for mac in _macs_of_the_host(at.project):
        do("neighbour replace", "lladdr", mac)
        reached += _connects(stack, at.project, at.name, *targets, seconds=0.3)
        do("neighbour del")
    reached += _connects(stack, at.project, at.name, *targets, seconds=0.3)
    do("route del")
    return reached


@pytest.mark.parametrize(("name", "interface"), [("web", "eth0"), ("router", "lan0"), ("router", "wan0")])
def test_nobody_opens_a_connection_to_the_host(stack: Stack, project: int, host_server: int, name: str, interface: str) -> None:
    made = stack.post(f"/new-container/1/{project}/", name="web", image="debian")
    assert made.status == 200, "it has no service of its own"
    ports = [*SERVICES, host_server]
    addresses = _host_addresses("inet")
    assert "100.65.0.1" in addresses, "the gateway of the public pool is the host's, in nat mode"
    for address in ("127.0.0.1", "::1"):
        with socket.create_connection((address, host_server), 5):
            pass
    targets = [f"{address}:{port}" for address in [*addresses, "127.0.0.1"] for port in ports]
    assert _connects(stack, project, name, *targets, seconds=0.3) == [], "by the default route"
    assert _reached_straight(stack, Foothold(project, name, interface), addresses, ports) == []


def _speak_ipv6(stack: Stack, project: int, name: str) -> str:
    """The link-local address of a container that is made to speak IPv6, as only the host's root could have it."""

    def address() -> str:
        words = _do(stack, project, name, "ip", "-6", "-o", "address", "show", "dev", "eth0").split()
        return "" if "tentative" in words else next((word.split("/")[0] for word in words if word.startswith("fe80:")), "")

    _do(stack, project, name, "sh", "-c", "echo 0 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6")
    return str(wait_until(address, "the container has an IPv6 address"))


def test_nobody_opens_a_connection_to_the_host_by_ipv6(stack: Stack, project: int, host_server: int) -> None:
    stack.new_container(project, "web")
    stack.new_container(project, "db")
    _speak_ipv6(stack, project, "web")
    sibling = _speak_ipv6(stack, project, "db")
    _do(stack, project, "web", "ping", "-6", "-c3", "-W5", f"{sibling}%eth0")  # the control: IPv6 passes within a project
    addresses = list(dict.fromkeys(_host_addresses("inet6")))
    assert _reached_straight(stack, Foothold(project, "web", "eth0"), addresses, [*SERVICES, host_server]) == []


@pytest.fixture
def later_network() -> Iterator[str]:
    """ADDRESS:PORT of a server on a bridge of the host that came after `make up`, as a Docker network would."""
    with internet("nms-other", "other0nms", "198.18.9.2/24") as far:
        run("ip", "link", "add", "br-other", "type", "bridge")
        try:
            run("ip", "address", "add", "198.18.9.1/24", "dev", "br-other")
            run("ip", "link", "set", "other0nms", "master", "br-other")
            run("ip", "link", "set", "br-other", "up")
            far.run("ip", "route", "add", "default", "via", "198.18.9.1")
            yield "198.18.9.2:80"
        finally:
            run("ip", "link", "del", "br-other")


def test_a_network_that_the_host_got_later_is_out_of_reach(stack: Stack, project: int, later_network: str) -> None:
    address, port = later_network.split(":")
    with socket.create_connection((address, int(port)), 10):
        pass
    stack.new_container(project, "web")
    assert _connects(stack, project, "web", later_network, seconds=2) == []


def _macs_of_the_host(project: int) -> set[str]:
    """MACs at which the host could take a project's frames: its ends of the veth pairs, and the bridges' own interfaces."""
    bridges = (f"nms-p{project}", "nms-routing")
    names = {port for bridge in bridges for port in run("ovs-vsctl", "list-ports", bridge).split()} | set(bridges)
    return {Path(f"/sys/class/net/{name}/address").read_text().strip() for name in names}


def test_the_host_answers_no_arp_on_a_projects_bridge(stack: Stack, project: int) -> None:
    stack.new_container(project, "web")
    arping = ("arping", "-c1", "-w1", "-I", "eth0")
    with ThreadPoolExecutor() as pool:
        tried = list(pool.map(lambda address: stack.inside(project, "web", *arping, address), _host_addresses("inet")))
    assert tried
    assert [done.stdout for done in tried if done.returncode == 0] == [], "somebody answers"


def test_a_container_cannot_use_the_host_as_its_router(stack: Stack, project: int) -> None:
    """A frame for the internet, sent to the host's end of the veth pair, is not forwarded."""
    stack.new_container(project, "web")
    with internet_behind_nat() as far:
        _do(stack, project, "web", "ip", "route", "replace", INTERNET, "dev", "eth0")
        with Tap(["ip", "netns", "exec", far.name], "eth0") as tap:
            for mac in _macs_of_the_host(project):
                _do(stack, project, "web", "ip", "neighbour", "replace", INTERNET, "lladdr", mac, "dev", "eth0")
                assert stack.inside(project, "web", "ping", "-c1", "-W1", INTERNET).returncode != 0
            assert [frame for frame in tap.frames() if frame.get("ip_dst") == INTERNET] == []
