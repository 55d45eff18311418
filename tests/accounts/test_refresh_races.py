"""Many refreshes of one token at the same moment come to one pair and hurt nobody."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from accounts.models import Session
from tests.cast import send

REFRESH = "/api/v1/auth/refresh"


@pytest.fixture(params=["alice", "nadia"], ids=["jwt", "opaque"])
def tokens(request, file_database):
    return request.getfixturevalue(request.param).sign_in()


def refresh(tokens):
    return send("POST", REFRESH, {"refresh_token": tokens["refresh_token"]})


def is_in(tokens):
    bearer = f"Bearer {tokens['access_token']}"
    answer = send("GET", "/api/v1/auth/whoami", AUTHORIZATION=bearer)
    return answer.status_code == 200


def test_64_parallel_refreshes_give_one_pair_and_the_session_lives(tokens, crowd):
    answers = crowd(lambda: refresh(tokens))
    assert {answer.status_code for answer in answers} == {200}
    pairs = {answer.json()["refresh_token"]: answer.json() for answer in answers}
    assert len(pairs) == 1
    assert len({answer.json()["access_token"] for answer in answers}) == 1
    [successor] = pairs.values()
    assert is_in(successor)
    assert refresh(successor).status_code == 200


def test_parallel_reuse_ends_the_family_without_a_fault(tokens, crowd):
    refresh(refresh(tokens).json())
    answers = crowd(lambda: refresh(tokens), times=32)
    assert {answer.status_code for answer in answers} == {401}
    assert Session.objects.get().end_reason == "refresh_token_reused"


def test_a_sign_out_among_refreshes_leaves_nothing_alive(alice, crowd):
    tokens = alice.sign_in()

    def act():
        return refresh(tokens), alice.call("POST", "/api/v1/auth/logout").status_code

    answers = crowd(act, times=16)
    assert 204 in {status for _answer, status in answers}
    assert {answer.status_code for answer, _status in answers} <= {200, 401}
    for answer, _status in answers:
        if answer.status_code == 200:
            assert not is_in(answer.json())
            assert refresh(answer.json()).status_code == 401


@pytest.mark.slow
@pytest.mark.parametrize("product", ["netrecon", "netallion"])
def test_64_connections_to_a_real_server_get_one_pair(live, product):
    account = live.account(product)
    for _ in range(2):
        # An address may send 100 requests in a second, and two rounds are more.
        time.sleep(1)
        tokens = live.sign_in(account)
        statuses, successors = refresh_over(64, live.url, tokens)
        assert statuses == {200}
        assert len(successors) == 1
        [successor] = successors.values()
        headers = {"Authorization": f"Bearer {successor['access_token']}"}
        assert live.send("GET", "/api/v1/scans", headers=headers).status_code == 200
        body = {"refresh_token": successor["refresh_token"]}
        assert live.send("POST", REFRESH, json=body).status_code == 200


def refresh_over(connections, url, tokens):
    """The statuses and the distinct pairs that so many connections got at once."""
    body = {"refresh_token": tokens["refresh_token"]}
    limits = httpx.Limits(max_connections=connections)
    with (
        httpx.Client(base_url=url, timeout=30, limits=limits) as client,
        ThreadPoolExecutor(connections) as pool,
    ):
        calls = [
            pool.submit(client.post, REFRESH, json=body) for _ in range(connections)
        ]
        answers = [call.result() for call in calls]
    pairs = [answer.json() for answer in answers if answer.is_success]
    return {answer.status_code for answer in answers}, {
        pair["access_token"] + pair["refresh_token"]: pair for pair in pairs
    }
