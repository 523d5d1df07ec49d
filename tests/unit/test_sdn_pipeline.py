"""The ways of frames through the pipeline: whom they reach, what the controller gets to see, where limits are."""

import pytest

from sdn import tables
from sdn.flows import Meter
from sdn.network import Limits
from tests.unit.openflow.pipeline import Out
from tests.unit.room import frames
from tests.unit.room.connect import connected
from tests.unit.room.frames import BROADCAST, arp, dhcp_message, ethernet, ipv4
from tests.unit.room.networks import EIGHT, NINE, SEVEN, UPLINK, container, laptop, network, room, socket
from tests.unit.room.questions import by_uplink, cookies, from_uplink, ports, to_uplink
from tests.unit.room.rig import Rig

A, B, OTHER = laptop(1), laptop(2), laptop(8)
OURS, THEIRS = SEVEN.vlan, EIGHT.vlan
FREE, DISABLED = 5, 6


@pytest.fixture(params=[False, True], ids=["VXLAN", "VLAN"])
def vlan_uplink(request: pytest.FixtureRequest) -> bool:
    """Kind of the uplink."""
    return bool(request.param)


@pytest.fixture
def rig(vlan_uplink: bool) -> Rig:
    """Sockets 1-2 of project 7, 3-4 of project 8, 5 free, 6 disabled; project 9 has none."""
    sockets = [
        socket(1, SEVEN),
        socket(2, SEVEN),
        socket(3, EIGHT),
        socket(4, EIGHT),
        socket(FREE),
        socket(DISABLED, enabled=False),
    ]
    return connected(network(*sockets, tagged=vlan_uplink))


@pytest.mark.parametrize("dst", [BROADCAST, frames.ALL_NODES, "01:00:5e:00:00:fb", OTHER])
def test_a_frame_to_all_or_to_nobody_known_reaches_the_projects_sockets_and_the_uplink(rig: Rig, dst: str) -> None:
    frame = ethernet(A, dst)
    assert rig.fake.out(1, frame) == [Out(2, 0, frame), to_uplink(rig, frame, OURS)]
    assert rig.fake.out(3, frame) == [Out(4, 0, frame), to_uplink(rig, frame, THEIRS)]


def test_a_frame_from_the_uplink_reaches_its_projects_sockets_without_a_tag(rig: Rig, vlan_uplink: bool) -> None:
    frame = ethernet(container(OURS))
    tunnel = 0 if vlan_uplink else OURS
    assert from_uplink(rig, frame, OURS) == [Out(1, tunnel, frame), Out(2, tunnel, frame)]


@pytest.mark.parametrize("vlan", [0, 1, NINE.vlan, 77, 4095])
def test_a_frame_from_the_uplink_of_a_project_without_sockets_here_reaches_nobody(rig: Rig, vlan: int) -> None:
    assert from_uplink(rig, ethernet(container(OURS)), vlan) == []


def test_a_frame_from_the_uplink_that_tells_no_project_reaches_nobody(rig: Rig) -> None:
    assert rig.fake.out(UPLINK, ethernet(container(OURS)), 0) == []


def test_a_tunnel_id_means_nothing_where_tags_tell_the_project_nor_a_tag_where_tunnels_do(rig: Rig, vlan_uplink: bool) -> None:
    frame = ethernet(container(OURS), tags=() if vlan_uplink else [OURS])
    assert rig.fake.out(UPLINK, frame, OURS if vlan_uplink else 0) == []


@pytest.mark.parametrize("number", [1, 128, 129, 200, 239, 254])
def test_a_frame_to_the_projects_router_or_containers_goes_to_the_uplink_alone(rig: Rig, number: int) -> None:
    frame = ethernet(A, container(OURS, number))
    assert rig.fake.out(1, frame) == [to_uplink(rig, frame, OURS)]
    assert from_uplink(rig, ethernet(container(OURS), container(OURS, number)), OURS) == []


@pytest.mark.parametrize("number", [2, 127])
def test_an_address_that_is_leased_is_no_containers(rig: Rig, number: int) -> None:
    assert ports(rig, 1, ethernet(A, container(OURS, number))) == [2, UPLINK]
    assert ports(rig, 1, ethernet(container(OURS, number))) == [2, UPLINK]


def test_a_container_of_another_project_is_nobody_in_this_one(rig: Rig) -> None:
    frame = ethernet(A, container(THEIRS))
    assert rig.fake.out(1, frame) == [Out(2, 0, frame), to_uplink(rig, frame, OURS)]


def test_a_learned_host_gets_its_frames_and_nobody_else_does(rig: Rig) -> None:
    rig.arrive(1, ethernet(A))
    assert ports(rig, 2, ethernet(B, A)) == [1]
    assert ports(rig, 1, ethernet(A, A)) == []
    assert [out.port for out in from_uplink(rig, ethernet(container(OURS), A), OURS)] == [1]


def test_the_same_host_is_learned_in_each_project_for_itself(rig: Rig) -> None:
    rig.arrive(1, ethernet(A))
    rig.arrive(3, ethernet(A))
    assert ports(rig, 2, ethernet(B, A)) == [1]
    assert ports(rig, 4, ethernet(B, A)) == [3]


def test_a_host_of_another_project_is_nobody_in_this_one(rig: Rig) -> None:
    rig.arrive(3, ethernet(OTHER))
    assert ports(rig, 1, ethernet(A, OTHER)) == [2, UPLINK]


def test_a_host_behind_the_uplink_is_learned_and_gets_its_frames_by_it(rig: Rig) -> None:
    rig.arrive(*by_uplink(rig, ethernet(OTHER), OURS))
    frame = ethernet(A, OTHER)
    assert rig.fake.out(1, frame) == [to_uplink(rig, frame, OURS)]
    assert from_uplink(rig, ethernet(container(OURS), OTHER), OURS) == []


