"""The datacenter as this process's settings describe it; connections open at first use."""

from ipaddress import IPv4Address
from pathlib import Path

from django.conf import settings

from datacenter.addressing import Plan
from datacenter.dns import HostsDirectories
from datacenter.engine import Engine
from datacenter.names import CONTAINER_KEY, Names
from datacenter.ovsdb import Ovsdb
from datacenter.usage import UsageMeter

names = Names(settings.NETMANAGER_INSTANCE)
plan = Plan(settings.NETMANAGER_PROJECT_POOL, settings.NETMANAGER_PUBLIC_POOL)
hosts = HostsDirectories(settings.NETMANAGER_STATE)
engine = Engine(settings.DOCKER_HOST)
ovsdb = Ovsdb()
usage_meter = UsageMeter(engine, names.owner() | {CONTAINER_KEY: ""})


# systemd-resolved puts its own loopback address into the first and the real servers into the second.
RESOLV_CONF = (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf"))


def dns_servers(*resolv_conf: Path) -> tuple[IPv4Address, ...]:
    """NETMANAGER_DNS, else the host's own IPv4 servers that are not on loopback; empty if there are none."""
    if settings.NETMANAGER_DNS:
        return tuple(settings.NETMANAGER_DNS)
    return next((servers for path in resolv_conf or RESOLV_CONF if (servers := _servers(path))), ())


def _servers(resolv_conf: Path) -> tuple[IPv4Address, ...]:
    words = [line.split() for line in resolv_conf.read_text().splitlines()] if resolv_conf.exists() else []
    servers = [_address(line[1]) for line in words if len(line) > 1 and line[0] == "nameserver"]
    return tuple(server for server in servers if server and not (server.is_loopback or server.is_unspecified))


def _address(word: str) -> IPv4Address | None:
    """None for what the resolver would skip, and for IPv6."""
    try:
        return IPv4Address(word)
    except ValueError:
        return None
