"""/schema/ and /docs/ are there for everybody, and need no other host."""

import re
from urllib.request import Request, urlopen

import pytest

from tests.system.stack import LISTEN, Stack


def _open(path: str, accept: str = "*/*") -> tuple[str, dict[str, str]]:
    with urlopen(Request(f"http://{LISTEN}{path}", headers={"Accept": accept}), timeout=60) as response:
        return response.read().decode(), dict(response.headers)


@pytest.mark.parametrize(
    ("path", "accept", "begins"),
    [("/schema/", "*/*", "openapi: 3"), ("/schema/", "application/json", "{")],
)
def test_the_description_is_yaml_or_json_as_wanted(stack: Stack, path: str, accept: str, begins: str) -> None:
    assert _open(path, accept)[0].startswith(begins)


def test_the_page_has_all_it_loads_from_this_host(stack: Stack) -> None:
    page, headers = _open("/docs/", "text/html")
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(loaded) == 5
    texts = {address: _open(address)[0] for address in loaded if address.startswith("/") and not address.endswith(".png")}
    assert len(texts) == 4, loaded
    script = texts["/docs/?script="]
    assert 'url: "/schema/"' in script
    assert '"validatorUrl": null' in script
