# SPDX-License-Identifier: Apache-2.0
"""Every form of a file gives the same Gaussians, as closely as it stores them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
import struct
import subprocess
import sys
import zipfile

from nerfstudio_renderer import load_scene
from nerfstudio_renderer.scene.gaussians import (
    from_splatfacto,
    Gaussians,
    is_gaussian_file,
    read_gaussians,
)
import numpy as np
import pytest
from support import splat_files
from support.splat_files import C0, ply_columns, ply_of, random_gaussians


@dataclass(frozen=True)
class Steps:
    """How far a form's numbers may be from those that were written."""

    mean: float
    rotation: float
    log_scale: float
    alpha: float
    dc: float
    rest: float


EXACT = Steps(0, 2e-6, 0, 1e-6, 0, 0)
HALF_BYTE = 0.5 / 255 + 1e-6
SPZ = Steps(0.5 / 4096, 0.0025, 0.5 / 16, HALF_BYTE, 0.5 / 255 / 0.15, 0.5 / 128)
FORMS = {
    'ply': (splat_files.ply, 'a.ply', EXACT),
    'compressed ply': (splat_files.compressed_ply, 'a.ply',
                       Steps(0.004, 0.002, 0.004, HALF_BYTE, 0.005, 0.0157)),
    'splat': (splat_files.splat, 'a.splat', Steps(0, 0.012, 1e-5, HALF_BYTE, 0.5 / 255 / C0, 0)),
    'spz 2': (lambda each: splat_files.spz(each, 2), 'a.spz',
              # w follows from the others, badly where it is small
              Steps(SPZ.mean, 0.12, SPZ.log_scale, SPZ.alpha, SPZ.dc, SPZ.rest)),
    'spz 3': (lambda each: splat_files.spz(each, 3), 'a.spz', SPZ),
}
SOG = {
    1: Steps(2e-4, 0.008, 0.01, 0.0042, 0.0021, 0.0021),  # bytes of the opacity's logit
    2: Steps(2e-4, 0.008, 0.01, HALF_BYTE, 0.0021, 0.0021),
}


def read(path: Path, content: bytes):
    path.write_bytes(content)
    return read_gaussians(path)


def sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logits.astype(np.float64)))


def rotations(quaternions: np.ndarray) -> np.ndarray:
    """Return quaternions of length 1 with a positive largest component: one for each rotation."""
    unit = quaternions / np.linalg.norm(quaternions, axis=1, keepdims=True)
    largest = np.abs(unit).argmax(1)
    return unit * np.sign(unit[np.arange(len(unit)), largest])[:, None]


def assert_alike(got: Gaussians, written: Gaussians, steps: Steps) -> None:
    assert len(got) == len(written)
    assert got.sh_degree == written.sh_degree
    same = np.minimum(  # near ties of the largest components, either sign is one
        np.abs(rotations(got.quaternions) - rotations(written.quaternions)).max(1),
        np.abs(rotations(got.quaternions) + rotations(written.quaternions)).max(1),
    )
    assert np.abs(got.means - written.means).max() <= steps.mean
    assert same.max() <= steps.rotation
    assert np.abs(got.log_scales - written.log_scales).max() <= steps.log_scale
    alphas = sigmoid(got.opacity_logits) - sigmoid(written.opacity_logits)
    assert np.abs(alphas).max() <= steps.alpha
    assert np.abs(got.sh[:, 0] - written.sh[:, 0]).max() <= steps.dc + 1e-6
    assert np.abs(got.sh[:, 1:] - written.sh[:, 1:]).max(initial=0) <= steps.rest + 1e-6


@pytest.mark.parametrize('degree', range(4))
@pytest.mark.parametrize('form', FORMS)
def test_what_was_written_is_read_in_its_order(form, degree, tmp_path):
    write, name, steps = FORMS[form]
    written = random_gaussians(700, 0 if form == 'splat' else degree)
    got = read(tmp_path / name, write(written))
    assert form.startswith(got.form)
    assert got.left_out == 0
    assert got.world is None
    assert_alike(got.gaussians, written, steps)


