# SPDX-License-Identifier: Apache-2.0
"""Taking turns, so that whatever else the machine does meets all contestants alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
import time
from typing import Generic, TypeVar

Key = TypeVar('Key')
Result = TypeVar('Result')


@dataclass(frozen=True)
class RoundPlan:
    """How many rounds to go."""

    least: int
    """Rounds, however long they take; at least 1."""
    most: int
    """Rounds, however short they are."""
    budget_s: float = 0.0
    """Between those, no round begins that would probably end later than this, seconds."""

    def wants_more(self, done: int, elapsed_s: float) -> bool:
        """Tell whether to go another round after ``done``, which took ``elapsed_s``."""
        if done < self.least:
            return True
        return done < self.most and elapsed_s * (done + 1) / done <= self.budget_s


@dataclass(frozen=True)
class Turn(Generic[Result]):
    """One contestant in one round."""

    seconds: float
    """How long it took."""
    result: Result
    """What it returned."""


def take_turns(
    contestants: Mapping[Key, Callable[[int], Result]],
    plan: RoundPlan,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[Key, list[Turn[Result]]]:
    """
    Let every contestant run once a round, in alternating order; return the turns of each.

    :param contestants: called with the number of the round, 0 for the first.
    """
    turns: dict[Key, list[Turn[Result]]] = {key: [] for key in contestants}
    began_s = clock()
    done = 0
    while plan.wants_more(done, clock() - began_s):
        for key in list(contestants)[:: -1 if done % 2 else 1]:
            started_s = clock()
            result = contestants[key](done)
            turns[key].append(Turn(clock() - started_s, result))
        done += 1
    return turns
