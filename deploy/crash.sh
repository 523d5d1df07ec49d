#!/bin/bash
# Ends make up, down, purge, demo, test and bench in the middle and runs the next of each; arguments go to `python -m tests.crash`.
# It removes this checkout's instance more than once: for a machine of its own.
. "$(dirname "$0")/lib.sh"
case " $* " in *" --help "* | *" -h "*) exec /usr/bin/python3 -m tests.crash "$@" ;; esac
preflight
[ "${CONFIRM:-}" = yes ] || fail "this removes every project of this checkout's instance; say CONFIRM=yes."
make up  # starts the machine's services, which are not of any run
exec /usr/bin/python3 -m tests.crash "$@"
