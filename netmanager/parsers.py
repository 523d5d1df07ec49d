"""Bodies as DRF reads them, and a refusal of those that it breaks on."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from django.utils.http import parse_header_parameters
from rest_framework import parsers
from rest_framework.exceptions import ParseError

ASCII = "".join(map(chr, range(128)))


class JsonParser(parsers.JSONParser):
    """JSON; raises ParseError."""

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        with readable():
            return super().parse(stream, media_type, parser_context)


class FormParser(parsers.FormParser):
    """A form in URL encoding; raises ParseError."""

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        with readable():
            _refuse_odd_charset(parser_context["encoding"])
            return super().parse(stream, media_type, parser_context)


class MultiPartParser(parsers.MultiPartParser):
    """A form with files; raises ParseError, also for a body in which no part is found."""

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        with readable():
            _refuse_odd_charset(parser_context["encoding"])
            form = super().parse(stream, media_type, parser_context)
        length = int(parser_context["request"].META.get("CONTENT_LENGTH") or 0)
        boundary = parse_header_parameters(media_type or "")[1].get("boundary", "")
        ending = f"--{boundary}--"  # all of a form without fields
        if not form.data and not form.files and length not in {0, len(ending), len(ending) + 2}:
            raise ParseError("The multipart body has no part; is its boundary the one that Content-Type names?")
        return form


@contextmanager
def readable() -> Iterator[None]:
    """Raise ParseError for what is nested too deep, and for what is not in the charset that it names (there are odd ones)."""
    try:
        yield
    except RecursionError as error:
        raise ParseError("The body is nested too deep.") from error
    except UnicodeError as error:
        raise ParseError("The body is not in the charset that its Content-Type names; send UTF-8.") from error


def _refuse_odd_charset(charset: str) -> None:
    """Raise ParseError or UnicodeError for a charset whose ASCII is not ASCII (punycode), or that is none (hex).

    In it "=" and "&" may be something else; and what Python makes of one byte or another differs from release to release.
    """
    try:
        plain = ASCII.encode().decode(charset) == ASCII
    except LookupError:  # a codec of Python, but of no text
        plain = False
    if not plain:
        raise ParseError(f"A form in {charset} is not read; send UTF-8.")
