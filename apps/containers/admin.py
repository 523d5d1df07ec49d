"""The catalogue, which staff write, and the containers, which the machine owns."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.admin import MachineOwnedAdmin, SharedAdmin
from apps.containers.models import Container, Image

NO_DEFAULT = "No image is the default now: new-container fails where no image is named, until one is ticked."


class ImageForm(forms.ModelForm[Image]):
    """An image; that there is one default at most is not asked here, for saving takes it from the image that had it."""

    def _get_validation_exclusions(self) -> set[str]:
        return {*super()._get_validation_exclusions(), "is_default"}  # type: ignore[misc]  # its stubs lack it


@admin.register(Image)
class ImageAdmin(SharedAdmin[Image]):
    """Who ticks `default` moves it; a form that was opened before somebody else moved it does not move it back."""

    form = ImageForm
    list_display = ["name", "reference", "command", "is_default"]
    list_filter = ["is_default"]
    search_fields = ["name", "reference"]
    contested = ("is_default",)

    def save_model(self, request: HttpRequest, obj: Image, form: Any, change: bool) -> None:
        if "is_default" in form.changed_data and obj.is_default:
            for former in Image.objects.select_for_update().order_by("pk"):  # all: two may be ticked at once
                if former.is_default and former.pk != obj.pk:
                    Image.objects.filter(pk=former.pk).update(is_default=False)
                    self.message_user(request, f"{obj} is the default image now, and {former} no more.")
        super().save_model(request, obj, form, change)
        self._warn(request)

    def delete_model(self, request: HttpRequest, obj: Image) -> None:
        super().delete_model(request, obj)
        self._warn(request)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Image]) -> None:
        super().delete_queryset(request, queryset)
        self._warn(request)

    def _warn(self, request: HttpRequest) -> None:
        if not Image.objects.filter(is_default=True).exists():
            self.message_user(request, NO_DEFAULT, messages.WARNING)


@admin.register(Container)
class ContainerAdmin(MachineOwnedAdmin[Container]):
    list_display = ["name", "project", "ip", "docker_id", "image", "desired", "status", "created_by", "created"]
    list_filter = ["desired", "status", "image"]
    search_fields = ["name", "docker_id", "former_ids__docker_id", "ip", "=project__project_id", "=created_by"]
    list_select_related = ["project"]
