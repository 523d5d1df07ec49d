"""What new-container takes."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.containers.serializers import NewContainer


def errors(**body: Any) -> dict[str, Any]:
    serializer = NewContainer(data=body)
    serializer.is_valid()
    return dict(serializer.errors)


@pytest.mark.parametrize("name", ["a", "7", "web", "web-1", "a--b", "router-2", "a" * 63])
def test_it_takes_host_names(name: str) -> None:
    assert errors(name=name) == {}


@pytest.mark.parametrize(
    "name",
    [
        "Web",
        "my db",
        "-web",
        "web-",
        "-",
        "web_1",
        "web.p7",
        "wéb",
        "\N{FULLWIDTH LATIN SMALL LETTER W}eb",
        "a" * 64,
        "../etc",
        "we\nb",
        "we\0b",
        "$(id)",
        "router",
        "localhost",
    ],
)
def test_it_refuses_what_is_no_host_name_or_is_reserved(name: str) -> None:
    assert list(errors(name=name)) == ["name"]


def test_everything_is_optional() -> None:
    assert errors() == {}
    assert errors(name="", image="") == {}


def test_it_refuses_an_image_name_longer_than_the_catalogue_has() -> None:
    assert list(errors(image="a" * 64)) == ["image"]


def test_a_dockerfile_is_read() -> None:
    assert not errors(dockerfile=SimpleUploadedFile("Dockerfile", b"FROM scratch\n"))
    assert "is empty" in str(errors(dockerfile=SimpleUploadedFile("Dockerfile", b""))["dockerfile"])
