"""Header fields of a frame, as OpenFlow 1.3.5 (7.2.3.7) names them."""

import struct
from functools import lru_cache

TAG_TYPES = (0x8100, 0x88A8)
VLAN_PRESENT = 0x1000  # OFPVID_PRESENT
ARP, IPV4, IPV6 = 0x0806, 0x0800, 0x86DD
TCP, UDP, ICMPV4, ICMPV6 = 6, 17, 1, 58
EXTENSIONS = (0, 43, 60)  # of IPv6: hop-by-hop, routing, destination options


@lru_cache(maxsize=1 << 14)
def header_fields(frame: bytes) -> dict[str, int]:
    """Fields by name; those of a header that is not there are left out. Not to be changed."""
    if len(frame) < 14:
        return {}
    fields = {"eth_dst": int.from_bytes(frame[:6]), "eth_src": int.from_bytes(frame[6:12]), "vlan_vid": 0}
    offset, eth_type = 14, int.from_bytes(frame[12:14])
    while eth_type in TAG_TYPES and len(frame) >= offset + 4:
        tag = int.from_bytes(frame[offset : offset + 2])
        if not fields["vlan_vid"]:  # only the outermost is seen
            fields["vlan_vid"], fields["vlan_pcp"] = VLAN_PRESENT | tag & 0xFFF, tag >> 13
        eth_type = int.from_bytes(frame[offset + 2 : offset + 4])
        offset += 4
    fields["eth_type"] = eth_type
    read = {ARP: _arp, IPV4: _ipv4, IPV6: _ipv6}.get(eth_type)
    return fields | (read(frame[offset:]) if read else {})


def _arp(packet: bytes) -> dict[str, int]:
    """All are 0 where it is not of IPv4 on Ethernet, and the operation if it is above 255 (miniflow_extract of Open vSwitch)."""
    if len(packet) < 28 or packet[:6] != bytes.fromhex("000108000604"):
        return dict.fromkeys(("arp_op", "arp_sha", "arp_spa", "arp_tha", "arp_tpa"), 0)
    operation, sha, spa, tha, tpa = struct.unpack_from("!6xH6s4s6s4s", packet)
    addresses = {"arp_sha": sha, "arp_spa": spa, "arp_tha": tha, "arp_tpa": tpa}
    fields = {name: int.from_bytes(address) for name, address in addresses.items()}
    return fields | {"arp_op": operation if operation < 256 else 0}


def _ipv4(packet: bytes) -> dict[str, int]:
    if len(packet) < 20:
        return {}
    fragment, protocol, source, destination = struct.unpack_from("!6xHxB2xII", packet)
    fields = {"ip_proto": protocol, "ipv4_src": source, "ipv4_dst": destination}
    first = not fragment & 0x1FFF
    return fields | (_transport(protocol, packet[(packet[0] & 15) * 4 :]) if first else {})


def _ipv6(packet: bytes) -> dict[str, int]:
    if len(packet) < 40:
        return {}
    fields = {"ipv6_src": int.from_bytes(packet[8:24]), "ipv6_dst": int.from_bytes(packet[24:40])}
    protocol, rest = packet[6], packet[40:]
    while protocol in EXTENSIONS and len(rest) >= 8:
        protocol, rest = rest[0], rest[(rest[1] + 1) * 8 :]
    return fields | {"ip_proto": protocol} | _transport(protocol, rest)


def _transport(protocol: int, segment: bytes) -> dict[str, int]:
    if len(segment) < 4:
        return {}
    if protocol in (TCP, UDP):
        name = "tcp" if protocol == TCP else "udp"
        return {f"{name}_src": int.from_bytes(segment[:2]), f"{name}_dst": int.from_bytes(segment[2:4])}
    if protocol in (ICMPV4, ICMPV6):
        name = "icmpv4" if protocol == ICMPV4 else "icmpv6"
        return {f"{name}_type": segment[0], f"{name}_code": segment[1]}
    return {}


def push_tag(frame: bytes, tag_type: int) -> bytes:
    """The frame with one more tag, of the same VLAN as the outermost, else 0."""
    vlan = header_fields(frame)["vlan_vid"] & 0xFFF
    return frame[:12] + tag_type.to_bytes(2) + vlan.to_bytes(2) + frame[12:]


def set_vlan(frame: bytes, vlan: int) -> bytes:
    """The frame with another VLAN in its outermost tag."""
    priority = int.from_bytes(frame[14:16]) & 0xF000
    return frame[:14] + (priority | vlan & 0xFFF).to_bytes(2) + frame[16:]


def pop_tag(frame: bytes) -> bytes:
    """The frame without its outermost tag."""
    return frame[:12] + frame[16:]
