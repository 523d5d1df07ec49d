"""Laptops get leases, find containers and each other by name, and move data everywhere that their project reaches."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from datacenter.addressing import Subnet
from tests.system.lab import Lab
from tests.system.netns import HOST, INTERNET, internet_behind_nat
from tests.system.room.town import FAR, NEAR, SEATS, Town
from tests.system.stack import DOCKER_HOST

TRANSFER = (Path(__file__).parents[1] / "transfer.py").read_text()
PORT = "9000"
IP_AND_ICMP = 20 + 8  # bytes


def test_every_laptop_has_a_lease_of_its_project(room: Lab, town: Town) -> None:
    for project, sockets in SEATS.items():
        gateway = town.projects[project].gateway
        first, last = Subnet(IPv4Network(f"{gateway}/24", strict=False)).dhcp
        mtu = town.stack.inside(project, "web", "cat", "/sys/class/net/eth0/mtu").stdout.strip()
        for lease in (town.leases[socket] for socket in sockets):
            assert first <= IPv4Address(lease.ip) <= last
            assert (lease.router, lease.dns, str(lease.mtu)) == (gateway, gateway, mtu)
    assert len({lease.ip for lease in town.leases.values()}) == len(town.leases)


def _resolved(done: subprocess.CompletedProcess[str]) -> str:
    """The address that `getent hosts` found, if any."""
    return done.stdout.split()[0] if done.returncode == 0 else ""


def test_names_of_containers_and_of_leased_laptops_lead_to_them(room: Lab, town: Town) -> None:
    def lead(number: int) -> None:
        one, other = SEATS[number]
        names = town.projects[number].containers | {f"laptop{socket}": town.leases[socket].ip for socket in (one, other)}
        for name, ip in names.items():
            for asked in (name, f"{name}.p{number}.lab.internal"):
                assert _resolved(room.on(one, "getent", "ahostsv4", asked)) == ip
                assert _resolved(town.stack.inside(number, "web", "getent", "ahostsv4", asked)) == ip
            assert room.pings(one, name)

    with ThreadPoolExecutor(len(SEATS)) as pool:
        list(pool.map(lead, SEATS))


def test_names_of_another_project_lead_nowhere(room: Lab, town: Town) -> None:
    for name in (f"web.p{FAR}.lab.internal", f"laptop{SEATS[FAR][0]}", f"laptop{SEATS[FAR][0]}.p{FAR}.lab.internal"):
        assert _resolved(room.on(SEATS[NEAR][0], "getent", "ahostsv4", name)) == ""
        assert _resolved(room.on(SEATS[FAR][1], "getent", "ahostsv4", name)) != "", "the control: its own project has it"


def test_a_full_size_packet_passes_between_all_of_a_project(room: Lab, town: Town) -> None:
    """In both directions, and from the first switch to the second; a larger one is told of, not lost."""
    one, other = SEATS[FAR]
    web, lease = town.projects[FAR].containers["web"], town.leases[one]
    fits = ["ping", "-c", "3", "-i", "0.3", "-W", "2", "-M", "do", "-s", str(lease.mtu - IP_AND_ICMP)]
    for target in (web, town.leases[other].ip):
        assert room.on(one, *fits, target).returncode == 0
    assert town.stack.inside(FAR, "web", *fits, lease.ip).returncode == 0
    assert room.on(one, *fits[:-1], str(lease.mtu - IP_AND_ICMP + 1), web).returncode != 0


# Data

Enter = list[str]  # the command that runs another at one end


def _laptop(room: Lab, socket: int) -> Enter:
    return list(room.end(socket).enter)


@contextmanager
def _to_container(room: Lab, town: Town) -> Iterator[tuple[Enter, Enter, str]]:
    server = ["docker", "-H", DOCKER_HOST, "exec", town.stack.docker_name(NEAR, "web")]
    yield _laptop(room, SEATS[NEAR][0]), server, "web"


@contextmanager
def _to_neighbour(room: Lab, town: Town) -> Iterator[tuple[Enter, Enter, str]]:
    one, other = SEATS[NEAR]
    assert room.room.layout.switch_of(one) == room.room.layout.switch_of(other)
    yield _laptop(room, one), _laptop(room, other), f"laptop{other}"


@contextmanager
def _to_other_switch(room: Lab, town: Town) -> Iterator[tuple[Enter, Enter, str]]:
    one, other = SEATS[FAR]
    assert room.room.layout.switch_of(one) != room.room.layout.switch_of(other)
    yield _laptop(room, one), _laptop(room, other), f"laptop{other}"


@contextmanager
def _to_internet(room: Lab, town: Town) -> Iterator[tuple[Enter, Enter, str]]:
    with internet_behind_nat() as far:
        yield _laptop(room, SEATS[NEAR][0]), ["ip", "netns", "exec", far.name], INTERNET


Way = Callable[[Lab, Town], AbstractContextManager[tuple[Enter, Enter, str]]]


def _move_100_mb_each_way(client: Enter, server: Enter, host: str) -> None:
    with subprocess.Popen([*server, "python3", "-c", TRANSFER, "serve", PORT], stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        assert serving.stdout.readline() == "ready\n"
        command = [*client, sys.executable, "-c", TRANSFER, "fetch", host, PORT]
        done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
        if done.returncode:
            serving.kill()
    assert done.stdout == "same\n", done


@pytest.mark.parametrize("way", [_to_container, _to_other_switch])
def test_tcp_moves_100_mb_each_way_by_the_uplink(room: Lab, town: Town, way: Way) -> None:
    with way(room, town) as ends:
        _move_100_mb_each_way(*ends)


@pytest.mark.parametrize("room", ["vxlan"], indirect=True, scope="package")  # the kind of uplink makes no difference here
@pytest.mark.parametrize("way", [_to_neighbour, _to_internet])
def test_tcp_moves_100_mb_each_way_elsewhere(room: Lab, town: Town, way: Way) -> None:
    with way(room, town) as ends:
        _move_100_mb_each_way(*ends)


def test_the_internet_sees_a_laptop_as_the_host(room: Lab, town: Town) -> None:
    who_am_i = "import socket, sys; print(socket.create_connection((sys.argv[1], 80), 10).recv(64).decode())"
    with internet_behind_nat():
        for sockets in SEATS.values():
            assert room.pings(sockets[0], INTERNET)
            assert room.on(sockets[0], sys.executable, "-c", who_am_i, INTERNET).stdout.strip() == HOST
