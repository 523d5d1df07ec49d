"""Whatever is killed: all is whole again soon and by itself, nothing is lost that need not be, and nothing is seen by others.

NETMANAGER_MATRIX has the names of rows, or `all`; without it the short ones run. `make matrix` runs all of them.
"""

from collections.abc import Callable, Iterator

import pytest

from tests.system.matrix.city import City
from tests.system.matrix.measure import Measure, measured
from tests.system.matrix.rows import Row, chosen
from tests.system.repairs.reconciling import healing
from tests.system.stack import Stack


@pytest.fixture(scope="module", autouse=True)
def reconciler(stack: Stack) -> Iterator[None]:
    with healing(stack):
        yield


@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in chosen()])
def test_it_is_whole_again(city: City, told: Callable[[Measure], None], row: Row) -> None:
    measure = measured(city, row)
    told(measure)
    assert not measure.complaints, "\n".join(measure.complaints)
