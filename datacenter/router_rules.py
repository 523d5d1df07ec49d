"""Which routers keep the rules that they began with; runs nft in a router only where its rules were touched since it last did."""

import socket
import struct
import subprocess
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from datacenter import netlink
from datacenter.engine import ContainerState, Engine
from datacenter.errors import ContainerMissing, DatacenterError

OTHERS = 42  # exit status
RULES_KEPT = f"[ ! -e /run/netmanager.rules ] || nft list ruleset | cmp -s - /run/netmanager.rules || exit {OTHERS}"
TIMEOUT = 10  # seconds

# The request of linux/netfilter/nf_tables.h for the number of transactions that a network namespace has had
NETLINK_NETFILTER, NFNL_SUBSYS_NFTABLES, NFT_MSG_GETGEN, NLM_F_REQUEST = 12, 10, 16, 1
ASK = struct.pack("=IHHII4x", 20, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN, NLM_F_REQUEST, 0, 0)
NUMBER = slice(24, 28)  # of the answer: behind two headers and that of attribute NFTA_GEN_ID, its first


@dataclass(frozen=True)
class Look:
    """A router's run, by its connections, which each has of its own, and the transactions its rules had before they were read."""

    endpoints: frozenset[str]
    pid: int
    generation: int


class RouterRules:
    """Remembers the last look at each router, by its id, at which all was well."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._well: dict[str, Look] = {}

    def others(self, routers: Collection[ContainerState], there: Iterable[str]) -> frozenset[str]:
        """Names of those of these running routers whose rules are others; `there`: ids of all containers that there are."""
        for gone in set(self._well) - set(there):
            self._well.pop(gone, None)
        pids = {router.docker_id: self._pid(router) for router in routers}
        generations = _generations({docker_id: pid for docker_id, pid in pids.items() if pid})
        return frozenset(
            router.name
            for router in routers
            if not self._keeps(router, pids[router.docker_id], generations.get(router.docker_id))
        )

    def _pid(self, router: ContainerState) -> int:
        """Of its first process; 0 for one that has ended."""
        last = self._well.get(router.docker_id)
        if last and last.endpoints == frozenset(router.endpoints):
            return last.pid
        with suppress(ContainerMissing):
            return self._engine.inspect(router.docker_id).pid
        return 0

    def _keeps(self, router: ContainerState, pid: int, generation: int | None) -> bool:
        """One that ends meanwhile, or that was made before routers wrote their rules down, is not found guilty."""
        look = Look(frozenset(router.endpoints), pid, generation) if generation is not None else None
        if not pid or (look and look == self._well.get(router.docker_id)):
            return True
        command = ["nsenter", "--target", str(pid), "--net", "--mount", "sh", "-c", RULES_KEPT]
        status = subprocess.run(command, capture_output=True, timeout=TIMEOUT, check=False).returncode
        if status == 0 and look:
            self._well[router.docker_id] = look
        else:
            self._well.pop(router.docker_id, None)
        return status != OTHERS


def _generations(pids: Mapping[str, int]) -> dict[str, int]:
    """By the same keys: how many transactions nftables has had where these processes are; none for one that has ended.

    A thread of its own enters their network namespaces, and ends there.
    """
    with ThreadPoolExecutor(1) as pool:
        found = {key: pool.submit(_generation, pid) for key, pid in pids.items()}
    return {key: number for key, future in found.items() if (number := future.result()) is not None}


def _generation(pid: int) -> int | None:
    try:
        netlink.enter_network_namespace(pid)
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as asking:
            asking.settimeout(TIMEOUT)
            asking.send(ASK)
            return int.from_bytes(asking.recv(4096)[NUMBER])
    except (DatacenterError, OSError):
        return None
