"""Dockerfiles that must work: new-container makes a container of each, which says so."""

import json

import pytest

from tests.conditions import wait_until
from tests.system.stack import BASE_IMAGE, INSTANCE, Stack

BASE = f"FROM {BASE_IMAGE}\n"
TAG = BASE_IMAGE.partition(":")[2]
FIFTY = BASE + "".join(f"RUN echo {step} >>/steps\n" for step in range(48)) + 'CMD ["sh", "-c", "wc -l </steps; sleep 1000"]\n'

WORKING = {
    "apt install of a package": (
        BASE + "RUN echo 'Acquire { http::Timeout 10; Retries 5; };' >/etc/apt/apt.conf.d/90patience\n"
        "RUN apt-get update && apt-get install -y --no-install-recommends busybox-static\n"
        'CMD ["sh", "-c", "busybox echo installed; sleep 1000"]\n',
        "installed",
    ),
    "multi-stage": (
        BASE[:-1] + " AS build\nRUN echo made >/made\n" + BASE + "COPY --from=build /made /got\n"
        'CMD ["sh", "-c", "cat /got; sleep 1000"]\n',
        "made",
    ),
    "ENTRYPOINT and CMD": (BASE + 'ENTRYPOINT ["/bin/sh", "-c", "echo $0; sleep 1000"]\nCMD ["from-cmd"]\n', "from-cmd"),
    "USER": (BASE + 'RUN useradd -m ana\nUSER ana\nCMD ["sh", "-c", "id -un; sleep 1000"]\n', "ana"),
    "EXPOSE, ENV and WORKDIR": (
        BASE + 'EXPOSE 80\nENV A=b\nWORKDIR /srv\nCMD ["sh", "-c", "echo $A $PWD; sleep 1000"]\n',
        "b /srv",
    ),
    "ARG defaults": (
        f"ARG TAG={TAG}\nFROM debian:${{TAG}}\nARG WHAT=default\nRUN echo $WHAT >/what\nCMD cat /what; sleep 1000\n",
        "default",
    ),
    "fifty steps": (FIFTY, "48"),
    "lines with comments between": (
        BASE + "RUN echo one >/x \\\n    # two\n    && echo three >>/x\n" + 'CMD ["sh", "-c", "cat /x; sleep 1000"]\n',
        "one\nthree",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", WORKING)
def test_it_becomes_a_container(stack: Stack, project: int, what: str) -> None:
    dockerfile, says = WORKING[what]
    answer = stack.build(f"/new-container/1/{project}/", dockerfile, name="web")
    assert answer.status == 200, str(answer)
    assert (answer.body["container_name"], answer.body["ip"].endswith(".128")) == ("web", True)
    wait_until(lambda: stack.docker("logs", answer.body["docker_id"]).endswith(says), f"it says {says}")


def test_healthcheck_is_the_engines_to_run(stack: Stack, project: int) -> None:
    dockerfile = BASE + 'HEALTHCHECK --interval=1s CMD true\nCMD ["sleep", "1000"]\n'
    docker_id = stack.build(f"/new-container/1/{project}/", dockerfile).body["docker_id"]
    wait_until(lambda: stack.docker("inspect", "-f", "{{.State.Health.Status}}", docker_id) == "healthy", "it is healthy")


def test_it_keeps_its_address_and_is_reached_by_name(stack: Stack, project: int) -> None:
    stack.build(f"/new-container/1/{project}/", BASE + 'CMD ["sleep", "1000"]\n', name="built")
    stack.new_container(project, "web")
    assert stack.pings(project, "web", "built")


def test_the_log_can_be_read_while_it_builds_and_afterwards(stack: Stack, project: int) -> None:
    dockerfile = BASE + 'RUN echo first; sleep 4; echo second; true\nCMD ["sleep", "1000"]\n'
    operation = stack.submit(f"/new-container/1/{project}/", dockerfile)
    running = wait_until(lambda: "first\n" in (o := stack.operation(operation))["log"] and o, "the log has the first line")
    assert (running["state"], "second\n" in running["log"]) == ("RUNNING", False)
    ended = stack.ended(operation)
    assert ended["state"] == "SUCCEEDED", ended
    assert all(said in ended["log"] for said in ("Step 1/", "first\n", "second\n", "Successfully built"))


def test_a_second_build_takes_the_layers_of_its_own_project_over_and_not_those_of_others(
    stack: Stack, project: int, other: int
) -> None:
    dockerfile = BASE + 'RUN cat /proc/sys/kernel/random/uuid >/made\nCMD ["sleep", "1000"]\n'

    def made(where: int, name: str) -> str:
        assert stack.build(f"/new-container/1/{where}/", dockerfile, name=name).status == 200
        return stack.inside(where, name, "cat", "/made").stdout

    first = made(project, "one")
    assert made(project, "two") == first
    assert made(other, "one") != first


def test_its_image_is_removed_with_it_and_layers_that_others_share_stay(stack: Stack, project: int) -> None:
    before = set(stack.docker("images", "-aq", "--no-trunc").split())
    dockerfile = BASE + 'RUN echo x >/x\nCMD ["sleep", "1000"]\n'
    made = [stack.build(f"/new-container/1/{project}/", dockerfile, name=name).body for name in ("one", "two")]
    assert stack.post(f"/remove-container/1/{made[0]['docker_id']}/").status == 200
    assert stack.inside(project, "two", "cat", "/x").stdout == "x\n"
    listed = ("images", "--format", "{{.Repository}}", "--filter", f"label=netmanager.project={project}")
    wait_until(lambda: stack.docker(*listed).split() == [f"{INSTANCE}-p{project}/two"], "the image of the first is gone")
    assert stack.inside(project, "two", "cat", "/x").stdout == "x\n"
    assert stack.post(f"/remove-container/1/{made[1]['docker_id']}/").status == 200
    wait_until(lambda: set(stack.docker("images", "-aq", "--no-trunc").split()) == before, "nothing of both is left")


def test_its_image_has_the_limits_and_the_owner_of_what_is_ours(stack: Stack, project: int) -> None:
    docker_id = stack.build(f"/new-container/1/{project}/", BASE + 'CMD ["sleep", "1000"]\n').body["docker_id"]
    inspected = json.loads(stack.docker("inspect", docker_id))[0]
    assert inspected["HostConfig"]["Memory"] == 512 * 1024 * 1024
    assert inspected["Config"]["Labels"]["netmanager.project"] == str(project)
