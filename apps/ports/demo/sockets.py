"""The third scene: laptops at the sockets of a lab, inside the projects and nowhere else."""

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from ipaddress import IPv4Address
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.management.base import CommandError

from apps import host
from apps.ports.demo.stage import DB, HERE, THERE, USER, WEB, Stage
from apps.ports.models import Socket
from lab.leases import Lease
from lab.stream import stream

FIRST, SECOND, OTHER, MOVER = 1, 2, 3, 4  # sockets: two of HERE, one of THERE, and one that moves from HERE to THERE
MEGABYTES = 32
INTERVAL = 0.05  # seconds between two pings
UNDER_WAY = 5  # pings, those of a quarter of a second: so many may have no answer yet when ping is told to end
SILENCE = 10  # pings in a row, half a second, make an interruption; a changed interface was seen to cost the tunnel 18 ms
_SERVE = "import sys; from http.server import *; HTTPServer(('', 8000), SimpleHTTPRequestHandler).handle_request()"
# The container offers a file to whoever connects, until its nc is killed.
_OFFER = f"""head -c {MEGABYTES}M /dev/urandom >/tmp/file; sha256sum /tmp/file
while nc -lN 8001 </tmp/file; do :; done >/dev/null 2>&1 &"""
_LISTENS = "ss -Hltn sport = :8001 | grep -q ."


def play(stage: Stage) -> None:
    """Sockets are given to projects; one of them moves while the others go on."""
    for socket in Socket.objects.filter(project__isnull=False, number__in=(FIRST, SECOND, OTHER, MOVER)).order_by("number"):
        stage.post(f"remove-port/{USER}/{socket.number}")
    leases = _join(stage)
    _inside(stage, leases)
    _downloads(stage, leases)
    _isolation(stage, leases)
    _move(stage)


@contextmanager
def going_on(stage: Stage) -> Iterator[None]:
    """Check that the others go on: 1000 frames a second each way between two laptops lose none, and the tunnel stays up.

    A few frames in the tunnel may be lost: Open vSwitch reads all routes again when an interface of its namespace changes.
    """
    room = stage.room
    one, two = room.laptop(FIRST).endpoint, room.laptop(SECOND).endpoint
    pings = room.laptop(OTHER).popen("ping", "-i", str(INTERVAL), WEB, stdout=subprocess.PIPE, text=True)
    try:
        with stream(one, two) as there, stream(two, one) as back:
            yield
    finally:
        pings.send_signal(signal.SIGINT)  # ping says then what became of them
        said = pings.communicate(timeout=30)[0]
    sent, lost = there.result.sent + back.result.sent, len(there.result.lost) + len(back.result.lost)
    stage.check(
        f"of {sent} frames between laptops {FIRST} and {SECOND}, sent meanwhile, {lost or 'none'} is lost", sent > 0 == lost
    )
    answered = {int(number) for number in re.findall(r"icmp_seq=(\d+) ttl", said)}
    counted = re.search(r"(\d+) packets transmitted", said)
    transmitted = int(counted[1]) if counted else 0
    last = max(transmitted - UNDER_WAY, max(answered, default=0))  # which must have been answered, as all before it
    silence = longest_silence(answered, last)
    stage.check(
        f"laptop {OTHER} pinged its container {transmitted} times meanwhile: at most {silence} answers in a row are missing",
        answered != set() and silence < SILENCE,
    )


def longest_silence(answered: set[int], last: int) -> int:
    """Return the most pings in a row without an answer, of those numbered 1 to `last`."""
    numbers = sorted({0, last + 1} | {number for number in answered if number <= last})
    return max(later - earlier - 1 for earlier, later in pairwise(numbers))


def _join(stage: Stage) -> dict[int, Lease]:
    stage.step("a socket that is given to a project is inside its network")
    leases = {}
    for socket, project in ((FIRST, HERE), (SECOND, HERE), (OTHER, THERE), (MOVER, HERE)):
        added = stage.post(f"add-port/{USER}/{project}/{socket}")
        stage.check(f"the switch has confirmed socket {socket} for project {project}", added["applied"])
        lease = leases[socket] = stage.room.dhcp(socket, 30)
        subnet = host.plan.subnet(added["vlan"])
        stage.check(
            f"laptop {socket} has {lease.ip} from {lease.router}, MTU {lease.mtu}",
            IPv4Address(lease.ip) in subnet.network and lease.router == lease.dns == str(subnet.router),
        )
    return leases


