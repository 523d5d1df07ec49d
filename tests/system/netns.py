"""Network namespaces that play the internet, and taps on interfaces."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from datacenter import netlink
from tests.system.stack import run

FRAMES = str(Path(__file__).with_name("frames.py"))
INTERNET = "198.18.255.1"  # an address of the benchmark range (RFC 2544): nobody's

HOST = "198.18.0.1"

# A TCP server that tells every client the address it came from.
_WHO_AM_I = """
import socket
server = socket.create_server(("", 80))
print("ready", flush=True)
while True:
    client, address = server.accept()
    client.sendall(address[0].encode())
    client.close()
"""


class Namespace:
    """A namespace with one veth to the host; `host_end` stays here."""

    def __init__(self, name: str, host_end: str) -> None:
        self.name, self.host_end = name, host_end

    def make(self) -> None:
        self.remove()
        run("ip", "netns", "add", self.name)
        run("ip", "link", "add", self.host_end, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        run("ip", "link", "set", self.host_end, "up")
        for link in ("lo", "eth0"):
            self.run("ip", "link", "set", link, "up")
        self.run(
            sys.executable, "-c", f"import sys; sys.path.insert(0, {str(Path.cwd())!r});"
            "from datacenter.netlink import disable_tx_checksums as off; off('eth0')",
        )  # fmt: skip

    def remove(self) -> None:
        run("ip", "netns", "del", self.name, check=False)
        netlink.delete_link(self.host_end)

    def run(self, *command: str, check: bool = True) -> str:
        return run("ip", "netns", "exec", self.name, *command, check=check)


@contextmanager
def internet(name: str, host_end: str, address: str) -> Iterator[Namespace]:
    """A namespace with this address towards the host, INTERNET on its loopback, and a server at port 80."""
    namespace = Namespace(name, host_end)
    namespace.make()
    server = None
    try:
        namespace.run("ip", "address", "add", address, "dev", "eth0")
        namespace.run("ip", "address", "add", f"{INTERNET}/32", "dev", "lo")
        server = subprocess.Popen(
            ["ip", "netns", "exec", name, sys.executable, "-c", _WHO_AM_I], stdout=subprocess.PIPE, text=True
        )
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        yield namespace
    finally:
        if server is not None:
            server.kill()
            server.communicate()
        namespace.remove()


@contextmanager
def internet_behind_nat() -> Iterator[Namespace]:
    """INTERNET where the host's own address towards it is HOST."""
    with internet("nms-internet", "inet0nms", "198.18.0.2/30") as far:
        run("ip", "address", "add", f"{HOST}/30", "dev", far.host_end)
        run("ip", "route", "add", f"{INTERNET}/32", "via", "198.18.0.2")
        yield far


class Tap:
    """What an interface of a namespace receives, from `with` on."""

    def __init__(self, enter: list[str], interface: str) -> None:
        self._command = [*enter, sys.executable, FRAMES, interface]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert json.loads(self._process.stdout.readline()) == {"ready": True}
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._lines.extend, args=(self._process.stdout,))  # a full pipe would stop the tap
        self._reader.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.frames()

    def frames(self) -> list[dict[str, str]]:
        """End the tap and return all frames."""
        if not hasattr(self, "_frames"):
            self._process.terminate()
            self._reader.join()
            self._process.communicate()
            self._frames: list[dict[str, str]] = [json.loads(line) for line in self._lines if line.endswith("}\n")]
        return self._frames
