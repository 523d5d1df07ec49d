#!/bin/bash
# The load test for 5 minutes instead of 30 seconds, on the test instance; arguments go to pytest.
export NETMANAGER_LOAD_SECONDS=${NETMANAGER_LOAD_SECONDS:-300}
exec "$(dirname "$0")/test.sh" tests/system/load -s "$@"
