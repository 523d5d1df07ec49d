"""Bad input gets the documented error over HTTP, and nothing is made of it."""

import http.client
import json
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.system.stack import BASE_IMAGE, DATABASE, LISTEN, Stack, postgres
from tests.system.test_leftovers import host_state

LARGEST = 2**31 - 1


@pytest.fixture(scope="module", autouse=True)
def nothing_is_made(stack: Stack) -> Iterator[None]:
    """After all the bad input the host and the database are as before."""
    before = host_state(stack)
    yield
    assert host_state(stack) == before
    for table in ("operations_operation", "projects_project"):
        assert postgres(f"SELECT count(*) FROM {table} WHERE project_id = 5001", DATABASE).strip() == "0"


@pytest.mark.parametrize("project", ["0", "-1", str(LARGEST + 1), "abc", "7.0", "%20", "٧"])
@pytest.mark.parametrize("verb", ["create-bridge", "delete-bridge", "new-container"])
def test_an_id_that_is_none(stack: Stack, verb: str, project: str) -> None:
    answer = stack.call("POST", f"/{verb}/1/{project.replace('٧', '%D9%A7')}/")
    assert (answer.status, answer.body["code"]) == (400, "invalid")
    assert answer.body["error"].startswith("project_id: ")


@pytest.mark.parametrize(
    "name", ["Web", "my web", "-web", "web-", "wéb", "a" * 64, "a.b", "router", "localhost", "web\n", "../x"]
)
def test_a_name_that_is_none(stack: Stack, name: str) -> None:
    answer = stack.post("/new-container/1/5001/", name=name)
    assert (answer.status, answer.body["code"]) == (400, "invalid")
    assert "name: " in answer.body["error"]


@pytest.mark.parametrize("image", ["nothing", BASE_IMAGE, "x" * 64])
def test_an_image_that_is_not_in_the_catalogue(stack: Stack, image: str) -> None:
    answer = stack.post("/new-container/1/5001/", image=image)
    assert answer.status == 400
    assert answer.body["code"] in {"unknown_image", "invalid"}


@pytest.mark.parametrize("docker_id", ["abc", "zzzz", "ABCD", "0" * 65, "ffffffffffff"])
@pytest.mark.parametrize("verb", ["start", "stop", "restart", "remove"])
def test_a_container_that_is_unknown(stack: Stack, verb: str, docker_id: str) -> None:
    answer = stack.post(f"/{verb}-container/1/{docker_id}/")
    assert answer.status == 400
    assert answer.body["code"] in {"unknown_container", "invalid_docker_id"}


def test_a_container_of_others_is_as_unknown_as_none(stack: Stack, project: int) -> None:
    docker_id = stack.new_container(project, "web")["docker_id"]
    nobody = stack.post(f"/stop-container/9/{docker_id}/")
    nothing = stack.post("/stop-container/9/ffffffffffff/")
    assert nobody.body["error"].replace(docker_id, "ffffffffffff") == nothing.body["error"]
    assert nobody.body["code"] == nothing.body["code"] == "unknown_container"
    assert stack.post(f"/stop-container/1/{docker_id[:6]}/").status == 200


def test_a_user_who_was_shown_the_list_may_use_what_is_on_it(stack: Stack, project: int) -> None:
    stack.new_container(project, "web")
    listed = stack.get(f"/get-project-containers/2/{project}/").body["containers"]
    assert stack.post(f"/restart-container/2/{listed[0]['docker_id']}/").status == 200


def test_a_name_that_is_taken(stack: Stack, project: int) -> None:
    stack.new_container(project, "web")
    answer = stack.post(f"/new-container/1/{project}/", name="web")
    assert (answer.status, answer.body["code"]) == (400, "name_taken")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/new-container/1/7/"), ("DELETE", "/create-bridge/1/7/"), ("PUT", "/stop-container/1/abcd/")]
)
def test_a_wrong_method(stack: Stack, method: str, path: str) -> None:
    answer = stack.call(method, path)
    assert (answer.status, answer.body["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize("path", ["/", "/nothing/", "/create-bridge/1/", "/create-bridge/1/7", "/new-container/1/7/8/"])
def test_a_path_that_is_none(stack: Stack, path: str) -> None:
    answer = stack.get(path)
    assert (answer.status, answer.body["code"]) == (404, "not_found")


@pytest.mark.parametrize("token", ["", "wrong"])
def test_a_missing_or_wrong_token(stack: Stack, token: str) -> None:
    answer = stack.call("POST", "/create-bridge/1/5001/", token=token)
    assert answer.status == 401
    assert answer.body["success"] is False


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"--x\r\n"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nWeb'),
        ("application/json", b"{"),
        ("application/json", b"[1, 2]"),
        ("text/plain", b"name=web"),
        ("multipart/form-data; boundary=\xff", b"--x"),
    ],
)
def test_a_broken_body(stack: Stack, content_type: str, body: bytes) -> None:
    headers = {"Authorization": f"Token {stack.token}", "Content-Type": content_type}
    with closing(http.client.HTTPConnection(LISTEN, timeout=60)) as connection:
        connection.request("POST", "/new-container/1/5001/", body, headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
    assert response.status == 400, answer
    assert answer["success"] is False


def test_a_dockerfile_is_not_taken_yet(stack: Stack) -> None:
    answer = stack.post("/new-container/1/5001/", dockerfile="FROM scratch")
    assert answer.status == 400
    assert "Dockerfile" in answer.body["error"]
