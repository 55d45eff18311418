"""Rotations of one key at the same moment: it has one current secret at every end."""

import pytest
from django.utils import timezone

from apikeys.models import ApiKeySecret

KEYS = "/api/v1/api-keys"


@pytest.fixture
def path(ask):
    return f"{KEYS}/{ask().json()['id']}"


def living():
    return ApiKeySecret.objects.living(timezone.now())


def test_of_many_rotations_with_a_grace_one_wins(alice, path, crowd, call):
    def rotate():
        return alice.call("POST", f"{path}/rotate", {"grace_seconds": 60})

    answers = crowd(rotate, times=20, threads=10)
    statuses = [answer.status_code for answer in answers]
    assert sorted(set(statuses)) == [200, 409]
    assert statuses.count(200) == 1
    assert living().count() == 2
    won = answers[statuses.index(200)].json()["key"]
    assert call(won).status_code == 200


def test_many_rotations_without_a_grace_follow_one_another(alice, path, crowd, call):
    def rotate():
        return alice.call("POST", f"{path}/rotate")

    answers = crowd(rotate, times=20, threads=10)
    assert {answer.status_code for answer in answers} == {200}
    assert living().count() == 1
    statuses = [call(answer.json()["key"]).status_code for answer in answers]
    assert sorted(statuses) == [200] + [401] * 19


def test_finishing_and_cancelling_at_once_leaves_one_secret(alice, path, crowd, call):
    """Whoever comes first decides which."""
    alice.call("POST", f"{path}/rotate", {"grace_seconds": 60})
    words = iter(["finish", "cancel"] * 5)

    def end():
        return alice.call("POST", f"{path}/rotate/{next(words)}")

    answers = crowd(end, times=10, threads=10)
    statuses = [answer.status_code for answer in answers]
    assert sorted(statuses) == [200] + [409] * 9
    assert living().count() == 1


def test_a_key_that_is_restored_by_many_comes_back_once(alice, path, crowd):
    alice.call("DELETE", path)
    answers = crowd(lambda: alice.call("POST", f"{path}/restore"), times=10, threads=10)
    statuses = [answer.status_code for answer in answers]
    assert sorted(statuses) == [200] + [409] * 9
