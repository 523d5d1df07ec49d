"""What a switch should hold: the pipeline of ARCHITECTURE.md, as a function of the room and of the learned hosts; pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address

from datacenter.addressing import CONTAINER_FIRST, ROUTER, Plan, mac_of
from sdn import tables
from sdn.flows import (
    CONTROLLER,
    Action,
    Flow,
    Group,
    Match,
    Meter,
    Output,
    PopVlan,
    PushVlan,
    SetTunnel,
    Table,
    ToGroup,
    Value,
    match,
)
from sdn.network import Limits, Socket, Switch

TAGGED = match(vlan_vid=(0x1000, 0x1000))  # OFPVID_PRESENT: any tag
TO_GROUP_ADDRESS = ("01:00:00:00:00:00", "01:00:00:00:00:00")
NOBODY = "00:00:00:00:00:00"
ARP, IPV4, IPV6, UDP, ICMPV6 = 0x0806, 0x0800, 0x86DD, 17, 58
DHCP_SERVER, DHCP_CLIENT, DHCPV6_SERVER, DHCPV6_CLIENT = 67, 68, 547, 546
ROUTER_ADVERTISEMENT, REDIRECT = 134, 137  # RFC 4861
SUBNETS = "255.240.0.0"  # the 4096 /24 of a plan
SUBNETS_MAC = "ff:ff:ff:f0:00:00"


@dataclass(frozen=True, slots=True)
class Host:
    """A learned host: its MAC, and the port where it is."""

    mac: str
    port: int


@dataclass(frozen=True, slots=True)
class Setting:
    """What tables depend on beside projects: the switch, whether it has meters, the address plan, the limits."""

    switch: Switch
    meters: bool
    plan: Plan
    limits: Limits


def switch_table(setting: Setting) -> Table:
    """What a switch holds whatever its sockets are: guards, learning, and the drop at the end of every table."""
    never: list[Match] = [
        match(eth_dst=("01:80:c2:00:00:00", "ff:ff:ff:ff:ff:f0")),  # LLDP and all that 802.1D keeps on one link
        match(eth_src=TO_GROUP_ADDRESS),  # no sender's address
        match(eth_src=NOBODY),  # nor this: it is never learned, so every frame would be copied to the controller
    ]
    guards: list[Match] = [
        match(eth_type=IPV4, ip_proto=UDP, udp_src=DHCP_SERVER),
        match(eth_type=IPV4, ip_proto=UDP, udp_dst=DHCP_CLIENT),  # some clients do not mind the server's port
        match(eth_type=IPV6, ip_proto=UDP, udp_src=DHCPV6_SERVER),
        match(eth_type=IPV6, ip_proto=UDP, udp_dst=DHCPV6_CLIENT),
        match(eth_type=ARP, arp_op=0),  # Open vSwitch reads no sender from one of hardware type 6, which Linux believes
        match(eth_type=IPV6, ip_proto=ICMPV6, icmpv6_type=ROUTER_ADVERTISEMENT),
        match(eth_type=IPV6, ip_proto=ICMPV6, icmpv6_type=REDIRECT),
    ]
    switch, plan = setting.switch, setting.plan
    for host, mask in (ROUTER, 255), (CONTAINER_FIRST, CONTAINER_FIRST):
        address = plan.projects[host]
        claimed = (str(address), str(IPv4Address(int(IPv4Address(SUBNETS)) | mask)))
        guards.append(match(eth_type=IPV4, ipv4_src=claimed))
        guards.append(match(eth_type=ARP, arp_spa=claimed))
        guards.append(match(eth_src=(mac_of(address), SUBNETS_MAC[:-2] + f"{mask:02x}")))
    if switch.tagged:
        guards.append(TAGGED)  # after those that the uplink lets in by their tag
    else:
        never.append(TAGGED)
    flows = [_drop(tables.CLASSIFY, tables.NEVER, unwanted) for unwanted in never]
    flows += [_drop(tables.CLASSIFY, tables.GUARD, unwanted) for unwanted in guards]
    flows += [_drop(table, tables.MISS, ()) for table in (tables.CLASSIFY, tables.LEARN, tables.FORWARD)]
    flows += _learning(switch, plan)
    copies = [Meter(tables.CONTROLLER_METER, tables.COPIES)] if setting.meters else []
    return Table.of(flows, meters=copies)


def project_table(setting: Setting, vlan: int, sockets: Iterable[Socket], hosts: Iterable[Host]) -> Table:
    """What a switch holds for a project that has these sockets on it, and of which these hosts are learned."""
    switch, sockets, hosts = setting.switch, tuple(sockets), tuple(hosts)
    if not sockets:
        return Table()
    flows = [_from_uplink(switch, vlan), *_to_ranges(switch, setting.plan, vlan)]
    flows.append(Flow(tables.FORWARD, tables.FLOOD, match(metadata=vlan), tables.of_project(vlan), (ToGroup(vlan),)))
    for socket in sockets:
        flows += _from_socket(socket, vlan, meters=setting.meters)
    for host in hosts:
        flows += host_flows(switch, vlan, host)
    for port in (switch.uplink, *(socket.of_port for socket in sockets)):
        if sum(host.port == port for host in hosts) >= limit(switch, port, setting.limits):
            flows.append(closed(switch, vlan, port))
    buckets = [(Output(socket.of_port),) for socket in sockets] + [_to_uplink(switch, vlan)]
    return Table.of(
        flows,
        [Group(tables.flood_group(vlan), tuple(buckets))],
        [Meter(tables.socket_meter(socket.of_port), setting.limits.broadcasts) for socket in sockets if setting.meters],
    )


def host_flows(switch: Switch, vlan: int, host: Host) -> tuple[Flow, Flow]:
    """The two flows of a learned host: the way to it, which has no timeout, and that it is known, which has."""
    to_it = _to_uplink(switch, vlan) if host.port == switch.uplink else (Output(host.port),)
    cookie = tables.of_project(vlan)
    return (
        Flow(tables.FORWARD, tables.TO_HOST, match(metadata=vlan, eth_dst=host.mac), cookie, to_it),
        Flow(
            tables.LEARN, tables.KNOWN, match(in_port=host.port, metadata=vlan, eth_src=host.mac), cookie,
            goto=tables.FORWARD, idle_timeout=tables.IDLE,
        ),
    )  # fmt: skip


def limit(switch: Switch, port: int, limits: Limits) -> int:
    """How many hosts of one project are learned at a port."""
    return tables.UPLINK_HOSTS if port == switch.uplink else limits.hosts


def closed(switch: Switch, vlan: int, port: int) -> Flow:
    """At the limit: a socket's unknown frames are dropped, those of the uplink pass without being learned."""
    goto = tables.FORWARD if port == switch.uplink else None
    return Flow(tables.LEARN, tables.CLOSED, match(in_port=port, metadata=vlan), tables.of_project(vlan), goto=goto)


