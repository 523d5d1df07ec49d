# Our own processes, under supervisord.

control() { supervisorctl -c deploy/supervisord.conf "$@"; }
supervised() { [ -S "$RUN/supervisor.sock" ] && control pid >/dev/null 2>&1; }

port_is_free() { ! (exec 3<>"/dev/tcp/${1%:*}/${1##*:}") 2>/dev/null; }

# the port must be free, or ours
check_port() {
    supervised && [ "$(cat "$RUN/listen" 2>/dev/null)" = "$NETMANAGER_LISTEN" ] && return 0
    port_is_free "${NETMANAGER_API#http://}" ||
        fail "port $NETMANAGER_LISTEN is taken by another program; free it or set NETMANAGER_LISTEN in $NETMANAGER_ENV_FILE."
}

# left_over FILE: whether the process of a pid file is ours, and runs
left_over() { [ -s "$1" ] && grep -qsz "$ROOT/.venv/bin" "/proc/$(cat "$1")/cmdline"; }

# end what a killed supervisord left behind, by the pid files of its programs; each leads a process group
end_leftovers() {
    local file pid
    for file in "$RUN"/*.pid; do
        if left_over "$file"; then kill "$(cat "$file")" 2>/dev/null || true; fi  # it may end by itself meanwhile
    done
    for file in "$RUN"/*.pid; do
        if left_over "$file"; then
            pid=$(cat "$file")
            wait_until 20 eval "! kill -0 $pid" || kill -9 -- "-$pid" 2>/dev/null || true
        fi
        rm -f "$file"
    done
}

# Remove the sockets of drivers of killed instances of ours: the engine waits 15 s for each whenever it asks all plugins.
remove_dead_drivers() {
    local run socket
    for run in /run/netmanager/*/; do
        socket=/run/docker/plugins/$(basename "$run").sock
        [ ! -S "$socket" ] || grep -q " $socket\$" /proc/net/unix || rm -f "$socket"  # the file lists those that a process has
    done
}

# supervisord with the network driver, which must listen before dockerd starts
start_driver() {
    remove_dead_drivers
    if ! supervised; then
        end_leftovers
        supervisord -c deploy/supervisord.conf
    fi
    wait_until 30 supervised || fail "supervisord did not start; see $NETMANAGER_VAR/log/supervisord.log."
    control start driver >/dev/null || true  # it may run already; whether it answers is asked below
    wait_until 30 curl -fsS --unix-socket "/run/docker/plugins/$NETMANAGER_INSTANCE.sock" -X POST http://driver/Plugin.Activate ||
        fail "the network driver did not start; see $NETMANAGER_VAR/log/driver.log."
}

start_all() {
    printf '%s\n' "$NETMANAGER_LISTEN" >"$RUN/listen"
    control start all >/dev/null || true  # some may run already; whether all is well is asked below
    wait_until 60 curl -fsS "$NETMANAGER_API/readyz/" ||
        fail "not everything answers: $(curl -sS "$NETMANAGER_API/readyz/" 2>&1); see $NETMANAGER_VAR/log/."
}

# stop_at_once PROGRAM...: supervisorctl would stop one after the other
stop_at_once() {
    local program
    for program in "$@"; do control stop "$program" >/dev/null & done
    wait
}

stop_all() {
    if supervised; then
        local pid
        pid=$(control pid)
        control shutdown >/dev/null
        wait_until 120 eval "! kill -0 $pid" || fail "supervisord (pid $pid) does not end."
    fi
    end_leftovers
}
