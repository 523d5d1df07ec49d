"""veth pairs, addresses, MTU, offloads and routes; the only importer of pyroute2."""

import fcntl
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path

from pyroute2 import Ethtool, IPRoute, netns
from pyroute2.ethtool.ioctl import EthtoolError
from pyroute2.netlink import genlmsg
from pyroute2.netlink.exceptions import NetlinkError
from pyroute2.netlink.generic import GenericNetlinkSocket

from datacenter.errors import DatacenterError

SIOCGIFMTU = 0x8921  # linux/sockios.h; decoding every interface's whole description takes a hundred times as long


@dataclass(frozen=True)
class VethPair:
    """A veth pair to make: the end that stays on the host and the end that moves into a container."""

    host: str
    peer: str
    peer_mac: str
    mtu: int
    peer_checksums: bool  # whether the peer may leave checksums to a device (not on the userspace datapath)


@contextmanager
def _route() -> Iterator[IPRoute]:
    try:
        with IPRoute() as route:
            yield route
    except (NetlinkError, EthtoolError, OSError) as error:
        raise DatacenterError(f"The kernel refused a network change: {error}.") from error


def enter_network_namespace(pid: int) -> None:
    """Take the calling thread, and no other, to where a process is; raises DatacenterError if that is gone."""
    try:
        netns.setns(f"/proc/{pid}/ns/net", flags=os.O_RDONLY)
    except OSError as error:
        raise DatacenterError(f"The network of process {pid} cannot be entered: {error}.") from error


def has_datapath_module() -> bool:
    """Whether the kernel has the Open vSwitch datapath (generic netlink family `ovs_datapath`)."""
    with GenericNetlinkSocket() as generic:
        try:
            generic.bind("ovs_datapath", genlmsg)
        except NetlinkError:
            return False
        return True


def plug_veth(pair: VethPair) -> None:
    """Make a veth pair, host end up; a leftover of the same name is removed first."""
    with _route() as route:
        for index in route.link_lookup(ifname=pair.host):
            route.link("del", index=index)
        peer = {"ifname": pair.peer, "mtu": pair.mtu, "address": pair.peer_mac}
        route.link("add", ifname=pair.host, kind="veth", mtu=pair.mtu, peer=peer)
        if not pair.peer_checksums:
            disable_tx_checksums(pair.peer)
        disable_ipv6(pair.host)  # the host has nothing to say there
        route.link("set", index=route.link_lookup(ifname=pair.host)[0], state="up")


def delete_link(name: str) -> None:
    """Remove an interface; a missing one is forgiven."""
    with _route() as route:
        for index in route.link_lookup(ifname=name):
            try:
                route.link("del", index=index)
            except NetlinkError as error:
                if error.code != 19:  # ENODEV: it went by itself in the meantime
                    raise


def disable_ipv6(name: str) -> None:
    """Keep the kernel from speaking IPv6 on an interface; a kernel without IPv6 needs no telling."""
    switch = Path(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6")
    if switch.exists():
        switch.write_text("1\n")


def disable_tx_checksums(name: str) -> None:
    """Have the kernel fill in checksums: a userspace datapath forwards frames as they are."""
    with Ethtool() as ethtool:
        ethtool.set_offload_flag(name, "tx-checksumming", 0)


def link_exists(name: str) -> bool:
    with _route() as route:
        return bool(route.link_lookup(ifname=name))


def mtu_of(name: str) -> int:
    """MTU of an interface in bytes; raises DatacenterError if it does not exist."""
    with _route() as route:
        return int(route.get_links(_index(route, name))[0].get_attr("IFLA_MTU"))


def mtus(prefix: str) -> dict[str, int]:
    """MTU in bytes of every interface whose name begins so."""
    found = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        for _, name in socket.if_nameindex():
            if name.startswith(prefix):
                with suppress(OSError):  # it went in the meantime
                    answer = fcntl.ioctl(asking, SIOCGIFMTU, struct.pack("16si20x", name.encode(), 0))
                    found[name] = int(struct.unpack_from("i", answer, 16)[0])
    return found


def set_up(name: str) -> None:
    with _route() as route:
        route.link("set", index=_index(route, name), state="up")


def ensure_address(name: str, address: IPv4Interface) -> None:
    """Give an interface this IPv4 address and no other."""
    with _route() as route:
        index = _index(route, name)
        present = {f"{a.get_attr('IFA_ADDRESS')}/{a['prefixlen']}" for a in route.get_addr(family=socket.AF_INET, index=index)}
        for extra in present - {str(address)}:
            route.addr("del", index=index, address=extra.split("/")[0], prefixlen=int(extra.split("/")[1]))
        if str(address) not in present:
            route.addr("add", index=index, address=str(address.ip), prefixlen=address.network.prefixlen)


def flush_addresses(name: str) -> None:
    """Take every IPv4 address from an interface."""
    with _route() as route:
        route.flush_addr(index=_index(route, name), family=socket.AF_INET)


def addressed_networks() -> dict[str, list[IPv4Network]]:
    """IPv4 networks that the host is directly connected to, by interface."""
    networks: dict[str, list[IPv4Network]] = {}
    with _route() as route:
        addresses = list(route.get_addr(family=socket.AF_INET))
    names = dict(socket.if_nameindex())
    for address in addresses:
        if name := names.get(address["index"]):  # else it went in the meantime
            interface = IPv4Interface(f"{address.get_attr('IFA_ADDRESS')}/{address['prefixlen']}")
            networks.setdefault(name, []).append(interface.network)
    return networks


@dataclass(frozen=True)
class DefaultRoute:
    """The IPv4 default route: its interface, and its gateway where it has one."""

    interface: str
    gateway: IPv4Address | None


def default_route() -> DefaultRoute | None:
    """The host's IPv4 default route, or None."""
    with _route() as route:
        for entry in route.get_default_routes(family=socket.AF_INET):
            if entry.get_attr("RTA_OIF") is not None:
                gateway = entry.get_attr("RTA_GATEWAY")
                return DefaultRoute(_name(route, entry.get_attr("RTA_OIF")), IPv4Address(gateway) if gateway else None)
    return None


def interface_towards(destination: IPv4Address) -> str | None:
    """The interface by which the host reaches an address, or None without a route."""
    with _route() as route:
        try:
            return _name(route, route.route("get", dst=str(destination))[0].get_attr("RTA_OIF"))
        except NetlinkError:
            return None


def _index(route: IPRoute, name: str) -> int:
    found = route.link_lookup(ifname=name)
    if not found:
        raise DatacenterError(f"There is no network interface {name} on this host.")
    return int(found[0])


def _name(route: IPRoute, index: int) -> str:
    return str(route.get_links(index)[0].get_attr("IFLA_IFNAME"))
