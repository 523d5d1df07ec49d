"""The host's own bridges, tunnels, uplink, firewall and router network; repeatable as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path

from datacenter import firewall, netlink, openflow, sysctl
from datacenter.addressing import LAST_VLAN, Plan
from datacenter.engine import Engine, NetworkSpec
from datacenter.errors import DatacenterError
from datacenter.names import GATEWAY_KEY, MTU_KEY, NETWORK_KEY, SWITCH_KEY, Names
from datacenter.ovsdb import Ovsdb, Port

NAT = "nat"
UPLINK_KEY = "netmanager.uplink"
VXLAN_OVERHEAD = 50  # bytes of outer headers: Ethernet 14, IPv4 20, UDP 8, VXLAN 8
INOTIFY_INSTANCES = 2 * (LAST_VLAN + 1)  # one for each router there can be, and as many for everything else on the host
ROUTER_CONTEXT = Path(__file__).parent / "router"


@dataclass(frozen=True)
class Site:
    """What the operator decides: uplink (`nat` or a NIC), DNS servers, networks out of reach, where switches are."""

    uplink: str
    dns: tuple[IPv4Address, ...]
    egress_deny: tuple[IPv4Network, ...] | None  # None: every network the host is directly connected to
    tunnels: Mapping[int, IPv4Address]  # switch id → VXLAN tunnel address


@dataclass(frozen=True)
class Bootstrapped:
    """What was found and set."""

    datapath_type: str
    mtu: int
    uplink: str


def datapath_type() -> str:
    """`system` where the kernel has the Open vSwitch datapath, else `netdev` (userspace)."""
    return "system" if netlink.has_datapath_module() else "netdev"


def mtu(site: Site) -> int:
    """MTU of every hop: the smallest of the uplink's and of each underlay's less the VXLAN overhead, in bytes."""
    route = netlink.default_route()
    default = route.interface if route else None
    underlays = {name for address in site.tunnels.values() if (name := netlink.interface_towards(address))}
    uplink = site.uplink if site.uplink != NAT else default
    if not underlays and default:
        underlays = {default}  # the first switch will come by it
    sizes = [netlink.mtu_of(name) - VXLAN_OVERHEAD for name in underlays] + ([netlink.mtu_of(uplink)] if uplink else [])
    return min([*sizes, 1500])


def bootstrap(names: Names, plan: Plan, site: Site, ovsdb: Ovsdb, engine: Engine) -> Bootstrapped:
    """Make the host ready for projects; raises DatacenterError naming what stands in the way."""
    _check_uplink(site)
    found = Bootstrapped(datapath_type(), mtu(site), site.uplink)
    sysctl.ensure_inotify_instances(INOTIFY_INSTANCES)
    _ensure_vtep(names, site, ovsdb, found)
    _ensure_routing(names, plan, site, ovsdb, found)
    firewall.install(_policy(names, plan, site))
    engine.build_image(ROUTER_CONTEXT, names.router_image, names.owner())
    network_id = engine.ensure_network(
        NetworkSpec(names.routing, names.driver, names.routing, plan.public, plan.public_gateway, None, names.owner())
    )
    ovsdb.set_bridge_ids(names.routing, {NETWORK_KEY: network_id})  # the driver did so, but to a bridge that may be gone
    return found


def _check_uplink(site: Site) -> None:
    if site.uplink == NAT:
        return
    if not netlink.link_exists(site.uplink):
        raise DatacenterError(f"NETMANAGER_UPLINK names {site.uplink}, and this host has no such interface.")
    route = netlink.default_route()
    if route and site.uplink == route.interface:
        raise DatacenterError(
            f"NETMANAGER_UPLINK names {site.uplink}, the NIC of the default route: the host would cut itself off."
        )


def _ensure_vtep(names: Names, site: Site, ovsdb: Ovsdb, found: Bootstrapped) -> None:
    ovsdb.ensure_bridge(names.vtep, names.owner() | {MTU_KEY: str(found.mtu)}, found.datapath_type, secure=True)
    openflow.install_flows(names.vtep, [openflow.DROP_IPV6])
    present = ovsdb.ports(names.vtep)
    wanted = {names.tunnel(switch): (switch, address) for switch, address in site.tunnels.items()}
    ovsdb.unplug(*(name for name, ids in present.items() if SWITCH_KEY in ids and name not in wanted))
    for name, (switch, address) in wanted.items():
        ids = names.owner() | {SWITCH_KEY: str(switch), "netmanager.remote": str(address)}
        if present.get(name) != ids:
            ovsdb.plug(Port(names.vtep, name, ids, "vxlan", {"remote_ip": str(address), "key": "flow"}))


def _ensure_routing(names: Names, plan: Plan, site: Site, ovsdb: Ovsdb, found: Bootstrapped) -> None:
    ids = names.owner() | {MTU_KEY: str(found.mtu), GATEWAY_KEY: str(plan.public_gateway)}
    ovsdb.ensure_bridge(names.routing, ids, found.datapath_type)
    ovsdb.request_mtu(names.routing, found.mtu)
    present = ovsdb.ports(names.routing)
    ovsdb.unplug(*(name for name, port in present.items() if UPLINK_KEY in port and name != site.uplink))
    if site.uplink == NAT:
        netlink.set_up(names.routing)
        netlink.ensure_address(names.routing, IPv4Interface((plan.public_gateway, plan.public.prefixlen)))
    else:
        netlink.flush_addresses(names.routing)
        netlink.set_up(site.uplink)
        if UPLINK_KEY not in present.get(site.uplink, {}):
            ovsdb.plug(Port(names.routing, site.uplink, names.owner() | {UPLINK_KEY: site.uplink}))


def _policy(names: Names, plan: Plan, site: Site) -> firewall.Policy:
    connected, route = netlink.addressed_networks(), netlink.default_route()
    deny, gateway = site.egress_deny, None
    if deny is None:
        deny = tuple(network for name, networks in connected.items() if name != names.routing for network in networks)
        gateway = route.gateway if route else None
    return firewall.Policy(
        names=names,
        nat=site.uplink == NAT,
        public=plan.public,
        dns=site.dns,
        gateway=gateway,
        deny=(*deny, plan.projects, plan.public),
        exit=route.interface if route else None,
    )