@pytest.mark.parametrize('version', [1, 2])
@pytest.mark.parametrize('degree', range(4))
def test_sog_is_read(degree, version, tmp_path):
    pytest.importorskip('PIL')
    written = random_gaussians(700, degree)
    files = splat_files.sog_files(written, version)
    folder = splat_files.write_folder(tmp_path / 'scene', files)
    got = read_gaussians(folder)
    assert (got.form, got.version) == ('SOG', str(version))
    assert_alike(got.gaussians, written, SOG[version])
    again = [
        read_gaussians(folder / 'meta.json').gaussians,
        read(tmp_path / 'stored.sog', splat_files.zipped(files)).gaussians,
        read(tmp_path / 'packed.sog',
             splat_files.zipped(files, zipfile.ZIP_DEFLATED)).gaussians,
    ]
    for each in again:
        assert_alike(each, got.gaussians, EXACT)


@pytest.mark.parametrize('degree', [0, 3])
def test_spz_4_is_read_where_there_is_zstd(degree, tmp_path):
    zstandard = pytest.importorskip('zstandard')
    written = random_gaussians(700, degree)
    content = splat_files.spz_4(written, zstandard.compress)
    got = read(tmp_path / 'a.spz', content)
    assert got.version == '4'
    assert_alike(got.gaussians, written, SPZ)


@pytest.mark.parametrize('change', [
    pytest.param(lambda columns: columns, id='as INRIA writes it'),
    pytest.param(lambda columns: dict(reversed(columns.items())), id='in another order'),
    pytest.param(lambda columns: {'id': np.zeros(300, np.uint8), **columns,
                                  'segment': np.zeros(300)}, id='with more properties'),
    pytest.param(lambda columns: {name: column.astype(np.float64)
                                  for name, column in columns.items()}, id='doubles'),
])
@pytest.mark.parametrize('order', '<>')
@pytest.mark.parametrize('normals', [True, False])
def test_a_ply_may_have_its_properties_in_any_order_and_type(normals, order, change, tmp_path):
    written = random_gaussians()
    columns = change(ply_columns(written, normals=normals))
    got = read(tmp_path / 'a.ply', ply_of(columns, order=order))
    assert_alike(got.gaussians, written, EXACT)


@pytest.mark.parametrize('scale', [255, 1])
def test_a_ply_may_have_colours_instead_of_harmonics(scale, tmp_path):
    written = random_gaussians(degree=0)
    columns = ply_columns(written, colours=True)
    if scale == 1:
        columns |= {name: columns[name].astype(np.float32) / 255
                    for name in ('red', 'green', 'blue')}
    got = read(tmp_path / 'a.ply', ply_of(columns))
    assert_alike(got.gaussians, written, Steps(0, 2e-6, 0, 1e-6, 0.5 / 255 / C0, 0))


def test_a_ply_may_have_other_elements_behind_and_before_the_vertices(tmp_path):
    written = random_gaussians(5, 0)
    content = splat_files.ply(written)
    more = b'element camera 3\nproperty double focal\nelement vertex'
    before = content.replace(b'element vertex', more).replace(
        b'end_header\n', b'end_header\n' + bytes(24))
    behind = content.replace(
        b'end_header', b'element frame 2\nproperty int number\nend_header') + bytes(8)
    for each in (before, behind):
        assert_alike(read(tmp_path / 'a.ply', each).gaussians, written, EXACT)


def test_a_ply_may_have_the_line_ends_of_windows(tmp_path):
    written = random_gaussians(5, 0)
    content = splat_files.ply(written)
    size = content.index(b'end_header\n') + len(b'end_header\n')
    content = content[:size].replace(b'\n', b'\r\n') + content[size:]
    assert_alike(read(tmp_path / 'a.ply', content).gaussians, written, EXACT)


@pytest.mark.parametrize('comments, known, antialiased', [
    ([], False, False),
    (['Generated by Nerfstudio 1.1.5'], False, False),
    (['SplatRenderMode: mip'], True, True),
    (['SplatRenderMode: default'], True, False),
    (['antialiased 1'], True, True),
    (['antialiased 0'], True, False),
])
def test_a_ply_may_say_whether_it_is_antialiased(comments, known, antialiased, tmp_path):
    columns = ply_columns(random_gaussians(5, 0))
    got = read(tmp_path / 'a.ply', ply_of(columns, comments=comments))
    assert (got.knows_antialiased, got.gaussians.antialiased) == (known, antialiased)


