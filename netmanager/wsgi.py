"""WSGI entry point, for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "netmanager.settings")

application = get_wsgi_application()

from apps import host  # noqa: E402  # which needs the settings

host.usage_meter.start()  # so that the first question finds readings
