"""Reads operations."""

import uuid
from typing import Any

from django.db.models import QuerySet

from apps.operations.models import Operation


def operation_get(operation: uuid.UUID) -> Operation:
    """The operation as it is now."""
    return Operation.objects.get(pk=operation)


def operation_find(operation: uuid.UUID, service: str) -> Operation | None:
    """The operation if this service asked for it."""
    return Operation.objects.filter(pk=operation, service=service).first()


def operations_asked_for(service: str, query: dict[str, Any]) -> QuerySet[Operation]:
    """The operations that this service asked for and the query wants, without what a list does not show."""
    lookups = {"created_after": "created__gte", "created_before": "created__lt"}
    columns = {lookups.get(name, name): value for name, value in query.items() if name not in {"cursor", "page_size"}}
    return Operation.objects.filter(service=service, **columns).defer("log", "request")
