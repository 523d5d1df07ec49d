"""One stack for the session; projects of a test are deleted after it."""

import itertools
from collections.abc import Iterator

import pytest

from tests.system.lab import Lab, standing_lab
from tests.system.stack import Stack, running_stack

_numbers = itertools.count(1001)


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    with running_stack() as running:
        yield running


@pytest.fixture
def project(stack: Stack) -> Iterator[int]:
    """A project that nobody has used, deleted after the test."""
    number = next(_numbers)
    yield number
    stack.delete_project(number)


@pytest.fixture
def other(stack: Stack) -> Iterator[int]:
    """Another one."""
    number = next(_numbers)
    yield number
    stack.delete_project(number)


@pytest.fixture(scope="module")
def lab(stack: Stack) -> Iterator[Lab]:
    """A room of six sockets on one switch, for the tests of a module."""
    with standing_lab(stack, 6) as standing:
        yield standing
