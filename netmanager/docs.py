"""The API's description (/schema/, YAML or JSON) and a page to read and try it (/docs/); neither needs a token."""

from functools import cache
from threading import Lock
from typing import Any

from django.conf import settings
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response

# the page loads nothing from elsewhere; Swagger UI writes styles of its own into it, and has small pictures in them
POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"

_describing = Lock()


@cache
def _description() -> Any:
    return SchemaGenerator().get_schema(request=None, public=True)


class Once(SchemaGenerator):
    """Describes the API once a process, as it is the same for all; drf-spectacular fails where two threads describe at once."""

    def get_schema(self, request: Request | None = None, public: bool = False) -> Any:
        with _describing:
            return _description()


class Schema(SpectacularAPIView):
    """The OpenAPI description; YAML, or JSON where `Accept` wants that."""

    generator_class = Once
    api_version = str(settings.SPECTACULAR_SETTINGS["VERSION"])  # else a client's `?version=` names the file


class Page(SpectacularSwaggerSplitView):
    """Swagger UI, from this host alone."""

    schema = None

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        response["Content-Security-Policy"] = POLICY
        return response
