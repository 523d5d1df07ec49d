"""The Celery application: tasks of all apps, two queues, no result backend (the Operation row is the result)."""

import gc
import os
from threading import Event
from typing import Any

from celery import Celery
from celery.signals import task_failure, task_prerun, worker_before_create_process
from django.db import close_old_connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "netmanager.settings")

app = Celery("netmanager")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_before_create_process.connect
def share_memory(**event: Any) -> None:
    """A worker's processes share what was loaded before they were forked; a collection that looks at it would copy it."""
    gc.collect()
    gc.freeze()


_failed = Event()  # a task, since the last collection that was for it


@task_failure.connect
def remember_failure(**event: Any) -> None:
    _failed.set()


@task_prerun.connect
def forget_failure(**event: Any) -> None:
    """A failed task's traceback, as Celery copied it, holds itself: up to 1 MB, of too few objects to be collected by itself."""
    if _failed.is_set():
        _failed.clear()
        gc.collect()


@task_prerun.connect
def renew_connection(**event: Any) -> None:
    """A worker keeps its database connection from task to task; one that died meanwhile is opened again."""
    close_old_connections()