def known_host(flow: Flow) -> tuple[int, Host] | None:
    """The VLAN and the learned host that a flow of the learning table stands for, if it is such a flow."""
    fields = dict(flow.match)
    if (flow.table, flow.priority) != (tables.LEARN, tables.KNOWN) or fields.keys() != {"in_port", "metadata", "eth_src"}:
        return None
    port, vlan, mac = fields["in_port"], fields["metadata"], fields["eth_src"]
    return (vlan, Host(mac, port)) if isinstance(port, int) and isinstance(vlan, int) and isinstance(mac, str) else None


def _drop(table: int, priority: int, unwanted: Match) -> Flow:
    return Flow(table, priority, unwanted, tables.OF_SWITCH)


def _learning(switch: Switch, plan: Plan) -> list[Flow]:
    copy = (Output(CONTROLLER),)
    router = (mac_of(plan.projects[ROUTER]), SUBNETS_MAC[:-2] + "ff")
    containers = (mac_of(plan.projects[CONTAINER_FIRST]), SUBNETS_MAC[:-2] + f"{CONTAINER_FIRST:02x}")
    leases = match(in_port=switch.uplink, eth_src=router, eth_type=IPV4, ip_proto=UDP, udp_src=DHCP_SERVER, udp_dst=DHCP_CLIENT)
    return [
        Flow(tables.LEARN, tables.KNOWN_RANGE + 1, leases, tables.OF_SWITCH, copy, goto=tables.FORWARD),
        *(
            Flow(
                tables.LEARN,
                tables.KNOWN_RANGE,
                match(in_port=switch.uplink, eth_src=macs),
                tables.OF_SWITCH,
                goto=tables.FORWARD,
            )
            for macs in (router, containers)
        ),
        Flow(tables.LEARN, tables.UNKNOWN, (), tables.OF_UNKNOWN, copy, goto=tables.FORWARD),
    ]


def _from_uplink(switch: Switch, vlan: int) -> Flow:
    by = match(in_port=switch.uplink, vlan_vid=0x1000 | vlan) if switch.tagged else match(in_port=switch.uplink, tunnel_id=vlan)
    actions = (PopVlan(),) if switch.tagged else ()
    return Flow(
        tables.CLASSIFY, tables.FROM_UPLINK, by, tables.of_project(vlan), actions, metadata=vlan, goto=tables.LEARN
    )  # fmt: skip


def _to_uplink(switch: Switch, vlan: int) -> tuple[Action, ...]:
    return (PushVlan(vlan) if switch.tagged else SetTunnel(vlan), Output(switch.uplink))


def _from_socket(socket: Socket, vlan: int, *, meters: bool) -> list[Flow]:
    port, cookie = socket.of_port, tables.of_project(vlan)
    meter = tables.socket_meter(port) if meters else None
    to_all: dict[str, Value] = {"in_port": port, "eth_dst": TO_GROUP_ADDRESS}
    request: dict[str, Value] = {"eth_type": IPV4, "ip_proto": UDP, "udp_src": DHCP_CLIENT, "udp_dst": DHCP_SERVER}

    def let_in(priority: int, by: Match, *actions: Action, meter: int | None = meter) -> Flow:
        return Flow(tables.CLASSIFY, priority, by, cookie, actions, meter, metadata=vlan, goto=tables.LEARN)

    return [
        let_in(tables.SNOOPED, match(**to_all, eth_type=ARP), Output(CONTROLLER)),
        let_in(tables.SNOOPED, match(**to_all, **request), Output(CONTROLLER)),
        let_in(tables.TO_ALL, match(**to_all)),
        let_in(tables.FROM_SOCKET, match(in_port=port), meter=None),
    ]


def _to_ranges(switch: Switch, plan: Plan, vlan: int) -> list[Flow]:
    """Frames to the project's router and containers: they are behind the uplink, and known by their addresses."""
    subnet, cookie, up = plan.subnet(vlan), tables.of_project(vlan), _to_uplink(switch, vlan)
    containers = mac_of(subnet.network[CONTAINER_FIRST])
    return [
        Flow(tables.FORWARD, tables.TO_RANGE, match(metadata=vlan, eth_dst=mac_of(subnet.router)), cookie, up),
        Flow(tables.FORWARD, tables.TO_RANGE, match(metadata=vlan, eth_dst=(containers, "ff:ff:ff:ff:ff:80")), cookie, up),
    ]
