#!/bin/bash
# Installs what the machine lacks, starts everything, and waits until it answers. Repeatable.
. "$(dirname "$0")/lib.sh"

# a digest of all that the running processes have read: their code and settings
version() { find apps datacenter netmanager deploy requirements.txt "$NETMANAGER_ENV_FILE" -type f ! -name '*.pyc' -print0 | sort -z | xargs -0 sha256sum | sha256sum; }
outdated() { supervised && [ "$(cat "$RUN/started" 2>/dev/null)" != "$(version)" ]; }

superuser() {
    [ -f "$NETMANAGER_VAR/admin.password" ] && return 0
    (umask 077 && random >"$NETMANAGER_VAR/admin.password")
    DJANGO_SUPERUSER_PASSWORD=$(cat "$NETMANAGER_VAR/admin.password") \
        python manage.py createsuperuser --noinput --username admin --email admin@localhost >/dev/null
}

token() {
    (umask 077 && python manage.py create_service_token dml-servant >"$NETMANAGER_VAR/dml-servant.token.part")
    mv "$NETMANAGER_VAR/dml-servant.token.part" "$NETMANAGER_VAR/dml-servant.token"
}

preflight
if [ -f "$NETMANAGER_ENV_FILE" ]; then load_settings; supervised || end_leftovers; check_port; else NETMANAGER_LISTEN=127.0.0.1:8000 RUN=/nonexistent check_port; fi
install_packages
install_python requirements.txt
start_service PostgreSQL postgres_runs postgresql start_postgres_cluster
write_settings
load_settings
start_databases
start_ovs
if outdated; then stop_all; fi
start_driver
start_docker
ensure_database
ensure_base_image
python manage.py migrate -v 0
python manage.py check
python manage.py collectstatic --noinput -v 0
python manage.py bootstrap_datacenter
python manage.py seed_images
token
superuser
control start all >/dev/null || true
version >"$RUN/started"
wait_until 60 curl -fsS "http://$NETMANAGER_LISTEN/readyz/" ||
    fail "the API does not answer: $(curl -sS "http://$NETMANAGER_LISTEN/readyz/" 2>&1); see $NETMANAGER_VAR/log/."
cat <<EOF
NetManager is up.
  API     http://$NETMANAGER_LISTEN/  (Authorization: Token \$(cat $NETMANAGER_VAR/dml-servant.token))
  admin   http://$NETMANAGER_LISTEN/admin/  (admin, $NETMANAGER_VAR/admin.password)
  logs    $NETMANAGER_VAR/log/
  settings $NETMANAGER_ENV_FILE
EOF
