"""A lab for tests, without a controller: the tests install its flows by hand."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from lab.layout import Layout, link_pattern, namespace_pattern, run_directory
from lab.room import Room
from tests.integration.switch import bridges

INSTANCE = "nmt"


def layout(sockets: int = 2, **more: Any) -> Layout:
    return Layout(INSTANCE, sockets, IPv4Network("198.18.242.0/23"), **more)


@contextmanager
def standing_room(sockets: int = 2, **more: Any) -> Iterator[Room]:
    """A room that is there only inside of `with`."""
    room = Room(layout(sockets, **more))
    try:
        room.up()
        yield room
    finally:
        room.down()


def join(room: Room, one: int, other: int, switch: int = 1) -> None:
    """Have a switch forward between two of its OpenFlow ports, and only there."""
    room.switch(switch).ofctl("add-flow", f"in_port={one},actions=output:{other}")
    room.switch(switch).ofctl("add-flow", f"in_port={other},actions=output:{one}")


def give_addresses(room: Room, network: str, *sockets: int) -> None:
    """Address <network>.<socket>/24 for these laptops, by hand."""
    for socket in sockets:
        done = room.laptop(socket).run("ip", "address", "replace", f"{network}.{socket}/24", "dev", "eth0")
        assert done.returncode == 0, done.stderr


def pings(room: Room, socket: int, target: str) -> bool:
    """Whether a ping is answered; the first can go while ARP is under way."""
    return room.laptop(socket).run("ping", "-c", "2", "-i", "0.2", "-W", "1", target).returncode == 0


@contextmanager
def dhcp_server(room: Room, network: str, *options: str) -> Iterator[None]:
    """A DHCP and DNS server on laptop 2, as a project's router would be."""
    laptop = room.laptop(2)
    assert laptop.run("ip", "address", "replace", f"{network}.1/24", "dev", "eth0").returncode == 0
    dnsmasq = laptop.popen(
        "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--log-facility=-", "--no-resolv", "--no-hosts",
        "--interface=eth0", "--bind-interfaces", f"--dhcp-range={network}.50,{network}.60", "--dhcp-authoritative", "--no-ping",
        f"--dhcp-option=option:router,{network}.1", f"--dhcp-option=option:dns-server,{network}.1", "--domain=p7.lab.internal",
        f"--address=/web.p7.lab.internal/{network}.128", "--dhcp-leasefile=/dev/null", "--user=root", *options,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert dnsmasq.stderr
        assert any("DHCP, sockets bound" in line for line in dnsmasq.stderr)
        yield
    finally:
        dnsmasq.kill()
        dnsmasq.communicate()
        laptop.run("ip", "address", "flush", "dev", "eth0")


def leftovers() -> list[str]:
    """Everything on this host that a lab of the test instance made."""
    marks = (f"OVS_RUNDIR={run_directory(INSTANCE)}".encode(), f"RESOLV_CONF=/etc/netns/{INSTANCE}".encode())
    found = [f"namespace {place.name}" for place in _in("/run/netns") if namespace_pattern(INSTANCE).fullmatch(place.name)]
    found += [f"link {place.name}" for place in _in("/sys/class/net") if link_pattern(INSTANCE).fullmatch(place.name)]
    found += [f"bridge {name}" for name in bridges() if name == "labnmt"]
    found += [str(place) for place in _in("/etc/netns") if place.name.startswith(f"{INSTANCE}-")]
    found += [str(place) for place in _in(f"/run/netmanager/{INSTANCE}") if place.name == "lab"]
    found += [str(place) for place in _in("/proc") if any(mark in _environment(place) for mark in marks)]
    return found


def _in(directory: str) -> list[Path]:
    return list(Path(directory).iterdir()) if Path(directory).is_dir() else []


def _environment(process: Path) -> bytes:
    try:
        return (process / "environ").read_bytes() + (process / "cmdline").read_bytes().replace(b"\0", b" ")
    except OSError:  # no process, or one that ended while we looked
        return b""
