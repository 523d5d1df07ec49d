# Everything that the scripts of deploy/ share; sourced, never run. lib/ has it by subject.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"
export PATH="$ROOT/.venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
export DJANGO_SETTINGS_MODULE=netmanager.settings PYTHONUNBUFFERED=1
export EVENTLET_NO_GREENDNS=yes  # ovs imports eventlet where it finds it, whose DNS takes 0.2 s of every start
export NETMANAGER_ENV_FILE=${NETMANAGER_ENV_FILE:-$ROOT/.env}
export NETMANAGER_VAR=${NETMANAGER_VAR:-$ROOT/var}

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

random() { head -c 24 /dev/urandom | base64 | tr -d '+/=\n'; }

for part in install settings services processes instance; do
    # shellcheck disable=SC1090
    . "$ROOT/deploy/lib/$part.sh"
done
