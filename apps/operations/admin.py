"""The audit log, read-only."""

from django.contrib import admin

from apps.admin import MachineOwnedAdmin
from apps.operations.models import Operation


@admin.register(Operation)
class OperationAdmin(MachineOwnedAdmin[Operation]):
    list_display = ["created", "kind", "project_id", "target", "user_id", "service", "state", "error"]
    list_filter = ["state", "kind", "service", "created"]
    search_fields = ["=uuid", "=project_id", "=user_id", "target", "error"]
    date_hierarchy = "created"
    ordering = ["-created"]
