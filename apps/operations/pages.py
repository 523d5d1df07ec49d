"""Lists of operations by pages, the newest first."""

from typing import Any

from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.fields import DateTimeField
from rest_framework.pagination import CursorPagination

from apps.operations.serializers import LARGEST_PAGE


class NewestFirst(CursorPagination):
    """Pages that stay where they are while operations come; a cursor is a time and how many rows of it were shown."""

    ordering = ("-created", "-uuid")
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = LARGEST_PAGE

    def decode_cursor(self, request: Any) -> Any:
        """The cursor in the query, None for the first page; raises ValidationError for one that no page has."""
        try:
            cursor = super().decode_cursor(request)
            if cursor and cursor.position is not None:
                DateTimeField().run_validation(cursor.position)  # else the database would have to refuse it
        except (NotFound, ValidationError) as error:
            raise ValidationError({"cursor": "This is no cursor; follow next and previous as they were answered."}) from error
        return cursor
