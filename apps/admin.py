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

    contested: tuple[str, ...] = ()  # fields of the form that the machine writes too: a change is one against what was shown

    def save_model(self, request: HttpRequest, obj: M, form: Any, change: bool) -> None:
        times = [field.name for field in self.opts.fields if getattr(field, "auto_now", False)]
        followed = self.follow(obj, form.changed_data)
        obj.save(update_fields=[*form.changed_data, *followed, *times] if change else None)

    def follow(self, obj: M, changed: list[str]) -> list[str]:
        """Set other fields that a change of these brings along; their names."""
        return []

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and db_field.name in self.contested:
            field.show_hidden_initial = True
        return field

    def get_readonly_fields(self, request: HttpRequest, obj: M | None = None) -> list[str]:
        key = [str(self.opts.pk.name)] if obj else []
        return [*map(str, super().get_readonly_fields(request, obj)), *key]
