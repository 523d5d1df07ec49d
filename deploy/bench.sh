#!/bin/bash
# Brings everything up and measures it; arguments go to `python -m bench`.
set -e
"$(dirname "$0")/up.sh"
. "$(dirname "$0")/lib.sh"
load_settings
exec python -m bench "$@"
