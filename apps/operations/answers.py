"""What callers are answered, for the OpenAPI description."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.operations.serializers import ListedOperation, OperationSerializer


@extend_schema_field({"type": "boolean", "enum": [True]})
class Success(serializers.BooleanField):
    """True: a failure has another form."""


class Answer(serializers.Serializer[Any]):
    """The least that a success says."""

    success = Success()


class Pending(Answer):
    """The operation goes on."""

    pending = Success()
    operation = serializers.UUIDField(help_text="Its address is in Location too.")


class OperationAnswer(Answer):
    """One operation."""

    operation = OperationSerializer()


class OperationsAnswer(Answer):
    """Operations, by pages."""

    operations = ListedOperation(many=True)
    next = serializers.URLField(allow_null=True, help_text="The next page's address, null at the last one.")
    previous = serializers.URLField(allow_null=True)
