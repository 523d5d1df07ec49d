"""Random rooms, hosts and frames."""

from ipaddress import IPv4Address

from hypothesis import strategies as st
from os_ken.ofproto import ofproto_v1_3 as ofp
from os_ken.ofproto import ofproto_v1_3_parser as parser

from sdn.network import Limits, Membership, Network
from sdn.pipeline import Host, limit
from tests.unit.openflow.encoding import PROTOCOL
from tests.unit.openflow.headers import ARP, ICMPV6, IPV4, IPV6, TCP, UDP
from tests.unit.room import frames
from tests.unit.room.expected import behind_uplink
from tests.unit.room.networks import PLAN, PROJECTS, UPLINK, container, laptop, network, row, socket
from tests.unit.room.tables import Learned

VLANS = [live.vlan for live in PROJECTS]
MACS = [
    *(laptop(number) for number in range(1, 6)),
    *(container(vlan, host) for vlan in VLANS for host in (1, 128, 239)),
    *(container(vlan, 5) for vlan in VLANS),  # a container's prefix, yet no container's address
    container(77),
]
GROUPS = [frames.BROADCAST, frames.ALL_NODES, "01:00:5e:00:00:fb", frames.LLDP, "01:80:c2:00:00:00"]
ADDRESSES = [
    *(str(PLAN.subnet(vlan).network[host]) for vlan in VLANS for host in (1, 2, 127, 128, 239, 254)),
    "10.79.255.1", "10.63.255.1", "10.80.0.1", "192.0.2.1", "0.0.0.0",  # noqa: S104
]  # fmt: skip
TAGS = [0, 1, *VLANS, 77, 4095]

tags = st.lists(st.sampled_from(TAGS), max_size=2)
tunnels = st.sampled_from([0, 1, *VLANS, 77, 2**24 - 1])
ports = st.sampled_from([1, 2, 3, 4, 5, 6, 7, UPLINK, UPLINK])
sources = st.sampled_from(MACS) | st.sampled_from([*MACS, *GROUPS, frames.NOBODY]) | st.binary(min_size=6, max_size=6).map(lambda mac: mac.hex(":"))
destinations = st.sampled_from([*MACS, *GROUPS]) | st.binary(min_size=6, max_size=6).map(lambda mac: mac.hex(":"))
addresses = st.sampled_from(ADDRESSES) | st.integers(0, 2**32 - 1).map(lambda number: str(IPv4Address(number)))
udp_ports = st.sampled_from([67, 68, 53, 546, 547, 40000])

_raw = st.builds(
    frames.ethernet, sources, destinations, st.sampled_from([ARP, IPV4, IPV6, 0x88B5, 0x88CC, 0x88A8, 0x9100, 40]), st.binary(max_size=60), tags
)  # fmt: skip
_arps = st.builds(frames.arp, sources, addresses, addresses, destinations, st.sampled_from([1, 2]), tags=tags)
_packets = st.builds(
    frames.ipv4, sources, destinations, addresses, addresses, st.sampled_from([TCP, UDP, ICMPV6, 89]), tags=tags, fragment=st.sampled_from([0, 0, 185])
)  # fmt: skip
_datagrams = st.builds(frames.udp, sources, destinations, addresses, addresses, st.tuples(udp_ports, udp_ports), tags=tags)
_ipv6 = st.builds(
    frames.icmpv6, sources, st.sampled_from([128, 133, 134, 135, 136, 137]), destinations, st.integers(0, 2)
) | st.builds(frames.udp6, sources, st.tuples(udp_ports, udp_ports), destinations)
any_frame = _raw | _arps | _packets | _datagrams | _ipv6

plain_frame = st.builds(
    frames.ethernet, st.sampled_from([laptop(number) for number in range(1, 6)]), st.sampled_from([*MACS, frames.BROADCAST])
) | st.builds(
    frames.arp, st.sampled_from([laptop(number) for number in range(1, 6)]), st.sampled_from(["10.64.2.9", "10.64.129.9"]), st.just("10.64.2.1")
)  # fmt: skip


@st.composite
def networks(
    draw: st.DrawFn, projects: tuple[Membership, ...] = PROJECTS, limits: st.SearchStrategy[Limits] = st.just(Limits())  # noqa: B008
) -> Network:
    """A room of up to 6 sockets at ports 1-7, of several projects, free or disabled, with either kind of uplink."""
    places = draw(st.lists(st.integers(1, 7), max_size=6, unique=True))
    owners = st.sampled_from([*projects, *projects, None])
    sockets = [
        socket(port, None, enabled=False) if draw(st.integers(0, 9)) == 0 else socket(port, draw(owners)) for port in sorted(places)
    ]
    return network(*sockets, tagged=draw(st.booleans()), limits=draw(limits))


limited = st.builds(Limits, hosts=st.sampled_from([1, 2, 8]), broadcasts=st.sampled_from([100, 500]))
reshuffled = st.permutations(VLANS).map(
    lambda vlans: tuple(Membership(live.project, vlan) for live, vlan in zip(PROJECTS, vlans, strict=True))
)


