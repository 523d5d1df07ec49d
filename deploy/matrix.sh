#!/bin/bash
# Kills one thing after the other and writes docs/RELIABILITY.md from what that cost; arguments are names of rows, none: all.
# With PostgreSQL and Redis of its own. Rows that kill the machine's Open vSwitch want the machine for themselves.
export NETMANAGER_OWN_SERVICES=1 NETMANAGER_MATRIX=${*:-all}
NETMANAGER_MATRIX=${NETMANAGER_MATRIX// /,}
exec "$(dirname "$0")/test.sh" tests/system/matrix -s
