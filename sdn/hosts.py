"""The hosts that one switch has learned, by VLAN and MAC and by port."""

from collections import defaultdict
from collections.abc import Iterable

from sdn.pipeline import Host


class Hosts:
    """What is learned; each MAC of a VLAN is at one port."""

    def __init__(self) -> None:
        self._by_vlan: defaultdict[int, dict[str, Host]] = defaultdict(dict)

    def __len__(self) -> int:
        return sum(map(len, self._by_vlan.values()))

    def of(self, vlan: int) -> list[Host]:
        """The hosts of a VLAN."""
        return list(self._by_vlan[vlan].values()) if vlan in self._by_vlan else []

    def all(self) -> Iterable[tuple[int, Host]]:
        return [(vlan, host) for vlan, hosts in self._by_vlan.items() for host in hosts.values()]

    def find(self, vlan: int, mac: str) -> Host | None:
        return self._by_vlan[vlan].get(mac) if vlan in self._by_vlan else None

    def count(self, vlan: int, port: int) -> int:
        """How many hosts of a VLAN are at a port."""
        return sum(host.port == port for host in self.of(vlan))

    def learn(self, vlan: int, host: Host) -> None:
        self._by_vlan[vlan][host.mac] = host

    def forget(self, vlan: int, host: Host) -> None:
        if self.find(vlan, host.mac) == host:
            del self._by_vlan[vlan][host.mac]
            if not self._by_vlan[vlan]:
                del self._by_vlan[vlan]
