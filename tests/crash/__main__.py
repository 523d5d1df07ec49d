"""`deploy/crash.sh [COMMAND...]`: ends commands in the middle, at random moments, and runs the next of each to its end.

Each command is ended by SIGTERM and by SIGKILL of all its processes, daemons that it started included. The next run must succeed
and leave nothing that it should not. A run of `make test` or `make bench` takes long: these are ended within their first minutes,
and their next run is a short one. `first-up` is `make up` without virtualenv and images. Prints a table; exits 1 if one failed.
"""

import argparse
import random
import signal
import sys
import time
import uuid
from collections.abc import Iterator

from tests.conftest import ROOT
from tests.crash import processes
from tests.crash.commands import COMMANDS, LOGS, Command

SIGNALS = {"TERM": signal.SIGTERM, "KILL": signal.SIGKILL}
NEXT_ENDS_WITHIN = 1200  # seconds


def main() -> None:
    asked = _arguments()
    print(f"seed {asked.seed}", flush=True)
    (ROOT / LOGS).mkdir(parents=True, exist_ok=True)
    rows = []
    for name in asked.commands or COMMANDS:
        command = COMMANDS[name]
        span = command.seconds or _undisturbed(command, name)
        for sig in asked.signals or SIGNALS:
            moments = random.Random(f"{asked.seed} {name} {sig}")
            failed = 0
            for number in range(1, asked.moments + 1):
                moment = moments.uniform(0, span)
                wrong = _round(command, f"{name}-{sig}-{number}", moment, SIGNALS[sig])
                failed += bool(wrong)
                print(f"{name} {sig} {number}: at {moment:.2f} of {span:.1f} s: {wrong or 'well'}", flush=True)
            rows.append(f"| {name} | {sig} | {asked.moments} | 0-{span:.0f} s | {failed} |")
    print("\n".join(["", "| command | signal | moments | within | failed |", "|---|---|---|---|---|", *rows]))
    sys.exit(any(not row.endswith("| 0 |") for row in rows))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="deploy/crash.sh", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("commands", nargs="*", metavar="COMMAND", help=f"{', '.join(COMMANDS)}; none: all")
    parser.add_argument("--signal", dest="signals", action="append", choices=SIGNALS, help="only this signal; default: both")
    parser.add_argument("--moments", type=int, default=20, help="moments of each command and signal (default: 20)")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="repeats the moments of an earlier run")
    asked = parser.parse_args()
    if unknown := set(asked.commands) - set(COMMANDS):
        parser.error(f"no such command: {', '.join(sorted(unknown))}; there are: {', '.join(COMMANDS)}")
    return asked


def _undisturbed(command: Command, name: str) -> float:
    """Seconds that a whole run takes; it must succeed."""
    command.prepare()
    begun = time.monotonic()
    if wrong := "; ".join(_next(command.command, f"{name}-undisturbed")):
        sys.exit(f"{name}: {wrong}")
    return time.monotonic() - begun


def _round(command: Command, name: str, moment: float, sig: signal.Signals) -> str:
    """End a run at a moment and have the next one; return what is wrong then, or nothing."""
    command.prepare()
    mark = uuid.uuid4().hex
    with (ROOT / LOGS / f"{name}.log").open("wb") as log:
        run = processes.start(command.command, mark, log, {"CONFIRM": "yes"})
        if not processes.ends_within(run, moment):
            processes.end(run, mark, sig)
    wrong = [*_next(command.next_command, f"{name}-next"), *command.left()]
    if wrong:  # and the rounds after it begin with a machine that is well
        list(_next(command.next_command, f"{name}-again"))
    return "; ".join(wrong)


def _next(command: list[str], name: str) -> Iterator[str]:
    """Run a command to its end; yield what it says if it fails."""
    path = ROOT / LOGS / f"{name}.log"
    mark = uuid.uuid4().hex
    with path.open("wb") as log:
        run = processes.start(command, mark, log, {"CONFIRM": "yes"})
        if not processes.ends_within(run, NEXT_ENDS_WITHIN):
            processes.end(run, mark, signal.SIGKILL)
            yield f"{' '.join(command)} does not end within {NEXT_ENDS_WITHIN} s"
    if run.returncode:
        lines = path.read_text(errors="replace").strip().splitlines()
        said = next((line for line in reversed(lines) if not line.startswith("make:")), "")
        yield f"{' '.join(command)} exited {run.returncode}: {said} (see {path.relative_to(ROOT)})"


if __name__ == "__main__":
    main()
