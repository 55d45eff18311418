"""Revoking many keys from the list: after a page that names them."""

import pytest

from apikeys.models import ApiKey
from tests.cast import PASSWORD
from tests.surfing import age, surf

REVOKE = "/settings/api-keys/revoke"


@pytest.fixture
def surfer(alice):
    return surf(alice)


def ids(*pairs):
    return [api_key.public_id for api_key, _ in pairs]


def send(surfer, chosen, **fields):
    usual = {"ids": chosen, "reason": "unused", "understood": "on"}
    return surfer.post(REVOKE, {**usual, **fields})


def living():
    return ApiKey.objects.filter(revoked_at=None).count()


def test_a_stranger_is_sent_to_the_sign_in_page(client):
    assert client.get(f"{REVOKE}?ids=key_1")["Location"].startswith("/login?next=")
    assert client.post(REVOKE)["Location"].startswith("/login")


def test_the_page_names_what_was_chosen_and_changes_nothing(surfer, issue):
    chosen = ids(issue("scans_read", name="Day"), issue("scans_read", name="Night"))
    page = surfer.get(REVOKE, {"ids": chosen}).content.decode()
    assert "Revoke these 2 keys?" in page
    assert "Day" in page
    assert "Night" in page
    assert living() == 2


def test_the_chosen_keys_end_at_once(surfer, issue, call):
    first, second, kept = (issue("scans_read") for _ in range(3))
    answer = send(surfer, ids(first, second))
    assert answer["Location"] == "/settings/api-keys"
    assert "2 keys were revoked." in surfer.get(answer["Location"]).content.decode()
    assert [call(text).status_code for _, text in (first, second, kept)] == [
        401,
        401,
        200,
    ]
    assert ApiKey.objects.get(pk=first[0].pk).revoked_reason == "unused"


@pytest.mark.parametrize(
    "fields", [{"understood": ""}, {"reason": "odd"}, {"reason": ""}]
)
def test_without_a_reason_and_a_tick_nothing_ends(surfer, issue, fields):
    answer = send(surfer, ids(issue("scans_read")), **fields)
    assert answer.status_code == 400
    assert living() == 1


def test_keys_of_others_are_not_among_the_chosen(surfer, carol, bob, issue):
    hers = issue("scans_read", owner=carol)
    assert send(surfer, ids(hers)).status_code == 400
    of_organization = issue("scans_read")
    assert send(surf(bob), ids(of_organization)).status_code == 400
    own = issue("scans_read", owner=bob)
    send(surf(bob), ids(of_organization, own, hers))
    assert living() == 2


@pytest.mark.parametrize("chosen", [[], ["key_1"], ["usr_01h455vb4pex5vsknk084sn02q"]])
def test_who_chose_nothing_is_told_to(surfer, chosen):
    answer = surfer.get(REVOKE, {"ids": chosen})
    assert answer.status_code == 400
    assert "Choose keys in the list first." in answer.content.decode()


def test_more_than_can_be_looked_at_is_refused(surfer):
    assert surfer.post(REVOKE, {"ids": ["key_1"] * 1001}).status_code == 400


def test_who_signed_in_long_ago_is_asked_first(surfer, issue):
    chosen = ids(issue("scans_read"), issue("scans_read"))
    age(surfer.session_row)
    question = send(surfer, chosen)
    assert "Confirm it is you" in question.content.decode()
    assert living() == 2
    send(surfer, chosen, confirm_password=PASSWORD)
    assert living() == 0


def test_another_tab_may_have_been_faster(surfer, issue):
    chosen = ids(issue("scans_read"), issue("scans_read"))
    send(surfer, chosen[:1], reason="replaced")
    send(surfer, chosen)
    reasons = ApiKey.objects.order_by("pk").values_list("revoked_reason", flat=True)
    assert list(reasons) == ["replaced", "unused"]


def test_statements_do_not_grow_with_the_keys(
    surfer, issue, django_assert_max_num_queries
):
    chosen = ids(*(issue("scans_read") for _ in range(12)))
    surfer.get(REVOKE, {"ids": chosen[:1]})
    with django_assert_max_num_queries(4):
        surfer.get(REVOKE, {"ids": chosen})
