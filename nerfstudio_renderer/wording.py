# SPDX-License-Identifier: Apache-2.0
"""What users and files have written, in messages: one line, and never more than fits on it."""

from __future__ import annotations

from collections.abc import Sequence

_MOST_OF_VALUE = 200
_MOST_OF_MESSAGE = 1000


def shortened(text: str, most: int = _MOST_OF_MESSAGE) -> str:
    """Return ``text``, or its beginning and its end and how long it is, about ``most`` in all."""
    if len(text) <= most:
        return text
    end = most // 4
    return f'{text[:most - end]}...{text[-end:]} ({len(text)} characters)'


def quoted(value: object) -> str:
    """Return ``value`` as it is written in Python, shortened to some 200 characters."""
    return shortened(repr(value), _MOST_OF_VALUE)


def reason(error: BaseException) -> str:
    """
    Return what ``error`` says, in one line that can be printed and sent.

    What is no exception of this package's or a library's but asks a thread to end, and what says
    nothing, is named.
    """
    said = str(error)
    if not said or not isinstance(error, Exception):
        said = repr(error)
    # Names of files may have bytes that are no UTF-8, which no message can carry.
    line = ' '.join(shortened(said).split('\n'))
    return ''.join(each if each.isprintable() else repr(each)[1:-1] for each in line)


def listed(names: Sequence[str], most: int = 5) -> str:
    """Return the first ``most`` of some names, and how many more there are."""
    more = f' and {len(names) - most} more' if len(names) > most else ''
    return ', '.join(names[:most]) + more
