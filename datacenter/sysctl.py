"""Kernel parameters of the host that projects need."""

from pathlib import Path

from datacenter.errors import DatacenterError

PROC_SYS = Path("/proc/sys")


def ensure_forwarding() -> None:
    """Have the host route IPv4."""
    _write("net/ipv4/ip_forward", 1)


def ensure_inotify_instances(least: int) -> None:
    """Let root have so many inotify instances; the dnsmasq of each router takes one, and Linux's default is 128."""
    name = "fs/inotify/max_user_instances"
    if int((PROC_SYS / name).read_text()) < least:
        _write(name, least)


def _write(name: str, value: int) -> None:
    try:
        (PROC_SYS / name).write_text(f"{value}\n")
    except OSError as error:
        raise DatacenterError(f"This host does not let {name.replace('/', '.')} be {value}: {error}.") from error
