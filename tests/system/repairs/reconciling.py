"""What `manage.py reconcile` says, and the one that watches."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import urlopen

from tests.system.stack import SETTINGS, Stack

METRICS = SETTINGS["NETMANAGER_RECONCILER_METRICS_LISTEN"]


DRY_RUN = """
from django.core.management import call_command
try:
    call_command("reconcile", "--dry-run", *{})
except SystemExit as end:
    print(end.code)
"""


# Tests that run beside these give the host networks, and take them away; tests/integration/test_firewall_complaints.py has this.
NETWORKS_OF_OTHERS = re.compile(r"host: host firewall: networks that no project may reach, .* are others now: .*")


def dry_run(stack: Stack, *arguments: str) -> list[str]:
    """What differs, a line each; the exit status says the same. Networks of the host, which others change, are left out."""
    *lines, status = stack.orm(DRY_RUN.format(arguments)).splitlines()
    assert int(status) == bool(lines)
    return [line for line in lines if not NETWORKS_OF_OTHERS.fullmatch(line)]


@contextmanager
def healing(stack: Stack) -> Iterator[None]:
    """The stack's reconciler runs until the end of the block."""
    stack.heals = True
    stack.control("start", "reconciler")
    try:
        yield
    finally:
        stack.heals = False
        stack.control("stop", "reconciler")


def metric(name: str) -> float:
    """What the reconciler serves of a metric, `drift` or `repairs_total{part="name"}`; 0 where it has none yet."""
    with urlopen(f"http://{METRICS}/metrics", timeout=10) as answer:
        found = re.search(rf"^netmanager_{re.escape(name)} (\S+)$", answer.read().decode(), re.MULTILINE)
    return float(found[1]) if found else 0.0
