"""Cables between sockets: found, broken, and not where there is none."""

import pytest

from sdn.events import Looped
from sdn.loops import WINDOW, Moves
from sdn.network import Network
from sdn.pipeline import Host, known_host
from tests.unit.room.connect import connected
from tests.unit.room.frames import ethernet
from tests.unit.room.networks import EIGHT, SEVEN, UPLINK, laptop, network, room, row, socket
from tests.unit.room.rig import Rig
from tests.unit.room.tables import Learned, table

A, B = laptop(1), laptop(2)
OURS = SEVEN.vlan
TALKER, FIRST, SECOND, OTHER = 1, 2, 3, 4
ROOM = room(SEVEN, SEVEN, SEVEN, SEVEN)


@pytest.fixture
def rig() -> Rig:
    return connected(ROOM)


def learned(rig: Rig) -> set[Learned]:
    known = {found for flow in rig.table.flows.values() if (found := known_host(flow))}
    assert rig.table == table(effective(rig), known)
    return known


def effective(rig: Rig) -> Network:
    """The room as it should be treated: sockets found looped are disabled, whatever the database has."""
    looped = {record.socket for record in rig.records if isinstance(record, Looped)}
    sockets = (socket(each.of_port, enabled=False) if each.number in looped else each for each in row(rig.network).sockets)
    return network(*sockets, tagged=row(rig.network).tagged)


def storm(rig: Rig, mac: str, cable: tuple[int, int], frames: int = 30) -> list[int]:
    """One frame to all, and what a cable makes of it; the sockets that are found looped.

    It leaves by the first end first, so it is seen at the second end first.
    """
    queue, seen = [(TALKER, 0)], 0
    while queue and seen < frames:
        port, tunnel = queue.pop(0)
        seen += 1
        passage = rig.arrive(port, ethernet(mac), tunnel)
        other_ends = [cable[1 - cable.index(out.port)] for out in passage.out if out.port in cable]
        queue += [(end, OURS if end == UPLINK else 0) for end in other_ends]
    return [record.socket for record in rig.records if isinstance(record, Looped)]


def test_a_cable_between_two_sockets_is_broken_at_the_later_one_and_never_at_the_talkers(rig: Rig) -> None:
    assert storm(rig, A, (FIRST, SECOND)) == [100 + FIRST]
    assert learned(rig) == {(OURS, Host(A, TALKER))}


def test_the_storm_ends_and_others_lose_nothing(rig: Rig) -> None:
    rig.arrive(OTHER, ethernet(B))
    storm(rig, A, (FIRST, SECOND))
    assert [out.port for out in rig.fake.out(TALKER, ethernet(A))] == [SECOND, OTHER, UPLINK]
    assert [out.port for out in rig.fake.out(FIRST, ethernet(A))] == []
    assert [out.port for out in rig.fake.out(TALKER, ethernet(A, B))] == [OTHER]
    assert learned(rig) == {(OURS, Host(A, TALKER)), (OURS, Host(B, OTHER))}


def test_all_hosts_that_the_loop_moved_are_put_back(rig: Rig) -> None:
    rig.arrive(OTHER, ethernet(B))
    rig.arrive(TALKER, ethernet(A))
    rig.arrive(FIRST, ethernet(B))  # B has been moved too, though not often
    assert storm(rig, A, (FIRST, SECOND)) == [100 + FIRST]
    assert learned(rig) == {(OURS, Host(A, TALKER)), (OURS, Host(B, OTHER))}


def test_copies_that_were_under_way_do_not_move_the_host_away_again(rig: Rig) -> None:
    rig.arrive(TALKER, ethernet(A))
    for port in (SECOND, FIRST) * 20:
        rig.fake.arrive(port, ethernet(A))
    rig.settle()
    assert [record for record in rig.records if isinstance(record, Looped)] == [Looped(100 + FIRST)]
    assert learned(rig) == {(OURS, Host(A, TALKER))}
    rig.pass_time(WINDOW)
    rig.arrive(OTHER, ethernet(A))
    assert learned(rig) == {(OURS, Host(A, OTHER))}


def test_a_host_that_was_put_back_and_unplugged_is_learned_elsewhere_at_once(rig: Rig) -> None:
    storm(rig, A, (FIRST, SECOND))
    rig.fake.set_link(TALKER, link=False)
    rig.settle()
    rig.arrive(OTHER, ethernet(A))
    assert learned(rig) == {(OURS, Host(A, OTHER))}


def test_a_loop_is_found_when_the_talker_goes_on_talking(rig: Rig) -> None:
    for _ in range(10):
        for port in (TALKER, SECOND, FIRST):
            rig.arrive(port, ethernet(A))
            rig.pass_time(0.001)
    looped = [record.socket for record in rig.records if isinstance(record, Looped)]
    assert looped and 100 + TALKER not in looped
    assert (OURS, Host(A, TALKER)) in learned(rig)


def test_five_moves_in_a_second_are_no_loop(rig: Rig) -> None:
    for port in (FIRST, SECOND, FIRST, SECOND, FIRST, SECOND):
        rig.arrive(port, ethernet(A))
    assert not any(isinstance(record, Looped) for record in rig.records)
    assert learned(rig) == {(OURS, Host(A, SECOND))}
    rig.arrive(FIRST, ethernet(A))
    assert [record for record in rig.records if isinstance(record, Looped)] == [Looped(100 + SECOND)]


