"""What callers can be refused, and what can break, with containers; code → sentence."""

from apps.operations.refusals import DATACENTER, IDS
from apps.operations.schema import Failures
from apps.projects.refusals import CLOSED, FULL, QUOTA

UNKNOWN = {
    "invalid_docker_id": "'web' is no docker_id; give 4 or more hexadecimal digits, as new-container answered.",
    "unknown_container": "User 9 has no container 0123456789ab; get-project-containers lists them.",
    "container_replaced": (
        "Container 0123456789ab was replaced by ba9876543210 when web was updated or made anew; use that docker_id."
    ),
    "ambiguous_container": "More than one container begins with 0123; give more digits.",
}
LOST = {"container_lost": "Container web is gone from the Docker host; it is made anew within seconds: ask again, or remove it."}
START_FAILED = {
    "start_failed": "The container could not be started: unable to find user ghost: no matching entries in passwd file."
}
BUILD = {
    "build_failed": "The build failed at step 2 (RUN false): The command '/bin/sh -c false' returned a non-zero code: 1.",
    "cancelled": "The network of project 7 was deleted while its image was built.",
}
CHANGING = {
    "container_changing": "Container web is not there just now, while project 7 is changed; ask again.",
}
CATALOGUE = {"unknown_image": "There is no image 'nginx' in the catalogue; there are: default."}
ROOM = {
    "name_taken": "Project 7 already has a container web; choose another name or remove that one.",
    "no_free_address": "All 112 container addresses of project 7 are taken; remove a container.",
}
NO_IMAGE = {
    "no_default_image": "The catalogue has no default image: tick one in the admin, or run manage.py seed_images if it is empty.",
    "image_missing": "Pulling nginx:1 failed: not found. Pull it on the Docker host, or correct the catalogue.",
}

NEW: Failures = {400: IDS | CLOSED | QUOTA | CATALOGUE | ROOM | BUILD | START_FAILED, 500: FULL | NO_IMAGE | DATACENTER}
UPDATE: Failures = {400: IDS | UNKNOWN | BUILD | START_FAILED, 500: DATACENTER}
INFO: Failures = {400: IDS | UNKNOWN, 500: DATACENTER}
LOGS: Failures = {400: IDS | UNKNOWN | CHANGING, 500: LOST | DATACENTER}
LIST: Failures = {400: IDS | CLOSED, 500: DATACENTER}
REMOVE: Failures = {400: IDS | UNKNOWN, 500: DATACENTER}
START: Failures = {400: IDS | UNKNOWN | START_FAILED, 500: LOST | DATACENTER}
STOP: Failures = {400: IDS | UNKNOWN, 500: LOST | DATACENTER}
