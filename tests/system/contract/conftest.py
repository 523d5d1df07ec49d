from collections.abc import Iterator

import pytest

from tests.system.contract.world import World, standing_world
from tests.system.lab import standing_lab
from tests.system.stack import Stack
from tests.system.test_leftovers import host_state


@pytest.fixture(scope="package")
def world(stack: Stack) -> Iterator[World]:
    """What stands for the tests of this directory; the host is as before when it is gone."""
    with standing_lab(stack, 4) as lab:
        before = host_state(stack)
        with standing_world(stack, lab) as standing:
            yield standing
        assert host_state(stack) == before
