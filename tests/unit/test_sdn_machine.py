"""Anything may happen in any order, while messages are under way in both directions: in the end, all is as it should be."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from sdn.events import Looped
from sdn.network import Limits, Network
from sdn.pipeline import known_host
from tests.unit.room import expected
from tests.unit.room.frames import ethernet
from tests.unit.room.networks import UPLINK, laptop, network, row, socket
from tests.unit.room.rig import Rig
from tests.unit.room.strategies import VLANS, networks, plain_frame, rewired
from tests.unit.room.tables import table

few = st.just(Limits(hosts=2))
rooms = networks(limits=few)


class Room(RuleBasedStateMachine):
    """A rig, and a database whose rows follow its records."""

    @initialize(room=rooms)
    def begin(self, room: Network) -> None:
        self.rig = Rig(room)
        self.rig.connect()

    @rule(port=st.sampled_from([*range(1, 8), UPLINK, UPLINK]), frame=plain_frame, vlan=st.sampled_from(VLANS))
    def a_frame_comes_in(self, port: int, frame: bytes, vlan: int) -> None:
        if port == UPLINK and expected.is_tagged(self.rig.network):
            frame = frame[:12] + bytes.fromhex("8100") + vlan.to_bytes(2) + frame[12:]
        self.rig.fake.arrive(port, frame, vlan if port == UPLINK else 0)

    @rule(data=st.data())
    def sockets_change_hands(self, data: st.DataObject) -> None:
        self.rig.change(data.draw(rewired(self.rig.room)))

    @rule(room=rooms)
    def the_room_is_another(self, room: Network) -> None:
        self.rig.change(room)

    @rule(ends=st.lists(st.integers(1, 7), min_size=2, max_size=3, unique=True), mac=st.integers(1, 5), times=st.integers(1, 4))
    def a_host_is_seen_here_and_there(self, ends: list[int], mac: int, times: int) -> None:
        for port in ends * times:
            self.rig.fake.arrive(port, ethernet(laptop(mac)))
            self.rig.fake.step()
            self.rig.hear()
            self.rig.fake.step()

    @rule(number=st.integers(1, 12))
    def the_switch_does_some_of_it(self, number: int) -> None:
        for _ in range(number):
            self.rig.fake.step()

    @rule(number=st.integers(1, 4))
    def the_controller_reads_some_of_it(self, number: int) -> None:
        for _ in range(number):
            self.rig.hear()

    @rule(seconds=st.sampled_from([0.05, 1.0, 11.0, 150.0, 301.0]))
    def time_passes(self, seconds: float) -> None:
        self.rig.pass_time(seconds)

    @rule(port=st.integers(1, 8))
    def a_cable_is_pulled_or_plugged(self, port: int) -> None:
        self.rig.fake.set_link(port, link=not self.rig.fake.ports[port].link)

    @rule()
    def the_connection_breaks(self) -> None:
        self.rig.disconnect()

    @rule()
    def the_switch_connects(self) -> None:
        self.rig.connect()

    @rule()
    def the_switch_restarts(self) -> None:
        self.rig.disconnect()
        self.rig.fake.restart()

    @rule()
    def the_controller_restarts(self) -> None:
        self.rig.restart_controller()

    @rule()
    def all_comes_to_rest(self) -> None:
        if self.rig.connection is None:
            self.rig.connect()
        self.rig.settle()
        self._heed_loops()
        rig = self.rig
        assert rig.fake.refused == []
        known = [found for flow in rig.table.flows.values() if (found := known_host(flow))]
        assert rig.table == table(rig.network, known)
        assert len(known) == rig.switch.hosts
        sockets = {each.of_port: each for each in row(rig.network).sockets}
        there = {
            (live.project, host.mac): sockets[host.port].number
            for _, host in known
            if host.port != UPLINK and (live := sockets[host.port].live)
        }
        assert {key: number for key, (number, _, _) in rig.hosts.items()} == there
        for each in sockets.values():
            assert rig.applied.get(each.number, each.applied) == each.vlan

    def _heed_loops(self) -> None:
        """Sockets that were found looped are disabled in the database, as `store.py` does."""
        while looped := {record.socket for record in self.rig.take() if isinstance(record, Looped)}:
            of = self.rig.room
            sockets = (socket(each.of_port, None, enabled=False) if each.number in looped else each for each in row(of).sockets)
            self.rig.change(network(*sockets, tagged=row(of).tagged, limits=of.limits))
            self.rig.settle()

    @invariant()
    def nothing_is_refused(self) -> None:
        if hasattr(self, "rig"):
            assert self.rig.fake.refused == []

    def teardown(self) -> None:
        if hasattr(self, "rig"):
            self.all_comes_to_rest()


TestRoom = Room.TestCase
TestRoom.settings = settings(stateful_step_count=30)
