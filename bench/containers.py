"""new-container beside `docker run` and `ovs-docker`, and beside a busy project."""

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager

from bench.api import Api
from bench.datacenter import IMAGE, INSTANCE, MARK, PROJECT, sh
from bench.measure import Contender, interleave, report, stopwatch

NETWORK = f"{INSTANCE}-bench"  # a Docker network, and an Open vSwitch bridge
BUSY_CALLS = 20

_addresses = itertools.cycle(range(10, 250))


def run(rounds: int) -> None:
    """Measure and print."""
    api = Api()
    with _contenders(api) as all_of_them:
        interleave(all_of_them, rounds)
    report("A container with an address of its own, image cached", all_of_them)
    report("POST /new-container/", _beside_a_busy_project(max(3, rounds // 5)))


def new(api: Api, project: int) -> Callable[[], object]:
    """Make a container; returns what removes it."""
    made = api.post(f"/new-container/1/{project}/")
    return lambda: api.post(f"/remove-container/1/{made['docker_id']}/")


@contextmanager
def _contenders(api: Api) -> Iterator[list[Contender]]:
    """Our call first, then what else one would do; the networks that the others need exist meanwhile."""
    datapath = sh("ovs-vsctl", "get", "bridge", f"{INSTANCE}-routing", "datapath_type")
    sh("ovs-vsctl", "--may-exist", "add-br", NETWORK, "--", "set", "bridge", NETWORK, f"datapath_type={datapath}")
    sh("docker", "network", "create", "--label", MARK, "--subnet", "10.255.77.0/24", NETWORK)
    api.post(f"/create-bridge/1/{PROJECT}/")
    fixed = ("--network", NETWORK, "--ip")
    try:
        yield [
            Contender("POST /new-container/", stopwatch(lambda: new(api, PROJECT))),
            Contender("docker run -d, user-defined bridge, fixed IP", stopwatch(lambda: _docker(*fixed, _address()))),
            Contender("docker run -d --network none + ovs-docker add-port", stopwatch(_ovs_docker)),
            Contender("docker run -d, default bridge (for orientation)", stopwatch(_docker)),
        ]
    finally:
        api.post(f"/delete-bridge/1/{PROJECT}/")
        sh("docker", "network", "rm", NETWORK)
        sh("ovs-vsctl", "--if-exists", "del-br", NETWORK)


def _address() -> str:
    return f"10.255.77.{next(_addresses)}"


def _docker(*network: str) -> Callable[[], object]:
    made = sh("docker", "run", "-d", "--label", MARK, "--init", *network, IMAGE)
    return lambda: sh("docker", "rm", "-f", made)


def _ovs_docker() -> Callable[[], object]:
    made = sh("docker", "run", "-d", "--label", MARK, "--init", "--network", "none", IMAGE)
    sh("ovs-docker", "add-port", NETWORK, "eth1", made, f"--ipaddress={_address()}/24")

    def undo() -> None:
        sh("ovs-docker", "del-port", NETWORK, "eth1", made)
        sh("docker", "rm", "-f", made)

    return undo


def _beside_a_busy_project(rounds: int) -> list[Contender]:
    """A call of one project alone, and while most of BUSY_CALLS calls of another wait."""
    quiet, busy = PROJECT + 1, PROJECT + 2
    api = Api()
    for project in (quiet, busy):
        api.post(f"/create-bridge/1/{project}/")
    alone = Contender("alone", stopwatch(lambda: new(api, quiet)))
    beside = Contender(f"while {BUSY_CALLS} calls of another project wait", alone.measure)
    for _ in range(rounds):
        interleave([alone], 1)
        with ThreadPoolExecutor(BUSY_CALLS) as pool:
            calls = [pool.submit(Api().post, f"/new-container/1/{busy}/") for _ in range(BUSY_CALLS)]
            wait(calls, return_when=FIRST_COMPLETED)  # by then all are with the API
            interleave([beside], 1)
            made = [call.result() for call in calls]
        for container in made:
            api.post(f"/remove-container/1/{container['docker_id']}/")
    for project in (quiet, busy):
        api.post(f"/delete-bridge/1/{project}/")
    return [beside, alone]
