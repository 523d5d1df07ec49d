"""Which rows are in a backup, and what they depend on."""

from collections.abc import Iterator

from django.apps import apps
from django.conf import settings
from django.core import serializers
from django.db import connection, models
from django.db.migrations.recorder import MigrationRecorder

from apps.ports.backups.file import Origin, Row

# What migrate makes by itself, who is logged in, and what is plugged in now
LEFT_OUT = frozenset({"contenttypes.contenttype", "auth.permission", "sessions.session", "ports.host"})

Model = type[models.Model]


def kept_models() -> list[Model]:
    """Those whose rows are in a backup; each stands behind those that it knows by natural key."""
    return serializers.sort_dependencies(
        [(app, [model for model in app.get_models() if _is_kept(model)]) for app in apps.get_app_configs()]
    )


def rows() -> Iterator[Row]:
    """All rows that are in a backup."""
    for model in kept_models():
        for row in model._base_manager.order_by("pk").iterator():
            yield from serializers.serialize("python", [row], use_natural_foreign_keys=True)


def counts() -> dict[str, int]:
    """How many rows there are, by what they are called; no entry where there are none."""
    found = {str(model._meta.verbose_name_plural): model._base_manager.count() for model in kept_models()}
    return {name: count for name, count in found.items() if count}


def origin() -> Origin:
    """What the rows here depend on."""
    applied = MigrationRecorder(connection).applied_migrations()
    return Origin(
        instance=settings.NETMANAGER_INSTANCE,
        project_pool=str(settings.NETMANAGER_PROJECT_POOL),
        schema=tuple(sorted(f"{app}.{name}" for app, name in applied)),
    )


def _is_kept(model: Model) -> bool:
    options = model._meta
    return options.managed and not options.proxy and options.label_lower not in LEFT_OUT
