"""What `manage.py reconcile` says, and the one that watches."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import urlopen

from tests.system.stack import ROOT, SETTINGS, Stack

METRICS = SETTINGS["NETMANAGER_RECONCILER_METRICS_LISTEN"]


def dry_run(stack: Stack, *arguments: str) -> list[str]:
    """What differs, a line each; the exit status says the same."""
    done = subprocess.run(
        [".venv/bin/python", "manage.py", "reconcile", "--dry-run", *arguments],
        cwd=ROOT, env=os.environ | stack.environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    assert done.returncode == (1 if lines else 0), done.stderr
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
