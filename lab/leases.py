"""Leases of the laptops, by one dhcpcd each, which keeps running and asks again whenever the link comes back.

Each has a /run and a /var/lib of its own, mounted over the host's, so many run beside each other and none beside the host's.
"""

import json
import signal
from dataclasses import dataclass
from pathlib import Path

from lab import namespaces
from lab.errors import LabError
from lab.laptop import Laptop
from lab.shell import run, wait_until

HERE = Path(__file__).parent
_START = """
mount --bind "$1/lib" /var/lib
mount --bind "$1/run" /run
shift
exec "$@"
"""


@dataclass(frozen=True)
class Lease:
    """What a DHCP server has told: address, first router and DNS server, MTU in bytes (1500 if it told none)."""

    ip: str
    router: str
    dns: str
    mtu: int


def lease_of(laptop: Laptop) -> Lease | None:
    """The lease that a laptop has now, without asking for one."""
    try:
        return Lease(**json.loads((laptop.run_dir / "run/lease").read_text()))
    except FileNotFoundError:
        return None


def ensure_lease(laptop: Laptop, seconds: float) -> Lease:
    """Have a laptop ask for a lease, which it keeps from then on; raises LabError if it gets none in time.

    Its dhcpcd is started anew: one that is told to ask again, by SIGHUP, now and then cannot read its settings (10.1.0).
    """
    _stop(laptop)
    (laptop.run_dir / "run/lease").unlink(missing_ok=True)
    _start(laptop)
    wait_until(
        lambda: lease_of(laptop) is not None,
        f"Laptop {laptop.socket} got no lease within {seconds:g} s; has its socket a project, and runs that project's router?",
        seconds,
    )
    lease = lease_of(laptop)
    if lease is None:
        raise LabError(f"Laptop {laptop.socket} lost its lease again at once.")
    return lease


def _stop(laptop: Laptop) -> None:
    if pid := _dhcpcd(laptop):
        namespaces.end([pid])
    namespaces.end(_programs(laptop), signal.SIGKILL)  # one that was killed leaves its helpers, which do not listen any more


def _start(laptop: Laptop) -> None:
    dhcpcd = [
        "dhcpcd", "--background", "--quiet", f"--config={HERE / 'dhcpcd.conf'}", f"--script={HERE / 'dhcpcd-hook'}",
        f"--hostname=laptop{laptop.socket}", f"--env=RESOLV_CONF={laptop.resolv_conf}",
    ]  # fmt: skip
    mounted = ["unshare", "--mount", "--propagation", "slave", "sh", "-ec", _START, "sh", str(laptop.run_dir)]
    run(*namespaces.enter(laptop.namespace), *mounted, *dhcpcd)


def _dhcpcd(laptop: Laptop) -> int | None:
    """The pid of the laptop's dhcpcd, if it runs."""
    place = laptop.run_dir / "run/dhcpcd/pid"
    pid = int(place.read_text() or 0) if place.exists() else 0
    return pid if pid in _programs(laptop) else None


def _programs(laptop: Laptop) -> list[int]:
    """Every process of a dhcpcd on the laptop: it has a few helpers."""
    return [pid for pid in namespaces.processes(laptop.namespace) if namespaces.name_of(pid) == "dhcpcd"]
