#!/bin/bash
# Stops our processes; networks and containers go on.
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" = 0 ] || fail "this must run as root."
[ -f "$NETMANAGER_ENV_FILE" ] || { say "NetManager was never up."; exit 0; }
load_settings
stop_all
rm -f "$RUN/started"
say "NetManager is down; its networks and containers go on."
