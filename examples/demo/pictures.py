# SPDX-License-Identifier: Apache-2.0
"""The flight as pictures: a contact sheet and an animation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from examples.demo.figures import client_latency_s
from examples.demo.film import Film, Shot
from examples.demo.records import Key, Recording
import numpy as np
from PIL import Image, ImageDraw, ImageFont

Item = TypeVar('Item')

_ROWS = 4
_CELL_WIDTH = 256
_GAP, _MARGIN, _CAPTION, _TITLE = 8, 16, 22, 24
_PAPER, _INK, _FAINT = '#f7f6f3', '#22252a', '#7b8087'

_STRIP = 22
_LAST_FRAME_MS = 2000
_GIF_BYTES = 5_000_000
_COLOURS = 256
_PALETTE_FRAMES = 24


@dataclass(frozen=True)
class Cut:
    """A way to show the film."""

    width: int
    """Of a frame, pixels, at most."""
    ticks: int = 1
    """Tenths of a second for each frame."""
    share: float = 1.0
    """Of the flight, from its beginning."""


_CUTS = (Cut(512), Cut(256, 2), Cut(256, 2, 0.5), Cut(256, 4, 0.5))


@dataclass(frozen=True)
class Size:
    """Width and height, pixels."""

    width: int
    height: int

    @classmethod
    def fitting(cls, image: Size, width: int) -> Size:
        """Return the size of ``image`` scaled to ``width``, by a whole number if it is smaller."""
        if image.width <= width:
            factor = width // image.width
            return cls(image.width * factor, image.height * factor)
        return cls(width, max(1, round(image.height * width / image.width)))


def write_contact_sheet(path: Path, recording: Recording, film: Film) -> None:
    """Write a row for each of a few stops: the pictures of its update, coarse to fine."""
    rows = _spread(film.series(), _ROWS)
    full = Size(recording.view.width, recording.view.height)
    cell = Size.fitting(full, _CELL_WIDTH)
    columns = max((len(row) for row in rows), default=1)
    row_height = _TITLE + cell.height + _CAPTION
    sheet = Image.new('RGB', (
        2 * _MARGIN + columns * cell.width + (columns - 1) * _GAP,
        2 * _MARGIN + len(rows) * row_height + max(0, len(rows) - 1) * _GAP,
    ), _PAPER)
    for index, row in enumerate(rows):
        _draw_row(sheet, _MARGIN + index * (row_height + _GAP), row, cell, recording)
    sheet.save(path, optimize=True)


def _spread(items: Sequence[Item], count: int) -> list[Item]:
    """Return at most ``count`` of ``items``, evenly spread."""
    if len(items) <= count:
        return list(items)
    return [items[index * len(items) // count] for index in range(count)]


def _draw_row(
    sheet: Image.Image, top: int, row: tuple[Shot, ...], cell: Size, recording: Recording
) -> None:
    draw = ImageDraw.Draw(sheet)
    title = _update_text(row[0].key, _sequences(recording))
    draw.text((_MARGIN, top), title, _INK, _font(15))
    for column, shot in enumerate(row):
        left = _MARGIN + column * (cell.width + _GAP)
        sheet.paste(_scaled(shot.image, cell), (left, top + _TITLE))
        below = top + _TITLE + cell.height + 4
        draw.text((left, below), _size_text(shot.key), _INK, _font(13))
        draw.text(
            (left + cell.width, below), _latency_text(shot.key, recording), _FAINT, _font(13),
            anchor='ra',
        )


def _sequences(recording: Recording) -> dict[int, int]:
    return {info.header.stamp_ns: info.order.sequence for info in recording.infos}


def _update_text(key: Key, sequences: Mapping[int, int]) -> str:
    sequence = sequences.get(key.stamp_ns)
    return '' if sequence is None else f'update {sequence}'


def _latency_text(key: Key, recording: Recording) -> str:
    for picture in recording.pictures:
        if picture.key == key:
            latency_s = client_latency_s(recording, picture)
            return '' if latency_s is None else f'after {_seconds_text(latency_s)}'
    return ''


def _seconds_text(seconds: float) -> str:
    return f'{seconds * 1e3:.0f} ms' if seconds < 1.0 else f'{seconds:.1f} s'


def _size_text(key: Key) -> str:
    return f'{key.width} x {key.height}'


def write_animation(path: Path, recording: Recording, film: Film) -> None:
    """
    Write the flight in real time: at each moment the newest picture, at full size.

    A flight with a fast engine would be a huge file: it gets smaller, then slower, then shorter.
    """
    palette = _palette(film)
    for cut in _CUTS:
        shots = film.frames(cut.ticks)
        shots = shots[: max(1, round(len(shots) * cut.share))]
        if not shots or _write_gif(path, recording, shots, cut.width, palette) <= _GIF_BYTES:
            return


def _palette(film: Film) -> Image.Image:
    """
    Return an image with a palette for the whole flight.

    Each pixel counts as one that was rendered, not as the many that a coarse one is shown as.
    """
    some = [row[-1] for row in film.series()] + _spread(film.frames(), _PALETTE_FRAMES)
    colours = [np.asarray(shot.image).reshape(-1, 1, 3) for shot in some]
    column = Image.fromarray(np.concatenate(colours or [np.zeros((1, 1, 3), dtype=np.uint8)]))
    return column.quantize(_COLOURS, method=Image.Quantize.FASTOCTREE)


def _write_gif(
    path: Path, recording: Recording, shots: Sequence[Shot], width: int, palette: Image.Image
) -> int:
    """Write ``shots`` and return the size of the file in bytes."""
    first, *others = (
        frame.quantize(palette=palette, dither=Image.Dither.NONE)
        for frame in _frames(recording, shots, width)
    )
    first.save(path, save_all=True, append_images=others, duration=_durations_ms(shots), loop=0)
    return path.stat().st_size


def _frames(recording: Recording, shots: Sequence[Shot], width: int) -> Iterator[Image.Image]:
    finest = max((shot.image for shot in shots), key=lambda image: image.width)
    full = Size.fitting(Size(finest.width, finest.height), width)
    sequences = _sequences(recording)
    for shot in shots:
        frame = Image.new('RGB', (full.width, full.height + _STRIP), _PAPER)
        frame.paste(_scaled(shot.image, full), (0, 0))
        draw, below = ImageDraw.Draw(frame), full.height + 3
        draw.text((4, below), _update_text(shot.key, sequences), _FAINT, _font(13))
        draw.text((full.width - 4, below), _size_text(shot.key), _INK, _font(13), anchor='ra')
        yield frame


def _durations_ms(shots: Sequence[Shot]) -> list[int]:
    spans = (later.arrived_s - shot.arrived_s for shot, later in pairwise(shots))
    return [*(max(20, round(span * 1e3)) for span in spans), _LAST_FRAME_MS]


def _scaled(image: Image.Image, size: Size) -> Image.Image:
    """Return ``image`` at ``size``: its pixels as they are where it grows."""
    grows = image.width <= size.width
    return image.resize(
        (size.width, size.height), Image.Resampling.NEAREST if grows else Image.Resampling.LANCZOS
    )


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
