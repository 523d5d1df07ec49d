"""Sends frames by an interface, round and round; run by `ip netns exec`: `spray.py INTERFACE RATE`.

Frames come by stdin, in hex, one a line; an empty line starts it, the end of stdin ends it, and it prints how many were sent.
RATE is in frames a second, 0 for as fast as it can.
"""

import contextlib
import itertools
import os
import select
import socket
import sys
import time

BURST = 64  # frames between two looks at stdin and at the clock


def main(interface: str, rate: float) -> None:
    frames = [bytes.fromhex(line) for line in iter(sys.stdin.readline, "\n")]
    os.nice(10)  # a real laptop has a processor of its own
    sent, started = 0, time.monotonic()
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as raw:
        raw.bind((interface, 0))
        print("ready", flush=True)
        for frame in itertools.cycle(frames):
            wait = max(0.0, started + sent / rate - time.monotonic()) if rate else 0.0
            if (rate or not sent % BURST) and select.select([sys.stdin], [], [], wait)[0]:
                break
            with contextlib.suppress(OSError):  # its queue is full, or the link is down
                raw.send(frame)
                sent += 1
    print(sent, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
