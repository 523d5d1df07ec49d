# Functions shared by up.sh, down.sh and purge.sh; sourced, never run.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"
export PATH="$ROOT/.venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
export DJANGO_SETTINGS_MODULE=netmanager.settings PYTHONUNBUFFERED=1
export NETMANAGER_ENV_FILE=${NETMANAGER_ENV_FILE:-$ROOT/.env}
export NETMANAGER_VAR=${NETMANAGER_VAR:-$ROOT/var}
PACKAGES="ca-certificates curl debootstrap iproute2 iptables nftables openvswitch-switch postgresql python3 python3-venv redis-server"

say() { printf '%s\n' "$*"; }
fail() { printf 'netmanager: %s\n' "$*" >&2; exit 1; }

# wait_until SECONDS COMMAND...: true as soon as the command is
wait_until() {
    local deadline=$((SECONDS + $1)); shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        read -rt 0.2 <> <(:) || true
    done
}

preflight() {
    [ "$(id -u)" = 0 ] || fail "this must run as root: it makes bridges, containers and firewall rules."
    local ID='' ID_LIKE=''
    # shellcheck disable=SC1091
    [ -r /etc/os-release ] && . /etc/os-release
    case " $ID $ID_LIKE " in *" debian "* | *" ubuntu "*) ;; *) fail "this machine is not Debian or Ubuntu; install by hand as deploy/ shows." ;; esac
    local place free
    for place in "$ROOT" /var/lib; do
        free=$(df --output=avail -k "$place" | tail -1)
        [ "$free" -ge $((2 * 1024 * 1024)) ] || fail "$place has less than 2 GB of free disk; images and packages need that much."
    done
    mkdir -p "$NETMANAGER_VAR/log" "$NETMANAGER_VAR/cache"
}

port_is_free() { ! (exec 3<>"/dev/tcp/${1%:*}/${1##*:}") 2>/dev/null; }

check_port() {
    supervised || port_is_free "$NETMANAGER_LISTEN" ||
        fail "port $NETMANAGER_LISTEN is taken by another program; free it or set NETMANAGER_LISTEN in $NETMANAGER_ENV_FILE."
}

install_packages() {
    local wanted=$PACKAGES missing=() package
    command -v dockerd >/dev/null || wanted="$wanted docker.io"
    for package in $wanted; do
        dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing ${missing[*]}"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >"$NETMANAGER_VAR/log/apt.log" 2>&1 ||
        fail "apt-get could not install ${missing[*]}; see $NETMANAGER_VAR/log/apt.log."
}

# install_python REQUIREMENTS: a virtualenv that holds exactly these; repeated only when they change
install_python() {
    local mark=.venv/installed-$1
    [ -x .venv/bin/python ] && cmp -s "$mark" <(cat requirements*.txt) && return 0
    say "installing Python packages of $1"
    [ -x .venv/bin/python ] || { rm -rf .venv; /usr/bin/python3 -m venv .venv; }
    .venv/bin/python -m pip install -q -r "$1" >"$NETMANAGER_VAR/log/pip.log" 2>&1 ||
        fail "pip could not install $1; see $NETMANAGER_VAR/log/pip.log."
    cat requirements*.txt >"$mark"
}

systemd() { [ -d /run/systemd/system ]; }
ovs_runs() { timeout 5 ovs-vsctl show; }
postgres_runs() { pg_lsclusters -h | grep -q ' online '; }
redis_runs() { [ "$(timeout 5 redis-cli -u "$REDIS_URL" ping)" = PONG ]; }
docker_runs() { timeout 10 docker version; }

# start_service NAME PROBE UNIT COMMAND...: by systemd where there is one, else by the command
start_service() {
    local name=$1 probe=$2 unit=$3; shift 3
    "$probe" >/dev/null 2>&1 && return 0
    say "starting $name"
    if systemd; then systemctl start "$unit"; else "$@" >>"$NETMANAGER_VAR/log/$unit.log" 2>&1 </dev/null; fi
    wait_until 60 "$probe" || fail "$name did not start; see $NETMANAGER_VAR/log/$unit.log or its own log."
}

start_postgres_cluster() {
    local version name
    read -r version name _ < <(pg_lsclusters -h)
    pg_ctlcluster --skip-systemctl-redirect "$version" "$name" start
}

launch_dockerd() {
    local file
    for file in /var/run/docker.pid /var/run/docker/containerd/containerd.pid; do  # a killed engine leaves them
        if [ -f "$file" ] && ! kill -0 "$(cat "$file")" 2>/dev/null; then rm -f "$file"; fi
    done
    setsid dockerd &
}

start_ovs() {
    start_service "Open vSwitch" ovs_runs openvswitch-switch \
        /usr/share/openvswitch/scripts/ovs-ctl --no-mlockall --system-id=random start
}

start_databases() {
    start_service PostgreSQL postgres_runs postgresql start_postgres_cluster
    case "$REDIS_URL" in *127.0.0.1*|*localhost*) start_service Redis redis_runs redis-server redis-server --daemonize yes --bind 127.0.0.1 --dir /var/lib/redis ;; esac
}

start_docker() { start_service "Docker Engine" docker_runs docker launch_dockerd; }

