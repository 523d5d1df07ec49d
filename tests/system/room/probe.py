"""Sends frames and tells of marked ones, in a network namespace of others; run as a program, on the standard library alone.

`probe.py INTERFACE RUN both|in`: every line of stdin is a JSON list of frames (hexadecimal) to send; every line of stdout is
`[sender, kind, target, whether it is an answer]` of a frame that carries the mark of this run, each told once. An answer to an
ARP request carries no mark: it is told as `["", "arp", IPv4 address of who answered, true]`. It ends with its stdin.
"""

import contextlib
import json
import os
import re
import select
import socket
import sys
import time

ETH_P_ALL, PACKET_OUTGOING = 3, 4
SO_RCVBUFFORCE = 33  # asm-generic/socket.h
RECEIVE_BUFFER = 8 * 1024 * 1024  # bytes
PACE = 0.003  # seconds between two frames: a socket's meter lets 500 a second through to all
ECHO_REPLY, ECHO_REPLY_6 = 0, 129


def main(interface: str, run: str, direction: str) -> None:
    mark = re.compile(rf"probe:{run}:([\w.-]*):([\w-]*):([\w.-]*);".encode())
    told: set[tuple[object, ...]] = set()
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as raw:
        raw.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)
        raw.bind((interface, ETH_P_ALL))
        _say("ready")
        waiting: list[bytes] = []
        rest = b""
        while True:
            readable = select.select([raw, sys.stdin], [], [], PACE if waiting else None)[0]
            if raw in readable:
                frame, address = raw.recvfrom(65535)
                new = set(_seen(frame, mark)) - told if direction == "both" or address[2] != PACKET_OUTGOING else set()
                told |= new
                for seen in new:
                    _say(seen)
            if sys.stdin in readable:
                heard = os.read(sys.stdin.fileno(), 65536)  # unbuffered: `select` does not see what waits in a buffer
                if not heard:
                    return
                *lines, rest = (rest + heard).split(b"\n")
                waiting += [bytes.fromhex(frame) for line in lines for frame in json.loads(line)]
            if waiting:
                _send(raw, waiting.pop(0))


def _send(raw: socket.socket, frame: bytes) -> None:
    with contextlib.suppress(OSError):  # the link is down: such a frame is lost like any other
        raw.send(frame)
    time.sleep(PACE)


def _seen(frame: bytes, mark: re.Pattern[bytes]) -> list[tuple[object, ...]]:
    kind = frame[12:14]
    answer = kind == b"\x08\x00" and frame[23] == 1 and frame[34] == ECHO_REPLY
    answer = answer or (kind == b"\x86\xdd" and frame[20] == 58 and frame[54] == ECHO_REPLY_6)
    if kind == b"\x08\x06" and frame[20:22] == b"\0\2":
        return [("", "arp", socket.inet_ntoa(frame[28:32]), True)]
    return [(*(group.decode() for group in found.groups()), answer) for found in mark.finditer(frame)]


def _say(what: object) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
