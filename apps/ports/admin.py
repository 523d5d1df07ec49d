"""The room's switches and sockets; what a switch reports is read-only."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from apps.admin import SharedAdmin
from apps.operations.services import Caller
from apps.ports import services
from apps.ports.models import Host, Socket, Switch


@admin.register(Switch)
class SwitchAdmin(SharedAdmin[Switch]):
    list_display = [
        "name",
        "dpid",
        "uplink_kind",
        "tunnel_address",
        "trunk",
        "uplink_port",
        "bounce_ms",
        "connected_at",
        "last_seen",
    ]
    list_filter = ["uplink_kind"]
    search_fields = ["name", "dpid", "tunnel_address", "trunk"]
    readonly_fields = ["connected_at", "last_seen"]

    def save_model(self, request: HttpRequest, obj: Switch, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        services.switches_changed()

    def delete_model(self, request: HttpRequest, obj: Switch) -> None:
        super().delete_model(request, obj)
        services.switches_changed()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Switch]) -> None:
        super().delete_queryset(request, queryset)
        services.switches_changed()


@admin.register(Socket)
class SocketAdmin(SharedAdmin[Socket]):
    """Staff may give a socket to any project, whatever its quota."""

    list_display = ["number", "label", "switch", "of_port", "project", "applied_vlan", "enabled", "disabled_reason"]
    list_filter = ["enabled", "switch", ("project", admin.EmptyFieldListFilter)]
    search_fields = ["=number", "label", "switch__name", "=project__project_id"]
    list_select_related = ["switch", "project"]
    autocomplete_fields = ["switch", "project"]
    readonly_fields = ["applied_vlan", "applied_at", "assigned_by", "assigned_at"]
    contested = ("project", "enabled", "disabled_reason")

    def follow(self, obj: Socket, changed: list[str]) -> list[str]:
        followed = []
        if "project" in changed:  # by staff, who are no users of the platform
            obj.assigned_by, obj.assigned_at = None, timezone.now() if obj.project else None
            followed += ["assigned_by", "assigned_at"]
        if "enabled" in changed and obj.enabled:
            followed.append("disabled_reason")  # the model's clean() emptied it
        return followed

    def save_model(self, request: HttpRequest, obj: Socket, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if "project" not in form.changed_data or obj.project is None:
            return
        if services.socket_assigned(Caller(request.user.get_username(), 0), obj.project):
            sentence = f"{obj.project} had no network: it is being built, and {obj} is live once that is done."
            self.message_user(request, sentence[0].upper() + sentence[1:])


@admin.register(Host)
class HostAdmin(admin.ModelAdmin[Host]):
    list_display = ["mac", "ip", "hostname", "socket", "project", "first_seen", "last_seen"]
    list_filter = ["socket__switch"]
    search_fields = ["mac", "ip", "hostname", "=socket__number", "=project__project_id"]
    list_select_related = ["socket", "project"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Host | None = None) -> bool:
        return False
