"""The Django application, for its command and its checks."""

from django.apps import AppConfig


class SdnConfig(AppConfig):
    name = "sdn"

    def ready(self) -> None:
        from sdn import checks  # noqa: F401, PLC0415  (registers them, once settings are read)
