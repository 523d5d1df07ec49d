"""One row: streams begin, something is killed, and what that cost is counted."""

import re
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.conditions import wait_until
from tests.system.matrix.calls import Caller, open_operations
from tests.system.matrix.city import CALLS, SPARE, City
from tests.system.matrix.drift import drift
from tests.system.matrix.rows import Row
from tests.system.matrix.spies import Spies
from tests.system.matrix.traffic import Losses, Traffic
from tests.system.matrix.void import Void
from tests.system.scene import let_pass
from tests.system.stack import INSTANCE

CONTROL = 2.0  # seconds in which nothing happens, and nothing may be lost
AFTER = 1.0  # seconds of streams when all is whole again
PATIENCE = 15.0  # seconds beyond the limit that a row is given, so that the table tells how long it takes
ENDED = 15.0  # seconds from when there is a worker again until no operation is open
ATTEMPTS = 4  # of which the machine itself may spoil all but one
TUNNELLED = "laptop → container"  # the kind that the host's Open vSwitch loses some of whenever a link comes or goes
UNDER_WAY = re.compile(
    rf"\bproject {CALLS}\b|\b{INSTANCE}-p{CALLS}\b|\bsocket ({SPARE[0]}|{SPARE[1]})\b"
)  # what the caller changes
A_FEW = 60  # frames of that kind, of all projects, that it loses so


@dataclass
class Measure:
    """What a row has cost. `seconds` is None if it was not whole in time; `drift` is what was left then."""

    name: str
    what: str
    lost: dict[str, int] = field(default_factory=dict)
    seconds: float | None = None
    kept: bool = True
    drift: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    void: int = 0
    at: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def measured(city: City, row: Row) -> Measure:
    """The row's measure, from a run that is not void; raises AssertionError where none was to be had."""
    reasons = []
    for attempt in range(ATTEMPTS):
        try:
            measure = _run(city, row, last=attempt == ATTEMPTS - 1)
        except Void as reason:
            reasons.append(str(reason))
            print(f"{row.name}: void, {reason}")
            wait_until(lambda: not open_operations(), "no operation is open")
            continue
        measure.void = attempt
        return measure
    raise AssertionError(f"each of {ATTEMPTS} runs was void: {reasons}")


def _run(city: City, row: Row, last: bool) -> Measure:
    if row.middle:
        row.middle.prepare(city)
    wait_until(lambda: not drift(city.stack), f"the control: nothing differs before {row.name}, as does {drift(city.stack)}")
    before = city.told(), city.addresses()
    with ExitStack() as stack:
        spies = stack.enter_context(Spies(city.vlans, city.laptops))
        caller = stack.enter_context(Caller(city.stack))
        traffic = stack.enter_context(Traffic(city.ways()))
        let_pass(CONTROL)
        if traffic.missing:
            raise Void("frames were lost when nothing happened")
        there = row.kill(city)
        clean, left = _wait_whole(city, traffic, there + row.seconds + PATIENCE)
        let_pass(AFTER)
        losses = traffic.end()
    _check_instruments(row, losses, spies, last)
    seconds = None if left else max(0.0, max(clean, losses.last) - there)
    measure = Measure(row.name, row.what, losses.by_kind, seconds, drift=left, at=time.time())
    measure.complaints = [
        *(f"isolation: {sentence}" for sentence in spies.foreign),
        *_lost(row, losses),
        *([f"not whole within {row.seconds:g} s: {seconds}, {left}"] if seconds is None or seconds > row.seconds else []),
        *_changed(city, measure, *before),
        *_operations(there),
        *caller.complaints(),
        *(row.middle.complaints(city) if row.middle else []),
    ]
    return measure


def _wait_whole(city: City, traffic: Traffic, until: float) -> tuple[float, list[str]]:
    """When nothing differed and frames came through on every way; or what is left when the time is up."""
    while True:
        begun = time.monotonic()
        left = [sentence for sentence in drift(city.stack) if not UNDER_WAY.search(sentence)] + traffic.silent()
        if not left or time.monotonic() > until:
            return begun, left


def _check_instruments(row: Row, losses: Losses, spies: Spies, last: bool) -> None:
    """Raise Void for a run that tells nothing."""
    if losses.dropped or spies.dropped:
        raise Void(f"{losses.dropped} frames found a receiver's buffer full, {spies.dropped} a spy's")
    elsewhere = sum(lost for kind, lost in losses.by_kind.items() if kind != TUNNELLED)
    if row.lossless and not last and not elsewhere and 0 < losses.by_kind[TUNNELLED] <= A_FEW:
        raise Void(f"{losses.by_kind[TUNNELLED]} frames were lost in the tunnel, and none elsewhere")
    assert spies.counted, "the control: the spies see what is sent"


def _lost(row: Row, losses: Losses) -> list[str]:
    lost = {kind: number for kind, number in losses.by_kind.items() if number}
    return [f"frames were lost: {lost}"] if row.lossless and lost else []


def _changed(city: City, measure: Measure, told: dict[str, Any], addresses: dict[str, str]) -> list[str]:
    """Containers that the API tells of otherwise than before, and addresses that are not what they were."""
    now_told, now = city.told(), city.addresses()
    moved = [f"{name} had {had}, and has {now.get(name)}" for name, had in addresses.items() if now.get(name) != had]
    measure.kept = not moved
    return moved + [f"{name} was {was}, and is {now_told[name]}" for name, was in told.items() if now_told[name] != was]


def _operations(there: float) -> list[str]:
    """What is still open when there has been a worker for long enough."""
    try:
        wait_until(lambda: not open_operations(), "no operation is open", max(1.0, there + ENDED - time.monotonic()))
    except AssertionError:
        return open_operations()
    return []
