"""Counts every frame of a network namespace by interface and MACs; run as a program, on the standard library alone.

`spy.py [INTERFACE]`: of all interfaces but loopback's, also of those that come while it runs, or of one. It says `ready`, and
when its stdin ends `{"dropped": frames it missed, "seen": [[interface, dst, src, frames], ...]}`.
"""

import contextlib
import ctypes
import gc
import json
import os
import select
import socket
import struct
import sys

ETH_P_ALL = 3
SO_RCVBUFFORCE, SO_ATTACH_FILTER = 33, 26  # asm-generic/socket.h
SOL_PACKET, PACKET_STATISTICS = 263, 6  # linux/if_packet.h
SKF_AD_OFF, SKF_AD_IFINDEX = -0x1000, 8  # linux/filter.h
RECEIVE_BUFFER = 64 * 1024 * 1024  # bytes
BATCH = 64  # frames between two looks at stdin
MACS = 12  # bytes


def main(interface: str = "") -> None:
    gc.disable()
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(9))  # after the streams themselves
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0 if interface else socket.htons(ETH_P_ALL)) as tap:
        tap.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)
        tap.bind((interface, ETH_P_ALL)) if interface else _leave_out_loopback(tap)
        tap.setblocking(False)
        print(json.dumps("ready"), flush=True)
        seen = _seen(tap)
        _, dropped = struct.unpack("II", tap.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
    rows = [[name, macs[:6].hex(":"), macs[6:].hex(":"), count] for (name, macs), count in seen.items()]
    print(json.dumps({"dropped": dropped, "seen": rows}), flush=True)


def _leave_out_loopback(tap: socket.socket) -> None:
    """What the host says to itself is most of all that it says."""
    load, equal, drop = (0x20, 0, 0, (SKF_AD_OFF + SKF_AD_IFINDEX) & 0xFFFFFFFF), 0x15, (0x06, 0, 0, 0)
    program = [load, (equal, 0, 1, socket.if_nametoindex("lo")), drop, (0x06, 0, 0, 0xFFFF)]
    held = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *instruction) for instruction in program))
    tap.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", len(program), ctypes.addressof(held)))


def _seen(tap: socket.socket) -> dict[tuple[str, bytes], int]:
    """Frames by interface and both MACs, until stdin ends."""
    seen: dict[tuple[str, bytes], int] = {}
    while True:
        readable = select.select([tap, sys.stdin], [], [])[0]
        for _ in range(BATCH if tap in readable else 0):
            try:
                frame, address = tap.recvfrom(MACS)
            except BlockingIOError:
                break
            except OSError:  # told once when an interface went down
                continue
            key = address[0], frame
            seen[key] = seen.get(key, 0) + 1
        if sys.stdin in readable:
            return seen


if __name__ == "__main__":
    main(*sys.argv[1:])
