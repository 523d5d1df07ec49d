"""new-container and create-bridge beside `docker run` and `ovs-docker`, in one run."""

import argparse
import itertools
import os
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager

from bench.api import Api
from bench.measure import Contender, interleave, report

INSTANCE = os.environ["NETMANAGER_INSTANCE"]
IMAGE = f"{INSTANCE}-default:latest"
NETWORK = f"{INSTANCE}-bench"  # a Docker network, and an Open vSwitch bridge
PROJECT = 2_000_000_000  # and those after it: nobody's
BUSY_CALLS = 20

_addresses = itertools.cycle(range(10, 250))


def sh(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@contextmanager
def contenders(api: Api) -> Iterator[list[Contender]]:
    """Our call first, then what else one would do; the networks that the others need exist meanwhile."""
    datapath = sh("ovs-vsctl", "get", "bridge", f"{INSTANCE}-routing", "datapath_type")
    sh("ovs-vsctl", "--may-exist", "add-br", NETWORK, "--", "set", "bridge", NETWORK, f"datapath_type={datapath}")
    sh("docker", "network", "create", "--subnet", "10.255.77.0/24", NETWORK)
    api.post(f"/create-bridge/1/{PROJECT}/")
    try:
        yield [
            Contender("POST /new-container/", lambda: _new(api, PROJECT)),
            Contender("docker run -d, user-defined bridge, fixed IP", lambda: _docker("--network", NETWORK, "--ip", _address())),
            Contender("docker run -d --network none + ovs-docker add-port", _ovs_docker),
            Contender("docker run -d, default bridge (for orientation)", _docker),
        ]
    finally:
        api.post(f"/delete-bridge/1/{PROJECT}/")
        sh("docker", "network", "rm", NETWORK)
        sh("ovs-vsctl", "--if-exists", "del-br", NETWORK)


def _address() -> str:
    return f"10.255.77.{next(_addresses)}"


def _new(api: Api, project: int) -> Callable[[], object]:
    made = api.post(f"/new-container/1/{project}/")
    return lambda: api.post(f"/remove-container/1/{made['docker_id']}/")


def _docker(*network: str) -> Callable[[], object]:
    made = sh("docker", "run", "-d", "--init", *network, IMAGE)
    return lambda: sh("docker", "rm", "-f", made)


def _ovs_docker() -> Callable[[], object]:
    made = sh("docker", "run", "-d", "--init", "--network", "none", IMAGE)
    sh("ovs-docker", "add-port", NETWORK, "eth1", made, f"--ipaddress={_address()}/24")

    def undo() -> None:
        sh("ovs-docker", "del-port", NETWORK, "eth1", made)
        sh("docker", "rm", "-f", made)

    return undo


def _create_bridge(api: Api, project: int) -> Callable[[], object]:
    api.post(f"/create-bridge/1/{project}/")
    return lambda: api.post(f"/delete-bridge/1/{project}/")


def _from_nothing(api: Api, project: int) -> Callable[[], object]:
    api.post(f"/new-container/1/{project}/")
    return lambda: api.post(f"/delete-bridge/1/{project}/")


def _beside_a_busy_project(rounds: int) -> list[Contender]:
    """A call of one project alone, and while most of BUSY_CALLS calls of another wait."""
    quiet, busy = PROJECT + 1, PROJECT + 2
    api = Api()
    for project in (quiet, busy):
        api.post(f"/create-bridge/1/{project}/")
    alone = Contender("alone", lambda: _new(api, quiet))
    beside = Contender(f"while {BUSY_CALLS} calls of another project wait", alone.run)
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


def _crowd(api: Api, count: int, rounds: int) -> list[Contender]:
    """The first project's create-bridge and new-container, and the count-th's."""
    first = [Contender("first", lambda: _create_bridge(api, PROJECT + 3)), Contender("first new", lambda: _new(api, PROJECT))]
    last = [
        Contender(f"create-bridge, project {count}", first[0].run),
        Contender(f"new-container, project {count}", first[1].run),
    ]
    first[0].name, first[1].name = "create-bridge, project 1", "new-container, project 1"
    api.post(f"/create-bridge/1/{PROJECT}/")
    interleave(first, rounds)
    crowd = range(PROJECT + 10, PROJECT + 10 + count - 1)
    try:
        for project in crowd:
            api.post(f"/create-bridge/1/{project}/")
        interleave(last, rounds)
    finally:
        for project in (PROJECT, *crowd):
            api.post(f"/delete-bridge/1/{project}/")
    return [last[0], first[0], last[1], first[1]]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="measurements of each contender")
    parser.add_argument(
        "--projects", type=int, default=0, help="also measure with so many projects on the host (200: some minutes)"
    )
    asked = parser.parse_args()
    api = Api()
    with contenders(api) as all_of_them:
        interleave(all_of_them, asked.rounds)
    report("A container with an address of its own, image cached", all_of_them)
    bridge = Contender("POST /create-bridge/, to a router that leases", lambda: _create_bridge(api, PROJECT + 3))
    first = Contender("POST /new-container/ of a project without a network", lambda: _from_nothing(api, PROJECT + 3))
    interleave([bridge, first], asked.rounds)
    report("A project's network", [bridge, first])
    report("POST /new-container/", _beside_a_busy_project(max(3, asked.rounds // 5)))
    if asked.projects:
        bridge_last, bridge_first, new_last, new_first = _crowd(api, asked.projects, asked.rounds)
        report("A network among many", [bridge_last, bridge_first])
        report("A container among many", [new_last, new_first])


if __name__ == "__main__":
    main()
