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

"""The files that the set-up reads and writes."""

from pathlib import Path
import subprocess
import sys

import pytest
from tools.environment import cmake_paths, fingerprint, workspace

EXPORT = """\
set_target_properties(a::a PROPERTIES
  INTERFACE_INCLUDE_DIRECTORIES "{python};{numpy}"
  INTERFACE_LINK_LIBRARIES "rosidl_runtime_c"
)
"""


def test_container_paths_are_rewritten_once(tmp_path):
    path = tmp_path / 'aExport.cmake'
    container = '/opt/python/cp311-cp311'
    path.write_text(EXPORT.format(
        python=f'{container}/include/python3.11',
        numpy=f'{container}/lib/python3.11/site-packages/numpy/_core/include'))
    expected = EXPORT.format(python='/usr/include/python3.11', numpy='/venv/numpy/core/include')
    for _ in range(2):
        cmake_paths.rewrite(path, '/usr/include/python3.11', '/venv/numpy/core/include')
        assert path.read_text() == expected


def test_fingerprint_depends_on_names_and_contents_alone(tmp_path):
    first, second = tmp_path / 'first', tmp_path / 'second'
    first.write_text('1')
    second.write_text('2')
    before = fingerprint.of_files([first, second])
    assert fingerprint.of_files([second, first]) == before
    first.touch()
    assert fingerprint.of_files([first, second]) == before
    first.write_text('2')
    assert fingerprint.of_files([first, second]) != before


def test_fingerprint_keeps_texts_apart():
    assert fingerprint.of_texts(['ab', 'c']) != fingerprint.of_texts(['a', 'bc'])


def test_files_below_leaves_out_caches(tmp_path):
    (tmp_path / '__pycache__').mkdir()
    (tmp_path / '__pycache__' / 'a.pyc').touch()
    (tmp_path / 'a.py').touch()
    assert fingerprint.files_below(tmp_path) == [tmp_path / 'a.py']
    assert fingerprint.files_below(tmp_path / 'missing') == []


@pytest.mark.parametrize(('before', 'after'), [
    (None, '{prefix}'),
    ('', '{prefix}'),
    ('/other', '/other:{prefix}'),
    ('{prefix}:/other', '{prefix}:/other'),
])
def test_start_up_line_adds_the_prefix_behind_overlays(before, after):
    environment = {} if before is None else {
        'AMENT_PREFIX_PATH': before.format(prefix=sys.prefix)}
    # -S leaves out the environment's own start-up files; sys.prefix is then the base Python's.
    program = (f'import sys; sys.prefix = {sys.prefix!r}; {workspace.ADD_PREFIX}; '
               'print(os.environ["AMENT_PREFIX_PATH"])')
    output = subprocess.check_output(
        [sys.executable, '-S', '-c', program], env=environment, text=True)
    assert output.strip() == after.format(prefix=sys.prefix)


def test_interfaces_identity_sees_the_definitions(tmp_path):
    from tools.environment.layout import Layout

    layout = Layout(tmp_path)
    message = layout.interfaces / 'msg' / 'FrameInfo.msg'
    message.parent.mkdir(parents=True)
    message.write_text('uint64 sequence')
    before = workspace.interfaces_identity(layout)
    message.write_text('uint32 sequence')
    assert workspace.interfaces_identity(layout) != before
    assert Path(workspace.STARTUP).suffix == '.pth'
