# SPDX-License-Identifier: Apache-2.0
"""The demo's checks find what they are for, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from examples.demo.guarantees import GUARANTEES, violations
from examples.demo.records import Header, Order, Recording
import pytest
from synthetic import SyntheticFlight

Damage = Callable[[Recording], Recording]

# Frames of the synthetic flight: update 1 has level 0; 2 to 4 and 6 to 8, levels 0 and 1; 5 and
# 9, where the camera rests, levels 0 to 2.
FINEST = 9
"""Index of the first finest frame, (5, 2)."""


@pytest.fixture(scope='module')
def flight() -> Recording:
    return SyntheticFlight().recording()


def changed(stream: str, index: int, **fields: Any) -> Damage:
    """Return what changes one message of a stream."""
    def damage(recording: Recording) -> Recording:
        messages = list(getattr(recording, stream))
        messages[index] = replace(messages[index], **fields)
        return replace(recording, **{stream: tuple(messages)})

    return damage


def rearranged(stream: str, *indices: int) -> Damage:
    """Return what keeps the first messages of a stream, in this order, and all after them."""
    def damage(recording: Recording) -> Recording:
        messages = getattr(recording, stream)
        some = tuple(messages[index] for index in indices)
        return replace(recording, **{stream: some + messages[max(indices) + 1:]})

    return damage


def without(stream: str, *indices: int) -> Damage:
    """Return what loses messages of a stream."""
    def damage(recording: Recording) -> Recording:
        messages = enumerate(getattr(recording, stream))
        kept = tuple(message for index, message in messages if index not in indices)
        return replace(recording, **{stream: kept})

    return damage


def in_answer(index: int, part: str, **fields: Any) -> Damage:
    """Return what changes the info or the picture of an answer."""
    def damage(recording: Recording) -> Recording:
        whole = replace(getattr(recording.answers[index], part), **fields)
        return changed('answers', index, **{part: whole})(recording)

    return damage


def matrices(index: int, **entries: float) -> Damage:
    """Return what changes K and P of a calibration alike."""
    def damage(recording: Recording) -> Recording:
        k = recording.calibrations[index].k
        fx, cx, fy, cy = (
            entries.get(name, k[place]) for name, place in zip(('fx', 'cx', 'fy', 'cy'),
                                                               (0, 2, 4, 5), strict=True)
        )
        return changed(
            'calibrations', index, k=(fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0),
            p=(fx, 0.0, cx, 0.0, 0.0, fy, cy, 0.0, 0.0, 0.0, 1.0, 0.0),
        )(recording)

    return damage


def matrices_of_another_level(recording: Recording) -> Recording:
    """Give (4, 1) the size and the matrices of (5, 2)."""
    other = recording.calibrations[FINEST]
    size = {'width': other.width, 'height': other.height}
    recording = changed('infos', FINEST - 3, **size)(recording)
    return changed('calibrations', FINEST - 3, k=other.k, p=other.p, **size)(recording)


def early_stamp(recording: Recording) -> Recording:
    """Give all frames of update 5 a stamp before that of update 4."""
    header = Header(recording.infos[0].header.stamp_ns + 1, 'camera')
    for stream in ('infos', 'pictures', 'calibrations'):
        for index in (FINEST - 2, FINEST - 1, FINEST):
            recording = changed(stream, index, header=header)(recording)
    return recording


def answer_again(recording: Recording) -> Recording:
    """Give the watcher the finest frame once more instead of nothing."""
    first, _, *others = recording.answers
    return replace(recording, answers=(first, first, *others))


def older_answer(recording: Recording) -> Recording:
    """Give the watcher, who has (5, 2), the frame (1, 0)."""
    info, picture = recording.infos[0], recording.pictures[0]
    return changed('answers', 3, info=info, picture=picture)(recording)


def sequence_during_rest(recording: Recording) -> Recording:
    """Let update 6 begin while the camera rests at 5."""
    return changed('infos', FINEST + 1, arrived_s=recording.rests[0].ended_s - 0.05)(recording)


DAMAGES: list[tuple[str, str, Damage]] = [
    ('order', 'frame_info goes back', rearranged('infos', 1, 0)),
    ('order', 'frame_info goes back a level', rearranged('infos', 0, 2, 1)),
    ('order', 'frame_info comes twice', rearranged('infos', 0, 0)),
    ('order', 'image goes back', rearranged('pictures', 0, 2, 1)),
    ('order', 'camera_info goes back', rearranged('calibrations', 0, 3, 2, 1)),
    ('order', 'get_frame goes back', older_answer),
    ('once', 'get_frame repeats itself', answer_again),
    ('newest', 'get_frame gives an old frame', older_answer),
    ('newest', 'get_frame hides a frame', changed('answers', 2, available=False)),
    ('stamps', 'a level has its own stamp', changed('infos', 2, header=Header(1, 'camera'))),
    ('stamps', 'get_frame has its own stamp', in_answer(0, 'info', header=Header(1, 'camera'))),
    ('stamps', 'stamps decrease', early_stamp),
    ('agreement', 'image in another frame',
     lambda recording: changed('pictures', 3, header=Header(
         recording.pictures[3].header.stamp_ns, 'other'))(recording)),
    ('agreement', 'image of another size', changed('pictures', FINEST, width=31, step=93,
                                                   byte_count=93 * 18)),
    ('agreement', 'camera_info of another size', changed('calibrations', FINEST, height=17)),
    ('agreement', 'another encoding', changed('pictures', 0, encoding='bgr8')),
    ('agreement', 'padded rows', changed('pictures', 0, step=32)),
    ('agreement', 'bytes missing', changed('pictures', 0, byte_count=95)),
    ('agreement', 'get_frame gives other pixels', in_answer(0, 'picture', checksum=1)),
    ('agreement', 'image of get_frame has another header',
     in_answer(0, 'picture', header=Header(1, 'camera'))),
    ('agreement', 'empty answer with an order', in_answer(1, 'info', order=Order(5, 2))),
    ('agreement', 'empty answer with pixels', in_answer(1, 'picture', byte_count=96)),
    ('projection', 'focal length of the finest', matrices(0, fx=19.3, fy=19.3)),
    ('projection', 'pixels that are not square', matrices(0, fx=5.0)),
    ('projection', 'principal point half a pixel off', matrices(FINEST, cx=15.5)),
    ('projection', 'principal point simply scaled', matrices(0, cx=4.0, cy=2.25)),
    ('projection', 'principal point at infinity', matrices(0, cx=float('inf'))),
    ('projection', 'P not as K', changed('calibrations', 0, p=(0.0,) * 12)),
    ('projection', 'the matrices of another level', matrices_of_another_level),
    ('levels', 'the count changes', changed('infos', 2, level_count=4)),
    ('levels', 'more levels than asked for', changed('infos', 0, level_count=4)),
    ('levels', 'a level beyond the last', changed('infos', FINEST, order=Order(5, 3))),
    ('levels', 'the finest is small', changed('infos', 0, level_count=1)),
    ('completion', 'no finest picture', changed('rests', 1, finest=None)),
    ('repeat', 'a new update at rest', sequence_during_rest),
    ('starvation', 'no picture in a leg', without('pictures', *range(1, 10))),
    ('count', 'more updates than poses', changed('infos', -1, order=Order(10, 2))),
    ('count', 'an update 0', changed('infos', 0, order=Order(0, 0))),
]


def test_a_flight_without_fault_has_no_violation(flight):
    assert violations(flight) == ()


@pytest.mark.parametrize(
    ('guarantee', 'damage'), [(name, damage) for name, _, damage in DAMAGES],
    ids=[f'{name}: {what}' for name, what, _ in DAMAGES],
)
def test_a_fault_is_found_and_named(flight, guarantee, damage):
    found = violations(damage(flight))
    assert guarantee in {violation.guarantee for violation in found}
    assert all(violation.detail for violation in found)


def test_every_guarantee_is_tried():
    assert {name for name, _, _ in DAMAGES} == set(GUARANTEES)


@pytest.mark.parametrize('stream', ['infos', 'pictures', 'calibrations'])
@pytest.mark.parametrize('index', range(FINEST + 2))
def test_a_message_overtaken_on_the_way_is_no_fault(flight, stream, index):
    assert violations(without(stream, index)(flight)) == ()


def test_a_renderer_may_leave_out_coarse_levels(flight):
    infos = tuple(
        replace(info, order=Order(info.order.sequence, info.order.level - 1), level_count=2)
        for info in flight.infos if info.order.level > 0
    )
    keys = {info.key for info in infos}
    shortened = replace(
        flight,
        infos=infos,
        pictures=tuple(each for each in flight.pictures if each.key in keys),
        calibrations=tuple(each for each in flight.calibrations if each.key in keys),
        answers=(),
    )
    assert violations(shortened) == ()
