#!/bin/bash
# 5 minutes of load, then 10 in which things are killed meanwhile, instead of 30 and 40 seconds; arguments go to pytest.
# With PostgreSQL and Redis of its own; the machine's Open vSwitch and firewall are killed, too: for a machine of its own.
export NETMANAGER_OWN_SERVICES=1
export NETMANAGER_LOAD_SECONDS=${NETMANAGER_LOAD_SECONDS:-300} NETMANAGER_SOAK_SECONDS=${NETMANAGER_SOAK_SECONDS:-600}
exec "$(dirname "$0")/test.sh" tests/system/load tests/system/soak -s "$@"
