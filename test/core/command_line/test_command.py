# SPDX-License-Identifier: Apache-2.0
"""The command nerfstudio-renderer, as a shell runs it."""

from __future__ import annotations

import json
from pathlib import Path
import subprocess
import sys

from nerfstudio_renderer import c2w_from_euler, Camera, Intrinsics, load_scene, Renderer
from nerfstudio_renderer.command_line.images import encode_png
from nerfstudio_renderer.command_line.main import main
import numpy as np
from PIL import Image
import pytest
from support.gaussian_scenes import room
from support.splat_files import ply

POSITION, ROTATION = ['0', '0', '0.5'], ['60', '0', '0']
POSE = ['--position', *POSITION, '--rotation', *ROTATION]
SIZE = ['--size', '64x36']


def run(*arguments: object, timeout_s: float = 120.0) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    return subprocess.run(
        [sys.executable, '-m', 'nerfstudio_renderer', *map(str, arguments)],
        capture_output=True, text=True, timeout=timeout_s,
    )


def test_an_image_of_the_bundled_scene_is_what_python_renders(tmp_path):
    image, depth = tmp_path / 'image.png', tmp_path / 'depth.npy'
    done = run('render', 'bundled', '-o', image, '--depth', depth, *POSE, *SIZE, '--json',
               '--device', 'cpu')
    assert (done.returncode, done.stderr) == (0, '')
    report = json.loads(done.stdout)
    assert report['engine'] == 'fused'
    assert report['device'] == 'cpu'
    assert report['size'] == [64, 36]
    assert report['image'] == str(image)
    assert report['load_s'] > 0.0
    assert report['render_s'] > 0.0
    camera = Camera(c2w_from_euler([0.0, 0.0, 0.5], [60.0, 0.0, 0.0]),
                    Intrinsics.from_fov_y(64, 36, 50.0))
    frame = Renderer(load_scene(), device='cpu').render(camera)
    # Up to the last bits, which depend on which rays are rendered together.
    difference = np.asarray(Image.open(image)).astype(int) - frame.image.rgb8
    assert np.abs(difference).max() <= 1
    np.testing.assert_allclose(np.load(depth), frame.depth, rtol=1e-3)


@pytest.mark.parametrize(
    ('convention', 'quaternion'),
    [
        # The same camera by its own axes: turned half around x, and as a robot's body has it.
        ('opengl', ['0.5', '0', '0', '0.8660254037844387']),
        ('optical', ['0.8660254037844387', '0', '0', '-0.5']),
    ],
)
def test_a_pose_may_be_given_by_a_quaternion_in_any_convention(tmp_path, convention, quaternion):
    images = tmp_path / 'euler.png', tmp_path / 'quaternion.png'
    pose = ['--position', *POSITION, '--quaternion', *quaternion, '--convention', convention]
    assert main(['render', 'bundled', '-o', str(images[0]), *POSE, *SIZE]) == 0
    assert main(['render', 'bundled', '-o', str(images[1]), *pose, *SIZE]) == 0
    first, second = (np.asarray(Image.open(image)).astype(int) for image in images)
    assert np.abs(first - second).max() <= 1


def test_a_pose_in_world_units_goes_through_the_scene_s_transform(tmp_path):
    scene = load_scene()
    c2w = c2w_from_euler([0.0, 0.0, 0.5], [60.0, 0.0, 0.0])
    rotation = scene.world.matrix[:, :3]
    position = rotation.T @ (c2w[:, 3] / scene.world.scale - scene.world.matrix[:, 3])
    turned = rotation.T @ c2w[:, :3]
    # About x, y, z in turn, for a turn that is mostly about x.
    x = np.degrees(np.arctan2(turned[2, 1], turned[2, 2]))
    y = np.degrees(-np.arcsin(turned[2, 0]))
    z = np.degrees(np.arctan2(turned[1, 0], turned[0, 0]))
    images = tmp_path / 'scene.png', tmp_path / 'world.png'
    assert main(['render', 'bundled', '-o', str(images[0]), *POSE, *SIZE]) == 0
    assert main(['render', 'bundled', '-o', str(images[1]), *SIZE, '--units', 'world',
                 '--position', *map(str, position), '--rotation', str(x), str(y), str(z)]) == 0
    first, second = (np.asarray(Image.open(image)).astype(int) for image in images)
    assert np.abs(first - second).max() <= 1


