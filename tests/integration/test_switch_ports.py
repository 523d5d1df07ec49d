"""The ports of the VTEP bridge that lead to switches, and the frames that pass a trunk."""

from collections.abc import Iterator
from contextlib import ExitStack
from ipaddress import IPv4Address, IPv4Interface

import pytest

from apps import host
from datacenter import netlink
from datacenter.bootstrap import Site, datapath_type, mtu
from datacenter.errors import DatacenterError
from datacenter.names import MTU_KEY
from datacenter.ovsdb import Port
from datacenter.room import Room, ensure_switch_ports
from datacenter.tunnels import ProjectTunnels
from tests.conditions import wait_until
from tests.integration.bridges import VTEP, flows, identities, standing_vtep
from tests.integration.cable import Wire, veth
from tests.integration.switch import delete_everything, ports, run, vsctl

NIC, FAR = "nmt-t31", "nmt-u31"
UNDERLAY = "nmt-x31"
FIRST, SECOND = IPv4Address("198.18.244.11"), IPv4Address("198.18.244.12")


@pytest.fixture(autouse=True)
def vtep() -> Iterator[None]:
    delete_everything(UNDERLAY)
    with standing_vtep():
        yield
    delete_everything(UNDERLAY)


@pytest.fixture
def trunk() -> Iterator[Wire]:
    with veth(NIC, FAR) as wire:
        yield wire


def connect(tunnels: dict[int, IPv4Address] | None = None, trunks: dict[int, str] | None = None) -> list[tuple[int, str]]:
    return ensure_switch_ports(host.names, Room(tunnels or {}, trunks or {}), "nat", host.ovsdb)


def underlay_bridge(datapath: str) -> None:
    """A bridge by whose interface the route to the tunnel addresses leaves."""
    vsctl("add-br", UNDERLAY, "--", "set", "Bridge", UNDERLAY, f"datapath_type={datapath}")
    netlink.ensure_address(UNDERLAY, IPv4Interface("198.18.244.1/24"))
    netlink.set_up(UNDERLAY)


def test_connecting_twice_plugs_each_switch_once(trunk: Wire) -> None:
    room = {1: FIRST, 2: SECOND}, {3: NIC}
    connect(*room)
    before = identities(VTEP)
    assert sorted(before) == [NIC, "nmt-vx1", "nmt-vx2"]
    connect(*room)
    assert identities(VTEP) == before


def test_a_tunnel_takes_frames_from_its_switch_alone() -> None:
    connect({1: FIRST})
    assert vsctl("get", "Interface", "nmt-vx1", "options") == '{key=flow, remote_ip="198.18.244.11"}'


def test_switches_that_share_a_nic_share_its_port_under_the_lowest_id(trunk: Wire) -> None:
    connect(trunks={9: NIC, 4: NIC})
    assert ports(VTEP) == [NIC]
    assert vsctl("get", "Interface", NIC, "external_ids:netmanager.switch") == '"4"'


def test_a_switch_that_is_gone_is_unplugged_and_no_other(trunk: Wire) -> None:
    connect({1: FIRST, 2: SECOND}, {3: NIC})
    before = identities(VTEP)
    connect({2: SECOND})
    assert identities(VTEP) == {"nmt-vx2": before["nmt-vx2"]}
    assert netlink.link_exists(NIC)


def test_a_switch_at_another_address_is_plugged_anew() -> None:
    connect({1: FIRST})
    connect({1: SECOND})
    assert vsctl("get", "Interface", "nmt-vx1", "options:remote_ip") == '"198.18.244.12"'


def test_the_nic_of_the_default_route_is_refused_with_nothing_changed() -> None:
    route = netlink.default_route()
    assert route, "the test needs a host with a default route"
    with pytest.raises(DatacenterError, match=f"{route.interface} is the NIC of the default route"):
        connect({1: FIRST}, {2: route.interface})
    assert ports(VTEP) == []


def test_the_uplink_and_the_nic_of_a_tunnel_are_refused(trunk: Wire) -> None:
    with pytest.raises(DatacenterError, match="NETMANAGER_UPLINK"):
        ensure_switch_ports(host.names, Room({}, {1: NIC}), NIC, host.ovsdb)
    netlink.ensure_address(NIC, IPv4Interface("198.18.244.1/24"))
    with pytest.raises(DatacenterError, match="carries the tunnel"):
        connect({1: FIRST}, {2: NIC})
    assert ports(VTEP) == []


def test_a_nic_that_is_missing_or_somebody_elses_is_told_and_the_others_work(trunk: Wire) -> None:
    vsctl(
        "add-br", UNDERLAY, "--", "set", "Bridge", UNDERLAY, f"datapath_type={datapath_type()}", "--", "add-port", UNDERLAY, NIC
    )
    told = dict(connect({1: FIRST}, {2: "nmt-never", 3: NIC}))
    assert "nmt-never" in told[2]
    assert f"{NIC} exists and is not ours" in told[3]
    assert "nmt-vx1" in ports(VTEP)
    assert ports(UNDERLAY) == [NIC]


def test_a_nic_that_went_is_told(trunk: Wire) -> None:
    assert connect(trunks={2: NIC}) == []
    delete_everything(NIC)
    assert connect(trunks={2: NIC}) == [(2, f"There is no network interface {NIC} on this host.")]


def test_without_the_vtep_bridge_it_tells_what_makes_one() -> None:
    host.ovsdb.delete_bridge(VTEP)
    with pytest.raises(DatacenterError, match="bootstrap_datacenter"):
        connect({1: FIRST})


