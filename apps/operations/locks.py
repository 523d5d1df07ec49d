"""PostgreSQL advisory locks: one worker per project and queue, and a sign of life per running operation."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pglock
from django.db import Error, connection

from apps.errors import Broken


class LeaseLost(Broken):
    """The session that held the project's lock is gone; another worker may hold it by now."""

    def __init__(self) -> None:
        super().__init__("lock_lost", "The database connection that held the project's lock was lost; repeat the call.")


class Lease:
    """A project's lock, held by this worker's database session."""

    def __init__(self) -> None:
        self._session = _session()

    def check(self) -> None:
        """Raise LeaseLost if the session that holds the lock is gone; call it before each step on the host."""
        try:
            held = _session() == self._session
        except Error:
            connection.close()  # so that whoever writes the failure gets a new one
            held = False
        if not held:
            raise LeaseLost


@contextmanager
def project_lease(project_id: int) -> Iterator[Lease | None]:
    """The project's lease, or None if another worker has it; never waits."""
    with pglock.advisory(f"project:{project_id}", timeout=0) as acquired:
        yield Lease() if acquired else None


@contextmanager
def builds_lease(project_id: int, wait: timedelta | int = 0) -> Iterator[Lease | None]:
    """The lease of the project's builds, or None if a builder has it and goes on having it so long."""
    with pglock.advisory(f"builds:{project_id}", timeout=wait) as acquired:
        yield Lease() if acquired else None


@contextmanager
def own_builds() -> Iterator[None]:
    """Share the lease of builds 0, which nobody else has meanwhile, with all who build images of our own."""
    with pglock.advisory("builds:0", shared=True):
        yield


@contextmanager
def sign_of_life(operation: uuid.UUID) -> Iterator[None]:
    """Hold the operation's lock while it runs: RUNNING with this lock free means that its worker is lost."""
    with pglock.advisory(f"operation:{operation}"):
        yield


def lives(operation: uuid.UUID) -> bool:
    """Whether some worker holds the operation's lock."""
    return _held(f"operation:{operation}")


def builds_held(project_id: int) -> bool:
    """Whether some builder holds the lease of the project's builds (0: of our own images)."""
    return _held(f"builds:{project_id}")


def _held(lock: str) -> bool:
    high, low = pglock.advisory_id(lock)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = %s AND objid = %s"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))",
            [high & 0xFFFFFFFF, low & 0xFFFFFFFF],
        )
        return bool(cursor.fetchone()[0])


def _session() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])
