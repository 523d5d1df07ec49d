"""What happens to a switch (events), and what the database is told of it (records)."""

from collections.abc import Mapping
from dataclasses import dataclass

from sdn.flows import Flow, Table


@dataclass(frozen=True, slots=True)
class Port:
    """A port as the switch describes it."""

    mac: str
    up: bool  # administratively
    link: bool

    @property
    def alive(self) -> bool:
        """Whether somebody can be there."""
        return self.up and self.link


@dataclass(frozen=True)
class Connected:
    """The switch is connected, and this is all it holds."""

    table: Table
    ports: Mapping[int, Port]
    meters: bool  # whether it has meters at all


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The connection is gone; the switch goes on with what it holds."""


@dataclass(frozen=True, slots=True)
class Changed:
    """The network is another than before."""


@dataclass(frozen=True, slots=True)
class PacketIn:
    """A copy of a frame; `unknown` if its sender is not learned, else it is for reading only."""

    port: int
    vlan: int  # 0 for a copy that was made before the frame was classified
    frame: bytes
    unknown: bool


@dataclass(frozen=True, slots=True)
class FlowRemoved:
    """A flow ended by its timeout."""

    flow: Flow


@dataclass(frozen=True, slots=True)
class PortChanged:
    """A port has changed, or is gone (None)."""

    number: int
    port: Port | None


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Everything before the barrier of this batch is done."""

    batch: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The switch refused a message; of a batch, or of none."""

    batch: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


Event = Connected | Disconnected | Changed | PacketIn | FlowRemoved | PortChanged | Confirmed | Refused | Tick


@dataclass(frozen=True, slots=True)
class Applied:
    """The switch has confirmed that a socket is in this VLAN, or free (None)."""

    socket: int
    vlan: int | None


@dataclass(frozen=True, slots=True)
class Seen:
    """A host at a socket, and what was learned of it; None where nothing was."""

    project: int
    mac: str
    socket: int
    ip: str | None = None
    hostname: str | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    """A host is no longer at a socket."""

    project: int
    mac: str
    socket: int


@dataclass(frozen=True, slots=True)
class Present:
    """All hosts, as (project, mac, socket), that are at a switch's sockets; others are not there any more."""

    dpid: int
    hosts: tuple[tuple[int, str, int], ...]


@dataclass(frozen=True, slots=True)
class Looped:
    """A socket is joined to another by a cable."""

    socket: int


Record = Applied | Seen | Gone | Present | Looped
