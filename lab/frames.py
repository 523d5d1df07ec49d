"""Sends or receives numbered frames in a network namespace; lab/stream.py starts it there as a program.

Only the standard library is used, for it runs in namespaces of others too. A frame is Ethernet, IPv4, UDP and 24 bytes: the
stream's id (8), the frame's number (8) and the time it was sent (8, ns of CLOCK_MONOTONIC, the same in all namespaces).
"""

import contextlib
import ctypes
import fcntl
import gc
import json
import os
import select
import socket
import struct
import sys
import time

ETH_P_IP = 0x0800
SIOCGIFADDR, SIOCGIFHWADDR = 0x8915, 0x8927  # linux/sockios.h
SO_RCVBUFFORCE, SO_TIMESTAMPNS, SO_ATTACH_FILTER = 33, 35, 26  # asm-generic/socket.h
SOL_PACKET, PACKET_STATISTICS, PACKET_IGNORE_OUTGOING = 263, 6, 23  # linux/if_packet.h
RECEIVE_BUFFER = 4 * 1024 * 1024  # bytes
PAYLOAD = struct.Struct("!8sQQ")
HEADERS = 14 + 20 + 8
QUIET = 0.2  # seconds without a frame after which none is under way any more
NOWHERE = "198.18.255.254"  # of the benchmark range (RFC 2544), for an interface without an address


def main(role: str, interface: str, stream: str, port: str, *more: str) -> None:
    """`receive`, or `send` with rate, and the MAC and IPv4 address that frames are for. Both end when their stdin does."""
    _take_precedence()
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as raw:
        if role == "receive":
            _receive(raw, interface, bytes.fromhex(stream), int(port))
        else:
            rate, mac, address = more
            template = _headers(interface, int(port), mac, address)
            raw.bind((interface, 0))
            _send(raw, bytes.fromhex(stream), template, float(rate))


def _take_precedence() -> None:
    """Run before whatever else the machine is busy with, as far as it lets us."""
    gc.disable()
    with contextlib.suppress(OSError):
        os.nice(-20)
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))


# Sending


def _send(raw: socket.socket, stream: bytes, headers: bytes, rate: float) -> None:
    """Frame n leaves at start + n/rate; one that is late is sent at once, and none is left out."""
    started, sent, late = time.monotonic(), 0, 0.0
    _say({"started": started})
    while True:
        wait = started + sent / rate - time.monotonic()
        if select.select([sys.stdin], [], [], max(0.0, wait))[0]:
            break
        if (now := time.monotonic()) < started + sent / rate:
            continue
        late = max(late, now - started - sent / rate)
        with contextlib.suppress(OSError):  # the link is down: such a frame is lost like any other
            raw.send(headers + PAYLOAD.pack(stream, sent, time.monotonic_ns()))
        sent += 1
    _say({"sent": sent, "late": late})


def _headers(interface: str, port: int, mac: str, address: str) -> bytes:
    """Ethernet, IPv4 and UDP headers, the same for all frames: UDP's checksum may be left out (RFC 768)."""
    our_mac, our_address = _addresses(interface)
    ethernet = bytes.fromhex(mac.replace(":", "")) + bytes.fromhex(our_mac.replace(":", "")) + struct.pack("!H", ETH_P_IP)
    length = HEADERS - 14 + PAYLOAD.size
    fields = (0x45, 0, length, 0, 0x4000, 64, socket.IPPROTO_UDP)  # version and header length, ..., don't fragment, TTL
    ends = socket.inet_aton(our_address) + socket.inet_aton(address)
    checksum = _checksum(struct.pack("!BBHHHBBH", *fields, 0) + ends)
    return ethernet + struct.pack("!BBHHHBBH", *fields, checksum) + ends + struct.pack("!HHHH", port, port, length - 20, 0)


def _checksum(header: bytes) -> int:
    """The Internet checksum (RFC 1071) of a header whose length is even."""
    total: int = sum(struct.unpack(f"!{len(header) // 2}H", header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


# Receiving


def _receive(raw: socket.socket, interface: str, stream: bytes, port: int) -> None:
    """Say where we are, then when the first frame came, at the end all of them: numbers, times sent and times received.

    Every byte of stdin asks how far it is.
    """
    _filter(raw, _only(stream, port))
    raw.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)
    raw.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    raw.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    raw.bind((interface, ETH_P_IP))
    since_boot = time.monotonic_ns() - time.time_ns()  # the kernel stamps frames by the wall clock
    mac, address = _addresses(interface)
    with _swallow(port):
        _say({"mac": mac, "ip": address})
        numbers, sent, received = [], [], []
        stopping = False
        while True:
            readable = select.select([raw] if stopping else [raw, sys.stdin], [], [], QUIET if stopping else None)[0]
            if raw in readable:
                try:
                    frame, ancillary, _, _ = raw.recvmsg(256, 64)
                except OSError:  # told once when the interface went down or away; we hear again what comes when it is up
                    continue
                _, number, at = PAYLOAD.unpack_from(frame, HEADERS)
                seconds, nanoseconds = struct.unpack("@ll", ancillary[0][2])
                numbers.append(number)
                sent.append(at / 1e9)
                received.append((seconds * 1_000_000_000 + nanoseconds + since_boot) / 1e9)
                if len(numbers) == 1:
                    _say({"first": received[0]})
            elif stopping:
                break
            elif os.read(sys.stdin.fileno(), 1):
                _say({"so_far": [len(numbers), numbers[-1], received[-1]] if numbers else [0, -1, 0.0]})
            else:
                stopping = True
        _, dropped = struct.unpack("II", raw.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
        _say({"numbers": numbers, "sent": sent, "received": received, "dropped": dropped})


def _only(stream: bytes, port: int) -> list[tuple[int, int, int, int]]:
    """A program of the kernel's packet filter (classic BPF) that lets through only this stream's frames."""
    half, word, byte, equal, accept = 0x28, 0x20, 0x30, 0x15, 0x06
    checks = [(half, 12, ETH_P_IP), (byte, 23, socket.IPPROTO_UDP), (half, 36, port), (word, HEADERS, int.from_bytes(stream[:4]))]
    program: list[tuple[int, int, int, int]] = []
    for index, (load, offset, value) in enumerate(checks):
        program += [(load, 0, 0, offset), (equal, 0, 2 * (len(checks) - index) - 1, value)]
    return [*program, (accept, 0, 0, 0xFFFF), (accept, 0, 0, 0)]


def _filter(target: socket.socket, program: list[tuple[int, int, int, int]]) -> None:
    instructions = b"".join(struct.pack("HBBI", *instruction) for instruction in program)
    held = ctypes.create_string_buffer(instructions)
    target.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", len(program), ctypes.addressof(held)))


def _swallow(port: int) -> socket.socket:
    """Where the kernel delivers the same frames, unread; without it it would answer each with an ICMP error."""
    sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    _filter(sink, [(0x06, 0, 0, 0)])
    with contextlib.suppress(OSError):  # if somebody listens there, the kernel sends no error either
        sink.bind(("", port))
    return sink


def _addresses(interface: str) -> tuple[str, str]:
    """MAC and IPv4 address of an interface."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("256s", interface.encode())
        mac = fcntl.ioctl(any_socket, SIOCGIFHWADDR, request)[18:24].hex(":")
        try:
            address = socket.inet_ntoa(fcntl.ioctl(any_socket, SIOCGIFADDR, request)[20:24])
        except OSError:  # it has none
            address = NOWHERE
    return mac, address


def _say(what: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