@pytest.mark.parametrize('flags, antialiased', [(0, False), (1, True)])
def test_an_spz_says_whether_it_is_antialiased(flags, antialiased, tmp_path):
    got = read(tmp_path / 'a.spz', splat_files.spz(random_gaussians(5, 0), flags=flags))
    assert got.knows_antialiased
    assert got.gaussians.antialiased == antialiased


def harmonics(directions: np.ndarray) -> np.ndarray:
    """Return real spherical harmonics up to degree 2 in unit directions (n, 3), as gsplat's."""
    x, y, z = directions.T
    return np.stack([
        np.full_like(x, C0), -0.4886 * y, 0.4886 * z, -0.4886 * x,
        1.0925 * x * y, -1.0925 * y * z, 0.3154 * (2 * z * z - x * x - y * y),
        -1.0925 * x * z, 0.5463 * (x * x - y * y),
    ], -1)


def test_an_spz_is_turned_half_around_x_with_its_rotations_and_colours(tmp_path):
    # One Gaussian whose bytes are known: at (1, 2, 3) in its own axes, x right, y up, z back.
    position = b''.join((value << 12).to_bytes(3, 'little') for value in (1, 2, 3))
    sh = np.arange(100, 124, dtype=np.uint8)
    content = b''.join([
        struct.pack('<4sIIBBBx', b'NGSP', 2, 1, 2, 12, 0), position, b'\x80', b'\x80\x80\x80',
        b'\x80\x80\x80', bytes([150, 200, 90]), sh.tobytes(),
    ])
    got = read(tmp_path / 'a.spz', splat_files.gzip.compress(content)).gaussians
    np.testing.assert_allclose(got.means, [[1, -2, -3]])
    x, y, z = np.array([150, 200, 90]) / 127.5 - 1
    w = np.sqrt(1 - x * x - y * y - z * z)
    np.testing.assert_allclose(got.quaternions, [[w, x, -y, -z]], rtol=1e-6)
    np.testing.assert_allclose(got.log_scales, -2)
    own = np.concatenate([got.sh[0, :1], (sh.reshape(8, 3) - 128.0) / 128])
    directions = np.random.default_rng(1).normal(size=(20, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    np.testing.assert_allclose(
        harmonics(directions * [1, -1, -1]) @ got.sh[0], harmonics(directions) @ own, atol=1e-6
    )


def test_an_spz_may_say_that_it_has_the_axes_of_ply_files(tmp_path):
    written = random_gaussians(50, 3)
    extensions = struct.pack('<II4xIII', 1, 4, 0xADBE0003, 4, 6)
    plain, extended = (
        read(tmp_path / 'a.spz', splat_files.spz(written, extensions=each)).gaussians
        for each in (b'', extensions)
    )
    np.testing.assert_array_equal(extended.means, plain.means * [1, -1, -1])
    np.testing.assert_array_equal(extended.quaternions, plain.quaternions * [1, 1, -1, -1])
    assert (extended.sh != plain.sh).any()


@pytest.mark.parametrize('form', ['compressed ply', 'splat', 'spz 2', 'spz 3'])
def test_the_least_and_greatest_opacities_are_finite_and_as_good_as_exact(form, tmp_path):
    write, name, _ = FORMS[form]
    written = random_gaussians(4, 0)
    logits = np.array([-40, 40, -40, 40], np.float32)
    written = Gaussians(written.means, written.quaternions, written.log_scales, logits,
                        written.sh, False)
    got = read(tmp_path / name, write(written)).gaussians
    assert np.isfinite(got.opacity_logits).all()
    np.testing.assert_allclose(sigmoid(got.opacity_logits), [0, 1, 0, 1], atol=0.5 / 255)
    # Never drawn, below 1/255; drawn as if it were 1, which rasterisers cut to 0.999.
    assert (sigmoid(got.opacity_logits[::2]) < 1 / 255).all()
    assert (sigmoid(got.opacity_logits[1::2]) > 0.999).all()


BROKEN = {
    'a position that is no number': ('x', np.nan),
    'an infinite position': ('z', np.inf),
    'no rotation': ('rot_', 0.0),
    'a rotation too small to be one': ('rot_', 1e-30),
    'a rotation that is no number': ('rot_2', np.nan),
    'an infinite scale': ('scale_1', np.inf),
    'no scale': ('scale_0', -np.inf),
    'a scale whose square is infinite': ('scale_1', 60.0),
    'an opacity that is no number': ('opacity', np.nan),
    'a colour that is no number': ('f_dc_1', np.nan),
    'a coefficient that is no number': ('f_rest_17', -np.inf),
}


@pytest.mark.parametrize('name, value', BROKEN.values(), ids=BROKEN)
def test_broken_gaussians_are_left_out_counted_and_logged(name, value, tmp_path, caplog):
    written = random_gaussians(300)
    columns = {key: column.copy() for key, column in ply_columns(written).items()}
    for key, column in columns.items():
        if key.startswith(name):
            column[[7, 200]] = value
    got = read(tmp_path / 'a.ply', ply_of(columns))
    assert got.left_out == 2
    kept = np.delete(np.arange(300), [7, 200])
    np.testing.assert_array_equal(got.gaussians.means, written.means[kept])
    np.testing.assert_array_equal(got.gaussians.sh, written.sh[kept])
    assert 'left out 2 broken' in caplog.text


def test_a_splat_may_be_flat_but_not_of_negative_size(tmp_path):
    content = bytearray(splat_files.splat(random_gaussians(3, 0)))
    content[12:16] = struct.pack('<f', 0)
    content[32 + 12:32 + 16] = struct.pack('<f', -1)
    got = read(tmp_path / 'a.splat', bytes(content))
    assert (len(got.gaussians), got.left_out) == (2, 1)
    assert np.exp(got.gaussians.log_scales[0, 0]) < 1e-37


def test_a_splat_without_a_rotation_is_left_out(tmp_path):
    content = bytearray(splat_files.splat(random_gaussians(3, 0)))
    content[32 + 28:32 + 32] = b'\x80' * 4
    assert read(tmp_path / 'a.splat', bytes(content)).left_out == 1


def test_bytes_of_harmonics_in_a_compressed_ply_are_middles_but_for_the_ends(tmp_path):
    content = splat_files.compressed_ply(random_gaussians(1, 1))
    content = content[:-9] + bytes([0, 1, 127, 128, 254, 255, 64, 192, 3])
    got = read(tmp_path / 'a.ply', content).gaussians
    levels = np.array([0, 1.5, 127.5, 128.5, 254.5, 256, 64.5, 192.5, 3.5]) / 32 - 4
    np.testing.assert_allclose(got.sh[0, 1:].T.ravel(), levels)


def test_a_pixel_of_sog_that_is_no_rotation_is_left_out(tmp_path):
    pytest.importorskip('PIL')
    files = splat_files.sog_files(random_gaussians(40, 0))
    pixels = np.full((40, 4), 255, np.uint8)
    pixels[[3, 5], 3] = 251, 0
    files['quats.webp'] = splat_files.webp(pixels.reshape(5, 8, 4))
    assert read(tmp_path / 'a.sog', splat_files.zipped(files)).left_out == 2


def test_the_world_is_that_of_the_transforms_beside_the_file(tmp_path):
    (tmp_path / 'dataparser_transforms.json').write_text(
        '{"transform": [[1, 0, 0, 1], [0, 1, 0, 2], [0, 0, 1, 3]], "scale": 0.5}'
    )
    got = read(tmp_path / 'a.ply', splat_files.ply(random_gaussians(5, 0)))
    assert got.world.scale == 0.5
    np.testing.assert_array_equal(got.world.matrix[:, 3], [1, 2, 3])


def test_the_world_of_a_folder_is_that_of_the_transforms_within(tmp_path):
    pytest.importorskip('PIL')
    folder = splat_files.write_folder(
        tmp_path / 'scene', splat_files.sog_files(random_gaussians(40, 0)))
    (folder / 'dataparser_transforms.json').write_text(
        '{"transform": [[1, 0, 0, 1], [0, 1, 0, 2], [0, 0, 1, 3]], "scale": 2}'
    )
    assert read_gaussians(folder).world.scale == 2
    scene = load_scene(folder)
    assert scene.world.scale == 2
    assert scene.method == 'sog'


def test_nobody_changes_what_was_read(tmp_path):
    got = read(tmp_path / 'a.ply', splat_files.ply(random_gaussians(5))).gaussians
    for name in ('means', 'quaternions', 'log_scales', 'opacity_logits', 'sh'):
        array = getattr(got, name)
        assert array.dtype == np.float32
        assert array.flags.c_contiguous
        with pytest.raises(ValueError, match='read-only'):
            array[0] = 0


@pytest.mark.parametrize('name, change, message', [
    ('means', lambda array: array[:, :2], r'means is float32 of shape \(5, 2\)'),
    ('quaternions', lambda array: array[1:], 'quaternions is'),
    ('log_scales', lambda array: array.astype(np.float64), 'log_scales is float64'),
    ('opacity_logits', lambda array: array[:, None], 'opacity_logits is'),
    ('sh', lambda array: array[:, :2], 'sh is'),
    ('sh', lambda array: array[:, 0], 'sh is'),
    ('sh', lambda array: np.concatenate([array] * 4, 1)[:, :25], 'degree 4'),
])
def test_arrays_that_do_not_belong_together_are_refused(name, change, message):
    whole = random_gaussians(5, 3)
    with pytest.raises(ValueError, match=message):
        replace(whole, **{name: change(getattr(whole, name))})


@pytest.mark.parametrize('name, expected', [
    ('a.ply', True), ('A.PLY', True), ('a.splat', True), ('a.spz', True), ('a.sog', True),
    ('meta.json', True), ('config.yml', False), ('folder', False),
])
def test_files_of_gaussians_are_known_by_their_names(name, expected, tmp_path):
    assert is_gaussian_file(tmp_path / name) == expected


def test_reading_imports_numpy_and_nothing_else_that_is_installed(tmp_path):
    for name, content in (('a.ply', splat_files.ply(random_gaussians(5))),
                          ('a.splat', splat_files.splat(random_gaussians(5, 0))),
                          ('a.spz', splat_files.spz(random_gaussians(5)))):
        (tmp_path / name).write_bytes(content)
    script = (
        'import sys; from nerfstudio_renderer.scene.gaussians import read_gaussians\n'
        'for name in ("a.ply", "a.splat", "a.spz"): read_gaussians(sys.argv[1] + "/" + name)\n'
        'print({"torch", "PIL", "plyfile", "scipy", "nerfstudio"} & {*sys.modules})'
    )
    done = subprocess.run([sys.executable, '-c', script, str(tmp_path)], capture_output=True,
                          text=True, timeout=60, check=True, cwd=Path(__file__).parents[2])
    assert done.stdout.strip() == 'set()'


@pytest.mark.parametrize('prefix', ['', 'gauss_params.'])
@pytest.mark.parametrize('degree', [0, 1, 3])
def test_a_checkpoint_of_splatfacto_gives_its_gaussians(degree, prefix):
    written = random_gaussians(40, degree)
    arrays = {
        'means': written.means, 'quats': written.quaternions, 'scales': written.log_scales,
        'opacities': written.opacity_logits[:, None], 'features_dc': written.sh[:, 0],
        'features_rest': written.sh[:, 1:], 'lpips.net': np.zeros(3),
    }
    if degree == 0:  # a colour is the sigmoid
        arrays['features_dc'] = np.log(1 / (0.5 - C0 * written.sh[:, 0].astype(float)) - 1)
    arrays = {prefix + name: array for name, array in arrays.items()}
    got = from_splatfacto(arrays, degree, antialiased=True)
    assert_alike(got.gaussians, written, Steps(0, 2e-6, 0, 1e-6, 1e-5, 0))
    assert (got.form, got.knows_antialiased, got.gaussians.antialiased) == (
        'splatfacto', True, True)


def test_colours_of_splatfacto_do_not_overflow():
    written = random_gaussians(2, 0)
    arrays = {
        'means': written.means, 'quats': written.quaternions, 'scales': written.log_scales,
        'opacities': written.opacity_logits[:, None], 'features_rest': written.sh[:, 1:],
        'features_dc': np.array([[-500, 0, 500], [-90, 1, 90]], np.float32),
    }
    colours = from_splatfacto(arrays, 0, antialiased=False).gaussians.sh[:, 0] * C0 + 0.5
    np.testing.assert_allclose(colours, [[0, 0.5, 1], [0, sigmoid(np.array(1.0)), 1]], atol=1e-6)
