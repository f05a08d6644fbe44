# SPDX-License-Identifier: Apache-2.0
"""Small files of Gaussians in every form, written as the formats say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import gzip
import io
import json
from pathlib import Path
import struct
import zipfile

from nerfstudio_renderer.scene.gaussians import Gaussians
import numpy as np

C0 = 0.28209479177387814
_REST_OTHER_AXES = np.array(  # of turning half around x, for the 15 harmonics beyond the constant
    [-1, -1, 1, -1, 1, 1, -1, 1, -1, 1, -1, -1, 1, -1, 1], np.float32
)


def random_gaussians(count: int = 300, degree: int = 3, seed: int = 0) -> Gaussians:
    """Return Gaussians within the ranges that all forms can hold."""
    random = np.random.default_rng(seed)

    def uniform(least: float, most: float, *shape: int) -> np.ndarray:
        return random.uniform(least, most, (count, *shape)).astype(np.float32)

    sh = uniform(-0.5, 0.5, (degree + 1) ** 2, 3)
    return Gaussians(
        uniform(-3, 3, 3), random.normal(size=(count, 4)).astype(np.float32),
        uniform(-6, -1, 3), uniform(-4, 4), sh, False,
    )


def ply_header(
    elements: Sequence[tuple[str, int, Sequence[tuple[str, str]]]],
    *,
    encoding: str = 'binary_little_endian',
    comments: Sequence[str] = (),
) -> bytes:
    """Return a header; elements are a name, a count, and properties with types and names."""
    lines = ['ply', f'format {encoding} 1.0', *(f'comment {each}' for each in comments)]
    for name, count, properties in elements:
        lines += [f'element {name} {count}', *(f'property {kind} {each}'
                                               for kind, each in properties)]
    return '\n'.join([*lines, 'end_header', '']).encode()


def ply_columns(gaussians: Gaussians, *, normals: bool = True, colours: bool = False
                ) -> dict[str, np.ndarray]:
    """Return the properties of an INRIA .ply by name, in their order."""
    columns = dict(zip('xyz', gaussians.means.T, strict=True))
    if normals:
        columns |= {name: np.zeros(len(gaussians), np.float32) for name in ('nx', 'ny', 'nz')}
    if colours:
        rgb = np.clip(np.round((gaussians.sh[:, 0] * C0 + 0.5) * 255), 0, 255).astype(np.uint8)
        columns |= dict(zip(('red', 'green', 'blue'), rgb.T, strict=True))
    else:
        columns |= {f'f_dc_{i}': gaussians.sh[:, 0, i] for i in range(3)}
        rest = gaussians.sh[:, 1:].transpose(0, 2, 1).reshape(len(gaussians), -1)
        columns |= {f'f_rest_{i}': column for i, column in enumerate(rest.T)}
    columns['opacity'] = gaussians.opacity_logits
    columns |= {f'scale_{i}': gaussians.log_scales[:, i] for i in range(3)}
    columns |= {f'rot_{i}': gaussians.quaternions[:, i] for i in range(4)}
    return columns


def ply_of(
    columns: dict[str, np.ndarray], *, order: str = '<', comments: Sequence[str] = ()
) -> bytes:
    """Return a .ply file with these properties, of float32, float64 or bytes."""
    types = {'f4': 'float', 'f8': 'double', 'u1': 'uchar'}
    dtype = np.dtype([(name, order + column.dtype.str[1:]) for name, column in columns.items()])
    count = len(next(iter(columns.values())))
    table = np.empty(count, dtype)
    for name, column in columns.items():
        table[name] = column
    properties = [(types[column.dtype.str[1:]], name) for name, column in columns.items()]
    encoding = 'binary_little_endian' if order == '<' else 'binary_big_endian'
    header = ply_header([('vertex', count, properties)], encoding=encoding, comments=comments)
    return header + table.tobytes()


def ply(gaussians: Gaussians) -> bytes:
    """Return an INRIA .ply file."""
    return ply_of(ply_columns(gaussians))


def compressed_ply(gaussians: Gaussians) -> bytes:
    """Return a .ply file as SuperSplat compresses it."""
    count, rest = len(gaussians), 3 * (gaussians.sh.shape[1] - 1)
    colours = gaussians.sh[:, 0] * C0 + 0.5
    bounds = {'': gaussians.means, 'scale_': gaussians.log_scales, 'rgb': colours}
    chunks, fractions = _in_chunks(bounds)
    positions, scales, colours = (_levels(fractions[name], size) for name, size in (
        ('', (11, 10, 11)), ('scale_', (11, 10, 11)), ('rgb', (8, 8, 8))))
    alphas = np.round(255 * _sigmoid(gaussians.opacity_logits)).astype(np.uint32)
    words = np.stack([
        positions[0] << 21 | positions[1] << 11 | positions[2],
        _packed_rotations(gaussians.quaternions),
        scales[0] << 21 | scales[1] << 11 | scales[2],
        colours[0] << 24 | colours[1] << 16 | colours[2] << 8 | alphas,
    ], -1).astype('<u4')
    names = [f'{end}_{name}' for group in (('x', 'y', 'z'), ('scale_x', 'scale_y', 'scale_z'),
                                           ('r', 'g', 'b'))
             for end in ('min', 'max') for name in group]
    elements = [
        ('chunk', len(chunks), [('float', name) for name in names]),
        ('vertex', count, [('uint', f'packed_{name}')
                           for name in ('position', 'rotation', 'scale', 'color')]),
    ]
    if rest:
        elements.append(('sh', count, [('uchar', f'f_rest_{i}') for i in range(rest)]))
    values = gaussians.sh[:, 1:].transpose(0, 2, 1).reshape(count, -1) / 8 + 0.5
    harmonics = np.clip(np.trunc(values * 256), 0, 255).astype(np.uint8)
    return ply_header(elements) + chunks.tobytes() + words.tobytes() + harmonics.tobytes()


def splat(gaussians: Gaussians) -> bytes:
    """Return a .splat file; harmonics beyond the constant one are lost."""
    table = np.empty(len(gaussians), [('m', '<f4', 3), ('s', '<f4', 3), ('c', 'u1', 4),
                                      ('q', 'u1', 4)])
    table['m'], table['s'] = gaussians.means, np.exp(gaussians.log_scales)
    table['c'][:, :3] = _bytes(gaussians.sh[:, 0] * C0 + 0.5)
    table['c'][:, 3] = _bytes(_sigmoid(gaussians.opacity_logits))
    table['q'] = np.clip(_normalised(gaussians.quaternions) * 128 + 128, 0, 255)
    return table.tobytes()


def spz_streams(gaussians: Gaussians, version: int) -> list[bytes]:
    """Return what an .spz file has behind its header, in axes y up and z back."""
    turned = np.array([1, -1, -1], np.float32)
    fixed = np.round(gaussians.means * turned * 4096).astype('<i4')
    positions = fixed[..., None].view(np.uint8)[..., :3]
    xyzw = _normalised(gaussians.quaternions)[:, [1, 2, 3, 0]] * [1, -1, -1, 1]
    if version == 2:
        sign = np.where(xyzw[:, 3:] < 0, -1, 1)
        rotations = np.round(xyzw[:, :3] * sign * 127.5 + 127.5).astype(np.uint8)
    else:
        rotations = _signed_rotations(xyzw).astype('<u4')
    rest = gaussians.sh[:, 1:] * _REST_OTHER_AXES[:gaussians.sh.shape[1] - 1, None]
    return [part.tobytes() for part in (
        positions, _bytes(_sigmoid(gaussians.opacity_logits)),
        _bytes(gaussians.sh[:, 0] * 0.15 + 0.5),
        np.clip(np.round((gaussians.log_scales + 10) * 16), 0, 255).astype(np.uint8),
        rotations, np.clip(np.round(rest * 128 + 128), 0, 255).astype(np.uint8),
    )]


def spz(
    gaussians: Gaussians, version: int = 3, *, flags: int = 0, count: int | None = None,
    extensions: bytes = b'',
) -> bytes:
    """Return an .spz file that is compressed by gzip; ``count`` instead of the true one."""
    header = struct.pack(
        '<4sIIBBBx', b'NGSP', version, len(gaussians) if count is None else count,
        gaussians.sh_degree, 12, flags | (2 if extensions else 0),
    )
    content = header + b''.join(spz_streams(gaussians, version)) + extensions
    return gzip.compress(content, mtime=0)


def spz_4(
    gaussians: Gaussians, compress: Callable[[bytes], bytes], *, flags: int = 0,
    extensions: bytes = b'', claimed: int = 0,
) -> bytes:
    """Return an .spz file of version 4; ``claimed`` bytes more in its first stream."""
    streams = [part for part in spz_streams(gaussians, 4) if part]
    header = struct.pack(
        '<4sIIBBBBI12x', b'NGSP', 4, len(gaussians), gaussians.sh_degree, 12,
        flags | (2 if extensions else 0), len(streams), 32 + len(extensions),
    )
    packed = [compress(part) for part in streams]
    sizes = [[len(part), len(plain)] for part, plain in zip(packed, streams, strict=True)]
    sizes[0][1] += claimed
    directory = b''.join(struct.pack('<QQ', *each) for each in sizes)
    return header + extensions + directory + b''.join(packed)


def sog_files(gaussians: Gaussians, version: int = 2) -> dict[str, bytes]:
    """Return the files of a scene in SOG by name; needs Pillow."""
    logs = np.copysign(np.log1p(np.abs(gaussians.means)), gaussians.means)
    least, most = logs.min(0), logs.max(0)
    words = np.round((logs - least) / (most - least) * 65535).astype(np.uint16)
    scales, scale_table = _tabled(gaussians.log_scales, version)
    dc, dc_table = _tabled(gaussians.sh[:, 0], version)
    alphas = _bytes(_sigmoid(gaussians.opacity_logits))
    if version == 1:
        logits = gaussians.opacity_logits
        alphas = np.round((logits - logits.min()) / np.ptp(logits) * 255).astype(np.uint8)
        dc_table['mins'].append(float(logits.min()))
        dc_table['maxs'].append(float(logits.max()))
    largest, others = _smallest_three(_normalised(gaussians.quaternions))
    tags = (largest + 252).astype(np.uint8)[:, None]
    rotations = np.concatenate([_bytes((others + 1) / 2), tags], 1)
    files = {
        'means_l.webp': (words & 255).astype(np.uint8),
        'means_u.webp': (words >> 8).astype(np.uint8),
        'scales.webp': scales, 'quats.webp': rotations,
        'sh0.webp': np.concatenate([dc, alphas[:, None]], 1),
    }
    meta = {
        'means': {'mins': least.tolist(), 'maxs': most.tolist(),
                  'files': ['means_l.webp', 'means_u.webp']},
        'scales': {**scale_table, 'files': ['scales.webp']},
        'quats': {'files': ['quats.webp']},
        'sh0': {**dc_table, 'files': ['sh0.webp']},
    }
    meta |= {'version': 2, 'count': len(gaussians)} if version == 2 else {}
    if version == 1:
        meta['means']['shape'] = [len(gaussians), 3]
    pictures = {name: webp(_pixels(values)) for name, values in files.items()}
    if gaussians.sh_degree:
        meta['shN'], more = _sog_harmonics(gaussians, version)
        pictures |= more
    return {'meta.json': json.dumps(meta).encode(), **pictures}


def webp(picture: np.ndarray) -> bytes:
    """Return an RGBA picture, uint8 of shape (height, width, 4), as WebP without loss."""
    from PIL import Image
    content = io.BytesIO()
    Image.fromarray(picture).save(content, 'WEBP', lossless=True, exact=True)
    return content.getvalue()


def write_folder(folder: Path, files: dict[str, bytes]) -> Path:
    """Write files into a new folder; return the folder."""
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def zipped(files: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    """Return a zip archive."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, 'w', compression) as archive:
        for name, each in files.items():
            archive.writestr(zipfile.ZipInfo(name), each, compression)
    return content.getvalue()


