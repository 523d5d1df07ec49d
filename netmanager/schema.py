"""The OpenAPI description's names: operations are called like their paths, and sorted by app."""

from typing import Any

from drf_spectacular.openapi import AutoSchema

TOKEN = "token"  # noqa: S105  (the name of the security scheme)


class Schema(AutoSchema):
    """Describes an endpoint from its decorator (`apps.operations.schema`), its path and its docstring."""

    def get_operation_id(self) -> str:
        """The path's constant parts; a GET beside a POST, and other methods beside each other, are told apart."""
        name = "-".join(part for part in self.path.strip("/").split("/") if not part.startswith("{"))
        methods = {method for method in ("get", "post", "put", "patch", "delete") if hasattr(self.view, method)}
        method = self.method.lower()
        if len(methods) == 1 or method == "post":
            return name
        return f"{name}-by-get" if "post" in methods else f"{method}-{name}"

    def get_tags(self) -> list[str]:
        """The app: operations, projects, containers, ports; the health checks are the project's own."""
        package, module = type(self.view).__module__.split(".")[:2]
        return [module if package == "apps" else "health"]

    def get_summary(self) -> str:
        """The docstring of the method, or else of the view: one sentence."""
        method = getattr(type(self.view), self.method.lower()).__doc__
        return (method or type(self.view).__doc__ or "").strip()

    def get_description(self) -> str:  # type: ignore[override]  # as AutoSchema has it
        return ""

    def get_auth(self) -> list[dict[str, Any]]:
        return [{TOKEN: []}] if self.view.authentication_classes else []


def without_marks(result: Any, **_: Any) -> Any:
    """The description without what drf-spectacular notes in it for a hook that is not used here."""
    if isinstance(result, dict):
        return {key: without_marks(value) for key, value in result.items() if key != "x-spec-enum-id"}
    return [without_marks(value) for value in result] if isinstance(result, list) else result
