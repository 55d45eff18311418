"""Limits that a row has of its own, number by number."""

from __future__ import annotations

from dataclasses import replace

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from ratelimits.limits import Limits

# The largest that settings can say too. For a day it stands for "unlimited".
MOST = 999_999_999
NUMBERS = ("per_minute", "burst", "daily")
BOUNDS = MinValueValidator(1), MaxValueValidator(MOST)


class Limited(models.Model):
    """Has a limit of its own where a number is set. Null: the one that stands above."""

    per_minute = models.PositiveIntegerField(null=True, blank=True, validators=BOUNDS)
    burst = models.PositiveIntegerField(null=True, blank=True, validators=BOUNDS)
    daily = models.PositiveIntegerField(null=True, blank=True, validators=BOUNDS)

    class Meta:
        abstract = True

    @property
    def own_limits(self) -> dict[str, int]:
        """The numbers that are set, by their names."""
        numbers = ((name, getattr(self, name)) for name in NUMBERS)
        return {name: number for name, number in numbers if number is not None}

    @property
    def _has_own(self) -> bool:
        # Asked for each request, and most rows have none.
        numbers = self.per_minute, self.burst, self.daily
        return numbers != (None, None, None)

    def in_place_of(self, above: Limits) -> Limits:
        """What stands above, with each own number in place of it."""
        if not self._has_own:
            return above
        return replace(above, **self.own_limits)

    def within(self, above: Limits) -> Limits:
        """What stands above, lowered to each own number that is smaller."""
        if not self._has_own:
            return above
        smaller = {
            name: number
            for name, number in self.own_limits.items()
            if exceeds(getattr(above, name), number)
        }
        return replace(above, **smaller)


def exceeds(number: int | None, most: int) -> bool:
    """Whether a limit lets more through than another. None: unlimited."""
    return number is None or number > most


def written(limits: Limits) -> str:
    """`100/min, 20/s, 10000/day`, as `Limits.parse` reads it."""
    text = f"{limits.per_minute}/min, {limits.burst}/s"
    return text if limits.daily is None else f"{text}, {limits.daily}/day"
