#!/bin/bash
# Brings everything up and walks through the main job.
set -e
"$(dirname "$0")/up.sh"
. "$(dirname "$0")/lib.sh"
load_settings
exec python manage.py demo