def test_without_a_pose_something_is_seen(tmp_path):
    image = tmp_path / 'image.png'
    assert main(['render', 'bundled', '-o', str(image), *SIZE]) == 0
    assert np.asarray(Image.open(image)).std() > 30.0


def test_gaussians_are_a_scene_too(tmp_path, capsys):
    path = tmp_path / 'room.ply'
    path.write_bytes(ply(room(2000)))
    image = tmp_path / 'thumbnail.png'
    assert main(['inspect', str(path), '--json', '--thumbnail', str(image)]) == 0
    described = json.loads(capsys.readouterr().out)
    assert described['method'] == 'ply'
    assert described['engine'] == 'gaussians'
    assert described['gaussians'] == 2000
    assert described['refused'] is None
    assert described['world'] is False
    assert np.array(described['pose']).shape == (3, 4)
    assert np.asarray(Image.open(image)).std() > 10.0


def test_a_scene_is_described(capsys):
    assert main(['inspect', 'bundled', '--json']) == 0
    described = json.loads(capsys.readouterr().out)
    assert described['method'] == 'NerfactoModel'
    assert (described['engine'], described['refused'], described['world']) == ('fused', None, True)
    assert described['step'] == 11999
    assert described['parameters'] > 1_000_000
    assert described['gaussians'] is None
    assert main(['inspect', 'bundled']) == 0
    assert 'engine:      fused' in capsys.readouterr().out


def test_what_cannot_be_rendered_is_described_with_the_reason(tmp_path, capsys):
    path = tmp_path / 'mesh.ply'
    path.write_bytes(b'ply\nformat binary_little_endian 1.0\nelement vertex 1\nproperty float x\n'
                     b'end_header\n\0\0\0\0')
    assert main(['inspect', str(path), '--json']) == 0
    described = json.loads(capsys.readouterr().out)
    assert described['engine'] is None
    assert 'mesh.ply' in described['refused']
    assert '\n' not in described['refused']


@pytest.mark.parametrize(
    ('arguments', 'status', 'reason'),
    [
        (['render', 'nowhere', '-o', 'x.png'], 1, "'nowhere' does not exist"),
        (['render', 'bundled', '-o', 'nowhere/x.png'], 1, "'nowhere' is no folder"),
        (['render', 'bundled', '-o', 'x.nope'], 1, 'no ending that Pillow writes'),
        (['render', 'bundled', '-o', 'x.png', '--rotation', '1', '2', '3'], 1, '--position'),
        (['render', 'bundled', '-o', 'x.png', *POSE, '--fov', '190'], 1, '190'),
        (['render', 'bundled', '-o', 'x.png', '--device', 'tpu'], 1, "device 'tpu'"),
        (['render', 'bundled', '-o', 'x.png', '--engine', 'gaussians'], 1, 'of NerfactoModel'),
        (['render', 'bundled'], 2, '-o/--output'),
        (['render', 'bundled', '-o', 'x.png', '--size', '0x9'], 2, "'0x9' is not a size"),
        (['render', 'bundled', '-o', 'x.png', '--sise', '1x1'], 2, '--sise'),
        (['dance'], 2, 'dance'),
        (['serve', '--port', '99999999'], 2, '99999999'),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path, monkeypatch, capsys, arguments, status,
                                           reason):
    monkeypatch.chdir(tmp_path)
    try:
        assert main(arguments) == status
    except SystemExit as end:
        assert end.code == status
    said = capsys.readouterr()
    assert said.out == ''
    assert said.err.startswith('error: ')
    assert said.err.count('\n') == 1
    assert reason in said.err
    assert not list(tmp_path.iterdir())


def test_help_names_every_subcommand():
    done = run('--help')
    assert done.returncode == 0
    for name in ('render', 'inspect', 'serve'):
        assert name in done.stdout


@pytest.mark.parametrize('shape', [(1, 1, 3), (5, 7, 3), (2, 300, 3)], ids=str)
def test_png_files_hold_the_pixels(shape, tmp_path: Path):
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    path = tmp_path / 'image.png'
    path.write_bytes(encode_png(pixels))
    np.testing.assert_array_equal(np.asarray(Image.open(path)), pixels)
