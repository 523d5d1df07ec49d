#!/bin/bash
# Installs what the machine lacks, starts everything, and waits until it answers. Repeatable.
# With RESTORE=FILE the database, which must be empty, gets the rows of a backup first.
. "$(dirname "$0")/lib.sh"

# a digest of all that the running processes have read: their code and settings
version() { find apps datacenter lab netmanager sdn deploy requirements.txt "$NETMANAGER_ENV_FILE" -type f ! -name '*.pyc' -print0 | sort -z | xargs -0 sha256sum | sha256sum; }
outdated() { supervised && [ "$(cat "$RUN/started" 2>/dev/null)" != "$(version)" ]; }

# the port that will be used, taken from the settings if there are any yet
check_settings() {
    if [ -f "$NETMANAGER_ENV_FILE" ]; then
        load_settings
        supervised || end_leftovers
        check_port
    else
        RUN=/nonexistent NETMANAGER_LISTEN=127.0.0.1:8000 NETMANAGER_API=http://127.0.0.1:8000 check_port
    fi
}

preflight
check_disk
check_settings
install_machine
install_python requirements.txt
start_postgres
write_settings
load_settings
start_redis
start_ovs
if outdated; then stop_all; fi
start_driver
python manage.py bootstrap_datacenter --firewall  # ahead of the containers that the engine starts
start_docker
ensure_database
ensure_base_image
python manage.py set_up ${RESTORE:+--restore "$RESTORE"} --password "$NETMANAGER_VAR/admin.password" --token "$NETMANAGER_VAR/dml-servant.token"
start_all
version >"$RUN/started"
cat <<EOF
NetManager is up.
  API      $NETMANAGER_API/  (Authorization: Token \$(cat $NETMANAGER_VAR/dml-servant.token))
  admin    $NETMANAGER_API/admin/  (user admin, password in $NETMANAGER_VAR/admin.password)
  logs     $NETMANAGER_VAR/log/
  settings $NETMANAGER_ENV_FILE
EOF
