"""GET /get-container-logs/, whatever a container writes."""

import json
import re
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conditions import wait_until
from tests.system.stack import LISTEN, Stack

PROJECT = 7002
ANSWER = 256 * 1024  # bytes
ON_HOST = 20_000_000  # bytes
LINES = 50


@pytest.fixture(scope="module")
def network(stack: Stack) -> Iterator[None]:
    assert stack.post(f"/create-bridge/1/{PROJECT}/").status == 200
    yield
    stack.delete_project(PROJECT)


@pytest.fixture
def web(stack: Stack, network: None) -> Iterator[str]:
    """docker_id of a container that has written nothing."""
    docker_id = stack.post(f"/new-container/1/{PROJECT}/", name="web", image="debian").body["docker_id"]
    yield docker_id
    assert stack.post(f"/remove-container/1/{docker_id}/").status == 200


def body(stack: Stack, docker_id: str) -> bytes:
    """The answer as it comes over the wire."""
    request = urllib.request.Request(f"http://{LISTEN}/get-container-logs/1/{docker_id}/")
    request.add_header("Authorization", f"Token {stack.token}")
    with urllib.request.urlopen(request, timeout=60) as response:
        answer: bytes = response.read()
    assert len(answer) <= ANSWER
    return answer


def logs(stack: Stack, docker_id: str) -> str:
    answer = json.loads(body(stack, docker_id))
    assert (set(answer), answer["success"]) == ({"success", "logs"}, True)
    text: str = answer["logs"]
    return text


def write(stack: Stack, script: str) -> None:
    """Run a script whose output becomes the container's."""
    done = stack.inside(PROJECT, "web", "sh", "-c", f"exec >/proc/1/fd/1 2>/proc/1/fd/2; {script}", timeout=280)
    assert done.returncode == 0, done


def written(stack: Stack, docker_id: str, end: str = "the end\n") -> str:
    """The log, once the engine has got to this end of it."""
    wait_until(lambda: logs(stack, docker_id).endswith(end), f"the log ends in {end!r}")
    return logs(stack, docker_id)


def test_an_empty_log_is_an_empty_string(stack: Stack, web: str) -> None:
    assert json.loads(body(stack, web)) == {"success": True, "logs": ""}


def test_the_last_50_lines_of_both_streams_come_in_order(stack: Stack, web: str) -> None:
    write(stack, "for i in $(seq 1 40); do echo out $i; sleep 0.02; echo err $i >&2; sleep 0.02; done")
    expected = [f"{stream} {number}" for number in range(1, 41) for stream in ("out", "err")][-LINES:]
    assert written(stack, web, "err 40\n") == "\n".join(expected) + "\n"


def test_latin_1_and_colours_and_zero_bytes(stack: Stack, web: str) -> None:
    write(stack, r"printf 'caf\351\n'; printf 'na\303\257ve \033[31mred\033[0m a\000b\nthe end\n'")
    assert written(stack, web) == "caf�\nnaïve \x1b[31mred\x1b[0m a�b\nthe end\n"


@pytest.mark.parametrize("among", ["cat", r"tr -d '\n'"])
def test_binary_rubbish(stack: Stack, web: str, among: str) -> None:
    write(stack, f"head -c 3000000 /dev/urandom | {among}; echo; echo the end")
    written(stack, web)


def test_one_line_of_5_mb_without_an_end(stack: Stack, web: str) -> None:
    write(stack, "head -c 5000000 /dev/zero | tr '\\0' x")
    wait_until(lambda: len(logs(stack, web)) > ANSWER - 2000, "the line is there")
    assert set(logs(stack, web)) == {"x"}


def test_50_long_lines_are_50_lines(stack: Stack, web: str) -> None:
    """The engine keeps a line of 17000 bytes in two pieces."""
    long = "head -c 17000 /dev/zero | tr '\\0' x"
    write(stack, f"for i in $(seq 1 10); do {long}; echo; for j in 1 2 3 4 5; do echo short; done; done; echo the end")
    lines = written(stack, web).splitlines()
    assert len(lines) == LINES
    assert [line for line in lines if line.startswith("x")] == ["x" * 17000] * 8


@pytest.mark.parametrize("line", ["a line", "x" * 1000])
def test_1_gb_of_output_fits_on_the_host_and_is_answered(stack: Stack, web: str, line: str) -> None:
    size = "1G" if len(line) > 100 else "30M"  # of short lines, which take the engine longer
    write(stack, f"yes {line} | head -c {size}; echo; echo the end")
    assert written(stack, web).count("\n") == LINES
    directory = Path(stack.docker("inspect", "-f", "{{.LogPath}}", web)).parent
    assert sum(file.stat().st_size for file in directory.glob("*-json.log*")) <= ON_HOST


def test_a_log_that_is_being_written_is_answered(stack: Stack, web: str) -> None:
    stack.docker("exec", "-d", web, "sh", "-c", "yes >/proc/1/fd/1")
    wait_until(lambda: logs(stack, web), "it writes")
    for _ in range(20):
        assert re.fullmatch(r"(y\n){50}", logs(stack, web))


def test_the_log_of_a_stopped_container_is_kept(stack: Stack, web: str) -> None:
    write(stack, "echo the end")
    before = written(stack, web)
    assert stack.post(f"/stop-container/1/{web}/").status == 200
    assert logs(stack, web) == before


def test_the_log_of_a_container_that_the_engine_lost(stack: Stack, web: str) -> None:
    stack.docker("rm", "-f", web)
    answer = stack.get(f"/get-container-logs/1/{web}/")
    assert (answer.status, answer.body["code"]) == (500, "container_lost")
    assert "web is gone from the Docker host" in answer.body["error"]


def test_a_container_that_is_being_removed_is_no_failure_of_ours(stack: Stack, network: None) -> None:
    """Asked again and again until it is gone: the caller can mend every answer."""
    for number in range(5):
        path = f"/get-container-logs/1/{stack.new_container(PROJECT, f'short-{number}')['docker_id']}/"
        with ThreadPoolExecutor(4) as pool:
            readers = [pool.submit(answers_until_gone, stack, path) for _ in range(3)]
            removed = pool.submit(stack.post, path.replace("get-container-logs", "remove-container"))
            codes = set().union(*(reader.result() for reader in readers))
            assert removed.result().status == 200
        assert codes <= {(200, ""), (400, "container_changing"), (400, "unknown_container")}


def answers_until_gone(stack: Stack, path: str) -> set[tuple[int, str]]:
    """Status and code of every answer, up to the first that knows no such container."""
    answers: set[tuple[int, str]] = set()
    while (400, "unknown_container") not in answers:
        answer = stack.get(path)
        answers.add((answer.status, answer.body.get("code", "")))
        assert answer.status < 500, answer
    return answers
