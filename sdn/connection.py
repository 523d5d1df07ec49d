"""One connection of a switch: what was sent by it and is not answered, and what is being read."""

from dataclasses import dataclass
from typing import Any

from os_ken.ofproto import ofproto_v1_3 as ofp
from os_ken.ofproto import ofproto_v1_3_parser as parser

from sdn import wire
from sdn.events import Connected, Port
from sdn.flows import Barrier, Flow, Group, Message, Meter, ReadTable, Table


@dataclass(frozen=True)
class Batch:
    """A batch under way: its number, when the change behind it was heard of, and its messages by xid."""

    number: int
    heard: float
    xids: frozenset[int]


class Connection:
    """A datapath of os-ken, and the state of the conversation with it."""

    def __init__(self, datapath: Any) -> None:
        self.datapath = datapath
        self._batches: dict[int, Batch] = {}  # by the xid of the barrier
        self._flows: list[Flow] = []
        self._groups: list[Group] = []
        self._meters: list[Meter] = []
        self._ports: dict[int, Port] = {}
        self._has_meters = False

    def send(self, messages: list[Message], heard: float) -> None:
        """Send messages in one piece; os-ken's queue takes 16, and waits then."""
        pieces, xids = bytearray(), set()
        for message in messages:
            if isinstance(message, ReadTable):
                self._flows, self._groups, self._meters, self._ports, self._has_meters = [], [], [], {}, False
            for encoded in wire.encode(self.datapath, message):
                xid = self.datapath.set_xid(encoded)
                encoded.serialize()
                pieces += encoded.buf
                xids.add(xid)
                if isinstance(message, Barrier):
                    self._batches[xid] = Batch(message.batch, heard, frozenset(xids))
                    xids.clear()
        if pieces:
            self.datapath.send(bytes(pieces))

    def confirmed(self, xid: int) -> Batch | None:
        """The batch that a barrier of this xid ended."""
        return self._batches.pop(xid, None)

    def batch_of(self, xid: int) -> int | None:
        """The number of the batch that has a message of this xid."""
        return next((batch.number for batch in self._batches.values() if xid in batch.xids), None)

    def read(self, reply: Any) -> Connected | None:
        """Take one part of what was asked for by ReadTable; everything, when it is the last."""
        match reply:
            case parser.OFPMeterFeaturesStatsReply():
                self._has_meters = any(features.max_meter for features in reply.body)
            case parser.OFPMeterConfigStatsReply():
                self._meters += map(wire.decode_meter, reply.body)
            case parser.OFPGroupDescStatsReply():
                self._groups += map(wire.decode_group, reply.body)
            case parser.OFPPortDescStatsReply():
                self._ports |= {port.port_no: wire.decode_port(port) for port in reply.body}
            case parser.OFPFlowStatsReply():
                self._flows += map(wire.decode_flow, reply.body)
                if not reply.flags & ofp.OFPMPF_REPLY_MORE:
                    return Connected(Table.of(self._flows, self._groups, self._meters), self._ports, self._has_meters)
        return None
