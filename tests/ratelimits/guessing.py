"""Guesses as the tests of the brakes make them."""

from ratelimits.brakes import TooManyGuesses, guess


def wait(request, group="sign-in", **whose):
    """The seconds that a right guess is told to wait; 0: it was let through."""
    try:
        with guess(request, group, **whose):
            return 0
    except TooManyGuesses as refusal:
        return refusal.seconds


def wrong(request, group="sign-in", **whose):
    """The same for a wrong one."""
    try:
        with guess(request, group, **whose) as this:
            this.wrong()
            return 0
    except TooManyGuesses as refusal:
        return refusal.seconds
