"""REDIS_URL is read at the start, so that no request meets its mistakes."""

import pytest
from environs import EnvError

from config.environment import redis_url


@pytest.mark.parametrize(
    "address",
    [
        "localhost:6379",
        "http://localhost:6379",
        "redis://:hunter2/hunter2@localhost:6379",
        "redis://:hunter2#hunter2@localhost:6379",
        "redis://localhost:hunter2",
        "redis://localhost:6379/0?hunter2=1",
        "redis+cluster://localhost:6379?hunter2=1",
    ],
)
def test_a_redis_that_could_never_be_reached_is_refused_without_its_password(address):
    with pytest.raises(EnvError, match="Expected an address such as") as refused:
        redis_url(address)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "redis://localhost",
        "redis://user:p%2Fw%23@localhost:6379/3?socket_timeout=1",
        "rediss://:pw@localhost:6380",
        "unix:///run/redis.sock?db=2",
        "redis+cluster://localhost:7000",
    ],
)
def test_addresses_of_redis_are_taken(address):
    assert redis_url(address) == address
