#!/bin/bash
# Sends made-up requests to every endpoint, 100 that fit its description and 100 that do not, and checks every answer.
export NETMANAGER_FUZZ_EXAMPLES=${NETMANAGER_FUZZ_EXAMPLES:-100}
exec "$(dirname "$0")/test.sh" tests/system/contract/test_fuzz.py "$@"
