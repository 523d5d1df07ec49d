"""What the controller counts, for Prometheus, on a port of its own."""

from prometheus_client import Counter, Gauge, Histogram

packets_in = Counter("netmanager_packets_in_total", "Copies of frames that switches sent.")
learned_hosts = Gauge("netmanager_learned_hosts", "Hosts that are learned.", ["switch"])
apply_seconds = Histogram(
    "netmanager_apply_seconds",
    "From a notice of the database to the switch's confirmation.",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
)
connected_switches = Gauge("netmanager_connected_switches", "Switches that are connected and known.")
database_reconnects = Counter("netmanager_database_reconnects_total", "Times that the database was lost and looked for again.")
refusals = Counter("netmanager_refusals_total", "Messages that switches refused.")
decides = Gauge("netmanager_decides", "1 if the room is known and events are handled in time.")
