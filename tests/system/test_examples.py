"""What examples/ shows works, against the running NetManager."""

import json
import subprocess
import sys
from pathlib import Path

from tests.system.lab import Lab
from tests.system.stack import BASE_IMAGE, LISTEN, ROOT, Stack, run
from tests.system.state import differences
from tests.system.state.facts import rows


def _environment(stack: Stack) -> dict[str, str]:
    return {"NETMANAGER_API": f"http://{LISTEN}", "TOKEN": stack.token}


def _caller(stack: Stack, *arguments: str) -> subprocess.Popen[str]:
    """examples/caller.py, as it begins."""
    environment = {"PATH": "/usr/bin", **_environment(stack)}
    command = [sys.executable, "-I", str(ROOT / "examples/caller.py"), *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_the_walkthrough_goes_through_the_whole_api_and_leaves_nothing(lab: Lab, project: int) -> None:
    told = run("examples/walkthrough.sh", env=_environment(lab.stack) | {"PROJECT": str(project), "SOCKET": "1"})
    assert told.rstrip().endswith("walkthrough: all as expected")
    paths = {line.split()[1].split("/")[1] for line in told.splitlines() if " → " in line}
    assert paths >= {"create-bridge", "update-container", "get-container-info", "add-port", "operations", "projects"}
    assert differences(lab.stack) == []
    assert rows(f"SELECT status FROM projects_project WHERE project_id = {project}") == [{"status": "NONE"}]


def test_the_walkthrough_stops_at_what_is_not_as_expected_and_touches_no_project_of_others(stack: Stack, project: int) -> None:
    stack.new_container(project, "web")
    command = ["examples/walkthrough.sh"]
    environment = {"PATH": "/usr/bin:/bin", "PROJECT": str(project), **_environment(stack)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "walkthrough: expected containers to be []" in done.stderr
    assert len(stack.get(f"/get-project-containers/1/{project}/").body["containers"]) == 1


def test_the_caller_tells_the_answer_and_by_its_exit_whether_it_is_a_refusal(stack: Stack, project: int) -> None:
    for wanted in (0, 1):
        with _caller(stack, "POST", f"/new-container/1/{project}/", "name=web") as caller:
            answer = json.loads(caller.communicate(timeout=120)[0])
        assert (caller.returncode, answer["success"]) == (wanted, not wanted), answer
    assert answer["code"] == "name_taken"


def test_the_caller_outlives_a_web_process_that_is_killed_under_it_and_nothing_is_done_twice(stack: Stack, project: int) -> None:
    stack.control("stop", "web")
    with _caller(stack, "POST", f"/new-container/1/{project}/") as caller:
        assert caller.stderr is not None
        assert "trying again" in caller.stderr.readline(), "the control: nobody answers"
        stack.control("start", "web")
        answer = json.loads(caller.communicate(timeout=120)[0])
    assert answer["success"], answer
    listed = stack.get(f"/get-project-containers/1/{project}/").body["containers"]
    assert [container["docker_id"] for container in listed] == [answer["docker_id"]]


def test_the_caller_sends_files(stack: Stack, project: int, tmp_path: Path) -> None:
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text(f'FROM {BASE_IMAGE}\nCMD ["sleep", "infinity"]\n')
    with _caller(stack, "POST", f"/new-container/1/{project}/", "name=web", f"dockerfile=@{dockerfile}") as caller:
        answer = json.loads(caller.communicate(timeout=180)[0])
    assert answer["success"], answer
