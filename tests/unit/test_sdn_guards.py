"""The guards of the pipeline: what no socket may send."""

import pytest

from tests.unit.openflow.pipeline import Out
from tests.unit.room import frames
from tests.unit.room.connect import connected
from tests.unit.room.frames import BROADCAST, NOTHING, arp, dhcp_message, ethernet, icmpv6, ipv4, udp, udp6
from tests.unit.room.networks import EIGHT, NINE, PLAN, SEVEN, UPLINK, container, laptop, network, room, socket
from tests.unit.room.questions import from_uplink, ports
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


@pytest.mark.parametrize("dst", ["01:80:c2:00:00:00", frames.LLDP, "01:80:c2:00:00:0f"])
def test_what_concerns_one_link_only_goes_no_further_from_either_side(rig: Rig, dst: str) -> None:
    assert ports(rig, 1, ethernet(A, dst)) == []
    assert from_uplink(rig, ethernet(container(OURS), dst), OURS) == []


def test_other_group_addresses_of_802_1_pass(rig: Rig) -> None:
    assert ports(rig, 1, ethernet(A, "01:80:c2:00:00:10")) == [2, UPLINK]


@pytest.mark.parametrize("src", [BROADCAST, "01:00:5e:00:00:01"])
def test_a_group_address_sends_nothing(rig: Rig, src: str) -> None:
    assert ports(rig, 1, ethernet(src)) == []
    assert from_uplink(rig, ethernet(src), OURS) == []


@pytest.mark.parametrize("tags", [[0], [OURS], [THEIRS], [OURS, THEIRS], [THEIRS, OURS], [4095]])
@pytest.mark.parametrize("dst", [BROADCAST, container(OURS), container(THEIRS), B, OTHER])
def test_a_socket_sends_no_tag(rig: Rig, tags: list[int], dst: str) -> None:
    rig.arrive(2, ethernet(B))
    rig.arrive(4, ethernet(OTHER))
    assert ports(rig, 1, ethernet(A, dst, tags=tags)) == []
    assert ports(rig, 1, arp(A, "10.64.2.9", "10.64.2.1", tags=tags)) == []


def test_a_tag_inside_the_uplinks_own_stays_inside_the_project() -> None:
    rig = connected(room(SEVEN, EIGHT, tagged=True))
    frame = ethernet(container(OURS), tags=[OURS, THEIRS])
    assert rig.fake.out(UPLINK, frame) == [Out(1, 0, ethernet(container(OURS), tags=[THEIRS]))]


@pytest.mark.parametrize("tags", [[THEIRS], [OURS], [0], [OURS, THEIRS]])
def test_a_tag_inside_a_tunnel_reaches_nobody(tags: list[int]) -> None:
    rig = connected(room(SEVEN, EIGHT))
    assert ports(rig, UPLINK, ethernet(container(OURS), tags=tags), OURS) == []


@pytest.mark.parametrize("dst", [BROADCAST, B])
def test_a_laptop_is_no_dhcp_server(rig: Rig, dst: str) -> None:
    assert ports(rig, 1, dhcp_message(A, 2, dst=dst, server=True)) == []
    assert ports(rig, 1, udp(A, dst, "10.64.2.9", "10.64.2.10", (67, 40000))) == []
    assert ports(rig, 1, udp6(A, (547, 546), dst)) == []


@pytest.mark.parametrize("type_", [134, 137])
@pytest.mark.parametrize("extensions", [0, 1, 2])
def test_a_laptop_is_no_ipv6_router(rig: Rig, type_: int, extensions: int) -> None:
    assert ports(rig, 1, icmpv6(A, type_, extensions=extensions)) == []
    assert ports(rig, 1, icmpv6(A, type_, dst=B, extensions=extensions)) == []


@pytest.mark.parametrize("type_", [128, 133, 135, 136])
def test_laptops_speak_ipv6_with_each_other(rig: Rig, type_: int) -> None:
    assert ports(rig, 1, icmpv6(A, type_)) == [2, UPLINK]


@pytest.mark.parametrize("vlan", [OURS, THEIRS, NINE.vlan])
@pytest.mark.parametrize("number", [1, 128, 200, 239, 254])
def test_a_laptop_has_no_routers_or_containers_address(rig: Rig, vlan: int, number: int) -> None:
    address = str(PLAN.subnet(vlan).network[number])
    for dst in (BROADCAST, B):
        assert ports(rig, 1, arp(A, address, "10.64.2.9", dst)) == []
        assert ports(rig, 1, arp(A, address, "10.64.2.9", dst, op=2)) == []
        assert ports(rig, 1, ipv4(A, dst, address, "10.64.2.9")) == []
        assert ports(rig, 1, ipv4(A, dst, address, "10.64.2.9", fragment=185)) == []
        assert ports(rig, 1, ethernet(container(vlan, number), dst)) == []


def test_a_router_and_containers_have_their_addresses_at_the_uplink(rig: Rig) -> None:
    for frame in (
        arp(container(OURS, 1), "10.64.2.1", "10.64.2.9"),
        ipv4(container(OURS), A, "10.64.2.128", "10.64.2.9"),
        dhcp_message(container(OURS, 1), 2, server=True),
    ):
        assert [out.port for out in from_uplink(rig, frame, OURS)] == [1, 2]


@pytest.mark.parametrize("address", ["10.64.2.2", "10.64.2.127", "10.63.255.1", "10.80.0.1", "192.0.2.200", NOTHING])
def test_a_laptop_has_any_other_address(rig: Rig, address: str) -> None:
    assert ports(rig, 1, arp(A, address, "10.64.2.1")) == [2, UPLINK]
    assert ports(rig, 1, ipv4(A, BROADCAST, address, "10.64.2.9")) == [2, UPLINK]


def test_a_laptop_asks_for_a_lease(rig: Rig) -> None:
    assert ports(rig, 1, dhcp_message(A, 1)) == [2, UPLINK]
