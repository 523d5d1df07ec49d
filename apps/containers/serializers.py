"""What callers send for containers."""

from typing import Any

from rest_framework import serializers

from apps.containers.models import NAME_PATTERN
from apps.operations.serializers import IdField, PathSerializer
from datacenter.names import ROUTER_HOSTNAME

RESERVED = {ROUTER_HOSTNAME, "localhost"}
NAME_RULE = "use 1 to 63 lower-case letters, digits and hyphens, with a letter or digit at both ends."
NO_BUILDS = "Building from a Dockerfile is not available yet; name an image of the catalogue instead."


class ContainerPath(PathSerializer):
    user_id = IdField()
    docker_id = serializers.CharField()


class NewContainer(serializers.Serializer[Any]):
    name = serializers.RegexField(
        rf"\A{NAME_PATTERN}\Z",
        required=False,
        default="",
        allow_blank=True,
        trim_whitespace=False,
        error_messages={"invalid": f"This is no host name; {NAME_RULE}"},
    )
    image = serializers.CharField(required=False, default="", allow_blank=True, max_length=63)
    dockerfile = serializers.FileField(required=False, allow_empty_file=True, error_messages={"invalid": NO_BUILDS})

    def validate_name(self, name: str) -> str:
        if name in RESERVED:
            raise serializers.ValidationError(f"{name} is a reserved name; choose another.")
        return name

    def validate_dockerfile(self, dockerfile: object) -> object:
        raise serializers.ValidationError(NO_BUILDS)
