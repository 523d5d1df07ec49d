"""The room's switches and sockets; what a switch reports is read-only."""

from django.contrib import admin
from django.http import HttpRequest

from apps.admin import SharedAdmin
from apps.ports.models import Host, Socket, Switch


@admin.register(Switch)
class SwitchAdmin(SharedAdmin[Switch]):
    list_display = ["name", "dpid", "uplink_kind", "tunnel_address", "uplink_port", "bounce_ms", "connected_at", "last_seen"]
    list_filter = ["uplink_kind"]
    search_fields = ["name", "dpid", "tunnel_address"]
    readonly_fields = ["connected_at", "last_seen"]


@admin.register(Socket)
class SocketAdmin(SharedAdmin[Socket]):
    list_display = ["number", "label", "switch", "of_port", "project", "applied_vlan", "enabled", "disabled_reason"]
    list_filter = ["enabled", "switch", ("project", admin.EmptyFieldListFilter)]
    search_fields = ["=number", "label", "switch__name", "=project__project_id"]
    list_select_related = ["switch", "project"]
    autocomplete_fields = ["switch", "project"]
    readonly_fields = ["applied_vlan", "applied_at", "assigned_by", "assigned_at"]


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
