"""What makes an operation answer each of its errors: code → how it is provoked."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import requests

from tests.conditions import wait_until
from tests.system.contract.description import Operation
from tests.system.contract.world import (
    CLOSED,
    DISABLED,
    FREE,
    LOST_ID,
    OWNED,
    PROJECT,
    REPLACED_ID,
    SPARE,
    STRANGER,
    TAKEN,
    THROTTLED,
    TWIN_IDS,
    UNBUILT,
    UNKNOWN_ID,
    USER,
    World,
)
from tests.system.stack import BASE_IMAGE, DATABASE, INSTANCE, postgres

Cause = Callable[[World, Operation], requests.Response]
CAUSES: dict[str, Cause] = {}
FAR = 901  # a socket of a switch that cannot be reached
BASE = f'FROM {BASE_IMAGE}\nCMD ["sleep", "infinity"]\n'
FULL_FROM = 900_000  # ids of projects that have taken all networks


def cause(cause: Cause) -> Cause:
    """Register what provokes the code that the function is named like."""
    CAUSES[cause.__name__] = cause
    return cause


@contextmanager
def rows(world: World, made: str, removed: str) -> Iterator[None]:
    """Rows that are there for one call, in Python with the models at hand."""
    models = (
        "from django.utils import timezone; from apps.operations.models import Operation;"
        "from apps.projects.models import Project; from apps.containers.models import Container, Image;"
        "from apps.ports.models import Socket, Switch; "
    )
    world.stack.orm(models + made)
    try:
        yield
    finally:
        world.stack.orm(models + removed)


@contextmanager
def changed(there: str, back: str) -> Iterator[None]:
    """A statement carried out for one call."""
    postgres(there, DATABASE)
    try:
        yield
    finally:
        postgres(back, DATABASE)


# What no endpoint takes


@cause
def bad_request(world: World, operation: Operation) -> requests.Response:
    return world.call(operation, {"Host": "elsewhere.example"})


@cause
def invalid(world: World, operation: Operation) -> requests.Response:
    if not operation.ids:
        return world.request(operation.method, f"{operation.path}?page_size=0", {})
    wrong: dict[str, Any] = {min(operation.ids - {"docker_id"}): 0}
    return world.call(operation, **wrong)


@cause
def malformed(world: World, operation: Operation) -> requests.Response:
    return world.send(operation, b"{", "application/json")


@cause
def unsupported_media_type(world: World, operation: Operation) -> requests.Response:
    return world.send(operation, b"name=web", "text/plain")


@cause
def too_large(world: World, operation: Operation) -> requests.Response:
    return world.send(operation, b"a" * 2_000_000, "application/json")


@cause
def throttled(world: World, operation: Operation) -> requests.Response:
    for _ in range(2):
        response = world.request(
            operation.method, operation.path.format(**world.ids), {"Idempotency-Key": "two words"}, to=THROTTLED
        )
    return response


@cause
def not_authenticated(world: World, operation: Operation) -> requests.Response:
    return world.call(operation, {"Authorization": None})


@cause
def authentication_failed(world: World, operation: Operation) -> requests.Response:
    return world.call(operation, {"Authorization": "Token wrong"})


@cause
def method_not_allowed(world: World, operation: Operation) -> requests.Response:
    return world.call(Operation(operation.name, "DELETE", operation.path))


@cause
def not_found(world: World, operation: Operation) -> requests.Response:
    return world.call(operation, uuid="00000000-0000-4000-8000-000000000000")


@cause
def invalid_idempotency_key(world: World, operation: Operation) -> requests.Response:
    return world.call(operation, {"Idempotency-Key": "two words"})


@cause
def idempotency_mismatch(world: World, operation: Operation) -> requests.Response:
    key: dict[str, str | None] = {"Idempotency-Key": uuid4().hex}
    assert world.request("POST", f"/remove-port/{USER}/{FREE}/", key).status_code == 200
    return world.call(operation, key)


# What belongs to others, or is not there


@cause
def not_a_member(world: World, operation: Operation) -> requests.Response:
    return world.call(operation, user_id=STRANGER, project_id=CLOSED)


@cause
def invalid_docker_id(world: World, operation: Operation) -> requests.Response:
    return world.call(operation, docker_id="web")


@cause
def unknown_container(world: World, operation: Operation) -> requests.Response:
    return world.call(operation, docker_id=UNKNOWN_ID)


@cause
def ambiguous_container(world: World, operation: Operation) -> requests.Response:
    return world.call(operation, docker_id=TWIN_IDS[0][:4])


@cause
def container_replaced(world: World, operation: Operation) -> requests.Response:
    return world.call(operation, docker_id=REPLACED_ID)


@cause
def container_changing(world: World, operation: Operation) -> requests.Response:
    """The container is not there while an operation of its project runs; nobody looks for that one's worker meanwhile."""
    row = f"VALUES (gen_random_uuid(), 'restart-container', 1, {PROJECT}, 'RUNNING', 'first', 'test', now()"
    columns = "uuid, kind, user_id, project_id, state, step, service, created"
    texts = ", target, request, result, error_code, error, operators, log, worker, fingerprint"
    made = f"INSERT INTO operations_operation ({columns}{texts}) {row}, '', '{{}}', '{{}}', '', '', false, '', '', '')"
    world.stack.control("stop", "beat")
    try:
        with changed(made, "DELETE FROM operations_operation WHERE service = 'test' AND state = 'RUNNING'"):
            return world.call(operation, docker_id=LOST_ID)
    finally:
        world.stack.control("start", "beat")


