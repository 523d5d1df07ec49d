"""Prints every frame that a network namespace's interface receives, one JSON object a line; run by nsenter."""

import json
import socket
import struct
import sys
import time

ETH_P_ALL = 3
PACKET_OUTGOING = 4


def main(interface: str) -> None:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as tap:
        tap.bind((interface, 0))
        print(json.dumps({"ready": True}), flush=True)
        while True:
            frame, address = tap.recvfrom(65535)
            if address[2] != PACKET_OUTGOING:
                print(json.dumps(describe(frame)), flush=True)


def describe(frame: bytes) -> dict[str, str]:
    """A frame in hex, when it came (time.monotonic), and its addresses: MACs always, IPv4 of IPv4 and ARP frames."""
    seen = {"dst": frame[:6].hex(":"), "src": frame[6:12].hex(":"), "type": frame[12:14].hex(), "frame": frame.hex()}
    seen["time"] = f"{time.monotonic():.6f}"
    if seen["type"] == "0800":
        seen |= {"ip_src": socket.inet_ntoa(frame[26:30]), "ip_dst": socket.inet_ntoa(frame[30:34]), "proto": str(frame[23])}
    if seen["type"] == "0806":
        opcode = struct.unpack("!H", frame[20:22])[0]
        seen |= {"ip_src": socket.inet_ntoa(frame[28:32]), "ip_dst": socket.inet_ntoa(frame[38:42]), "arp": str(opcode)}
    return seen


if __name__ == "__main__":
    main(sys.argv[1])
