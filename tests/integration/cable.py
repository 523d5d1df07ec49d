"""Frames on the far end of a veth pair, as they are on the wire, tags included."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from tests.integration.switch import delete_everything, run

OURS = 0x88B5  # IEEE 802: for local experiments
PACKET_AUXDATA, SOL_PACKET, TP_STATUS_VLAN_VALID = 8, 263, 1 << 4
PATIENCE = 5  # seconds


class Wire:
    """A tap on an interface: sends frames of our type, with tags from the outer to the inner, and tells which arrive."""

    def __init__(self, interface: str) -> None:
        self._tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self._tap.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self._tap.bind((interface, 0))
        self._tap.settimeout(PATIENCE)

    def close(self) -> None:
        self._tap.close()

    def send(self, text: str, *tags: int, ether_type: int = OURS) -> None:
        """A broadcast frame with this text and these tags (16 bits each: priority and VLAN)."""
        header = b"\xff" * 6 + b"\x02\x00\x00\x00\x00\x31" + b"".join(struct.pack("!HH", 0x8100, tag) for tag in tags)
        self._tap.send(header + struct.pack("!H", ether_type) + text.encode().ljust(46, b"\0"))

    def received_until(self, last: str) -> list[tuple[str, list[int]]]:
        """Text and tags of the frames of ours that arrive, up to one with this text."""
        frames = [self._next()]
        while frames[-1][0] != last:
            frames.append(self._next())
        return frames

    def _next(self) -> tuple[str, list[int]]:
        while True:
            frame, auxiliary, _, address = self._tap.recvmsg(2048, socket.CMSG_SPACE(20))
            if address[2] != socket.PACKET_OUTGOING and (found := _parsed(frame, auxiliary)):
                return found


def _parsed(frame: bytes, auxiliary: list[tuple[int, int, bytes]]) -> tuple[str, list[int]] | None:
    """The outer tag is beside the frame: the kernel takes it out."""
    tags, rest = [], frame[12:]
    for level, kind, data in auxiliary:
        status, _, _, _, _, tag, _ = struct.unpack("=IIIHHHH", data[:20])
        if (level, kind) == (SOL_PACKET, PACKET_AUXDATA) and status & TP_STATUS_VLAN_VALID:
            tags.append(tag)
    while rest[:2] == b"\x81\x00":
        tags.append(struct.unpack("!H", rest[2:4])[0])
        rest = rest[4:]
    return (rest[2:].rstrip(b"\0").decode(), tags) if rest[:2] == struct.pack("!H", OURS) else None


@contextmanager
def veth(name: str, peer: str) -> Iterator[Wire]:
    """A veth pair, up, and the wire at its peer."""
    delete_everything(name)
    run("ip", "link", "add", name, "type", "veth", "peer", "name", peer)
    for end in (name, peer):
        run("ip", "link", "set", end, "up")
    wire = Wire(peer)
    try:
        yield wire
    finally:
        wire.close()
        delete_everything(name)
