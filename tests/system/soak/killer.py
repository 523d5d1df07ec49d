"""Kills one thing after the other, of what the matrix kills: every row once before any comes again, in an order by chance."""

import math
import random
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext

from tests.conditions import wait_until
from tests.system.load.client import PATIENCE
from tests.system.matrix import kills
from tests.system.matrix.rows import ROWS, Row
from tests.system.scene import let_pass
from tests.system.soak.campus import ALL_IS_OURS, FULL, SEED, Campus

EVERY = 20.0 if FULL else 8.0  # seconds
LEFT_OUT = {"builder", "full-disk", "power-cut"}  # these want to be alone
BUILDS = Row("builds", "builder, SIGKILL", kills.program("builds"))
OF_A_PROJECT = (kills.container, kills.router, kills.removed_router, kills.bridge)
FAILURES = (AssertionError, OSError, ValueError, subprocess.SubprocessError)


def allowed() -> list[Row]:
    """What may be killed here."""
    alone = [row for row in (*ROWS, BUILDS) if not row.middle and row.name not in LEFT_OUT]
    return alone if ALL_IS_OURS else [row for row in alone if not row.shared and not row.own]


class Killer:
    """`complaints` are sentences on what was not there again; `killed` has names of rows."""

    def __init__(self, campus: Campus) -> None:
        self._campus, self._random = campus, random.Random(SEED)
        self._waiting: list[Row] = []
        self.killed: list[str] = []
        self.complaints: list[str] = []

    def run(self, seconds: float) -> None:
        """For so long; one that takes longer is made up for, and the last may end later."""
        begun = time.monotonic()
        for number in range(math.ceil(seconds / EVERY)):
            let_pass(max(0.0, begun + number * EVERY - time.monotonic()))
            self._waiting = self._waiting or self._random.sample(allowed(), len(allowed()))
            self._kill(self._waiting.pop())
        let_pass(max(0.0, begun + seconds - time.monotonic()))

    def _kill(self, row: Row) -> None:
        begun = time.monotonic()
        try:
            with self._victim() if row.kill in OF_A_PROJECT else nullcontext():
                there = row.kill(self._campus)
        except FAILURES as error:
            self.complaints.append(f"{row.name}: {str(error)[:500]}")
        else:
            self.killed.append(row.name)
            print(f"{row.name}: there again after {there - begun:.1f} s")

    @contextmanager
    def _victim(self) -> Iterator[None]:
        """A project whose container `web` and router run, and whose owner is held, is the victim until the end of the block."""
        with ExitStack() as held:
            wait_until(lambda: self._found(held), "a project has a `web` that runs", PATIENCE)
            yield

    def _found(self, held: ExitStack) -> bool:
        """Whether an owner's project, by chance, will do; it is the victim then, and its owner held."""
        owner = self._random.choice(self._campus.owners)
        if not self._runs(owner.project):
            return False  # without a wait for its owner's answer
        with ExitStack() as tried:
            tried.enter_context(owner.held())
            if not self._runs(owner.project):
                return False
            self._campus.victim = owner.project
            held.push(tried.pop_all())
        return True

    def _runs(self, project: int) -> bool:
        stack = self._campus.stack
        names = [stack.docker_name(project, name) for name in ("web", "router")]
        return stack.docker("inspect", "-f", "{{.State.Running}}", *names, check=False).split() == ["true", "true"]
