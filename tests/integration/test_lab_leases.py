"""Laptops have leases, and ask again by themselves when their link comes back."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.errors import LabError
from lab.leases import Lease
from lab.room import Room
from tests.conditions import wait_until
from tests.integration.rooms import dhcp_server, join, leftovers, standing_room


@pytest.fixture
def room() -> Iterator[Room]:
    with standing_room() as room:
        join(room, 1, 2)
        yield room
    assert leftovers() == []


def link(room: Room) -> dict[str, object]:
    return dict(json.loads(room.laptop(1).run("ip", "-j", "link", "show", "eth0").stdout)[0])


def bounce(room: Room) -> None:
    """The link of socket 1 goes down and up again, as the controller does when a socket changes hands."""
    room.switch().ofctl("mod-port", "s1", "down")
    wait_until(lambda: link(room)["operstate"] == "DOWN", "the laptop's link is down")
    room.switch().ofctl("mod-port", "s1", "up")


def test_a_laptop_has_what_the_server_tells_it(room: Room) -> None:
    with dhcp_server(room, "10.9.9", "--dhcp-option=option:mtu,1450", "--dhcp-host=laptop1,10.9.9.57"):
        lease = room.dhcp(1, 2)
        assert lease == Lease("10.9.9.57", "10.9.9.1", "10.9.9.1", 1450)
        assert room.lease(1) == lease
        assert link(room)["mtu"] == 1450
        assert "10.9.9.57/24" in room.laptop(1).run("ip", "-4", "address", "show", "eth0").stdout
        assert room.laptop(1).run("ip", "route", "show", "default").stdout.startswith("default via 10.9.9.1 dev eth0")


def test_names_resolve_on_the_laptop_and_the_hosts_resolv_conf_is_not_touched(room: Room) -> None:
    before = Path("/etc/resolv.conf").read_bytes()
    with dhcp_server(room, "10.9.9"):
        room.dhcp(1)
        for name in ("web", "web.p7.lab.internal"):
            assert room.laptop(1).run("getent", "ahostsv4", name).stdout.startswith("10.9.9.128")
    assert Path("/etc/resolv.conf").read_bytes() == before


def test_it_asks_for_another_by_itself_after_a_bounce(room: Room) -> None:
    with dhcp_server(room, "10.9.9", "--dhcp-option=option:mtu,1450"):
        room.dhcp(1)
    with dhcp_server(room, "10.8.8"):
        bounce(room)
        wait_until(lambda: (lease := room.lease(1)) and lease.router == "10.8.8.1", "a lease of the other server", 5)
        wait_until(lambda: link(room)["mtu"] == 1500, "the MTU of that server, who tells none")
        assert "10.9.9" not in room.laptop(1).run("ip", "-4", "address").stdout
        assert "nameserver 10.8.8.1" in room.laptop(1).resolv_conf.read_text()


def test_without_a_link_it_has_none(room: Room) -> None:
    with dhcp_server(room, "10.9.9"):
        room.dhcp(1)
        room.switch().ofctl("mod-port", "s1", "down")
        wait_until(lambda: room.lease(1) is None, "the lease is gone")
        wait_until(lambda: room.laptop(1).resolv_conf.read_text() == "", "its server is gone too")


def test_asking_again_finds_the_server_of_now_without_a_bounce(room: Room) -> None:
    with dhcp_server(room, "10.9.9"):
        first = room.dhcp(1)
        assert room.dhcp(1) == first
    with dhcp_server(room, "10.8.8"):
        assert room.dhcp(1).router == "10.8.8.1"


def test_however_often_it_asks_it_is_told_everything(room: Room) -> None:
    with dhcp_server(room, "10.9.9", "--dhcp-option=option:mtu,1450"):
        assert {room.dhcp(1) for _ in range(60)} == {Lease("10.9.9.52", "10.9.9.1", "10.9.9.1", 1450)}


def test_a_laptop_that_nobody_answers_is_named_and_gets_its_lease_when_somebody_does(room: Room) -> None:
    with pytest.raises(LabError, match=r"Laptop 1 got no lease within 0\.5 s"):
        room.dhcp(1, 0.5)
    assert "169.254." not in room.laptop(1).run("ip", "-4", "address").stdout
    with dhcp_server(room, "10.9.9"):
        assert room.dhcp(1).router == "10.9.9.1"


def test_a_dhcpcd_that_died_is_started_again(room: Room) -> None:
    with dhcp_server(room, "10.9.9"):
        lease = room.dhcp(1)
        pid = int((room.laptop(1).run_dir / "run/dhcpcd/pid").read_text())
        subprocess.run(["kill", "-9", str(pid)], check=True)
        wait_until(lambda: not Path(f"/proc/{pid}").exists(), "it is gone")
        assert room.dhcp(1) == lease
