"""Questions about a rig."""

from sdn.pipeline import known_host
from tests.unit.openflow.pipeline import Out
from tests.unit.room.expected import is_tagged
from tests.unit.room.networks import UPLINK
from tests.unit.room.rig import Rig
from tests.unit.room.tables import Learned, table


def learned(rig: Rig) -> set[Learned]:
    """The hosts that the switch knows; its table must be made of just these."""
    known = {found for flow in rig.table.flows.values() if (found := known_host(flow))}
    assert rig.table == table(rig.network, known)
    assert rig.switch.hosts == len(known)
    return known


def ports(rig: Rig, port: int, frame: bytes, tunnel: int = 0) -> list[int]:
    """The ports where a frame comes out."""
    return [out.port for out in rig.fake.out(port, frame, tunnel)]


def cookies(rig: Rig, port: int, frame: bytes, tunnel: int = 0) -> list[int]:
    """Cookies of the flows that copy a frame for the controller."""
    return [copy.entry.sent.cookie for copy in rig.fake.probe(port, frame, tunnel).copies]


def by_uplink(rig: Rig, frame: bytes, vlan: int) -> tuple[int, bytes, int]:
    """A project's frame as it comes in by the uplink: port, frame, tunnel id."""
    return (UPLINK, tagged(frame, vlan), 0) if is_tagged(rig.network) else (UPLINK, frame, vlan)


def from_uplink(rig: Rig, frame: bytes, vlan: int) -> list[Out]:
    """Where a project's frame that comes by the uplink comes out."""
    return rig.fake.out(*by_uplink(rig, frame, vlan))


def to_uplink(rig: Rig, frame: bytes, vlan: int) -> Out:
    """A project's frame as it leaves by the uplink."""
    return Out(UPLINK, 0, tagged(frame, vlan)) if is_tagged(rig.network) else Out(UPLINK, vlan, frame)


def tagged(frame: bytes, vlan: int) -> bytes:
    """The frame with one more tag."""
    return frame[:12] + bytes.fromhex("8100") + vlan.to_bytes(2) + frame[12:]
