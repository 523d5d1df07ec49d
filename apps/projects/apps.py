from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    name = "apps.projects"

    def ready(self) -> None:
        from apps.projects import checks  # noqa: F401, PLC0415  (registers the checks once the apps are loaded)
