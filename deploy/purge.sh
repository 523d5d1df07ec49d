#!/bin/bash
# Removes everything of this instance from the host: containers, networks, images, bridges, firewall, database.
# deploy/purge.sh INSTANCE: of the instance of that name, whose settings may be gone; with the services that tests gave it.
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" = 0 ] || fail "this must run as root."
[ -z "${1:-}" ] || choose_instance "$1"
[ -f "$NETMANAGER_ENV_FILE" ] || { say "NetManager was never up: nothing to purge."; exit 0; }
load_settings
if [ "${CONFIRM:-}" != yes ]; then
    [ -t 0 ] || fail "this removes every project of instance $NETMANAGER_INSTANCE; say CONFIRM=yes."
    read -rp "Remove every project of instance $NETMANAGER_INSTANCE, with its containers and rows? [yes/no] " answer
    [ "$answer" = yes ] || fail "nothing was removed."
fi
preflight
install_machine
install_python requirements.txt
! by_name || remove_own_services
start_postgres
if by_name; then write_settings; load_settings; fi
start_redis
start_ovs
start_driver
start_docker
control stop reconciler >/dev/null || true  # first: it makes again what is removed; nothing may run
stop_at_once web datacenter builds beat controller
python manage.py lab down --keep-rows
remove_contenders
python manage.py purge_datacenter
! by_name || delete_keys
stop_all
delete_database
rm -rf "$RUN" "/run/docker/plugins/$NETMANAGER_INSTANCE.sock" "$NETMANAGER_VAR/admin.password" "$NETMANAGER_VAR/dml-servant.token"
! by_name || rm -rf "$NETMANAGER_VAR"
rmdir --ignore-fail-on-non-empty /run/netmanager /var/lib/netmanager 2>/dev/null || true
say "Nothing of instance $NETMANAGER_INSTANCE is left on this host."
