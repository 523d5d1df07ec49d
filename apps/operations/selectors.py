"""Reads operations."""

import uuid

from apps.operations.models import Operation


def operation_get(operation: uuid.UUID) -> Operation:
    """The operation as it is now."""
    return Operation.objects.get(pk=operation)


def operation_find(operation: uuid.UUID, service: str) -> Operation | None:
    """The operation if this service asked for it."""
    return Operation.objects.filter(pk=operation, service=service).first()
