"""The campus of the soak."""

from collections.abc import Iterator

import pytest

from tests.system.soak.campus import Campus, standing_campus
from tests.system.stack import Stack


@pytest.fixture
def campus(stack: Stack) -> Iterator[Campus]:
    with standing_campus(stack) as standing:
        yield standing
