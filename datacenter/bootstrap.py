"""The host's own bridges, uplink, firewall and router network; repeatable as a whole."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path

from datacenter import firewall, netlink, openflow, sysctl
from datacenter.addressing import LAST_VLAN, Plan, mac_of
from datacenter.engine import Engine, NetworkSpec
from datacenter.errors import DatacenterError
from datacenter.names import GATEWAY_KEY, MTU_KEY, NETWORK_KEY, UPLINK_KEY, Names
from datacenter.ovsdb import Ovsdb, Port
from datacenter.room import VXLAN_OVERHEAD, Room, check_trunk

NAT = "nat"
INOTIFY_INSTANCES = 2 * (LAST_VLAN + 1)  # one for each router there can be, and as many for everything else on the host
ROUTER_CONTEXT = Path(__file__).parent / "router"


@dataclass(frozen=True)
class Site:
    """What the operator decides: uplink (`nat` or a NIC), DNS servers, networks out of reach, where switches are, base image."""

    uplink: str
    dns: tuple[IPv4Address, ...]
    egress_deny: tuple[IPv4Network, ...] | None  # None: every network the host is directly connected to
    room: Room
    base_image: str  # of the router's image


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
    """MTU of every hop, in bytes: the smallest of the uplink's and of what passes each switch's underlay."""
    route = netlink.default_route()
    default = route.interface if route else None
    sizes = [size for _, size in site.room.underlays().values()]
    if not sizes and default:
        sizes = [netlink.mtu_of(default) - VXLAN_OVERHEAD]  # the first switch will come by it
    uplink = site.uplink if site.uplink != NAT else default
    return min([*sizes, *([netlink.mtu_of(uplink)] if uplink else []), 1500])


def bootstrap(names: Names, plan: Plan, site: Site, ovsdb: Ovsdb, engine: Engine) -> Bootstrapped:
    """Make the host ready for projects; raises DatacenterError naming what stands in the way."""
    _check_uplink(site)
    for nic in site.room.trunks.values():
        check_trunk(nic, site.room, site.uplink)
    found = Bootstrapped(datapath_type(), _decide_mtu(names, site, ovsdb), site.uplink)
    sysctl.ensure_inotify_instances(INOTIFY_INSTANCES)
    _ensure_vtep(names, ovsdb, found)
    _ensure_routing(names, plan, site, ovsdb, found)
    firewall.install(policy(names, plan, site))
    engine.build_image(ROUTER_CONTEXT, names.router_image, names.owner(), site.base_image)
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


def _decide_mtu(names: Names, site: Site, ovsdb: Ovsdb) -> int:
    """What passes everywhere, but no more than before: networks stand that were built for less, and a switch may go again."""
    decided = [int(bridge.external_ids[MTU_KEY]) for bridge in ovsdb.bridges(names.owner()) if MTU_KEY in bridge.external_ids]
    return min([mtu(site), *decided])


def _ensure_vtep(names: Names, ovsdb: Ovsdb, found: Bootstrapped) -> None:
    """The bridge without its ports, which `ensure_switch_ports` makes."""
    ovsdb.ensure_bridge(names.vtep, names.owner() | {MTU_KEY: str(found.mtu)}, found.datapath_type, secure=True)
    openflow.install_flows(names.vtep, list(openflow.STANDING))


def _ensure_routing(names: Names, plan: Plan, site: Site, ovsdb: Ovsdb, found: Bootstrapped) -> None:
    ids = names.owner() | {MTU_KEY: str(found.mtu), GATEWAY_KEY: str(plan.public_gateway)}
    ovsdb.ensure_bridge(names.routing, ids, found.datapath_type, secure=True, mac=mac_of(plan.public_gateway))
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
    uplink = None if site.uplink == NAT else ovsdb.wait_for_ofport(site.uplink)
    openflow.replace_table(names.routing, openflow.routing_flows(plan.public, uplink))


def policy(names: Names, plan: Plan, site: Site) -> firewall.Policy:
    """What the host's firewall is to let through, as the host's networks are now."""
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