@cause
def unknown_socket(world: World, operation: Operation) -> requests.Response:
    return world.call(operation, port_id=99)


@cause
def socket_taken(world: World, operation: Operation) -> requests.Response:
    return world.call(operation, port_id=TAKEN)


@cause
def socket_disabled(world: World, operation: Operation) -> requests.Response:
    return world.call(operation, port_id=DISABLED)


@cause
def unknown_image(world: World, operation: Operation) -> requests.Response:
    return world.post(operation, {"image": "nothing"})


@cause
def name_taken(world: World, operation: Operation) -> requests.Response:
    return world.post(operation, {"name": "web"})


# What is used up


@cause
def quota_exceeded(world: World, operation: Operation) -> requests.Response:
    row = "UPDATE projects_project SET quota_sockets = {0}, quota_containers = {0}" + f" WHERE project_id = {PROJECT}"
    with changed(row.format(1), row.format("NULL")):
        return world.call(operation, port_id=FREE)


@cause
def no_free_address(world: World, operation: Operation) -> requests.Response:
    made = (
        f"p = Project.objects.get(pk={PROJECT}); net = '.'.join(p.containers.first().ip.split('.')[:3]);"
        f"row = lambda n: Container(project=p, name=f'full-{{n}}', ip=f'{{net}}.{{n}}', docker_id=f'{{n:012x}}', {OWNED});"
        "Container.objects.bulk_create(row(n) for n in range(129, 240))"
    )
    row = "UPDATE projects_project SET quota_containers = {}" + f" WHERE project_id = {PROJECT}"
    with (
        rows(world, made, "Container.objects.filter(name__startswith='full-').delete()"),
        changed(row.format(999), row.format("NULL")),
    ):
        return world.call(operation)


@cause
def no_free_vlan(world: World, operation: Operation) -> requests.Response:
    taken = "set(Project.objects.values_list('vlan', flat=True))"
    made = f"t = {taken}; Project.objects.bulk_create(Project(pk={FULL_FROM}+v, vlan=v) for v in range(2, 4095) if v not in t)"
    with rows(world, made, f"Project.objects.filter(pk__gte={FULL_FROM}).delete()"):
        return world.call(operation, project_id=SPARE, port_id=FREE)


# What a Dockerfile does


