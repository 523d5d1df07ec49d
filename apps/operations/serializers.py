"""What callers send in paths, and how an operation is shown."""

from typing import Any, ClassVar

from rest_framework import serializers

from apps.operations.models import Operation, State

LARGEST_ID = 2**31 - 1
MOST_DIGITS = len(str(LARGEST_ID))
LARGEST_PAGE = 100  # rows


class DigitsField(serializers.IntegerField):
    """A whole number in digits, nothing else of what int() takes; in JSON a number too."""

    def __init__(self, min_value: int, max_value: int, **kwargs: Any) -> None:
        self._allowed = range(min_value, max_value + 1)
        self.limits = {"type": "integer", "minimum": min_value, "maximum": max_value}
        super().__init__(min_value=min_value, max_value=max_value, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        text = str(data) if type(data) is int else data
        if isinstance(text, str) and text.isascii() and text.isdigit() and len(digits := text.lstrip("0")) <= MOST_DIGITS:
            number = int(digits or 0)
            if number in self._allowed:
                return number
        raise serializers.ValidationError(
            f"{_shortened(data)} is not a whole number from {self._allowed[0]} to {self._allowed[-1]}."
        )


class IdField(DigitsField):
    """An id of the platform: 1 to 2147483647."""

    def __init__(self, min_value: int = 1, **kwargs: Any) -> None:
        super().__init__(min_value, LARGEST_ID, **kwargs)


class UserIdField(IdField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(help_text="The platform's user in whose name the service calls.", **kwargs)


class ProjectIdField(IdField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(help_text="The platform's number of the project.", **kwargs)


class OperationIdField(serializers.UUIDField):
    """An operation's uuid; the path takes no other form."""

    limits: ClassVar = {"type": "string", "format": "uuid"}


class PathSerializer(serializers.Serializer[Any]):
    """The ids in a path; each field has its `limits` as JSON Schema says them."""

    @classmethod
    def read(cls, **path: str) -> dict[str, Any]:
        """The validated ids; raises ValidationError."""
        serializer = cls(data=path)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)


def _shortened(data: Any) -> str:
    """What was sent, as it can stand in a sentence."""
    text = repr(data)
    return text if len(text) <= 80 else f"{text[:80]}…"


class OperationPath(PathSerializer):
    uuid = OperationIdField()


class OperationSerializer(serializers.ModelSerializer[Operation]):
    """An operation as its caller may see it."""

    class Meta:
        model = Operation
        fields = [
            "uuid", "kind", "user_id", "project_id", "target", "state", "result", "error_code", "error", "log",
            "created", "started", "finished",
        ]  # fmt: skip
        read_only_fields = fields


class ListedOperation(OperationSerializer):
    """An operation in a list, without its log, which may be long."""

    class Meta(OperationSerializer.Meta):
        fields = [name for name in OperationSerializer.Meta.fields if name != "log"]
        read_only_fields = fields


class OperationQuery(serializers.Serializer[Any]):
    """Which operations are asked for."""

    project_id = IdField(required=False)
    user_id = IdField(min_value=0, required=False)  # 0: in nobody's name
    kind = serializers.RegexField(
        r"\A[a-z-]{1,32}\Z",
        required=False,
        trim_whitespace=False,
        error_messages={"invalid": "A kind is a word as in the paths: new-container, add-port."},
    )
    state = serializers.ChoiceField(State.choices, required=False)
    target = serializers.CharField(max_length=64, required=False, trim_whitespace=False)
    created_after = serializers.DateTimeField(required=False)
    created_before = serializers.DateTimeField(required=False)
    page_size = DigitsField(1, LARGEST_PAGE, required=False)
    cursor = serializers.CharField(required=False)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        unknown = sorted(data.keys() - self.fields.keys())
        if unknown:
            raise serializers.ValidationError({unknown[0]: f"There is no such parameter; there are {', '.join(self.fields)}."})
        return dict(super().to_internal_value(data))
