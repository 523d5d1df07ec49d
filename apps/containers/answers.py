"""What callers are answered about containers, for the OpenAPI description."""

from typing import Any

from rest_framework import serializers

from apps.containers.selectors import MISSING
from apps.operations.answers import Answer

STATES = ("created", "running", "paused", "restarting", "removing", "exited", "dead")  # Docker Engine API, ContainerState


class Address(Answer):
    """Where a container is found."""

    ip = serializers.IPAddressField(protocol="IPv4", help_text="The same for the container's whole life.")
    docker_id = serializers.RegexField(r"^[0-9a-f]{12}$")


class Made(Address):
    """A container that runs."""

    container_name = serializers.CharField()


class Status(serializers.ChoiceField):
    """Docker's word for how a container is."""

    def __init__(self) -> None:
        super().__init__([*STATES, MISSING], help_text=f"Docker's word; `{MISSING}` if it has no such container.")


class Listed(serializers.Serializer[Any]):
    """A container of a list."""

    container_name = serializers.CharField()
    docker_id = serializers.RegexField(r"^[0-9a-f]{12}$")
    ip = serializers.IPAddressField(protocol="IPv4")
    status = Status()
    image = serializers.CharField(help_text="A Docker image reference.")


class Containers(Answer):
    """A project's containers."""

    containers = Listed(many=True)


class Stats(serializers.Serializer[Any]):
    """What a container uses; all zero unless it runs."""

    id = serializers.IntegerField()
    docker_id = serializers.RegexField(r"^[0-9a-f]{12}$")
    container_name = serializers.CharField()
    ip = serializers.IPAddressField(protocol="IPv4")
    status = Status()
    cpu = serializers.FloatField(min_value=0, help_text="Percent of one core.")
    mem_used = serializers.IntegerField(min_value=0, help_text="Bytes.")
    mem_limit = serializers.IntegerField(min_value=0, help_text="Bytes.")
    mem_perc = serializers.FloatField(min_value=0, help_text="Percent of the limit.")


class Info(Answer):
    """A container and what it uses."""

    stats = Stats()


class Logs(Answer):
    """What a container wrote."""

    logs = serializers.CharField(help_text="Lines; empty if it has written nothing.")
