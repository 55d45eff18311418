"""What the server's threads are for."""

from config import serving
from ratelimits import brakes


def test_guesses_that_queue_leave_threads_free():
    assert brakes.MOST_QUEUING <= serving.THREADS - 2
