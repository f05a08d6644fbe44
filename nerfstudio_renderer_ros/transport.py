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
"""Room for whole images in shared memory, unless the user has settings of their own."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from pathlib import Path
import shutil
from xml.etree import ElementTree

from ament_index_python.packages import get_package_share_directory, PackageNotFoundError

SETTINGS = (
    'FASTDDS_DEFAULT_PROFILES_FILE',
    'FASTRTPS_DEFAULT_PROFILES_FILE',
    'FASTDDS_BUILTIN_TRANSPORTS',
    'RMW_FASTRTPS_USE_QOS_FROM_XML',
    'ROS2_EASY_MODE',
)
"""Variables with any of which the user has decided about transports, or how profiles are found."""

_PROFILE = Path('config', 'fastdds.xml')
_SHARED_MEMORY = '/dev/shm'
_FAST_DDS = ('rmw_fastrtps_cpp', 'rmw_fastrtps_dynamic_cpp')
_PROFILES_OF_THE_USER = ('DEFAULT_FASTDDS_PROFILES.xml', 'DEFAULT_FASTRTPS_PROFILES.xml')
# These have Fast DDS 2, which knows the older name alone; the later ones warn of it.
_WITH_FAST_DDS_2 = ('humble', 'iron', 'jazzy')


def prepare(environment: MutableMapping[str, str]) -> str:
    """
    Name our profile to Fast DDS if nothing speaks against it; call this before ``rclpy.init``.

    :param environment: variables of the process that will publish; the profile's is added.
    :returns: what will be used, and why, in one line.
    """
    path = profile()
    reason = _decided_by_the_user(environment) or _lacking(path)
    if reason:
        return f'images take the transports that DDS has without us: {reason}'
    old_name = environment.get('ROS_DISTRO') in _WITH_FAST_DDS_2
    name = 'FASTRTPS_DEFAULT_PROFILES_FILE' if old_name else 'FASTDDS_DEFAULT_PROFILES_FILE'
    environment[name] = str(path)
    return f'images go through shared memory that has room for them: {name}={path}'


def profile() -> Path | None:
    """Return the profile of a checkout that this is in, else the installed one, if any."""
    root = Path(__file__).resolve().parents[1]
    if not (root / _PROFILE).is_file():
        try:
            root = Path(get_package_share_directory('nerfstudio_renderer_ros'))
        except PackageNotFoundError:
            return None
    path = root / _PROFILE
    return path if path.is_file() else None


def segment_bytes(path: Path) -> int:
    """Return how much shared memory a profile asks for."""
    return int(ElementTree.parse(path).findtext('.//{*}segment_size'))


def _decided_by_the_user(environment: Mapping[str, str]) -> str | None:
    middleware = environment.get('RMW_IMPLEMENTATION') or _FAST_DDS[0]
    if middleware not in _FAST_DDS:
        return f'RMW_IMPLEMENTATION is {middleware}'
    for name in SETTINGS:
        if name in environment:
            return f'{name} is {environment[name]!r}'
    for name in _PROFILES_OF_THE_USER:
        if Path(name).exists():
            return f'there is a {name} in {Path.cwd()}'
    return None


def _lacking(path: Path | None) -> str | None:
    if path is None:
        return f'{_PROFILE} is not installed'
    try:
        free = shutil.disk_usage(_SHARED_MEMORY).free
    except OSError as error:
        return str(error)
    # Room for the segments of other processes too, which may come later.
    wanted = 2 * segment_bytes(path)
    if free < wanted:
        return f'{_SHARED_MEMORY} has {free >> 20} MiB free, less than {wanted >> 20} MiB'
    return None
