"""A failure in the middle says what failed, leaves nothing half-built, and is over when its cause is."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conditions import wait_until
from tests.system.stack import DATABASE, Answer, Stack, postgres, run
from tests.system.test_leftovers import host_state
from tests.system.test_uplink import GATEWAY

PROJECT = 4001
WORKERS = 6  # processes of the queue `datacenter`


def _fails(stack: Stack, path: str, **fields: str) -> Answer:
    """The failure's answer, with the host unchanged by it."""
    before = host_state(stack)
    answer = stack.post(path, **fields)
    assert answer.body["success"] is False
    assert host_state(stack) == before
    return answer


@contextmanager
def _foreign_interface(name: str) -> Iterator[None]:
    """An interface of somebody else's that has the name of our bridge: Open vSwitch cannot make it."""
    run("ip", "link", "add", name, "type", "veth", "peer", "name", "inet0nms")
    try:
        yield
    finally:
        run("ip", "link", "del", name)


@pytest.fixture(autouse=True)
def gone(stack: Stack) -> Iterator[None]:
    """Whatever a test did to the project, the next one starts without it."""
    yield
    stack.delete_project(PROJECT)


def _succeeds_now(stack: Stack, image: str = "") -> None:
    answer = stack.post(f"/new-container/1/{PROJECT}/", **({"image": image} if image else {}))
    assert answer.status == 200, answer
    assert stack.pings(PROJECT, "container-1", "router")


def test_open_vswitch_refuses_the_bridge(stack: Stack) -> None:
    with _foreign_interface(f"nms-p{PROJECT}"):
        answer = _fails(stack, f"/new-container/1/{PROJECT}/")
    assert answer.status == 500
    assert f"Open vSwitch refuses nms-p{PROJECT}" in answer.body["error"]
    _succeeds_now(stack)


def test_all_networks_are_taken(stack: Stack) -> None:
    rows = "from apps.projects.models import Project as P; "
    stack.orm(
        rows + "P.objects.bulk_create(P(project_id=900000+v, vlan=v) for v in range(2, 4095) if not P.objects.filter(vlan=v))"
    )
    try:
        answer = _fails(stack, f"/create-bridge/1/{PROJECT}/")
    finally:
        stack.orm(rows + "P.objects.filter(project_id__gt=900000).delete()")
    assert (answer.status, answer.body["code"]) == (500, "no_free_vlan")
    _succeeds_now(stack)


def test_all_addresses_of_the_project_are_taken(stack: Stack) -> None:
    subnet = stack.post(f"/create-bridge/1/{PROJECT}/").body["gateway"].rpartition(".")[0]
    rows = "from apps.containers.models import Container as C; "
    stack.orm(
        rows + f"C.objects.bulk_create(C(project_id={PROJECT}, name=f'full-{{n}}', ip=f'{subnet}.{{n}}',"
        " docker_id=f'{n:012x}', created_by=1, cpus=1.0, memory=1)"
        " for n in range(128, 240))"
    )
    postgres(f"UPDATE projects_project SET quota_containers = 500, quota_cpus = 500 WHERE project_id = {PROJECT}", DATABASE)
    answer = _fails(stack, f"/new-container/1/{PROJECT}/")
    stack.orm(rows + "C.objects.filter(name__startswith='full-').delete()")
    assert (answer.status, answer.body["code"]) == (400, "no_free_address")
    _succeeds_now(stack)


def test_the_router_image_is_missing(stack: Stack) -> None:
    stack.docker("tag", "nms-router:latest", "kept-router:latest")
    stack.docker("rmi", "nms-router:latest")
    try:
        answer = _fails(stack, f"/new-container/1/{PROJECT}/")
    finally:
        stack.docker("tag", "kept-router:latest", "nms-router:latest")
        stack.docker("rmi", "kept-router:latest")
    assert answer.status == 500
    assert "nms-router:latest is missing: run manage.py bootstrap_datacenter" in answer.body["error"]
    _succeeds_now(stack)


