"""NAT, proven from the far side, in both modes of NETMANAGER_UPLINK."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.system.netns import HOST, INTERNET, Namespace, Tap, internet, internet_behind_nat
from tests.system.stack import Stack, run

GATEWAY = "100.65.0.1"


@pytest.fixture
def behind_nat() -> Iterator[Namespace]:
    with internet_behind_nat() as far:
        yield far


@pytest.fixture
def behind_nic(stack: Stack) -> Iterator[Namespace]:
    """INTERNET behind the NIC that NETMANAGER_UPLINK names; afterwards the host masquerades again."""
    with internet("nms-internet", "inet0nms", f"{GATEWAY}/16") as far:
        stack.manage("bootstrap_datacenter", NETMANAGER_UPLINK=far.host_end)
        yield far
        stack.manage("bootstrap_datacenter", NETMANAGER_UPLINK="nat")


def _who_am_i(stack: Stack, project: int) -> str:
    return stack.inside(project, "web", "nc", "-w", "10", "-d", INTERNET, "80").stdout


def _ip_sources(tap: Tap) -> set[str]:
    return {frame["ip_src"] for frame in tap.frames() if frame["type"] == "0800"}


def test_in_nat_mode_the_far_side_sees_only_the_host(stack: Stack, project: int, behind_nat: Namespace) -> None:
    stack.new_container(project, "web")
    with Tap(["ip", "netns", "exec", behind_nat.name], "eth0") as tap:
        assert stack.pings(project, "web", INTERNET)
        assert _who_am_i(stack, project) == HOST
        assert _ip_sources(tap) == {HOST}


def test_with_a_nic_the_far_side_sees_only_the_routers_public_address(stack: Stack, project: int, behind_nic: Namespace) -> None:
    stack.new_container(project, "web")
    vlan = stack.post(f"/create-bridge/1/{project}/").body["vlan"]
    public = f"100.65.{vlan // 256}.{vlan % 256}"
    with Tap(["ip", "netns", "exec", behind_nic.name], "eth0") as tap:
        assert stack.pings(project, "web", INTERNET)
        assert _who_am_i(stack, project) == public
        assert _ip_sources(tap) == {public}


def test_bootstrap_refuses_the_nic_of_the_default_route(stack: Stack) -> None:
    nic = run("ip", "route", "show", "default").split(" dev ")[1].split()[0]
    with pytest.raises(AssertionError, match=f"CommandError: NETMANAGER_UPLINK names {nic}, the NIC of the default route"):
        stack.manage("bootstrap_datacenter", NETMANAGER_UPLINK=nic)
    assert nic not in run("ovs-vsctl", "list-ports", "nms-routing").split()


def test_nobody_from_outside_opens_a_connection_into_a_project(stack: Stack, project: int, behind_nic: Namespace) -> None:
    web = stack.new_container(project, "web")
    vlan = stack.post(f"/create-bridge/1/{project}/").body["vlan"]
    public = f"100.65.{vlan // 256}.{vlan % 256}"
    behind_nic.run("ip", "route", "add", web["ip"], "via", public)
    assert "1 received" in behind_nic.run("ping", "-c1", "-W3", public)
    stack.inside(project, "web", "sh", "-c", "nc -lk 8080 >/dev/null 2>&1 &")
    connect = "import socket,sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 3); print('opened')"
    targets = ((web["ip"], "8080"), (public, "53"), (public, "8080"))
    with ThreadPoolExecutor(len(targets)) as pool:
        said = pool.map(lambda target: behind_nic.run("python3", "-c", connect, *target, check=False), targets)
    assert list(said) == ["", "", ""]
