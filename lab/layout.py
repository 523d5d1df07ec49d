"""The shape of a room, and every name, number and address that follows from it; pure."""

import json
import re
from dataclasses import asdict, dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from itertools import islice
from pathlib import Path
from typing import Literal, get_args

from lab.errors import LabError

Uplink = Literal["vxlan", "vlan"]

BRIDGE = "dml-switch"  # in every switch
UPLINK = "uplink"  # its port towards the datacenter
UPLINK_PORT = 1000  # and that one's OpenFlow port; socket numbers on a switch stay below
UNDERLAY = "underlay"  # a VXLAN switch's other bridge, whose internal port carries the tunnel address
CABLE = "underlay0"  # that bridge's end of the cable to the host
CONTROL = "control"  # the switch's end of the cable to the controller
LAPTOP_INTERFACE = "eth0"
MAX_SWITCHES = 100

_DPID_MARK = b"lab".hex()


def run_directory(instance: str) -> Path:
    """Where a lab keeps its state; gone after a reboot, as the lab is."""
    return Path(f"/run/netmanager/{instance}/lab")


def host_bridge(instance: str) -> str:
    """Open vSwitch bridge of the host that holds its ends of the underlay, and its address.

    Names that begin with `<instance>-` are cut off from the host's IP stack by its firewall.
    """
    return f"lab{instance}"


def dpid_prefix(instance: str) -> str:
    """The first 12 of the 16 hexadecimal digits of every dpid of an instance's lab."""
    return _DPID_MARK + instance.encode().ljust(3, b"\0").hex()


def namespace_pattern(instance: str) -> re.Pattern[str]:
    """Names of namespaces that belong to an instance's lab."""
    return re.compile(rf"{instance}-(lab|lab\d+|laptop\d+)")


def link_pattern(instance: str) -> re.Pattern[str]:
    """Names of kernel interfaces of the host that belong to an instance's lab, its bridge aside."""
    return re.compile(rf"lab{instance}-[clpsu]\d+")


@dataclass(frozen=True)
class Layout:
    """A room of so many sockets on so many switches; `network` is a /23, its halves are control and underlay.

    Without an `openflow_port` the switches have no controller.
    """

    instance: str
    sockets: int
    network: IPv4Network
    switches: int = 1
    uplink: Uplink = "vxlan"
    openflow_port: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.switches <= min(self.sockets, MAX_SWITCHES):
            raise LabError(f"A lab has 1 to {MAX_SWITCHES} switches, each with a socket at least.")
        if len(self.sockets_of(1)) >= UPLINK_PORT:
            raise LabError(f"A switch of the lab has less than {UPLINK_PORT} sockets; take more switches.")
        if self.network.prefixlen > 23:
            raise LabError(f"NETMANAGER_LAB_NETWORK is {self.network}; it must be a /23, or larger.")
        if self.uplink not in get_args(Uplink):
            raise LabError(f"An uplink is {' or '.join(get_args(Uplink))}, not {self.uplink}.")

    @classmethod
    def of_json(cls, text: str) -> "Layout":
        columns = json.loads(text)
        return cls(**columns | {"network": IPv4Network(columns["network"])})

    def as_json(self) -> str:
        return json.dumps(asdict(self) | {"network": str(self.network)})

    # Sockets

    @property
    def numbers(self) -> range:
        return range(1, self.sockets + 1)

    def sockets_of(self, switch: int) -> range:
        """Numbers of a switch's sockets, in a row; where it does not come out even the first switches have one more."""
        size, more = divmod(self.sockets, self.switches)
        first = (switch - 1) * size + min(switch - 1, more) + 1
        return range(first, first + size + (switch <= more))

    def switch_of(self, socket: int) -> int:
        """The switch of a socket; raises LabError if there is no such socket."""
        for switch in self.switch_numbers:
            if socket in self.sockets_of(switch):
                return switch
        raise LabError(f"This lab has the sockets 1 to {self.sockets}, and none with number {socket}.")

    def of_port(self, socket: int) -> int:
        """OpenFlow port of a socket on its switch."""
        return socket - self.sockets_of(self.switch_of(socket)).start + 1

    def laptop_namespace(self, socket: int) -> str:
        return f"{self.instance}-laptop{socket}"

    def laptop_mac(self, socket: int) -> str:
        """Locally administered, and not 02:42, by which containers and routers are known."""
        return "06:00:" + socket.to_bytes(4).hex(":")

    # Switches

    @property
    def switch_numbers(self) -> range:
        return range(1, self.switches + 1)

    def switch_name(self, switch: int) -> str:
        return "lab" if switch == 1 else f"lab{switch}"

    def switch_namespace(self, switch: int) -> str:
        return f"{self.instance}-{self.switch_name(switch)}"

    def dpid(self, switch: int) -> str:
        """16 hexadecimal digits, the same at every `up`."""
        return f"{dpid_prefix(self.instance)}{switch:04x}"

    # Cables between switch and host

    @property
    def host_bridge(self) -> str:
        return host_bridge(self.instance)

    def host_link(self, kind: Literal["c", "l", "p", "s", "u"], number: int) -> str:
        """An interface of the host: control (c) or underlay (u) of a switch; others move on into namespaces."""
        return f"{self.host_bridge}-{kind}{number}"

    def cable_mac(self, kind: Literal["c", "u"], switch: int) -> str:
        """Of the switch's end of a cable to the host."""
        return f"06:{'01' if kind == 'c' else '02'}:00:00:00:{switch:02x}"

    def control(self, switch: int) -> tuple[IPv4Interface, IPv4Interface]:
        """Addresses of the host and of the switch on the control cable, a /31 (RFC 3021)."""
        return self._address(0, 2 * switch, 31), self._address(0, 2 * switch + 1, 31)

    @property
    def vtep(self) -> IPv4Interface:
        """The host's address on the underlay."""
        return self._address(1, 1, 24)

    def tunnel(self, switch: int) -> IPv4Interface:
        """A switch's address on the underlay."""
        return self._address(1, 10 + switch, 24)

    def _address(self, half: int, host: int, prefix: int) -> IPv4Interface:
        network = next(islice(self.network.subnets(new_prefix=24), half, None))
        return IPv4Interface((IPv4Address(network[host]), prefix))
