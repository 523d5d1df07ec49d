"""Links that are down for a moment, and links that should be up."""

import pytest

from sdn.events import Applied, Refused
from sdn.network import Membership, Network
from sdn.switch import RESYNC
from tests.unit.room.connect import connected
from tests.unit.room.networks import EIGHT, NINE, SEVEN, UPLINK, network, room, socket
from tests.unit.room.rig import Rig

BOUNCE = 0.5


def bouncing(*projects: Membership | None) -> Network:
    return room(*projects, bounce=BOUNCE)


@pytest.fixture
def rig() -> Rig:
    """Sockets 1 and 2 of project 7, 3 of project 8; those that had changed hands at the beginning are up again."""
    rig = connected(bouncing(SEVEN, SEVEN, EIGHT))
    rig.pass_time(10)
    rig.settle()
    rig.take()
    rig.fake.log.clear()
    return rig


def up(rig: Rig) -> list[bool]:
    """Whether ports 1, 2, 3 are up."""
    return [rig.fake.ports[port].up for port in (1, 2, 3)]


def applied(rig: Rig) -> list[Applied]:
    return [record for record in rig.take() if isinstance(record, Applied)]


def test_the_link_of_a_socket_that_changes_hands_is_down_for_a_while(rig: Rig) -> None:
    rig.change(bouncing(SEVEN, EIGHT, EIGHT))
    rig.settle()
    assert up(rig) == [True, False, True]
    assert rig.switch.wake == rig.now + BOUNCE
    rig.pass_time(BOUNCE / 2)
    assert up(rig) == [True, False, True]
    rig.pass_time(BOUNCE / 2)
    rig.settle()
    assert up(rig) == [True, True, True]
    assert rig.switch.wake is None


def test_a_socket_that_is_freed_is_bounced_and_one_that_is_disabled_is_not(rig: Rig) -> None:
    rig.change(network(socket(1), socket(2, enabled=False), socket(3, EIGHT), bounce=BOUNCE))
    rig.settle()
    assert up(rig) == [False, True, True]


def test_without_a_bounce_no_link_goes_down() -> None:
    rig = connected(room(SEVEN, SEVEN, EIGHT))
    rig.fake.log.clear()
    rig.change(room(SEVEN, EIGHT, None))
    rig.settle()
    assert not any(type(message).__name__ == "OFPPortMod" for message in rig.fake.log)
    assert rig.switch.wake is None


def test_a_socket_that_changes_hands_again_during_its_bounce_stays_down_for_longer(rig: Rig) -> None:
    rig.change(bouncing(SEVEN, EIGHT, EIGHT))
    rig.settle()
    rig.pass_time(BOUNCE / 2)
    rig.change(bouncing(SEVEN, NINE, EIGHT))
    rig.settle()
    rig.pass_time(BOUNCE / 2)
    rig.settle()
    assert up(rig) == [True, False, True]
    rig.pass_time(BOUNCE / 2)
    rig.settle()
    assert up(rig) == [True, True, True]


def test_a_port_that_is_not_there_is_not_bounced() -> None:
    rig = connected(network(socket(1, SEVEN), socket(40, SEVEN), bounce=BOUNCE))
    assert rig.fake.refused == []
    assert rig.applied == {101: SEVEN.vlan, 140: SEVEN.vlan}


def test_enabled_sockets_that_are_found_down_are_set_up_and_others_are_not() -> None:
    rig = Rig(network(socket(1, SEVEN), socket(2), socket(3, enabled=False)))
    for port in (1, 2, 3, 4, UPLINK):
        rig.fake.ports[port].up = False
    rig.connect()
    rig.settle()
    assert [port for port, state in rig.fake.ports.items() if not state.up] == [3, 4, UPLINK]


def test_a_bounce_that_a_lost_connection_left_unfinished_ends_when_the_switch_is_back(rig: Rig) -> None:
    rig.change(bouncing(SEVEN, EIGHT, EIGHT))
    rig.settle()
    rig.disconnect()
    assert rig.switch.wake is None
    rig.connect()
    rig.settle()
    assert up(rig) == [True, True, True]


def test_a_bounce_goes_on_while_the_switch_is_read_again(rig: Rig) -> None:
    rig.decide(Refused(0, "of a batch that is done"))
    rig.pass_time(RESYNC - BOUNCE / 2)
    rig.settle()
    rig.change(bouncing(SEVEN, EIGHT, EIGHT))
    rig.settle()
    rig.pass_time(BOUNCE / 2)  # the switch is read
    rig.settle()
    assert up(rig) == [True, False, True]
    rig.pass_time(BOUNCE / 2)
    rig.settle()
    assert up(rig) == [True, True, True]
