"""The catalogue, which staff write, and the containers, which the machine owns."""

from django.contrib import admin

from apps.admin import MachineOwnedAdmin
from apps.containers.models import Container, Image


@admin.register(Image)
class ImageAdmin(admin.ModelAdmin[Image]):
    list_display = ["name", "reference", "command", "is_default"]
    list_filter = ["is_default"]
    search_fields = ["name", "reference"]


@admin.register(Container)
class ContainerAdmin(MachineOwnedAdmin[Container]):
    list_display = ["name", "project", "ip", "docker_id", "image", "desired", "status", "created_by", "created"]
    list_filter = ["desired", "status", "image"]
    search_fields = ["name", "docker_id", "ip", "=project__project_id", "=created_by"]
    list_select_related = ["project"]
