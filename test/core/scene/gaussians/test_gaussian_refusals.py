# SPDX-License-Identifier: Apache-2.0
"""What is no scene of Gaussians is refused in one line that names the file and the reason."""

from __future__ import annotations

import gzip
import io
import json
import os
from pathlib import Path
import struct
import sys
import tracemalloc
import zipfile

from nerfstudio_renderer import SceneError
from nerfstudio_renderer.scene.gaussians import from_splatfacto, read_gaussians
import numpy as np
import pytest
from support import splat_files
from support.splat_files import ply_columns, ply_header, ply_of, random_gaussians

GAUSSIANS = random_gaussians(40, 1)
PLY = splat_files.ply(GAUSSIANS)
COMPRESSED = splat_files.compressed_ply(GAUSSIANS)
SPZ = splat_files.spz(GAUSSIANS)


def refusal(path: Path, content: bytes | None = None) -> str:
    """Return how a file is refused, having checked that it is one line with its path."""
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SceneError) as raised:
        read_gaussians(path)
    message = str(raised.value)
    assert message.startswith(f'{str(path)!r} cannot be read: ')
    assert '\n' not in message
    return message


def without(*names: str) -> bytes:
    columns = ply_columns(GAUSSIANS)
    return ply_of({name: column for name, column in columns.items() if name not in names})


def vertices(*properties: tuple[str, str], faces: int = 0) -> bytes:
    elements = [('vertex', 4, properties)]
    if faces:
        elements.append(('face', faces, [('list uchar int', 'vertex_indices')]))
    return ply_header(elements) + bytes(4 * 4 * len(properties) + 13 * faces)


POINTS = [('float', name) for name in 'xyz']
COLOURED = [*POINTS, *(('float', name) for name in ('red', 'green', 'blue'))]

PLY_REFUSALS = {
    'a mesh': (vertices(*POINTS, faces=2), 'it is a mesh, no scene of Gaussians'),
    'a coloured mesh': (vertices(*COLOURED, faces=2), 'it is a mesh, no scene of Gaussians'),
    'a cloud of points': (vertices(*COLOURED), 'it is a cloud of points'),
    'no vertices': (ply_header([('camera', 1, [('float', 'x')])]) + bytes(4),
                    "no element 'vertex'"),
    'lists': (vertices(*POINTS, ('list uchar float', 'f_rest')), 'lists'),
    'behind lists': (ply_header([('face', 1, [('list uchar int', 'a')]),
                                 ('vertex', 1, POINTS)]) + bytes(20), 'behind some'),
    'no opacity': (without('opacity'), 'its vertices lack opacity'),
    'no rotation': (without('rot_0', 'rot_3'), 'its vertices lack rot_0, rot_3'),
    'no third scale': (without('scale_2'), 'its vertices lack scale_2'),
    'no colour': (without('f_dc_1'), 'its vertices lack f_dc_1'),
    'a coefficient missing within': (without('f_rest_3'), 'its vertices lack f_rest_3'),
    'a coefficient missing at the end': (without('f_rest_8'), 'it has 8 properties f_rest_*'),
    'harmonics of degree 4': (
        ply_of(ply_columns(GAUSSIANS) | {
            f'f_rest_{i}': np.zeros(40, np.float32) for i in range(72)}), 'of degree 4'),
    'ASCII': (PLY.replace(b'binary_little_endian', b'ascii'), 'save it as binary'),
    'an unknown format': (PLY.replace(b'binary_little_endian', b'binary_pdp_endian'),
                          "'binary_pdp_endian' is unknown"),
    'no format': (PLY.replace(b'format binary_little_endian 1.0\n', b''), 'names no format'),
    'cut off': (PLY[:-1], 'it is cut off'),
    'a header alone': (PLY[:PLY.index(b'end_header\n') + 11], 'it is cut off'),
    'half a header': (PLY[:100], 'its header does not end'),
    'more than is counted': (PLY + bytes(4 * 26), 'bytes more than'),
    'more counted than there is': (PLY.replace(b'vertex 40', b'vertex 41'), 'it is cut off'),
    'more counted than any file has': (PLY.replace(b'vertex 40', b'vertex ' + b'9' * 60),
                                       'it is cut off'),
    'a negative count': (PLY.replace(b'vertex 40', b'vertex -1'), "'element vertex -1'"),
    'no Gaussians': (ply_of({name: column[:0] for name, column in
                             ply_columns(GAUSSIANS).items()}), 'it holds no Gaussians'),
    'a property twice': (PLY.replace(b'float ny', b'float nx'), "its 'vertex' is there twice"),
    'an element twice': (PLY.replace(b'end_header', b'element vertex 1\nproperty float x\n'
                                     b'end_header'), "two elements 'vertex'"),
    'an element of nothing': (PLY.replace(b'end_header', b'element nothing 7\nend_header'),
                              "its 'nothing' has no properties"),
    'an unknown type': (PLY.replace(b'float ny', b'half  ny'), "'property half  ny'"),
    'an unknown line': (PLY.replace(b'property float ny', b'prop'), "has a line 'prop'"),
    'a header without an end': (b'ply\n' + b'comment\n' * 20000, 'its header does not end'),
    'all broken': (ply_of(ply_columns(GAUSSIANS) | {'x': np.full(40, np.nan, np.float32)}),
                   'all of its 40 Gaussians are broken'),
}


