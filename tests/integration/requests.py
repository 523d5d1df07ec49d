"""What every refusal of the API looks like."""

from typing import Any

from apps.operations.models import Operation
from apps.projects.models import Project


def refusal(response: Any, status: int = 400) -> tuple[str, str]:
    """Code and sentence of a failure, once its form is right."""
    assert response["Content-Type"] == "application/json"
    body = response.json()
    assert (response.status_code, body["success"], set(body)) == (status, False, {"success", "error", "code"}), body
    assert body["error"]
    assert "Traceback" not in body["error"]
    return body["code"], body["error"]


def refused_and_unwritten(response: Any, status: int = 400) -> tuple[str, str]:
    """The same, for a call that must have left nothing in the database."""
    assert not Operation.objects.exists()
    assert not Project.objects.exists()
    return refusal(response, status)
