"""What NetManager needs of this host, each with a question that raises where it does not work."""

import http.client
import re
import socket
from collections.abc import Callable
from contextlib import closing

import redis
from django.conf import settings
from django.db import connection

from apps import host
from datacenter import openflow

PATIENCE = 5  # seconds


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _broker() -> None:
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=PATIENCE) as client:
        client.ping()


def _ovs() -> None:
    host.ovsdb.version()
    openflow.greet(host.names.vtep)


def _driver() -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(PATIENCE)
        client.connect(host.names.driver_socket)


def _controller() -> None:
    address, _, port = settings.NETMANAGER_METRICS_LISTEN.rpartition(":")
    address = re.sub(r"^0\.0\.0\.0$", "127.0.0.1", address)  # as a program of this host calls it
    with closing(http.client.HTTPConnection(address, int(port), timeout=PATIENCE)) as client:
        client.request("GET", "/metrics")
        metrics = client.getresponse().read().decode()
    if not re.search(r"^netmanager_decides 1\.0$", metrics, re.MULTILINE):
        raise RuntimeError("The controller does not know the room yet, or hangs; see its log.")


PARTS: dict[str, Callable[[], object]] = {
    "database": _database,
    "broker": _broker,
    "docker": host.engine.version,
    "ovs": _ovs,
    "driver": _driver,
    "controller": _controller,
}
