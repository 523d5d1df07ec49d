"""The Django admin, as staff see it in a browser."""

import html
import re
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar

from tests.system.stack import LISTEN, VAR

CELL = re.compile(r'<t[dh][^>]*class="[^"]*field-(\w+)[^"]*"[^>]*>(.*?)</t[dh]>', re.DOTALL)


class Admin:
    """A session of the superuser whom `make up` made."""

    def __init__(self) -> None:
        self._cookies = CookieJar()
        self._browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._cookies))
        self.page("login/")
        token = next(cookie.value for cookie in self._cookies if cookie.name == "csrftoken")
        password = (VAR / "admin.password").read_text().strip()
        fields = {"csrfmiddlewaretoken": token or "", "username": "admin", "password": password}
        assert "Log out" in self.page("login/?next=/admin/", fields), "the superuser is logged in"

    def page(self, path: str, fields: dict[str, str] | None = None) -> str:
        """The HTML of a page; with fields, of what a form with them leads to."""
        data = urllib.parse.urlencode(fields).encode() if fields else None
        with self._browser.open(f"http://{LISTEN}/admin/{path}", data, timeout=60) as response:
            return str(response.read().decode())

    def rows(self, path: str) -> list[dict[str, str]]:
        """The rows of a list, text by column."""
        rows = [CELL.findall(row) for row in self.page(path).split("<tr")]
        return [{name: html.unescape(re.sub(r"<[^>]*>", "", cell)).strip() for name, cell in row} for row in rows if row]
