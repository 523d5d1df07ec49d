"""What is told of hosts, by themselves and by their router."""

import pytest

from sdn import tables
from sdn.events import Seen
from sdn.network import Limits
from tests.unit.room.connect import connected
from tests.unit.room.expected import behind_uplink
from tests.unit.room.frames import NOTHING, arp, dhcp_message, ethernet
from tests.unit.room.networks import EIGHT, SEVEN, UPLINK, container, laptop, room
from tests.unit.room.rig import Rig

A, B, C = laptop(1), laptop(2), laptop(3)
OURS, THEIRS = SEVEN.vlan, EIGHT.vlan
ROUTER = container(OURS, 1)


@pytest.fixture
def rig() -> Rig:
    return connected(room(SEVEN, SEVEN, EIGHT, EIGHT, limits=Limits(hosts=2)))


def test_an_address_is_told_by_arp(rig: Rig) -> None:
    rig.arrive(1, arp(A, "10.64.2.9", "10.64.2.1"))
    assert rig.take() == [Seen(7, A, 101), Seen(7, A, 101, "10.64.2.9")]
    rig.arrive(1, arp(A, "10.64.2.9", "10.64.2.1"))
    assert rig.take() == []
    rig.arrive(1, arp(A, "10.64.2.10", "10.64.2.1"))
    assert rig.take() == [Seen(7, A, 101, "10.64.2.10")]


@pytest.mark.parametrize("address", [NOTHING, "192.0.2.1", "10.64.129.9", "255.255.255.255"])
def test_an_address_that_is_not_the_projects_is_not_told(rig: Rig, address: str) -> None:
    rig.arrive(1, arp(A, address, "10.64.2.1"))
    assert rig.take() == [Seen(7, A, 101)]


def test_a_name_is_told_by_a_request_and_an_address_by_the_routers_lease(rig: Rig) -> None:
    rig.arrive(1, dhcp_message(A, 3, name="anna-laptop"))
    rig.arrive(UPLINK, dhcp_message(ROUTER, 5, dst=A, server=True, leased="10.64.2.33", chaddr=A), OURS)
    assert rig.take() == [Seen(7, A, 101), Seen(7, A, 101, None, "anna-laptop"), Seen(7, A, 101, "10.64.2.33", "anna-laptop")]
    assert rig.hosts == {(7, A): (101, "10.64.2.33", "anna-laptop")}
    rig.arrive(1, dhcp_message(A, 3))
    assert rig.take() == []


def test_an_offer_is_no_lease(rig: Rig) -> None:
    rig.arrive(1, ethernet(A))
    rig.arrive(UPLINK, dhcp_message(ROUTER, 2, dst=A, server=True, leased="10.64.2.33", chaddr=A), OURS)
    assert rig.take() == [Seen(7, A, 101)]


def test_nobody_tells_of_a_host_at_another_socket(rig: Rig) -> None:
    rig.arrive(1, ethernet(A))
    rig.arrive(2, ethernet(B))
    rig.take()
    rig.arrive(2, arp(B, "10.64.2.50", "10.64.2.1", sha=A))
    rig.arrive(2, dhcp_message(B, 3, name="not-anna", chaddr=A))
    rig.arrive(3, dhcp_message(A, 3, name="not-anna", chaddr=A))
    assert [record for record in rig.take() if isinstance(record, Seen) and record.project == 7] == []


def test_what_was_told_of_a_host_moves_with_it_and_is_forgotten_with_it(rig: Rig) -> None:
    rig.arrive(1, dhcp_message(A, 3, name="anna"))
    rig.take()
    rig.arrive(2, ethernet(A))
    assert rig.take() == [Seen(7, A, 102, None, "anna")]
    rig.pass_time(tables.IDLE)
    rig.settle()
    rig.take()
    rig.arrive(2, ethernet(A))
    assert rig.take() == [Seen(7, A, 102)]


def test_a_containers_range_is_what_the_tests_take_it_for() -> None:
    assert behind_uplink(OURS, container(OURS, 1)) and behind_uplink(OURS, container(OURS, 128))
    assert not behind_uplink(OURS, container(OURS, 2)) and not behind_uplink(OURS, container(THEIRS))
