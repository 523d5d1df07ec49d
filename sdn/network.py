"""The room as the controller sees it: values without behaviour, made by `store.py` from rows, by tests by hand."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from datacenter.addressing import Plan


@dataclass(frozen=True, slots=True)
class Limits:
    """What one socket may do."""

    hosts: int = 8  # MACs learned at a socket
    broadcasts: int = 500  # group-addressed frames per second


@dataclass(frozen=True, slots=True)
class Membership:
    """The project that a socket is associated with, and its VLAN, which is its VNI and its metadata in the pipeline."""

    project: int
    vlan: int


@dataclass(frozen=True, slots=True)
class Socket:
    """A socket of a switch. `live` is None for one that is free, disabled, or of a project without a network."""

    number: int
    of_port: int
    enabled: bool = True
    live: Membership | None = None
    applied: int | None = field(default=None, compare=False)  # the VLAN that the database has as confirmed by the switch

    @property
    def vlan(self) -> int | None:
        return self.live.vlan if self.live else None


@dataclass(frozen=True, slots=True)
class Switch:
    """A switch of the room and its sockets, in the order of their numbers."""

    dpid: int
    name: str
    uplink: int  # OpenFlow port towards the datacenter
    tagged: bool  # the uplink carries VLAN tags instead of VXLAN
    sockets: tuple[Socket, ...] = ()
    bounce: float = 0.0  # seconds for which a socket's link is down when it changes hands


@dataclass(frozen=True)
class Network:
    """All of it, with the address plan by which containers and routers are known."""

    plan: Plan
    switches: Mapping[int, Switch] = field(default_factory=dict)  # by dpid
    limits: Limits = Limits()
