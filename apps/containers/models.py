"""Container and the catalogue of images."""

import re
import shlex

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from apps.operations.models import Operation
from apps.projects.models import Project

# RFC 1123 label: the router answers for it as <name>.p<id>.lab.internal.
NAME_PATTERN = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
# [domain[:port]/]path[:tag][@digest], the grammar of github.com/distribution/reference
_DOMAIN = r"[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)*(:[0-9]+)?"
_PATH = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
_TAG, _DIGEST = r":[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", r"@[A-Za-z][A-Za-z0-9]*([-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
REFERENCE = re.compile(rf"({_DOMAIN}/)?{_PATH}(/{_PATH})*({_TAG})?({_DIGEST})?")


def validate_command(command: str) -> None:
    """Docker splits it as a shell would."""
    try:
        shlex.split(command)
    except ValueError as error:
        raise ValidationError(f"This is no command line: {error}.") from error


class Image(models.Model):
    """A pre-built image that staff allow."""

    name = models.CharField(max_length=63, unique=True, validators=[RegexValidator(rf"\A{NAME_PATTERN}\Z")])
    reference = models.CharField(max_length=255, help_text="Docker image reference, for example debian:bookworm-slim.")
    command = models.CharField(
        max_length=255, blank=True, validators=[validate_command], help_text="Default command; empty for the image's own."
    )
    is_default = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(name="image_one_default", fields=["is_default"], condition=Q(is_default=True))]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """The reference must be one that Docker can read."""
        if self.reference and not REFERENCE.fullmatch(self.reference):
            sentence = "This is no Docker reference; write [host[:port]/]name[:tag], all but the tag in lower case."
            raise ValidationError({"reference": sentence})


class Desired(models.TextChoices):
    RUNNING = "RUNNING"
    STOPPED = "STOPPED"


class Container(models.Model):
    """A container of a project. IP, MAC and name are for life; docker_id changes with an update, and if it is made anew."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="containers")
    name = models.CharField(max_length=63, validators=[RegexValidator(rf"\A{NAME_PATTERN}\Z")])
    docker_id = models.CharField(max_length=64, blank=True)
    ip = models.GenericIPAddressField(protocol="IPv4")
    mac = models.CharField(max_length=17)
    image = models.CharField(max_length=255)
    dockerfile = models.TextField(blank=True, help_text="What the image was built from; empty for one of the catalogue.")
    command = models.CharField(max_length=255, blank=True)
    cpus = models.FloatField(help_text="Cores it may use.")
    memory = models.PositiveBigIntegerField(help_text="Bytes it may use.")
    maker = models.ForeignKey(
        Operation, on_delete=models.SET_NULL, null=True, related_name="+", help_text="The operation that makes it, or made it."
    )
    desired = models.CharField(max_length=7, choices=Desired.choices, default=Desired.RUNNING)
    status = models.CharField(max_length=16, default="created", help_text="Docker's word, as of the last operation.")
    created_by = models.PositiveIntegerField()
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="container_name", fields=["project", "name"]),
            models.UniqueConstraint(name="container_ip", fields=["project", "ip"]),
            models.UniqueConstraint(name="container_docker_id", fields=["docker_id"], condition=~Q(docker_id="")),
            models.CheckConstraint(name="container_desired", condition=Q(desired__in=Desired.values)),
        ]

    def __str__(self) -> str:
        return f"{self.name} of project {self.project_id}"


class FormerId(models.Model):
    """A docker_id that a container had; whoever calls with it is told the one that it has."""

    docker_id = models.CharField(max_length=64, unique=True)
    container = models.ForeignKey(Container, on_delete=models.CASCADE, related_name="former_ids")

    def __str__(self) -> str:
        return f"{self.docker_id}, now {self.container.docker_id}"
