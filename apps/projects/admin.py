"""Projects and their members; what the machine knows is read-only."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from apps.admin import SharedAdmin
from apps.projects.models import Member, Project
from apps.projects.services import project_close


class MemberInline(admin.TabularInline[Member, Project]):
    model = Member
    extra = 0


@admin.register(Project)
class ProjectAdmin(SharedAdmin[Project]):
    list_display = ["project_id", "status", "vlan", "containers", "closed", "updated", "error"]
    list_filter = ["status", "closed"]
    search_fields = ["=project_id", "=vlan", "=members__user_id", "error"]
    readonly_fields = ["status", "vlan", "docker_network_id", "router_docker_id", "error", "created", "updated"]
    inlines = [MemberInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Project]:
        return super().get_queryset(request).annotate(container_count=Count("containers", distinct=True))

    @admin.display(ordering="container_count")
    def containers(self, project: Project) -> int:
        return int(getattr(project, "container_count", 0))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if any(formset.has_changed() for formset in formsets):
            project_close(form.instance)

    def has_delete_permission(self, request: HttpRequest, obj: Project | None = None) -> bool:
        """A project with a network on the host is deleted by delete-bridge, not from under it."""
        return (obj is None or obj.vlan is None) and super().has_delete_permission(request, obj)


@admin.register(Member)
class MemberAdmin(admin.ModelAdmin[Member]):
    list_display = ["user_id", "project", "created"]
    list_filter = ["created"]
    search_fields = ["=user_id", "=project__project_id"]
    autocomplete_fields = ["project"]

    def save_model(self, request: HttpRequest, obj: Member, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        project_close(obj.project)

    def delete_model(self, request: HttpRequest, obj: Member) -> None:
        super().delete_model(request, obj)
        project_close(obj.project)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Member]) -> None:
        projects = [member.project for member in queryset.select_related("project")]
        super().delete_queryset(request, queryset)
        project_close(*projects)
