"""The os-ken application: a shim that hands events to the decisions of `switch.py` and sends what they say."""

import logging
import os
import threading
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from os_ken.base.app_manager import OSKenApp
from os_ken.controller import ofp_event
from os_ken.controller.event import EventBase
from os_ken.controller.handler import DEAD_DISPATCHER, MAIN_DISPATCHER, set_ev_cls
from os_ken.ofproto import ofproto_v1_3

from sdn import metrics, wire
from sdn.connection import Connection
from sdn.events import Changed, Confirmed, Disconnected, Event, FlowRemoved, PortChanged, Record, Refused, Tick
from sdn.network import Network
from sdn.probe import EventProbe, decides
from sdn.reporter import Reporter
from sdn.switch import Switch

log = logging.getLogger(__name__)

TABLE_READ = [
    ofp_event.EventOFPMeterFeaturesStatsReply,
    ofp_event.EventOFPMeterConfigStatsReply,
    ofp_event.EventOFPGroupDescStatsReply,
    ofp_event.EventOFPPortDescStatsReply,
    ofp_event.EventOFPFlowStatsReply,
]


class EventNetwork(EventBase):
    """The database has another network."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network, self.heard = network, time.monotonic()


class EventTick(EventBase):
    """It is time for something that a switch waits for."""


def fatal(run: Callable[..., None]) -> Callable[..., None]:
    """An exception is logged and ends the process: os-ken would end the thread, and say nothing."""

    @wraps(run)
    def guarded(*arguments: Any) -> None:
        try:
            run(*arguments)
        except BaseException:
            log.exception("the controller broke")
            logging.shutdown()
            os._exit(1)

    return guarded


def on(event: Any, dispatchers: Any = None) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Handle events of os-ken of a class, or of several, fatally."""
    return lambda handler: set_ev_cls(event, dispatchers)(fatal(handler))


