"""Looks again whenever something has changed on the host or in the database, and every 30 s; idle in between."""

import logging
import time
from collections.abc import Callable
from threading import Event, Thread
from typing import NoReturn

from django.db import Error, connections

from apps import host
from apps.operations.models import ENDED_CHANNEL
from apps.operations.notices import hear
from apps.projects.models import NETWORK_CHANNEL
from apps.repairs import metrics
from apps.repairs.backoff import Backoff
from apps.repairs.looking import confirmed
from apps.repairs.services import drifts_repair
from datacenter import firewall
from datacenter.errors import DatacenterError
from datacenter.openflow import watch_flows

log = logging.getLogger(__name__)

EVERY = 30.0  # seconds without any change after which it looks
SETTLING = 0.3  # seconds after a change before it looks: one seldom comes alone
AGAIN = 0.3  # seconds until a look that failed is tried again
LATER = 1.0  # seconds until a source that ended is tried again


def watch() -> NoReturn:
    """Until the process is ended."""
    changed, backoff = Event(), Backoff()
    for source in (_docker, _bridges, _interfaces, _vtep_flows, _routing_flows, _firewall, _database):
        Thread(target=_forever, args=(source, changed), name=source.__name__, daemon=True).start()
    while True:
        changed.clear()
        if _look(backoff):
            changed.wait(min(EVERY, backoff.wait(time.monotonic())))
            time.sleep(SETTLING)
        else:
            time.sleep(AGAIN)


def _look(backoff: Backoff) -> bool:
    """Whether one could look at everything; what differs is put right."""
    try:
        drifts = confirmed()
        metrics.drift.set(len(drifts))
        due = backoff.due(drifts, time.monotonic())
        if due:
            drifts_repair(due)
    except (DatacenterError, Error, OSError) as error:
        log.warning("cannot look: %s", error)
        connections.close_all()
        return False
    return True


def _forever(source: Callable[[Callable[[], None]], None], changed: Event) -> NoReturn:
    """Listen to a source again whenever it ends: that may be news too."""
    while True:
        try:
            source(changed.set)
        except Exception as error:  # whatever it is: a source that stays silent would be missed by nobody
            log.warning("%s ended: %s", source.__name__.strip("_"), error)
        changed.set()
        time.sleep(LATER)


def _docker(changed: Callable[[], None]) -> None:
    host.engine.watch(host.names.owner(), changed)


def _bridges(changed: Callable[[], None]) -> None:
    host.ovsdb.watch("Bridge", host.names.owner(), changed)


def _interfaces(changed: Callable[[], None]) -> None:
    host.ovsdb.watch("Interface", host.names.owner(), changed)


def _firewall(changed: Callable[[], None]) -> None:
    firewall.watch(host.names, changed)


def _vtep_flows(changed: Callable[[], None]) -> None:
    """A deletion, or the end of ovs-vswitchd."""
    watch_flows(host.names.vtep, changed)


def _routing_flows(changed: Callable[[], None]) -> None:
    watch_flows(host.names.routing, changed)


def _database(changed: Callable[[], None]) -> None:
    for _ in hear(ENDED_CHANNEL, NETWORK_CHANNEL):
        changed()