@pytest.mark.parametrize('content, reason', PLY_REFUSALS.values(), ids=PLY_REFUSALS)
def test_a_ply_is_refused(content, reason, tmp_path):
    assert reason in refusal(tmp_path / 'a.ply', content)


@pytest.mark.parametrize('content, reason', [
    pytest.param(COMPRESSED.replace(b'element chunk 1', b'element chunk 2').replace(
        b'end_header\n', b'end_header\n' + bytes(72)), '2 chunks for 40', id='too many chunks'),
    pytest.param(COMPRESSED.replace(b'element chunk', b'element clump'), "'chunk'",
                 id='no chunks'),
    pytest.param(COMPRESSED.replace(b'packed_scale', b'packed_stale'), 'packed_scale',
                 id='no scales'),
    pytest.param(COMPRESSED.replace(b'float min_x', b'uint  min_x'), "its 'chunk' lacks min_x",
                 id='bounds of another type'),
    pytest.param(COMPRESSED.replace(b'element sh 40', b'element sh 39')[:-9],
                 "'sh' does not have 40", id='harmonics for others'),
    pytest.param(COMPRESSED.replace(b'uchar f_rest_3', b'char  f_rest_3'), 'bytes',
                 id='harmonics of another type'),
    pytest.param(COMPRESSED[:-1], 'it is cut off', id='cut off'),
])
def test_a_compressed_ply_is_refused(content, reason, tmp_path):
    assert reason in refusal(tmp_path / 'a.ply', content)


@pytest.mark.parametrize('content, reason', [
    pytest.param(bytes(33), 'no multiple of 32', id='cut off'),
    pytest.param(b'', 'it holds no Gaussians', id='empty'),
    pytest.param(b'\xff' * 64, 'all of its 2 Gaussians are broken', id='not numbers'),
])
def test_a_splat_is_refused(content, reason, tmp_path):
    assert reason in refusal(tmp_path / 'a.splat', content)


def spz_of(version: int = 2, count: int = 1, degree: int = 0, bits: int = 12, content: bytes = b'',
           magic: bytes = b'NGSP') -> bytes:
    header = struct.pack('<4sIIBBBx', magic, version, count, degree, bits, 0)
    return gzip.compress(header + content)