class Controller(OSKenApp):
    """Owns the switches: all handlers run in this application's one thread."""

    OFP_VERSIONS = [ofproto_v1_3.OFP_VERSION]

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._network: Network | None = None
        self._switches: dict[int, Switch] = {}
        self._connections: dict[int, Connection] = {}
        self._timer: threading.Timer | None = None
        self._due: float | None = None  # when it ends
        self._reporter = Reporter(lambda network: self.send_event(self.name, EventNetwork(network)))

    def start(self) -> None:
        """Begin to hear of the database."""
        super().start()
        metrics.decides.set_function(lambda: decides(lambda probe: self.send_event(self.name, probe)))
        threading.Thread(target=fatal(self._reporter.run), name="reporter", daemon=True).start()

    @on(EventNetwork)
    def network_changed(self, event: EventNetwork) -> None:
        self._network = event.network
        for dpid in list(self._connections):
            self._warn_of_stranger(dpid)
            self._decide(dpid, Changed(), event.heard)
        self._tell_connected()

    @on(EventProbe)
    def probed(self, event: EventProbe) -> None:
        event.known.set_result(self._network is not None)

    @on(EventTick)
    def tick(self, _: EventTick) -> None:
        self._due = None
        for dpid in list(self._connections):
            self._decide(dpid, Tick())

    @on(ofp_event.EventOFPStateChange, [MAIN_DISPATCHER, DEAD_DISPATCHER])
    def connection_changed(self, event: Any) -> None:
        datapath = event.datapath
        dpid = datapath.id
        if dpid is None:
            return  # it went before it said who it is
        if event.state == MAIN_DISPATCHER:
            self._decide(dpid, Disconnected())  # of a connection that this one takes the place of
            self._connections[dpid] = Connection(datapath)
            log.info("switch %016x is connected from %s", dpid, datapath.address[0])
            self._warn_of_stranger(dpid)
            self._decide(dpid, Changed())
        elif dpid in self._connections and self._connections[dpid].datapath is datapath:
            log.warning("switch %016x is gone", dpid)
            self._decide(dpid, Disconnected())
            del self._connections[dpid]
        self._tell_connected()

    @on(TABLE_READ, MAIN_DISPATCHER)
    def table_read(self, event: Any) -> None:
        connection = self._connection(event)
        connected = connection.read(event.msg) if connection else None
        if connected:
            self._decide(event.msg.datapath.id, connected)

    @on(ofp_event.EventOFPBarrierReply, MAIN_DISPATCHER)
    def barrier_reached(self, event: Any) -> None:
        connection = self._connection(event)
        batch = connection.confirmed(event.msg.xid) if connection else None
        if batch:
            metrics.apply_seconds.observe(time.monotonic() - batch.heard)
            self._decide(event.msg.datapath.id, Confirmed(batch.number))

    @on(ofp_event.EventOFPErrorMsg, MAIN_DISPATCHER)
    def message_refused(self, event: Any) -> None:
        message, connection = event.msg, self._connection(event)
        if connection:
            metrics.refusals.inc()
            log.error("switch %016x refused %s", message.datapath.id, reason := wire.decode_error(message))
            self._decide(message.datapath.id, Refused(connection.batch_of(message.xid), reason))

    @on(ofp_event.EventOFPPacketIn, MAIN_DISPATCHER)
    def packet_in(self, event: Any) -> None:
        metrics.packets_in.inc()
        self._decide(event.msg.datapath.id, wire.decode_packet_in(event.msg))

    @on(ofp_event.EventOFPFlowRemoved, MAIN_DISPATCHER)
    def flow_removed(self, event: Any) -> None:
        if event.msg.reason in (ofproto_v1_3.OFPRR_IDLE_TIMEOUT, ofproto_v1_3.OFPRR_HARD_TIMEOUT):
            self._decide(event.msg.datapath.id, FlowRemoved(wire.decode_flow(event.msg)))

    @on(ofp_event.EventOFPPortStatus, MAIN_DISPATCHER)
    def port_changed(self, event: Any) -> None:
        number, gone = event.msg.desc.port_no, event.msg.reason == ofproto_v1_3.OFPPR_DELETE
        self._decide(event.msg.datapath.id, PortChanged(number, None if gone else wire.decode_port(event.msg.desc)))

    def _decide(self, dpid: int, event: Event, heard: float | None = None) -> None:
        """Carry out what follows from an event; without a network yet, nothing does."""
        if self._network is None:
            return
        now = time.monotonic()
        switch = self._switches.setdefault(dpid, Switch(dpid))
        answer = switch.handle(event, self._network, now)
        if answer:
            connection = self._connections.get(dpid)
            if connection:
                connection.send([step for step in answer if not isinstance(step, Record)], heard or now)
            records = [step for step in answer if isinstance(step, Record)]
            if records:
                self._reporter.write(records)
            metrics.learned_hosts.labels(f"{dpid:016x}").set(switch.hosts)
        self._set_timer(now)

    def _set_timer(self, now: float) -> None:
        """Have a tick when the first switch wants one."""
        due = min((switch.wake for switch in self._switches.values() if switch.wake is not None), default=None)
        if due == self._due:
            return
        self._due = due
        if self._timer:
            self._timer.cancel()
        if due is not None:
            self._timer = threading.Timer(max(0.0, due - now), lambda: self.send_event(self.name, EventTick()))
            self._timer.daemon = True
            self._timer.start()

    def _connection(self, event: Any) -> Connection | None:
        """The connection that a message came by, unless another has taken its place."""
        connection = self._connections.get(event.msg.datapath.id)
        return connection if connection and connection.datapath is event.msg.datapath else None

    def _warn_of_stranger(self, dpid: int) -> None:
        if self._network is not None and dpid not in self._network.switches:
            log.warning("switch %016x is unknown and gets no flows: manage.py register_switch", dpid)

    def _tell_connected(self) -> None:
        switches = self._network.switches if self._network else {}
        known = {dpid: connection for dpid, connection in self._connections.items() if dpid in switches}
        metrics.connected_switches.set(len(known))
        self._reporter.connected(known)