def _inside(stage: Stage, leases: dict[int, Lease]) -> None:
    stage.step(f"inside project {HERE}, across the tunnel")
    stage.check("a laptop reaches a container by name", stage.laptop_pings(FIRST, DB))
    stage.check("a container reaches a laptop", stage.container_pings(HERE, leases[FIRST].ip))
    stage.check("a container reaches a laptop by name", stage.container_pings(HERE, f"laptop{FIRST}"))
    stage.check("a laptop reaches another", stage.laptop_pings(FIRST, leases[SECOND].ip))
    stage.check("a laptop reaches the uplink through the router's NAT", stage.laptop_pings(FIRST, str(host.plan.public_gateway)))
    login, password = _told(stage)
    done = stage.room.laptop(FIRST).ssh(login, password, "hostname")
    stage.check(f"who sits at a laptop logs in as {login}, with the password of the container's log", done.stdout.strip() == WEB)


def _told(stage: Stage) -> tuple[str, str]:
    """By what one logs in to the container WEB, and the password, as its log tells both."""
    listed = stage.get(f"get-project-containers/{USER}/{HERE}")["containers"]
    docker_id = next(container["docker_id"] for container in listed if container["container_name"] == WEB)
    log = stage.get(f"get-container-logs/{USER}/{docker_id}")["logs"]
    told = re.search(r"^ssh (student@\S+): password (\S+)$", log, re.MULTILINE)
    if told is None:
        raise CommandError(f"demo: the log of {WEB} tells no password: {log!r}")
    return told[1], told[2]


def _downloads(stage: Stage, leases: dict[int, Lease]) -> None:
    stage.step(f"{MEGABYTES} MB each way through the tunnel")
    with TemporaryDirectory(prefix="netmanager-demo-") as directory:
        file = Path(directory, "file")
        subprocess.run(["dd", "if=/dev/urandom", f"of={file}", "bs=1M", f"count={MEGABYTES}", "status=none"], check=True)
        digest = subprocess.run(["sha256sum", str(file)], capture_output=True, text=True, check=True).stdout.split()[0]
        with stage.room.laptop(FIRST).popen(sys.executable, "-c", _SERVE, cwd=directory, stderr=subprocess.DEVNULL) as server:
            curl = f"curl -sf --retry 30 --retry-delay 1 --retry-connrefused http://{leases[FIRST].ip}:8000/file | sha256sum"
            fetched = stage.inside(HERE, "sh", "-c", curl)[1]
            server.kill()
    stage.check("a container downloads from a laptop, checksum right", fetched.split()[:1] == [digest])
    digest = stage.inside(HERE, "sh", "-c", _OFFER)[1].split()[0]
    stage.wait("the container listens on port 8001", lambda: stage.inside(HERE, "sh", "-c", _LISTENS)[0] == 0, 30)
    fetched = stage.on_laptop(FIRST, "bash", "-c", f"sha256sum </dev/tcp/{WEB}/8001")[1]
    stage.inside(HERE, "pkill", "nc")
    stage.check("a laptop downloads from a container, checksum right", fetched.split()[:1] == [digest])


def _isolation(stage: Stage, leases: dict[int, Lease]) -> None:
    stage.step(f"sockets of projects {HERE} and {THERE} see nothing of each other")
    stage.check(f"laptop {OTHER} reaches its own project", stage.laptop_pings(OTHER, WEB))
    tries: dict[str, Callable[[], bool]] = {}
    for socket, target in ((FIRST, OTHER), (OTHER, FIRST)):
        there = leases[target]
        tries[f"laptop {socket} does not reach laptop {target}"] = partial(stage.laptop_pings, socket, there.ip)
        tries[f"laptop {socket} does not reach the router of laptop {target}"] = partial(stage.laptop_pings, socket, there.router)
    tries[f"a container of project {THERE} does not reach laptop {FIRST}"] = partial(
        stage.container_pings, THERE, leases[FIRST].ip
    )
    stage.check_none(tries)


def _move(stage: Stage) -> None:
    stage.step(f"socket {MOVER} moves to project {THERE}; the others go on")
    with going_on(stage):
        stage.post(f"remove-port/{USER}/{MOVER}")
        added = stage.post(f"add-port/{USER}/{THERE}/{MOVER}")
        stage.check("the switch has confirmed it", added["applied"])
        subnet = host.plan.subnet(added["vlan"]).network
        lease = stage.wait(f"laptop {MOVER} has a lease of project {THERE}", lambda: _lease_in(stage, subnet), 30)
        stage.check(f"laptop {MOVER} has {lease.ip}, without anybody touching it", True)
    stage.check(f"it reaches its new project's container {WEB}", stage.laptop_pings(MOVER, WEB))
    stage.check(f"and knows {DB} of the old one no more", not stage.laptop_pings(MOVER, DB))


def _lease_in(stage: Stage, subnet: Any) -> Lease | None:
    lease = stage.room.lease(MOVER)
    return lease if lease and IPv4Address(lease.ip) in subnet else None
