# SPDX-License-Identifier: Apache-2.0
"""Installs the node (nerfstudio_renderer_ros) and its core (nerfstudio_renderer)."""

import os
from pathlib import Path
import re
import sys

from setuptools import Extension, find_packages, setup
from setuptools.command.develop import develop
from setuptools.command.install_scripts import install_scripts

PACKAGE = 'nerfstudio_renderer_ros'
CORE = 'nerfstudio_renderer'

EXECUTABLES = {
    'renderer': f'{PACKAGE}.main',
    'orbit': f'{PACKAGE}.orbit',
    'server': f'{CORE}.server.main',
}
"""What `ros2 run` finds, and the modules whose main() they call."""

EXTRAS = {
    # Scenes on a GPU; the kernels are written in Triton, which PyTorch's wheels bring.
    'cuda': ['torch'],
    # What only nerfstudio itself renders. 1.1.5 leaves the releases of PyTorch and torchvision
    # open, and is written for numpy 1.
    'nerfstudio': ['nerfstudio==1.1.5', 'torch', 'torchvision', 'torchmetrics', 'numpy<2'],
    # The render queue in another process. Its protocol is hooked into, which is tested with 6.0.
    'server': ['rpyc>=6,<6.1'],
    # Gaussians in version 4 of .spz, which Python itself reads from 3.14 on.
    'gaussians': ['zstandard'],
    # Images in other forms than PNG.
    'images': ['pillow'],
    # What the node imports beside ROS 2, where there is no rosdep to install it.
    'node': ['opencv-python-headless', 'psutil'],
    'test': ['hypothesis', 'pytest', 'pytest-timeout'],
}


def version():
    """Return the version, whose one place is the core."""
    text = Path(CORE, '__init__.py').read_text(encoding='utf-8')
    return re.search(r"^__version__ = '(.*)'$", text, re.MULTILINE)[1]


def files_below(folder):
    """Return the paths of all files below a folder, relative to that folder's parent."""
    parent = Path(folder).parent
    files = (path.relative_to(parent) for path in Path(folder).rglob('*') if path.is_file())
    return sorted(str(path) for path in files if '__pycache__' not in path.parts)


def cpu_kernels():
    """Return the extensions: one for each family of scenes that has CPU kernels."""
    engines = Path(CORE, 'engines')
    return [kernel(folder, engines) for folder in sorted(engines.glob('*/cpu'))
            if any(folder.glob('*.cpp'))]


def kernel(folder, engines):
    """Return the extension with the CPU kernels in a folder."""
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
            *([] if debugging() else ['-g0']),  # Python's own flags have -g
        ],
        extra_link_args=['-pthread', *([] if debugging() else ['-Wl,-s'])],
    )


def debugging():
    """Return whether the builder asked for debug information."""
    return '-g' in os.environ.get('CFLAGS', '').split()


def pybind11_headers():
    """Return where pip's pybind11 has its headers; a system's are found without being told."""
    try:
        import pybind11
        from pybind11.setup_helpers import ParallelCompile
    except ImportError:
        return []
    ParallelCompile().install()  # one source file on each core
    return [pybind11.get_include()]


def scripts():
    """
    Return the executables of the ROS package: their names and texts.

    colcon installs them with the package. They are no console_scripts, for pip would put commands
    with such names into everybody's PATH.
    """
    return [(name, f'#!{sys.executable}\nimport sys\n\nfrom {module} import main\n\n'
                   'sys.exit(main())\n') for name, module in EXECUTABLES.items()]


class InstallScripts(install_scripts):
    """Installs the executables too, unless it is into a wheel."""

    def run(self):
        """Install all scripts."""
        super().run()
        if not self.no_ep:  # set while a wheel is built
            for name, text in scripts():
                self.write_script(name, text)


class Develop(develop):
    """Installs the executables too, for `colcon build --symlink-install`."""

    def install_egg_scripts(self, dist):
        """Install all scripts."""
        super().install_egg_scripts(dist)
        for name, text in scripts():
            self.write_script(name, text)


setup(
    name=PACKAGE,
    version=version(),
    packages=find_packages(include=[CORE, f'{CORE}.*', PACKAGE, f'{PACKAGE}.*']),
    package_data={
        CORE: ['py.typed', *files_below(f'{CORE}/bundled_scenes')],
        PACKAGE: ['py.typed'],
    },
    include_package_data=False,  # the C++ sources are for the sdist alone
    ext_modules=cpu_kernels(),
    cmdclass={'develop': Develop, 'install_scripts': InstallScripts},
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{PACKAGE}']),
        (f'share/{PACKAGE}', ['package.xml']),
        (f'share/{PACKAGE}/launch', files_below('launch')),
        (f'share/{PACKAGE}/config', files_below('config')),
    ],
    # What rendering on a CPU takes, without ROS; what the node takes is in package.xml.
    install_requires=['numpy', 'pyyaml'],
    extras_require=EXTRAS,
    python_requires='>=3.10',
    zip_safe=False,
    author='The nerfstudio_renderer_ros Authors',
    maintainer='The nerfstudio_renderer_ros Authors',
    maintainer_email='maintainers@example.com',
    url='https://github.com/nerfstudio-renderer-ros/nerfstudio_renderer_ros',
    description='Renders nerfstudio scenes for a moving camera, through ROS 2 or without it',
    license='Apache-2.0',
    entry_points={
        'console_scripts': [f'nerfstudio-renderer = {CORE}.command_line.main:main'],
    },
)
