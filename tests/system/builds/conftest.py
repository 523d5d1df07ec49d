"""What builds leave on the engine."""

from collections.abc import Callable, Iterator

import pytest

from tests.conditions import wait_until
from tests.system.stack import INSTANCE, Stack

Leftovers = tuple[set[str], set[str], set[str]]


@pytest.fixture
def leaves_nothing(stack: Stack) -> Iterator[Callable[[], Leftovers]]:
    """There are no images, layers of images, containers or volumes, after the test, that were not there before."""

    def there() -> Leftovers:
        images = set(stack.docker("images", "-aq", "--no-trunc").split())
        containers = stack.docker("ps", "-a", "--format", "{{.Names}}").split()
        strange = {name for name in containers if not name.startswith(f"{INSTANCE}-")}
        volumes = {name for name in stack.docker("volume", "ls", "-q").split() if not name.startswith(f"{INSTANCE}-")}
        return images, strange, volumes

    before = there()
    yield there
    wait_until(lambda: all(now <= then for now, then in zip(there(), before, strict=True)), f"the engine is as before: {before}")
