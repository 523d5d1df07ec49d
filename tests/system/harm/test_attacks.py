"""What a laptop does to others: it claims to be somebody else, floods, and sprays, and harms nobody."""

import json
import random
import re
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest

from datacenter.addressing import mac_of
from lab import namespaces
from lab.layout import run_directory
from lab.leases import Lease
from tests.conditions import wait_until
from tests.system.harm import forged as f
from tests.system.harm.attacker import Forger, Sent, sending
from tests.system.harm.disturbance import Ways, lossless
from tests.system.lab import Lab
from tests.system.netns import Tap
from tests.system.stack import INSTANCE, Stack

OURS, THEIRS = 7001, 7002  # projects
ATTACKER, NEIGHBOUR, NEWCOMER, STRANGER, OTHER_STRANGER, SPARE = range(1, 7)  # sockets of the first switch
FAR = 7  # and one of the second
MACS = 8  # NETMANAGER_SOCKET_MACS
BROADCASTS = 500  # NETMANAGER_SOCKET_BROADCASTS, frames a second


@dataclass
class Scene:
    """A room where the attacker and the neighbour are in one project, and strangers in another."""

    lab: Lab
    leases: dict[int, Lease]
    container: str
    attacker: Forger

    @property
    def gateway(self) -> str:
        return self.leases[NEIGHBOUR].router

    @property
    def ways(self) -> Ways:
        """Between neighbours of the attacker, a container and a laptop, and between strangers."""
        lab = self.lab
        ours, theirs = (lab.container_end(project, "web") for project in (OURS, THEIRS))
        return Ways(
            {
                "same project": (lab.end(NEWCOMER), lab.end(NEIGHBOUR)),
                "other project": (lab.end(STRANGER), lab.end(OTHER_STRANGER)),
            },
            {"from a container": (ours, lab.end(NEIGHBOUR)), "to a container": (lab.end(NEIGHBOUR), ours)},
            (theirs, lab.end(FAR)),
        )

    def tap(self, socket: int) -> Tap:
        return Tap(namespaces.enter(self.lab.room.laptop(socket).namespace), "eth0")

    def sends(self, *frames: bytes, rate: float = 0) -> AbstractContextManager[Sent]:
        return sending(self.lab.room.laptop(ATTACKER), frames, rate)

    def knows(self, mac: str) -> bool:
        """Whether the switch has learned a host."""
        return any(f"dl_src={mac}" in flow and "idle_timeout" in flow for flow in self.lab.flows())

    def reconnect(self, socket: int) -> None:
        """Pull the cable of a laptop out, and plug it in again."""
        laptop = self.lab.room.laptop(socket)
        assert laptop.run("ip", "link", "set", "eth0", "down").returncode == 0
        wait_until(lambda: not self.knows(laptop.mac), "the switch has noticed")
        assert laptop.run("ip", "link", "set", "eth0", "up").returncode == 0
        wait_until(lambda: self.knows(laptop.mac), "the laptop has said something")


@pytest.fixture(scope="module")
def scene(stack: Stack, lab: Lab) -> Iterator[Scene]:
    with ThreadPoolExecutor(2) as pool:
        container, _ = pool.map(lambda project: stack.new_container(project, "web")["ip"], (OURS, THEIRS))
        places = {ATTACKER: OURS, NEIGHBOUR: OURS, NEWCOMER: OURS, STRANGER: THEIRS, OTHER_STRANGER: THEIRS, FAR: THEIRS}
        leases = dict(zip(places, pool.map(lambda place: lab.join(*place), places.items()), strict=True))
    laptop = lab.room.laptop(ATTACKER)
    yield Scene(lab, leases, container, Forger(laptop.mac, leases[ATTACKER].ip, container))
    stack.delete_projects(OURS, THEIRS)


@pytest.fixture(autouse=True)
def controller_stays(stack: Stack) -> Iterator[None]:
    """Whatever is sent, the controller is the same process afterwards."""
    before = stack.control("pid", "controller")
    yield
    assert stack.control("pid", "controller") == before


