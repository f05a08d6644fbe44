# SPDX-License-Identifier: Apache-2.0
"""
What pip makes of this repository works where there is nothing but numpy and PyYAML.

The build uses setuptools and pybind11 of the environment that runs the tests, so that it needs no
package index. With one, `pip wheel .` does the same in isolation.
"""

from __future__ import annotations

from importlib.util import find_spec
import json
from pathlib import Path
import re
import shutil
import subprocess
import sys
import tarfile
import venv
from zipfile import ZipFile

from linted_sources import ROOT
import pytest

SOURCES = ['config', 'launch', 'nerfstudio_renderer', 'nerfstudio_renderer_ros', 'resource']
MODULE = re.compile(r'nerfstudio_renderer/engines/\w+/cpu/_kernel\..*so')
MEGABYTE = 1e6


def run(*command, **options):
    """Run a command to its end; a failure is one of the test, with what the command wrote."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          timeout=280, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def pip(*arguments):
    return run(sys.executable, '-m', 'pip', '--disable-pip-version-check', *arguments)


@pytest.fixture(scope='module')
def sdist(tmp_path_factory):
    """Return the archive of the sources, made of a copy that has nothing built in it."""
    root = tmp_path_factory.mktemp('sources')
    for folder in SOURCES:
        shutil.copytree(ROOT / folder, root / folder,
                        ignore=shutil.ignore_patterns('__pycache__', '*.so'))
    for file in [*ROOT.glob('*.*'), ROOT / 'LICENSE']:
        if file.is_file() and not file.name.startswith('.'):
            shutil.copy(file, root)
    build = 'from setuptools.build_meta import build_sdist; build_sdist("dist")'
    run(sys.executable, '-c', build, cwd=root)
    archive, = (root / 'dist').iterdir()
    return archive


@pytest.fixture(scope='module')
def wheel(sdist, tmp_path_factory):
    """Return the wheel that is built of the sources' archive."""
    folder = tmp_path_factory.mktemp('wheel')
    pip('wheel', '--no-deps', '--no-index', '--no-build-isolation', '--wheel-dir', folder, sdist)
    built, = folder.iterdir()
    return built


@pytest.fixture(scope='module')
def python(wheel, tmp_path_factory):
    """Return the Python of an environment with the wheel, numpy and PyYAML."""
    root = tmp_path_factory.mktemp('empty')
    venv.create(root, symlinks=True)
    interpreter = root / 'bin' / 'python'
    pip('--python', interpreter, 'install', '--no-deps', '--no-index', wheel)
    link(interpreter, 'numpy', 'numpy.libs', 'yaml')
    return interpreter


def link(interpreter, *packages):
    """Lend packages of the environment that runs the tests to another one."""
    site_packages, = interpreter.parents[1].glob('lib/python3.*/site-packages')
    source = Path(find_spec('numpy').origin).parents[1]
    for package in packages:
        if (source / package).exists():
            (site_packages / package).symlink_to(source / package)


def without_anything(folder):
    """Return how to run programs in a folder, without other programs or variables."""
    return {'cwd': folder, 'env': {'PATH': '/nonexistent', 'HOME': str(folder)}}


def test_archive_has_all_that_the_build_reads(sdist):
    with tarfile.open(sdist) as archive:
        names = {name.partition('/')[2] for name in archive.getnames()}
    folders = [ROOT / folder for folder in SOURCES]
    expected = {str(path.relative_to(ROOT)) for folder in folders for path in folder.rglob('*')
                if path.is_file() and path.suffix not in ('.pyc', '.so')}
    assert expected - names == set()
    assert {'package.xml', 'pyproject.toml', 'setup.py', 'setup.cfg', 'LICENSE'} <= names


def test_wheel_has_what_is_used_and_no_sources_of_the_module(wheel):
    with ZipFile(wheel) as archive:
        sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
    names = '\n'.join(sizes)
    assert re.search(r'bundled_scenes/.*\.ckpt', names)
    assert re.search(r'share/nerfstudio_renderer_ros/launch/renderer\.launch\.py', names)
    assert not re.search(r'\.[ch]pp$', names, re.MULTILINE)
    modules = [name for name in sizes if MODULE.fullmatch(name)]
    assert modules
    for name in modules:
        assert sizes[name] < MEGABYTE, f'{name} is not stripped'


def test_only_one_command_is_installed(python):
    commands = {path.name for path in python.parent.iterdir()}
    assert 'nerfstudio-renderer' in commands
    assert commands & {'renderer', 'orbit', 'server'} == set()


def test_command_renders_the_bundled_scene(python, tmp_path):
    command = python.with_name('nerfstudio-renderer')
    answer = json.loads(run(command, 'render', 'bundled', '-o', 'image.png', '--json',
                            '--size', '160x90', **without_anything(tmp_path)))
    assert answer['device'] == 'cpu'
    assert answer['size'] == [160, 90]
    assert (tmp_path / 'image.png').read_bytes().startswith(b'\x89PNG')


def test_nothing_else_can_be_imported_there(python, tmp_path):
    program = 'from importlib.util import find_spec; import sys; ' \
              'print([name for name in sys.argv[1:] if find_spec(name)])'
    assert run(python, '-c', program, 'torch', 'scipy', 'rclpy', 'cv2', 'pybind11',
               **without_anything(tmp_path)) == '[]\n'


def test_snippet_of_the_readme_saves_a_picture(python, tmp_path):
    section = (ROOT / 'README.md').read_text().partition('## In Python')[2]
    snippet = re.search(r'```python\n(.*?)```', section, re.DOTALL)[1]
    link(python, 'PIL', 'pillow.libs')  # which the snippet saves with
    run(python, '-c', snippet, **without_anything(tmp_path))
    assert (tmp_path / 'image.png').read_bytes().startswith(b'\x89PNG')


@pytest.mark.parametrize('layout', [[], ['--symlink-install']], ids=['copies', 'links'])
def test_colcon_installs_the_executables_for_ros2_run(sdist, layout, tmp_path):
    pytest.importorskip('colcon_core')
    source = tmp_path / 'source'
    with tarfile.open(sdist) as archive:
        archive.extractall(source, filter='data')
    for sources in source.rglob('*.cpp'):  # their compilation is shown above
        sources.unlink()
    run(sys.executable, '-m', 'colcon', '--log-base', tmp_path / 'log', 'build', '--base-paths',
        source, '--build-base', tmp_path / 'build', '--install-base', tmp_path / 'install',
        '--merge-install', *layout, cwd=tmp_path)
    folder = tmp_path / 'install' / 'lib' / 'nerfstudio_renderer_ros'
    assert {path.name for path in folder.iterdir()} \
        == {'nerfstudio-renderer', 'orbit', 'renderer', 'server'}
    assert (folder / 'renderer').read_text().startswith(f'#!{sys.executable}\n')
    assert not (tmp_path / 'install' / 'bin').exists()