def test_the_userspace_datapath_wants_the_route_to_leave_by_a_bridge_of_its_own(trunk: Wire) -> None:
    netlink.ensure_address(NIC, IPv4Interface("198.18.244.1/24"))
    told = dict(connect({1: FIRST}))
    if datapath_type() != "netdev":
        assert told == {}, "the kernel's datapath routes by any NIC"
        return
    assert f"the route to 198.18.244.11 leaves by {NIC}" in told[1]
    assert "into a bridge of datapath_type netdev" in told[1]
    netlink.flush_addresses(NIC)
    underlay_bridge("netdev")
    assert connect({1: FIRST}) == []


def test_an_underlay_that_is_too_narrow_is_told() -> None:
    underlay_bridge(datapath_type())
    vsctl("set", "Interface", UNDERLAY, "mtu_request=1400")
    host.ovsdb.wait_for_ofport(UNDERLAY)
    assert "passes packets of 1350 bytes, and networks are built with an MTU of 1450" in dict(connect({1: FIRST}))[1]


def test_a_trunk_counts_with_its_own_mtu_and_a_tunnel_with_50_bytes_less(trunk: Wire) -> None:
    def built(room: Room) -> int:
        return mtu(Site(uplink=UNDERLAY, dns=(), egress_deny=None, room=room, base_image=""))

    underlay_bridge(datapath_type())
    run("ip", "link", "set", NIC, "mtu", "1480")
    assert built(Room({}, {1: NIC})) == 1480
    assert built(Room({1: FIRST}, {})) == 1450
    assert built(Room({1: FIRST}, {2: NIC})) == 1450
    run("ip", "link", "set", NIC, "mtu", "1400")
    assert built(Room({1: FIRST}, {2: NIC})) == 1400


# Frames on a trunk


@pytest.fixture
def laptops(trunk: Wire) -> Iterator[list[Wire]]:
    """Wires into the bridges of projects 7 and 8, which have VLANs 42 and 43 on the trunk."""
    with ExitStack() as stack:
        connect(trunks={1: NIC})
        wires = []
        for project, vlan in ((7, 42), (8, 43)):
            bridge, owner = host.names.bridge(project), host.names.owner(project)
            wires.append(stack.enter_context(veth(f"nmt-h{project}", f"nmt-c{project}")))
            host.ovsdb.ensure_bridge(bridge, owner | {MTU_KEY: "1450"}, datapath_type())
            host.ovsdb.plug(Port(bridge, f"nmt-h{project}", owner | {"iface-id": str(project)}))
            ProjectTunnels(host.names, host.ovsdb, project, vlan).ensure()
        yield wires


def test_a_frame_with_a_projects_tag_reaches_its_bridge_untagged_and_no_other(trunk: Wire, laptops: list[Wire]) -> None:
    trunk.send("to seven", 42)
    trunk.send("to eight", 43)
    trunk.send("last", 42)
    trunk.send("last", 43)
    assert laptops[0].received_until("last") == [("to seven", []), ("last", [])]
    assert laptops[1].received_until("last") == [("to eight", []), ("last", [])]


def test_a_frame_of_a_project_leaves_by_the_trunk_with_its_tag(trunk: Wire, laptops: list[Wire]) -> None:
    for laptop, text in zip(laptops, ("of seven", "of eight"), strict=True):
        laptop.send(text)
        laptop.send("last")
    frames = [*trunk.received_until("last"), *trunk.received_until("last")]  # two wires are in no order
    assert sorted(frames) == [("last", [42]), ("last", [43]), ("of eight", [43]), ("of seven", [42])]


def test_untagged_foreign_and_doubly_tagged_frames_stop_at_the_trunk(trunk: Wire, laptops: list[Wire]) -> None:
    for tags in ((), (0,), (44,), (42, 43), (42, 42), (42, 0), (0, 42), (42, 43, 43)):
        trunk.send(f"bad {tags}", *tags)
    trunk.send("last", 42)
    assert laptops[0].received_until("last") == [("last", [])]
    trunk.send("last", 43)
    assert laptops[1].received_until("last") == [("last", [])]
    wait_until(lambda: _dropped("dl_type=0x8100") == 5, "those with two tags get no further than the VTEP bridge")


def test_a_tagged_frame_leaves_no_project(trunk: Wire, laptops: list[Wire]) -> None:
    """A tag with a priority and no VLAN is taken off by the project's own bridge, as 802.1Q has it."""
    for tags in ((43,), (42,), (43, 42), (3 << 13 | 43,)):
        laptops[0].send(f"bad {tags}", *tags)
    laptops[0].send("last", 0)
    assert trunk.received_until("last") == [("last", [42])]


def test_ipv6_stops_at_the_trunk_in_both_directions(trunk: Wire, laptops: list[Wire]) -> None:
    before = _dropped("ipv6")
    trunk.send("six", 42, ether_type=0x86DD)
    trunk.send("last", 42)
    laptops[0].received_until("last")
    laptops[0].send("six", ether_type=0x86DD)
    laptops[0].send("last")
    trunk.received_until("last")
    wait_until(lambda: _dropped("ipv6") >= before + 2, "both are dropped")
    assert len(flows(7)) == 2


def _dropped(match: str) -> int:
    """Frames that the VTEP bridge's flow with this match has counted; the userspace datapath tells it of them a while later."""
    line = next(line for line in run("ovs-ofctl", "dump-flows", VTEP).splitlines() if match in line)
    return int(line.split("n_packets=")[1].split(",")[0])