def test_nobody_sees_a_forged_frame(scene: Scene) -> None:
    container = ["nsenter", "-t", str(scene.lab.stack.pid(OURS, "web")), "-n"]
    seen = {}
    refused, innocent = scene.attacker.refused(), scene.attacker.innocent()
    for name, frames in (("refused", refused), ("innocent", innocent)):
        with scene.tap(NEIGHBOUR) as laptop, Tap(container, "eth0") as web:
            with scene.sends(*frames.values(), rate=200):
                time.sleep(1)
            wait_until(lambda: scene.lab.pings(NEIGHBOUR, scene.container), "what was under way has arrived")
            seen[name] = [{frame["frame"] for frame in tap.frames()} for tap in (laptop, web)]
    for there in seen["refused"]:
        assert [name for name, frame in refused.items() if frame.hex() in there] == []
    here = seen["innocent"][0]
    assert [name for name, frame in innocent.items() if frame.hex() not in here] == [], "the control: the neighbour sees these"
    assert innocent["ARP for itself"].hex() in seen["innocent"][1], "the control: the container sees what is sent to all"


def test_a_false_server_and_false_claims_change_nothing_at_a_neighbour(scene: Scene) -> None:
    lab, neighbour, container = scene.lab, scene.lab.room.laptop(NEIGHBOUR), mac_of(IPv4Address(scene.container))
    gateway = mac_of(IPv4Address(scene.gateway))
    for target in (scene.gateway, scene.container):
        assert lab.pings(NEIGHBOUR, target)
    assert lab.stack.pings(OURS, "web", scene.gateway)
    false = [*scene.attacker.refused().values()]

    def attacked() -> None:
        with _dnsmasq(scene) as log, scene.sends(*false):
            for _ in range(2):
                lease = lab.room.dhcp(NEIGHBOUR, 30)
                assert (lease.router, lease.dns) == (scene.gateway, scene.gateway)
                assert lease.ip.rsplit(".", 1)[0] == scene.gateway.rsplit(".", 1)[0]
                assert lab.pings(NEIGHBOUR, scene.gateway)
                assert lab.pings(NEIGHBOUR, scene.container)
                neighbours = lab.on(NEIGHBOUR, "ip", "neigh").stdout
                assert f"{scene.gateway} dev eth0 lladdr {gateway}" in neighbours
                assert f"{scene.container} dev eth0 lladdr {container}" in neighbours
                assert f"{scene.gateway} dev eth0 lladdr {gateway}" in lab.stack.in_netns(OURS, "web", "ip", "neigh").stdout
            assert f"default via {scene.gateway} dev eth0" in lab.on(NEIGHBOUR, "ip", "route").stdout
            assert "via" not in lab.on(NEIGHBOUR, "ip", "-6", "route").stdout
            assert "2001:db8:bad" not in lab.on(NEIGHBOUR, "ip", "-6", "address").stdout
            answers = re.findall("DHCP(?:OFFER|ACK|NAK)", log.read_text())
            assert answers, "the control: the false server heard the neighbour, and answered"
            assert "DHCPACK" not in answers, "the neighbour heard it, and took its offer"

    lossless(scene.ways, attacked)
    assert neighbour.mac in {host["mac"] for host in _hosts(scene)}


@contextmanager
def _dnsmasq(scene: Scene) -> Iterator[Path]:
    """A real DHCP server on the attacker's laptop, for addresses of the project and with itself as the router; its log."""
    directory = run_directory(INSTANCE) / "laptops" / str(ATTACKER)
    log, start = directory / "dnsmasq.log", scene.attacker.victim
    log.write_text("")
    server = scene.lab.room.laptop(ATTACKER).popen(
        "dnsmasq", "--keep-in-foreground", "--port=0", "--interface=eth0", "--bind-dynamic", "--dhcp-authoritative", "--no-ping",
        f"--dhcp-range={start},{start.rsplit('.', 1)[0]}.99", f"--dhcp-leasefile={directory}/dnsmasq.leases",
        "--conf-file=/dev/null", "--log-dhcp", f"--log-facility={log}", "--user=root", "--group=root", "--pid-file",
    )  # fmt: skip
    try:
        wait_until(lambda: "DHCP, IP range" in log.read_text(), "the false server listens")
        yield log
    finally:
        server.terminate()
        server.wait(10)


def _hosts(scene: Scene) -> list[dict[str, Any]]:
    """The rows of hosts of the project, as staff see them."""
    code = f"import json; from apps.ports.models import Host; print(json.dumps(list(Host.objects.filter(project_id={OURS})"
    rows: list[dict[str, Any]] = json.loads(scene.lab.stack.orm(code + ".values('mac', 'ip', 'hostname', 'socket_id'))))"))
    return rows


MANY = [f"06:55:00:00:{number >> 8:02x}:{number & 255:02x}" for number in range(10_000)]
SAMPLES = 20  # calls of add-port in a row
FACTOR = 3  # add-port's p95 under attack, at most so many times the idle one


