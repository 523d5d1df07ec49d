"""docker_ids that containers had before."""

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def from_updates(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """The audit log tells what updates replaced by what."""
    updates = apps.get_model("operations", "Operation").objects.filter(kind="update-container", state="SUCCEEDED")
    replaced = [(update.target, update.result.get("docker_id")) for update in updates]
    before = {now: was for was, now in replaced if now and now != was}
    FormerId = apps.get_model("containers", "FormerId")
    for container in apps.get_model("containers", "Container").objects.exclude(docker_id=""):
        docker_id = container.docker_id
        while docker_id := before.pop(docker_id, ""):
            FormerId.objects.create(docker_id=docker_id, container=container)


class Migration(migrations.Migration):
    dependencies = [
        ("containers", "0002_builds"),
        ("operations", "0005_littered"),
    ]

    operations = [
        migrations.CreateModel(
            name="FormerId",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("docker_id", models.CharField(max_length=64, unique=True)),
                (
                    "container",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="former_ids", to="containers.container"
                    ),
                ),
            ],
        ),
        migrations.RunPython(from_updates, migrations.RunPython.noop),
    ]
