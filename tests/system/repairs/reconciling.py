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


def dry_run(stack: Stack, *arguments: str) -> list[str]:
    """What differs, a line each; the exit status says the same."""
    *lines, status = stack.orm(DRY_RUN.format(arguments)).splitlines()
    assert int(status) == bool(lines)
    return lines


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
