# SPDX-License-Identifier: Apache-2.0
"""What package.xml, setup.py, the requirements and the sources say agrees."""

import ast
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

from linted_sources import MANIFESTS, ROOT
import nerfstudio_renderer
import nerfstudio_renderer_ros
import pytest
import yaml

ROSDEP = sorted((ROOT / 'test' / 'data' / 'rosdep').glob('*.yaml'))
OWN = {'nerfstudio_renderer_msgs', 'nerfstudio_renderer_ros'}
SYSTEM_MODULES = {'cv2': 'python3-opencv', 'numpy': 'python3-numpy', 'psutil': 'python3-psutil',
                  'yaml': 'python3-yaml', 'tf2_ros': 'tf2_ros_py'}
OF_EXTRAS = {'nerfstudio', 'PIL', 'rpyc', 'tinycudann', 'torch', 'torchmetrics', 'triton',
             'zstandard'}
OF_LATER_PYTHONS = {'compression'}


def setup_says(*options):
    """Return what setup.py answers to some --option, a line each."""
    command = [sys.executable, 'setup.py', '--quiet', *options]
    return subprocess.check_output(command, cwd=ROOT, text=True).split('\n')[:-1]


def manifest(path=MANIFESTS[0]):
    return ElementTree.parse(path).getroot()


def dependencies(root, *kinds):
    """Return the keys that a package.xml names, of some kinds of dependency or of all."""
    return {element.text for element in root
            if element.tag.endswith('depend') and (not kinds or element.tag in kinds)}


def test_version_is_that_of_the_core_everywhere():
    versions = {*(manifest(path).findtext('version') for path in MANIFESTS),
                setup_says('--version')[-1], nerfstudio_renderer_ros.__version__}
    assert versions == {nerfstudio_renderer.__version__}


@pytest.mark.parametrize('path', MANIFESTS, ids=lambda path: path.parent.name)
def test_manifest_satisfies_the_package_tools(path):
    package = pytest.importorskip('catkin_pkg.package')
    warnings = []
    package.parse_package(str(path), warnings=warnings)
    assert warnings == []


@pytest.mark.parametrize('rosdep', ROSDEP, ids=lambda path: path.stem)
def test_rosdep_finds_every_dependency_without_pip(rosdep):
    known = yaml.safe_load(rosdep.read_text())
    keys = set().union(*(dependencies(manifest(path)) for path in MANIFESTS)) - OWN
    assert keys - set(known['system']) - set(known['released']) == set()
    of_pip = [key for key in keys & set(known['system'])
              if not isinstance(known['system'][key], list)]
    assert of_pip == []


def test_rosdep_lists_are_of_the_supported_releases():
    assert [path.stem for path in ROSDEP] == ['humble', 'jazzy', 'kilted']


def imported(path):
    """Return the packages that a file imports, at whatever place."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module)
    return {name.partition('.')[0] for name in names}


def test_everything_that_is_imported_is_a_dependency():
    files = [path for folder in ('nerfstudio_renderer', 'nerfstudio_renderer_ros', 'launch')
             for path in (ROOT / folder).rglob('*.py')]
    names = set().union(*map(imported, files)) - set(sys.stdlib_module_names)
    needed = {SYSTEM_MODULES.get(name, name) for name in names - OF_EXTRAS - OF_LATER_PYTHONS}
    known = dependencies(manifest(), 'exec_depend', 'depend')
    assert needed - known == {'nerfstudio_renderer', 'nerfstudio_renderer_ros'}


def test_manifests_and_setup_say_the_same():
    root = manifest()
    maintainer = root.find('maintainer')
    assert setup_says('--name', '--maintainer', '--maintainer-email', '--license', '--url')[-5:] \
        == [root.findtext('name'), maintainer.text, maintainer.get('email'),
            root.findtext('license'), root.findtext('url')]
    messages = manifest(MANIFESTS[1])
    for tag in ('license', 'maintainer', 'url', 'author'):
        assert messages.findtext(tag) == root.findtext(tag)


def test_marker_of_the_ament_index_is_named_as_the_package():
    assert [path.name for path in (ROOT / 'resource').iterdir()] == [manifest().findtext('name')]


def required(path):
    """Return the names that a requirements file asks for."""
    lines = (line.partition('#')[0].strip() for line in path.read_text().splitlines())
    return [re.match(r'[A-Za-z0-9-]+', line)[0].lower() for line in lines
            if line and line[0] != '-']


def locked(name):
    """Return the lines of a lock file without comments: what is to be installed, exactly."""
    lines = (ROOT / 'requirements' / name).read_text().splitlines()
    return [line.partition(' # ')[0].strip() for line in lines if line and line[0] != '#']


@pytest.mark.parametrize(('asked', 'lock'), [
    ('light.in', 'lock-light.txt'), ('light.in', 'lock.txt'), ('full.in', 'lock.txt')])
def test_lock_has_every_requirement(asked, lock):
    names = {line.partition('==')[0] for line in locked(lock)}
    assert set(required(ROOT / 'requirements' / asked)) - names == set(), 'run "make lock"'


@pytest.mark.parametrize('lock', ['lock-light.txt', 'lock.txt'])
def test_lock_pins_every_version(lock):
    assert [line for line in locked(lock) if not re.match(r'\S+==\S+( ;|$)', line)] == []


def test_light_set_is_a_part_of_the_full_one():
    def versions(lock):
        return {line.partition(' ;')[0] for line in locked(lock)}

    assert versions('lock-light.txt') - versions('lock.txt') == set()
