"""A room of two switches, of which one is harmed and the other is not."""

from collections.abc import Iterator

import pytest

from tests.system.lab import Lab, standing_lab
from tests.system.stack import Stack


@pytest.fixture(scope="module")
def lab(stack: Stack) -> Iterator[Lab]:
    """Two switches of six sockets, whose links do not bounce.

    With the userspace datapath Open vSwitch forgets the routes of its tunnels, for a moment, whenever any link of its kernel
    goes up or down.
    """
    with standing_lab(stack, 12, 2) as standing:
        stack.orm("from apps.ports.models import Switch; Switch.objects.update(bounce_ms=0)")
        for switch in standing.room.layout.switch_numbers:
            standing.wait_connected(switch)
        yield standing