@pytest.mark.parametrize('content, reason', [
    pytest.param(spz_of(version=1), 'version 1', id='version 1'),
    pytest.param(spz_of(version=7), 'version 7', id='version 7'),
    pytest.param(spz_of(degree=4), 'degree 4', id='degree 4'),
    pytest.param(spz_of(bits=40), '40 fractional bits', id='fractional bits'),
    pytest.param(spz_of(magic=b'NGSQ'), 'no .spz file', id='something else'),
    pytest.param(gzip.compress(b'short'), 'no .spz file', id='something short'),
    pytest.param(spz_of(count=0), 'holds no Gaussians', id='none'),
    pytest.param(splat_files.spz(GAUSSIANS, count=39), 'cut off, or holds more', id='too many'),
    pytest.param(splat_files.spz(GAUSSIANS, count=41), 'cut off, or holds more', id='too few'),
    pytest.param(SPZ[:-9], 'cut off', id='cut off'),
    pytest.param(SPZ[:100] + b'\x00\x11' + SPZ[102:], 'damaged', id='damaged'),
    pytest.param(SPZ[:-8] + bytes(8), 'damaged', id='another checksum'),
    pytest.param(splat_files.spz(GAUSSIANS, extensions=struct.pack('<III', 0xADBE0003, 4, 12)),
                 'permuted', id='permuted axes'),
    pytest.param(b'NGSP' + struct.pack('<IIBBBBI12x', 3, 1, 0, 12, 0, 5, 32),
                 'version 3 of .spz, but not compressed by gzip', id='not compressed'),
    pytest.param(b'NGSP' + struct.pack('<IIBBBBI12x', 4, 1, 0, 12, 0, 6, 32), '6 streams',
                 id='4 with other streams'),
    pytest.param(b'NGSP' + struct.pack('<IIBBBBI12x', 4, 1, 0, 12, 0, 5, 32), 'cut off',
                 id='4 without a directory'),
    pytest.param(b'NGSP\x04', 'cut off', id='4 without a header'),
])
def test_an_spz_is_refused(content, reason, tmp_path):
    assert reason in refusal(tmp_path / 'a.spz', content)


def test_an_spz_of_version_4_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'zstandard', None)
    monkeypatch.setitem(sys.modules, 'compression', None)
    content = splat_files.spz_4(GAUSSIANS, lambda plain: plain)
    assert 'pip install zstandard' in refusal(tmp_path / 'a.spz', content)


@pytest.mark.parametrize('content, reason', [
    (lambda compress: splat_files.spz_4(GAUSSIANS, compress, claimed=1), 'its stream 0 has'),
    (lambda compress: splat_files.spz_4(GAUSSIANS, lambda plain: compress(plain + b' ')),
     'other bytes'),
    (lambda compress: splat_files.spz_4(GAUSSIANS, lambda plain: b'no zstd'), 'damaged'),
    (lambda compress: splat_files.spz_4(GAUSSIANS, compress)[:-1], 'cut off'),
])
def test_an_spz_of_version_4_is_refused(content, reason, tmp_path):
    zstandard = pytest.importorskip('zstandard')
    assert reason in refusal(tmp_path / 'a.spz', content(zstandard.compress))


def sog(change=lambda files, meta: None) -> dict[str, bytes]:
    """Return the files of a small scene in SOG, its meta.json changed."""
    pytest.importorskip('PIL')
    files = splat_files.sog_files(GAUSSIANS)
    meta = json.loads(files['meta.json'])
    change(files, meta)
    return files | {'meta.json': json.dumps(meta).encode()}


def webp(width: int, height: int) -> bytes:
    from PIL import Image
    content = io.BytesIO()
    Image.new('RGBA', (width, height)).save(content, 'WEBP', lossless=True)
    return content.getvalue()


def png(width: int, height: int) -> bytes:
    from PIL import Image
    content = io.BytesIO()
    Image.new('RGBA', (width, height)).save(content, 'PNG')
    return content.getvalue()


