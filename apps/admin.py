"""What the admin pages of all apps share."""

from typing import Any, TypeVar

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

M = TypeVar("M", bound=Model)


class MachineOwnedAdmin(admin.ModelAdmin[M]):
    """Rows that only the machine writes: staff look at them."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False


class SharedAdmin(admin.ModelAdmin[M]):
    """Rows that staff and the machine write: a form saves what was changed in it, and the primary key stays."""

    def save_model(self, request: HttpRequest, obj: M, form: Any, change: bool) -> None:
        times = [field.name for field in self.opts.fields if getattr(field, "auto_now", False)]
        obj.save(update_fields=[*form.changed_data, *times] if change else None)

    def get_readonly_fields(self, request: HttpRequest, obj: M | None = None) -> list[str]:
        key = [str(self.opts.pk.name)] if obj else []
        return [*map(str, super().get_readonly_fields(request, obj)), *key]
