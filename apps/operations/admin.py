"""The audit log, read-only."""

from django.contrib import admin
from django.http import HttpRequest

from apps.operations.models import Operation


@admin.register(Operation)
class OperationAdmin(admin.ModelAdmin[Operation]):
    list_display = ["created", "kind", "project_id", "target", "user_id", "service", "state", "error"]
    list_filter = ["state", "kind", "service", "created"]
    search_fields = ["=uuid", "=project_id", "=user_id", "target", "error"]
    date_hierarchy = "created"
    ordering = ["-created"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Operation | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Operation | None = None) -> bool:
        return False