SOG_CHANGES = {
    'a picture is missing': (lambda files, meta: files.pop('quats.webp'), "lacks 'quats.webp'"),
    'a picture is no picture': (
        lambda files, meta: files.update({'sh0.webp': b'?'}), "'sh0.webp' is no WebP"),
    'a picture of another kind': (
        lambda files, meta: files.update({'sh0.webp': png(8, 8)}), "'sh0.webp' is no WebP"),
    'a picture is cut off': (
        lambda files, meta: files.update({'sh0.webp': files['sh0.webp'][:-20]}), "'sh0.webp'"),
    'a picture is too small': (
        lambda files, meta: files.update({'sh0.webp': webp(6, 6)}), 'has 6 x 6 pixels'),
    'a picture is too large': (
        lambda files, meta: files.update({'sh0.webp': webp(8000, 8000)}), '8000 x 8000 pixels'),
    'sets too large': (
        lambda files, meta: files.update({'centroids.webp': webp(192, 6000)}), '192 x 6000'),
    'sets of another width': (
        lambda files, meta: files.update({'centroids.webp': webp(512, 1)}),
        '512 pixels wide, which is not 64 times the harmonics of degree 1'),
    'sets of no width': (
        lambda files, meta: files.update({'centroids.webp': webp(100, 1)}), '100 pixels wide'),
    'a file elsewhere': (
        lambda files, meta: meta['sh0'].update(files=['../secret.webp']), 'no file beside it'),
    'a file of another type': (
        lambda files, meta: meta['sh0'].update(files=[7]), 'no file beside it'),
    'files missing': (
        lambda files, meta: meta['means'].update(files=['a.webp']), 'does not name its 2 files'),
    'no scales': (lambda files, meta: meta.pop('scales'), "lacks 'scales'"),
    'scales that are none': (lambda files, meta: meta.update(scales=[]), "lacks 'scales'"),
    'another version': (lambda files, meta: meta.update(version=3), 'version 3 of SOG'),
    'a count that is none': (lambda files, meta: meta.update(count='40'), "count '40'"),
    'a negative count': (lambda files, meta: meta.update(count=-1), 'count -1'),
    'a count that is too large': (
        lambda files, meta: meta.update(count=10 ** 12), 'claims 1000000000000 Gaussians'),
    'a count of none': (lambda files, meta: meta.update(count=0), 'no Gaussians'),
    'a table that is too long': (
        lambda files, meta: meta['scales'].update(codebook=[0.0] * 257), "'codebook'"),
    'a table that is no numbers': (
        lambda files, meta: meta['scales'].update(codebook=['a']), "'codebook'"),
    'a table with something infinite': (
        lambda files, meta: meta['scales'].update(codebook=[1e400]), "'codebook'"),
    'a table with a number that is too large': (
        lambda files, meta: meta['scales'].update(codebook=[10 ** 400]), "'codebook'"),
    'bounds that are missing': (lambda files, meta: meta['means'].pop('mins'), "'mins'"),
    'bands that are none': (lambda files, meta: meta['shN'].update(bands=4), '4 bands'),
}


@pytest.mark.parametrize('change, reason', SOG_CHANGES.values(), ids=SOG_CHANGES)
def test_a_scene_in_sog_is_refused(change, reason, tmp_path):
    files = sog(change)
    folder = splat_files.write_folder(tmp_path / 'scene', files)
    assert reason in refusal(folder / 'meta.json')
    assert reason in refusal(tmp_path / 'a.sog', splat_files.zipped(files))


@pytest.mark.parametrize('content, reason', [
    pytest.param(b'{', 'damaged', id='cut off'),
    pytest.param(b'[' * 100_000, 'damaged', id='deep'),
    pytest.param(b'\xff\xfe', 'damaged', id='no text'),
    pytest.param(b'[]', 'no scene in SOG', id='a list'),
    pytest.param(b'{"name": "a web app"}', 'no scene in SOG', id='something else'),
    pytest.param(b' ' * (2 << 20), 'too many for meta.json', id='large'),
])
def test_a_meta_json_is_refused(content, reason, tmp_path):
    assert reason in refusal(tmp_path / 'meta.json', content)


