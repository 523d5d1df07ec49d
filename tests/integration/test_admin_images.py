"""The catalogue in the admin: what a reference is, and the default, which moves from image to image."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.test import Client

from apps.containers.models import Image
from tests.integration import rows
from tests.integration.test_admin import fields, page

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    return client


def _save(staff: Client, image: Image, form: dict[str, Any] | None = None, **changes: str) -> Any:
    """Save a change page, as it is now or as it was shown once."""
    url = page(Image, "change", image.pk)
    response = staff.post(url, (form or fields(staff.get(url))) | changes)
    assert response.status_code == 302, response.context["errors"]
    return response


def _defaults() -> list[str]:
    return list(Image.objects.filter(is_default=True).values_list("name", flat=True))


def _messages(response: Any) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


@pytest.mark.parametrize(
    "reference",
    [
        "debian", "debian:bookworm-slim", "library/debian", "localhost:9/gone:1", "Registry.lab.example:5000/a/b__c/d-e.f:V1.0_x",
        f"debian:12@sha256:{'0a' * 32}", f"debian@sha256:{'0a' * 32}", "192.0.2.1/x", "nm-default:latest", "a" * 255,
    ],
)  # fmt: skip
def test_a_reference_that_docker_can_read_is_taken(staff: Client, reference: str) -> None:
    assert staff.post(page(Image, "add"), {"name": "x", "reference": reference}).status_code == 302
    assert Image.objects.get().reference == reference


@pytest.mark.parametrize(
    "reference",
    [
        "Debian", "debian:", ":tag", "debian slim", "debian:a b", "https://example.org/debian", "debian/", "/debian", "a//b",
        "a..b", "-debian", "debian-", "debian:-x", f"debian:{'x' * 129}", "debian@sha256:123", "debian@", "d\u00e9bian",
        "debian:\u0661", "a/b:c/d", "--privileged", "$(id)", "debian\n:12", "a" * 256, "",
    ],
)  # fmt: skip
def test_what_is_no_reference_is_told_at_its_field(staff: Client, reference: str) -> None:
    response = staff.post(page(Image, "add"), {"name": "x", "reference": reference})
    assert response.status_code == 200
    assert list(response.context["adminform"].form.errors) == ["reference"]
    assert not Image.objects.exists()


def test_who_ticks_an_image_takes_the_default_from_the_former_and_is_told(staff: Client) -> None:
    rows.image()
    response = _save(staff, rows.image(name="python", is_default=False), is_default="on")
    assert _defaults() == ["python"]
    assert "python is the default image now, and default no more." in _messages(response)


def test_an_image_that_is_entered_as_the_default_takes_it_too(staff: Client) -> None:
    rows.image()
    response = staff.post(page(Image, "add"), {"name": "python", "reference": "python:3", "is_default": "on"})
    assert response.status_code == 302
    assert _defaults() == ["python"]


def test_a_form_that_was_shown_before_the_default_moved_does_not_move_it_back(staff: Client) -> None:
    first, second = rows.image(), rows.image(name="python", is_default=False)
    shown = fields(staff.get(page(Image, "change", first.pk)))
    _save(staff, second, is_default="on")
    _save(staff, first, shown, command="sleep infinity")
    assert _defaults() == ["python"]
    assert Image.objects.get(pk=first.pk).command == "sleep infinity"


def test_who_unticks_or_deletes_the_default_is_warned(staff: Client) -> None:
    first = rows.image()
    form = fields(staff.get(page(Image, "change", first.pk)))
    del form["is_default"]
    assert "until one is ticked" in _messages(_save(staff, first, form))
    assert _defaults() == []
    assert "until one is ticked" not in _messages(_save(staff, first, is_default="on"))
    response = staff.post(page(Image, "delete", first.pk), {"post": "yes"})
    assert "until one is ticked" in _messages(response)


def test_the_database_holds_one_default_whoever_writes(staff: Client) -> None:
    """The control of what the form does not ask."""
    rows.image()
    with pytest.raises(Exception, match="image_one_default"):
        rows.image(name="python")
