"""The room's switches: their ports on the VTEP bridge; repeatable, and nothing is touched that is right."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from datacenter import netlink
from datacenter.errors import DatacenterError, DatacenterUnavailable
from datacenter.names import MTU_KEY, PROJECT_KEY, SWITCH_KEY, TRUNK_KEY, Names
from datacenter.ovsdb import Bridge, Ovsdb, Port

VXLAN_OVERHEAD = 50  # bytes of outer headers: Ethernet 14, IPv4 20, UDP 8, VXLAN 8
REMOTE_KEY = "netmanager.remote"  # of a tunnel port: the address of the switch's end

Complaint = tuple[int, str]  # switch id, and a sentence for the operator


@dataclass(frozen=True)
class Room:
    """How the switches are reached, by switch id: a VXLAN tunnel to an address, or VLAN tags on a trunk NIC."""

    tunnels: Mapping[int, IPv4Address] = field(default_factory=dict)
    trunks: Mapping[int, str] = field(default_factory=dict)

    def underlays(self) -> dict[int, tuple[str, int]]:
        """The host's interface towards each switch, and the bytes of an inner packet that pass it."""
        routes = {switch: netlink.interface_towards(address) for switch, address in self.tunnels.items()}
        tunnels = {switch: (name, netlink.mtu_of(name) - VXLAN_OVERHEAD) for switch, name in routes.items() if name}
        trunks = {switch: (nic, netlink.mtu_of(nic)) for switch, nic in self.trunks.items() if netlink.link_exists(nic)}
        return tunnels | trunks

    def ports(self, names: Names) -> dict[int, Port]:
        """The port of the VTEP bridge that leads to each switch; switches that share a NIC share its port."""
        wanted = {}
        for switch, address in self.tunnels.items():
            ids = names.owner() | {SWITCH_KEY: str(switch), REMOTE_KEY: str(address)}
            options = {"remote_ip": str(address), "key": "flow"}  # OVS takes frames from this address alone
            wanted[switch] = Port(names.vtep, names.tunnel(switch), ids, "vxlan", options)
        for switch, nic in self.trunks.items():
            lowest = min(other for other, its in self.trunks.items() if its == nic)
            wanted[switch] = Port(names.vtep, nic, names.owner() | {SWITCH_KEY: str(lowest), TRUNK_KEY: nic})
        return wanted


def check_trunk(nic: str, room: Room, uplink: str) -> None:
    """Raise DatacenterError if Open vSwitch would take the NIC from something that needs it."""
    route = netlink.default_route()
    if route and nic == route.interface:
        raise DatacenterError(f"Trunk {nic} is the NIC of the default route: the host would cut itself off.")
    if nic == uplink:
        raise DatacenterError(f"Trunk {nic} is NETMANAGER_UPLINK; a NIC cannot be both.")
    if nic in (netlink.interface_towards(address) for address in room.tunnels.values()):
        raise DatacenterError(f"Trunk {nic} carries the tunnel to another switch, which would be cut off.")


def ensure_switch_ports(names: Names, room: Room, uplink: str, ovsdb: Ovsdb) -> list[Complaint]:
    """Give the VTEP bridge a port for every switch, and no others; complaints of switches that frames will not reach.

    Raises DatacenterError, with nothing changed, for a trunk that must not be taken. What may come right by itself (a NIC
    that is missing, an underlay that is not set up yet) is only told: the other switches must work without it.
    """
    for nic in sorted(set(room.trunks.values())):
        check_trunk(nic, room, uplink)
    vtep = ovsdb.bridge(names.vtep)
    if vtep is None:
        raise DatacenterError(f"There is no bridge {names.vtep}: run manage.py bootstrap_datacenter.")
    wanted, present = room.ports(names), leads(names, ovsdb)
    ovsdb.unplug(*(present.keys() - {port.name for port in wanted.values()}))
    refused = {port.name: _plug(port, ovsdb) for port in wanted.values() if present.get(port.name) != port.external_ids}
    return sorted([*_unplugged(wanted, refused, ovsdb), *_unrouted(room, vtep, ovsdb), *_narrow(room, vtep)])


def leads(names: Names, ovsdb: Ovsdb) -> dict[str, dict[str, str]]:
    """external_ids of the VTEP bridge's ports that lead to switches, by name."""
    ports = ovsdb.ports(names.vtep)
    return {name: ids for name, ids in ports.items() if SWITCH_KEY in ids and PROJECT_KEY not in ids}


def _plug(port: Port, ovsdb: Ovsdb) -> str:
    """Plug a switch's port; a sentence if that cannot be done now, else nothing."""
    try:
        if not port.type:
            netlink.set_up(port.name)
        ovsdb.plug(port)
    except DatacenterUnavailable:
        raise
    except DatacenterError as error:
        return str(error)
    return ""


def _unplugged(wanted: Mapping[int, Port], refused: Mapping[str, str], ovsdb: Ovsdb) -> Iterator[Complaint]:
    for switch, port in wanted.items():
        if sentence := refused.get(port.name):
            yield switch, sentence
        elif not port.type and not netlink.link_exists(port.name):
            yield switch, f"There is no network interface {port.name} on this host."
        elif ovsdb.ofport(port.name) is None:
            yield switch, f"Open vSwitch cannot use {port.name}; ovs-vsctl show tells why."


def _unrouted(room: Room, vtep: Bridge, ovsdb: Ovsdb) -> Iterator[Complaint]:
    """The userspace datapath routes a tunnel's packets itself, over its own bridges: a NIC of the kernel's will not do."""
    bridges = {bridge.name for bridge in ovsdb.bridges({}) if bridge.datapath_type == "netdev"}
    for switch, address in room.tunnels.items() if vtep.datapath_type == "netdev" else ():
        interface = netlink.interface_towards(address)
        way = f"the route to {address} leaves by {interface}" if interface else f"there is no route to {address}"
        cure = "put the underlay NIC into a bridge of datapath_type netdev, and its address on the bridge's own interface."
        if interface not in bridges:
            yield switch, f"{way}, and the userspace datapath needs it to leave by a bridge of Open vSwitch: {cure}"


def _narrow(room: Room, vtep: Bridge) -> Iterator[Complaint]:
    mtu = int(vtep.external_ids[MTU_KEY])
    cure = "run manage.py bootstrap_datacenter, for networks that are built from then on."
    for switch, (interface, size) in room.underlays().items():
        if size < mtu:
            yield switch, f"{interface} passes packets of {size} bytes, and networks are built with an MTU of {mtu}: {cure}"
