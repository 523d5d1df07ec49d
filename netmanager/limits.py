"""How much a caller may send."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse

from netmanager.exceptions import failure

LARGEST_BODY = 1024 * 1024  # bytes; a Dockerfile, the largest thing that is sent, has 64 KiB at most


class BodyLimit:
    """Middleware that answers 413 before a body that is too large is read into a file."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH", "")
        if length.isdigit() and int(length) > LARGEST_BODY:
            return JsonResponse(failure("too_large", f"The request body is larger than {LARGEST_BODY} bytes."), status=413)
        return self._get_response(request)
