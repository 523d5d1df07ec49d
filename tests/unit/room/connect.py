"""Rigs that are done with their beginning."""

from sdn.network import Network
from tests.unit.room.rig import Rig


def connected(of: Network, *, most_meters: int = 1000) -> Rig:
    """A rig whose switch holds what it should, and whose records so far are forgotten."""
    rig = Rig(of, most_meters=most_meters)
    rig.connect()
    rig.settle()
    rig.take()
    return rig
