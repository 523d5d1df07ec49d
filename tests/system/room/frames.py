"""Frames with a mark by which whoever sees one knows who sent it, and what for; pure."""

import socket
import struct
from dataclasses import dataclass

ALL = "ff:ff:ff:ff:ff:ff"
ALL_NODES_MAC, ALL_NODES = "33:33:00:00:00:01", "ff02::1"
ARP, IPV4, IPV6, VLAN = 0x0806, 0x0800, 0x86DD, 0x8100


@dataclass(frozen=True)
class Mark:
    """`run` tells the probes of one mesh from those of another."""

    run: str
    sender: str
    kind: str
    target: str = ""

    def __bytes__(self) -> bytes:
        return f"probe:{self.run}:{self.sender}:{self.kind}:{self.target};".encode()


@dataclass(frozen=True)
class Addresses:
    """What one end of a frame is called by; the link-local address is the one that Linux makes of the MAC (RFC 4291)."""

    mac: str
    ip: str

    @property
    def link_local(self) -> str:
        octets = bytes.fromhex(self.mac.replace(":", ""))
        words = (bytes([octets[0] ^ 2]) + octets[1:3] + b"\xff\xfe" + octets[3:]).hex(":", 2)
        return socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, f"fe80::{words}"))


def ethernet(dst: str, src: str, kind: int, payload: bytes, tag: int | None = None) -> bytes:
    """A frame, with a VLAN tag where one is given."""
    header = _mac(dst) + _mac(src) + (struct.pack("!HH", VLAN, tag) if tag is not None else b"")
    return header + struct.pack("!H", kind) + payload.ljust(46, b"\0")


def arp_request(src: Addresses, ip: str, mark: Mark, tag: int | None = None) -> bytes:
    """Who has this address? asked of all; the mark is in the padding."""
    header = struct.pack("!HHBBH", 1, IPV4, 6, 4, 1)
    body = _mac(src.mac) + socket.inet_aton(src.ip) + bytes(6) + socket.inet_aton(ip)
    return ethernet(ALL, src.mac, ARP, header + body + bytes(mark), tag)


def echo(src: Addresses, dst: Addresses, mark: Mark, tag: int | None = None) -> bytes:
    """An echo request by IPv4, sent to that very MAC."""
    message = _with_checksum(struct.pack("!BBHHH", 8, 0, 0, 1, 1) + bytes(mark), 2)
    return ethernet(dst.mac, src.mac, IPV4, _ipv4(src.ip, dst.ip, 1, message), tag)


def echo6(src: Addresses, mac: str, ip: str, mark: Mark) -> bytes:
    """An echo request by IPv6 from the link-local address."""
    message = struct.pack("!BBHHH", 128, 0, 0, 1, 1) + bytes(mark)
    ends = socket.inet_pton(socket.AF_INET6, src.link_local) + socket.inet_pton(socket.AF_INET6, ip)
    pseudo = ends + struct.pack("!II", len(message), 58)
    summed = message[:2] + struct.pack("!H", checksum(pseudo + message)) + message[4:]
    return ethernet(mac, src.mac, IPV6, struct.pack("!IHBB", 6 << 28, len(message), 58, 64) + ends + summed)


def syn(src: Addresses, dst: Addresses, port: int, mark: Mark) -> bytes:
    """The first segment of a TCP connection, which carries the mark as data."""
    segment = struct.pack("!HHIIBBHHH", 40000, port, 1, 0, 5 << 4, 2, 65535, 0, 0) + bytes(mark)
    pseudo = socket.inet_aton(src.ip) + socket.inet_aton(dst.ip) + struct.pack("!HH", 6, len(segment))
    summed = segment[:16] + struct.pack("!H", checksum(pseudo + segment)) + segment[18:]
    return ethernet(dst.mac, src.mac, IPV4, _ipv4(src.ip, dst.ip, 6, summed))


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    data += b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _ipv4(src: str, dst: str, protocol: int, payload: bytes) -> bytes:
    fields = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0x4000, 64, protocol, 0)
    return _with_checksum(fields + socket.inet_aton(src) + socket.inet_aton(dst), 10) + payload


def _with_checksum(message: bytes, at: int) -> bytes:
    return message[:at] + struct.pack("!H", checksum(message)) + message[at + 2 :]


def _mac(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))
