#!/bin/bash
# Checks the code: lint, format, types, imports, Django, migrations. Needs no root, settings or database.
. "$(dirname "$0")/lib.sh"
# the same on every machine: none of its settings, and a database at which nobody listens
export NETMANAGER_ENV_FILE=/dev/null NETMANAGER_SECRET_KEY=check NETMANAGER_DNS=192.0.2.53
export DATABASE_URL=postgres://check@127.0.0.1:1/check
export PYTHONWARNINGS="ignore:Got an error checking a consistent migration history:RuntimeWarning"

# check NAME COMMAND...: end here if it fails
check() {
    local name=$1; shift
    say "check: $name"
    "$@" || fail "make check failed at $name: $*"
}

mkdir -p "$NETMANAGER_VAR/log"
# ensurepip is what Debian's python3 lacks without python3-venv
if [ ! -f .venv/made ] && ! /usr/bin/python3 -c "import ensurepip" 2>/dev/null; then
    [ "$(id -u)" = 0 ] || fail "python3-venv is missing; install it, or run this as root."
    install_packages python3-venv
fi
install_python requirements-dev.txt
check lint ruff check .
check format ruff format --check .
check types mypy
check imports lint-imports --no-logo
check schema python manage.py spectacular --validate --fail-on-warn --file /dev/null
check django python manage.py check --fail-level WARNING
check migrations python manage.py makemigrations --check --dry-run
say "check: all passed"
