"""What a unit leaves to its process is enough for what that does on the host, and not too much."""

import grp
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.conftest import ROOT
from tests.units import service

NOBODY = "65534"  # in place of the user that an installation makes
OWN_NETWORK = ("unshare", "--net", "--")
INSTANCE = settings.NETMANAGER_INSTANCE

PLUGS = f"""
from datacenter import netlink
from datacenter.ovsdb import Ovsdb
Ovsdb().version()
netlink.plug_veth(netlink.VethPair("{INSTANCE}-h0", "{INSTANCE}-c0", "02:42:0a:00:00:01", 1400, False))
netlink.delete_link("{INSTANCE}-h0")
"""
MAKES_READY = f"""
import subprocess
from ipaddress import IPv4Network
from datacenter import firewall, sysctl
from datacenter.names import Names
names = Names("{INSTANCE}")
subprocess.run(["iptables", "-w", "-N", "DOCKER-USER"], check=True)
firewall.install(firewall.Policy(names, True, IPv4Network("100.64.0.0/16"), (), None, (), None))
firewall.uninstall(names)
limit = sysctl.PROC_SYS / "fs/inotify/max_user_instances"
limit.write_text(limit.read_text())
"""
COMPARES = f"""
import os, subprocess
from ipaddress import IPv4Network
from datacenter import firewall
from datacenter.names import Names
policy = firewall.Policy(Names("{INSTANCE}"), False, IPv4Network("100.64.0.0/16"), (), None, (), None)
firewall.close(policy)
assert firewall.complaints(policy) == ()
subprocess.run(["nsenter", "--target", str(os.getppid()), "--net", "--mount", "true"], check=True)
"""
CLOSES = f"""
import os, subprocess, sys
nowhere = dict(DATABASE_URL="postgres://nobody@127.0.0.1:1/nothing", REDIS_URL="redis://127.0.0.1:1/0", DOCKER_HOST="unix:///nothing")
subprocess.run([sys.executable, "manage.py", "bootstrap_datacenter", "--firewall"], check=True, env=os.environ | nowhere)
subprocess.run(["nft", "list", "table", "inet", "netmanager-{INSTANCE}"], check=True)
subprocess.run(["nft", "list", "table", "arp", "netmanager-{INSTANCE}"], check=True)
"""
ASKS = """
import socket, sys
from datacenter.ovsdb import Ovsdb
Ovsdb().version()
socket.socket(socket.AF_UNIX).connect(sys.argv[1] + "/socket")
"""
MEASURES = """
import sys
from datacenter.engine.builds import _size_of
assert _size_of(sys.argv[1]) >= 100_000
"""


def setpriv(name: str, *, capabilities: bool = True) -> list[str]:
    """A command that runs another one with the user, groups and capabilities of a service."""
    unit = service(name)
    bounding = _capabilities(unit.words("CapabilityBoundingSet") if capabilities else set())
    ambient = _capabilities(unit.words("AmbientCapabilities") if capabilities else set())
    user = "0" if unit.one("User") == "root" else NOBODY
    groups = [str(grp.getgrnam(group).gr_gid) for group in unit.words("SupplementaryGroups")]
    return [
        *("setpriv", "--no-new-privs", "--reuid", user, "--regid", user),
        *(("--groups", ",".join(groups)) if groups else ("--clear-groups",)),
        *("--inh-caps", ambient, "--ambient-caps", ambient, "--bounding-set", bounding),
    ]


def _capabilities(names: set[str]) -> str:
    return ",".join(["-all", *(f"+{name.removeprefix('CAP_').lower()}" for name in sorted(names))])


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def roots(tmp_path: Path) -> Iterator[Path]:
    """A folder that root alone may enter, with a socket and 100 kB."""
    place = tmp_path / "roots"
    place.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place / "socket"))
        listener.listen()
        (place / "socket").chmod(0o600)
        (place / "written").write_bytes(os.urandom(100_000))
        yield place


@pytest.mark.parametrize(
    ("name", "does"),
    [
        *(("driver", PLUGS), ("bootstrap", MAKES_READY), ("firewall", CLOSES), ("web", ASKS), ("builds", MEASURES)),
        *((name, PLUGS + MAKES_READY + COMPARES) for name in ("datacenter", "reconciler")),
    ],
    ids=["driver", "bootstrap", "firewall", "web", "builds", "datacenter", "reconciler"],
)
def test_a_service_can_do_its_work_and_could_not_without_its_capabilities(name: str, does: str, roots: Path) -> None:
    work = (sys.executable, "-c", does, str(roots))
    done = run(*OWN_NETWORK, *setpriv(name), *work)
    assert done.returncode == 0, done.stderr
    assert run(*OWN_NETWORK, *setpriv(name, capabilities=False), *work).returncode != 0
