"""`manage.py lab`: the room with its rows, and the datacenter's way to it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from apps import host
from apps.ports.models import Socket, Switch
from datacenter.bootstrap import datapath_type
from datacenter.names import MTU_KEY
from lab.room import Room, down
from tests.conftest import ROOT
from tests.integration import rows
from tests.integration.rooms import dhcp_server, join, layout, leftovers, standing_room
from tests.integration.switch import delete_everything, ports, vsctl

VTEP = "nmt-vtep"


@pytest.fixture(autouse=True)
def vtep() -> Iterator[None]:
    """The bridge that bootstrap_datacenter makes, and no lab before and after."""
    down("nmt")
    delete_everything(VTEP)
    host.ovsdb.ensure_bridge(VTEP, host.names.owner() | {MTU_KEY: "1450"}, datapath_type(), secure=True)
    yield
    down("nmt")
    delete_everything(VTEP)
    assert leftovers() == []


def lab(*arguments: str) -> str:
    """What the command prints."""
    output = StringIO()
    call_command("lab", *arguments, stdout=output)
    return output.getvalue()


def up(sockets: int, *more: str) -> str:
    """The lab, without waiting for a controller."""
    return lab("up", f"--sockets={sockets}", "--wait=0", *more)


def places() -> list[tuple[int, str, int]]:
    return list(Socket.objects.order_by("number").values_list("number", "switch__name", "of_port"))


@pytest.mark.django_db
def test_up_makes_room_rows_and_tunnel() -> None:
    printed = up(3)
    assert Room.standing("nmt").stands()
    switch = Switch.objects.get()
    assert (switch.name, switch.dpid, switch.uplink_port) == ("lab", layout().dpid(1), 1000)
    assert (switch.uplink_kind, switch.tunnel_address, switch.trunk, switch.bounce_ms) == ("VXLAN", "198.18.243.11", "", 100)
    assert places() == [(1, "lab", 1), (2, "lab", 2), (3, "lab", 3)]
    assert ports(VTEP) == [f"nmt-vx{switch.pk}"]
    assert vsctl("get", "Interface", f"nmt-vx{switch.pk}", "options:remote_ip") == '"198.18.243.11"'
    assert "OVS_RUNDIR=/run/netmanager/nmt/lab/1" in printed
    assert "nmt-laptop1 to nmt-laptop3" in printed
    assert Room.standing("nmt").switch().vsctl("get-controller", "dml-switch") == "tcp:198.18.242.2:6654"


@pytest.mark.django_db
def test_a_second_up_writes_no_row_and_builds_nothing() -> None:
    up(4, "--switches=2")
    Switch.objects.update(connected_at="2026-01-01T00:00:00Z")
    before = [list(Switch.objects.values()), list(Socket.objects.values())]
    assert "stands already" in up(4, "--switches=2")
    assert [list(Switch.objects.values()), list(Socket.objects.values())] == before


@pytest.mark.django_db
def test_what_a_room_was_connected_by_is_forgotten_when_it_is_built_again() -> None:
    up(1)
    Switch.objects.update(connected_at="2026-01-01T00:00:00Z")
    down("nmt")
    up(1)
    assert Switch.objects.get().connected_at is None


@pytest.mark.django_db
def test_sockets_keep_their_project_in_another_shape() -> None:
    up(6, "--switches=2")
    project = rows.active_project()
    Socket.objects.filter(number__in=(2, 3, 6)).update(project=project)
    up(4, "--switches=2", "--bounce-ms=7")
    assert places() == [(1, "lab", 1), (2, "lab", 2), (3, "lab2", 1), (4, "lab2", 2)]
    assert list(project.sockets.order_by("number").values_list("number", flat=True)) == [2, 3]
    assert set(Switch.objects.values_list("bounce_ms", flat=True)) == {7}
    up(2)
    assert places() == [(1, "lab", 1), (2, "lab", 2)]
    assert [switch.name for switch in Switch.objects.all()] == ["lab"]
    assert len(ports(VTEP)) == 1


@pytest.mark.django_db
def test_a_vlan_uplink_is_a_trunk_that_works_again_in_a_room_built_anew() -> None:
    for sockets in (1, 2):
        up(sockets, "--uplink=vlan")
        switch = Switch.objects.get()
        assert (switch.uplink_kind, switch.tunnel_address, switch.trunk) == ("VLAN", None, "labnmt-u1")
        assert ports(VTEP) == ["labnmt-u1"]
        assert int(vsctl("get", "Interface", "labnmt-u1", "ofport")) > 0
    up(2)
    assert ports(VTEP) == [f"nmt-vx{Switch.objects.get().pk}"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("switch", "number", "complaint"),
    [
        ({"name": "room-1"}, 2, "Socket 2 is one of switch room-1.*Delete"),
        ({"name": "lab"}, 99, "Switch lab has a name.*Rename"),
        ({"name": "room-1", "tunnel_address": "198.18.243.11"}, 99, "Switch room-1 has.*NETMANAGER_LAB_NETWORK"),
    ],
)
def test_rows_of_a_real_room_are_in_the_way_and_stay(switch: dict[str, Any], number: int, complaint: str) -> None:
    rows.socket(rows.switch(**switch), number=number)
    with pytest.raises(CommandError, match=complaint):
        up(4)
    assert leftovers() == []
    assert Switch.objects.count() == Socket.objects.count() == 1


@pytest.mark.django_db
def test_sockets_of_a_real_room_with_other_numbers_are_not_in_the_way() -> None:
    rows.socket(rows.switch(), number=5)
    up(4)
    lab("down")
    assert places() == [(5, "room-1", 3)]


@pytest.mark.django_db
def test_a_controller_that_does_not_come_is_told_and_the_room_stands() -> None:
    with pytest.raises(CommandError, match=r"did not take lab, lab2 within 0\.2 s.*run_controller"):
        lab("up", "--sockets=2", "--switches=2", "--wait=0.2")
    assert Room.standing("nmt").stands()


@pytest.mark.django_db
def test_down_takes_room_rows_and_tunnel_and_frees_the_sockets() -> None:
    up(2)
    Socket.objects.filter(number=1).update(project=rows.active_project())
    for _ in range(2):
        lab("down")
        assert Switch.objects.count() == Socket.objects.count() == 0
        assert ports(VTEP) == leftovers() == []


def test_the_room_alone_is_removed_without_a_database() -> None:
    with standing_room(1):
        lab("down", "--keep-rows")
        assert leftovers() == []


@pytest.mark.parametrize("shape", [("0",), ("2", "--switches=3"), ("1000",)])
def test_a_room_that_cannot_be_is_refused(shape: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match="lab has"):
        lab("up", "--sockets", *shape)


@pytest.mark.parametrize("arguments", [("exec", "1", "--", "true"), ("dhcp", "1"), ("cable", "1", "2")])
def test_without_a_lab_it_says_how_to_get_one(arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match=r"manage\.py lab up"):
        lab(*arguments)


def test_exec_hands_through_streams_and_status() -> None:
    with standing_room(2):
        script = "cat; cat /sys/class/net/eth0/address >&2; exit 7"
        done = subprocess.run(
            [sys.executable, "manage.py", "lab", "exec", "2", "--", "sh", "-c", script],
            cwd=ROOT, input="hello", capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stdout, done.stderr) == (7, "hello", "06:00:00:00:00:02\n")
        with pytest.raises(CommandError, match="none with number 3"):
            lab("exec", "3", "--", "true")
        with pytest.raises(CommandError, match="Say what to run"):
            lab("exec", "2", "--")


def test_dhcp_prints_the_lease() -> None:
    with standing_room(2) as room:
        join(room, 1, 2)
        with pytest.raises(CommandError, match="Laptop 1 got no lease"):
            lab("dhcp", "1", "--timeout=0.2")
        with dhcp_server(room, "10.9.9", "--dhcp-option=option:mtu,1450", "--dhcp-host=laptop1,10.9.9.57"):
            lease = json.loads(lab("dhcp", "1"))
        assert lease == {"ip": "10.9.9.57", "router": "10.9.9.1", "dns": "10.9.9.1", "mtu": 1450}


def test_cable_and_uncable_do_so() -> None:
    with standing_room(2) as room:
        lab("cable", "1", "2")
        assert "LOWER_UP" not in room.laptop(1).run("ip", "link", "show", "eth0").stdout
        lab("uncable", "1", "2")
        assert room.stands()
        with pytest.raises(CommandError, match="two ends"):
            lab("cable", "1", "1")
