"""Hosts: learned, moved, forgotten, up to the limit."""

import pytest

from sdn import tables
from sdn.events import FlowRemoved, Gone, PacketIn, Seen
from sdn.flows import Flow, match
from sdn.network import Limits
from sdn.pipeline import Host
from tests.unit.room.connect import connected
from tests.unit.room.frames import ethernet
from tests.unit.room.networks import EIGHT, SEVEN, UPLINK, container, laptop, room
from tests.unit.room.questions import learned, ports
from tests.unit.room.rig import Rig
from tests.unit.room.tables import raw

A, B, C = laptop(1), laptop(2), laptop(3)
OURS, THEIRS = SEVEN.vlan, EIGHT.vlan
ROUTER = container(OURS, 1)


@pytest.fixture
def rig() -> Rig:
    return connected(room(SEVEN, SEVEN, EIGHT, EIGHT, limits=Limits(hosts=2)))


def test_a_host_is_learned_by_its_first_frame_and_seen(rig: Rig) -> None:
    rig.arrive(1, ethernet(A))
    assert learned(rig) == {(OURS, Host(A, 1))}
    assert rig.take() == [Seen(7, A, 101)]


def test_copies_that_were_under_way_change_nothing(rig: Rig) -> None:
    for _ in range(3):
        rig.fake.arrive(1, ethernet(A))
    rig.settle()
    before = raw(rig.fake)
    assert learned(rig) == {(OURS, Host(A, 1))}
    assert rig.take() == [Seen(7, A, 101)]
    rig.arrive(1, ethernet(A))
    assert raw(rig.fake) == before


def test_a_host_that_moves_is_followed_by_its_first_frame(rig: Rig) -> None:
    rig.arrive(1, ethernet(A))
    rig.arrive(2, ethernet(A))
    assert learned(rig) == {(OURS, Host(A, 2))}
    assert rig.take() == [Seen(7, A, 101), Seen(7, A, 102)]
    assert rig.hosts == {(7, A): (102, None, None)}


def test_the_way_to_a_host_that_moves_is_there_all_the_time(rig: Rig) -> None:
    rig.arrive(1, ethernet(A))
    rig.fake.arrive(2, ethernet(A))
    while rig.hear() or rig.fake.step():
        assert ports(rig, UPLINK, ethernet(container(OURS), A)) in ([], [1], [2])
    assert [out.port for out in rig.fake.out(UPLINK, ethernet(container(OURS), A), OURS)] == [2]


def test_a_host_moves_to_another_switch_and_back(rig: Rig) -> None:
    rig.arrive(1, ethernet(A))
    rig.take()
    rig.arrive(UPLINK, ethernet(A), OURS)
    assert learned(rig) == {(OURS, Host(A, UPLINK))}
    assert rig.take() == [Gone(7, A, 101)]
    rig.arrive(2, ethernet(A))
    assert learned(rig) == {(OURS, Host(A, 2))}


def test_the_same_mac_in_two_projects_is_two_hosts(rig: Rig) -> None:
    rig.arrive(1, ethernet(A))
    rig.arrive(3, ethernet(A))
    assert learned(rig) == {(OURS, Host(A, 1)), (THEIRS, Host(A, 3))}
    assert rig.hosts == {(7, A): (101, None, None), (8, A): (103, None, None)}


@pytest.mark.parametrize("mac", ["00:00:00:00:00:00", "01:00:5e:00:00:01", "ff:ff:ff:ff:ff:ff"])
def test_no_hosts_address_is_learned(rig: Rig, mac: str) -> None:
    rig.decide(PacketIn(1, OURS, ethernet(mac), unknown=True))
    rig.arrive(1, ethernet(mac))
    assert learned(rig) == set()


@pytest.mark.parametrize("frame", [b"", b"\x0a" * 5, b"\x0a" * 11, b"\x0a" * 13])
def test_a_stub_of_a_frame_breaks_nothing(rig: Rig, frame: bytes) -> None:
    rig.decide(PacketIn(1, OURS, frame, unknown=True))
    rig.settle()
    assert learned(rig) in (set(), {(OURS, Host("0a:0a:0a:0a:0a:0a", 1)), *()}, {(OURS, Host("0a:0a:0a:0a:0a:0a", 1))})


def test_a_socket_at_its_limit_is_closed_until_one_of_its_hosts_goes(rig: Rig) -> None:
    rig.arrive(1, ethernet(A))
    rig.pass_time(200)
    for mac in (B, C):
        rig.arrive(1, ethernet(mac))
    assert learned(rig) == {(OURS, Host(A, 1)), (OURS, Host(B, 1))}
    assert ports(rig, 1, ethernet(C)) == []
    rig.pass_time(150)
    rig.settle()
    assert learned(rig) == {(OURS, Host(B, 1))}
    assert ports(rig, 1, ethernet(C)) == [2, UPLINK]
    rig.arrive(1, ethernet(C))
    assert learned(rig) == {(OURS, Host(B, 1)), (OURS, Host(C, 1))}


def test_a_socket_at_its_limit_opens_when_a_host_moves_away(rig: Rig) -> None:
    for mac in (A, B):
        rig.arrive(1, ethernet(mac))
    rig.arrive(2, ethernet(A))
    assert learned(rig) == {(OURS, Host(B, 1)), (OURS, Host(A, 2))}
    rig.arrive(1, ethernet(C))
    assert (OURS, Host(C, 1)) in learned(rig)


