# The settings file of an instance, which the shell and Django read alike.

# the settings file, with secrets where it has none
write_settings() {
    if [ ! -f "$NETMANAGER_ENV_FILE" ]; then  # whole or not at all
        install -m 600 .env.example "$NETMANAGER_ENV_FILE.part"
        mv "$NETMANAGER_ENV_FILE.part" "$NETMANAGER_ENV_FILE"
    fi
    local port database
    read -r _ _ port _ < <(cluster)
    database=netmanager_$(sed -n 's/^NETMANAGER_INSTANCE=//p' "$NETMANAGER_ENV_FILE")
    sed -i --follow-symlinks "s|^NETMANAGER_SECRET_KEY=\$|&$(random)|; s|^DATABASE_URL=\$|&postgres://$database:$(random)@127.0.0.1:$port/$database|" "$NETMANAGER_ENV_FILE"
}

load_settings() {
    [ -f "$NETMANAGER_ENV_FILE" ] || fail "there is no $NETMANAGER_ENV_FILE; make up writes it."
    set -a
    # shellcheck disable=SC1090
    . "$NETMANAGER_ENV_FILE"
    : "${NETMANAGER_INSTANCE:=nm}" "${NETMANAGER_LISTEN:=127.0.0.1:8000}" "${REDIS_URL:=redis://127.0.0.1:6379/0}"
    : "${NETMANAGER_BASE_IMAGE:=$(/usr/bin/python3 datacenter/base_image.py)}"
    RUN=/run/netmanager/$NETMANAGER_INSTANCE
    NETMANAGER_API=http://${NETMANAGER_LISTEN/#0.0.0.0:/127.0.0.1:}
    set +a
    mkdir -p "$RUN" /run/docker/plugins
}

# url_field URL user|password|host|port|name
url_field() {
    /usr/bin/python3 - "$@" <<'PY'
import sys
from urllib.parse import unquote, urlsplit
url = urlsplit(sys.argv[1])
fields = {"user": url.username, "password": url.password, "host": url.hostname, "port": url.port, "name": url.path[1:]}
print(unquote(str(fields[sys.argv[2]] or "")))
PY
}

is_local() { case "$1" in 127.0.0.1 | localhost | ::1) true ;; *) false ;; esac; }
