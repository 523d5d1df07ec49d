"""What callers send for containers."""

from typing import Any, ClassVar

from rest_framework import serializers

from apps.containers.models import NAME_PATTERN
from apps.containers.selectors import DOCKER_ID
from apps.operations.serializers import PathSerializer, UserIdField
from datacenter import dockerfile
from datacenter.errors import DockerfileRefused
from datacenter.names import ROUTER_HOSTNAME

RESERVED = {ROUTER_HOSTNAME, "localhost"}
NAME_RULE = "use 1 to 63 lower-case letters, digits and hyphens, with a letter or digit at both ends."
DOCKERFILE_SIZE = 64 * 1024  # bytes


class DockerIdField(serializers.CharField):
    """An unambiguous beginning of Docker's id; what is none is refused by its own code, where containers are looked up."""

    limits: ClassVar = {"type": "string", "pattern": f"^{DOCKER_ID}$"}


class ContainerPath(PathSerializer):
    user_id = UserIdField()
    docker_id = DockerIdField(help_text="As new-container answered it, or an unambiguous beginning of 4 or more digits.")


class DockerfileField(serializers.FileField):
    """A Dockerfile as a file of multipart/form-data; its text."""

    default_error_messages = {"invalid": "Send the Dockerfile as a file of multipart/form-data (curl -F dockerfile=@Dockerfile)."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_empty_file=True, max_length=None, **kwargs)

    def to_internal_value(self, data: Any) -> str:  # type: ignore[override]  # a FileField's value is the file
        file = super().to_internal_value(data)
        if file.size > DOCKERFILE_SIZE:
            raise serializers.ValidationError(
                f"A Dockerfile has at most {DOCKERFILE_SIZE // 1024} KiB; this one has {file.size} bytes."
            )
        text = _text(file.read())
        try:
            dockerfile.parse(text)
        except DockerfileRefused as error:
            raise serializers.ValidationError(str(error)) from error
        return text


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
    dockerfile = DockerfileField(required=False, default="")

    def validate_name(self, name: str) -> str:
        if name in RESERVED:
            raise serializers.ValidationError(f"{name} is a reserved name; choose another.")
        return name

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["image"] and attrs["dockerfile"]:
            raise serializers.ValidationError("Give either an image of the catalogue or a Dockerfile, not both.")
        return attrs


class UpdateContainer(serializers.Serializer[Any]):
    dockerfile = DockerfileField()


def _text(content: bytes) -> str:
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise serializers.ValidationError(f"The Dockerfile is not text in UTF-8: byte {error.start} is none.") from error
    if "\0" in text:
        raise serializers.ValidationError("The Dockerfile is not text: it has NUL characters.")
    return text