@st.composite
def learned(draw: st.DrawFn, of: Network) -> list[Learned]:
    """Hosts that a switch may have learned in a room, up to its limits."""
    hosts: dict[tuple[int, str], Host] = {}
    switch = row(of)
    places = [(socket.vlan, port) for socket in switch.sockets if socket.vlan for port in (socket.of_port, switch.uplink)]
    candidates = [mac for mac in MACS if not any(behind_uplink(vlan, mac) for vlan in VLANS)]
    for vlan, port in draw(st.lists(st.sampled_from(places), max_size=8)) if places else []:
        mac = draw(st.sampled_from(candidates))
        there = [host for (of_vlan, _), host in hosts.items() if of_vlan == vlan and host.port == port]
        if len(there) < limit(switch, port, of.limits):
            hosts[vlan, mac] = Host(mac, port)
    return [(vlan, host) for (vlan, _), host in hosts.items()]

_numbers = st.integers(1, 8) | st.sampled_from(VLANS)
_foreign_matches = st.fixed_dictionaries(
    {},
    optional={
        "in_port": ports, "eth_dst": destinations | st.tuples(st.sampled_from(["01:00:00:00:00:00"]), st.sampled_from(["01:00:00:00:00:00"])),
        "metadata": st.sampled_from(VLANS) | st.just((2, 3)), "tunnel_id": tunnels, "eth_src": sources, "vlan_vid": st.just((0x1000, 0x1000)),
    },
)  # fmt: skip
_foreign_actions = st.lists(
    st.builds(parser.OFPActionOutput, ports | st.sampled_from([ofp.OFPP_NORMAL, ofp.OFPP_CONTROLLER]))
    | st.builds(parser.OFPActionGroup, _numbers)
    | st.builds(lambda vni: parser.OFPActionSetField(tunnel_id=vni), tunnels)
    | st.builds(lambda mac: parser.OFPActionSetField(eth_src=mac), sources),
    max_size=3,
)
_foreign_instructions = st.builds(
    lambda kind, actions, metadata, goto, meter: [
        *([parser.OFPInstructionMeter(meter)] if meter else []),
        *([parser.OFPInstructionActions(kind, actions)] if actions else []),
        *([parser.OFPInstructionWriteMetadata(*metadata)] if metadata else []),
        *([parser.OFPInstructionGotoTable(goto)] if goto else []),
    ],
    st.sampled_from([ofp.OFPIT_APPLY_ACTIONS, ofp.OFPIT_WRITE_ACTIONS]),
    _foreign_actions,
    st.none() | st.tuples(st.sampled_from(VLANS), st.sampled_from([0xFFFF, 2**64 - 1])),
    st.none() | st.integers(1, 9),
    st.none() | st.none() | _numbers,
)
_foreign_flows = st.builds(
    lambda table, priority, fields, instructions, idle, hard, flags, cookie: parser.OFPFlowMod(
        PROTOCOL, cookie=cookie, table_id=table, priority=priority, match=parser.OFPMatch(**fields), instructions=instructions,
        idle_timeout=idle, hard_timeout=hard, flags=flags,
    ),
    st.integers(0, 4), st.sampled_from([0, 10, 100, 200, 300, 310, 500, 600, 0xFFFF]), _foreign_matches, _foreign_instructions,
    st.sampled_from([0, 300]), st.sampled_from([0, 0, 60]), st.sampled_from([0, ofp.OFPFF_SEND_FLOW_REM]), st.integers(0, 3),
)  # fmt: skip
_foreign_groups = st.builds(
    lambda kind, number, actions: parser.OFPGroupMod(PROTOCOL, ofp.OFPGC_ADD, kind, number, [parser.OFPBucket(actions=each) for each in actions]),
    st.sampled_from([ofp.OFPGT_ALL, ofp.OFPGT_INDIRECT, ofp.OFPGT_SELECT]), _numbers, st.lists(_foreign_actions, max_size=3),
)  # fmt: skip
_foreign_meters = st.builds(
    lambda flags, number, rate: parser.OFPMeterMod(PROTOCOL, ofp.OFPMC_ADD, flags, number, [parser.OFPMeterBandDrop(rate, 0)]),
    st.sampled_from([ofp.OFPMF_PKTPS, ofp.OFPMF_KBPS]), _numbers, st.sampled_from([1, 100, 500]),
)  # fmt: skip
foreign = st.lists(_foreign_groups | _foreign_meters | _foreign_flows | _foreign_flows, max_size=8)
"""OpenFlow messages of somebody else, of which some may be refused."""


@st.composite
def rewired(draw: st.DrawFn, old: Network) -> Network:
    """A room of which some sockets have changed hands."""
    switch = row(old)
    sockets = [
        draw(st.sampled_from([each, each, *(socket(each.of_port, live) for live in (*PROJECTS, None))])) for each in switch.sockets
    ]
    return network(*sockets, tagged=switch.tagged, limits=old.limits)
