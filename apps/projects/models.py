"""Project and Member."""

import pgtrigger
from django.db import models
from django.db.models import Q

from datacenter.addressing import FIRST_VLAN, LAST_VLAN

NETWORK_CHANNEL = "netmanager_network_changed"


def network_changed(*columns: str) -> pgtrigger.Trigger:
    """Notifies NETWORK_CHANNEL, with no payload, of rows that come, go, or have one of these columns written.

    For each statement, whoever writes; PostgreSQL makes one notice of all that a transaction sends. An UPDATE counts
    as soon as it names a column: `save()` without `update_fields` names them all.
    """
    return pgtrigger.Trigger(
        name="network_changed",
        level=pgtrigger.Statement,
        operation=pgtrigger.Insert | pgtrigger.Delete | pgtrigger.UpdateOf(*columns),  # type: ignore[no-untyped-call]
        when=pgtrigger.After,
        func=f"PERFORM pg_notify('{NETWORK_CHANNEL}', ''); RETURN NULL;",
    )


class Status(models.TextChoices):
    NONE = "NONE", "no network"
    BUILD = "BUILD", "being built"
    ACTIVE = "ACTIVE", "active"
    ERROR = "ERROR", "could not be built"
    DELETING = "DELETING", "being deleted"


class Project(models.Model):
    """A student project of the platform and its private network."""

    project_id = models.PositiveIntegerField(primary_key=True, help_text="The platform's number of the project.")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.NONE)
    vlan = models.PositiveSmallIntegerField(null=True, blank=True, unique=True)
    docker_network_id = models.CharField(max_length=64, blank=True)
    router_docker_id = models.CharField(max_length=64, blank=True)
    error = models.TextField(blank=True)
    closed = models.BooleanField(default=False, help_text="Only members get in, whomever the caller vouches for.")
    quota_containers = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: the default of the settings.")
    quota_sockets = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: the default of the settings.")
    quota_cpus = models.FloatField(null=True, blank=True, help_text="Cores. Empty: the default of the settings.")
    quota_memory = models.PositiveBigIntegerField(null=True, blank=True, help_text="Bytes. Empty: the default of the settings.")
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="project_id_positive", condition=Q(project_id__gte=1)),
            models.CheckConstraint(name="project_status", condition=Q(status__in=Status.values)),
            models.CheckConstraint(
                name="project_vlan_range", condition=Q(vlan__isnull=True) | Q(vlan__gte=FIRST_VLAN, vlan__lte=LAST_VLAN)
            ),
            models.CheckConstraint(name="project_active_has_vlan", condition=~Q(status=Status.ACTIVE) | Q(vlan__isnull=False)),
            models.CheckConstraint(name="project_quota_cpus", condition=Q(quota_cpus__isnull=True) | Q(quota_cpus__gt=0)),
        ]
        triggers = [network_changed("vlan")]

    def __str__(self) -> str:
        return f"project {self.project_id}"


class Member(models.Model):
    """A user of the platform who belongs to a project."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="members")
    user_id = models.PositiveIntegerField()
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="member_once", fields=["project", "user_id"]),
            models.CheckConstraint(name="member_user_positive", condition=Q(user_id__gte=1)),
        ]

    def __str__(self) -> str:
        return f"user {self.user_id} in project {self.project_id}"
