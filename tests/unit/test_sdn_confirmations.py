"""What is told to be applied, and when; refusals; switches that come and go."""

from collections.abc import Callable

import pytest

from sdn.events import Applied, Changed, Confirmed, Present, Refused
from sdn.network import Membership, Network
from sdn.pipeline import Host
from sdn.switch import RESYNC
from tests.unit.room.connect import connected
from tests.unit.room.frames import ethernet
from tests.unit.room.networks import EIGHT, NINE, SEVEN, UPLINK, laptop, network, room, socket
from tests.unit.room.rig import Rig
from tests.unit.room.tables import table

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


def test_a_socket_is_applied_when_the_barrier_is_reached_and_not_before(rig: Rig) -> None:
    rig.change(bouncing(SEVEN, EIGHT, EIGHT))
    while rig.fake.step():
        assert rig.records == []
    assert rig.table == table(rig.network)
    rig.settle()
    assert applied(rig) == [Applied(102, EIGHT.vlan)]


def test_a_socket_that_is_freed_or_disabled_is_applied_as_free(rig: Rig) -> None:
    rig.change(network(socket(1), socket(2, enabled=False), socket(3, EIGHT), bounce=BOUNCE))
    rig.settle()
    assert applied(rig) == [Applied(101, None), Applied(102, None)]


def test_a_new_socket_is_applied_and_one_that_is_gone_is_not(rig: Rig) -> None:
    rig.change(network(socket(1, SEVEN), socket(4, NINE), bounce=BOUNCE))
    rig.settle()
    assert applied(rig) == [Applied(104, NINE.vlan)]


def test_what_changes_nothing_on_the_switch_sends_nothing(rig: Rig) -> None:
    rig.change(bouncing(SEVEN, SEVEN, EIGHT))
    rig.change(room(SEVEN, SEVEN, EIGHT, bounce=7.0))
    assert list(rig.fake.inbox) == []


def test_only_what_belongs_to_the_two_projects_is_sent(rig: Rig) -> None:
    rig.change(bouncing(SEVEN, NINE, EIGHT))
    assert 0 < len(rig.fake.inbox) < 25
    rig.settle()
    assert not any(
        EIGHT.vlan == dict(message.match.items()).get("metadata") for message in rig.fake.log if hasattr(message, "match")
    )


def test_changes_that_overtake_the_barriers_are_applied_one_after_the_other(rig: Rig) -> None:
    rig.change(bouncing(SEVEN, EIGHT, EIGHT))
    rig.change(bouncing(SEVEN, NINE, EIGHT))
    rig.change(bouncing(SEVEN, SEVEN, EIGHT))
    rig.settle()
    assert applied(rig) == [Applied(102, EIGHT.vlan), Applied(102, NINE.vlan), Applied(102, SEVEN.vlan)]
    assert len([message for message in rig.fake.log if type(message).__name__ == "OFPPortMod"]) == 1  # down, for the last
    assert rig.table == table(rig.network)


def test_a_change_of_another_socket_does_not_confirm_this_one(rig: Rig) -> None:
    rig.change(bouncing(SEVEN, EIGHT, EIGHT))
    rig.change(bouncing(NINE, EIGHT, EIGHT))
    rig.settle()
    assert applied(rig) == [Applied(102, EIGHT.vlan), Applied(101, NINE.vlan)]


def test_a_socket_that_is_gone_meanwhile_is_confirmed_by_nobody(rig: Rig) -> None:
    rig.change(bouncing(SEVEN, EIGHT, EIGHT))
    rig.change(bouncing(SEVEN))
    rig.settle()
    assert applied(rig) == []


def test_a_barrier_of_nothing_confirms_nothing(rig: Rig) -> None:
    assert rig.decide(Confirmed(999)) == []
    assert Rig(room(SEVEN)).decide(Confirmed(1)) == []


def test_what_is_changed_while_the_switch_is_away_is_applied_when_it_is_back(rig: Rig) -> None:
    rig.disconnect()
    rig.change(bouncing(SEVEN, EIGHT, EIGHT))
    assert rig.take() == []
    rig.connect()
    rig.settle()
    assert applied(rig) == [Applied(102, EIGHT.vlan)]
    assert up(rig) == [True, False, True]


def test_what_was_under_way_when_the_connection_broke_is_applied_when_it_is_back(rig: Rig) -> None:
    rig.change(bouncing(SEVEN, EIGHT, EIGHT))
    while rig.fake.step():
        pass
    rig.disconnect()
    rig.connect()
    rig.settle()
    assert applied(rig) == [Applied(102, EIGHT.vlan)]


def test_another_connection_confirms_nothing_of_the_one_before(rig: Rig) -> None:
    rig.change(bouncing(SEVEN, EIGHT, EIGHT))
    rig.connect()  # nobody saw the first one go
    rig.settle()
    assert applied(rig) == [Applied(102, EIGHT.vlan)]
    assert rig.table == table(rig.network)


def switch_restarts(rig: Rig) -> None:
    rig.fake.restart()
    rig.connect()


