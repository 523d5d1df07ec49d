"""Where the time of new-container goes, and how much of it is the engine's own."""

import json
import statistics
import time
from datetime import datetime
from ipaddress import IPv4Address

from django.conf import settings

from apps import host
from apps.containers.kinds import NEW
from apps.operations.models import Operation
from bench.api import Api
from bench.datacenter import IMAGE, PROJECT, sh
from datacenter.engine import ContainerSpec
from datacenter.names import CONTAINER_KEY

ALL = "in all"
CREATE, START = "the engine's create, called directly", "the engine's start, called directly"


def run(rounds: int) -> None:
    """Measure and print."""
    api = Api()
    *_, last = host.plan.subnet(api.post(f"/create-bridge/1/{PROJECT}/")["vlan"]).containers
    try:
        readings = [_call(api) | _engine(last) for _ in range(rounds + 1)][1:]
    finally:
        api.post(f"/delete-bridge/1/{PROJECT}/")
    medians = {step: statistics.median(reading[step] for reading in readings) * 1000 for step in readings[0]}
    over = statistics.median(one[ALL] - one[CREATE] - one[START] for one in readings) * 1000
    print(f"\nPOST /new-container/, step by step ({rounds} rounds)")
    for step, milliseconds in medians.items():
        print(f"  {step:<62} p50 {milliseconds:8.1f} ms")
    print(f"  {'in all, less what the engine takes when called directly':<62} p50 {over:8.1f} ms", flush=True)


def _call(api: Api) -> dict[str, float]:
    """Seconds of each step of one call, in their order, and of all; by the clock of this host, which all of them read."""
    begun = time.time()
    made = api.post(f"/new-container/1/{PROJECT}/")
    ended = time.time()
    row = Operation.objects.filter(project_id=PROJECT, kind=NEW).latest("created")
    created, started = _events(made["docker_id"], begun)
    api.post(f"/remove-container/1/{made['docker_id']}/")
    return {
        "request, until its operation is written": _epoch(row.created) - begun,
        "until a worker has it": _epoch(row.started) - _epoch(row.created),
        "until the container is created": created - _epoch(row.started),
        "until it is started": started - created,
        "until the operation has ended": _epoch(row.finished) - started,
        "until the answer is here": ended - _epoch(row.finished),
        ALL: ended - begun,
    }


def _events(docker_id: str, since: float) -> tuple[float, float]:
    """When the engine had created and when it had started a container."""
    window = ("--since", f"{since:.3f}", "--until", f"{time.time():.3f}")
    told = sh("docker", "events", *window, "--filter", f"container={docker_id}", "--format", "{{json .}}").splitlines()
    at = {event["Action"]: event["timeNano"] / 1e9 for event in map(json.loads, told)}
    return at["create"], at["start"]


def _engine(address: IPv4Address) -> dict[str, float]:
    """Seconds that the engine takes for a like container of the same network."""
    owner = host.names.owner(PROJECT) | {CONTAINER_KEY: "bench"}
    spec = ContainerSpec(
        name=host.names.container(PROJECT, "bench"),
        image=IMAGE,
        networks=((host.names.bridge(PROJECT), address),),
        labels=owner,
        hostname="bench",
        memory=settings.NETMANAGER_CONTAINER_MEMORY,
        cpus=settings.NETMANAGER_CONTAINER_CPUS,
        pids=settings.NETMANAGER_CONTAINER_PIDS,
    )
    begun = time.perf_counter()
    made = host.engine.create_container(spec)
    created = time.perf_counter()
    host.engine.start(made)
    started = time.perf_counter()
    host.engine.delete_containers(owner)
    return {CREATE: created - begun, START: started - created}


def _epoch(moment: datetime | None) -> float:
    assert moment
    return moment.timestamp()
