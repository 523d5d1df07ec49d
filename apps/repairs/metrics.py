"""What the reconciler counts, for Prometheus, on a port of its own."""

import logging

from django.conf import settings
from prometheus_client import Counter, Gauge, start_http_server

from apps.operations.models import Operation, State
from apps.repairs.drift import part_of

log = logging.getLogger(__name__)

repairs = Counter("netmanager_repairs_total", "Differences that were put right.", ["part"])
failures = Counter("netmanager_repairs_failed_total", "Operations of kind repair that failed.")
drift = Gauge("netmanager_drift", "Differences that were found at the last look.")


def serve() -> None:
    """Answer Prometheus from now on; where that cannot be, only say so: healing matters more."""
    listen = settings.NETMANAGER_RECONCILER_METRICS_LISTEN
    host, _, port = listen.rpartition(":")
    try:
        start_http_server(int(port), host)
    except (OSError, OverflowError, ValueError) as error:
        log.warning("no metrics: cannot listen on NETMANAGER_RECONCILER_METRICS_LISTEN=%s: %s", listen, error)


def count(operation: Operation) -> None:
    """Count what an operation of kind `repair` that has ended put right, and whether it failed."""
    for sentence in operation.result.get("repairs", ()):
        repairs.labels(part_of(sentence)).inc()
    if operation.state == State.FAILED:
        failures.inc()
