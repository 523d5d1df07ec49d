"""What is not as the database says it should be: the one measure of it that all rows of the matrix use."""

import os
import subprocess
from collections.abc import Iterator

from tests.system.stack import ROOT, Stack, run
from tests.system.state import differences
from tests.system.state.facts import NAMES

LEAVES = 2  # rules: what comes from the routing bridge, and what goes there


def drift(stack: Stack) -> list[str]:
    """Sentences, none if all is right: those of `manage.py reconcile --dry-run`, and of the tests' own comparisons.

    What cannot be asked for, because a part is away, is not right.
    """
    try:
        return [*_reconcile(stack), *differences(stack), *_firewall()]
    except (AssertionError, subprocess.TimeoutExpired, KeyError, ValueError) as error:
        return [f"it cannot be told: {str(error)[:300]}"]


def _firewall() -> Iterator[str]:
    """Our tables are there, and where Docker has a chain for others' rules, there is leave for what we forward."""
    tables = run("nft", "list", "tables").splitlines()
    for table in (f"table {family} {NAMES.table}" for family in ("inet", "arp")):
        if table not in tables:
            yield f"firewall: {table} should be there and is not"
    rules = run("iptables", "-w", "-S", "DOCKER-USER", check=False).splitlines()
    leaves = sum(f"--comment {NAMES.table} " in rule for rule in rules)
    if rules and leaves != LEAVES:
        yield f"firewall: chain DOCKER-USER has {leaves} rules of ours, and should have {LEAVES}"


def _reconcile(stack: Stack) -> Iterator[str]:
    done = subprocess.run(
        (".venv/bin/python", "manage.py", "reconcile", "--dry-run"),
        cwd=ROOT, env=os.environ | stack.environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    yield from lines
    if done.returncode and not lines:
        yield f"reconcile --dry-run exited {done.returncode}: {done.stderr[-300:]}"
