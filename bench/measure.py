"""Interleaved measurements: every contender once a round, so that a noisy machine is noisy for all."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

Measure = Callable[[], float]  # does the thing to measure, undoes it, and returns the seconds that counted
Run = Callable[[], Callable[[], object]]  # does the thing to measure and returns what undoes it, unmeasured


@dataclass
class Contender:
    """A name and a thing to measure; `seconds` holds one reading a round."""

    name: str
    measure: Measure
    seconds: list[float] = field(default_factory=list)

    @property
    def p50(self) -> float:
        return statistics.median(self.seconds)

    @property
    def p95(self) -> float:
        """The worst where there are too few readings to say."""
        return statistics.quantiles(self.seconds, n=20, method="inclusive")[-1] if len(self.seconds) > 1 else self.seconds[0]


def stopwatch(run: Run) -> Measure:
    """Measures how long a call takes."""

    def measure() -> float:
        begun = time.perf_counter()
        undo = run()
        took = time.perf_counter() - begun
        undo()
        return took

    return measure


def interleave(contenders: list[Contender], rounds: int, warm_up: int = 1) -> None:
    """Measure all contenders in turn, `rounds` times, after rounds that do not count."""
    for number in range(-warm_up, rounds):
        for contender in contenders:
            seconds = contender.measure()
            if number >= 0:
                contender.seconds.append(seconds)


def report(title: str, contenders: list[Contender]) -> None:
    """Medians, 95th percentiles, and the first contender's ratios to each other one."""
    ours = contenders[0]
    print(f"\n{title} ({len(ours.seconds)} rounds)")
    for contender in contenders:
        ratio = ""
        if contender is not ours:
            ratio = f"   ratio p50 {ours.p50 / contender.p50:.3f}, p95 {ours.p95 / contender.p95:.3f}"
        p50, p95 = contender.p50 * 1000, contender.p95 * 1000
        print(f"  {contender.name:<62} p50 {p50:8.1f} ms   p95 {p95:8.1f} ms{ratio}", flush=True)