def test_ten_thousand_macs_cost_nobody_a_frame_and_a_newcomer_is_learned_and_a_socket_given_as_fast_as_else(scene: Scene) -> None:
    """On 2 cores add-port shares them with the attacker and both switches: measured p95 is 1.1 to 2.5 times the idle one."""
    for _ in range(3):  # a machine that is busy with other things makes either the slower one
        idle, sprayed = _compared(scene)
        print(f"p50 {statistics.median(sprayed) * 1000:.0f} ms sprayed, {statistics.median(idle) * 1000:.0f} ms idle")
        print(f"p95 {_p95(sprayed) * 1000:.0f} ms of {len(sprayed)} sprayed, {_p95(idle) * 1000:.0f} ms of {len(idle)} idle")
        if _p95(sprayed) <= FACTOR * _p95(idle):
            break
    assert _p95(sprayed) <= FACTOR * _p95(idle)
    assert len({host["mac"] for host in _hosts(scene) if host["socket_id"] == ATTACKER}) <= MACS


def _compared(scene: Scene) -> tuple[list[float], list[float]]:
    """Times of add-port (s) while nobody sprays and while somebody does, in turn; nobody loses a frame."""
    idle: list[float] = []
    sprayed: list[float] = []
    for target in (f.BROADCAST, scene.lab.room.laptop(NEIGHBOUR).mac):
        frames = [f.ethernet(mac, target, f.EXPERIMENTAL, b"spray") for mac in MANY]

        def spray(frames: list[bytes] = frames) -> None:
            with scene.sends(*frames) as sent:
                began = time.monotonic()
                sprayed.extend(_times_of_add_port(scene))
                learned = _seconds_to_learn(scene)
                seconds = time.monotonic() - began
            print(f"learned within {learned} s, sprayed {sent.count / seconds:.0f} frames/s")
            assert sent.count > len(MANY), "the control: all of them were sent"
            assert max(learned) < 1

        lossless(scene.ways, spray, lambda: idle.extend(_times_of_add_port(scene)))
    return idle, sprayed


def _times_of_add_port(scene: Scene) -> list[float]:
    """How long add-port takes (s), for a socket that is given to the other project again and again."""
    times = []
    for _ in range(SAMPLES):
        began = time.monotonic()
        scene.lab.add(SPARE, THEIRS)
        times.append(time.monotonic() - began)
        scene.lab.remove(SPARE)
    return times


def _seconds_to_learn(scene: Scene) -> list[float]:
    """How long it takes until the switch knows hosts that begin to talk, at a socket that was just given to the other project."""
    times = []
    scene.lab.add(SPARE, THEIRS)
    for mac in ("06:77:00:00:00:01", "06:77:00:00:00:02", "06:77:00:00:00:03"):
        began = time.monotonic()
        with sending(scene.lab.room.laptop(SPARE), [f.ethernet(mac, f.BROADCAST, f.EXPERIMENTAL, b"new")], 20):
            wait_until(partial(scene.knows, mac), f"{mac} is learned")
        times.append(round(time.monotonic() - began, 3))
    scene.lab.remove(SPARE)
    return times


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


def test_a_socket_is_closed_to_the_ninth_mac_and_open_again_when_the_others_are_gone(scene: Scene) -> None:
    scene.reconnect(ATTACKER)
    frames = {mac: f.ethernet(mac, f.BROADCAST, f.EXPERIMENTAL, b"limit") for mac in MANY[:MACS]}  # and its own is the ninth
    *firsts, last = frames
    with scene.sends(*(frames[mac] for mac in firsts), rate=50):
        wait_until(lambda: all(map(scene.knows, firsts)), "eight are learned, its own included")
        wait_until(
            lambda: any(flow.count("priority=100,") and "in_port=1 actions=drop" in flow for flow in scene.lab.flows()), "closed"
        )
    assert _heard(scene, frames) == set(firsts)
    assert scene.lab.pings(ATTACKER, scene.gateway)
    assert not scene.knows(last)
    scene.reconnect(ATTACKER)
    wait_until(lambda: not any(map(scene.knows, firsts)), "the others are gone")
    assert last in _heard(scene, {last: frames[last]})
    wait_until(lambda: scene.knows(last), "it is learned now")
    scene.reconnect(ATTACKER)


def _heard(scene: Scene, frames: dict[str, bytes]) -> set[str]:
    """Senders of the frames that a neighbour hears of those that the attacker sends."""
    with scene.tap(NEIGHBOUR) as tap:
        with scene.sends(*frames.values(), rate=100):
            time.sleep(0.5)
        assert scene.lab.pings(NEIGHBOUR, scene.container)
        heard = {frame["frame"] for frame in tap.frames()}
    return {mac for mac, frame in frames.items() if frame.hex() in heard}


