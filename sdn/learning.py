"""Learns where hosts are, by the frames of which a switch sends copies, and what they tell of themselves; pure."""

from ipaddress import IPv4Address

from sdn import frames, tables
from sdn.assignment import Assignment
from sdn.events import Gone, Looped, PacketIn, Present, Record, Seen
from sdn.flows import AddFlow, DeleteFlow, Message, Table
from sdn.hosts import Hosts
from sdn.loops import Moves
from sdn.network import Socket
from sdn.pipeline import Host, closed, host_flows, known_host

Answer = list[Message | Record]
Told = tuple[str | None, str | None]  # IP address and host name


class Learning:
    """The hosts of a switch, and their recent moves."""

    def __init__(self) -> None:
        self.hosts = Hosts()
        self._moves = Moves()
        self._told: dict[tuple[int, str], Told] = {}

    def learn(self, assignment: Assignment, event: PacketIn, now: float) -> tuple[Answer, Socket | None]:
        """What follows from a frame of an unknown host; and the socket that is looped, if it shows a loop."""
        mac, vlan = frames.sender(event.frame), event.vlan
        if mac is None:
            return [], None
        known, host = self.hosts.find(vlan, mac), Host(mac, event.port)
        if known == host:  # a copy that was under way, or a flow that got lost
            return [AddFlow(flow) for flow in host_flows(assignment.setting.switch, vlan, host)], None
        if self.hosts.count(vlan, event.port) >= assignment.limit(event.port) or (known and self._moves.holds(vlan, mac, now)):
            return [], None
        looped = self._moves.moved(vlan, mac, known.port, event.port, now) if known else []
        culprit = next((assignment.at[port] for port in looped if port in assignment.at), None)  # the uplink is no socket
        return ([], culprit) if culprit else (self._put(assignment, vlan, host), None)

    def read(self, assignment: Assignment, vlan: int, event: PacketIn) -> Answer:
        """Note what a host tells of itself, or its project's router of it."""
        told = frames.told(event.frame)
        host = self.hosts.find(vlan, told.mac) if told else None
        owner = assignment.owner(vlan, host) if host else None
        if not (told and host and owner) or event.port not in (host.port, assignment.uplink):
            return []
        before = ip, hostname = self._told.get((vlan, told.mac), (None, None))
        subnet = assignment.setting.plan.subnet(vlan).network
        if told.ip and IPv4Address(told.ip) in subnet:
            ip = told.ip
        now = self._told[vlan, told.mac] = ip, told.hostname or hostname
        return [Seen(owner[0].project, told.mac, owner[1].number, *now)] if now != before else []

    def expire(self, assignment: Assignment, vlan: int, host: Host) -> Answer:
        """A host was silent for so long that the switch does not know it any more."""
        return self._forget(assignment, vlan, host, known=False) if self.hosts.find(vlan, host.mac) == host else []

    def unplug(self, assignment: Assignment, port: int) -> Answer:
        """The link of a port is down: nobody is there."""
        there = [(vlan, host) for vlan, host in self.hosts.all() if host.port == port]
        return [step for vlan, host in there for step in self._forget(assignment, vlan, host)]

    def bring_home(self, assignment: Assignment, vlan: int, culprit: Socket, now: float) -> Answer:
        """Put the hosts of a project that a loop has moved back where they were, but not to the socket that made it."""
        answer: Answer = [Looped(culprit.number)]
        for host in self.hosts.of(vlan):
            home = self._moves.home(vlan, host.mac)
            if home is None or home == culprit.of_port:
                continue
            self._moves.hold(vlan, host.mac, now)
            back = Host(host.mac, home)
            if back != host and assignment.keeps(vlan, back, assignment):  # the socket there may have changed hands since
                answer += self._put(assignment, vlan, back)
        return answer

    def leave(self, assignment: Assignment, before: Assignment) -> Answer:
        """Forget the hosts that cannot be where they were; their flows go with the difference of the tables."""
        answer: Answer = []
        for vlan, host in self.hosts.all():
            if not assignment.keeps(vlan, host, before):
                self.hosts.forget(vlan, host)
                answer += self._gone(before, vlan, host)
        return answer

    def adopt(self, assignment: Assignment, table: Table, dead: set[int]) -> Present:
        """Take the hosts over that a switch knows, but not at ports whose link is down.

        A switch that was restarted and holds nothing gets back those we know.
        """
        ours = any(flow.cookie == tables.OF_SWITCH for flow in table.flows.values())
        known = (known_host(flow) for flow in table.flows.values())
        candidates = [each for each in known if each] if ours else self.hosts.all()
        self.hosts = Hosts()
        for vlan, host in candidates:
            room = self.hosts.count(vlan, host.port) < assignment.limit(host.port)
            if room and host.port not in dead and assignment.keeps(vlan, host, assignment):
                self.hosts.learn(vlan, host)
        owners = ((host.mac, owner) for vlan, host in self.hosts.all() if (owner := assignment.owner(vlan, host)))
        there = sorted((live.project, mac, socket.number) for mac, (live, socket) in owners)
        return Present(assignment.setting.switch.dpid, tuple(there))

    def _put(self, assignment: Assignment, vlan: int, host: Host) -> Answer:
        """Learn a host where it is now, wherever it was before."""
        known, switch = self.hosts.find(vlan, host.mac), assignment.setting.switch
        answer = self._forget(assignment, vlan, known, moved=True) if known else []
        self.hosts.learn(vlan, host)
        answer += [AddFlow(flow) for flow in host_flows(switch, vlan, host)]
        if self.hosts.count(vlan, host.port) == assignment.limit(host.port):
            answer.append(AddFlow(closed(switch, vlan, host.port)))
        owner = assignment.owner(vlan, host)
        if owner:
            answer.append(Seen(owner[0].project, host.mac, owner[1].number, *self._told.get((vlan, host.mac), (None, None))))
        elif known:
            answer += self._gone(assignment, vlan, known)
        return answer

    def _forget(self, assignment: Assignment, vlan: int, host: Host, *, moved: bool = False, known: bool = True) -> Answer:
        """Take a host off the switch; `moved`: the way to it will be replaced; `known`: the switch still knows it."""
        switch = assignment.setting.switch
        self.hosts.forget(vlan, host)
        way, knowing = host_flows(switch, vlan, host)
        answer: Answer = [DeleteFlow(knowing.key)] if known else []
        if self.hosts.count(vlan, host.port) == assignment.limit(host.port) - 1:
            answer.append(DeleteFlow(closed(switch, vlan, host.port).key))
        return answer if moved else [*answer, DeleteFlow(way.key), *self._gone(assignment, vlan, host)]

    def _gone(self, assignment: Assignment, vlan: int, host: Host) -> Answer:
        self._told.pop((vlan, host.mac), None)
        owner = assignment.owner(vlan, host)
        return [Gone(owner[0].project, host.mac, owner[1].number)] if owner else []
