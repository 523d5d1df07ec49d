"""get-container-info beside `docker stats`, and what the reading calls serve in a second."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from bench.api import Api
from bench.datacenter import PROJECT, sh
from bench.measure import Contender, interleave, report, stopwatch

CONTAINERS = 3  # of the project
CLIENTS = (1, 10, 50)
SECONDS = 5.0  # for which each number of clients calls


def run(rounds: int) -> None:
    """Measure and print."""
    api = Api()
    try:
        made = [api.post(f"/new-container/1/{PROJECT}/")["docker_id"] for _ in range(CONTAINERS)]
        info, listing = f"/get-container-info/1/{made[0]}/", f"/get-project-containers/1/{PROJECT}/"
        contenders = [
            Contender("GET /get-container-info/", stopwatch(lambda: _read(api, info))),
            Contender("docker stats --no-stream", stopwatch(lambda: _docker_stats(made[0]))),
        ]
        interleave(contenders, rounds, warm_up=2)
        report("CPU and memory of a container", contenders)
        print(f"\nRequests per second, on average over {SECONDS:.0f} s; the project has {CONTAINERS} containers")
        for name, path in (("GET /get-container-info/", info), ("GET /get-project-containers/", listing)):
            rates = ", ".join(f"{clients} clients: {_rate(path, clients):.0f}" for clients in CLIENTS)
            print(f"  {name:<62} {rates}", flush=True)
    finally:
        api.post(f"/delete-bridge/1/{PROJECT}/")


def _read(api: Api, path: str) -> Callable[[], object]:
    api.get(path)
    return lambda: None


def _docker_stats(docker_id: str) -> Callable[[], object]:
    sh("docker", "stats", "--no-stream", docker_id)
    return lambda: None


def _rate(path: str, clients: int) -> float:
    """Answers per second to so many clients, each with a connection of its own, that ask again as soon as they are answered."""
    apis = [Api() for _ in range(clients)]
    for api in apis:
        api.get(path)  # opens the connection
    with ThreadPoolExecutor(clients) as pool:
        end = time.monotonic() + SECONDS
        return sum(pool.map(lambda api: _count(api, path, end), apis)) / SECONDS


def _count(api: Api, path: str, end: float) -> int:
    """How many answers come until then."""
    answers = 0
    while time.monotonic() < end:
        api.get(path)
        answers += 1
    return answers
