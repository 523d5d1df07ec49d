"""Frames, byte by byte; addresses are strings."""

import struct
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address

from os_ken.lib.packet import dhcp

BROADCAST = "ff:ff:ff:ff:ff:ff"
NOBODY = "00:00:00:00:00:00"
NOTHING = "0.0.0.0"  # noqa: S104  (no address)
ALL_NODES = "33:33:00:00:00:01"
LLDP = "01:80:c2:00:00:0e"
ARP, IPV4, IPV6 = 0x0806, 0x0800, 0x86DD
UDP, TCP, ICMPV6 = 17, 6, 58
TAG = 0x8100


def octets(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))


def ethernet(
    src: str, dst: str = BROADCAST, eth_type: int = 0x88B5, payload: bytes = bytes(46), tags: Iterable[int] = ()
) -> bytes:
    """A frame of any type, by default one of the local experimental type, tagged with these VLANs, the outermost first."""
    tagged = b"".join(struct.pack("!HH", TAG, vlan) for vlan in tags)
    return octets(dst) + octets(src) + tagged + struct.pack("!H", eth_type) + payload


def arp(  # noqa: PLR0917  (headers have many fields)
    src: str, spa: str, tpa: str, dst: str = BROADCAST, op: int = 1, sha: str | None = None, tags: Iterable[int] = ()
) -> bytes:
    """An ARP request, or a reply (2)."""
    addresses = octets(sha or src) + IPv4Address(spa).packed + octets(NOBODY) + IPv4Address(tpa).packed
    return ethernet(src, dst, ARP, struct.pack("!HHBBH", 1, IPV4, 6, 4, op) + addresses + bytes(18), tags)


def ipv4(  # noqa: PLR0917  (headers have many fields)
    src: str,
    dst: str,
    source: str,
    destination: str,
    protocol: int = TCP,
    payload: bytes = bytes(20),
    tags: Iterable[int] = (),
    fragment: int = 0,
) -> bytes:
    """An IPv4 packet; `fragment` is its offset in units of 8 bytes."""
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 1, fragment, 64, protocol, 0)
    packet = head + IPv4Address(source).packed + IPv4Address(destination).packed + payload
    return ethernet(src, dst, IPV4, packet, tags)


def udp(  # noqa: PLR0917  (headers have many fields)
    src: str, dst: str, source: str, destination: str, ports: tuple[int, int], payload: bytes = b"", tags: Iterable[int] = ()
) -> bytes:
    """A UDP datagram from the first port to the second."""
    return ipv4(src, dst, source, destination, UDP, struct.pack("!HHHH", *ports, 8 + len(payload), 0) + payload, tags)


def dhcp_message(
    src: str,
    message: int,
    *,
    dst: str = BROADCAST,
    server: bool = False,
    leased: str = NOTHING,
    name: str = "",
    chaddr: str | None = None,
) -> bytes:
    """A DHCP message of a type (RFC 2132, option 53): 1 discover, 3 request, 5 acknowledgement."""
    options = [dhcp.option(tag=53, value=bytes([message]))]
    options += [dhcp.option(tag=12, value=name.encode())] if name else []
    operation = 2 if server else 1
    packet = dhcp.dhcp(operation, chaddr or src, options=dhcp.options(options), xid=7, yiaddr=leased)
    ports = (67, 68) if server else (68, 67)
    source = "10.64.2.1" if server else NOTHING
    return udp(src, dst, source, "255.255.255.255", ports, bytes(packet.serialize(b"", None)))


def icmpv6(src: str, type_: int, dst: str = ALL_NODES, extensions: int = 0) -> bytes:
    """An ICMPv6 message of a type behind some destination option headers."""
    message = bytes([type_, 0, 0, 0]) + bytes(12)
    following, rest = ICMPV6, message
    for _ in range(extensions):
        following, rest = 60, bytes([following, 0, 1, 4, 0, 0, 0, 0]) + rest
    head = struct.pack("!IHBB", 6 << 28, len(rest), following, 255)
    addresses = IPv6Address("fe80::1").packed + IPv6Address("ff02::1").packed
    return ethernet(src, dst, IPV6, head + addresses + rest)


def udp6(src: str, ports: tuple[int, int], dst: str = ALL_NODES) -> bytes:
    """A UDP datagram over IPv6."""
    head = struct.pack("!IHBB", 6 << 28, 8, UDP, 255)
    addresses = IPv6Address("fe80::1").packed + IPv6Address("ff02::1").packed
    return ethernet(src, dst, IPV6, head + addresses + struct.pack("!HHHH", *ports, 8, 0))
