"""Who has the sockets of a switch, and what it should hold for that; a value."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sdn.flows import Table
from sdn.hosts import Hosts
from sdn.network import Membership, Socket
from sdn.pipeline import Host, Setting, limit, project_table, switch_table


@dataclass(frozen=True)
class Assignment:
    """The live sockets of a switch by VLAN and by port; one at the uplink's port is none."""

    setting: Setting
    projects: Mapping[int, tuple[Socket, ...]]
    at: Mapping[int, Socket]

    @classmethod
    def of(cls, setting: Setting) -> "Assignment":
        """The sockets as the switch's row has them."""
        projects: dict[int, tuple[Socket, ...]] = {}
        at: dict[int, Socket] = {}
        for socket in setting.switch.sockets:
            if socket.vlan is not None and socket.of_port != setting.switch.uplink:
                projects[socket.vlan] = (*projects.get(socket.vlan, ()), socket)
                at[socket.of_port] = socket
        return cls(setting, projects, at)

    @property
    def uplink(self) -> int:
        return self.setting.switch.uplink

    def table(self, hosts: Hosts) -> Table:
        """All that the switch should hold."""
        return Table.union([switch_table(self.setting), self.part(self.projects, hosts)])

    def part(self, vlans: Iterable[int], hosts: Hosts) -> Table:
        """What it should hold for the projects of these VLANs."""
        return Table.union(project_table(self.setting, vlan, self.projects.get(vlan, ()), hosts.of(vlan)) for vlan in vlans)

    def changed(self, other: "Assignment") -> set[int]:
        """The VLANs whose sockets are not the same in another assignment."""
        vlans = self.projects.keys() | other.projects.keys()
        return {vlan for vlan in vlans if self.projects.get(vlan) != other.projects.get(vlan)}

    def owner(self, vlan: int, host: Host) -> tuple[Membership, Socket] | None:
        """Whose a host is and the socket it is at; None for one behind the uplink, or where it cannot be."""
        socket = self.at.get(host.port)
        return (socket.live, socket) if socket and socket.live and socket.vlan == vlan else None

    def keeps(self, vlan: int, host: Host, before: "Assignment") -> bool:
        """Whether a host that was learned before can still be where it was: the project there is the same."""
        if host.port == self.uplink == before.uplink:
            return self.members(vlan) == before.members(vlan) != set()
        now, then = self.owner(vlan, host), before.owner(vlan, host)
        return now is not None and then is not None and now[0] == then[0]

    def limit(self, port: int) -> int:
        """How many hosts of one project are learned at a port."""
        return limit(self.setting.switch, port, self.setting.limits)

    def members(self, vlan: int) -> set[Membership | None]:
        """The project that has a VLAN, if it has sockets here."""
        return {socket.live for socket in self.projects.get(vlan, ())}
