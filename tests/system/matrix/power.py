"""Everything at once: what a power cut ends and takes away, and a cold start after it."""

import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

from datacenter import netlink
from tests.conditions import wait_until
from tests.system.matrix.kills import OVS_RUN, start_ovs
from tests.system.matrix.site import Site
from tests.system.services import Postgres, Redis
from tests.system.stack import ENGINE_DATA, ENGINE_RUN, INSTANCE, VAR, lives, run
from tests.system.state.facts import NAMES, veths

OURS = (f"NETMANAGER_VAR={VAR}".encode(), str(ENGINE_RUN).encode())  # in the environment or command line of what the stack runs


def power_cut(site: Site) -> float:
    """The clock starts when Open vSwitch, PostgreSQL and Redis answer; the engine and all of ours start after that."""
    containers = site.stack.docker("inspect", "-f", "{{.State.Pid}}", *site.stack.docker("ps", "-q").split()).split()
    wait_until(lambda: not _kill(_processes()), "nothing of the stack and its engine runs, and nobody starts it again")
    _kill(list(map(int, containers)))
    site.lab.switch().stop()
    Postgres().kill()
    Redis().kill()
    for daemon in ("ovs-vswitchd", "ovsdb-server"):
        _kill([*_monitors(daemon), int((OVS_RUN / f"{daemon}.pid").read_text())])
    _forget()
    return _cold_start(site)


def _processes() -> list[int]:
    """Of the stack and of its engine, but for the test itself and what it has started."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            line = (process / "cmdline").read_bytes()
            supervised = OURS[0] in (process / "environ").read_bytes().split(b"\0") and b".venv/bin" in line
            if supervised or (OURS[1] in line and line.startswith((b"dockerd", b"containerd", b"/usr/bin/containerd"))):
                found.append(int(process.name))
    return found


def _monitors(daemon: str) -> list[int]:
    """The process that would start it again."""
    pid = (OVS_RUN / f"{daemon}.pid").read_text().strip()
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)
    parent = int(status["PPid"])
    return [parent] if parent > 1 else []


def _kill(pids: list[int]) -> list[int]:
    """SIGKILL these, which it returns when they have ended."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not any(lives(pid) for pid in pids), "all of them have ended")
    return pids


def _forget() -> None:
    """What a kernel does not know any more after a boot."""
    for link in veths():
        netlink.delete_link(link)
    for family in ("inet", "arp"):
        run("nft", "delete", "table", family, NAMES.table, check=False)
    mounted = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for place in reversed(mounted):
        if place.startswith((f"{ENGINE_RUN}/", f"{ENGINE_DATA}/")):
            run("umount", "--lazy", place)
    for file in (Path(f"/run/netmanager/{INSTANCE}/supervisor.sock"), *OVS_RUN.glob("*.pid")):  # of /run nothing is left
        file.unlink(missing_ok=True)


def _cold_start(site: Site) -> float:
    """As an operator starts it, all at once: the engine waits for our driver, and `make up` for the engine."""
    start_ovs()
    Postgres().start()
    Redis().start()
    begun = time.monotonic()
    engine = threading.Thread(target=site.stack.dockerd.start)
    engine.start()
    site.lab.switch().restart()
    site.stack.up()
    engine.join()
    return begun
