#!/usr/bin/env python3
"""Calls NetManager so that nothing is done twice and nothing is given up too early; needs Python alone.

    TOKEN=… examples/caller.py POST /new-container/1/7/ name=web dockerfile=@Dockerfile

Every attempt carries the same Idempotency-Key: whatever became of the first, NetManager does the work once and tells its outcome.
"""

import http.client
import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import Any

API = os.environ.get("NETMANAGER_API", "http://127.0.0.1:8000")
PATIENCE, ATTEMPT = 900.0, 120.0  # seconds for all attempts and for one: a build may take 10 minutes, and a line may go dead
AGAIN = {429, 502, 503, 504}  # too many calls, or a proxy whose NetManager is being started


def call(method: str, path: str, fields: dict[str, str] | None = None) -> dict[str, Any]:
    """The answer, once the work is done; fields that begin with @ are sent as files. A refusal has "success": false."""
    request = urllib.request.Request(API + path, method=method, headers={"Authorization": f"Token {os.environ['TOKEN']}"})
    if fields:
        request.data, request.headers["Content-type"] = multipart(fields)
    if method == "POST":
        request.add_header("Idempotency-Key", uuid.uuid4().hex)
    deadline, pause = time.monotonic() + PATIENCE, 0.5
    while (answer := attempt(request)) is None:
        if time.monotonic() + pause > deadline:
            sys.exit(f"{method} {path}: no answer within {PATIENCE:g} s")
        time.sleep(pause)
        pause = min(2 * pause, 8.0)
    return answer


def attempt(request: urllib.request.Request) -> dict[str, Any] | None:
    """The answer; None if it is not known yet."""
    try:
        with urllib.request.urlopen(request, timeout=ATTEMPT) as response:
            answer: dict[str, Any] = json.load(response)
        return None if answer.get("pending") else answer
    except urllib.error.HTTPError as error:
        if error.code in AGAIN:
            time.sleep(float(error.headers.get("Retry-After", 0)))
            return None
        return dict(json.load(error))
    except (OSError, http.client.HTTPException) as error:  # refused, reset, timed out: nobody knows whether it was heard
        print(f"{error}; trying again", file=sys.stderr)
        return None


def multipart(fields: dict[str, str]) -> tuple[bytes, str]:
    """The fields as multipart/form-data (RFC 7578), and its Content-Type."""
    boundary, body = uuid.uuid4().hex, b""
    for name, value in fields.items():
        file, content = ("; filename=file", Path(value[1:]).read_bytes()) if value.startswith("@") else ("", value.encode())
        body += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + content + b"\r\n"
    return body + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


if __name__ == "__main__":
    outcome = call(sys.argv[1], sys.argv[2], dict(argument.split("=", 1) for argument in sys.argv[3:]))
    print(json.dumps(outcome, indent=2))
    sys.exit(0 if outcome["success"] else 1)
