"""The vocabulary of OpenFlow 1.3 as values: flows, groups, meters, and the messages that change them.

Matches use the names and forms of os-ken's OXM fields: numbers are ints, addresses strings, masked ones (value, mask).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

CONTROLLER = 0xFFFFFFFD  # OFPP_CONTROLLER

Value = int | str | tuple[int, int] | tuple[str, str]
Match = tuple[tuple[str, Value], ...]


def match(**fields: Value) -> Match:
    """A match on these fields; two of the same fields are equal, whatever the order."""
    return tuple(sorted(fields.items()))


@dataclass(frozen=True, slots=True)
class Output:
    """Send the frame out of a port, never the one it came in by."""

    port: int


@dataclass(frozen=True, slots=True)
class ToGroup:
    """Give the frame to a group."""

    group: int


@dataclass(frozen=True, slots=True)
class SetTunnel:
    """Set the tunnel id (VNI) with which a VXLAN port sends the frame."""

    vni: int


@dataclass(frozen=True, slots=True)
class PushVlan:
    """Push an 802.1Q tag with this VLAN."""

    vlan: int


@dataclass(frozen=True, slots=True)
class PopVlan:
    """Take the outer tag off."""


Action = Output | ToGroup | SetTunnel | PushVlan | PopVlan
Key = tuple[int, int, Match]  # table, priority, match: a switch holds one flow of each


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow: where it stands, what it matches, and what it does in the order of OpenFlow: meter, actions, metadata, goto."""

    table: int
    priority: int
    match: Match
    cookie: int
    actions: tuple[Action, ...] = ()
    meter: int | None = None
    metadata: int | None = None
    goto: int | None = None
    idle_timeout: int = 0  # seconds; a flow with one tells the controller when it ends

    @property
    def key(self) -> Key:
        return self.table, self.priority, self.match


@dataclass(frozen=True, slots=True)
class Group:
    """A group of type ALL: every bucket gets a copy, but none goes out where the frame came in."""

    id: int
    buckets: tuple[tuple[Action, ...], ...]


@dataclass(frozen=True, slots=True)
class Meter:
    """Drops what is over the rate, in frames per second."""

    id: int
    rate: int


@dataclass(frozen=True)
class Table:
    """Everything a switch holds, or should hold."""

    flows: Mapping[Key, Flow] = field(default_factory=dict)
    groups: Mapping[int, Group] = field(default_factory=dict)
    meters: Mapping[int, Meter] = field(default_factory=dict)

    @classmethod
    def of(cls, flows: Iterable[Flow], groups: Iterable[Group] = (), meters: Iterable[Meter] = ()) -> "Table":
        """A table of these."""
        return cls(
            {flow.key: flow for flow in flows}, {group.id: group for group in groups}, {meter.id: meter for meter in meters}
        )

    @classmethod
    def union(cls, tables: Iterable["Table"]) -> "Table":
        """All of several tables, which share no key."""
        flows: dict[Key, Flow] = {}
        groups: dict[int, Group] = {}
        meters: dict[int, Meter] = {}
        for table in tables:
            flows.update(table.flows)
            groups.update(table.groups)
            meters.update(table.meters)
        return cls(flows, groups, meters)


@dataclass(frozen=True, slots=True)
class AddFlow:
    """Add a flow, in the place of one of the same key."""

    flow: Flow


@dataclass(frozen=True, slots=True)
class DeleteFlow:
    """Delete the flow of this key; none other."""

    key: Key


@dataclass(frozen=True, slots=True)
class AddGroup:
    group: Group


@dataclass(frozen=True, slots=True)
class ModifyGroup:
    group: Group


@dataclass(frozen=True, slots=True)
class DeleteGroup:
    """Delete a group, and with it the flows that use it."""

    id: int


@dataclass(frozen=True, slots=True)
class AddMeter:
    meter: Meter


@dataclass(frozen=True, slots=True)
class ModifyMeter:
    meter: Meter


@dataclass(frozen=True, slots=True)
class DeleteMeter:
    """Delete a meter, and with it the flows that use it."""

    id: int


@dataclass(frozen=True, slots=True)
class SetPort:
    """Set a port administratively up or down; the address is the port's own, as the switch tells it."""

    port: int
    mac: str
    up: bool


@dataclass(frozen=True, slots=True)
class ReadTable:
    """Ask for everything the switch holds: it comes as an event Connected."""


@dataclass(frozen=True, slots=True)
class Barrier:
    """Ask the switch to tell when all before this is done: it comes as an event Confirmed with the same number."""

    batch: int


FlowMod = AddFlow | DeleteFlow
GroupMod = AddGroup | ModifyGroup | DeleteGroup
MeterMod = AddMeter | ModifyMeter | DeleteMeter
Message = FlowMod | GroupMod | MeterMod | SetPort | ReadTable | Barrier


def difference(old: Table, new: Table) -> list[Message]:
    """What makes the new table of the old one, in an order in which no frame reaches a port that it must not.

    What a port loses goes first, what it gains comes after; what flows use is there before them and goes after them.
    """
    messages: list[Message] = []
    messages += [AddMeter(new.meters[key]) for key in new.meters.keys() - old.meters.keys()]
    messages += [ModifyMeter(meter) for key, meter in new.meters.items() if key in old.meters and old.meters[key] != meter]
    leaving = [key for key, flow in old.flows.items() if key not in new.flows or new.flows[key].metadata != flow.metadata]
    messages += [DeleteFlow(key) for key in sorted(leaving, key=_outermost_first)]
    kept = {key: _kept(old.groups[key], group) for key, group in new.groups.items() if key in old.groups}
    messages += [ModifyGroup(group) for key, group in kept.items() if group != old.groups[key]]
    messages += [AddGroup(new.groups[key]) for key in new.groups.keys() - old.groups.keys()]
    messages += [ModifyGroup(new.groups[key]) for key, group in kept.items() if group != new.groups[key]]
    changed = [flow for key, flow in new.flows.items() if old.flows.get(key) != flow]
    messages += [AddFlow(flow) for flow in sorted(changed, key=lambda flow: _outermost_first(flow.key), reverse=True)]
    messages += [DeleteGroup(key) for key in old.groups.keys() - new.groups.keys()]
    messages += [DeleteMeter(key) for key in old.meters.keys() - new.meters.keys()]
    return messages


def _outermost_first(key: Key) -> tuple[int, int, str]:
    """Flows are taken away from the first table on, and in a table what drops after what lets in; added the other way round."""
    table, priority, fields = key
    return table, priority, str(fields)


def _kept(old: Group, new: Group) -> Group:
    """A group without what it loses, and without what it gains: a port may leave another group for it."""
    return Group(new.id, tuple(bucket for bucket in old.buckets if bucket in new.buckets))
