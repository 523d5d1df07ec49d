"""docs/RELIABILITY.md, from what was measured; the text is made by pure functions."""

import json
import platform
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from os import sched_getaffinity
from pathlib import Path
from textwrap import fill
from typing import Any

from tests.system.matrix.city import CONTAINERS, KINDS, PROJECTS
from tests.system.stack import ROOT, VAR, Stack, run

DOCUMENT = ROOT / "docs/RELIABILITY.md"
RESULTS = VAR / "matrix.json"

Results = dict[str, dict[str, Any]]  # measures by name of their row

TITLE = "# What survives what"
INTRODUCTION = """{projects} projects of {containers} containers and two laptops each; in every project four streams, of 100
numbered frames a second. One thing is killed; what supervisord does not start again is started by hand, and the clock runs from
when that is there until frames flow on every way and `manage.py reconcile --dry-run` has nothing to say. Meanwhile a caller
changes sockets; nothing that was acknowledged to it may be lost, or done twice. A spy in every project counts frames of others:
there was {foreign}.

- **lost**: frames that were due and did not come, of all projects together; from laptop to container they go through the tunnel.
  What could not be sent, as its container was away, is counted.
- **whole**: seconds until all was whole again; 0 if it was never otherwise.
- **kept**: whether every container, router and laptop has the addresses and MACs that it had.
- **drift**: what was left, `reconcile`'s lines counted.
- **void**: runs that were void before the one that is told.

A run is void, and repeated, if the machine itself lost frames before anything was killed or a receiver's buffer was full; also if
of a row that may lose none a few were lost in the tunnel alone, as Open vSwitch's userspace datapath does when a link of the host
comes or goes (ARCHITECTURE.md, "Found while building").
"""
COLUMNS = (*(f"lost {kind}" for kind in KINDS), "whole", "kept", "drift", "void")
HEAD = f"| killed | {' | '.join(COLUMNS)} |\n{'|---' * (len(COLUMNS) + 1)}|\n"
WIDTH, UNMET = 130, 600  # characters of a line, and of a complaint


def document(results: Iterable[dict[str, Any]], machine: str) -> str:
    """The page, with a line for each measure in this order."""
    measures = list(results)
    foreign = sum(line.startswith("isolation") for measure in measures for line in measure["complaints"])
    days = sorted({datetime.fromtimestamp(measure["at"], UTC).date().isoformat() for measure in measures})
    introduction = INTRODUCTION.format(
        projects=len(PROJECTS), containers=len(CONTAINERS), foreign="none" if not foreign else f"**{foreign} times one**"
    )
    when = " to ".join(dict.fromkeys((days[0], days[-1])))
    measured = fill(f"Written by `make matrix` from what it measured; {when}, on {machine}.", WIDTH)
    return f"{TITLE}\n\n{measured}\n\n{introduction}\n{HEAD}{''.join(map(line, measures))}{_unmet(measures)}"


def _unmet(measures: Iterable[dict[str, Any]]) -> str:
    """A list of what did not hold, if anything."""
    wrong = [f"- {one['what']}: {'; '.join(one['complaints'])}"[:UNMET] for one in measures if one["complaints"]]
    return "\n**What did not hold:**\n\n" + "\n".join(wrong) + "\n" if wrong else ""


def line(measure: dict[str, Any]) -> str:
    """A measure as a row of the table; what must not be so is bold."""
    lost = " | ".join(str(measure["lost"].get(kind, 0)) for kind in KINDS)
    seconds = "**never**" if measure["seconds"] is None else f"{measure['seconds']:.1f}"
    kept, drift = "yes" if measure["kept"] else "**no**", f"**{len(measure['drift'])}**" if measure["drift"] else "0"
    failed = " (**fails**)" if measure["complaints"] else ""
    return f"| {measure['what']}{failed} | {lost} | {seconds} | {kept} | {drift} | {measure['void']} |\n"


def machine(stack: Stack) -> str:
    """What it was measured on: versions and size."""
    memory = int(re.findall(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())[0]) / 1024 / 1024
    system = re.findall(r'PRETTY_NAME="(.*)"', Path("/etc/os-release").read_text())[0]
    versions: dict[str, Callable[[], str]] = {
        "Open vSwitch": lambda: run("ovs-vswitchd", "--version").split()[3],
        "Docker Engine": lambda: stack.docker("version", "-f", "{{.Server.Version}}"),
        "PostgreSQL": lambda: run("psql", "--version").split()[2],
        "Redis": lambda: re.findall(r"v=(\S+)", run("redis-server", "--version"))[0],
        "kernel": platform.release,
        "Python": platform.python_version,
    }
    told = ", ".join(f"{name} {version()}" for name, version in versions.items())
    return f"{len(sched_getaffinity(0))} cores and {memory:.0f} GiB, {system}: {told}"


def add(measure: dict[str, Any]) -> None:
    """Note a measure, in the place of an older one of its row."""
    known = known_results()
    RESULTS.write_text(json.dumps(known | {measure["name"]: measure}, indent=1))


def known_results() -> Results:
    """All that was measured since the results were last removed."""
    return dict(json.loads(RESULTS.read_text())) if RESULTS.exists() else {}


def write(stack: Stack, order: Iterable[str]) -> None:
    """The page, of all rows that were measured."""
    known = known_results()
    DOCUMENT.write_text(document([known[name] for name in order if name in known], machine(stack)))
