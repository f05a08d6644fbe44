# SPDX-License-Identifier: Apache-2.0
"""
What the renderer promises, checked on what a client saw of it.

Each check takes a recording and yields one line for each violation. Messages are published with a
history of one, so a frame may be overtaken by the next and not arrive; that breaks no promise, and
no check takes it for one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

from examples.demo.projection import stride_of
from examples.demo.records import Answer, Info, Key, Order, Picture, Recording, Rest

# A leg shorter than this may end before a slow machine has rendered anything.
_SHORTEST_LEG_S = 2.0


@dataclass(frozen=True)
class Violation:
    """A promise that was broken once."""

    guarantee: str
    """Which one: a key of ``GUARANTEES``."""
    detail: str
    """What was seen."""


@dataclass(frozen=True)
class Guarantee:
    """A promise and how it is checked."""

    meaning: str
    """In a few words."""
    check: Callable[[Recording], Iterator[str]]


def violations(recording: Recording) -> tuple[Violation, ...]:
    """Return every violation in ``recording``."""
    return tuple(
        Violation(name, detail)
        for name, guarantee in GUARANTEES.items()
        for detail in guarantee.check(recording)
    )


def _order(recording: Recording) -> Iterator[str]:
    yield from _going_back('frame_info', recording.infos, lambda info: info.order)
    # Images and calibrations have no sequence, but the stamp increases with it, and the size
    # with the level.
    yield from _going_back('image', recording.pictures, lambda picture: picture.key)
    yield from _going_back('camera_info', recording.calibrations, lambda each: each.key)
    for client, answers in _frames_by_client(recording).items():
        for one, other in pairwise(answers):
            if other.info.order < one.info.order:
                yield f'get_frame of {client!r}: {other.info.order} after {one.info.order}'


def _going_back(topic: str, messages: Iterable, order: Callable) -> Iterator[str]:
    for one, other in pairwise(map(order, messages)):
        if other <= one:
            yield f'{topic}: {other} after {one}'


def _once(recording: Recording) -> Iterator[str]:
    for client, answers in _frames_by_client(recording).items():
        for one, other in pairwise(answers):
            if other.info.order == one.info.order:
                yield f'get_frame gave {other.info.order} to {client!r} twice'


def _newest(recording: Recording) -> Iterator[str]:
    taken: dict[str, Order] = {}
    for answer in recording.answers:
        # What had arrived on the topic before the question was known to the renderer by then.
        known = _newest_order(recording.infos, answer.asked_s)
        if answer.available:
            taken[answer.client] = answer.info.order
        if known is not None and taken.get(answer.client, Order(0, 0)) < known:
            gave = answer.info.order if answer.available else 'nothing'
            yield f'get_frame gave {gave} to {answer.client!r}, for whom {known} was unseen'


def _newest_order(infos: Iterable[Info], before_s: float) -> Order | None:
    return max((info.order for info in infos if info.arrived_s <= before_s), default=None)


def _stamps(recording: Recording) -> Iterator[str]:
    stamps: dict[int, int] = {}
    for info in _all_infos(recording):
        stamp = stamps.setdefault(info.order.sequence, info.header.stamp_ns)
        if stamp != info.header.stamp_ns:
            yield f'frames of update {info.order.sequence} have stamps {stamp} and ' \
                f'{info.header.stamp_ns}'
    for (one, stamp), (other, later) in pairwise(sorted(stamps.items())):
        if later <= stamp:
            yield f'update {other} has stamp {later}, not after {stamp} of update {one}'


def _agreement(recording: Recording) -> Iterator[str]:
    infos = {info.key: info for info in _all_infos(recording)}
    sizes = _sizes_of_whole_series(recording)
    for kind, messages in (('image', recording.pictures), ('camera_info', recording.calibrations)):
        for message in messages:
            if info := infos.get(message.key):
                if message.header != info.header:
                    yield f'{kind} of {info.order} is in frame {message.header.frame_id!r}, its ' \
                        f'frame_info in {info.header.frame_id!r}'
            elif message.key.stamp_ns in sizes:
                yield f'{kind} of stamp {message.key.stamp_ns} has size {message.width} x ' \
                    f'{message.height}, which no frame_info of its stamp has'
    yield from _disagreeing_pixels(recording)
    for answer in recording.answers:
        yield from _disagreeing_answer(answer)


def _sizes_of_whole_series(recording: Recording) -> dict[int, set[Key]]:
    """Return the keys of each stamp all of whose frame_infos arrived."""
    series: dict[int, list[Info]] = {}
    for info in recording.infos:
        series.setdefault(info.header.stamp_ns, []).append(info)
    return {
        stamp_ns: {info.key for info in infos}
        for stamp_ns, infos in series.items()
        if len({info.order for info in infos}) == infos[0].level_count
    }


def _disagreeing_pixels(recording: Recording) -> Iterator[str]:
    checksums: dict[Key, int] = {}
    for picture in _all_pictures(recording):
        if picture.encoding != 'rgb8' or picture.step != 3 * picture.width or (
            picture.byte_count != picture.step * picture.height
        ):
            yield f'image of {picture.width} x {picture.height}: encoding {picture.encoding!r}, ' \
                f'step {picture.step}, {picture.byte_count} bytes'
        if checksums.setdefault(picture.key, picture.checksum) != picture.checksum:
            yield f'two images of stamp {picture.key.stamp_ns}, {picture.width} x ' \
                f'{picture.height}, differ'


def _disagreeing_answer(answer: Answer) -> Iterator[str]:
    info, picture = answer.info, answer.picture
    if answer.available and (picture.header, picture.key) != (info.header, info.key):
        yield f'get_frame gave {info.order} with an image of another header or size'
    if not answer.available and (info.order != (0, 0) or picture.byte_count):
        yield f'get_frame had nothing, but gave {info.order} and {picture.byte_count} bytes'


def _projection(recording: Recording) -> Iterator[str]:
    infos = {info.key: info for info in recording.infos}
    for calibration in recording.calibrations:
        stride = stride_of(calibration, recording.view)
        if stride is None:
            yield f'camera_info of {calibration.width} x {calibration.height} has K ' \
                f'{calibration.k} and P {calibration.p}, which no level has'
        elif (info := infos.get(calibration.key)) and _finer_levels(info) != (
            len(recording.view.levels) - 1 - recording.view.levels.index(stride)
        ):
            yield f'camera_info of {info.order} in {info.level_count} has stride {stride}'


def _finer_levels(info: Info) -> int:
    # Counted from the finest: a renderer may leave out coarse levels, never fine ones.
    return info.level_count - 1 - info.order.level


def _levels(recording: Recording) -> Iterator[str]:
    counts: dict[int, int] = {}
    for info in _all_infos(recording):
        count = counts.setdefault(info.order.sequence, info.level_count)
        if count != info.level_count:
            yield f'frames of update {info.order.sequence} count {count} and {info.level_count} ' \
                'levels'
        if not info.order.level < info.level_count <= len(recording.view.levels):
            yield f'{info.order} is one of {info.level_count} levels'
        if info.is_finest and (info.width, info.height) != (
            recording.view.width, recording.view.height
        ):
            yield f'{info.order} is the finest, but has {info.width} x {info.height} pixels'


def _completion(recording: Recording) -> Iterator[str]:
    for number, rest in enumerate(recording.rests, 1):
        if rest.finest is None:
            yield f'the finest picture of stop {number} did not come within ' \
                f'{rest.ended_s - rest.began_s:.0f} s'


def _repeat(recording: Recording) -> Iterator[str]:
    for number, rest in enumerate(recording.rests, 1):
        if rest.finest is not None and (newer := _begun_after(rest, recording.infos)):
            yield f'at stop {number}, update {newer} followed update {rest.finest.sequence}'


def _begun_after(rest: Rest, infos: Iterable[Info]) -> int | None:
    return next(
        (
            info.order.sequence for info in infos
            if info.arrived_s <= rest.ended_s and info.order.sequence > rest.finest.sequence
        ),
        None,
    )


def _starvation(recording: Recording) -> Iterator[str]:
    for number, leg in enumerate(recording.legs, 1):
        came = any(leg.began_s < each.arrived_s <= leg.ended_s for each in recording.pictures)
        if not came and leg.ended_s - leg.began_s >= _SHORTEST_LEG_S:
            yield f'no picture came in the {leg.ended_s - leg.began_s:.1f} s of leg {number}'


def _count(recording: Recording) -> Iterator[str]:
    moves = [pose.sent_s for pose in recording.poses if pose.kind.is_new]
    for info in recording.infos:
        sent = bisect_right(moves, info.arrived_s)
        if not 1 <= info.order.sequence <= sent:
            yield f'{info.order} arrived when {sent} different poses had been sent'


def _frames_by_client(recording: Recording) -> dict[str, list[Answer]]:
    answers: dict[str, list[Answer]] = {}
    for answer in recording.answers:
        if answer.available:
            answers.setdefault(answer.client, []).append(answer)
    return answers


def _all_infos(recording: Recording) -> list[Info]:
    return [*recording.infos, *(each.info for each in recording.answers if each.available)]


def _all_pictures(recording: Recording) -> list[Picture]:
    return [*recording.pictures, *(each.picture for each in recording.answers if each.available)]


GUARANTEES: Mapping[str, Guarantee] = MappingProxyType({
    'order': Guarantee('no consumer goes back', _order),
    'once': Guarantee('get_frame gives a client each frame at most once', _once),
    'newest': Guarantee('get_frame gives each client the newest unseen frame', _newest),
    'stamps': Guarantee('one stamp for an update, increasing', _stamps),
    'agreement': Guarantee('image, camera_info, frame_info and get_frame agree', _agreement),
    'projection': Guarantee('K and P are those of the level', _projection),
    'levels': Guarantee('levels are counted alike, the finest is full size', _levels),
    'completion': Guarantee('the finest picture of a resting camera comes', _completion),
    'repeat': Guarantee('a repeated pose does not start anew', _repeat),
    'starvation': Guarantee('pictures keep coming while the camera moves', _starvation),
    'count': Guarantee('no more updates than poses', _count),
})
"""Every promise that is checked, by its name."""
