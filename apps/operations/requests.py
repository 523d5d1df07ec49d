"""What the headers of a change ask for: Idempotency-Key (draft-ietf-httpapi-idempotency-key-header) and Prefer (RFC 7240)."""

import hashlib
import json
import re
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from rest_framework.request import Request

from apps.errors import Rejected
from apps.operations.services import Caller

KEY = r"[!-~]{1,255}"  # printable ASCII without blanks


def caller_of(request: Request, user_id: int) -> Caller:
    """Who calls, and the key of a POST by which a repeat is known; raises Rejected for a key that cannot be one."""
    service = request.user.get_username()
    key = request.headers.get("Idempotency-Key")
    if key is None or request.method != "POST":
        return Caller(service, user_id)
    if not re.fullmatch(KEY, key):
        raise Rejected("invalid_idempotency_key", "Idempotency-Key must be 1 to 255 printable ASCII characters without blanks.")
    return Caller(service, user_id, key, _fingerprint(request))


def responds_async(request: Request) -> bool:
    """Whether the caller prefers 202 at once to waiting."""
    preferences = request.headers.get("Prefer", "").split(",")
    return any(preference.split(";")[0].strip().lower() == "respond-async" for preference in preferences)


def _fingerprint(request: Request) -> str:
    """SHA-256 of the path and the parsed body: a repeat has another multipart boundary."""
    digest = hashlib.sha256(request.path.encode())
    digest.update(json.dumps(_fields(request.data), sort_keys=True).encode())
    return digest.hexdigest()


def _fields(data: Any) -> Any:
    if not isinstance(data, QueryDict):
        return data
    return {name: [_value(value) for value in values] for name, values in data.lists()}


def _value(value: Any) -> str:
    if not isinstance(value, UploadedFile):
        return str(value)
    digest = hashlib.sha256(b"".join(value.chunks())).hexdigest()
    value.seek(0)
    return f"sha256:{digest}"
