"""What a switch does with a frame (OpenFlow 1.3.5, 5.1-5.10)."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from os_ken.ofproto import ofproto_v1_3 as ofp
from os_ken.ofproto import ofproto_v1_3_parser as parser

from tests.unit.openflow.headers import header_fields, pop_tag, push_tag, set_vlan
from tests.unit.openflow.matching import matches
from tests.unit.openflow.tables import Entry, Tables


@dataclass(frozen=True, order=True)
class Out:
    """A frame that leaves by a port; through a tunnel port, with this tunnel id."""

    port: int
    tunnel: int
    frame: bytes


@dataclass(frozen=True)
class Copy:
    """A frame for the controller, and the flow that sent it."""

    entry: Entry
    in_port: int
    metadata: int
    tunnel: int
    frame: bytes


@dataclass
class Passage:
    """What became of a frame."""

    out: list[Out] = field(default_factory=list)
    copies: list[Copy] = field(default_factory=list)
    used: list[Entry] = field(default_factory=list)
    meters: list[int] = field(default_factory=list)


@dataclass
class _Packet:
    frame: bytes
    in_port: int
    tunnel: int
    metadata: int = 0

    @property
    def fields(self) -> dict[str, int]:
        return header_fields(self.frame) | {"in_port": self.in_port, "tunnel_id": self.tunnel, "metadata": self.metadata}


class Run:
    """The way of one frame through the tables."""

    def __init__(self, tables: Tables, ports: Iterable[int]) -> None:
        self._tables, self._ports = tables, set(ports)
        self.passage = Passage()

    def run(self, frame: bytes, in_port: int, tunnel: int) -> Passage:
        """What becomes of a frame that comes in by a port, out of a tunnel with this id."""
        packet, written = _Packet(frame, in_port, tunnel), list[Any]()
        table: int | None = 0
        while table is not None:
            fields = packet.fields
            entry = next((entry for entry in self._tables.of(table) if matches(entry.pattern, fields)), None)
            if entry is None:
                return self.passage  # a table miss drops
            table = self._execute(entry, packet, written)
            if table is None:
                self._apply(_action_set(written), packet, entry)
        return self.passage

    def _execute(self, entry: Entry, packet: _Packet, written: list[Any]) -> int | None:
        """Instructions in the order of the specification; the next table."""
        self.passage.used.append(entry)
        if entry.meter is not None:
            self.passage.meters.append(entry.meter)
        for kind in ofp.OFPIT_APPLY_ACTIONS, ofp.OFPIT_CLEAR_ACTIONS, ofp.OFPIT_WRITE_ACTIONS:
            for instruction in entry.sent.instructions:
                if not isinstance(instruction, parser.OFPInstructionActions) or instruction.type != kind:
                    continue
                if kind == ofp.OFPIT_APPLY_ACTIONS:
                    self._apply(instruction.actions, packet, entry)
                elif kind == ofp.OFPIT_CLEAR_ACTIONS:
                    written.clear()
                else:
                    written += instruction.actions
        write = entry.by_kind.get(parser.OFPInstructionWriteMetadata)
        if write:
            packet.metadata = packet.metadata & ~write.metadata_mask | write.metadata & write.metadata_mask
        goto = entry.by_kind.get(parser.OFPInstructionGotoTable)
        return goto.table_id if goto else None

    def _apply(self, actions: list[Any], packet: _Packet, entry: Entry) -> None:
        for action in actions:
            match action:
                case parser.OFPActionOutput(port=port):
                    self._output(port, packet, entry)
                case parser.OFPActionGroup(group_id=number):
                    self._group(self._tables.groups[number], packet, entry)
                case parser.OFPActionSetField(key="tunnel_id", value=tunnel):
                    packet.tunnel = tunnel
                case parser.OFPActionSetField(key="vlan_vid", value=vlan):
                    packet.frame = set_vlan(packet.frame, vlan)
                case parser.OFPActionPushVlan(ethertype=tag_type):
                    packet.frame = push_tag(packet.frame, tag_type)
                case parser.OFPActionPopVlan():
                    packet.frame = pop_tag(packet.frame)
                case _:
                    raise NotImplementedError(action)

    def _group(self, group: Any, packet: _Packet, entry: Entry) -> None:
        """Buckets of a group work on copies: what one changes, no other sees."""
        buckets = group.buckets if group.type == ofp.OFPGT_ALL else group.buckets[:1]
        for bucket in buckets:
            self._apply(bucket.actions, replace(packet), entry)

    def _output(self, port: int, packet: _Packet, entry: Entry) -> None:
        if port == ofp.OFPP_CONTROLLER:
            self.passage.copies.append(Copy(entry, packet.in_port, packet.metadata, packet.tunnel, packet.frame))
        elif port in (ofp.OFPP_ALL, ofp.OFPP_FLOOD, ofp.OFPP_NORMAL):
            self.passage.out += [Out(each, packet.tunnel, packet.frame) for each in self._ports if each != packet.in_port]
        elif port == ofp.OFPP_IN_PORT:
            self.passage.out.append(Out(packet.in_port, packet.tunnel, packet.frame))
        elif port != packet.in_port and port in self._ports:
            self.passage.out.append(Out(port, packet.tunnel, packet.frame))


def _action_set(written: list[Any]) -> list[Any]:
    """What is done of the written actions at the end: the newest output, or the newest group in its place."""
    outputs = [action for action in written if isinstance(action, parser.OFPActionOutput)]
    groups = [action for action in written if isinstance(action, parser.OFPActionGroup)]
    others = [action for action in written if not isinstance(action, parser.OFPActionGroup | parser.OFPActionOutput)]
    return [*others, *(groups or outputs)[-1:]]
