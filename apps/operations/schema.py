"""What the OpenAPI description says of an endpoint, in the words that all endpoints share."""

from collections.abc import Callable, Mapping
from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers

from apps.operations import refusals, requests
from apps.operations.answers import Answer, Pending
from apps.operations.refusals import Sentences
from apps.operations.serializers import PathSerializer

Describes = Callable[[Any], Any]  # decorates a view's method, or is given to extend_schema_view
Failures = dict[int, Sentences]

NONE: Sentences = {}
EVERYWHERE: Failures = {
    400: refusals.HOST,
    405: refusals.METHOD,
    413: refusals.SIZE,
}
SERVICE: Failures = {401: refusals.TOKEN, 429: refusals.RATE, 500: refusals.INTERNAL | refusals.DATABASE}
OPERATION: Failures = {500: refusals.WORKER}
BODY: Failures = {400: refusals.BODY}
KEYED: Failures = {400: refusals.BODY | refusals.KEY}  # the body belongs to what a key stands for

STRING = {"type": "string"}
KEY = OpenApiParameter(
    "Idempotency-Key",
    STRING | {"pattern": f"^{requests.KEY}$"},
    OpenApiParameter.HEADER,
    description="A repeat with the same key gets the first call's outcome; of two at once, too.",
)
PREFER = OpenApiParameter(
    "Prefer", STRING, OpenApiParameter.HEADER, description="`respond-async` has the call answer 202 at once (RFC 7240)."
)
APPLIED = OpenApiParameter("Preference-Applied", STRING, OpenApiParameter.HEADER, response=[200, 202])
ALLOW = OpenApiParameter("Allow", STRING, OpenApiParameter.HEADER, required=True, response=[405])
CHALLENGE = OpenApiParameter("WWW-Authenticate", STRING, OpenApiParameter.HEADER, required=True, response=[401])
RETRY = OpenApiParameter(
    "Retry-After", {"type": "integer"}, OpenApiParameter.HEADER, required=True, response=[429], description="Seconds."
)
LOCATION = OpenApiParameter(
    "Location", STRING, OpenApiParameter.HEADER, required=True, response=[202], description="Where the operation can be read."
)


def checks(answers: Mapping[int, type[serializers.Serializer[Any]]]) -> Describes:
    """A GET about the service itself, without a token."""
    return _described(PathSerializer, answers, [EVERYWHERE])


def reads(
    path: type[PathSerializer],
    answer: type[Answer],
    failures: Failures,
    query: type[serializers.Serializer[Any]] | None = None,
    **more: Any,
) -> Describes:
    """A GET that changes nothing."""
    return _described(path, {200: answer}, [EVERYWHERE, SERVICE, failures], [query] if query else [], **more)


def sets(
    path: type[PathSerializer], answer: type[Answer], failures: Failures, body: type[serializers.Serializer[Any]]
) -> Describes:
    """A PUT that is done when it is answered."""
    return _described(path, {200: answer}, [EVERYWHERE, SERVICE, BODY, failures], request=_media_types(body))


def changes(
    path: type[PathSerializer], answer: type[Answer], failures: Failures, body: type[serializers.Serializer[Any]] | None = None
) -> Describes:
    """A POST that has something changed."""
    every, request = [EVERYWHERE, SERVICE, OPERATION, KEYED, failures], _media_types(body) if body else None
    return _described(path, {200: answer, 202: Pending}, every, [KEY, PREFER, APPLIED, LOCATION], request=request)


def changes_by_get(path: type[PathSerializer], answer: type[Answer], failures: Failures) -> Describes:
    """The same by GET, as the documents have it; POST is recommended."""
    every = [EVERYWHERE, SERVICE, OPERATION, failures]
    return _described(path, {200: answer, 202: Pending}, every, [PREFER, APPLIED, LOCATION], deprecated=True)


def _described(
    path: type[PathSerializer],
    answers: Mapping[int, type[serializers.Serializer[Any]]],
    failures: list[Failures],
    parameters: list[Any] = [],  # noqa: B006  (never written)
    **more: Any,
) -> Describes:
    responses: dict[int, Any] = {status: OpenApiResponse(answer, _SAYS[status]) for status, answer in answers.items()}
    for status in sorted({status for part in failures for status in part}):
        sentences = {code: sentence for part in failures for code, sentence in part.get(status, NONE).items()}
        responses[status] = _failure(status, sentences)
    every = [*_path_parameters(path), *parameters, ALLOW, CHALLENGE, RETRY]
    return extend_schema(parameters=every, responses=responses, **{"request": None} | more)


def _path_parameters(path: type[PathSerializer]) -> list[OpenApiParameter]:
    fields: Mapping[str, Any] = path().fields
    return [
        OpenApiParameter(name, field.limits, OpenApiParameter.PATH, required=True, description=field.help_text or "")
        for name, field in fields.items()
    ]


def _media_types(body: type[serializers.Serializer[Any]]) -> dict[str, type[serializers.Serializer[Any]]]:
    """A file can be sent in multipart alone."""
    fields: Mapping[str, Any] = body().fields
    files = {name: None for name, field in fields.items() if isinstance(field, serializers.FileField)}
    if any(fields[name].required for name in files):
        return {"multipart/form-data": body}
    plain = type(f"{body.__name__}WithoutFile", (body,), dict(files)) if files else body
    return {"multipart/form-data": body, "application/x-www-form-urlencoded": plain, "application/json": plain}


def _failure(status: int, sentences: Sentences) -> OpenApiResponse:
    body = {
        "type": "object",
        "required": ["success", "error", "code"],
        "additionalProperties": False,
        "properties": {
            "success": {"type": "boolean", "enum": [False]},
            "error": {"type": "string", "description": "A sentence that names the thing and says what to do."},
            "code": {"type": "string", "enum": sorted(sentences)},
        },
    }
    examples = [
        OpenApiExample(code, {"success": False, "error": sentence, "code": code}, status_codes=[str(status)])
        for code, sentence in sorted(sentences.items())
    ]
    return OpenApiResponse(body, _SAYS[status], examples)


_SAYS = {
    200: "Done.",
    202: "It goes on, longer than the call may wait; its end stands at Location.",
    400: "The caller can mend it.",
    401: "No token, or one that is not valid.",
    404: "There is no such thing for this service.",
    405: "Another method is meant.",
    413: "The body is too large.",
    429: "The service has called too often.",
    500: "Only the operator can mend it.",
    503: "Something that is needed does not answer.",
}
