"""The Django project: settings, URLs, errors to HTTP, Celery, WSGI."""

from netmanager.celery import app as celery_app

__all__ = ["celery_app"]
