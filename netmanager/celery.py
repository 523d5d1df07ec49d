"""The Celery application: tasks of all apps, two queues, no result backend (the Operation row is the result)."""

import os
from typing import Any

from celery import Celery
from celery.signals import task_prerun
from django.db import close_old_connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "netmanager.settings")

app = Celery("netmanager")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@task_prerun.connect
def renew_connection(**event: Any) -> None:
    """A worker keeps its database connection from task to task; one that died meanwhile is opened again."""
    close_old_connections()
