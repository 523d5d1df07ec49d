"""A room comes up, stays, is mended, and goes."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from datacenter.netlink import delete_link
from lab import namespaces
from lab.errors import LabError
from lab.layout import run_directory
from lab.room import Room, down
from lab.stream import stream
from lab.switch import daemons_in
from tests.conditions import wait_until
from tests.integration.rooms import give_addresses, join, layout, leftovers, pings, standing_room
from tests.integration.switch import run, vsctl


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    down("nmt")
    yield
    down("nmt")
    assert leftovers() == []


def test_frames_pass_between_laptops_where_a_flow_says_so_and_nowhere_else() -> None:
    with standing_room(sockets=3) as room:
        give_addresses(room, "10.9.9", 1, 2, 3)
        assert not pings(room, 1, "10.9.9.2")
        join(room, 1, 2)
        assert pings(room, 1, "10.9.9.2")
        assert not pings(room, 1, "10.9.9.3")


def test_a_command_on_a_laptop_that_does_not_end_is_an_error_that_names_it() -> None:
    with standing_room() as room, pytest.raises(LabError, match=r"On laptop 1 sleep 1000 did not end within 0\.2 s"):
        room.laptop(1).run("sleep", "1000", timeout=0.2)


def test_large_tcp_passes_between_laptops() -> None:
    with standing_room() as room:
        give_addresses(room, "10.9.9", 1, 2)
        join(room, 1, 2)
        server = room.laptop(2).popen("python3", "-c", _SERVE, stdout=-1, text=True)
        assert server.stdout
        assert server.stdout.readline() == "ready\n"
        assert room.laptop(1).run("python3", "-c", _SEND, "10.9.9.2", timeout=20).returncode == 0
        assert server.communicate(timeout=20)[0] == "20000000\n"


def test_a_second_up_changes_nothing_and_loses_no_frame() -> None:
    with standing_room(sockets=3, switches=2) as room:
        join(room, 1, 2)
        pids = [daemons_in(switch.run_dir) for switch in room.switches]
        with stream(room.laptop(1).endpoint, room.laptop(2).endpoint) as frames:
            frames.wait_for_first(5)
            assert not Room(layout(3, switches=2)).up()
        assert frames.result.lost == []
        assert [daemons_in(switch.run_dir) for switch in room.switches] == pids


def test_another_process_finds_the_room() -> None:
    with pytest.raises(LabError, match="lab up"):
        Room.standing("nmt")
    with standing_room(sockets=3, switches=2) as room:
        assert Room.standing("nmt").layout == room.layout


def test_another_controller_is_another_room() -> None:
    with standing_room(openflow_port=6699):
        other = Room(layout(openflow_port=6698))
        assert not other.stands()
        assert other.up()
        assert other.switch().vsctl("get-controller", "dml-switch") == "tcp:198.18.242.2:6698"


def test_another_shape_is_built_in_its_place() -> None:
    with standing_room(sockets=3):
        other = Room(layout(4, switches=2))
        assert other.up()
        assert other.stands()
        assert not Room(layout(3)).stands()
        assert sorted(namespaces.present() & {"nmt-lab", "nmt-lab2", "nmt-laptop3", "nmt-laptop4"}) == [
            "nmt-lab", "nmt-lab2", "nmt-laptop3", "nmt-laptop4",
        ]  # fmt: skip
        assert Room(layout(1)).up()
        assert "nmt-laptop2" not in namespaces.present()


def test_sockets_keep_their_openflow_ports_on_each_switch() -> None:
    with standing_room(sockets=5, switches=2) as room:
        ports = [
            (n, row["ofport"]) for switch in room.switches for n, row in _interfaces(room, switch.number).items() if n[0] == "s"
        ]
        assert sorted(ports) == [("s1", 1), ("s2", 2), ("s3", 3), ("s4", 1), ("s5", 2)]
        assert [_interfaces(room, switch)["uplink"]["ofport"] for switch in (1, 2)] == [1000, 1000]


def test_switches_are_secure_out_of_band_and_have_their_dpids() -> None:
    with standing_room(openflow_port=6699) as room:
        switch = room.switch()
        assert switch.vsctl("get", "Bridge", "dml-switch", "fail_mode", "datapath_id") == f'secure\n"{room.layout.dpid(1)}"'
        assert switch.vsctl("get-controller", "dml-switch") == "tcp:198.18.242.2:6699"
        row = switch.vsctl("get", "Controller", "dml-switch", "connection_mode", "max_backoff", "is_connected")
        assert row == "out-of-band\n1000\nfalse"
        hidden = [line for line in switch.appctl("bridge/dump-flows", "dml-switch").splitlines() if "priority=18" in line]
        assert hidden == []
        assert not switch.is_connected()


@pytest.mark.parametrize("uplink", ["vxlan", "vlan"])
def test_the_host_answers_nothing_by_the_interfaces_that_are_only_ports(uplink: str) -> None:
    with standing_room(uplink=uplink) as room:
        if uplink == "vlan":  # what a laptop sends reaches an interface of the host
            join(room, 1, 1000)
        give_addresses(room, "198.18.242", 1)  # the network of its switch's control cable
        for target in ("198.18.242.2", "198.18.242.3", "198.18.243.1"):
            assert not pings(room, 1, target)
            assert room.laptop(1).run("python3", "-c", _PROBE, target, room.laptop(1).mac).stdout == "nobody\n"
        neighbours = room.laptop(1).run("ip", "-j", "neighbour").stdout
        assert all("lladdr" not in entry for entry in json.loads(neighbours))


@pytest.mark.parametrize(
    ("uplink", "ours", "target", "port", "counter"),
    [("vxlan", "198.18.242.2", "198.18.242.3", "s1", "InEchos"), ("vlan", "198.18.242.3", "198.18.242.2", "u1", "InEchoReps")],
)
def test_what_is_sent_to_the_very_mac_of_such_an_interface_is_not_heard(
    uplink: str, ours: str, target: str, port: str, counter: str
) -> None:
    """The laptop takes the address of the other end of the control cable, where an answer would go."""
    with standing_room(uplink=uplink) as room:
        join(room, 1, 1000)
        link = run(
            "ip", "-j", *(["-n", "nmt-lab"] if port == "s1" else []), "link", "show", port if port == "s1" else "labnmt-u1"
        )
        laptop = room.laptop(1)
        laptop.run("ip", "address", "add", f"{ours}/24", "dev", "eth0")
        laptop.run("ip", "neighbour", "add", target, "lladdr", json.loads(link)[0]["address"], "dev", "eth0")
        before = _icmp(counter)
        assert not pings(room, 1, target)
        assert _icmp(counter) == before


def test_a_restarted_switch_has_its_ports_and_its_tunnel_and_no_flow() -> None:
    with standing_room() as room:
        join(room, 1, 2)
        before = daemons_in(room.switch().run_dir)
        room.switch().restart()
        assert not {*before} & {*daemons_in(room.switch().run_dir)}
        assert room.stands()
        assert "actions" not in room.switch().ofctl("dump-flows")
        assert not room.up()


def kill_vswitchd(room: Room) -> None:
    os.kill(daemons_in(room.switch().run_dir)[0], signal.SIGKILL)
    wait_until(lambda: len(daemons_in(room.switch().run_dir)) == 1, "ovs-vswitchd is gone")


NOTE = run_directory("nmt") / "layout.json"
DAMAGE: dict[str, Callable[[Room], object]] = {
    "ovs-vswitchd killed": kill_vswitchd,
    "a laptop's namespace removed": lambda room: run("ip", "netns", "del", "nmt-laptop2"),
    "the switch's namespace without a name, its processes running": lambda room: run("ip", "netns", "del", "nmt-lab"),
    "a cable removed": lambda room: run("ip", "link", "del", "labnmt-c1"),
    "a port unplugged": lambda room: room.switch().vsctl("del-port", "s2"),
    "no tunnel address": lambda room: run("ip", "-n", "nmt-lab", "address", "flush", "dev", "underlay"),
    "half a note": lambda room: NOTE.write_text("{"),
    "half a room": lambda room: NOTE.unlink(),
    "no state, as after a reboot": lambda room: run("rm", "-r", str(run_directory("nmt"))),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_a_crash_left_is_mended_by_the_next_up(damage: str) -> None:
    with standing_room() as room:
        DAMAGE[damage](room)
        assert not room.stands()
        assert room.up()
        assert room.stands()
        join(room, 1, 2)
        give_addresses(room, "10.9.9", 1, 2)
        assert pings(room, 1, "10.9.9.2")


def test_an_address_that_the_host_has_lost_is_given_back_without_a_new_room() -> None:
    with standing_room() as room:
        run("ip", "address", "flush", "dev", "labnmt")
        assert not room.up()
        assert "198.18.243.1/24" in run("ip", "address", "show", "dev", "labnmt")


def test_down_is_repeatable_and_takes_what_still_runs() -> None:
    with standing_room(sockets=3, switches=2) as room:
        stray = room.laptop(1).popen("sleep", "600")
        room.cable(1, 2)
        room.down()
        assert stray.wait(5) == -signal.SIGTERM
        assert leftovers() == []
        room.down()
        assert leftovers() == []


def test_it_leaves_alone_what_is_not_its_own() -> None:
    others = ["nmt-laptops", "nmtx-laptop1"]
    try:
        for name in others:
            run("ip", "netns", "add", name)
        run("ip", "link", "add", "labnmtx-c1", "type", "veth", "peer", "labnmtx-c2")
        with standing_room():
            pass
        assert set(others) <= namespaces.present()
        assert Path("/sys/class/net/labnmtx-c1").exists()
    finally:
        for name in filter(namespaces.present().__contains__, others):
            run("ip", "netns", "del", name)
        delete_link("labnmtx-c1")


def test_a_vlan_uplink_is_a_cable_that_ends_on_the_host() -> None:
    with standing_room(uplink="vlan") as room:
        row = _interfaces(room, 1)["uplink"]
        assert (row["type"], row["ofport"]) == ("", 1000)
        assert "LOWER_UP" in run("ip", "link", "show", "labnmt-u1")
        assert "labnmt" not in vsctl("list-br").splitlines()
        assert not room.up()


_PROBE = """
import socket, sys
target, mac = socket.inet_aton(sys.argv[1]), bytes.fromhex(sys.argv[2].replace(":", ""))
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as wire:
    wire.bind(("eth0", 0x0806))
    header = b"\\xff" * 6 + mac + bytes.fromhex("0806" "0001" "0800" "06" "04" "0001")
    wire.send(header + mac + bytes(4) + bytes(6) + target)  # nobody's question (RFC 5227)
    wire.settimeout(0.5)
    try:
        while wire.recv(1500)[20:22] != b"\\0\\2":
            pass
        print("somebody")
    except TimeoutError:
        print("nobody")
"""


def _icmp(counter: str) -> int:
    """A counter of the kernel of the switch's namespace."""
    names, values = [
        line.split()
        for line in run(*namespaces.enter("nmt-lab"), "cat", "/proc/net/snmp").splitlines()
        if line.startswith("Icmp:")
    ]
    return int(values[names.index(counter)])


def _interfaces(room: Room, switch: int) -> dict[str, dict[str, object]]:
    table = json.loads(room.switch(switch).vsctl("--format=json", "--columns=name,type,ofport", "list", "Interface"))
    return {row[0]: {"type": row[1], "ofport": row[2]} for row in table["data"]}


_SERVE = """
import socket
server = socket.create_server(("", 9000))
print("ready", flush=True)
client, _ = server.accept()
size = 0
while data := client.recv(1 << 16):
    size += len(data)
print(size)
"""
_SEND = """
import socket, sys
with socket.create_connection((sys.argv[1], 9000)) as client:
    client.sendall(bytes(20_000_000))
"""
