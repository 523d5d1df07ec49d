# PostgreSQL, Redis, Open vSwitch and Docker: started where they do not run, used as they are where they do.

systemd() { [ -d /run/systemd/system ]; }

# start_service NAME PROBE UNIT COMMAND...: by systemd where there is one, else by the command. The engine answers late where
# containers of another instance are, whose driver does not run: it tries 15 s for each.
start_service() {
    local name=$1 probe=$2 unit=$3; shift 3
    "$probe" >/dev/null 2>&1 && return 0
    say "starting $name"
    { if systemd; then systemctl start "$unit"; else "$@" </dev/null; fi; } >>"$NETMANAGER_VAR/log/$unit.log" 2>&1 || true  # the probe tells
    wait_until 300 "$probe" || fail "$name did not start; see $NETMANAGER_VAR/log/$unit.log or its own log."
}

# PostgreSQL. One elsewhere is its operator's.

# VERSION NAME PORT STATUS of the cluster to use: that at DATABASE_URL's port, else one that runs, else the first; those of tests,
# which are called netmanager-INSTANCE, only by their port
cluster() {
    local port=''
    [ -z "${DATABASE_URL:-}" ] || port=$(url_field "$DATABASE_URL" port)
    pg_lsclusters -h | awk -v port="${port:-none}" '
        { score = 2 * ($3 == port) + ($4 ~ /^online/) }
        $2 ~ /^netmanager-/ && $3 != port { next }
        !found || score > best { best = score; found = $1 " " $2 " " $3 " " $4 }
        END { if (found) print found }'
}

local_postgres() { [ -z "${DATABASE_URL:-}" ] || is_local "$(url_field "$DATABASE_URL" host)"; }
postgres_runs() { cluster | grep -q ' online'; }

start_cluster() {
    local version name
    read -r version name _ < <(cluster)
    pg_ctlcluster --skip-systemctl-redirect "$version" "$name" start
}

start_postgres() {
    local_postgres || return 0
    local version name
    if [ -z "$(cluster)" ]; then
        version=$(basename "$(find /usr/lib/postgresql -mindepth 1 -maxdepth 1 | sort -V | tail -1)")
        pg_createcluster "$version" main >/dev/null || fail "PostgreSQL has no cluster, and pg_createcluster $version main failed."
    fi
    read -r version name _ < <(cluster)
    start_service PostgreSQL postgres_runs "postgresql@$version-$name" start_cluster
}

# as_postgres SQL [VARIABLE=VALUE...]: run as the superuser; :'x' in it is the value of x as a literal, :"x" as a name
as_postgres() {
    local sql=$1 variable variables=(); shift
    for variable in "$@"; do variables+=(-v "$variable"); done
    (cd / && runuser -u postgres -- psql -qtAX -v ON_ERROR_STOP=1 -p "$(url_field "$DATABASE_URL" port)" "${variables[@]}" <<<"$sql")
}

# a role of our own, which a comment tells from others, and its database; others' are used, and left as they are
MARK="made by NetManager"

ensure_database() {
    local_postgres || return 0
    local user name password
    user=$(url_field "$DATABASE_URL" user) name=$(url_field "$DATABASE_URL" name) password=$(url_field "$DATABASE_URL" password)
    if [ -z "$(as_postgres "SELECT 1 FROM pg_roles WHERE rolname = :'r'" r="$user")" ]; then
        as_postgres "BEGIN; CREATE ROLE :\"r\" LOGIN; COMMENT ON ROLE :\"r\" IS :'m'; COMMIT" r="$user" m="$MARK"
    fi
    if role_is_ours "$user"; then as_postgres "ALTER ROLE :\"r\" PASSWORD :'p'" r="$user" p="$password"; fi
    if [ -z "$(as_postgres "SELECT 1 FROM pg_database WHERE datname = :'d'" d="$name")" ]; then
        as_postgres "CREATE DATABASE :\"d\" OWNER :\"r\" TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'" d="$name" r="$user"
    fi
}

role_is_ours() {
    [ "$(as_postgres "SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = :'r'" r="$1")" = "$MARK" ]
}

# the role, and those of its databases that a NetManager, its benchmark and its tests make
delete_database() {
    local_postgres || return 0
    local user name
    user=$(url_field "$DATABASE_URL" user) name=$(url_field "$DATABASE_URL" name)
    role_is_ours "$user" || return 0
    for name in "$name" "${name}_bench" "test_$name"; do
        if [ "$(as_postgres "SELECT pg_get_userbyid(datdba) = :'r' FROM pg_database WHERE datname = :'d'" d="$name" r="$user")" = t ]; then
            as_postgres "DROP DATABASE :\"d\" WITH (FORCE)" d="$name"
        fi
    done
    as_postgres "DROP ROLE :\"r\"" r="$user"
}

# Redis

redis_runs() { [ "$(timeout 5 redis-cli -u "$REDIS_URL" ping)" = PONG ]; }

start_redis() {
    is_local "$(url_field "$REDIS_URL" host)" || return 0
    start_service Redis redis_runs redis-server redis-server --daemonize yes --bind 127.0.0.1 --dir /var/lib/redis
}

# the instance's keys in all of the server's databases: which one was its own stood in its settings
delete_keys() {
    local number
    for number in {0..15}; do
        redis-cli -u "${REDIS_URL%/*}/$number" --scan --pattern "$NETMANAGER_INSTANCE:*" | xargs -r redis-cli -u "${REDIS_URL%/*}/$number" del >/dev/null
    done
}

# Open vSwitch

ovs_runs() { timeout 5 ovs-vsctl show && timeout 5 ovs-appctl -t ovs-vswitchd version; }

start_ovs() {
    start_service "Open vSwitch" ovs_runs openvswitch-switch \
        /usr/share/openvswitch/scripts/ovs-ctl --no-mlockall --system-id=random start
}

# Docker

docker_runs() { timeout 10 docker version; }

launch_dockerd() {
    local file
    for file in /var/run/docker.pid /var/run/docker/containerd/containerd.pid; do  # a killed engine leaves them
        [ -f "$file" ] || continue
        case "$(cat "/proc/$(cat "$file")/comm" 2>/dev/null)" in dockerd | containerd) ;; *) rm -f "$file" ;; esac
    done
    setsid dockerd &
}

start_docker() { start_service "Docker Engine" docker_runs docker launch_dockerd; }