@cause
def build_failed(world: World, operation: Operation) -> requests.Response:
    return world.post(operation, {"dockerfile": f"{BASE}RUN false\n"})


@cause
def cancelled(world: World, operation: Operation) -> requests.Response:
    """The network is deleted while an image is built."""
    docker_id = world.stack.new_container(SPARE)["docker_id"]
    building = f"SELECT count(*) FROM operations_operation WHERE project_id = {SPARE} AND step = 'build' AND state = 'RUNNING'"
    with ThreadPoolExecutor(1) as pool:
        slow = {"dockerfile": f"{BASE}RUN sleep 300\n"}
        call = pool.submit(world.post, operation, slow, project_id=SPARE, docker_id=docker_id)
        wait_until(lambda: postgres(building, DATABASE).strip() == "1", "the build began")
        world.stack.delete_project(SPARE)
        return call.result()


# What is broken


@cause
def no_default_image(world: World, operation: Operation) -> requests.Response:
    image = "UPDATE containers_image SET is_default = {} WHERE name = 'default'"
    with changed(image.format("false"), image.format("true")):
        return world.call(operation)


@cause
def image_missing(world: World, operation: Operation) -> requests.Response:
    with rows(
        world, "Image.objects.create(name='gone', reference='localhost:9/gone:1')", "Image.objects.get(name='gone').delete()"
    ):
        return world.post(operation, {"image": "gone"})


@cause
def start_failed(world: World, operation: Operation) -> requests.Response:
    """The image's user, or the container's, is none."""
    if "docker_id" in operation.ids and operation.name != "update-container":
        return world.call(operation, docker_id=world.ids["ghost_docker_id"])
    return world.post(operation, {"dockerfile": f"{BASE}USER ghost\n"})


@cause
def container_lost(world: World, operation: Operation) -> requests.Response:
    return world.call(operation, docker_id=LOST_ID)


@cause
def switch_not_connected(world: World, operation: Operation) -> requests.Response:
    made = (
        "w = Switch.objects.create(name='far', dpid='00000000000000f1', uplink_port=1, uplink_kind='VLAN', trunk='nosuch0');"
        f"Socket.objects.create(number={FAR}, switch=w, of_port=2)"
    )
    with rows(world, made, f"Socket.objects.get(pk={FAR}).delete(); Switch.objects.get(name='far').delete()"):
        return world.call(operation, port_id=FAR)


@cause
def internal(world: World, operation: Operation) -> requests.Response:
    """Every endpoint that wants a token reads it."""
    with changed("ALTER TABLE authtoken_token RENAME TO mislaid", "ALTER TABLE mislaid RENAME TO authtoken_token"):
        return world.call(operation)


@cause
def database_unavailable(world: World, operation: Operation) -> requests.Response:
    """Called by a test of its own, which has the database take no connections."""
    return world.call(operation)


@cause
def datacenter(world: World, operation: Operation) -> requests.Response:
    """The router's image is not there."""
    engine, image, kept = world.stack.docker, f"{INSTANCE}-router:latest", "kept-router:latest"
    engine("tag", image, kept)
    engine("rmi", image)
    try:
        return world.call(operation, project_id=SPARE, port_id=FREE)
    finally:
        engine("tag", kept, image)
        engine("rmi", kept)


@cause
def datacenter_unavailable(world: World, operation: Operation) -> requests.Response:
    """Called by a test of its own, which stops the Docker Engine and has made these."""
    project = UNBUILT if "port_id" in operation.ids else SPARE  # a socket is given to a network that stands without Docker
    return world.call(operation, project_id=project, port_id=FREE, docker_id=world.ids["spare_docker_id"])


TOO_SLOW = {"build_hangs"}  # a minute of waiting for a build that does not end
SETTLED_ELSEWHERE = {
    "lock_lost": "tests/integration/test_execution.py",
    "worker_lost": "tests/integration/test_execution.py",
    "lost_at_restore": "tests/integration/test_restore.py",
    "timed_out": "tests/unit/test_deadline.py",
}
