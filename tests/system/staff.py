"""A member of staff at the admin's pages, as a browser would be."""

import re
from html.parser import HTMLParser
from typing import Self

import requests

from tests.system.stack import LISTEN, VAR

TIMEOUT = 30  # seconds


class Staff:
    """Somebody who is logged in; pages are paths below /admin/."""

    def __init__(self) -> None:
        self._session = requests.Session()

    @classmethod
    def logged_in(cls) -> Self:
        """The superuser that `make up` has made."""
        staff = cls()
        staff.page("login/")
        staff.send("login/", username="admin", password=(VAR / "admin.password").read_text().strip())
        assert "sessionid" in staff._session.cookies
        return staff

    def page(self, path: str) -> str:
        """A page's HTML."""
        answer = self._session.get(_url(path), timeout=TIMEOUT)
        assert answer.status_code == 200, answer
        return answer.text

    def send(self, path: str, **fields: str) -> None:
        """Send a form, which must be taken."""
        token = self._session.cookies["csrftoken"]
        answer = self._session.post(_url(path), {"csrfmiddlewaretoken": token, **fields}, timeout=TIMEOUT, allow_redirects=False)
        assert answer.status_code == 302, answer.text

    def change(self, path: str, **fields: str | None) -> None:
        """Open a form, change these fields (None unticks a box), and save it."""
        form = _Form()
        form.feed(self.page(path))
        values = {name: value for name, value in (form.values | fields).items() if value is not None}
        self.send(path, **values, _save="Save")

    def rows(self, path: str) -> dict[str, dict[str, str]]:
        """The rows of a list by where their first links lead: their cells by the names of the columns; a tick is its text."""
        rows = re.findall(r"<tr>(.*?)</tr>", self.page(path), re.DOTALL)
        links = {link[1]: row for row in rows if (link := re.search(r'href="/admin/([^"]*)/change/', row))}
        return {
            link: {
                name: _text(cell) for name, cell in re.findall(r'<t[hd] class="field-(\w+)[^"]*">(.*?)</t[hd]>', row, re.DOTALL)
            }
            for link, row in links.items()
        }

    def row(self, path: str, link: str) -> dict[str, str]:
        """One of the rows of a list."""
        return self.rows(path)[link]


class _Form(HTMLParser):
    """The fields of an admin form, with the values that a browser would send."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "input" and name and given.get("type") not in ("submit", "checkbox"):
            self.values[name] = given.get("value", "")
        elif tag == "input" and given.get("type") == "checkbox" and "checked" in given:
            self.values[name] = given.get("value", "on")
        elif tag == "select":
            self._select = name
            self.values[name] = ""
        elif tag == "option" and "selected" in given:
            self.values[self._select] = given.get("value", "")


def _text(cell: str) -> str:
    tick = re.search(r'alt="(\w+)"', cell)
    return tick[1] if tick else re.sub(r"<[^>]*>", "", cell).strip()


def _url(path: str) -> str:
    return f"http://{LISTEN}/admin/{path}"
