"""Operation: who asked to change what, when, and how it ended; kept as the audit log."""

import uuid

import pgtrigger
from django.db import models
from django.db.models import Q

ENDED_CHANNEL = "netmanager_operation_ended"


class State(models.TextChoices):
    WAITING = "WAITING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


ENDED = (State.SUCCEEDED, State.FAILED)


class Step(models.TextChoices):
    """Where an operation of several steps is; between two it is WAITING again."""

    FIRST = "first", "first, under the project's lock"
    BUILD = "build", "an image is built, in queue `builds` and without the project's lock"
    FINISH = "finish", "last, under the project's lock"


# It has ended, and a builder has still to remove the images that are of no use after it.
LITTERED = Q(littered=True, state__in=ENDED)


class Operation(models.Model):
    """One requested change. Its end is notified on ENDED_CHANNEL with the uuid, whoever writes it."""

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=32)
    user_id = models.PositiveIntegerField(help_text="The platform's user in whose name the service asked.")
    project_id = models.PositiveIntegerField(help_text="0 where no project was concerned: a free socket was freed.")
    target = models.CharField(max_length=64, blank=True, help_text="Container or socket, where the kind has one.")
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    step = models.CharField(max_length=6, choices=Step.choices, default=Step.FIRST)
    littered = models.BooleanField(
        default=False, db_default=False, help_text="It can leave images that a builder has to remove when it has ended."
    )
    request = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    error_code = models.CharField(max_length=32, blank=True)
    error = models.TextField(blank=True)
    operators = models.BooleanField(default=False, help_text="The error is one that only the operator can mend.")
    log = models.TextField(blank=True, help_text="Output of the build.")
    created = models.DateTimeField(auto_now_add=True)
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    worker = models.CharField(max_length=128, blank=True)
    service = models.CharField(max_length=150)
    idempotency_key = models.CharField(max_length=255, null=True)  # noqa: DJ001  (unique where there is one)
    fingerprint = models.CharField(max_length=64, blank=True, help_text="Digest of the request that the key came with.")

    class Meta:
        constraints = [
            models.CheckConstraint(name="operation_state", condition=Q(state__in=State.values)),
            models.CheckConstraint(name="operation_step", condition=Q(step__in=Step.values)),
            models.CheckConstraint(
                name="operation_ended_has_time", condition=Q(state__in=ENDED, finished__isnull=False) | ~Q(state__in=ENDED)
            ),
            models.UniqueConstraint(name="operation_idempotency", fields=["service", "idempotency_key"]),
        ]
        indexes = [
            models.Index(name="operation_open", fields=["project_id", "created"], condition=~Q(state__in=ENDED)),
            models.Index(name="operation_littered", fields=["project_id"], condition=LITTERED),
            models.Index(name="operation_by_project", fields=["project_id", "-created"]),
            models.Index(name="operation_by_user", fields=["user_id", "-created"]),
            models.Index(name="operation_by_service", fields=["service", "-created"]),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="operation_ended",
                operation=pgtrigger.Update,
                when=pgtrigger.After,
                condition=pgtrigger.Q(new__state__in=ENDED) & ~pgtrigger.Q(old__state__in=ENDED),
                func=f"PERFORM pg_notify('{ENDED_CHANNEL}', NEW.uuid::text); RETURN NULL;",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} of project {self.project_id}"

    @property
    def ended(self) -> bool:
        return self.state in ENDED
