"""What the Celery application does for the memory of a worker's processes."""

import gc
import logging
from collections.abc import Iterator

import pytest
from billiard.einfo import Traceback
from celery import Task
from celery.app.trace import build_tracer
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


@pytest.fixture
def collects_nothing_by_itself() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def _failing() -> Task[..., None]:
    @celery.app.task
    def fails() -> None:
        raise ValueError

    return fails


@pytest.mark.usefixtures("collects_nothing_by_itself")
def test_of_failed_tasks_no_more_is_kept_than_of_one(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "celery.app.trace")  # pytest keeps what is logged
    task = _failing()
    trace = build_tracer(task.name, task, app=celery.app)
    kept = []
    for _ in range(5):
        trace("id", [], {}, {"id": "id", "task": task.name})
        kept.append(sum(isinstance(each, Traceback) for each in gc.get_objects()))
    assert kept == kept[:1] * 5
    assert kept[0] > 0, "the control: it is kept until the next"