@pytest.mark.parametrize("restart", [Rig.restart_controller, switch_restarts, Rig.connect])
def test_what_the_database_has_applied_is_not_applied_or_bounced_again(rig: Rig, restart: Callable[[Rig], None]) -> None:
    restart(rig)
    while rig.fake.step() or rig.hear():
        assert up(rig) == [True, True, True]
    assert all(isinstance(record, Present) for record in rig.take())
    assert rig.table == table(rig.network)


def test_what_the_database_does_not_have_applied_is_applied_by_another_controller(rig: Rig) -> None:
    rig.change(bouncing(SEVEN, EIGHT, EIGHT))
    while rig.fake.step():
        pass  # the switch has it, and its word was lost
    rig.restart_controller()
    rig.settle()
    assert applied(rig) == [Applied(102, EIGHT.vlan)]


def test_a_refused_batch_is_not_applied_and_the_switch_is_read_and_set_right_later(rig: Rig) -> None:
    rig.fake.broken = True
    rig.change(bouncing(SEVEN, EIGHT, EIGHT))
    rig.settle()
    assert rig.fake.refused and applied(rig) == []
    assert up(rig) == [True, True, True]
    assert rig.switch.wake == rig.now + RESYNC
    rig.pass_time(RESYNC)  # refused again
    rig.settle()
    assert applied(rig) == [] and rig.switch.wake == rig.now + RESYNC
    rig.fake.broken = False
    rig.pass_time(RESYNC)
    rig.settle()
    assert applied(rig) == [Applied(102, EIGHT.vlan)]
    assert rig.table == table(rig.network)
    assert rig.switch.wake == rig.now + BOUNCE


def test_a_change_after_a_refused_batch_does_not_confirm_what_was_refused(rig: Rig) -> None:
    rig.fake.broken = True
    rig.change(bouncing(SEVEN, EIGHT, EIGHT))
    rig.change(bouncing(NINE, EIGHT, EIGHT))
    for _ in range(40):
        rig.fake.step()
    rig.fake.broken = False
    rig.settle()
    assert Applied(102, EIGHT.vlan) not in applied(rig)
    rig.pass_time(RESYNC)
    rig.settle()
    assert rig.applied == {101: NINE.vlan, 102: EIGHT.vlan, 103: EIGHT.vlan}
    assert rig.table == table(rig.network)


def test_a_refused_message_of_no_batch_and_one_of_a_lost_connection_change_nothing(rig: Rig) -> None:
    assert rig.decide(Refused(None, "x")) == []
    assert rig.switch.wake is None
    rig.disconnect()
    assert rig.decide(Refused(7, "x")) == []
    assert rig.switch.wake is None


def test_a_switch_that_is_registered_while_it_is_connected_gets_its_flows() -> None:
    rig = Rig(room(SEVEN))
    known = rig.network
    rig.network = Network(known.plan, {})
    rig.connect()
    rig.settle()
    assert rig.fake.log == []
    rig.change(known)
    rig.settle()
    assert rig.table == table(known)
    assert applied(rig) == [Applied(101, SEVEN.vlan)]


def test_a_switch_that_is_no_longer_in_the_database_forwards_for_no_project(rig: Rig) -> None:
    rig.arrive(1, ethernet(laptop(1)))
    rig.network = Network(rig.network.plan, {})
    rig.decide(Changed())
    rig.settle()
    assert rig.fake.out(1, ethernet(laptop(1))) == rig.fake.out(UPLINK, ethernet(laptop(1)), SEVEN.vlan) == []
    assert rig.switch.hosts == 0


@pytest.mark.parametrize("tagged", [True, False])
def test_an_uplink_of_another_kind_or_port_is_a_matter_of_reading_the_switch_again(tagged: bool) -> None:
    rig = connected(room(SEVEN, SEVEN, EIGHT, tagged=tagged))
    rig.arrive(1, ethernet(laptop(1)))
    for other in (room(SEVEN, SEVEN, EIGHT, tagged=not tagged), room(SEVEN, SEVEN, EIGHT, tagged=tagged, uplink=8)):
        rig.change(other)
        rig.settle()
        assert rig.table == table(other, [(SEVEN.vlan, Host(laptop(1), 1))])


def test_a_tick_that_nothing_waits_for_does_nothing(rig: Rig) -> None:
    before = len(rig.fake.log)
    rig.pass_time(1000)
    assert len(rig.fake.log) == before


def test_a_row_that_says_otherwise_is_written_again_at_the_next_notice(rig: Rig) -> None:
    rig.applied[101] = 4000
    rig.change(bouncing(SEVEN, SEVEN, EIGHT))
    rig.settle()
    assert applied(rig) == [Applied(101, SEVEN.vlan)]
    rig.change(bouncing(SEVEN, SEVEN, EIGHT))
    assert applied(rig) == []


def test_a_row_that_says_otherwise_while_a_change_is_under_way_is_written_once(rig: Rig) -> None:
    rig.applied[102] = 4000
    rig.change(bouncing(SEVEN, EIGHT, EIGHT))
    rig.settle()
    assert applied(rig) == [Applied(102, EIGHT.vlan)]
