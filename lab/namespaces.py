"""Network namespaces, and the processes inside."""

import os
import shutil
import signal
from collections.abc import Iterable, Mapping
from pathlib import Path

from lab.errors import LabError
from lab.shell import run, wait_until

PLACE = Path("/run/netns")  # where iproute2 keeps them
ETC = Path("/etc/netns")  # whose files `ip netns exec` mounts over those of /etc
QUIET = {  # for the kernel of a switch: ports are the datapath's, nothing that comes in by them is for it
    "ipv4/ip_forward": 0,
    "ipv4/conf/all/arp_ignore": 1,
    "ipv4/conf/all/rp_filter": 1,
    "ipv6/conf/all/disable_ipv6": 1,
    "ipv6/conf/default/disable_ipv6": 1,
}


def present() -> set[str]:
    """Names of all namespaces of the host."""
    return {place.name for place in PLACE.iterdir()} if PLACE.is_dir() else set()


def add(*names: str) -> None:
    """Make namespaces, their loopback up."""
    batch("".join(f"netns add {name}\n" for name in names))
    for name in names:
        batch("link set lo up\n", name)


def enter(name: str) -> list[str]:
    """How a command is run inside a namespace: in front of it."""
    return ["ip", "netns", "exec", name]


def batch(lines: str, name: str | None = None) -> None:
    """Commands of `ip`, one a line, on the host or in a namespace."""
    run("ip", *(["-n", name] if name else []), "-batch", "-", stdin=lines)


def set_sysctls(name: str, values: Mapping[str, int]) -> None:
    """Set kernel parameters below /proc/sys/net; those of a protocol that the kernel lacks are passed over."""
    lines = [f"[ ! -e {key} ] || echo {value} > {key}" for key, value in values.items()]
    run(*enter(name), "sh", "-ec", "\n".join(["cd /proc/sys/net", *lines]))


def delete(names: Iterable[str]) -> None:
    """Remove namespaces with all that runs in them, and their files in /etc/netns."""
    names = sorted(names)
    end(processes(*names))
    batch("".join(f"netns del {name}\n" for name in names if name in present()))
    for name in names:
        shutil.rmtree(ETC / name, ignore_errors=True)
    if ETC.is_dir() and not any(ETC.iterdir()):
        ETC.rmdir()


def delete_link(link: str, name: str) -> None:
    """Remove an interface from a namespace; a missing one is forgiven."""
    if f'"{link}"' in run("ip", "-n", name, "-j", "link"):
        batch(f"link del {link}\n", name)


def end(pids: Iterable[int], by: signal.Signals = signal.SIGTERM) -> None:
    """Send this signal, after 5 s SIGKILL, and wait until all are gone."""
    alive = _signal(pids, by)
    try:
        wait_until(lambda: not _alive(alive), "", 5)
    except LabError:
        killed = _signal(_alive(alive), signal.SIGKILL)
        wait_until(lambda: not _alive(killed), f"The processes {killed} do not end.")


def processes(*names: str) -> list[int]:
    """Every process inside one of the namespaces."""
    inodes = {(PLACE / name).stat().st_ino for name in names if (PLACE / name).exists()}
    return [int(place.name) for place in Path("/proc").iterdir() if place.name.isdecimal() and _netns(place) in inodes]


def name_of(pid: int) -> str:
    """What a process is called; nothing for one that is gone."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def _netns(process: Path) -> int | None:
    try:
        return (process / "ns/net").stat().st_ino
    except OSError:  # it ended while we looked
        return None


def _signal(pids: Iterable[int], number: int) -> list[int]:
    reached = []
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
        reached.append(pid)
    return reached


def _alive(pids: Iterable[int]) -> list[int]:
    """Those that still run; a zombie is its parent's affair."""
    return [pid for pid in pids if _state(pid) not in ("", "Z")]


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""