def test_a_storm_of_broadcasts_is_metered_and_costs_nobody_a_frame(scene: Scene) -> None:
    own = scene.attacker.innocent()
    storm, seconds = [own[kind] for kind in ("experimental", "other multicast", "ARP for itself", "IPv4 of its own")], 3

    def attacked() -> None:
        with scene.tap(NEWCOMER) as tap:
            with scene.sends(*storm) as sent:
                time.sleep(seconds)
            heard = sum(bytes.fromhex(frame["frame"]) in storm for frame in tap.frames())
        print(f"a neighbour heard {heard} of {sent.count} frames of a storm of {seconds} s")
        assert sent.count > 10 * BROADCASTS * seconds, "the control: there was a storm"
        assert 0.8 * BROADCASTS * seconds < heard < 1.2 * BROADCASTS * (seconds + 0.5), "a meter lets some through at once"

    lossless(scene.ways, attacked)


def test_frames_that_make_no_sense_neither_end_the_controller_nor_are_shown_to_staff(scene: Scene) -> None:
    laptop, chance = scene.lab.room.laptop(ATTACKER), random.Random(8)
    names = [
        b"<script>alert(1)</script>",
        b"a" * 255,
        b"\0" * 9,
        b"a\0b",
        b"\r\nx",
        "é".encode(),
        b"'; DROP TABLE x",
        b" ",
        b"\xff" * 20,
    ]
    sense = [_named(laptop.mac, name) for name in names]
    frames = [frame[:length].ljust(60, b"\0") for frame in sense for length in range(34, 330, 30)]
    frames += [_broken(frame, chance) for frame in [*sense, *scene.attacker.innocent().values()] for _ in range(40)]
    frames += [
        f.ethernet(laptop.mac, f.BROADCAST, kind, chance.randbytes(chance.randrange(400))) for kind in (f.ARP, f.IPV4) * 100
    ]
    with scene.sends(*sense, *frames, rate=BROADCASTS * 0.9):
        time.sleep(len(frames) / BROADCASTS + 1)
    name = f"sense-{chance.randrange(1000)}"
    with scene.sends(_named(laptop.mac, name.encode()), rate=5):
        wait_until(lambda: name in {host["hostname"] for host in _hosts(scene)}, "the control: what makes sense is shown")
    for host in _hosts(scene):
        assert re.fullmatch(r"([0-9a-f]{2}:){5}[0-9a-f]{2}", host["mac"])
        assert re.fullmatch(r"[A-Za-z0-9._-]*", host["hostname"])
        assert host["ip"] is None or host["ip"].rsplit(".", 1)[0] == scene.gateway.rsplit(".", 1)[0]


def _named(mac: str, name: bytes) -> bytes:
    """A DHCP request of a host with this name."""
    message = f.dhcp_message(1, 3, mac, more=bytes([12, len(name)]) + name)
    return f.udp(mac, (f.ANYWHERE, f.EVERYWHERE), (68, 67), message)


def _broken(frame: bytes, chance: random.Random) -> bytes:
    """The frame with some bytes changed behind its Ethernet header."""
    broken = bytearray(frame)
    for _ in range(chance.randrange(1, 6)):
        broken[chance.randrange(14, len(broken))] = chance.randrange(256)
    return bytes(broken)


def test_who_takes_every_lease_of_a_project_takes_none_of_another_and_no_neighbours(scene: Scene) -> None:
    """New hosts of the same project then get none: its router leases to whatever MAC a request names."""
    base = scene.gateway.rsplit(".", 1)[0]
    requests = [_request(scene.attacker.mac, number, f"{base}.{number}") for number in range(2, 128)]

    def attacked() -> None:
        with scene.sends(*requests, rate=BROADCASTS):
            for socket in (STRANGER, NEIGHBOUR):
                lease = scene.lab.room.dhcp(socket, 30)
                assert lease == scene.leases[socket]
            assert scene.lab.pings(NEIGHBOUR, scene.gateway)

    lossless(scene.ways, attacked)


def _request(mac: str, number: int, ip: str) -> bytes:
    """A DHCP request for this address by a host that is not there."""
    more = bytes([50, 4]) + IPv4Address(ip).packed
    message = f.dhcp_message(1, 3, f"06:44:00:00:00:{number:02x}", more=more)
    return f.udp(mac, (f.ANYWHERE, f.EVERYWHERE), (68, 67), message)
