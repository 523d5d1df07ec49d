"""Hosts that are taken over from the switch, and copies that come too late."""

import pytest

from sdn import tables
from sdn.events import Event, FlowRemoved, PacketIn, PortChanged, Present
from sdn.network import Limits
from sdn.pipeline import Host, host_flows
from tests.unit.room.connect import connected
from tests.unit.room.frames import arp, ethernet
from tests.unit.room.networks import DPID, EIGHT, SEVEN, UPLINK, laptop, room, row
from tests.unit.room.questions import learned, ports
from tests.unit.room.rig import Rig
from tests.unit.room.tables import raw

A, B, C = laptop(1), laptop(2), laptop(3)
OURS, THEIRS = SEVEN.vlan, EIGHT.vlan


@pytest.fixture
def rig() -> Rig:
    return connected(room(SEVEN, SEVEN, EIGHT, EIGHT, limits=Limits(hosts=2)))


def test_a_copy_from_before_the_socket_changed_hands_teaches_nothing(rig: Rig) -> None:
    rig.fake.arrive(1, arp(A, "10.64.2.9", "10.64.2.1"))
    rig.change(room(EIGHT, SEVEN, EIGHT, EIGHT, limits=Limits(hosts=2)))
    rig.settle()
    assert learned(rig) == set()
    assert rig.hosts == {}


def test_a_copy_from_a_socket_that_was_freed_or_that_is_no_socket_teaches_nothing(rig: Rig) -> None:
    rig.fake.arrive(1, ethernet(A))
    rig.change(room(None, SEVEN, EIGHT, EIGHT, limits=Limits(hosts=2)))
    rig.settle()
    for port in (1, 7, UPLINK):
        rig.decide(PacketIn(port, 77, ethernet(A), unknown=True))
        rig.decide(PacketIn(port, 0, ethernet(A), unknown=True))
    rig.settle()
    assert learned(rig) == set()


def test_what_comes_while_the_switch_is_away_or_read_again_teaches_nothing(rig: Rig) -> None:
    rig.arrive(1, ethernet(A))
    rig.take()
    _, known = host_flows(row(rig.network), OURS, Host(A, 1))
    late: list[Event] = [
        PacketIn(2, OURS, ethernet(B), unknown=True),
        FlowRemoved(known),
        PortChanged(1, None),
    ]
    rig.change(room(SEVEN, SEVEN, EIGHT, EIGHT, limits=Limits(hosts=2), tagged=True))  # which has the switch read
    assert [rig.switch.handle(event, rig.network, rig.now) for event in late] == [[], [], []]
    rig.settle()
    assert learned(rig) == {(OURS, Host(A, 1))}
    rig.disconnect()
    assert [rig.switch.handle(event, rig.network, rig.now) for event in late] == [[], [], []]
    rig.connect()
    rig.settle()
    assert learned(rig) == {(OURS, Host(A, 1))}


def test_what_comes_before_the_switch_is_read_teaches_nothing() -> None:
    rig = Rig(room(SEVEN))
    assert rig.decide(PacketIn(1, OURS, ethernet(A), unknown=True)) == []
    rig.connect()
    assert rig.decide(PacketIn(1, OURS, ethernet(A), unknown=True)) == []
    rig.settle()
    assert learned(rig) == set()


def test_a_controller_that_restarts_takes_hosts_over_and_sends_but_a_barrier(rig: Rig) -> None:
    for port, mac in ((1, A), (2, B), (3, A), (3, C)):
        rig.arrive(port, ethernet(mac))
    rig.arrive(UPLINK, ethernet(laptop(9)), OURS)
    hosts, before = learned(rig), raw(rig.fake)
    rig.take()
    rig.fake.log.clear()
    rig.restart_controller()
    rig.settle()
    kinds = [type(message).__name__ for message in rig.fake.log]
    assert [kind for kind in kinds if "Stats" not in kind] == ["OFPSetConfig", "OFPBarrierRequest"]
    assert learned(rig) == hosts and raw(rig.fake) == before
    assert rig.take() == [Present(DPID, ((7, A, 101), (7, B, 102), (8, A, 103), (8, C, 103)))]


def test_no_frame_is_lost_while_a_controller_restarts(rig: Rig) -> None:
    rig.arrive(1, ethernet(A))
    rig.arrive(2, ethernet(B))
    rig.restart_controller()
    while rig.fake.step() or rig.hear():
        assert ports(rig, 1, ethernet(A, B)) == [2]
        assert ports(rig, 3, ethernet(C)) == [4, UPLINK]


def test_a_switch_that_restarts_gets_everything_back_and_its_hosts(rig: Rig) -> None:
    for port, mac in ((1, A), (2, B), (3, C)):
        rig.arrive(port, ethernet(mac))
    hosts, before = learned(rig), raw(rig.fake)
    rig.disconnect()
    rig.fake.restart()
    rig.connect()
    rig.settle()
    assert learned(rig) == hosts and raw(rig.fake) == before


def test_after_both_restart_the_switch_is_as_one_that_is_new(rig: Rig) -> None:
    rig.arrive(1, ethernet(A))
    rig.fake.restart()
    rig.restart_controller()
    rig.settle()
    assert learned(rig) == set()
    assert rig.hosts == {}


def test_hosts_that_went_while_the_controller_was_away_are_gone(rig: Rig) -> None:
    rig.arrive(1, ethernet(A))
    rig.disconnect()
    rig.pass_time(tables.IDLE)
    rig.connect()
    rig.settle()
    assert learned(rig) == set()
    assert rig.hosts == {}


def test_hosts_whose_socket_changed_hands_while_the_controller_was_away_are_gone(rig: Rig) -> None:
    rig.arrive(1, ethernet(A))
    rig.arrive(2, ethernet(B))
    rig.room = room(EIGHT, SEVEN, EIGHT, EIGHT, limits=Limits(hosts=2))
    rig.restart_controller()
    rig.settle()
    assert learned(rig) == {(OURS, Host(B, 2))}
    assert rig.hosts == {(7, B): (102, None, None)}


def test_hosts_where_nothing_is_plugged_in_any_more_are_gone(rig: Rig) -> None:
    rig.arrive(1, ethernet(A))
    rig.arrive(2, ethernet(B))
    rig.disconnect()
    rig.fake.set_link(1, link=False)
    rig.connect()
    rig.settle()
    assert learned(rig) == {(OURS, Host(B, 2))}
