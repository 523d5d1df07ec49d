"""Staff at the admin's pages, by a browser without a screen."""

from html.parser import HTMLParser

import requests

from tests.system.stack import LISTEN, VAR

ADMIN = f"http://{LISTEN}/admin/"


class Form(HTMLParser):
    """What a browser would send back of a page's last form: text and hidden inputs, ticked boxes, chosen options."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self._select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        has = dict(attributes)
        name, value = has.get("name") or "", has.get("value") or ""
        if tag == "form":
            self.values = {}
        elif tag == "select":
            self._select = name
        elif tag == "option" and "selected" in has:
            self.values[self._select] = value
        elif tag == "input" and name and has.get("type") != "submit" and (has.get("type") != "checkbox" or "checked" in has):
            self.values[name] = value or ("on" if has.get("type") == "checkbox" else "")


class Staff:
    """Somebody who is logged in to the admin."""

    def __init__(self) -> None:
        self._session = requests.Session()
        password = (VAR / "admin.password").read_text().strip()
        self._send("login/", username="admin", password=password, next="/admin/")

    def change(self, page: str, **fields: str) -> None:
        """Open a row's page (`ports/socket/3/`), set these fields and save."""
        self._send(f"{page}change/", **fields)

    def _send(self, page: str, **fields: str) -> None:
        shown = self._session.get(ADMIN + page, timeout=60)
        shown.raise_for_status()
        values = Form(shown.text.rpartition('id="footer"')[0] or shown.text).values | fields
        answer = self._session.post(ADMIN + page, data=values, timeout=60, allow_redirects=False)
        assert answer.status_code == 302, answer.text