def test_a_known_host_does_not_move_to_a_socket_at_its_limit(rig: Rig) -> None:
    for mac in (A, B):
        rig.arrive(1, ethernet(mac))
    rig.arrive(2, ethernet(C))
    rig.arrive(1, ethernet(C))
    rig.decide(PacketIn(1, OURS, ethernet(C), unknown=True))
    rig.settle()
    assert learned(rig) == {(OURS, Host(A, 1)), (OURS, Host(B, 1)), (OURS, Host(C, 2))}


def test_a_thousand_macs_are_as_many_as_the_limit(rig: Rig) -> None:
    for number in range(1000):
        rig.fake.arrive(1, ethernet(f"0a:00:00:01:{number >> 8:02x}:{number & 255:02x}"))
    rig.settle()
    assert len(learned(rig)) == 2
    rig.arrive(2, ethernet(A))
    assert (OURS, Host(A, 2)) in learned(rig)


def test_a_lower_limit_is_kept_when_hosts_are_taken_over() -> None:
    rig = connected(room(SEVEN, SEVEN, limits=Limits(hosts=4)))
    for number in range(4):
        rig.arrive(1, ethernet(laptop(number)))
    rig.room = room(SEVEN, SEVEN, limits=Limits(hosts=2))
    rig.restart_controller()
    rig.settle()
    assert len(learned(rig)) == 2


def test_a_silent_host_is_forgotten_and_frames_to_it_are_flooded_again(rig: Rig) -> None:
    rig.arrive(1, ethernet(A))
    rig.take()
    rig.pass_time(tables.IDLE - 1)
    rig.settle()
    assert ports(rig, 2, ethernet(B, A)) == [1]
    rig.pass_time(1)
    rig.settle()
    assert learned(rig) == set()
    assert ports(rig, 2, ethernet(B, A)) == [1, UPLINK]
    assert rig.take() == [Gone(7, A, 101)]
    assert rig.hosts == {}


def test_a_host_that_speaks_is_not_forgotten(rig: Rig) -> None:
    for _ in range(5):
        rig.arrive(1, ethernet(A))
        rig.pass_time(tables.IDLE - 1)
    rig.settle()
    assert learned(rig) == {(OURS, Host(A, 1))}


def test_the_end_of_an_old_place_does_not_concern_the_new_one(rig: Rig) -> None:
    rig.arrive(1, ethernet(A))
    rig.pass_time(tables.IDLE - 1)
    rig.fake.arrive(2, ethernet(A))
    rig.pass_time(2)  # the first place ends, and the controller has not heard of the second yet
    rig.settle()
    assert learned(rig) == {(OURS, Host(A, 2))}
    assert rig.hosts == {(7, A): (102, None, None)}


def test_flows_of_strangers_end_without_notice(rig: Rig) -> None:
    rig.arrive(1, ethernet(A))
    assert rig.decide(FlowRemoved(Flow(0, 5, match(in_port=1), 0))) == []
    assert rig.decide(FlowRemoved(Flow(tables.LEARN, tables.KNOWN, match(in_port=1, metadata=OURS, eth_src=(A, A)), 0))) == []
    assert rig.decide(FlowRemoved(Flow(tables.LEARN, tables.KNOWN, match(in_port=2, metadata=OURS, eth_src=A), 0))) == []


def test_whoever_unplugs_is_forgotten_and_nobody_else(rig: Rig) -> None:
    for port, mac in ((1, A), (1, B), (2, C)):
        rig.arrive(port, ethernet(mac))
    rig.take()
    rig.fake.set_link(1, link=False)
    rig.settle()
    assert learned(rig) == {(OURS, Host(C, 2))}
    assert rig.take() == [Gone(7, A, 101), Gone(7, B, 101)]
    rig.fake.set_link(1, link=True)
    rig.settle()
    rig.arrive(1, ethernet(A))
    assert learned(rig) == {(OURS, Host(C, 2)), (OURS, Host(A, 1))}


def test_hosts_of_a_socket_that_changes_hands_are_gone(rig: Rig) -> None:
    rig.arrive(1, ethernet(A))
    rig.arrive(2, ethernet(B))
    rig.take()
    rig.change(room(EIGHT, SEVEN, EIGHT, EIGHT, limits=Limits(hosts=2)))
    rig.settle()
    assert learned(rig) == {(OURS, Host(B, 2))}
    assert Gone(7, A, 101) in rig.take()
    rig.arrive(1, ethernet(A))
    assert learned(rig) == {(OURS, Host(B, 2)), (THEIRS, Host(A, 1))}


def test_hosts_behind_the_uplink_stay_while_their_project_has_sockets(rig: Rig) -> None:
    rig.arrive(UPLINK, ethernet(A), OURS)
    rig.arrive(UPLINK, ethernet(B), THEIRS)
    rig.change(room(SEVEN, None, None, None, limits=Limits(hosts=2)))
    rig.settle()
    assert learned(rig) == {(OURS, Host(A, UPLINK))}


def test_a_vlan_that_another_project_has_now_knows_no_host_of_the_old_one(rig: Rig) -> None:
    rig.arrive(1, ethernet(A))
    rig.arrive(UPLINK, ethernet(B), OURS)
    heir = SEVEN.__class__(70, OURS)
    rig.change(room(heir, heir, EIGHT, EIGHT, limits=Limits(hosts=2)))
    rig.settle()
    assert learned(rig) == set()
    assert rig.hosts == {}
