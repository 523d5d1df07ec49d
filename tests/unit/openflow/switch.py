"""The fake switch: takes messages as bytes in the order sent, one at a time, and answers in bytes."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from os_ken.ofproto import ofproto_v1_3 as ofp
from os_ken.ofproto import ofproto_v1_3_parser as parser

from tests.unit.openflow import encoding
from tests.unit.openflow.errors import RefusedError
from tests.unit.openflow.pipeline import Out, Passage, Run
from tests.unit.openflow.tables import Entry, Tables


@dataclass
class PortState:
    """A port: its address, whether it is up administratively, and whether something is plugged in."""

    mac: str
    up: bool = True
    link: bool = True


@dataclass
class FakeSwitch:
    """A switch. `inbox` holds what the controller sent and is not done yet, `outbox` what the controller has not read yet."""

    numbers: Iterable[int]
    most_meters: int = 1000
    now: float = 0.0
    inbox: deque[bytes] = field(default_factory=deque)
    outbox: deque[bytes] = field(default_factory=deque)
    refused: list[str] = field(default_factory=list)
    log: list[Any] = field(default_factory=list)  # parsed messages, all that were taken
    fragments: int = ofp.OFPC_FRAG_NORMAL
    broken: bool = False  # refuses flows, as one whose table is full

    def __post_init__(self) -> None:
        self.tables = Tables(self._removed)
        self.ports = {number: PortState(f"0e:00:00:00:{number >> 8:02x}:{number & 255:02x}") for number in self.numbers}

    def receive(self, stream: bytes) -> None:
        """Messages come in, to be done by `step`."""
        self.inbox.extend(encoding.split(stream))

    def step(self) -> bool:
        """Do the next message; False if there is none."""
        if not self.inbox:
            return False
        buf = self.inbox.popleft()
        message = encoding.parse(buf)
        self.log.append(message)
        try:
            self._do(message)
        except RefusedError as refused:
            self.refused.append(f"{refused}: {message}")
            self.outbox.append(encoding.error(refused.type, refused.code, buf))
        return True

    def arrive(self, port: int, frame: bytes, tunnel: int = 0) -> Passage:
        """A frame comes in by a port, out of a tunnel with this id; copies go to the controller."""
        state = self.ports.get(port)
        if state is None or not (state.up and state.link):
            return Passage()
        passage = self.probe(port, frame, tunnel)
        for entry in passage.used:
            entry.used = self.now
        for copy in passage.copies:
            fields = {"in_port": copy.in_port}
            fields |= {"metadata": copy.metadata} if copy.metadata else {}
            fields |= {"tunnel_id": copy.tunnel} if copy.tunnel else {}
            self.outbox.append(encoding.packet_in(copy.entry.sent, fields, copy.frame))
        return passage

    def probe(self, port: int, frame: bytes, tunnel: int = 0) -> Passage:
        """What would become of a frame; nothing changes."""
        return Run(self.tables, [number for number, state in self.ports.items() if state.up and state.link]).run(
            frame, port, tunnel
        )

    def out(self, port: int, frame: bytes, tunnel: int = 0) -> list[Out]:
        """Where a frame would come out."""
        return sorted(self.probe(port, frame, tunnel).out)

    def pass_time(self, seconds: float) -> None:
        """Time passes; idle flows end."""
        self.now += seconds
        for entry in list(self.tables.flows.values()):
            if entry.sent.idle_timeout and self.now - entry.used >= entry.sent.idle_timeout:
                self.tables.remove(entry, ofp.OFPRR_IDLE_TIMEOUT)

    def set_link(self, port: int, *, link: bool) -> None:
        """Something is plugged in, or out."""
        self.ports[port].link = link
        self._tell_port(port)

    def restart(self) -> None:
        """The switch crashes and comes back, with nothing in its tables, its ports up, and no connection."""
        self.tables.clear()
        for state in self.ports.values():
            state.up = True
        self.cut()

    def cut(self) -> None:
        """The connection breaks; what was under way is lost."""
        self.inbox.clear()
        self.outbox.clear()

    def _do(self, message: Any) -> None:  # noqa: C901  (as many as there are messages)
        match message:
            case parser.OFPFlowMod():
                if self.broken and message.command == ofp.OFPFC_ADD:
                    raise RefusedError(ofp.OFPET_FLOW_MOD_FAILED, ofp.OFPFMFC_TABLE_FULL)
                self.tables.flow_mod(message, self.now)
            case parser.OFPGroupMod():
                self.tables.group_mod(message)
            case parser.OFPMeterMod():
                if not self.most_meters:
                    raise RefusedError(ofp.OFPET_METER_MOD_FAILED, ofp.OFPMMFC_OUT_OF_METERS)
                self.tables.meter_mod(message)
            case parser.OFPPortMod():
                self._port_mod(message)
            case parser.OFPSetConfig():
                self.fragments = message.flags
            case parser.OFPBarrierRequest():
                self.outbox.append(encoding.message(ofp.OFPT_BARRIER_REPLY, message.xid))
            case _:
                self._answer(message)

    def _port_mod(self, message: Any) -> None:
        state = self.ports.get(message.port_no)
        if state is None:
            raise RefusedError(ofp.OFPET_PORT_MOD_FAILED, ofp.OFPPMFC_BAD_PORT)
        if state.mac != message.hw_addr:
            raise RefusedError(ofp.OFPET_PORT_MOD_FAILED, ofp.OFPPMFC_BAD_HW_ADDR)
        if message.mask & ofp.OFPPC_PORT_DOWN:
            state.up = not message.config & ofp.OFPPC_PORT_DOWN
            self._tell_port(message.port_no)

    def _answer(self, request: Any) -> None:
        """Tell what was asked for."""
        tables = self.tables
        match request:
            case parser.OFPMeterFeaturesStatsRequest():
                entries = [encoding.meter_features(self.most_meters)]
            case parser.OFPMeterConfigStatsRequest(meter_id=ofp.OFPM_ALL):
                entries = [encoding.meter_config(sent) for sent in tables.meters.values()]
            case parser.OFPGroupDescStatsRequest():
                entries = [encoding.group_desc(sent) for sent in tables.groups.values()]
            case parser.OFPPortDescStatsRequest():
                entries = [self._describe(number) for number in self.ports]
            case parser.OFPFlowStatsRequest(table_id=ofp.OFPTT_ALL, out_port=ofp.OFPP_ANY, out_group=ofp.OFPG_ANY, cookie_mask=0):
                assert not request.match.items()
                entries = [encoding.flow_stats(entry.sent) for entry in tables.flows.values()]
            case _:
                raise NotImplementedError(request)
        self.outbox.extend(encoding.multipart(request.type, request.xid, entries))

    def _describe(self, number: int) -> bytes:
        state = self.ports[number]
        return encoding.port(number, state.mac, up=state.up, link=state.up and state.link)

    def _tell_port(self, number: int) -> None:
        self.outbox.append(encoding.port_status(ofp.OFPPR_MODIFY, self._describe(number)))

    def _removed(self, entry: Entry, reason: int) -> None:
        self.outbox.append(encoding.flow_removed(entry.sent, reason))
