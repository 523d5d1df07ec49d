"""What can be killed, and how it is started again; each returns when the killed part was there again (time.monotonic)."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.conditions import wait_until
from tests.system.builds.test_lost_builder import BUILDS
from tests.system.matrix.site import Site
from tests.system.scene import let_pass, listens
from tests.system.services import Postgres, Redis
from tests.system.stack import LISTEN, VAR, run
from tests.system.state.facts import NAMES

Kill = Callable[[Site], float]

AWAY = 10  # seconds
OVS_RUN = Path("/var/run/openvswitch")
OVS_START = ("/usr/share/openvswitch/scripts/ovs-ctl", "--no-mlockall", "--system-id=random", "start")


# Under supervisord


def program(name: str) -> Kill:
    """SIGKILL a program and all its processes; supervisord starts it again."""

    def kill(site: Site) -> float:
        pid: int = wait_until(lambda: pid_of(site, name), f"{name} runs")
        serves = served(name)
        os.killpg(pid, signal.SIGKILL)
        wait_until(lambda: pid_of(site, name) not in (0, pid), f"{name} has another process")
        wait_until(serves, f"{name} serves")
        return time.monotonic()

    return kill


def pid_of(site: Site, name: str) -> int:
    """The process of a program; 0 if there is none."""
    with suppress(AssertionError):
        return int(site.stack.control("pid", name))
    return 0


def served(name: str) -> Callable[[], bool]:
    """Whether a program serves again, asked after it was killed and before by its log."""
    log = VAR / "log" / f"{name}.log"
    size = log.stat().st_size

    def serves() -> bool:
        match name:
            case "datacenter" | "builds":
                return b"[queues]" in log.read_bytes()[size:]
            case "web":
                return "200" in run("curl", "-sSi", f"http://{LISTEN}/healthz/", check=False)
            case "controller":
                return listens()
            case _:
                return True

    return serves


def builder(site: Site) -> float:
    """In the middle of a build."""
    operation = site.stack.submit(f"/new-container/1/{site.busy}/", BUILDS, name="web")
    wait_until(lambda: "begun\n" in site.stack.operation(operation)["log"], "the build is at its last step")
    return program("builds")(site)


# Services


def redis(site: Site) -> float:
    Redis().kill()
    Redis().start()
    return time.monotonic()


def postgres(site: Site) -> float:
    Postgres().stop()
    let_pass(AWAY)
    Postgres().start()
    return time.monotonic()


def full_disk(site: Site) -> float:
    """Nothing can be written for a while; PostgreSQL, which may have ended itself for that, is started again."""
    ballast = Postgres().fill_disk()
    wait_until(lambda: not Postgres().takes_rows(), "PostgreSQL has no room for rows")
    let_pass(AWAY)
    ballast.unlink()
    Postgres().start()
    return time.monotonic()


def dockerd(site: Site) -> float:
    site.stack.dockerd.kill()
    site.stack.dockerd.start()
    return time.monotonic()


def vswitchd(site: Site) -> float:
    """SIGSEGV, after which its monitor starts it again."""
    pid = _ovs_pid("ovs-vswitchd")
    os.kill(pid, signal.SIGSEGV)
    wait_until(lambda: _ovs_pid("ovs-vswitchd") not in (0, pid) and _ovs_answers(), "ovs-vswitchd answers")
    return time.monotonic()


def ovsdb(site: Site) -> float:
    """Its monitor ends with it; until that has seen it, ovs-ctl takes it for one that runs, and starts none."""
    pid = _ovs_pid("ovsdb-server")
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), "ovsdb-server has ended")
    return start_ovs()


def start_ovs() -> float:
    """When Open vSwitch answered, started again by what FACTS say."""
    run(*OVS_START)
    wait_until(_ovs_answers, "Open vSwitch answers")
    return time.monotonic()


def _ovs_pid(daemon: str) -> int:
    with suppress(OSError, ValueError):
        return int((OVS_RUN / f"{daemon}.pid").read_text())
    return 0


def _ovs_answers() -> bool:
    asked = run("ovs-vsctl", "--timeout=2", "get", "Open_vSwitch", ".", "cur_cfg", check=False)
    return bool(asked) and "vSwitch" in run("ovs-appctl", "--timeout=2", "-t", "ovs-vswitchd", "version", check=False)


# Parts of a project


def container(site: Site) -> float:
    """The first process of one, which its restart policy brings back."""
    return _restarted(site, "web")


def router(site: Site) -> float:
    return _restarted(site, "router")


def _restarted(site: Site, name: str) -> float:
    pid: int = wait_until(lambda: site.stack.pid(site.victim, name), f"{name} runs")
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: site.stack.pid(site.victim, name) not in (0, pid), f"{name} runs again")
    return time.monotonic()


def removed_router(site: Site) -> float:
    site.stack.docker("rm", "-f", NAMES.router(site.victim))
    return time.monotonic()


def bridge(site: Site) -> float:
    run("ovs-vsctl", "del-br", NAMES.bridge(site.victim))
    return time.monotonic()


# Parts of the host and of the room


def flows(site: Site) -> float:
    run("ovs-ofctl", "-O", "OpenFlow14", "del-flows", NAMES.vtep)
    return time.monotonic()


def firewall(site: Site) -> float:
    """All rules of the host; Docker's own come back, as by its restart, without what is ours among them."""
    kept = _others_rules()
    run("nft", "flush", "ruleset")
    _restore(*kept)
    return time.monotonic()


def _others_rules() -> tuple[str, list[str]]:
    """For iptables-restore, and tables of other instances as nft scripts."""
    saved = "".join(line for line in run("iptables-save").splitlines(keepends=True) if f"{NAMES.table} " not in line)
    tables = [line.split()[1:] for line in run("nft", "list", "tables").splitlines()]
    others = [table for table in tables if table[1].startswith("netmanager-") and table[1] != NAMES.table]
    return saved, [run("nft", "list", "table", *table) for table in others]


def _restore(saved: str, tables: list[str]) -> None:
    run("sh", "-ec", 'printf %s "$0" | iptables-restore', saved)
    for table in tables:
        run("sh", "-ec", 'printf %s "$0" | nft -f -', table)


def room_switch(site: Site) -> float:
    site.lab.switch().restart()
    site.lab.wait_connected()
    return time.monotonic()


def underlay(site: Site) -> float:
    """The cable between the host and the room's switch."""
    cable = site.lab.room.layout.host_link("u", 1)
    run("ip", "link", "set", cable, "down")
    let_pass(AWAY)
    run("ip", "link", "set", cable, "up")
    return time.monotonic()
