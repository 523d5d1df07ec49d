# Our own processes, under supervisord.

control() { supervisorctl -c deploy/supervisord.conf "$@"; }
supervised() { [ -S "$RUN/supervisor.sock" ] && control avail >/dev/null 2>&1; }  # which one that shuts down refuses

port_is_free() { ! (exec 3<>"/dev/tcp/${1%:*}/${1##*:}") 2>/dev/null; }

# the port must be free, or ours
check_port() {
    supervised && [ "$(cat "$RUN/listen" 2>/dev/null)" = "$NETMANAGER_LISTEN" ] && return 0
    port_is_free "${NETMANAGER_API#http://}" ||
        fail "port $NETMANAGER_LISTEN is taken by another program; free it or set NETMANAGER_LISTEN in $NETMANAGER_ENV_FILE."
}

# Of paths below /proc/PID, those of this PID namespace: an instance of the same name can run in a container, or another Debian.
of_this_namespace() {
    local path pid
    while read -r path; do
        pid=${path#/proc/} pid=${pid%%/*}
        if [ "/proc/$pid/ns/pid" -ef /proc/self/ns/pid ]; then printf '%s\n' "$path"; fi
    done
}

# pids of this instance's supervisord and its programs, by their environment: a pid file may be gone, or not be written yet
left_over() {
    {
        grep -lszxF "SUPERVISOR_SERVER_URL=unix://$RUN/supervisor.sock" /proc/[0-9]*/environ
        grep -lsz '/supervisord$' /proc/[0-9]*/cmdline | sed 's/cmdline$/environ/' | xargs -r grep -lszxF "RUN=$RUN"
    } | of_this_namespace | cut -d/ -f3 || true  # grep finds none, or a process ends while it looks
}

none_left_over() { [ -z "$(left_over)" ]; }

# leads PID: whether it leads its process group; those of the group are its own to end
leads() { [ "$(sed -E 's/.*\) . [0-9]+ ([0-9]+) .*/\1/' "/proc/$1/stat" 2>/dev/null)" = "$1" ]; }

# End a supervisord that is shutting down, and what a killed one left behind.
end_leftovers() {
    local pid
    for pid in $(left_over); do
        if leads "$pid"; then kill "$pid" 2>/dev/null || true; fi  # it may end by itself meanwhile
    done
    if ! wait_until 20 none_left_over; then
        left_over | xargs -r kill -9 2>/dev/null || true  # some may have ended; whether all have is asked next
        wait_until 10 none_left_over || fail "processes of instance $NETMANAGER_INSTANCE do not end: $(left_over | xargs)."
    fi
    rm -f "$RUN"/*.pid
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
    local program stopping=()
    for program in "$@"; do
        control stop "$program" >/dev/null &
        stopping+=($!)
    done
    wait "${stopping[@]}" || true  # for these alone: a dockerd that we have started does not end
}

stop_all() {
    if supervised; then
        local pid
        pid=$(control pid)
        control shutdown >/dev/null || true  # a signal may have been faster
        wait_until 120 eval "! kill -0 $pid" || fail "supervisord (pid $pid) does not end."
    fi
    end_leftovers
}
