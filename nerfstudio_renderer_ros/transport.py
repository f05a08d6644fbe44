# SPDX-License-Identifier: Apache-2.0
"""Room for whole images in shared memory, unless the user has settings of their own."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from pathlib import Path
import shutil
from typing import NamedTuple
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


class _Names(NamedTuple):
    """Where one major version of Fast DDS looks for a profile, and nowhere else."""

    variable: str
    """Environment variable with the profile's path."""

    file: str
    """Name of a profile in the working directory."""


_FAST_DDS_2 = _Names('FASTRTPS_DEFAULT_PROFILES_FILE', 'DEFAULT_FASTRTPS_PROFILES.xml')
_FAST_DDS_3 = _Names('FASTDDS_DEFAULT_PROFILES_FILE', 'DEFAULT_FASTDDS_PROFILES.xml')


def prepare(environment: MutableMapping[str, str]) -> str:
    """
    Name our profile to Fast DDS if nothing speaks against it; call this before ``rclpy.init``.

    A profile of the user's under the name that another version of Fast DDS reads is named to the
    one at hand instead, which would not find it.

    :param environment: variables of the process that will publish; the profile's is added.
    :returns: what will be used, and why, in one line.
    """
    read, unread = (_FAST_DDS_2, _FAST_DDS_3) if _has_fast_dds_2() else (_FAST_DDS_3, _FAST_DDS_2)
    lost = _profile_under(unread, environment)
    if lost and not _other_middleware(environment) and not _profile_under(read, environment):
        environment[read.variable] = lost
        return (f'images take the transports of your profile: {read.variable}={lost}, since the '
                f'Fast DDS at hand reads neither {unread.variable} nor {unread.file}')
    path = profile()
    reason = _decided_by_the_user(environment) or _lacking(path)
    if reason:
        return f'images take the transports that DDS has without us: {reason}'
    environment[read.variable] = str(path)
    return f'images go through shared memory that has room for them: {read.variable}={path}'


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


def _has_fast_dds_2() -> bool:
    """Return whether ROS's middleware is built upon Fast DDS 2, as from Humble to Jazzy."""
    # Asked of its manifest, since ROS_DISTRO is set by a sourced ROS alone. The dependency was
    # renamed with the library.
    try:
        share = Path(get_package_share_directory('rmw_fastrtps_shared_cpp'))
        manifest = ElementTree.parse(share / 'package.xml')
    except (PackageNotFoundError, OSError):
        return False
    return any(depend.text == 'fastrtps' for depend in manifest.iter('build_depend'))


def _profile_under(names: _Names, environment: Mapping[str, str]) -> str | None:
    """Return the profile that the user has put where one version of Fast DDS finds it."""
    named = environment.get(names.variable)
    if named:
        return named
    file = Path(names.file)
    return str(file.resolve()) if file.exists() else None


def _other_middleware(environment: Mapping[str, str]) -> str | None:
    middleware = environment.get('RMW_IMPLEMENTATION') or _FAST_DDS[0]
    return None if middleware in _FAST_DDS else f'RMW_IMPLEMENTATION is {middleware}'


def _decided_by_the_user(environment: Mapping[str, str]) -> str | None:
    middleware = _other_middleware(environment)
    if middleware:
        return middleware
    for name in SETTINGS:
        if name in environment:
            return f'{name} is {environment[name]!r}'
    for names in (_FAST_DDS_2, _FAST_DDS_3):
        if Path(names.file).exists():
            return f'there is a {names.file} in {Path.cwd()}'
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
