"""What a kill must know of the place where it happens."""

from typing import Protocol

from tests.system.lab import Lab
from tests.system.stack import Stack


class Site(Protocol):
    """A stack and its room, with a project of which one part is killed, and another in which something may be built."""

    @property
    def stack(self) -> Stack: ...

    @property
    def lab(self) -> Lab: ...

    @property
    def victim(self) -> int: ...

    @property
    def busy(self) -> int: ...
