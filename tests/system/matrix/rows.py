"""The rows of the matrix, in the order in which they are told; everything at once comes last."""

import os
from dataclasses import dataclass

from tests.system.matrix import kills
from tests.system.matrix.middles import MIDDLES, Middle
from tests.system.matrix.power import power_cut

SOON, SERVICE, ALL = 5.0, 15.0, 60.0  # seconds until all is whole again


@dataclass(frozen=True)
class Row:
    """One thing to kill. `seconds` it may take until all is as it was; `lossless`: no frame may be lost meanwhile.

    `short`: it runs where none is asked for. `shared`: it harms all that runs on the machine's Open vSwitch or firewall; `own`:
    it needs a PostgreSQL and a Redis that only the stack uses.
    """

    name: str
    what: str
    kill: kills.Kill
    seconds: float = SOON
    lossless: bool = False
    short: bool = False
    shared: bool = False
    own: bool = False
    middle: Middle | None = None


def _program(name: str, what: str, short: bool = False) -> Row:
    return Row(name, f"{what}, SIGKILL", kills.program(name), lossless=True, short=short)


def _middle(number: int, middle: Middle) -> Row:
    what = f"worker in the middle of {middle.kind}: {middle.step}"
    return Row(f"{middle.kind}-{number}", what, middle.kill, lossless=True, middle=middle)


PROGRAMS = [
    _program("web", "web"),
    _program("datacenter", "worker, idle", short=True),
    *(_middle(number, middle) for number, middle in enumerate(MIDDLES, 1)),
    Row("builder", "builder in the middle of a build, SIGKILL", kills.builder, lossless=True),
    _program("beat", "beat"),
    _program("driver", "network driver"),
    _program("controller", "SDN controller", short=True),
    _program("reconciler", "reconciler", short=True),
]
SERVICES = [
    Row("redis", "Redis, SIGKILL", kills.redis, lossless=True, own=True),
    Row("postgresql", "PostgreSQL, stopped for 10 s", kills.postgres, SERVICE, lossless=True, own=True),
    Row("full-disk", "PostgreSQL, its disk full for 10 s", kills.full_disk, SERVICE, own=True),
]
PARTS = [
    Row("container", "a container's process, SIGKILL", kills.container),
    Row("router", "a router's process, SIGKILL", kills.router),
    Row("removed-router", "a router, `docker rm -f`", kills.removed_router),
    Row("dockerd", "dockerd and its containerd, SIGKILL", kills.dockerd, SERVICE),
    Row("vswitchd", "ovs-vswitchd, SIGSEGV", kills.vswitchd, shared=True),
    Row("ovsdb-server", "ovsdb-server, SIGKILL", kills.ovsdb, shared=True),
    Row("room-switch", "the room's switch, SIGKILL", kills.room_switch),
    Row("underlay", "the tunnel's underlay, down for 10 s", kills.underlay),
    Row("bridge", "a project's bridge, `ovs-vsctl del-br`", kills.bridge),
    Row("flows", "`ovs-ofctl del-flows nm-vtep`", kills.flows, short=True),
    Row("firewall", "`nft flush ruleset`", kills.firewall, shared=True),
    Row("power-cut", "everything at once, and a cold start", power_cut, ALL, shared=True, own=True),
]
ROWS = (*PROGRAMS, *SERVICES, *PARTS)


def chosen() -> list[Row]:
    """Those of NETMANAGER_MATRIX, with commas between, or `all`; without it the short ones. KeyError if one is unknown."""
    wanted = os.environ.get("NETMANAGER_MATRIX", "")
    if not wanted:
        return [row for row in ROWS if row.short]
    named = {row.name: row for row in ROWS}
    return list(ROWS) if wanted == "all" else [named[name] for name in wanted.split(",")]
