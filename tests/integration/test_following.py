"""What is listened to is heard: changes of this instance in Open vSwitch and in nftables, and of no other."""

import threading
from collections.abc import Callable, Iterator

import pytest

from datacenter import firewall
from datacenter.bootstrap import datapath_type
from datacenter.errors import DatacenterUnavailable
from datacenter.following import follow
from datacenter.names import Names
from datacenter.ovsdb import WATCHED, Ovsdb
from tests.conditions import wait_until
from tests.integration.switch import delete_everything, run, vsctl

NAMES, OTHERS = Names("nmt"), Names("nmo")
OURS, ANOTHERS = NAMES.bridge(41), NAMES.bridge(42)


class Listener:
    """Counts what a source tells, in a thread."""

    def __init__(self, source: Callable[[Callable[[], None]], None]) -> None:
        self._heard, self.ended = 0, ""
        threading.Thread(target=self._run, args=[source], daemon=True).start()

    def _run(self, source: Callable[[Callable[[], None]], None]) -> None:
        try:
            source(self._count)
        except DatacenterUnavailable as error:
            self.ended = str(error)

    def _count(self) -> None:
        self._heard += 1

    @property
    def heard(self) -> int:
        """How often; the source must still be listening."""
        assert not self.ended, self.ended
        return self._heard

    def hears(self, *command: str) -> None:
        """Run a command that changes something, until it is heard of: the source may only just have begun."""
        before = self.heard

        def changed() -> bool:
            run(*command)
            return self.heard > before

        wait_until(changed, f"{' '.join(command)} is heard")


@pytest.fixture
def bridges() -> Iterator[None]:
    """One of ours and one of another's."""
    delete_everything(OURS, ANOTHERS)
    for name, instance in ((OURS, "nmt"), (ANOTHERS, "nmo")):
        ids = f"external_ids:netmanager.instance={instance}"
        kind = f"datapath_type={datapath_type()}"
        vsctl("add-br", name, "--", "set", "bridge", name, kind, ids, "--", "set", "interface", name, ids)
    yield
    delete_everything(OURS, ANOTHERS)


@pytest.mark.usefixtures("bridges")
@pytest.mark.parametrize("table", WATCHED)
def test_a_row_of_ours_that_changes_is_heard_and_one_of_anothers_is_not(table: str) -> None:
    ours, others = (Listener(lambda heard, of=of: Ovsdb().watch(table, of.owner(), heard)) for of in (NAMES, OTHERS))  # type: ignore[misc]  # a default of a lambda
    wait_until(lambda: ours.heard and others.heard, "each tells of the bridge that is there")
    before = ours.heard
    others.hears("bash", "-c", f"ovs-vsctl set {table} {ANOTHERS} external_ids:x=$RANDOM")
    assert ours.heard == before
    ours.hears("bash", "-c", f"ovs-vsctl set {table} {OURS} external_ids:x=$RANDOM")
    before = ours.heard
    vsctl("del-br", OURS)
    wait_until(lambda: ours.heard > before, "it hears that the bridge goes")


def test_a_change_of_our_tables_is_heard_and_one_of_anothers_is_not() -> None:
    ours, others = (Listener(lambda heard, of=of: firewall.watch(of, heard)) for of in (NAMES, OTHERS))  # type: ignore[misc]  # a default of a lambda
    for listener, names in ((ours, NAMES), (others, OTHERS), (ours, NAMES)):
        table = f"table inet {names.table}-x"
        listener.hears("bash", "-c", f"nft add {table} && nft delete {table}")
    before = ours.heard
    others.hears("bash", "-c", f"nft add table inet {OTHERS.table}-x && nft delete table inet {OTHERS.table}-x")
    assert ours.heard == before


def test_it_says_why_a_source_has_ended() -> None:
    with pytest.raises(DatacenterUnavailable, match="has no such table"):
        follow(["bash", "-c", "echo it has no such table >&2; exit 1"], lambda: None)
