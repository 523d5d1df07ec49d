#!/bin/bash
# Installs what the tests need, starts the machine's services, and runs the given tests, or all.
. "$(dirname "$0")/lib.sh"
export NETMANAGER_VAR=$ROOT/var/nmt NETMANAGER_ENV_FILE=$ROOT/var/nmt/env

# settings of instance nmt, those that are missing: nothing in them is shared with the NetManager that may run on this machine
test_settings() {
    local setting
    (umask 077 && touch "$NETMANAGER_ENV_FILE")
    while read -r setting; do
        grep -q "^${setting%%=*}=" "$NETMANAGER_ENV_FILE" || printf '%s\n' "$setting" >>"$NETMANAGER_ENV_FILE"
    done <<'SETTINGS'
NETMANAGER_INSTANCE=nmt
NETMANAGER_LISTEN=127.0.0.1:8010
NETMANAGER_PROJECT_POOL=10.80.0.0/12
NETMANAGER_PUBLIC_POOL=100.65.0.0/16
NETMANAGER_STATE=/var/lib/netmanager/nmt
NETMANAGER_SECRET_KEY=
NETMANAGER_RECONCILER_METRICS_LISTEN=127.0.0.1:9658
DATABASE_URL=
REDIS_URL=redis://127.0.0.1:6379/1
DOCKER_HOST=unix:///run/netmanager/nmt/docker.sock
NETMANAGER_OPENFLOW_LISTEN=0.0.0.0:6654
NETMANAGER_METRICS_LISTEN=127.0.0.1:9654
NETMANAGER_LAB_NETWORK=198.18.242.0/23
SETTINGS
}

# command lines of the tests that run; grep's status says that there are none, which is an answer
running() { grep -lszxF NETMANAGER_INSTANCE=nmt /proc/[0-9]*/environ | of_this_namespace | sed 's/environ$/cmdline/' | xargs -r grep -lszx pytest || true; }
none_runs() { [ -z "$(running)" ]; }

# What the tests make for themselves has no owner, but a name that begins with their instance's.
remove_named() {
    local name
    ip netns list | awk -v i="$1-" 'index($1, i) == 1 { print $1 }' | while read -r name; do
        ip netns pids "$name" | xargs -r kill -9 || true
        ip netns delete "$name"
    done
    ovs-vsctl list-br | grep "^$1-" | xargs -rn 1 ovs-vsctl --if-exists del-br || true
    ip -o link | sed -nE "s/^[0-9]+: ($1-[^:@]+).*/\\1/p" | xargs -rn 1 ip link delete 2>/dev/null || true  # one of a pair takes the other along
}

# finished STATUS...: take the mark away if each is one of pytest's own, up to 5; beyond them it was killed
finished() {
    local status
    for status in "$@"; do [ "$status" -le 5 ] || return 0; done
    rm -f "$UNFINISHED"
}

# Remove what a killed run left. Its mark is gone once pytest has ended by itself, with a status of up to 5.
UNFINISHED=/var/lib/netmanager-tests-unfinished  # of this machine: the next run may be that of another checkout
remove_unfinished() {
    local instance
    [ -e "$UNFINISHED" ] || return 0
    wait_until 60 none_runs || fail "the tests run already on this machine; wait for their end, or end their pytest."
    say "the last run of the tests was killed: removing its instances"
    for instance in nmt nms; do
        env -u NETMANAGER_ENV_FILE -u NETMANAGER_VAR CONFIRM=yes deploy/purge.sh "$instance" >"$NETMANAGER_VAR/log/purge-$instance.log" 2>&1 ||
            fail "instance $instance could not be removed; see $NETMANAGER_VAR/log/purge-$instance.log."
        remove_named "$instance"
    done
    rm "$UNFINISHED"
}

preflight
check_disk
remove_unfinished
install_machine dnsmasq-base e2fsprogs systemd  # dnsmasq leases to laptops where no router does, chattr, systemd-analyze reads the units
install_python requirements-dev.txt
test_settings
start_postgres
write_settings
load_settings
start_redis
start_ovs
ensure_database
as_postgres 'ALTER ROLE :"r" CREATEDB' r="$(url_field "$DATABASE_URL" user)"
touch "$UNFINISHED"
status=0
if [ $# -gt 0 ]; then
    python -m pytest "$@" || status=$?
    finished "$status"
    exit "$status"
fi

# All tests: those that need no stack run beside those that do. Each kind has an instance, and none is anybody else's.
# The matrix and the soak take long, and are of `make matrix` and `make soak`.
aside=$NETMANAGER_VAR/aside.log
python -m pytest tests/unit tests/integration >"$aside" 2>&1 &
trap 'kill $! 2>/dev/null || true' EXIT
python -m pytest tests/system --ignore=tests/system/matrix --ignore=tests/system/soak/test_soak.py || status=$?
beside=0
wait $! || beside=$?
trap - EXIT  # by now its number may be another's
cat "$aside"
finished "$status" "$beside"
exit $((status ? status : beside))