def _sog_harmonics(gaussians: Gaussians, version: int) -> tuple[dict, dict[str, bytes]]:
    # Each Gaussian has its own set, 64 in a row.
    count, coefficients = len(gaussians), gaussians.sh.shape[1] - 1
    rows = -(-count // 64)
    levels, table = _tabled(gaussians.sh[:, 1:].reshape(-1, 1), version)
    sets = np.zeros((rows * 64, coefficients, 3), np.uint8)
    sets[:count] = levels.reshape(count, coefficients, 3)
    labels = np.zeros((count, 3), np.uint8)
    labels[:, 0], labels[:, 1] = np.arange(count) & 255, np.arange(count) >> 8
    if version == 1:
        table = {name: values[0] for name, values in table.items()}
    bands = {'count': rows * 64, 'bands': gaussians.sh_degree} if version == 2 else {}
    return {**bands, **table, 'files': ['centroids.webp', 'labels.webp']}, {
        'centroids.webp': webp(sets.reshape(rows, 64 * coefficients, 3)),
        'labels.webp': webp(_pixels(labels)),
    }


def _tabled(values: np.ndarray, version: int) -> tuple[np.ndarray, dict[str, list[float]]]:
    if version == 2:
        book = np.linspace(values.min(), values.max(), 256)
        step = book[1] - book[0]
        return (np.round((values - book[0]) / step).astype(np.uint8),
                {'codebook': book.tolist()})
    least, most = values.min(0), values.max(0)
    levels = np.round((values - least) / (most - least) * 255).astype(np.uint8)
    return levels, {'mins': least.tolist(), 'maxs': most.tolist()}


def _pixels(values: np.ndarray) -> np.ndarray:
    """Return an RGBA picture that is a little larger than needed, as writers make it."""
    width = 4 * -(-int(np.ceil(np.sqrt(len(values)))) // 4)
    height = 4 * -(-len(values) // (4 * width))
    picture = np.full((height * width, 4), 255, np.uint8)
    picture[:len(values), :values.shape[1]] = values
    return picture.reshape(height, width, 4)


def _in_chunks(values: dict[str, np.ndarray]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the bounds of 256 each as float32 (chunks, 6 each), and fractions of the way."""
    bounds: list[np.ndarray] = []
    fractions = {}
    for name, array in values.items():
        pieces = [array[i:i + 256] for i in range(0, len(array), 256)]
        ends = [np.stack([end(piece, 0) for piece in pieces]).astype('<f4')
                for end in (np.min, np.max)]
        bounds += ends
        least, most = (np.repeat(end, 256, 0)[:len(array)] for end in ends)
        fractions[name] = (array - least) / np.maximum(most - least, 1e-9)
    return np.ascontiguousarray(np.concatenate(bounds, 1)), fractions


def _levels(fractions: np.ndarray, sizes: Sequence[int]) -> list[np.ndarray]:
    return [np.round(column * ((1 << size) - 1)).astype(np.uint32)
            for column, size in zip(fractions.T, sizes, strict=True)]


def _smallest_three(quaternions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the largest component's index, and the others times sqrt(2), -1..1."""
    rows = np.arange(len(quaternions))
    largest = np.abs(quaternions).argmax(1)
    positive = quaternions * np.where(quaternions[rows, largest] < 0, -1, 1)[:, None]
    keep = np.arange(4)[None] != largest[:, None]
    return largest, positive[keep].reshape(-1, 3) * np.sqrt(2)


def _packed_rotations(quaternions: np.ndarray) -> np.ndarray:
    largest, others = _smallest_three(_normalised(quaternions))
    a, b, c = _levels((others + 1) / 2, (10, 10, 10))
    return largest.astype(np.uint32) << 30 | a << 20 | b << 10 | c


def _signed_rotations(quaternions: np.ndarray) -> np.ndarray:
    largest, others = _smallest_three(quaternions)
    parts = np.round(np.abs(others) * 511).astype(np.uint32) | (others < 0).astype(np.uint32) << 9
    return largest.astype(np.uint32) << 30 | parts[:, 0] << 20 | parts[:, 1] << 10 | parts[:, 2]


def _normalised(quaternions: np.ndarray) -> np.ndarray:
    return quaternions / np.linalg.norm(quaternions, axis=1, keepdims=True)


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logits))


def _bytes(fractions: np.ndarray) -> np.ndarray:
    return np.clip(np.round(fractions * 255), 0, 255).astype(np.uint8)