def test_moves_with_time_between_them_are_no_loop(rig: Rig) -> None:
    for _ in range(20):
        for port in FIRST, SECOND:
            rig.arrive(port, ethernet(A))
            rig.pass_time(0.201)
    assert not any(isinstance(record, Looped) for record in rig.records)


def test_a_tour_of_many_sockets_is_no_loop(rig: Rig) -> None:
    for _ in range(2):
        for port in (TALKER, FIRST, SECOND, OTHER):
            rig.arrive(port, ethernet(A))
    assert not any(isinstance(record, Looped) for record in rig.records)


def test_a_cable_to_a_socket_of_another_switch_is_broken_too(rig: Rig) -> None:
    rig.arrive(TALKER, ethernet(A))
    for _ in range(3):
        rig.arrive(FIRST, ethernet(A))
        rig.arrive(UPLINK, ethernet(A), OURS)
    rig.arrive(FIRST, ethernet(A))
    assert [record.socket for record in rig.records if isinstance(record, Looped)] == [100 + FIRST]
    assert learned(rig) == {(OURS, Host(A, TALKER))}


def test_a_loop_beyond_the_uplink_is_not_the_talkers_fault(rig: Rig) -> None:
    for _ in range(20):
        rig.arrive(TALKER, ethernet(A))
        rig.arrive(UPLINK, ethernet(A), OURS)
    assert not any(isinstance(record, Looped) for record in rig.records)


def test_a_looped_socket_stays_dark_until_staff_enable_it_again(rig: Rig) -> None:
    storm(rig, A, (FIRST, SECOND))
    for seen_by_database in (ROOM, room(SEVEN, SEVEN, SEVEN, EIGHT)):  # it has not heard of the loop yet
        rig.change(seen_by_database)
        rig.settle()
        assert rig.fake.out(FIRST, ethernet(B)) == []
    rig.change(network(*(socket(port, SEVEN) for port in (TALKER, SECOND, OTHER)), socket(FIRST, enabled=False)))
    rig.settle()
    assert rig.fake.out(FIRST, ethernet(B)) == []
    rig.change(ROOM)
    rig.settle()
    assert [out.port for out in rig.fake.out(FIRST, ethernet(B))] == [TALKER, SECOND, OTHER, UPLINK]
    rig.records.clear()
    rig.pass_time(WINDOW)
    assert storm(rig, A, (FIRST, SECOND)) == [100 + FIRST]  # if the cable is still there


def test_a_looped_socket_stays_dark_when_the_switch_comes_back(rig: Rig) -> None:
    storm(rig, A, (FIRST, SECOND))
    rig.disconnect()
    rig.fake.restart()
    rig.connect()
    rig.settle()
    assert rig.fake.out(FIRST, ethernet(B)) == []


def test_a_host_is_not_put_back_to_a_socket_that_changed_hands(rig: Rig) -> None:
    rig.arrive(TALKER, ethernet(A))
    for port in (FIRST, SECOND) * 3:
        rig.arrive(port, ethernet(A))
    rig.change(room(EIGHT, SEVEN, SEVEN, SEVEN))
    rig.settle()
    rig.fake.arrive(FIRST, ethernet(A))
    while rig.fake.step() or rig.hear():
        assert TALKER not in [out.port for out in rig.fake.out(OTHER, ethernet(B, A))]
    assert Looped(100 + SECOND) in rig.records
    assert all(host.port != TALKER for vlan, host in learned(rig) if vlan == OURS)


def test_putting_hosts_back_may_exceed_a_limit_which_then_opens_again_in_time() -> None:
    limits = ROOM.limits.__class__(hosts=1)
    rig = connected(room(SEVEN, SEVEN, SEVEN, SEVEN, limits=limits))
    rig.arrive(TALKER, ethernet(A))
    rig.arrive(FIRST, ethernet(A))
    rig.arrive(TALKER, ethernet(B))  # while A is taken to be elsewhere
    for _ in range(3):
        rig.arrive(SECOND, ethernet(A))
        rig.arrive(FIRST, ethernet(A))
    assert Looped(100 + SECOND) in rig.records
    known = {found for flow in rig.table.flows.values() if (found := known_host(flow))}
    assert known == {(OURS, Host(A, TALKER)), (OURS, Host(B, TALKER))}
    rig.pass_time(200)
    rig.arrive(TALKER, ethernet(B))
    rig.pass_time(150)
    rig.settle()
    assert rig.fake.out(TALKER, ethernet(laptop(9))) == []  # B is still there
    rig.pass_time(300)
    rig.settle()
    assert rig.fake.out(TALKER, ethernet(laptop(9))) != []


# The pure part


def test_traces_are_forgotten_after_the_window() -> None:
    moves = Moves()
    moves.moved(OURS, A, 1, 2, 0.0)
    assert moves.home(OURS, A) == 1
    moves.moved(OURS, B, 1, 2, WINDOW)
    assert moves.home(OURS, A) is None
    moves.hold(OURS, B, WINDOW)
    assert moves.home(OURS, B) is None
    assert moves.holds(OURS, B, WINDOW) and not moves.holds(OURS, A, WINDOW) and not moves.holds(EIGHT.vlan, B, WINDOW)
    assert not moves.holds(OURS, B, 2 * WINDOW)


def test_moves_of_different_hosts_and_projects_are_not_one_hosts() -> None:
    moves = Moves()
    for number in range(4):
        for vlan in (OURS, EIGHT.vlan):
            for mac in (A, B):
                assert moves.moved(vlan, mac, *((1, 2) if number % 2 else (2, 1)), 0.0) == []
