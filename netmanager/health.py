"""Whether this process lives (/healthz/) and whether everything it needs answers (/readyz/)."""

import socket
import time
from collections.abc import Callable
from typing import Any

import redis
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, JsonResponse

from apps import host


def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"success": True})


def readyz(request: HttpRequest) -> JsonResponse:
    """200 if all answer, else 503; each check with its time in milliseconds or its error."""
    checks = {name: _timed(check) for name, check in _CHECKS.items()}
    ready = all("error" not in check for check in checks.values())
    return JsonResponse({"success": ready, "checks": checks}, status=200 if ready else 503)


def _timed(check: Callable[[], object]) -> dict[str, Any]:
    begun = time.perf_counter()
    try:
        check()
    except Exception as error:  # whatever a service of ours answers, the page must say it
        return {"error": str(error)}
    return {"ms": round((time.perf_counter() - begun) * 1000, 1)}


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _broker() -> None:
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5) as client:
        client.ping()


def _driver() -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5)
        client.connect(host.names.driver_socket)


_CHECKS: dict[str, Callable[[], object]] = {
    "broker": _broker,
    "docker": host.engine.version,
    "ovs": host.ovsdb.version,
    "driver": _driver,
    "database": _database,  # last: this thread keeps its connection, and the others may be slow
}
