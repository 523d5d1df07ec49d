"""Interleaved measurements: every contender once a round, so that a noisy machine is noisy for all."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

Run = Callable[[], Callable[[], object]]  # does the thing to measure and returns what undoes it, unmeasured


@dataclass
class Contender:
    """A name and a thing to measure; `seconds` holds one reading a round."""

    name: str
    run: Run
    seconds: list[float] = field(default_factory=list)

    @property
    def median_ms(self) -> float:
        return statistics.median(self.seconds) * 1000


def interleave(contenders: list[Contender], rounds: int) -> None:
    """Measure all contenders in turn, `rounds` times, after one round that does not count."""
    for number in range(rounds + 1):
        for contender in contenders:
            begun = time.perf_counter()
            undo = contender.run()
            took = time.perf_counter() - begun
            undo()
            if number:
                contender.seconds.append(took)


def report(title: str, contenders: list[Contender]) -> None:
    """Medians, 90th percentiles, and the first contender's ratio to each other one."""
    ours = contenders[0]
    print(f"\n{title} ({len(ours.seconds)} rounds)")
    for contender in contenders:
        ratio = "" if contender is ours else f"   ratio {ours.median_ms / contender.median_ms:.2f}"
        tenth = statistics.quantiles(contender.seconds, n=10)[-1] * 1000
        print(f"  {contender.name:<58} p50 {contender.median_ms:7.1f} ms   p90 {tenth:7.1f} ms{ratio}")
