"""Decides what one switch is sent and the database is told: (event, network, now) → messages and records; no I/O.

`now` is in seconds of any steady clock. ARCHITECTURE.md tells of the pipeline, `pipeline.py` has it.
"""

from dataclasses import replace
from functools import singledispatchmethod

from sdn.assignment import Assignment
from sdn.bounces import Bounces
from sdn.confirmations import Confirmations
from sdn.events import (
    Applied,
    Changed,
    Confirmed,
    Connected,
    Disconnected,
    Event,
    FlowRemoved,
    PacketIn,
    Port,
    PortChanged,
    Refused,
    Tick,
)
from sdn.flows import Barrier, ReadTable, SetPort, difference
from sdn.learning import Answer, Learning
from sdn.network import Network, Socket
from sdn.network import Switch as Row
from sdn.pipeline import Setting, known_host

RESYNC = 10.0  # seconds after a refusal until the switch is read and set right again


class Switch:
    """One switch: what it was sent, what it confirmed, and the hosts learned on it. It outlives connections."""

    def __init__(self, dpid: int) -> None:
        self.dpid = dpid
        self._network: Network
        self._assignment: Assignment | None = None  # as the switch has been told; None before it was told anything
        self._connected = self._reading = False
        self._meters = True
        self._ports: dict[int, Port] = {}
        self._learning, self._bounces, self._confirmations = Learning(), Bounces(), Confirmations()
        self._looped: set[int] = set()  # sockets found looped, until the database has them disabled
        self._resync: float | None = None

    @property
    def hosts(self) -> int:
        """How many hosts are learned."""
        return len(self._learning.hosts)

    @property
    def wake(self) -> float | None:
        """When a Tick is due, if there is anything to wait for."""
        return min((due for due in (self._bounces.due, self._resync) if due is not None), default=None)

    def handle(self, event: Event, network: Network, now: float) -> Answer:
        """What follows from an event in this network: messages in the order in which to send them, and records."""
        self._network = network
        return self._handle(event, now)

    @singledispatchmethod
    def _handle(self, event: Event, now: float) -> Answer:
        raise TypeError(event)

    # The connection and the network

    @_handle.register
    def _(self, _: Changed, now: float) -> Answer:
        if self._connected:
            return self._change()
        return self._read() if self._wanted_row() and not self._reading else []

    @_handle.register
    def _(self, _: Disconnected, now: float) -> Answer:
        self._connected = self._reading = False
        self._resync = None
        self._confirmations.drop()
        self._bounces.clear()
        return []

    @_handle.register
    def _(self, event: Connected, now: float) -> Answer:
        self._reading = False
        row = self._wanted_row()
        if row is None:
            return []
        self._connected, self._meters, self._ports = True, event.meters, dict(event.ports)
        assignment = self._assignment = self._assign(row)
        dead = {number for number, port in event.ports.items() if not port.alive}
        present = self._learning.adopt(assignment, event.table, dead)
        answer: Answer = [*difference(event.table, assignment.table(self._learning.hosts))]
        for socket in row.sockets:
            port = event.ports.get(socket.of_port)
            if socket.enabled and port and not port.up and socket.of_port not in self._bounces:
                answer.append(SetPort(socket.of_port, port.mac, up=True))
        return [*answer, Barrier(self._confirmations.begin(row.sockets)), present]

    @_handle.register
    def _(self, event: Confirmed, now: float) -> Answer:
        answer: Answer = []
        row = self._assignment.setting.switch if self._assignment else None
        sockets = {socket.number: socket for socket in row.sockets} if row else {}
        for number, vlan in self._confirmations.confirm(event.batch).items():
            answer.append(Applied(number, vlan))
            if row and row.bounce and sockets[number].enabled and sockets[number].vlan == vlan:
                answer += self._bounce(sockets[number], now + row.bounce)
        return answer

    @_handle.register
    def _(self, event: Refused, now: float) -> Answer:
        if event.batch is not None and self._connected:
            self._confirmations.drop(event.batch)  # nothing of it is told to be applied
            self._resync = now + RESYNC
        return []

    @_handle.register
    def _(self, _: Tick, now: float) -> Answer:
        answer: Answer = [
            SetPort(port, self._ports[port].mac, up=True) for port in self._bounces.ended(now) if port in self._ports
        ]
        if self._resync is not None and self._resync <= now:
            answer += self._read()
        return answer

    @_handle.register
    def _(self, event: PortChanged, now: float) -> Answer:
        if event.port is None:
            self._ports.pop(event.number, None)
        else:
            self._ports[event.number] = event.port
        alive, told = event.port is not None and event.port.alive, self._told
        return self._learning.unplug(told, event.number) if told and not alive else []

    # Hosts

    @_handle.register
    def _(self, event: FlowRemoved, now: float) -> Answer:
        known, told = known_host(event.flow), self._told
        return self._learning.expire(told, *known) if told and known else []

    @_handle.register
    def _(self, event: PacketIn, now: float) -> Answer:
        told = self._told
        if told is None:
            return []
        socket = told.at.get(event.port)
        vlan = socket.vlan if socket else event.vlan if event.port == told.uplink else None
        if vlan is None or vlan not in told.projects or (event.unknown and vlan != event.vlan):
            return []  # made before the socket changed hands
        answer, looped = self._learning.learn(told, event, now) if event.unknown else ([], None)
        if looped:
            self._looped.add(looped.number)
            return [*self._learning.bring_home(told, vlan, looped, now), *self._change()]
        return [*answer, *self._learning.read(told, vlan, event)]

    # What the switch is told

    @property
    def _told(self) -> Assignment | None:
        """What the switch holds, where what it reports fits that: not while it is being read."""
        return self._assignment if self._connected and not self._reading else None

    def _read(self) -> Answer:
        self._reading, self._resync = True, None
        return [ReadTable()]

    def _change(self) -> Answer:
        """Make the switch fit the network: only what belongs to projects that have changed on it."""
        before = self._told
        if before is None:
            return []
        was = before.setting.switch
        row = self._wanted_row() or replace(was, sockets=())  # a switch that is no more in the database has no projects
        if (row.uplink, row.tagged) != (was.uplink, was.tagged):
            return self._read()
        after = self._assign(row)
        changed, hosts = before.changed(after), self._learning.hosts
        old = before.part(changed, hosts)
        gone = self._learning.leave(after, before) if changed else []
        self._assignment = after
        messages, batch = difference(old, after.part(changed, hosts)), self._confirmations.begin(row.sockets)
        if not messages and self._confirmations.holds_nothing(batch):
            self._confirmations.drop(batch)
            return self._tell(row)
        return [*messages, Barrier(batch), *gone, *self._tell(row)]

    def _tell(self, row: Row) -> Answer:
        """What is confirmed, where the database says otherwise: somebody else may have written it."""
        return [Applied(number, vlan) for number, vlan in self._confirmations.untold(row.sockets).items()]

    def _assign(self, row: Row) -> Assignment:
        return Assignment.of(Setting(row, self._meters, self._network.plan, self._network.limits))

    def _wanted_row(self) -> Row | None:
        """The switch as the database has it, with the sockets that are looped disabled already."""
        row = self._network.switches.get(self.dpid)
        if row is None:
            return None
        self._looped &= {socket.number for socket in row.sockets if socket.enabled}
        if not self._looped:
            return row
        sockets = (
            replace(socket, enabled=False, live=None) if socket.number in self._looped else socket for socket in row.sockets
        )
        return replace(row, sockets=tuple(sockets))

    def _bounce(self, socket: Socket, until: float) -> Answer:
        """Set a socket's port down until then."""
        port = self._ports.get(socket.of_port)
        if port is None:
            return []
        self._bounces.begin(socket.of_port, until)
        return [SetPort(socket.of_port, port.mac, up=False)]
