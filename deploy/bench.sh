#!/bin/bash
# Brings everything up and measures it; arguments go to `python -m bench`.
set -e
"$(dirname "$0")/up.sh"
. "$(dirname "$0")/lib.sh"
load_settings
FAUCET=$NETMANAGER_VAR/faucet

# Faucet in a virtualenv of its own, for it needs an older os-ken; Debian's compiler builds a part of it
install_faucet() {
    cmp -s "$FAUCET/requirements.txt" bench/faucet-requirements.txt && return 0
    say "installing Faucet"
    install_packages gcc libc6-dev python3-dev
    rm -rf "$FAUCET"
    /usr/bin/python3 -m venv "$FAUCET"
    "$FAUCET/bin/python" -m pip install -q -r bench/faucet-requirements.txt >"$NETMANAGER_VAR/log/pip-faucet.log" 2>&1 ||
        fail "pip could not install Faucet; see $NETMANAGER_VAR/log/pip-faucet.log."
    cp bench/faucet-requirements.txt "$FAUCET/requirements.txt"
}

# a database for a second controller, which is killed and let off its limits
make_database() {
    local_postgres || fail "the benchmark of the controller needs PostgreSQL on this machine."
    drop_database
    as_postgres "CREATE DATABASE :\"d\" OWNER :\"r\" TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'" d="$BENCH" r="$(url_field "$DATABASE_URL" user)"
}

drop_database() { as_postgres "DROP DATABASE IF EXISTS :\"d\" WITH (FORCE)" d="$BENCH"; }

BENCH=$(url_field "$DATABASE_URL" name)_bench
export NETMANAGER_BENCH_DATABASE_URL=${DATABASE_URL%/*}/$BENCH
install_faucet
remove_contenders
make_database
trap drop_database EXIT
python -m bench "$@"
