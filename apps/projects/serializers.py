"""What callers send for projects."""

from typing import Any

from rest_framework import serializers

from apps.operations.serializers import IdField, PathSerializer, ProjectIdField, UserIdField

MOST_MEMBERS = 10_000


class ProjectPath(PathSerializer):
    user_id = UserIdField()
    project_id = ProjectIdField()


class MembersPath(PathSerializer):
    project_id = ProjectIdField()


class UserIds(serializers.ListField):
    """Ids of users: a list in JSON, a repeated field in a form. The first that is wrong is refused."""

    child = IdField()

    def run_child_validation(self, data: Any) -> list[int]:
        if len(data) > MOST_MEMBERS:
            self.fail("max_length", max_length=MOST_MEMBERS)
        return [self.child.run_validation(user_id) for user_id in data]


class Members(serializers.Serializer[Any]):
    members = UserIds(
        max_length=MOST_MEMBERS, error_messages={"max_length": "A project has at most {max_length} members; send fewer."}
    )
