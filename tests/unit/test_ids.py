"""The ids of the platform in paths."""

import pytest
from rest_framework.exceptions import ValidationError

from apps.operations.serializers import LARGEST_ID, IdField
from apps.projects.serializers import ProjectPath


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("7", 7), ("007", 7), ("2147483647", LARGEST_ID)])
def test_it_reads_whole_numbers(text: str, number: int) -> None:
    assert IdField().run_validation(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "-1",
        "+1",
        "2147483648",
        "9" * 5000,
        "abc",
        "1.0",
        "1e3",
        "0x10",
        " 1",
        "1\n",
        "1_0",
        "",
        "\N{ARABIC-INDIC DIGIT ONE}",
        "²",
        "\N{FULLWIDTH DIGIT ONE}",
    ],
)
def test_it_refuses_everything_else(text: str) -> None:
    with pytest.raises(ValidationError):
        IdField().run_validation(text)


def test_a_path_is_read_as_a_whole() -> None:
    assert ProjectPath.read(user_id="1", project_id="7") == {"user_id": 1, "project_id": 7}


def test_the_refusal_names_the_part_of_the_path_and_what_stood_there() -> None:
    with pytest.raises(ValidationError) as refused:
        ProjectPath.read(user_id="1", project_id="abc")
    assert list(refused.value.detail) == ["project_id"]
    assert "'abc' is not a whole number from 1 to 2147483647." in str(refused.value.detail)
