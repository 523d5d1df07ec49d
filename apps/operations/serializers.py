"""What callers send in paths, and how an operation is shown."""

from typing import Any

from rest_framework import serializers

from apps.operations.models import Operation

LARGEST_ID = 2**31 - 1


class IdField(serializers.IntegerField):
    """An id of the platform: 1 to 2147483647, digits only."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=LARGEST_ID, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        if not (isinstance(data, str) and data.isascii() and data.isdigit()):
            raise serializers.ValidationError(f"{data!r} is not a whole number from 1 to {LARGEST_ID}.")
        return super().to_internal_value(data)


class PathSerializer(serializers.Serializer[Any]):
    """The ids in a path."""

    @classmethod
    def read(cls, **path: str) -> dict[str, Any]:
        """The validated ids; raises ValidationError."""
        serializer = cls(data=path)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)


class OperationSerializer(serializers.ModelSerializer[Operation]):
    """An operation as its caller may see it."""

    class Meta:
        model = Operation
        fields = [
            "uuid", "kind", "user_id", "project_id", "target", "state", "result", "error_code", "error", "log",
            "created", "started", "finished",
        ]  # fmt: skip
