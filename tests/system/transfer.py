"""Moves SIZE bytes each way over one TCP connection and compares checksums; runs on Python's standard library alone.

`transfer.py serve PORT` or `transfer.py fetch HOST PORT`; the client prints `same` if both directions arrived whole.
"""

import hashlib
import random
import socket
import sys

SIZE = 100 * 1024 * 1024
CHUNK = 1024 * 1024


def pattern() -> bytes:
    """A chunk that a lost, doubled or shifted piece would not fit."""
    return random.Random(7).randbytes(CHUNK)


def send(connection: socket.socket) -> str:
    chunk, digest = pattern(), hashlib.sha256()
    for number in range(SIZE // CHUNK):
        numbered = number.to_bytes(8, "big") + chunk[8:]
        digest.update(numbered)
        connection.sendall(numbered)
    return digest.hexdigest()


def receive(connection: socket.socket) -> str:
    digest, left = hashlib.sha256(), SIZE
    while left and (data := connection.recv(min(left, CHUNK))):
        digest.update(data)
        left -= len(data)
    return digest.hexdigest() if not left else f"{left} bytes missing"


def serve(port: int) -> None:
    with socket.create_server(("", port)) as server:
        print("ready", flush=True)
        connection, _ = server.accept()
        with connection:
            connection.settimeout(60)
            sent = send(connection)
            received = receive(connection)
            connection.sendall(f"{sent} {received}\n".encode())


def fetch(host: str, port: int) -> None:
    with socket.create_connection((host, port), 60) as connection:
        received, sent = receive(connection), send(connection)
        far_sent, far_received = connection.makefile().readline().split()
        print(
            "same" if (received, sent) == (far_sent, far_received) else f"differs: {received} {far_sent}, {sent} {far_received}"
        )


if __name__ == "__main__":
    serve(int(sys.argv[2])) if sys.argv[1] == "serve" else fetch(sys.argv[2], int(sys.argv[3]))
