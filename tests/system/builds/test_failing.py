"""Dockerfiles that must fail with a clear sentence, and leave nothing."""

import re
import shutil
from collections.abc import Iterator

import pytest

from tests.conditions import wait_until
from tests.system.stack import BASE_IMAGE, ENGINE_DATA, INSTANCE, Answer, Stack, run

BASE = f"FROM {BASE_IMAGE}\n"
LIMIT = 300_000_000  # bytes, as the stack is set
DEPTH, STEP = 2100, 20 << 20  # directories, of which each counts 4096 bytes; bytes that are written at a time
BELOW = 13  # steps that stay below the limit, with the directories
FAILING = {
    "unknown base image": ("FROM no-such-image\nRUN true\n", r"base image no-such-image is unknown"),
    "COPY of a file that is not there": (BASE + "COPY app.py /\n", r"at step COPY app.py /: COPY failed: .*app.py"),
    "failing RUN": (BASE + "RUN echo one; echo two >&2; exit 3\n", r"step RUN .*code: 3.*: (one / two|two / one)$"),
    "RUN that fills memory": (BASE + "RUN head -c 2G /dev/zero | tail\n", r"code: 137 \(killed: the limit is 268435456 bytes"),
    "an instruction's syntax": (BASE + "EXPOSE many\n", r"Invalid containerPort: many"),
    "an image with nothing to run": ("FROM scratch\nLABEL a=b\n", r"^The build failed: its image has neither CMD nor ENTRYPOINT"),
    "an image with too many ports": (BASE + "ENV MOST=1001\nEXPOSE 1-$MOST\nCMD true\n", r"exposes 1001 ports, more than 1000"),
    "triggers of its base": ("FROM trap\n", r"ONBUILD triggers, which are not available"),
    "an instruction's options": (BASE + "\nHEALTHCHECK sometimes\n", r"[Ll]ine 3: "),
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def endless(stack: Stack) -> Iterator[str]:
    """The operation of a build that does not end by itself; it goes on beside the tests of the module."""
    project = 1901
    operation = stack.submit(f"/new-container/1/{project}/", BASE + "RUN echo begun; sleep 100000\n", name="endless")
    wait_until(lambda: "begun\n" in stack.operation(operation)["log"], "it has begun")
    yield operation
    stack.delete_project(project)


def failed(answer: Answer) -> str:
    assert (answer.status, answer.body["code"]) == (400, "build_failed"), answer
    return str(answer.body["error"])


@pytest.fixture
def trap(stack: Stack) -> Iterator[None]:
    """An image, as one might come from a registry, that has its builds fetch something by the host."""
    stack.docker("import", "-c", "ONBUILD ADD http://127.0.0.1:1/ /x", "/dev/null", "trap")
    yield
    stack.docker("rmi", "trap")


@pytest.mark.usefixtures("leaves_nothing", "trap")
@pytest.mark.parametrize("what", FAILING)
def test_it_says_why(stack: Stack, project: int, what: str) -> None:
    dockerfile, why = FAILING[what]
    stack.new_container(project, "web")
    sentence = failed(stack.build(f"/new-container/1/{project}/", dockerfile, name="built"))
    assert re.search(why, sentence), sentence
    listed = stack.get(f"/get-project-containers/1/{project}/").body["containers"]
    assert [container["container_name"] for container in listed] == ["web"]
    again = stack.build(f"/new-container/1/{project}/", BASE + 'CMD ["sleep", "1000"]\n', name="built")
    assert again.status == 200, "its name is free again"
    assert stack.post(f"/remove-container/1/{again.body['docker_id']}/").status == 200


@pytest.mark.parametrize("where", ["/x", "/volume/x", "deep"])
def test_one_that_writes_without_end_is_stopped_within_10_s_and_its_space_is_free_again(
    stack: Stack, project: int, leaves_nothing: object, where: str
) -> None:
    stack.post(f"/create-bridge/1/{project}/")
    free = shutil.disk_usage(ENGINE_DATA).free
    dug = DEPTH if where == "deep" else 0
    dig = f"cd /volume; for _ in $(seq {DEPTH}); do mkdir a; cd a; done; " if dug else ""  # more than a path can have
    write = f"head -c {STEP} /dev/zero >>{where} && echo at $(date +%s.%N) of $(stat -c %s {where}); sleep 0.1"
    writes = f"{dig}for _ in $(seq {BELOW}); do {write}; done; sleep 4; echo it went on; sleep 4; while true; do {write}; done"
    ended = stack.ended(stack.submit(f"/new-container/1/{project}/", BASE + f"VOLUME /volume\nRUN {writes}\n"))
    assert (ended["error_code"], f"more than {LIMIT} bytes" in ended["error"]) == ("build_failed", True)
    lines = re.findall(r"^at ([0-9.]+) of ([0-9]+)$", ended["log"], re.MULTILINE)
    told = [(float(at), int(size) + dug * 4096) for at, size in lines]
    last, size = told[-1]
    assert "it went on\n" in ended["log"], "it was not stopped before"
    passed = next((at for at, size in told if size > LIMIT), last)  # it may be stopped before it can tell
    print(f"stopped {last - passed:.1f} s after it passed the limit, at {size} bytes")
    assert last - passed < 10
    wait_until(lambda: free - shutil.disk_usage(ENGINE_DATA).free < LIMIT / 2, "the space is free again")


def test_one_whose_image_is_too_large_in_the_end_is_refused(stack: Stack, project: int, leaves_nothing: object) -> None:
    grows = "".join(f"RUN head -c 90M /dev/zero >/{step}\n" for step in range(4))
    assert f"more than {LIMIT} bytes" in failed(stack.build(f"/new-container/1/{project}/", BASE + grows))


def test_a_log_that_is_too_long_keeps_its_beginning_and_its_end(stack: Stack, project: int) -> None:
    operation = stack.submit(f"/new-container/1/{project}/", BASE + "RUN echo begin; seq 1000000; echo end; false\n")
    ended = stack.ended(operation)
    assert (ended["error_code"], len(ended["log"]) < 400_000) == ("build_failed", True)
    assert all(said in ended["log"] for said in ("begin\n", "\n1\n2\n", "are left out here", "\n1000000\nend\n"))
    assert ended["error"].endswith("999998 / 999999 / 1000000 / end") or "/ 1000000 / end" in ended["error"]


def test_an_image_of_another_project_is_unknown_by_its_name_and_by_its_id(stack: Stack, project: int, other: int) -> None:
    stack.build(f"/new-container/1/{other}/", BASE + 'RUN echo secret >/secret\nCMD ["sleep", "1000"]\n', name="theirs")
    name = stack.docker("images", "--format", "{{.Repository}}:{{.Tag}}", f"{INSTANCE}-p{other}/theirs")
    number = stack.docker("images", "-q", f"{INSTANCE}-p{other}/theirs")
    for image in (name, number, number[:6], f"sha256:{number}"):
        for dockerfile in (f"FROM {image}\nRUN cat /secret\n", BASE + f"COPY --from={image} /secret /\nRUN cat /secret\n"):
            answer = stack.build(f"/new-container/1/{project}/", dockerfile)
            assert (answer.status, answer.body["code"] in {"build_failed", "invalid"}) == (400, True), answer
    own = stack.build(f"/new-container/1/{other}/", f'FROM {name}\nRUN cat /secret\nCMD ["sleep", "1000"]\n')
    assert own.status == 200, own


def test_a_stage_that_is_called_like_anothers_image_begins_is_not_that_image(stack: Stack, project: int, other: int) -> None:
    """Its own name is none to the stage that a build is in: the builder looks for an image then, by its id too."""
    theirs = "0"
    while not theirs.startswith(tuple("abcdef")):  # as a stage's name must
        dockerfile = BASE + f'RUN echo secret >/secret-{theirs}\nCMD ["sleep", "1000"]\n'
        answer = stack.build(f"/new-container/1/{other}/", dockerfile)
        theirs = stack.docker("inspect", "-f", "{{slice .Image 7 15}}", answer.body["docker_id"])
    answer = stack.build(f"/new-container/1/{project}/", f"FROM {BASE_IMAGE} AS {theirs}\nCOPY --from={theirs} / /theirs\n")
    assert f"base image {theirs} is unknown" in failed(answer)


def test_a_build_that_carries_the_labels_of_anothers_container_is_not_taken_for_it(
    stack: Stack, project: int, other: int
) -> None:
    """Its LABEL is the Dockerfile's to say; names of containers are not."""
    theirs = stack.new_container(other, "web")
    said = f"LABEL netmanager.instance={INSTANCE} netmanager.project={other} netmanager.container=web\n"
    operation = stack.submit(f"/new-container/1/{project}/", BASE + said + 'RUN echo begun; sleep 8\nCMD ["sleep", "1000"]\n')
    wait_until(lambda: "begun\n" in stack.operation(operation)["log"], "the build has begun")
    assert stack.post(f"/restart-container/1/{theirs['docker_id']}/").status == 200
    stack.delete_project(other)
    assert stack.ended(operation)["state"] == "SUCCEEDED"


def test_delete_bridge_cancels_the_projects_builds_and_does_not_wait_for_them(
    stack: Stack, project: int, leaves_nothing: object
) -> None:
    first = stack.submit(f"/new-container/1/{project}/", BASE + "RUN echo begun; sleep 100000\n")
    second = stack.submit(f"/new-container/1/{project}/", BASE + "RUN sleep 100000\n")
    wait_until(lambda: "begun\n" in stack.operation(first)["log"], "the build has begun")
    assert stack.post(f"/delete-bridge/1/{project}/").status == 200
    for operation in (first, second):
        assert (stack.operation(operation)["state"], stack.operation(operation)["error_code"]) == ("FAILED", "cancelled")


@pytest.mark.parametrize("step", range(3, 6))
def test_one_that_is_cancelled_between_its_steps_leaves_no_layer(
    stack: Stack, project: int, step: int, leaves_nothing: object
) -> None:
    """The engine makes a layer of the step that is under way, though whoever asked has hung up."""
    steps = "".join(f"RUN echo {project} {number}\n" for number in range(40))
    operation = stack.submit(f"/new-container/1/{project}/", BASE + steps)
    wait_until(lambda: f"Step {step}/" in stack.operation(operation)["log"], "the build has come so far")
    assert stack.post(f"/delete-bridge/1/{project}/").status == 200
    assert stack.operation(operation)["error_code"] == "cancelled"


def test_nothing_waits_for_a_build_but_the_build(stack: Stack, project: int, other: int) -> None:
    """Calls of its own project, and the build of another."""
    web = stack.new_container(project, "web")
    operation = stack.submit(f"/new-container/1/{project}/", BASE + "RUN echo begun; sleep 100000\n")
    wait_until(lambda: "begun\n" in stack.operation(operation)["log"], "the build has begun")
    for change in ("stop", "start", "restart"):
        assert stack.post(f"/{change}-container/1/{web['docker_id']}/").status == 200
    assert stack.new_container(project, "db")
    assert stack.operation(operation)["state"] == "RUNNING"


def test_a_build_reaches_its_project_and_the_internet_side_and_neither_the_host_nor_others(
    stack: Stack, project: int, other: int
) -> None:
    own, theirs = stack.new_container(project, "web"), stack.new_container(other, "web")
    gateway = own["ip"].rpartition(".")[0] + ".1"
    base = f"FROM {INSTANCE}-default\n"
    reached = f"ping -c3 -W2 {own['ip']} && ping -c3 -W2 {gateway}"
    answer = stack.build(f"/new-container/1/{project}/", base + f'RUN {reached}\nCMD ["sleep", "1000"]\n')
    assert answer.status == 200, str(answer)
    listening = {address for address in _addresses() if not address.startswith("127.")}
    tries = [f"! ping -c1 -W1 {theirs['ip']}", *(f"! curl -sm2 http://{address}:8000/" for address in sorted(listening)[:4])]
    answer = stack.build(f"/new-container/1/{project}/", base + f'RUN {" && ".join(tries)}\nCMD ["sleep", "1000"]\n')
    assert answer.status == 200, str(answer)


def test_an_endless_one_is_cancelled_when_its_time_is_up(stack: Stack, endless: str) -> None:
    sentence = stack.ended(endless)["error"]
    assert sentence.endswith("it took longer than 120 s. Its last lines: begun"), sentence
    strange = [name for name in stack.docker("ps", "-a", "--format", "{{.Names}}").split() if not name.startswith(INSTANCE)]
    assert strange == []


def _addresses() -> list[str]:
    """IPv4 addresses of this host."""
    shown = run("ip", "-4", "-o", "address")
    return [line.split()[3].partition("/")[0] for line in shown.splitlines()]
