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

"""Installs the node (nerfstudio_renderer_ros) and its core (nerfstudio_renderer)."""

from pathlib import Path

from setuptools import Extension, find_packages, setup

PACKAGE = 'nerfstudio_renderer_ros'
CORE = 'nerfstudio_renderer'


def files_below(folder):
    """Return the paths of all files below a folder, relative to that folder's parent."""
    parent = Path(folder).parent
    files = (path.relative_to(parent) for path in Path(folder).rglob('*') if path.is_file())
    return sorted(str(path) for path in files if '__pycache__' not in path.parts)


def cpu_kernels(engine):
    """Return the extension with an engine's CPU kernels."""
    engines = Path(CORE, 'engines')
    folder = engines / engine / 'cpu'
    return Extension(
        '.'.join([*folder.parts, '_kernel']),
        # The instruction sets are chosen in the sources: all are in one file, for any processor.
        sources=sorted(map(str, folder.glob('*.cpp'))),
        depends=sorted(map(str, [*folder.glob('*.hpp'), *engines.glob('native/*.hpp')])),
        include_dirs=[str(engines), *pybind11_headers()],
        language='c++',
        extra_compile_args=[
            '-std=c++17', '-O3', '-fvisibility=hidden',
            # Products and sums are fused, and comparisons vectorised: nothing reads errno or
            # floating-point exceptions.
            '-ffp-contract=fast', '-fno-math-errno', '-fno-trapping-math',
            # Vectors are passed within one source file alone; GCC's own AVX-512 header warns.
            '-Wall', '-Wextra', '-Wno-psabi', '-Wno-maybe-uninitialized', '-Wno-uninitialized',
        ],
        extra_link_args=['-pthread'],
    )


def pybind11_headers():
    """Return where pip's pybind11 has its headers; a system's are found without being told."""
    try:
        import pybind11
    except ImportError:
        return []
    return [pybind11.get_include()]


setup(
    name=PACKAGE,
    version='0.1.0',
    packages=find_packages(include=[CORE, f'{CORE}.*', PACKAGE, f'{PACKAGE}.*']),
    package_data={
        CORE: ['py.typed', *files_below(f'{CORE}/bundled_scenes')],
        PACKAGE: ['py.typed'],
    },
    ext_modules=[cpu_kernels('nerfacto'), cpu_kernels('gaussians')],
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{PACKAGE}']),
        (f'share/{PACKAGE}', ['package.xml']),
        (f'share/{PACKAGE}/launch', files_below('launch')),
        (f'share/{PACKAGE}/config', files_below('config')),
    ],
    # The rest is in package.xml (ROS) and requirements/ (pip); pip must not guess at the former.
    install_requires=['setuptools'],
    extras_require={'test': ['pytest', 'pytest-timeout', 'hypothesis']},
    python_requires='>=3.10',
    zip_safe=False,
    author='The nerfstudio_renderer_ros Authors',
    maintainer='The nerfstudio_renderer_ros Authors',
    maintainer_email='maintainers@example.com',
    url='https://github.com/nerfstudio-renderer-ros/nerfstudio_renderer_ros',
    description='Renders nerfstudio scenes for a moving camera, through ROS 2 or without it',
    license='Apache-2.0',
    entry_points={
        'console_scripts': [
            f'renderer = {PACKAGE}.main:main',
            f'orbit = {PACKAGE}.orbit:main',
            f'server = {CORE}.server.main:main',
        ],
    },
)
