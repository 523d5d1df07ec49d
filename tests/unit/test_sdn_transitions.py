"""From any room to any other: what is sent, in what order, and what becomes of frames meanwhile."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdn.flows import Table, difference
from sdn.network import Limits, Membership, Network
from sdn.pipeline import known_host
from tests.unit.openflow.pipeline import Out
from tests.unit.openflow.switch import FakeSwitch
from tests.unit.room import expected, frames
from tests.unit.room.connect import connected
from tests.unit.room.networks import PROJECTS, UPLINK, container, laptop, room, row
from tests.unit.room.rig import Rig
from tests.unit.room.strangers import strangers
from tests.unit.room.strategies import VLANS, learned, limited, networks, reshuffled, rewired
from tests.unit.room.tables import PORTS, Learned, raw, read, send, table

Rooms = tuple[Network, list[Learned]]
any_projects = st.just(PROJECTS) | reshuffled


def with_hosts(network: st.SearchStrategy[Network]) -> st.SearchStrategy[Rooms]:
    return network.flatmap(lambda of: st.tuples(st.just(of), learned(of)))


any_rooms = with_hosts(any_projects.flatmap(lambda projects: networks(projects, limited)))


def fresh(room: Rooms, *, meters: bool) -> FakeSwitch:
    """A switch that was empty and holds what it should."""
    fake = FakeSwitch(PORTS)
    send(fake, difference(Table(), table(*room, meters=meters)))
    return fake


@given(any_rooms, any_rooms, st.booleans(), st.booleans())
def test_the_difference_from_any_room_to_any_other_makes_exactly_the_other(
    old: Rooms, new: Rooms, meters_then: bool, meters_now: bool
) -> None:
    fake, wanted = fresh(old, meters=meters_then), table(*new, meters=meters_now)
    send(fake, difference(read(fake), wanted))
    assert read(fake) == wanted
    assert raw(fake) == raw(fresh(new, meters=meters_now))


@given(any_rooms, st.booleans())
def test_the_difference_applied_twice_changes_nothing(room: Rooms, meters: bool) -> None:
    fake, wanted = fresh(room, meters=meters), table(*room, meters=meters)
    assert difference(read(fake), wanted) == []
    before = raw(fake)
    send(fake, difference(Table(), Table()))
    assert raw(fake) == before


@given(any_rooms, strangers, any_rooms)
def test_what_strangers_left_on_the_switch_goes(old: Rooms, strange: list[Any], new: Rooms) -> None:
    fake = fresh(old, meters=True)
    for message in strange:
        message.set_xid(1)
        message.serialize()
        fake.receive(bytes(message.buf))
        fake.step()
    fake.refused.clear()  # a stranger may have been refused
    send(fake, difference(read(fake), table(*new)))
    assert raw(fake) == raw(fresh(new, meters=True))


# Meanwhile: after every message


def talk(rig: Rig, hosts: list[Learned]) -> None:
    """Have hosts learned by what they send."""
    for vlan, host in hosts:
        frame = frames.ethernet(host.mac, tags=[vlan] if host.port == UPLINK and expected.is_tagged(rig.network) else [])
        rig.arrive(host.port, frame, vlan)


def sent_from(network: Network, hosts: list[Learned]) -> list[tuple[int, bytes, int]]:
    """Frames from every port, in every VLAN: to all, to nobody known, to every host, to containers; port, frame, tunnel id."""
    macs = {host.mac for _, host in hosts} | {container(vlan) for vlan in VLANS} | {laptop(99), frames.BROADCAST}
    probes = []
    for port in range(1, 8):
        there = [host.mac for _, host in hosts if host.port == port]
        probes += [(port, frames.ethernet(there[0] if there else laptop(50 + port), mac), 0) for mac in sorted(macs)]
    for vlan in VLANS:
        there = [host.mac for of, host in hosts if host.port == UPLINK and of == vlan]
        tags = [vlan] if expected.is_tagged(network) else []
        probes += [
            (UPLINK, frames.ethernet(there[0] if there else container(vlan), mac, tags=tags), vlan) for mac in sorted(macs)
        ]
    return probes


def seen_by(network: Network, out: Out) -> int | None:
    """The VLAN in which a frame that comes out is seen."""
    if out.port != UPLINK:
        return next((socket.vlan for socket in row(network).sockets if socket.of_port == out.port), None)
    return int.from_bytes(out.frame[14:16]) if expected.is_tagged(network) else out.tunnel


def assert_isolated(rooms: tuple[Network, Network], probe: tuple[int, bytes, int], seen: list[Out]) -> None:
    """What is seen is seen by members of the sender's project, as it was before or as it is afterwards."""
    for out in seen:
        assert any((vlan := expected.vlan_of(each, *probe)) is not None and seen_by(each, out) == vlan for each in rooms), (
            probe,
            out,
        )


