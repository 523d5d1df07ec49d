"""Frames that a laptop can make up, whole down to their checksums, so that a victim would believe them; addresses are strings."""

import struct
from ipaddress import IPv4Address, IPv6Address

BROADCAST, NOBODY = "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00"
ALL_NODES = "33:33:00:00:00:01"
ANYWHERE, EVERYWHERE = "0.0.0.0", "255.255.255.255"  # noqa: S104
EXPERIMENTAL = 0x88B5  # EtherType for local experiments (IEEE 802)
ARP, IPV4, IPV6 = 0x0806, 0x0800, 0x86DD
UDP, ICMPV6 = 17, 58
ETHERNET = 1  # hardware type of ARP
REQUEST, REPLY = 1, 2
OFFER, ACK = 2, 5


def ethernet(src: str, dst: str, eth_type: int, payload: bytes) -> bytes:
    return _octets(dst) + _octets(src) + struct.pack("!H", eth_type) + payload.ljust(46, b"\0")


def tagged(frame: bytes, *tags: tuple[int, int]) -> bytes:
    """The frame with these tags, each of a type and a VLAN, the outermost first."""
    return frame[:12] + b"".join(struct.pack("!HH", *tag) for tag in tags) + frame[12:]


def arp(src: str, spa: str, tpa: str, operation: int = REPLY, hardware: int = ETHERNET) -> bytes:
    """What says to all that `spa` is at `src`; with tpa = spa it is gratuitous."""
    head = struct.pack("!HHBBH", hardware, IPV4, 6, 4, operation)
    addresses = _octets(src) + IPv4Address(spa).packed + _octets(BROADCAST) + IPv4Address(tpa).packed
    return ethernet(src, BROADCAST, ARP, head + addresses)


def ipv4(src: str, ends: tuple[str, str], protocol: int, payload: bytes, *, fragment: int = 0, options: bytes = b"") -> bytes:
    """An IPv4 packet to all; `fragment` is flags and offset as in its header."""
    length = 20 + len(options)
    head = struct.pack("!BBHHHBBH", 0x40 | length // 4, 0, length + len(payload), 7, fragment, 64, protocol, 0)
    addresses = b"".join(IPv4Address(end).packed for end in ends)
    checksum = _checksum(head + addresses + options)
    return ethernet(src, BROADCAST, IPV4, head[:10] + struct.pack("!H", checksum) + addresses + options + payload)


def udp(src: str, ends: tuple[str, str], ports: tuple[int, int], payload: bytes = b"", options: bytes = b"") -> bytes:
    """A UDP datagram to all, without a checksum, which is allowed (RFC 768)."""
    return ipv4(src, ends, UDP, segment(ports, payload), options=options)


def segment(ports: tuple[int, int], payload: bytes) -> bytes:
    return struct.pack("!HHHH", *ports, 8 + len(payload), 0) + payload


def dhcp_message(operation: int, message: int, chaddr: str, yiaddr: str = ANYWHERE, more: bytes = b"") -> bytes:
    """A DHCP message (RFC 2131): operation 1 by clients, 2 by servers; `more` options follow the type."""
    head = struct.pack("!BBBBIHH", operation, 1, 6, 0, int.from_bytes(_octets(chaddr)[2:]), 0, 0x8000)
    addresses = bytes(4) + IPv4Address(yiaddr).packed + bytes(8)
    options = bytes([53, 1, message]) + more + b"\xff"
    return head + addresses + _octets(chaddr).ljust(16, b"\0") + bytes(192) + bytes.fromhex("63825363") + options


def icmpv6(src: str, type_: int, rest: bytes, *, hop_by_hop: bool = False) -> bytes:
    """An ICMPv6 message from a link-local address to all nodes, maybe behind a header of hop-by-hop options."""
    source, target = IPv6Address("fe80::bad").packed, IPv6Address("ff02::1").packed
    message = bytes([type_, 0, 0, 0]) + rest
    pseudo = source + target + struct.pack("!II", len(message), ICMPV6)
    message = message[:2] + struct.pack("!H", _checksum(pseudo + message)) + message[4:]
    packet = bytes([ICMPV6, 0, 1, 4, 0, 0, 0, 0]) + message if hop_by_hop else message
    head = struct.pack("!IHBB", 6 << 28, len(packet), 0 if hop_by_hop else ICMPV6, 255)
    return ethernet(src, ALL_NODES, IPV6, head + source + target + packet)


def udp6(src: str, ports: tuple[int, int]) -> bytes:
    """A UDP datagram over IPv6 to all nodes."""
    head = struct.pack("!IHBB", 6 << 28, 16, UDP, 255)
    addresses = IPv6Address("fe80::bad").packed + IPv6Address("ff02::1").packed
    return ethernet(src, ALL_NODES, IPV6, head + addresses + segment(ports, bytes(8)))


def _octets(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))


def _checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071) of what is even in length."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
