"""What calls are answered instead of what they asked for: code → the sentence, as callers get it; shared by all apps."""

from apps.operations.deadline import TIME_LIMIT

Sentences = dict[str, str]

HOST: Sentences = {"bad_request": "The request is malformed or names a host that is not ours."}
IDS: Sentences = {"invalid": "user_id: '0' is not a whole number from 1 to 2147483647."}
QUERY: Sentences = {"invalid": "page_size: '0' is not a whole number from 1 to 100."}
BODY: Sentences = {
    "malformed": "JSON parse error - Expecting value: line 1 column 1 (char 0)",
    "unsupported_media_type": 'Unsupported media type "text/plain" in request.',
}
KEY: Sentences = {
    "invalid_idempotency_key": "Idempotency-Key must be 1 to 255 printable ASCII characters without blanks.",
    "idempotency_mismatch": "Idempotency-Key 4f1a came with another request before; use a new key for a new request.",
}
TOKEN: Sentences = {
    "not_authenticated": "Authentication credentials were not provided.",
    "authentication_failed": "Invalid token.",
}
METHOD: Sentences = {"method_not_allowed": 'Method "DELETE" not allowed.'}
SIZE: Sentences = {"too_large": "The request body is larger than 1048576 bytes."}
RATE: Sentences = {"throttled": "Request was throttled. Expected available in 12 seconds."}
MISSING: Sentences = {"not_found": "Not found."}
INTERNAL: Sentences = {"internal": "NetManager failed; the operator finds the reason in the log of the web process."}
DATABASE: Sentences = {
    "database_unavailable": "PostgreSQL does not answer; is it running? Repeat the call, one that changes anything under its "
    "Idempotency-Key."
}
DATACENTER: Sentences = {
    "datacenter": "There is no bridge nm-vtep: run manage.py bootstrap_datacenter.",
    "datacenter_unavailable": "The Docker Engine does not answer; is dockerd running?",
}
WORKER: Sentences = {
    "lock_lost": "The database connection that held the project's lock was lost; repeat the call.",
    "timed_out": f"This took longer than {TIME_LIMIT} s: a service of the host hangs; see the worker's log.",
    "worker_lost": "The worker that ran this was lost; repeat the call, it completes what is half-made.",
    "lost_at_restore": "NetManager was restored from a backup that was made before this ended; see what is there, and ask anew.",
}
