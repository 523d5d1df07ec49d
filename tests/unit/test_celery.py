"""What the Celery application does before a worker forks its processes."""

import gc
from collections.abc import Iterator

import pytest
from celery.signals import worker_before_create_process

from netmanager import celery


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def _collected() -> set[int]:
    """What the collector looks at."""
    return {id(each) for each in gc.get_objects()}


def test_what_was_loaded_before_a_process_is_forked_is_looked_at_by_no_collection_in_it() -> None:
    loaded = [celery.app]
    assert id(loaded) in _collected(), "the control"
    worker_before_create_process.send(sender=None)
    assert id(loaded) not in _collected()


def test_what_is_made_afterwards_is_collected() -> None:
    worker_before_create_process.send(sender=None)
    made = [celery.app]
    assert id(made) in _collected()
