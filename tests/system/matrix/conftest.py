"""The city for all rows, and the page that is written when they have been measured."""

import os
from collections.abc import Callable, Iterator

import pytest

from tests.conditions import wait_until
from tests.system.matrix import report
from tests.system.matrix.city import CALLS, PROJECTS, City, standing_city
from tests.system.matrix.drift import drift
from tests.system.matrix.measure import Measure
from tests.system.matrix.rows import ROWS
from tests.system.stack import Stack

HEALS = 20  # seconds


@pytest.fixture(scope="package")
def standing(stack: Stack) -> Iterator[City]:
    with standing_city(stack) as city:
        yield city


@pytest.fixture
def city(standing: City) -> Iterator[City]:
    """Whole before each row, whatever the one before has left."""
    standing.sweep()
    yield standing
    standing.sweep()
    try:
        wait_until(lambda: not drift(standing.stack), "nothing differs", HEALS)
    except AssertionError:
        _heal(standing)


def _heal(city: City) -> None:
    """What NetManager did not put right by itself: by hand, as far as that goes, else all is built anew."""
    city.stack.manage("bootstrap_datacenter")
    for project in (*PROJECTS, CALLS):
        city.stack.post(f"/create-bridge/1/{project}/")
    try:
        wait_until(lambda: not drift(city.stack), "nothing differs", HEALS)
    except AssertionError:
        city.rebuild()


@pytest.fixture(scope="package")
def told(stack: Stack) -> Iterator[Callable[[Measure], None]]:
    """Where measures go as soon as they are had; `make matrix` has the page written from them."""
    asked_for = bool(os.environ.get("NETMANAGER_MATRIX"))

    def tell(measure: Measure) -> None:
        print("", report.line(measure.as_dict()), sep="\n")
        if asked_for:
            report.add(measure.as_dict())

    yield tell
    if asked_for:
        report.write(stack, [row.name for row in ROWS])
