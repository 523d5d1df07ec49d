"""The API's description (/schema/, YAML or JSON) and a page to read and try it (/docs/); neither needs a token."""

from typing import Any

from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response

# the page loads nothing from elsewhere; Swagger UI writes styles of its own into it, and has small pictures in them
POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"


class Schema(SpectacularAPIView):
    """The OpenAPI description; YAML, or JSON where `Accept` wants that."""


class Page(SpectacularSwaggerSplitView):
    """Swagger UI, from this host alone."""

    schema = None

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        response["Content-Security-Policy"] = POLICY
        return response
