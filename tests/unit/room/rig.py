"""A switch and its controller on either end of a wire: messages pass as bytes, in order, and only when told to."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from os_ken.ofproto import ofproto_v1_3 as ofp
from os_ken.ofproto import ofproto_v1_3_parser as parser

from sdn import wire
from sdn.connection import Connection
from sdn.events import (
    Applied,
    Changed,
    Confirmed,
    Disconnected,
    Event,
    FlowRemoved,
    Gone,
    Looped,
    PortChanged,
    Present,
    Record,
    Refused,
    Seen,
    Tick,
)
from sdn.flows import Flow, Message, Table
from sdn.network import Network
from sdn.switch import Switch
from tests.unit.openflow import encoding
from tests.unit.openflow.pipeline import Passage
from tests.unit.openflow.switch import FakeSwitch
from tests.unit.room.networks import DPID, UPLINK, row

SOCKETS = range(1, 9)  # ports of the fake switch, beside the uplink


class Wire:
    """What os-ken calls a datapath."""

    ofproto, ofproto_parser = ofp, parser
    id = DPID

    def __init__(self, fake: FakeSwitch) -> None:
        self._fake, self._xid = fake, 0

    def set_xid(self, message: Any) -> int:
        self._xid += 1
        message.set_xid(self._xid)
        return self._xid

    def send(self, stream: bytes) -> None:
        self._fake.receive(stream)


def event_of(message: Any, connection: Connection) -> Event | None:
    """What a message of the switch is to the decisions."""
    match message:
        case parser.OFPMultipartReply():
            return connection.read(message)
        case parser.OFPBarrierReply():
            batch = connection.confirmed(message.xid)
            return Confirmed(batch.number) if batch else None
        case parser.OFPErrorMsg():
            return Refused(connection.batch_of(message.xid), wire.decode_error(message))
        case parser.OFPPacketIn():
            return wire.decode_packet_in(message)
        case parser.OFPFlowRemoved():
            ended = message.reason in (ofp.OFPRR_IDLE_TIMEOUT, ofp.OFPRR_HARD_TIMEOUT)
            return FlowRemoved(wire.decode_flow(message)) if ended else None
        case parser.OFPPortStatus():
            gone = message.reason == ofp.OFPPR_DELETE
            return PortChanged(message.desc.port_no, None if gone else wire.decode_port(message.desc))
    raise NotImplementedError(message)


class Rig:
    """Both ends, the clock, and the rows that the records have made."""

    def __init__(self, network: Network, *, most_meters: int = 1000, now: float = 1000.0) -> None:
        self.fake = FakeSwitch([*SOCKETS, UPLINK], most_meters, now)
        self.switch = Switch(DPID)
        self.connection: Connection | None = None
        self.records: list[Record] = []
        self.applied: dict[int, int | None] = {}
        self.hosts: dict[tuple[int, str], tuple[int, str | None, str | None]] = {}  # by project and MAC: socket, IP, name
        self.network = self._with_applied(network)
        self.room = network

    @property
    def now(self) -> float:
        return self.fake.now

    # The controller's end: as in `controller.py`

    def connect(self) -> None:
        """The switch comes, also if it was not seen to go."""
        self.decide(Disconnected())
        self.fake.cut()
        self.connection = Connection(Wire(self.fake))
        self.decide(Changed())

    def disconnect(self) -> None:
        """The switch goes."""
        self.decide(Disconnected())
        self.connection = None
        self.fake.cut()

    def restart_controller(self) -> None:
        """Another controller, which knows nothing but the database."""
        self.switch, self.connection = Switch(DPID), None
        self.network = self._with_applied(self.room)
        self.connect()

    def change(self, network: Network) -> None:
        """The database has another network, and says so; nobody waits for what follows."""
        self.room = network
        self.network = self._with_applied(network)
        if self.connection:
            self.decide(Changed())

    def decide(self, event: Event) -> list[Message | Record]:
        """Have the controller decide, and send what it says."""
        answer = self.switch.handle(event, self.network, self.now)
        if self.connection:
            self.connection.send([step for step in answer if not isinstance(step, Record)], self.now)
        for record in answer:
            if isinstance(record, Record):
                self.records.append(record)
                self._write(record)
        return answer

    def hear(self) -> bool:
        """Have the controller read the next message of the switch; False if there is none."""
        if not self.fake.outbox or self.connection is None:
            return False
        event = event_of(encoding.parse(self.fake.outbox.popleft()), self.connection)
        if event:
            self.decide(event)
        return True

    # Both

    def settle(self) -> None:
        """Until nothing is under way."""
        while self.fake.step() or self.hear():
            pass

    def arrive(self, port: int, frame: bytes, tunnel: int = 0) -> Passage:
        """A frame comes in by a port of the switch, and all that follows from it is done."""
        passage = self.fake.arrive(port, frame, tunnel)
        self.settle()
        return passage

    def pass_time(self, seconds: float) -> None:
        """Time passes; a tick comes when the controller has asked for one."""
        until = self.now + seconds
        while self.switch.wake is not None and self.switch.wake <= until:
            self.fake.pass_time(max(0.0, self.switch.wake - self.now))
            self.decide(Tick())
            self.settle()
        self.fake.pass_time(until - self.now)

    def take(self) -> list[Record]:
        """The records since the last time."""
        records, self.records = self.records, []
        return records

    @property
    def table(self) -> Table:
        """All that the switch holds, in our words."""
        tables = self.fake.tables
        return Table.of(
            self.flows.values(), map(wire.decode_group, tables.groups.values()), map(wire.decode_meter, tables.meters.values())
        )

    @property
    def flows(self) -> Mapping[Any, Flow]:
        flows = [wire.decode_flow(entry.sent) for entry in self.fake.tables.flows.values()]
        return MappingProxyType({flow.key: flow for flow in flows})

    # The database

    def _with_applied(self, network: Network) -> Network:
        sockets = tuple(
            replace(socket, applied=self.applied.get(socket.number, socket.applied)) for socket in row(network).sockets
        )
        return replace(network, switches={DPID: replace(row(network), sockets=sockets)})

    def _write(self, record: Record) -> None:
        """What `store.py` makes of a record."""
        match record:
            case Applied(number, vlan):
                self.applied[number] = vlan
            case Seen(project, mac, number, ip, hostname):
                _, old_ip, old_hostname = self.hosts.get((project, mac), (None, None, None))
                self.hosts[project, mac] = number, ip or old_ip, hostname or old_hostname
            case Gone(project, mac, number):
                if self.hosts.get((project, mac), (None,))[0] == number:
                    del self.hosts[project, mac]
            case Present(_, hosts):
                there = {(project, mac): number for project, mac, number in hosts}
                kept = {key: told for key, told in self.hosts.items() if there.get(key) == told[0]}
                self.hosts = {key: (number, None, None) for key, number in there.items()} | kept
            case Looped():
                pass  # a test that wants the row changed does so
