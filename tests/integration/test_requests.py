"""Requests that no endpoint takes: paths, methods, tokens, bodies."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import Settings
from rest_framework.test import APIClient

from netmanager.limits import LARGEST_BODY
from tests.integration import rows
from tests.integration.requests import refused_and_unwritten

pytestmark = pytest.mark.django_db

BY_PROJECT = [
    *(
        "/create-bridge/1/{}/",
        "/delete-bridge/1/{}/",
        "/new-container/1/{}/",
        "/get-project-containers/1/{}/",
        "/add-port/1/{}/3/",
    ),
]
MEMBERS = "/projects/{}/members/"
BY_SOCKET = ["/add-port/1/7/{}/", "/remove-port/1/{}/"]
BY_USER = [
    *("/create-bridge/{}/7/", "/get-project-containers/{}/7/", "/start-container/{}/0123456789ab/"),
    *("/add-port/{}/7/3/", "/remove-port/{}/3/"),
]
CHANGES = ["remove", "start", "stop", "restart"]
BAD_IDS = ["0", "-1", "2147483648", "abc", "1.0", "%D9%A1", "%20", "7%0A", "7%00", "9" * 500]


def call(api: APIClient, path: str) -> Any:
    return api.get(path) if path.startswith(("/get-", "/projects/")) else api.post(path)


@pytest.mark.parametrize("path", [*BY_PROJECT, *BY_USER, *BY_SOCKET, MEMBERS])
@pytest.mark.parametrize("bad", BAD_IDS)
def test_it_refuses_what_is_no_id(api: APIClient, path: str, bad: str) -> None:
    code, sentence = refused_and_unwritten(call(api, path.format(bad)))
    assert code == "invalid"
    assert "is not a whole number from 1 to 2147483647" in sentence or "Ensure this value" in sentence


@pytest.mark.parametrize("path", [*BY_PROJECT, *BY_USER, *BY_SOCKET, "/start-container/1/{}/"])
def test_an_empty_part_makes_an_unknown_path(api: APIClient, path: str) -> None:
    assert refused_and_unwritten(call(api, path.format("")), 404)[0] == "not_found"


@pytest.mark.parametrize(
    "path", ["/", "/nonsense/", "/create-bridge/1/7", "/create-bridge/1/", "/operations/abc/", "/create-bridge/1/7/8/"]
)
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_an_unknown_path_is_named(api: APIClient, path: str, method: str) -> None:
    code, sentence = refused_and_unwritten(getattr(api, method)(path), 404)
    assert code == "not_found"
    assert path in sentence


@pytest.mark.parametrize("path", [*BY_PROJECT, *BY_SOCKET, *(f"/{change}-container/1/{{}}/" for change in CHANGES)])
@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_no_path_takes_another_method(api: APIClient, path: str, method: str) -> None:
    assert refused_and_unwritten(getattr(api, method)(path.format("7777")), 405)[0] == "method_not_allowed"


@pytest.mark.parametrize(
    "path",
    [
        *("/create-bridge/1/7/", "/delete-bridge/1/7/", "/new-container/1/7/", "/remove-container/1/7777/"),
        *("/add-port/1/7/3/", "/remove-port/1/3/"),
    ],
)
def test_what_cannot_be_undone_takes_no_get(api: APIClient, path: str) -> None:
    assert refused_and_unwritten(api.get(path), 405)[0] == "method_not_allowed"


@pytest.mark.parametrize("method", ["post", "patch", "delete", "options"])
def test_members_are_read_and_set_and_no_more(api: APIClient, method: str) -> None:
    assert refused_and_unwritten(getattr(api, method)(MEMBERS.format(7)), 405)[0] == "method_not_allowed"


def test_a_format_in_the_query_is_not_looked_at(api: APIClient) -> None:
    assert api.get("/get-project-containers/1/7/?format=html").json()["success"] is True


def test_a_listing_takes_no_post(api: APIClient) -> None:
    assert refused_and_unwritten(api.post("/get-project-containers/1/7/"), 405)[0] == "method_not_allowed"


@pytest.mark.parametrize(
    "path",
    [
        *(*BY_PROJECT, *BY_SOCKET, MEMBERS, "/start-container/1/0123456789ab/"),
        *("/operations/", "/operations/6d1c1a6e-0000-4000-8000-000000000000/"),
    ],
)
@pytest.mark.parametrize("header", [None, "", "Token", "Token nonsense", "Token a b", "Bearer x", "Basic eDp5", "Token \xff"])
def test_nobody_gets_in_without_a_good_token(anonymous: APIClient, path: str, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    method = anonymous.get if path.startswith(("/get-", "/operations", "/projects")) else anonymous.post
    response = method(path.format(7), headers=headers)
    refused_and_unwritten(response, 401)
    assert response["WWW-Authenticate"] == "Token"


def test_without_a_token_it_does_not_tell_which_ids_are_good(anonymous: APIClient) -> None:
    answers = [refused_and_unwritten(anonymous.post(f"/create-bridge/1/{number}/"), 401) for number in ("7", "abc")]
    assert answers[0] == answers[1]


def test_the_token_of_a_deactivated_service_is_refused(api: APIClient, django_user_model: Any) -> None:
    django_user_model.objects.update(is_active=False)
    refused_and_unwritten(api.post("/create-bridge/1/7/"), 401)


def test_a_caller_from_a_trusted_network_needs_no_token(anonymous: APIClient, settings: Settings) -> None:
    settings.NETMANAGER_TOKENLESS_FROM = ["192.0.2.0/24", "2001:db8::/32"]
    path = "/get-project-containers/1/7/"
    refused_and_unwritten(anonymous.get(path, REMOTE_ADDR="198.51.100.9"), 401)
    refused_and_unwritten(anonymous.get(path, REMOTE_ADDR="198.51.100.9", headers={"X-Forwarded-For": "192.0.2.9"}), 401)
    assert anonymous.get(path, REMOTE_ADDR="192.0.2.9").status_code == 200
    assert anonymous.get(path, REMOTE_ADDR="2001:db8::9").status_code == 200


def test_a_wrong_token_is_refused_from_a_trusted_network_too(anonymous: APIClient, settings: Settings) -> None:
    settings.NETMANAGER_TOKENLESS_FROM = ["192.0.2.0/24"]
    headers = {"Authorization": "Token nonsense"}
    refused_and_unwritten(anonymous.get("/get-project-containers/1/7/", REMOTE_ADDR="192.0.2.9", headers=headers), 401)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=", b"x"),
        ("multipart/form-data; boundary=\xc3\xa9", b"x"),
        ("application/json", b"{"),
        ("application/json", b'{"name": "\xff"}'),
        ("application/json", b"[1]"),
        ("application/json", b'"web"'),
        ("application/json", b"null"),
        ("application/json", b"[" * 100_000),
        ("application/json", b'{"name": {"a": 1}}'),
        ("application/json", b'{"name": ["web"]}'),
        ("application/json", b'{"name": null}'),
        ("application/json", b'{"image": "\\ud800"}'),
        ("application/json", b'{"image": "\\u0000"}'),
        ("application/x-www-form-urlencoded; charset=punycode", b"name=web"),
        ("application/x-www-form-urlencoded; charset=utf-7", b"name=web"),
        ("application/x-www-form-urlencoded; charset=cp037", b"name=web"),
        ("application/x-www-form-urlencoded; charset=hex", b"name=web"),
        (
            "multipart/form-data; boundary=x; charset=idna",
            b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nweb\r\n--x--\r\n',
        ),
        ("application/json; charset=utf-16", b'{"name": "web"}'),
        ("text/csv", b"name\nweb\n"),
        ("nonsense", b"x"),
        ("application/xml", b"<name>web</name>"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(api: APIClient, content_type: str, body: Any) -> None:
    rows.image()
    refused_and_unwritten(api.generic("POST", "/new-container/1/7/", body, content_type=content_type))


@pytest.mark.parametrize("encoding", ["multipart", "json"])
def test_a_body_that_is_too_large_is_refused_as_that(api: APIClient, encoding: str) -> None:
    response = api.post("/new-container/1/7/", {"name": "a" * 3_000_000}, format=encoding)
    assert refused_and_unwritten(response, 413)[0] == "too_large"


def test_more_fields_than_any_form_has_are_refused(api: APIClient) -> None:
    refused_and_unwritten(api.post("/new-container/1/7/", {f"field{number}": "x" for number in range(1500)}))


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "nonsense"])
def test_who_wants_anything_but_json_gets_json(api: APIClient, accept: str) -> None:
    response = api.get("/get-project-containers/1/7/", headers={"Accept": accept})
    assert response["Content-Type"] == "application/json"
    assert response.status_code in {200, 400}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"), (b"\n# nothing\n", "is empty"), (b"\x00\xff" * 1000, "not text in UTF-8: byte 1 "),
        (b"FROM a\0b", "NUL"), (b"FROM debian\nFOO\n", "Line 2: unknown instruction FOO"),
        (b"FROM debian\nADD http://x /\n", "ADD is not available"),
        (b"FROM debian\n" + b"#" * 65536, "at most 64 KiB; this one has 65548 bytes"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/new-container/1/7/", "/update-container/1/0123456789ab/"])
def test_what_is_no_dockerfile_is_refused_and_says_why(api: APIClient, path: str, content: bytes, said: str) -> None:
    code, sentence = refused_and_unwritten(
        api.post(path, {"dockerfile": SimpleUploadedFile("Dockerfile", content)}, format="multipart")
    )
    assert code == "invalid"
    assert sentence.startswith("dockerfile: ")
    assert said in sentence


@pytest.mark.parametrize("form", ["multipart", "json"])
@pytest.mark.parametrize("path", ["/new-container/1/7/", "/update-container/1/0123456789ab/"])
def test_a_dockerfile_that_is_no_file_is_refused_with_the_cure(api: APIClient, path: str, form: str) -> None:
    code, sentence = refused_and_unwritten(api.post(path, {"dockerfile": "FROM debian"}, format=form))
    assert (code, "-F dockerfile=@Dockerfile" in sentence) == ("invalid", True)


def test_an_update_without_a_dockerfile_is_refused(api: APIClient) -> None:
    assert refused_and_unwritten(api.post("/update-container/1/0123456789ab/"))[0] == "invalid"


def test_either_an_image_or_a_dockerfile_is_asked_for(api: APIClient) -> None:
    rows.image()
    both = {"image": "default", "dockerfile": SimpleUploadedFile("Dockerfile", b"FROM debian\n")}
    assert "not both" in refused_and_unwritten(api.post("/new-container/1/7/", both, format="multipart"))[1]


def test_a_body_that_is_too_large_is_not_read(api: APIClient) -> None:
    large = SimpleUploadedFile("Dockerfile", b"#" * LARGEST_BODY)
    code, sentence = refused_and_unwritten(api.post("/new-container/1/7/", {"dockerfile": large}, format="multipart"), 413)
    assert (code, str(LARGEST_BODY) in sentence) == ("too_large", True)


def test_it_says_that_it_lives_to_anyone(anonymous: APIClient) -> None:
    response = anonymous.get("/healthz/")
    assert (response.status_code, response.json()) == (200, {"success": True})


def test_a_host_name_that_is_not_ours_is_refused_in_json(api: APIClient) -> None:
    assert refused_and_unwritten(api.post("/create-bridge/1/7/", headers={"Host": "evil.example"}))[0] == "bad_request"


@pytest.mark.parametrize("body", ["name=website", "--other\r\nweb\r\n--other--\r\n"])
def test_a_multipart_body_without_a_part_is_not_taken_for_an_empty_form(api: APIClient, body: str) -> None:
    response = api.generic("POST", "/new-container/1/7/", body, content_type="multipart/form-data; boundary=this")
    code, sentence = refused_and_unwritten(response)
    assert code == "malformed"
    assert "boundary" in sentence
