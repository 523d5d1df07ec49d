"""Bodies as DRF reads them, with the size that Django allows for all, and a refusal of those that cannot be read."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework import parsers
from rest_framework.exceptions import ParseError


class JsonParser(parsers.JSONParser):
    """JSON; raises RequestDataTooBig and ParseError."""

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        check_size(parser_context)
        with readable():
            return super().parse(stream, media_type, parser_context)


class FormParser(parsers.FormParser):
    """A form in URL encoding; raises RequestDataTooBig and ParseError."""

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        check_size(parser_context)
        with readable():
            return super().parse(stream, media_type, parser_context)


class MultiPartParser(parsers.MultiPartParser):
    """A form with files, whose size Django limits; raises ParseError."""

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        with readable():
            return super().parse(stream, media_type, parser_context)


def check_size(parser_context: Any) -> None:
    """Raise RequestDataTooBig for a body that DRF would read whole, whatever its size."""
    length = int(parser_context["request"].META.get("CONTENT_LENGTH") or 0)
    if length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise RequestDataTooBig


@contextmanager
def readable() -> Iterator[None]:
    """Raise ParseError for what is nested too deep, and for what is not in the charset that it names (there are odd ones)."""
    try:
        yield
    except RecursionError as error:
        raise ParseError("The body is nested too deep.") from error
    except UnicodeError as error:
        raise ParseError("The body is not in the charset that its Content-Type names; send UTF-8.") from error
