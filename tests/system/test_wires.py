"""Interfaces, MTU and throughput: no surprise attachment, one MTU on every hop, and TCP that moves data."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.system.lab import Lab
from tests.system.netns import INTERNET, internet_behind_nat
from tests.system.stack import DOCKER_HOST, INSTANCE, Stack, run

TRANSFER = Path(__file__).with_name("transfer.py").read_text()
PORT = "9000"
VXLAN_OVERHEAD = 14 + 20 + 8 + 8  # bytes: Ethernet, IPv4, UDP, VXLAN (RFC 7348)


@contextmanager
def _serving(*enter: str) -> Iterator[None]:
    """A process that serves one transfer at PORT."""
    with subprocess.Popen([*enter, "python3", "-c", TRANSFER, "serve", PORT], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        yield
        server.wait(60)


def _interfaces(stack: Stack, project: int, name: str) -> dict[str, int]:
    """MTU of each interface besides lo."""
    lines = stack.inside(project, name, "ip", "-o", "link").stdout.splitlines()
    links = {line.split(": ")[1].split("@")[0]: int(line.split(" mtu ")[1].split()[0]) for line in lines}
    return {link: mtu for link, mtu in links.items() if link != "lo"}


def test_a_container_has_one_interface_and_a_router_two(stack: Stack, project: int) -> None:
    stack.new_container(project, "web")
    assert list(_interfaces(stack, project, "web")) == ["eth0"]
    assert sorted(_interfaces(stack, project, "router")) == ["lan0", "wan0"]
    assert "docker_gwbridge" not in run("ip", "-o", "link")
    assert "docker_gwbridge" not in stack.docker("network", "ls")


def test_the_driver_says_that_it_closes_a_connection(stack: Stack) -> None:
    """The engine repeats a call without its body where a connection is closed that it wanted to use again (moby, pkg/plugins)."""
    call = ["--unix-socket", "/run/docker/plugins/nms.sock", "-X", "POST", "http://driver/Plugin.Activate"]
    assert "\nconnection: close" in run("curl", "-sS", "-D", "-", "-o", "/dev/null", *call).lower()


def test_the_mtu_is_the_same_on_every_hop(stack: Stack, project: int) -> None:
    stack.new_container(project, "web")
    ports = [port for bridge in (f"nms-p{project}", "nms-routing") for port in run("ovs-vsctl", "list-ports", bridge).split()]
    assert len(ports) >= 3, "of the container, and of both sides of the router"
    host = [_mtu(port) for port in (*ports, "nms-routing")]
    inside = [*_interfaces(stack, project, "web").values(), *_interfaces(stack, project, "router").values()]
    underlay = run("ip", "route", "show", "default").split(" dev ")[1].split()[0]
    assert set(host + inside) == {min(_mtu(underlay) - VXLAN_OVERHEAD, 1500)}


def _mtu(interface: str) -> int:
    return int(Path(f"/sys/class/net/{interface}/mtu").read_text())


def test_a_full_size_packet_passes_and_a_larger_one_does_not(stack: Stack, project: int) -> None:
    stack.new_container(project, "web")
    db = stack.new_container(project, "db")
    mtu = _interfaces(stack, project, "web")["eth0"]
    fits = ["ping", "-c2", "-W2", "-M", "do", "-s"]
    assert stack.inside(project, "web", *fits, str(mtu - 28), db["ip"]).returncode == 0
    assert stack.inside(project, "web", *fits, str(mtu - 27), db["ip"]).returncode != 0


def test_tcp_moves_100_mb_each_way_between_containers(stack: Stack, project: int) -> None:
    stack.new_container(project, "web")
    stack.new_container(project, "db")
    with _serving("docker", "-H", DOCKER_HOST, "exec", stack.docker_name(project, "db")):
        done = stack.inside(project, "web", "python3", "-c", TRANSFER, "fetch", "db", PORT)
    assert done.stdout == "same\n", done


def test_tcp_moves_100_mb_each_way_through_the_router(stack: Stack, project: int) -> None:
    stack.new_container(project, "web")
    with internet_behind_nat() as far, _serving("ip", "netns", "exec", far.name):
        done = stack.inside(project, "web", "python3", "-c", TRANSFER, "fetch", INTERNET, PORT)
    assert done.stdout == "same\n", done


def test_the_mtu_stays_as_it_was_decided_when_a_switch_with_a_wider_underlay_comes(stack: Stack, lab: Lab) -> None:
    decided = ("ovs-vsctl", "get", "bridge", f"{INSTANCE}-vtep", "external_ids:netmanager.mtu")
    before = run(*decided)
    stack.manage("bootstrap_datacenter")
    assert run(*decided) == before