def assert_nobody_hears_two_projects(rig: Rig, network: Network) -> None:
    """No socket is in the floods of two projects at the same time, not even while it changes hands."""
    heard: dict[int, int] = {}
    for vlan in VLANS:
        frame = frames.ethernet(container(vlan), tags=[vlan] if expected.is_tagged(network) else [])
        for out in rig.fake.out(UPLINK, frame, vlan):
            assert heard.setdefault(out.port, vlan) == vlan


def spared(old: Network, new: Network) -> set[int]:
    """Ports whose socket has the same VLAN before and afterwards; the uplink too, if it is the same."""
    same = {socket.of_port for socket in row(old).sockets if socket.vlan and socket in row(new).sockets}
    return same | ({UPLINK} if expected.is_tagged(old) == expected.is_tagged(new) else set())


def lossless(old: Rooms, new: Rooms, probe: tuple[int, bytes, int]) -> list[Out]:
    """Where a frame must come out during the whole change: between those whom it does not concern."""
    staying = spared(old[0], new[0])
    if probe[0] not in staying or expected.vlan_of(old[0], *probe) != expected.vlan_of(new[0], *probe):
        return []
    before, after = (
        set(expected.ways_out(each, {(vlan, host.mac): host.port for vlan, host in hosts}, *probe)) for each, hosts in (old, new)
    )
    return sorted(out for out in before & after if out.port in staying)


change_kinds = st.sampled_from(["told", "told later", "another controller"])
same_limits = st.just(Limits())


@st.composite
def changes(draw: st.DrawFn) -> tuple[Rooms, Network]:
    """A room with hosts, and another that may have little or nothing in common with it, but that has the same limits."""
    old = draw(networks(limits=same_limits))
    if draw(st.booleans()):
        projects = draw(any_projects)
        new = draw(networks(projects, same_limits))
    else:  # some sockets of the same room change hands
        new = draw(rewired(old))
    return (old, draw(learned(old))), new


@given(changes(), change_kinds)
def test_meanwhile_projects_are_apart_and_nobody_else_loses_a_frame(change: tuple[Rooms, Network], kind: str) -> None:
    (old, hosts), new = change
    rig = Rig(old)
    rig.connect()
    rig.settle()
    talk(rig, hosts)
    if kind == "told":
        rig.change(new)
    elif kind == "told later":
        rig.disconnect()
        rig.change(new)
        rig.connect()
    else:
        rig.room = new
        rig.restart_controller()
    probes = sent_from(old, hosts) + (sent_from(new, hosts) if expected.is_tagged(old) != expected.is_tagged(new) else [])
    kept = [(vlan, host) for vlan, host in hosts if host.port in spared(old, new)]
    must = [lossless((old, hosts), (new, kept), probe) for probe in probes]
    while rig.fake.step() or rig.hear():
        assert_nobody_hears_two_projects(rig, old)
        for probe, wanted in zip(probes, must, strict=True):
            seen = rig.fake.out(*probe)
            assert_isolated((old, new), probe, seen)
            assert set(wanted) <= set(seen), probe
    assert rig.fake.refused == []
    assert rig.table == table(new, kept_by(rig, hosts, new))
    assert {(vlan, host) for vlan, host in kept if host.port != UPLINK} <= set(kept_by(rig, hosts, new))


def kept_by(rig: Rig, hosts: list[Learned], new: Network) -> list[Learned]:
    """The hosts that are still known, each of which can be where it is."""
    flows = rig.table.flows.values()
    known = [found for flow in flows if (found := known_host(flow))]
    assert set(known) <= set(hosts)
    for vlan, host in known:
        assert (host.port == UPLINK and expected.members(new, vlan)) or host.port in expected.members(new, vlan)
    return known


@pytest.mark.parametrize(("giver", "taker"), list(permutations(PROJECTS, 2)))
@pytest.mark.parametrize("tagged", [False, True])
def test_a_socket_leaves_one_project_before_it_joins_the_other(giver: Membership, taker: Membership, tagged: bool) -> None:
    old = room(giver, taker, giver, taker, tagged=tagged)
    for new in room(taker, taker, giver, taker, tagged=tagged), room(taker, giver, giver, taker, tagged=tagged):
        rig = connected(old)
        rig.change(new)
        while rig.fake.step() or rig.hear():
            assert_nobody_hears_two_projects(rig, old)
        assert rig.table == table(new)
