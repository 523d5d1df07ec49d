"""What should become of a frame, told from the rules of DESIGN 8 without tables."""

from collections.abc import Iterable, Mapping

from datacenter.addressing import mac_of
from sdn.network import Network
from tests.unit.openflow.headers import header_fields
from tests.unit.openflow.pipeline import Out
from tests.unit.room.networks import PLAN, row

HostsByVlan = Mapping[tuple[int, str], int]  # port by VLAN and MAC


def members(network: Network, vlan: int | None) -> list[int]:
    """The ports of the sockets of a project."""
    return [socket.of_port for socket in row(network).sockets if vlan is not None and socket.vlan == vlan]


def vlan_of(network: Network, port: int, frame: bytes, tunnel: int) -> int | None:
    """The VLAN in which a frame comes in, if it comes in anywhere."""
    tag = header_fields(frame)["vlan_vid"]
    if port == row(network).uplink:
        claimed = (tag & 0xFFF if tag else None) if row(network).tagged else (None if tag else tunnel)
        return claimed if members(network, claimed) else None
    return next((socket.vlan for socket in row(network).sockets if socket.of_port == port and not tag), None)


def ways_out(network: Network, hosts: HostsByVlan, port: int, frame: bytes, tunnel: int = 0) -> list[Out]:
    """Where a frame comes out, and how, in order."""
    vlan, uplink = vlan_of(network, port, frame, tunnel), row(network).uplink
    if vlan is None or _never(frame) or (port != uplink and (_guarded(frame) or _over_limit(network, hosts, vlan, port, frame))):
        return []
    inner = frame[:12] + frame[16:] if row(network).tagged and port == uplink else frame
    destination = frame[:6].hex(":")
    everywhere = [*members(network, vlan), uplink]
    to = (
        [uplink]
        if behind_uplink(vlan, destination)
        else [hosts[vlan, destination]]
        if (vlan, destination) in hosts
        else everywhere
    )
    return sorted(out(network, each, vlan, inner, tunnel) for each in to if each != port)


def out(network: Network, port: int, vlan: int, frame: bytes, tunnel: int = 0) -> Out:
    """A project's frame that leaves by a port: the uplink's tells the project."""
    if port != row(network).uplink:
        return Out(port, tunnel, frame)
    if row(network).tagged:
        return Out(port, tunnel, frame[:12] + bytes.fromhex("8100") + vlan.to_bytes(2) + frame[12:])
    return Out(port, vlan, frame)


def behind_uplink(vlan: int, mac: str) -> bool:
    """Whether a MAC is of the range of a project's router and containers."""
    network = PLAN.subnet(vlan).network
    return mac in {mac_of(network[host]) for host in (1, *range(128, 256))}


def is_guarded(mac: str) -> bool:
    """Whether a MAC is of the range of any project's router or containers: nothing with it is learned."""
    return _guarded(bytes.fromhex("ff" * 6 + mac.replace(":", "")) + bytes(2))


def _never(frame: bytes) -> bool:
    return (frame[:5] == bytes.fromhex("0180c20000") and frame[5] < 16) or bool(frame[6] & 1) or not any(frame[6:12])


def _guarded(frame: bytes) -> bool:
    fields = header_fields(frame)
    claimed = [fields[name] for name in ("ipv4_src", "arp_spa") if name in fields]
    if frame[6:8] == bytes.fromhex("0242"):
        claimed.append(int.from_bytes(frame[8:12]))
    pool = int(PLAN.projects.network_address)
    for address in claimed:
        if pool <= address < pool + 4096 * 256 and (address & 255 == 1 or address & 255 >= 128):
            return True
    server, client = (547, 546) if fields["eth_type"] == 0x86DD else (67, 68)
    answer = fields.get("udp_src") == server or fields.get("udp_dst") == client
    return answer or fields.get("icmpv6_type") in (134, 137) or fields.get("arp_op") == 0


def _over_limit(network: Network, hosts: HostsByVlan, vlan: int, port: int, frame: bytes) -> bool:
    there = [mac for (of, mac), at in hosts.items() if of == vlan and at == port]
    return len(there) >= network.limits.hosts and frame[6:12].hex(":") not in there


def vlans(network: Network) -> Iterable[int]:
    """VLANs of the projects that have sockets."""
    return sorted({socket.vlan for socket in row(network).sockets if socket.vlan is not None})


def is_tagged(network: Network) -> bool:
    """Whether the uplink carries VLAN tags."""
    return row(network).tagged
