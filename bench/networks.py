"""create-bridge, also among many networks."""

from collections.abc import Callable

from bench import watching
from bench.api import Api
from bench.containers import new
from bench.datacenter import PROJECT
from bench.measure import Contender, interleave, report, stopwatch


def run(rounds: int, projects: int) -> None:
    """Measure and print; with so many projects on the host too, if any."""
    api = Api()
    bridge = Contender("POST /create-bridge/, to a router that leases", stopwatch(lambda: _create_bridge(api)))
    first = Contender("POST /new-container/ of a project without a network", stopwatch(lambda: _from_nothing(api)))
    interleave([bridge, first], rounds)
    report("A project's network", [bridge, first])
    if projects:
        bridge_last, bridge_first, new_last, new_first = _crowd(api, projects, rounds)
        report("A network among many", [bridge_last, bridge_first])
        report("A container among many", [new_last, new_first])


def _create_bridge(api: Api) -> Callable[[], object]:
    api.post(f"/create-bridge/1/{PROJECT + 3}/")
    return lambda: api.post(f"/delete-bridge/1/{PROJECT + 3}/")


def _from_nothing(api: Api) -> Callable[[], object]:
    api.post(f"/new-container/1/{PROJECT + 3}/")
    return lambda: api.post(f"/delete-bridge/1/{PROJECT + 3}/")


def _crowd(api: Api, count: int, rounds: int) -> list[Contender]:
    """The count-th project's create-bridge and the first's, then the same of new-container."""
    bridge, container = stopwatch(lambda: _create_bridge(api)), stopwatch(lambda: new(api, PROJECT))
    first = [Contender("create-bridge, project 1", bridge), Contender("new-container, project 1", container)]
    last = [Contender(f"create-bridge, project {count}", bridge), Contender(f"new-container, project {count}", container)]
    api.post(f"/create-bridge/1/{PROJECT}/")
    interleave(first, rounds)
    crowd = range(PROJECT + 10, PROJECT + 10 + count - 1)
    try:
        for project in crowd:
            api.post(f"/create-bridge/1/{project}/")
        interleave(last, rounds)
        watching.report(count)
    finally:
        for project in (PROJECT, *crowd):
            api.post(f"/delete-bridge/1/{project}/")
    return [last[0], first[0], last[1], first[1]]
