# An instance by its name, where its settings may be gone: `make purge INSTANCE=nms`.

instance_of_settings() { sed -n 's/^NETMANAGER_INSTANCE=//p' "$NETMANAGER_ENV_FILE" 2>/dev/null; }

# choose_instance NAME: unless this checkout's settings are that instance's, make some that have its name and this machine's services
choose_instance() {
    [[ $1 =~ ^[a-z][a-z0-9]{0,2}$ ]] ||
        fail "'$1' is no name of an instance; INSTANCE is one to three lower-case letters and digits, beginning with a letter."
    [ "$(instance_of_settings)" != "$1" ] || return 0
    unset DATABASE_URL REDIS_URL DOCKER_HOST NETMANAGER_STATE
    export NETMANAGER_VAR=$ROOT/var/purge-$1 NETMANAGER_ENV_FILE=$ROOT/var/purge-$1/env
    mkdir -p "$NETMANAGER_VAR"
    (umask 077 && sed "s/^NETMANAGER_INSTANCE=.*/NETMANAGER_INSTANCE=$1/" .env.example >"$NETMANAGER_ENV_FILE")
}

# whether the settings are some that choose_instance made
by_name() { [ "$NETMANAGER_ENV_FILE" = "$ROOT/var/purge-$NETMANAGER_INSTANCE/env" ]; }

# Remove what a killed `make bench` left on the engine and the switch: what it compares with is not labelled as ours.
remove_contenders() {
    local mark=label=netmanager.bench=$NETMANAGER_INSTANCE
    docker ps -aq --filter "$mark" | xargs -r docker rm -f >/dev/null
    docker network ls -q --filter "$mark" | xargs -r docker network rm >/dev/null
    ovs-vsctl --if-exists del-br "$NETMANAGER_INSTANCE-bench"
}

# Remove the engine, PostgreSQL and Redis that tests gave an instance for itself (tests/system/stack.py, services.py), with all
# that is in them. They are netmanager-INSTANCE-… below /run and /var/lib.
remove_own_services() {
    local own=netmanager-$NETMANAGER_INSTANCE version name
    while read -r version name _; do
        [ "$name" != "$own" ] || pg_dropcluster --stop "$version" "$name" >/dev/null || fail "pg_dropcluster --stop $version $name failed."
    done < <(pg_lsclusters -h 2>/dev/null)
    wait_until 30 own_services_killed "$own" || fail "processes of the services of instance $NETMANAGER_INSTANCE do not end."
    unmount_below "/run/$own-"
    unmount_below "/var/lib/$own-"
    rm -rf --one-file-system "/run/$own-"{engine,redis} "/var/lib/$own-"{engine,postgres}
    ! ip link show "docker0$NETMANAGER_INSTANCE" >/dev/null 2>&1 || ip link delete "docker0$NETMANAGER_INSTANCE"
}

# of_engine OWN: the command lines of the engine's processes, as files
of_engine() { grep -lsz "/run/$1-engine/" /proc/[0-9]*/cmdline | of_this_namespace; }

# own_containers OWN: ids of the engine's containers, and of those that run and that it has forgotten
own_containers() {
    find "/var/lib/$1-engine/containers" -mindepth 1 -maxdepth 1 -printf '%f\n' 2>/dev/null
    of_engine "$1" | xargs -r cat 2>/dev/null | tr '\0' ' ' | grep -oE -- "-id [0-9a-f]{64} -address /run/$1-engine/" | cut -d' ' -f2
}

# own_services_killed OWN: send SIGKILL to Redis, the engine and its containers; true once none of their processes is left
own_services_killed() {
    local pids
    pids=$({
        of_engine "$1" | sed 's/cmdline$/comm/' | xargs -r grep -lsxE 'dockerd|containerd.*|runc'
        own_containers "$1" | grep -lsFf - /proc/[0-9]*/cgroup
        grep -lsx redis-server "/proc/$(cat "/run/$1-redis/pid" 2>/dev/null)/comm"
    } | cut -d/ -f3)
    [ -n "$pids" ] || return 0
    xargs kill -9 <<<"$pids"
    return 1
}
