"""A switch of the lab and a bridge of the host, joined by VXLAN as the datacenter's code makes it."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from datacenter import netlink, openflow
from datacenter.bootstrap import datapath_type
from datacenter.names import Names
from datacenter.ovsdb import Ovsdb, Port
from lab.room import Room
from lab.stream import Endpoint, stream
from tests.integration.rooms import give_addresses, leftovers, pings, standing_room
from tests.integration.switch import delete_everything, run

TRANSFER = str(Path(__file__).parents[1] / "system" / "transfer.py")
BRIDGE, TUNNEL, HOST, PEER, FAR = "nmt-p33", "nmt-vx33", "nmt-h33", "nmt-c33", "nmt-far33"
VLAN, MTU = 42, 1450


@pytest.fixture
def room() -> Iterator[Room]:
    """Laptop 1 is joined to 10.9.9.128 by VNI 42; laptop 2 sends with VNI 43."""
    _clean()
    ovsdb, owner = Ovsdb(), Names("nmt").owner(33)
    try:
        with standing_room() as room:
            for socket, vni in ((1, VLAN), (2, VLAN + 1)):
                room.switch().ofctl("add-flow", f"in_port={socket},actions=set_field:{vni}->tun_id,output:1000")
                room.switch().ofctl("add-flow", f"in_port=1000,tun_id={vni},actions=output:{socket}")
                room.laptop(socket).run("ip", "link", "set", "eth0", "mtu", str(MTU))
            give_addresses(room, "10.9.9", 1, 2)
            ovsdb.ensure_bridge(BRIDGE, owner, datapath_type(), secure=True)
            options = {"remote_ip": str(room.layout.tunnel(1).ip), "key": "flow"}
            tunnel = ovsdb.plug(Port(BRIDGE, TUNNEL, owner, "vxlan", options))
            pair = netlink.VethPair(HOST, PEER, "02:42:0a:09:09:80", MTU, peer_checksums=datapath_type() == "system")
            netlink.plug_veth(pair)
            port = ovsdb.plug(Port(BRIDGE, HOST, owner))
            openflow.replace_flows(BRIDGE, 33, openflow.tunnel_flows(33, VLAN, tunnel, port))
            run("ip", "netns", "add", FAR)
            run("ip", "link", "set", PEER, "netns", FAR, "name", "eth0")
            run("ip", "-n", FAR, "address", "add", "10.9.9.128/24", "dev", "eth0")
            run("ip", "-n", FAR, "link", "set", "eth0", "up")
            yield room
    finally:
        ovsdb.close()
        _clean()
    assert leftovers() == []


def _clean() -> None:
    delete_everything(BRIDGE, HOST)
    if Path(f"/run/netns/{FAR}").exists():
        run("ip", "netns", "del", FAR)


def test_frames_of_the_vni_pass_and_no_others(room: Room) -> None:
    assert pings(room, 1, "10.9.9.128")
    assert not pings(room, 2, "10.9.9.128")


def test_100_mb_pass_whole_in_both_directions(room: Room) -> None:
    server = room.laptop(1).popen(sys.executable, TRANSFER, "serve", "9000", stdout=-1, text=True)
    try:
        assert server.stdout
        assert server.stdout.readline() == "ready\n"
        assert run("ip", "netns", "exec", FAR, sys.executable, TRANSFER, "fetch", "10.9.9.1", "9000") == "same"
    finally:
        server.kill()
        server.communicate()


def test_a_stream_through_the_tunnel_loses_nothing_either_way(room: Room) -> None:
    laptop, far = room.laptop(1).endpoint, Endpoint(("ip", "netns", "exec", FAR))
    with stream(laptop, far) as there, stream(far, laptop) as back:
        there.wait_for_first(5)
        back.wait_for_first(5)
        assert not room.up()
    assert (there.result.lost, back.result.lost) == ([], [])


def test_a_restarted_switch_is_reached_again(room: Room) -> None:
    assert pings(room, 1, "10.9.9.128")
    room.switch().restart()
    room.switch().ofctl("add-flow", f"in_port=1,actions=set_field:{VLAN}->tun_id,output:1000")
    room.switch().ofctl("add-flow", f"in_port=1000,tun_id={VLAN},actions=output:1")
    assert pings(room, 1, "10.9.9.128")
