# Copyright 2026 The nerfstudio_renderer_ros Authors
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""What package.xml, setup.py, the requirements and the sources say agrees."""

import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

from linted_sources import MANIFESTS, ROOT
import pytest


def setup_says(*options):
    """Return what setup.py answers to some --option, a line each."""
    command = [sys.executable, 'setup.py', '--quiet', *options]
    return subprocess.check_output(command, cwd=ROOT, text=True).split('\n')[:-1]


def version_in(module):
    return re.search(r"^__version__ = '(.*)'$", (ROOT / module).read_text(), re.MULTILINE)[1]


def test_version_is_the_same_everywhere():
    versions = {path: ElementTree.parse(path).findtext('version') for path in MANIFESTS}
    versions['setup.py'] = setup_says('--version')[-1]
    for package in ('nerfstudio_renderer', 'nerfstudio_renderer_ros'):
        versions[package] = version_in(f'{package}/__init__.py')
    assert len(set(versions.values())) == 1, versions


@pytest.mark.parametrize('path', MANIFESTS, ids=lambda path: path.parent.name)
def test_manifest_satisfies_the_package_tools(path):
    package = pytest.importorskip('catkin_pkg.package')
    warnings = []
    package.parse_package(str(path), warnings=warnings)
    assert warnings == []


def test_manifests_and_setup_say_the_same():
    root = ElementTree.parse(MANIFESTS[0]).getroot()
    maintainer = root.find('maintainer')
    assert setup_says('--name', '--maintainer', '--maintainer-email', '--license', '--url')[-5:] \
        == [root.findtext('name'), maintainer.text, maintainer.get('email'),
            root.findtext('license'), root.findtext('url')]
    messages = ElementTree.parse(MANIFESTS[1]).getroot()
    for tag in ('license', 'maintainer', 'url', 'author'):
        assert messages.findtext(tag) == root.findtext(tag)


def test_marker_of_the_ament_index_is_named_as_the_package():
    name = ElementTree.parse(MANIFESTS[0]).getroot().findtext('name')
    assert [path.name for path in (ROOT / 'resource').iterdir()] == [name]


def required(path):
    """Return the names that a requirements file asks for."""
    lines = (line.partition('#')[0].strip() for line in path.read_text().splitlines())
    return [re.match(r'[A-Za-z0-9-]+', line)[0].lower() for line in lines if line]


@pytest.mark.parametrize(
    'path', sorted((ROOT / 'requirements').glob('*.in')), ids=lambda path: path.stem)
def test_lock_has_every_requirement(path):
    lock = (ROOT / 'requirements' / 'lock.txt').read_text()
    missing = [name for name in required(path)
               if not re.search(rf'^{name}==', lock, re.MULTILINE)]
    assert missing == [], 'run "make lock"'


def test_lock_pins_every_version():
    lines = (ROOT / 'requirements' / 'lock.txt').read_text().splitlines()
    loose = [line for line in lines if line and not re.match(r'#|\S+==\S+( |$)', line)]
    assert loose == []
