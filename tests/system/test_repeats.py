"""A call whose client is gone goes on, and a repeat with the same Idempotency-Key tells its outcome; it is never done twice."""

import subprocess
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.conditions import wait_until
from tests.system.stack import BASE_IMAGE, LISTEN, Answer, Stack
from tests.system.state import differences
from tests.system.state.facts import Row, rows

SLOW = f'FROM {BASE_IMAGE}\nRUN sleep 3; echo {{key}}\nCMD ["sleep", "infinity"]\n'
AT_ONCE = 8


@pytest.fixture
def key() -> str:
    """One that nobody has used."""
    return uuid.uuid4().hex


def _post(stack: Stack, path: str, key: str, dockerfile: str | None = None, **fields: str) -> Answer:
    files = {name: (None, value) for name, value in fields.items()} | ({"dockerfile": ("d", dockerfile)} if dockerfile else {})
    headers = {"Authorization": f"Token {stack.token}", "Idempotency-Key": key}
    answer = requests.post(f"http://{LISTEN}{path}", files=files or None, headers=headers, timeout=180)
    return Answer(answer.status_code, answer.json())


def _operations(key: str) -> list[Row]:
    return rows(f"SELECT uuid, state, step, result FROM operations_operation WHERE idempotency_key = '{key}'")


def _killed(stack: Stack, path: str, key: str, dockerfile: Path) -> None:
    """Make a call by curl, and kill it while the image is built."""
    command = [
        "curl",
        "-s",
        f"http://{LISTEN}{path}",
        "-H",
        f"Authorization: Token {stack.token}",
        "-H",
        f"Idempotency-Key: {key}",
    ]
    with subprocess.Popen([*command, "-F", f"dockerfile=@{dockerfile}"], stdout=subprocess.PIPE) as curl:
        wait_until(lambda: [(row["state"], row["step"]) for row in _operations(key)] == [("RUNNING", "build")], "it is built")
        curl.kill()
        assert curl.communicate()[0] == b"", "the control: it was not answered"


@pytest.fixture
def dockerfile(tmp_path: Path) -> Path:
    """One that takes some seconds, for it is in no cache."""
    path = tmp_path / "Dockerfile"
    path.write_text(SLOW.format(key=uuid.uuid4().hex))
    return path


@pytest.mark.parametrize(
    ("verb", "repeated"), [("new-container", "meanwhile"), ("new-container", "afterwards"), ("update-container", "afterwards")]
)
def test_a_killed_client_changes_nothing_and_a_repeat_tells_the_outcome(
    stack: Stack, project: int, dockerfile: Path, verb: str, repeated: str
) -> None:
    key = uuid.uuid4().hex
    web = stack.new_container(project, "web")
    path = f"/new-container/1/{project}/" if verb == "new-container" else f"/update-container/1/{web['docker_id']}/"
    _killed(stack, path, key, dockerfile)
    if repeated == "afterwards":
        wait_until(lambda: _operations(key)[0]["state"] == "SUCCEEDED", "it goes on to its end")
    answer = _post(stack, path, key, dockerfile.read_text())
    assert answer.status == 200, answer
    [operation] = _operations(key)
    assert answer.body == {"success": True, **operation["result"]}
    listed = stack.get(f"/get-project-containers/1/{project}/").body["containers"]
    assert answer.body["docker_id"] in [container["docker_id"] for container in listed]
    assert len(listed) == (2 if verb == "new-container" else 1)
    assert differences(stack) == []


def test_repeats_at_once_make_one_container_and_all_tell_of_it(stack: Stack, project: int, key: str) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda _: _post(stack, f"/new-container/1/{project}/", key), range(AT_ONCE)))
    assert answers[0].status == 200, answers[0]
    assert answers == [answers[0]] * AT_ONCE
    assert len(_operations(key)) == 1
    listed = stack.get(f"/get-project-containers/1/{project}/").body["containers"]
    assert [container["docker_id"] for container in listed] == [answers[0].body["docker_id"]]


def test_the_same_key_with_another_request_is_refused(stack: Stack, project: int, key: str) -> None:
    first = _post(stack, f"/new-container/1/{project}/", key, name="web")
    assert first.status == 200, first
    other = _post(stack, f"/new-container/1/{project}/", key, name="db")
    assert (other.status, other.body["code"]) == (400, "idempotency_mismatch")
    assert _post(stack, f"/new-container/1/{project}/", key, name="web") == first