def test_an_image_of_the_catalogue_is_missing(stack: Stack) -> None:
    rows = "from apps.containers.models import Image as I; "
    stack.orm(rows + "I.objects.create(name='gone', reference='localhost:9/gone:1')")
    try:
        stack.post(f"/create-bridge/1/{PROJECT}/")
        answer = _fails(stack, f"/new-container/1/{PROJECT}/", image="gone")
        assert (answer.status, answer.body["code"]) == (500, "image_missing")
        assert "localhost:9/gone:1" in answer.body["error"]
        stack.docker("tag", "nms-default:latest", "localhost:9/gone:1")
        _succeeds_now(stack, "gone")
    finally:
        stack.orm(rows + "I.objects.filter(name='gone').delete()")
        stack.docker("rmi", "-f", "localhost:9/gone:1", check=False)


def test_a_container_that_cannot_start(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM nms-default:latest\nUSER ghost\n")
    stack.docker("build", "-t", "nms-ghost", str(tmp_path))
    rows = "from apps.containers.models import Image as I; "
    stack.orm(rows + "I.objects.create(name='ghost', reference='nms-ghost')")
    stack.post(f"/create-bridge/1/{PROJECT}/")
    answer = _fails(stack, f"/new-container/1/{PROJECT}/", image="ghost")
    stack.orm(rows + "I.objects.filter(name='ghost').delete()")
    stack.docker("rmi", "nms-ghost")
    assert (answer.status, answer.body["code"]) == (400, "start_failed")
    assert "ghost" in answer.body["error"]
    _succeeds_now(stack)


def test_docker_is_down(stack: Stack) -> None:
    stack.dockerd.kill()
    bridges = run("ovs-vsctl", "list-br")
    try:
        answers = [stack.post(f"/new-container/1/{PROJECT}/"), stack.post(f"/create-bridge/1/{PROJECT}/")]
        assert run("ovs-vsctl", "list-br") == bridges
    finally:
        stack.dockerd.start()
    assert {(answer.status, answer.body["code"]) for answer in answers} == {(500, "datacenter_unavailable")}
    assert "Docker Engine" in answers[0].body["error"]
    _succeeds_now(stack)


def test_docker_dies_in_the_middle_of_building(stack: Stack) -> None:
    """It waits for the driver, which is held, when it dies."""
    before = host_state(stack)
    driver = int(stack.control("pid", "driver"))
    os.killpg(driver, signal.SIGSTOP)
    try:
        with ThreadPoolExecutor(1) as pool:
            call = pool.submit(stack.post, f"/new-container/1/{PROJECT}/")
            wait_until(lambda: f"nms-p{PROJECT}" in run("ovs-vsctl", "list-br").split(), "building began")
            stack.dockerd.kill()
            answer = call.result()
    finally:
        os.killpg(driver, signal.SIGCONT)
        stack.dockerd.start()
    assert (answer.status, answer.body["code"]) == (500, "datacenter_unavailable")
    assert "Docker Engine" in answer.body["error"]
    _succeeds_now(stack)
    stack.delete_project(PROJECT)
    assert host_state(stack) == before


def test_docker_is_down_when_a_network_is_to_go(stack: Stack) -> None:
    stack.new_container(PROJECT, "web")
    stack.dockerd.kill()
    try:
        answer = stack.post(f"/delete-bridge/1/{PROJECT}/")
    finally:
        stack.dockerd.start()
    assert (answer.status, answer.body["code"]) == (500, "datacenter_unavailable")
    stack.new_container(PROJECT, "db")
    assert stack.pings(PROJECT, "db", "web")


@pytest.mark.parametrize("made_again", [False, True])
def test_create_bridge_mends_a_network_whose_bridge_was_deleted(stack: Stack, made_again: bool) -> None:
    """Also where a worker was lost after it had made the bridge again, and had plugged nothing in."""
    stack.new_container(PROJECT, "web")
    stack.new_container(PROJECT, "db")
    bridge = f"nms-p{PROJECT}"
    run("ovs-vsctl", "del-br", bridge)
    if made_again:
        owner = ("external_ids:netmanager.instance=nms", f"external_ids:netmanager.project={PROJECT}")
        run("ovs-vsctl", "add-br", bridge, "--", "set", "bridge", bridge, "datapath_type=netdev", *owner)
    assert not stack.pings(PROJECT, "web", "router")
    assert stack.post(f"/create-bridge/1/{PROJECT}/").status == 200
    for target in ("router", "db"):  # web asks once a second for a MAC that it had no answer for
        wait_until(lambda: stack.pings(PROJECT, "web", target), f"web reaches {target}")  # noqa: B023  # called in this turn


def test_create_bridge_leaves_what_is_connected_running(stack: Stack) -> None:
    stack.new_container(PROJECT, "web")
    pids = [stack.pid(PROJECT, name) for name in ("web", "router")]
    assert stack.post(f"/create-bridge/1/{PROJECT}/").status == 200
    assert [stack.pid(PROJECT, name) for name in ("web", "router")] == pids


def test_a_routing_bridge_that_was_deleted_is_made_again_and_routers_plugged_into_it(stack: Stack) -> None:
    stack.new_container(PROJECT, "web")
    assert stack.pings(PROJECT, "web", GATEWAY)
    run("ovs-vsctl", "del-br", "nms-routing")
    stack.manage("bootstrap_datacenter")
    assert stack.post(f"/create-bridge/1/{PROJECT}/").status == 200
    assert stack.pings(PROJECT, "web", GATEWAY)


def test_a_removal_that_was_interrupted_is_finished_before_anything_is_built(stack: Stack) -> None:
    stack.new_container(PROJECT, "web")
    old = stack.new_container(PROJECT, "db")
    stack.orm(f"from apps.projects.models import Project as P; P.objects.filter(pk={PROJECT}).update(status='DELETING')")
    stack.docker("rm", "-f", f"nms-p{PROJECT}.web")
    new = stack.new_container(PROJECT, "web")
    listed = stack.get(f"/get-project-containers/1/{PROJECT}/").body["containers"]
    assert [container["docker_id"] for container in listed] == [new["docker_id"]]
    assert old["docker_id"] not in stack.docker("ps", "-aq").split()
    assert stack.pings(PROJECT, "web", "router")


def test_a_container_that_cannot_start_again(stack: Stack, tmp_path: Path) -> None:
    """Its user is gone: the caller can mend that, and the engine does not try on its own when it comes back."""
    (tmp_path / "Dockerfile").write_text('FROM nms-default:latest\nRUN useradd runner\nUSER runner\nCMD ["sleep", "infinity"]\n')
    stack.docker("build", "-t", "nms-runner", str(tmp_path))
    rows = "from apps.containers.models import Image as I; "
    stack.orm(rows + "I.objects.create(name='runner', reference='nms-runner')")
    try:
        docker_id = stack.post(f"/new-container/1/{PROJECT}/", image="runner").body["docker_id"]
        stack.docker("exec", "-u", "root", docker_id, "sed", "-i", "/runner/d", "/etc/passwd")
        answers = [stack.post(f"/{verb}-container/1/{docker_id}/") for verb in ("restart", "stop", "start")]
        assert [(answer.status, answer.body.get("code")) for answer in answers] == [
            (400, "start_failed"), (200, None), (400, "start_failed"),
        ]  # fmt: skip
        assert stack.docker("inspect", "-f", "{{.HostConfig.RestartPolicy.Name}}", docker_id) == "no"
    finally:
        stack.orm(rows + "I.objects.filter(name='runner').delete()")
        stack.delete_project(PROJECT)
        stack.docker("rmi", "nms-runner")


def test_create_bridge_mends_a_router_that_a_lost_worker_left_half_made(stack: Stack) -> None:
    """Made, but not yet connected to the routing bridge when the worker ended."""
    gateway = stack.post(f"/create-bridge/1/{PROJECT}/").body["gateway"]
    router = f"nms-p{PROJECT}-router"
    stack.docker("rm", "-f", router)
    labels = ("--label", "netmanager.instance=nms", "--label", f"netmanager.project={PROJECT}")
    stack.docker("create", "--name", router, *labels, "--network", f"nms-p{PROJECT}", "--ip", gateway, "nms-router:latest")
    assert stack.post(f"/create-bridge/1/{PROJECT}/").status == 200
    links = stack.inside(PROJECT, "router", "ls", "/sys/class/net").stdout.split()
    assert {"lan0", "wan0"} <= set(links)
    _succeeds_now(stack)


def test_the_database_closed_every_connection(stack: Stack) -> None:
    """As its restart does: each process opens new ones by itself, and no call fails for it."""
    stack.new_container(PROJECT)
    closed = postgres(f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{DATABASE}'")
    assert int(closed) > 2
    for _ in range(WORKERS + 1):
        stack.new_container(PROJECT)
