"""Streams between hosts who must not notice what another does."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from lab.stream import Endpoint, Result, Stream

Ends = tuple[Endpoint, Endpoint]
TRIES = 4  # a machine that is busy with other things can make a run void
TOGETHER = 0.15  # seconds between what is lost at the same time
FOUND = 0.1  # seconds until a loop is found, and hosts that it has moved are back where they were
SAME, BYSTANDER = "same project", "bystander"


@dataclass(frozen=True)
class Ways:
    """Those by a room's switch alone, those through its tunnel too, and one by the tunnel of another switch.

    The host's Open vSwitch, which is that of all tests on this machine, loses frames of every tunnel whenever a link of the host
    comes or goes (see `lab` in conftest.py): what the bystander loses at the same time is not the disturbance's doing.

    `looped`: the disturbance is a loop in the project of SAME. A host that happens to speak meanwhile is taken for one behind the
    cable until the loop is found, and frames to it are lost (33 in a row when it spoke 200 times a second, else mostly none).
    """

    switched: Mapping[str, Ends]
    tunnelled: Mapping[str, Ends]
    bystander: Ends
    looped: bool = False

    @property
    def all(self) -> dict[str, Ends]:
        return {**self.switched, **self.tunnelled, BYSTANDER: self.bystander}


def lossless(ways: Ways, disturb: Callable[[], object], control: Callable[[], object] = lambda: time.sleep(1)) -> None:
    """Have numbered frames go along these ways, 1000 a second, during a disturbance; all must come through.

    A run is void, and repeated, if frames found a receiver's buffer full, or if some were lost by a control run already; also
    if frames were lost in the tunnel alone, as something else on the host need not have hit the bystander's at the same time.
    """
    for _ in range(TRIES):
        before, results = _run(ways, control), _run(ways, disturb)
        for name, result in results.items():
            print(f"{name}: {result.sent} frames, {len(result.lost)} lost, longest gap {result.longest_gap_ms:.0f} ms")
        lost = _lost(ways, results)
        if not lost:
            return
        dropped = any(result.dropped for result in (*before.values(), *results.values()))
        if not (dropped or _lost(ways, before) or lost.keys() <= ways.tunnelled.keys()):
            raise AssertionError(f"the control was whole, and now these were lost: {lost}")
    raise AssertionError(f"{TRIES} runs lost frames, or were void: {lost}")


def _lost(ways: Ways, results: Mapping[str, Result]) -> dict[str, list[int]]:
    """Numbers of the frames that somebody else lost, by way."""
    elsewhere = [results[BYSTANDER].due(number) for number in results[BYSTANDER].lost]
    lost = {name: results[name].lost for name in ways.switched}
    if ways.looped and lost[SAME] and results[SAME].due(lost[SAME][-1]) - results[SAME].due(lost[SAME][0]) < FOUND:
        lost[SAME] = []
    for name in ways.tunnelled:
        lost[name] = [number for number in results[name].lost if not _near(results[name].due(number), elsewhere)]
    return {name: numbers for name, numbers in lost.items() if numbers}


def _near(moment: float, moments: Iterable[float]) -> bool:
    return any(abs(moment - other) < TOGETHER for other in moments)


def _run(ways: Ways, disturb: Callable[[], object]) -> dict[str, Result]:
    with _running(ways.all) as running:
        disturb()
        return {name: stream.stop() for name, stream in running.items()}


@contextmanager
def _running(ways: Mapping[str, Ends]) -> Iterator[dict[str, Stream]]:
    with ExitStack() as stack:
        running = {name: stack.enter_context(Stream(*ends)) for name, ends in ways.items()}
        for stream in running.values():
            stream.wait_for_first(10)
        yield running
