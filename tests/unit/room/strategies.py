"""Random rooms, hosts and frames."""

from ipaddress import IPv4Address

from hypothesis import strategies as st

from sdn.network import Limits, Membership, Network
from sdn.pipeline import Host, limit
from tests.unit.openflow.headers import ARP, ICMPV6, IPV4, IPV6, TCP, UDP
from tests.unit.room import frames
from tests.unit.room.expected import is_guarded
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
    "10.79.255.1",
    "10.63.255.1",
    "10.80.0.1",
    "192.0.2.1",
    "0.0.0.0",  # noqa: S104
]
TAGS = [0, 1, *VLANS, 77, 4095]

tags = st.lists(st.sampled_from(TAGS), max_size=2)
tunnels = st.sampled_from([0, 1, *VLANS, 77, 2**24 - 1])
ports = st.sampled_from([1, 2, 3, 4, 5, 6, 7, UPLINK, UPLINK])
sources = (
    st.sampled_from(MACS)
    | st.sampled_from([*MACS, *GROUPS, frames.NOBODY])
    | st.binary(min_size=6, max_size=6).map(lambda mac: mac.hex(":"))
)
destinations = st.sampled_from([*MACS, *GROUPS]) | st.binary(min_size=6, max_size=6).map(lambda mac: mac.hex(":"))
addresses = st.sampled_from(ADDRESSES) | st.integers(0, 2**32 - 1).map(lambda number: str(IPv4Address(number)))
udp_ports = st.sampled_from([67, 68, 53, 546, 547, 40000])

_raw = st.builds(
    frames.ethernet,
    sources,
    destinations,
    st.sampled_from([ARP, IPV4, IPV6, 0x88B5, 0x88CC, 0x88A8, 0x9100, 40]),
    st.binary(max_size=60),
    tags,
)
_arps = st.builds(frames.arp, sources, addresses, addresses, destinations, st.sampled_from([1, 2]), tags=tags)
_packets = st.builds(
    frames.ipv4,
    sources,
    destinations,
    addresses,
    addresses,
    st.sampled_from([TCP, UDP, ICMPV6, 89]),
    tags=tags,
    fragment=st.sampled_from([0, 0, 185]),
)
_datagrams = st.builds(frames.udp, sources, destinations, addresses, addresses, st.tuples(udp_ports, udp_ports), tags=tags)
_ipv6 = st.builds(
    frames.icmpv6, sources, st.sampled_from([128, 133, 134, 135, 136, 137]), destinations, st.integers(0, 2)
) | st.builds(frames.udp6, sources, st.tuples(udp_ports, udp_ports), destinations)
any_frame = _raw | _arps | _packets | _datagrams | _ipv6

plain_frame = st.builds(
    frames.ethernet, st.sampled_from([laptop(number) for number in range(1, 6)]), st.sampled_from([*MACS, frames.BROADCAST])
) | st.builds(
    frames.arp,
    st.sampled_from([laptop(number) for number in range(1, 6)]),
    st.sampled_from(["10.64.2.9", "10.64.129.9"]),
    st.just("10.64.2.1"),
)


@st.composite
def networks(
    draw: st.DrawFn,
    projects: tuple[Membership, ...] = PROJECTS,
    limits: st.SearchStrategy[Limits] = st.just(Limits()),  # noqa: B008
) -> Network:
    """A room of up to 6 sockets at ports 1-7, of several projects, free or disabled, with either kind of uplink."""
    places = draw(st.lists(st.integers(1, 7), max_size=6, unique=True))
    owners = st.sampled_from([*projects, *projects, None])
    sockets = [
        socket(port, None, enabled=False) if draw(st.integers(0, 9)) == 0 else socket(port, draw(owners))
        for port in sorted(places)
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
    candidates = [mac for mac in MACS if not is_guarded(mac)]
    for vlan, port in draw(st.lists(st.sampled_from(places), max_size=8)) if places else []:
        mac = draw(st.sampled_from(candidates))
        there = [host for (of_vlan, _), host in hosts.items() if of_vlan == vlan and host.port == port]
        if len(there) < limit(switch, port, of.limits):
            hosts[vlan, mac] = Host(mac, port)
    return [(vlan, host) for (vlan, _), host in hosts.items()]


@st.composite
def rewired(draw: st.DrawFn, old: Network) -> Network:
    """A room of which some sockets have changed hands."""
    switch = row(old)
    sockets = [
        draw(st.sampled_from([each, each, *(socket(each.of_port, live) for live in (*PROJECTS, None))]))
        for each in switch.sockets
    ]
    return network(*sockets, tagged=switch.tagged, limits=old.limits)
