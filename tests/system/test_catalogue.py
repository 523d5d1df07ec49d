"""The default catalogue, as `make up` leaves it, and what staff have made of it."""

from tests.system.stack import Stack

ENTRIES = "from apps.containers.models import Image; print(*Image.objects.order_by('name').values_list('name', 'is_default'))"


def test_make_up_fills_an_empty_catalogue_and_leaves_staffs_own_alone(stack: Stack) -> None:
    filled = "('debian', False) ('default', True)\n"
    assert stack.orm(ENTRIES) == filled
    try:
        stack.orm(
            "from apps.containers.models import Image as I; I.objects.filter(name='debian').delete();"
            "I.objects.update(is_default=False); I.objects.create(name='ours', reference='debian', is_default=True)"
        )
        staffs = stack.orm(ENTRIES)
        assert staffs == "('default', False) ('ours', True)\n"
        stack.manage("seed_images")
        assert stack.orm(ENTRIES) == staffs
    finally:
        stack.orm("from apps.containers.models import Image; Image.objects.all().delete()")
        stack.manage("seed_images")
    assert stack.orm(ENTRIES) == filled


def test_every_image_of_the_default_catalogue_stays_up(stack: Stack, project: int) -> None:
    for image in ("debian", "default"):
        answer = stack.post(f"/new-container/1/{project}/", image=image, name=image)
        assert answer.status == 200, answer
    listed = stack.get(f"/get-project-containers/1/{project}/").body["containers"]
    assert {c["container_name"]: c["status"] for c in listed} == {"debian": "running", "default": "running"}
    assert {stack.docker("inspect", "-f", "{{.RestartCount}}", c["docker_id"]) for c in listed} == {"0"}
