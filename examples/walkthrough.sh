#!/bin/bash
# The whole API, walked through with curl as dml-servant would. It stops at the first answer that is not as expected, and in
# any case removes what it made.
#
#     examples/walkthrough.sh                                     # beside `make up`
#     PROJECT=77 SOCKET=3 examples/walkthrough.sh                 # a project that nobody has; and a free socket, for add-port
#     NETMANAGER_API=https://… TOKEN=… examples/walkthrough.sh    # from another machine
set -eu
API=${NETMANAGER_API:-http://127.0.0.1:8000}
TOKEN=${TOKEN:-$(cat "$(dirname "$0")/../var/dml-servant.token")}  # manage.py create_service_token NAME makes one
IMAGE=${IMAGE:-debian:$(. /etc/os-release; echo "$VERSION_CODENAME")-slim}  # of the lab's host, on which this runs, or say another
ME=${ME:-1} STRANGER=999999 PROJECT=${PROJECT:-424242} SOCKET=${SOCKET:-}
WORK=$(mktemp -d)

# call STATUS METHOD PATH [curl's arguments]: one request; its answer must have this status
call() {
    local wanted=$1 method=$2 path=$3 status; shift 3
    status=$(curl -sS -o "$WORK/answer" -w '%{http_code}' -X "$method" -H "Authorization: Token $TOKEN" "$@" "$API$path")
    printf '%s %s → %s ' "$method" "$path" "$status"
    head -c 300 "$WORK/answer"; echo
    [ "$status" = "$wanted" ] || { echo "walkthrough: expected $wanted" >&2; exit 1; }
}

# the FIELD of the last answer: container_name, containers.0.ip, …
field() {
    python3 -c '
import json, sys
value = json.load(open(sys.argv[1]))
for key in sys.argv[2].split("."):
    value = value[int(key) if isinstance(value, list) else key]
print(value if isinstance(value, str) else json.dumps(value))' "$WORK/answer" "$1"
}

# expect FIELD VALUE: what the last answer must say
expect() { [ "$(field "$1")" = "$2" ] || { echo "walkthrough: expected $1 to be $2, not $(field "$1")" >&2; exit 1; }; }

# eventually COMMAND: what takes a moment
eventually() {
    local attempt
    for attempt in $(seq 60); do ! "$@" || return 0; sleep 0.5; done
    echo "walkthrough: not within 30 s: $1" >&2; exit 1
}

clean_up() {
    curl -sS -o "$WORK/last" -X POST -H "Authorization: Token $TOKEN" "$API/delete-bridge/$ME/$PROJECT/" || true
    rm -rf "$WORK"
}

echo "# Is NetManager there? These two need no token; the second asks everything that it needs."
curl -fsS "$API/healthz/" "$API/readyz/"; echo

echo "# A project's network: user $ME belongs to project $PROJECT, for we say so."
call 200 GET "/get-project-containers/$ME/$PROJECT/"
expect containers "[]"  # else it is somebody's, and not ours to delete
trap clean_up EXIT
call 200 POST "/create-bridge/$ME/$PROJECT/"
call 200 POST "/create-bridge/$ME/$PROJECT/"  # it is there: this repairs it, and may be repeated

echo "# A container of the default image. A key of our own makes the call safe to repeat: it is the same container."
call 200 POST "/new-container/$ME/$PROJECT/" -F name=web -H "Idempotency-Key: $WORK"
web=$(field docker_id) ip=$(field ip)
call 200 POST "/new-container/$ME/$PROJECT/" -F name=web -H "Idempotency-Key: $WORK"
expect docker_id "$web"
call 400 POST "/new-container/$ME/$PROJECT/" -F name=db -H "Idempotency-Key: $WORK"
expect code idempotency_mismatch
call 400 POST "/new-container/$ME/$PROJECT/" -F name=web
expect code name_taken

echo "# One that is built from a Dockerfile, inside the project's network."
printf 'FROM %s\nRUN echo hello >/greeting\nCMD cat /greeting; exec sleep infinity\n' "$IMAGE" >"$WORK/Dockerfile"
call 200 POST "/new-container/$ME/$PROJECT/" -F name=greeter -F "dockerfile=@$WORK/Dockerfile"
greeter=$(field docker_id)
printf 'FROM %s\nRUN echo this fails; false\n' "$IMAGE" >"$WORK/broken"
call 400 POST "/new-container/$ME/$PROJECT/" -F name=broken -F "dockerfile=@$WORK/broken"
expect code build_failed  # the sentence has the last lines, the operation all of them (see below)

echo "# What a project has, how it does, and what it says."
call 200 GET "/get-project-containers/$ME/$PROJECT/"
expect containers.0.container_name greeter
expect containers.1.ip "$ip"
call 200 GET "/get-container-info/$ME/$web/"
expect stats.status running
logs() { call 200 GET "/get-container-logs/$ME/$greeter/"; [ "$(field logs)" = hello ]; }
eventually logs

echo "# Its life. Address and name stay; GET does as well, for callers that know nothing else."
call 200 POST "/stop-container/$ME/$web/"
call 200 POST "/start-container/$ME/$web/"
call 200 POST "/restart-container/$ME/$web/"
expect ip "$ip"

echo "# Another image: it is built first and swapped then. The docker_id is a new one, and the old one leads to it."
call 200 POST "/update-container/$ME/$web/" -F "dockerfile=@$WORK/Dockerfile"
expect ip "$ip"
old=$web web=$(field docker_id)
call 400 GET "/get-container-info/$ME/$old/"
expect code container_replaced

echo "# Who does not want to wait is told where to look."
call 202 POST "/restart-container/$ME/$web/" -H "Prefer: respond-async"
operation=$(field operation)
done_with_it() { call 200 GET "/operations/$operation/"; [ "$(field operation.state)" = SUCCEEDED ]; }
eventually done_with_it
call 200 GET "/operations/?project_id=$PROJECT&state=FAILED"
call 200 GET "/operations/$(field operations.0.uuid)/"
grep -q "this fails" "$WORK/answer"  # the whole output of the build

if [ -n "$SOCKET" ]; then
    echo "# A socket of the room: whoever is plugged in is inside the project's network, by DHCP."
    call 200 POST "/add-port/$ME/$PROJECT/$SOCKET/"
    call 200 POST "/remove-port/$ME/$SOCKET/"
fi

echo "# To others, what is not theirs is unknown; and who sets the members of a project closes it."
call 400 POST "/stop-container/$STRANGER/$web/"
expect code unknown_container
call 200 PUT "/projects/$PROJECT/members/" -F "members=$ME"
call 200 GET "/projects/$PROJECT/members/"
expect members "[$ME]"
call 400 GET "/get-project-containers/$STRANGER/$PROJECT/"
expect code not_a_member

echo "# All of this as OpenAPI, and as a page in a browser."
call 200 GET /schema/
call 200 GET /docs/

echo "# The end: one container, and then all that is left."
call 200 POST "/remove-container/$ME/$web/"
call 200 POST "/delete-bridge/$ME/$PROJECT/"
echo "walkthrough: all as expected"