def test_a_zip_archive_is_refused(tmp_path):
    files = sog()
    archive = splat_files.zipped(files)
    del files['meta.json']
    assert "lacks 'meta.json'" in refusal(tmp_path / 'a.sog', splat_files.zipped(files))
    assert 'damaged' in refusal(tmp_path / 'b.sog', archive[:-30])
    bomb = splat_files.zipped(
        sog(lambda files, meta: files.update({'sh0.webp': bytes(50 << 20)})),
        zipfile.ZIP_DEFLATED)
    assert "'sh0.webp' has more than" in refusal(tmp_path / 'c.sog', bomb)


def test_sog_says_what_to_install(tmp_path, monkeypatch):
    folder = splat_files.write_folder(tmp_path / 'scene', sog())
    monkeypatch.setitem(sys.modules, 'PIL', None)
    assert 'pip install pillow' in refusal(folder / 'meta.json')


def test_what_is_no_file_of_gaussians_is_refused(tmp_path):
    assert 'no such file' in refusal(tmp_path / 'a.ply')
    assert 'no .ply, .splat, .spz or SOG' in refusal(tmp_path / 'a.txt', b'hello')
    assert 'no .ply, .splat, .spz or SOG' in refusal(tmp_path / 'a.ply', b'')
    os.mkfifo(tmp_path / 'pipe.ply')
    assert 'no such file' in refusal(tmp_path / 'pipe.ply')


def test_long_and_strange_names_stay_one_line(tmp_path):
    path = tmp_path / 'a\nb.ply'
    path.write_bytes(b'hello')
    with pytest.raises(SceneError) as raised:
        read_gaussians(path)
    assert '\n' not in str(raised.value)


@pytest.mark.parametrize('name, content', [
    ('bomb.spz', lambda: spz_of(count=1 << 20, content=bytes(19 << 20))),
    ('liar.spz', lambda: spz_of(count=(1 << 32) - 1)),
    ('longer.spz', lambda: spz_of(count=1, content=bytes(64 << 20))),
    ('liar.ply', lambda: PLY.replace(b'vertex 40', b'vertex 4000000000')),
    ('liar.sog', lambda: splat_files.zipped(
        sog(lambda files, meta: meta.update(count=4_000_000_000)))),
    ('bomb.sog', lambda: splat_files.zipped(
        sog(lambda files, meta: files.update({'sh0.webp': bytes(50 << 20)})),
        zipfile.ZIP_DEFLATED)),
    ('picture.sog', lambda: splat_files.zipped(
        sog(lambda files, meta: files.update({'sh0.webp': webp(4000, 4000)})))),
])
def test_a_small_file_takes_little_memory_whatever_it_claims(name, content, tmp_path):
    path = tmp_path / name
    path.write_bytes(content())
    tracemalloc.start()
    try:
        refusal(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 << 20


def arrays(**changed: np.ndarray | None) -> dict[str, np.ndarray]:
    parts = {
        'means': GAUSSIANS.means, 'quats': GAUSSIANS.quaternions, 'scales': GAUSSIANS.log_scales,
        'opacities': GAUSSIANS.opacity_logits[:, None], 'features_dc': GAUSSIANS.sh[:, 0],
        'features_rest': GAUSSIANS.sh[:, 1:],
    }
    return {name: array for name, array in {**parts, **changed}.items() if array is not None}


@pytest.mark.parametrize('changed, degree, reason', [
    ({'quats': None}, 1, 'lacks gauss_params.quats'),
    ({'means': None}, 1, 'lacks gauss_params.means'),
    ({'means': np.float32(0)}, 1, 'its means has the shape'),
    ({'quats': np.zeros((39, 4), np.float32)}, 1, r'quats has the shape \[39, 4\] instead of'),
    ({}, 2, r'features_rest has the shape \[40, 3, 3\] instead of \[40, 8, 3\]'),
    ({'means': np.full((40, 3), np.nan, np.float32)}, 1, 'all of its 40'),
])
def test_a_checkpoint_of_splatfacto_is_refused(changed, degree, reason):
    with pytest.raises(SceneError, match=reason):
        from_splatfacto(arrays(**changed), degree, antialiased=False)