random() { head -c 24 /dev/urandom | base64 | tr -d '+/=\n'; }

# the settings file, with secrets where it has none
write_settings() {
    [ -f "$NETMANAGER_ENV_FILE" ] || install -m 600 .env.example "$NETMANAGER_ENV_FILE"
    local port database
    port=$(pg_lsclusters -h | awk '{print $3; exit}')
    database=netmanager_$(sed -n 's/^NETMANAGER_INSTANCE=//p' "$NETMANAGER_ENV_FILE")
    sed -i "s|^NETMANAGER_SECRET_KEY=\$|&$(random)|; s|^DATABASE_URL=\$|&postgres://$database:$(random)@127.0.0.1:$port/$database|" "$NETMANAGER_ENV_FILE"
}

load_settings() {
    [ -f "$NETMANAGER_ENV_FILE" ] || fail "there is no $NETMANAGER_ENV_FILE; make up writes it."
    set -a
    # shellcheck disable=SC1090
    . "$NETMANAGER_ENV_FILE"
    set +a
    RUN=/run/netmanager/$NETMANAGER_INSTANCE
    export RUN
    mkdir -p "$RUN" /run/docker/plugins
}

# database_field scheme|user|password|host|port|name
database_field() {
    /usr/bin/python3 - "$1" <<'PY'
import os, sys
from urllib.parse import urlsplit
url = urlsplit(os.environ["DATABASE_URL"])
print({"user": url.username, "password": url.password, "host": url.hostname, "port": url.port, "name": url.path[1:]}[sys.argv[1]] or "")
PY
}

as_postgres() { (cd / && runuser -u postgres -- psql -qtAX -v ON_ERROR_STOP=1 -p "$(database_field port)" "$@"); }

# a role and a database of our own in the machine's PostgreSQL; one elsewhere is its operator's
ensure_database() {
    case "$(database_field host)" in 127.0.0.1|localhost) ;; *) return 0 ;; esac
    local user name password
    user=$(database_field user) name=$(database_field name) password=$(database_field password)
    [ "$(as_postgres -c "SELECT 1 FROM pg_roles WHERE rolname = '$user'")" = 1 ] || as_postgres -c "CREATE ROLE \"$user\" LOGIN"
    as_postgres -c "ALTER ROLE \"$user\" PASSWORD '$password'"
    [ "$(as_postgres -c "SELECT 1 FROM pg_database WHERE datname = '$name'")" = 1 ] || as_postgres -c "CREATE DATABASE \"$name\" OWNER \"$user\""
}

# debian:bookworm-slim, pulled where there is a registry, else made from Debian's packages
ensure_base_image() {
    local image=debian:bookworm-slim tar=$ROOT/var/cache/debian-bookworm-slim.tar tree
    docker image inspect "$image" >/dev/null 2>&1 && return 0
    if [ ! -f "$tar" ]; then
        say "getting $image"
        timeout 120 docker pull -q "$image" >/dev/null 2>&1 && return 0
        say "no registry answers: making $image from Debian's packages"
        tree=$(mktemp -d)
        debootstrap --variant=minbase bookworm "$tree" >"$NETMANAGER_VAR/log/debootstrap.log" 2>&1 ||
            fail "debootstrap failed; see $NETMANAGER_VAR/log/debootstrap.log."
        mkdir -p "$ROOT/var/cache"
        tar -C "$tree" -cf "$tar.part" . && mv "$tar.part" "$tar"
        rm -rf "$tree"
    fi
    docker import "$tar" "$image" >/dev/null
}

supervised() { [ -S "$RUN/supervisor.sock" ] && supervisorctl -c deploy/supervisord.conf pid >/dev/null 2>&1; }
control() { supervisorctl -c deploy/supervisord.conf "$@"; }

# end what a killed supervisord left behind, by the pid files of its programs
end_leftovers() {
    local file pid
    for file in "$RUN"/*.pid; do
        [ -f "$file" ] || continue
        pid=$(cat "$file")
        if [ -n "$pid" ] && grep -qsz "$ROOT/.venv/bin" "/proc/$pid/cmdline"; then
            kill "$pid" 2>/dev/null || true
            wait_until 20 eval "! kill -0 $pid" || kill -9 "$pid" 2>/dev/null || true
        fi
        rm -f "$file"
    done
}

# supervisord with the network driver, which must listen before dockerd starts
start_driver() {
    if ! supervised; then
        end_leftovers
        supervisord -c deploy/supervisord.conf
    fi
    wait_until 30 supervised || fail "supervisord did not start; see $NETMANAGER_VAR/log/supervisord.log."
    control start driver >/dev/null || true
    wait_until 30 curl -fsS --unix-socket "/run/docker/plugins/$NETMANAGER_INSTANCE.sock" -X POST http://driver/Plugin.Activate ||
        fail "the network driver did not start; see $NETMANAGER_VAR/log/driver.log."
}

stop_all() {
    if supervised; then
        local pid
        pid=$(control pid)
        control shutdown >/dev/null
        wait_until 90 eval "! kill -0 $pid" || fail "supervisord (pid $pid) does not end."
    fi
    end_leftovers
}