@pytest.mark.parametrize("port", [FREE, DISABLED, 7, 8])
def test_a_free_or_disabled_socket_is_dark_in_both_directions(rig: Rig, port: int) -> None:
    for frame in (
        ethernet(A),
        arp(A, "10.64.2.9", "10.64.2.1"),
        dhcp_message(A, 1),
        ethernet(A, container(OURS)),
        ethernet(A, tags=[OURS]),
    ):
        passage = rig.fake.arrive(port, frame)
        assert (passage.out, passage.copies) == ([], [])
    for source in (1, 2, 3, 4):
        assert port not in ports(rig, source, ethernet(laptop(source)))
    assert port not in [out.port for out in from_uplink(rig, ethernet(container(OURS)), OURS)]


def test_a_socket_at_the_uplinks_port_is_none() -> None:
    rig = connected(network(socket(1, SEVEN), socket(2, EIGHT), socket(UPLINK, EIGHT)))
    assert ports(rig, UPLINK, ethernet(A), 0) == []
    assert ports(rig, UPLINK, ethernet(container(OURS)), OURS) == [1]
    assert ports(rig, 2, ethernet(A)) == [UPLINK]


def test_a_room_without_projects_forwards_nothing() -> None:
    rig = connected(room(None, None))
    assert ports(rig, 1, ethernet(A)) == ports(rig, UPLINK, ethernet(A), OURS) == []


def test_an_unknown_host_is_told_of_until_it_is_learned(rig: Rig) -> None:
    assert cookies(rig, 1, ethernet(A)) == [tables.OF_UNKNOWN]
    rig.arrive(1, ethernet(A))
    assert cookies(rig, 1, ethernet(A)) == []
    assert cookies(rig, 2, ethernet(A)) == [tables.OF_UNKNOWN]


def test_arp_and_dhcp_to_all_are_told_of_always(rig: Rig) -> None:
    rig.arrive(1, ethernet(A))
    for frame in arp(A, "10.64.2.9", "10.64.2.1"), dhcp_message(A, 3):
        assert cookies(rig, 1, frame) == [tables.of_project(OURS)]
    for frame in arp(A, "10.64.2.9", "10.64.2.1", dst=B), ipv4(A, BROADCAST, "10.64.2.9", "10.64.2.255"):
        assert cookies(rig, 1, frame) == []


def test_containers_and_routers_are_never_told_of_but_for_leases(rig: Rig) -> None:
    def told(frame: bytes) -> list[int]:
        return cookies(rig, *by_uplink(rig, frame, OURS))

    assert told(ethernet(container(OURS))) == told(ethernet(container(OURS, 1))) == []
    assert told(arp(container(OURS), "10.64.2.128", "10.64.2.9")) == []
    assert told(dhcp_message(container(OURS, 1), 5, dst=A, server=True)) == [tables.OF_SWITCH]
    assert told(dhcp_message(container(OURS), 5, dst=A, server=True)) == []


def test_only_frames_to_all_pass_the_meter_of_their_socket(rig: Rig) -> None:
    for frame in ethernet(A), ethernet(A, frames.ALL_NODES), arp(A, "10.64.2.9", "10.64.2.1"), dhcp_message(A, 1):
        assert rig.fake.probe(1, frame).meters == [tables.socket_meter(1)]
        assert rig.fake.probe(4, frame).meters == [tables.socket_meter(4)]
    for frame in ethernet(A, B), arp(A, "10.64.2.9", "10.64.2.1", dst=B), ethernet(A, container(OURS)):
        assert rig.fake.probe(1, frame).meters == []


def test_meters_have_the_rates_of_the_settings() -> None:
    rig = connected(room(SEVEN, None, limits=Limits(broadcasts=77)))
    assert rig.table.meters == {1: Meter(1, 77), tables.CONTROLLER_METER: Meter(tables.CONTROLLER_METER, tables.COPIES)}


def test_a_switch_without_meters_forwards_all_the_same() -> None:
    rig = connected(room(SEVEN, SEVEN), most_meters=0)
    assert rig.fake.refused == [] and rig.table.meters == {}
    assert ports(rig, 1, ethernet(A)) == [2, UPLINK]


def test_at_its_limit_a_socket_lets_only_its_learned_hosts_in() -> None:
    rig = connected(room(SEVEN, SEVEN, limits=Limits(hosts=2)))
    for number in (1, 2, 3, 4):
        rig.arrive(1, ethernet(laptop(number)))
    assert rig.switch.hosts == 2
    assert ports(rig, 1, ethernet(laptop(2))) == [2, UPLINK]
    assert ports(rig, 1, ethernet(laptop(3))) == [] == cookies(rig, 1, ethernet(laptop(3)))
    assert ports(rig, 2, ethernet(laptop(3))) == [1, UPLINK]


def test_at_its_limit_the_uplink_lets_others_through_and_learns_them_not(vlan_uplink: bool) -> None:
    rig = connected(room(SEVEN, SEVEN, tagged=vlan_uplink))
    for number in range(tables.UPLINK_HOSTS + 3):
        rig.arrive(*by_uplink(rig, ethernet(laptop(number)), OURS))
    assert rig.switch.hosts == tables.UPLINK_HOSTS
    late = ethernet(laptop(tables.UPLINK_HOSTS + 1))
    assert [out.port for out in from_uplink(rig, late, OURS)] == [1, 2]
    assert ports(rig, 1, ethernet(A, laptop(tables.UPLINK_HOSTS + 1))) == [2, UPLINK]
