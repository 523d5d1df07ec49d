"""Frames of many hosts, sent by sockets opened in the laptops' namespaces."""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count, cycle
from typing import Self

from pyroute2 import netns

from lab.layout import LAPTOP_INTERFACE
from lab.room import Room

ETHERTYPE = b"\x88\xb5"  # for local experiments (IEEE 802)
NOBODY = bytes.fromhex("060100000001")  # to whom they are sent: a host of our own that is learned first
TICK = 0.001  # seconds between which frames are sent in one go

_numbers = count(1)


def new_macs(number: int) -> list[bytes]:
    """MACs that nobody had before."""
    return [b"\x06\x02" + next(_numbers).to_bytes(4) for _ in range(number)]


@contextmanager
def plugged(room: Room, switch: int) -> Iterator[list[socket.socket]]:
    """A raw socket on each laptop of a switch."""
    opened = []
    try:
        for number in room.layout.sockets_of(switch):
            netns.pushns(room.laptop(number).namespace)
            try:
                raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
                opened.append(raw)
                raw.bind((LAPTOP_INTERFACE, 0))
            finally:
                netns.popns()
        yield opened
    finally:
        for raw in opened:
            raw.close()


def frame(sender: bytes, to: bytes = NOBODY) -> bytes:
    """The shortest frame of a host."""
    return (to + sender + ETHERTYPE).ljust(60, b"\0")


class Spray:
    """Sends a frame of each host in turn, over and over, spread evenly over the sockets, at a rate (frames/s)."""

    def __init__(self, sockets: Sequence[socket.socket], macs: Sequence[bytes], rate: float) -> None:
        self._sends = [(sockets[number % len(sockets)], frame(mac)) for number, mac in enumerate(macs)]
        self._rate, self._ended, self.sent = rate, threading.Event(), 0
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self.started = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        sends = cycle(self._sends)
        while not self._ended.wait(TICK):
            due = int((time.monotonic() - self.started) * self._rate)
            while self.sent < due:
                raw, data = next(sends)
                raw.send(data)
                self.sent += 1
