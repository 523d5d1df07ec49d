"""Random rooms, hosts and frames: where a frame comes out, on a switch that holds what the pipeline says."""

from hypothesis import given
from hypothesis import strategies as st

from sdn.flows import Table, difference
from sdn.network import Network
from tests.unit.openflow.switch import FakeSwitch
from tests.unit.room import expected
from tests.unit.room.networks import UPLINK
from tests.unit.room.strategies import any_frame, learned, limited, networks, ports, tunnels
from tests.unit.room.tables import PORTS, Learned, send, table

Rooms = tuple[Network, list[Learned]]
rooms = networks(limits=limited).flatmap(lambda network: st.tuples(st.just(network), learned(network)))
probes = st.lists(st.tuples(ports, any_frame, tunnels), min_size=10, max_size=30)


def switch_of(network: Network, hosts: list[Learned], *, meters: bool = True) -> FakeSwitch:
    """A switch that holds what it should."""
    fake = FakeSwitch(PORTS)
    send(fake, difference(Table(), table(network, hosts, meters=meters)))
    return fake


@given(rooms, probes)
def test_no_frame_of_a_project_is_seen_in_another(room: Rooms, frames: list[tuple[int, bytes, int]]) -> None:
    network, hosts = room
    fake = switch_of(network, hosts)
    for port, frame, tunnel in frames:
        vlan = expected.vlan_of(network, port, frame, tunnel)
        seen = fake.out(port, frame, tunnel)
        if vlan is None:
            assert seen == []
        assert port not in {out.port for out in seen}
        for out in seen:
            assert vlan is not None
            inner = frame[:12] + frame[16:] if port == UPLINK and expected.is_tagged(network) else frame
            assert out == expected.out(network, out.port, vlan, inner, tunnel)
            assert out.port in (*expected.members(network, vlan), UPLINK)


@given(rooms, st.booleans(), probes)
def test_every_frame_comes_out_where_the_rules_say_and_nowhere_else(
    room: Rooms, meters: bool, frames: list[tuple[int, bytes, int]]
) -> None:
    network, hosts = room
    fake = switch_of(network, hosts, meters=meters)
    places = {(vlan, host.mac): host.port for vlan, host in hosts}
    for port, frame, tunnel in frames:
        assert fake.out(port, frame, tunnel) == expected.ways_out(network, places, port, frame, tunnel)
