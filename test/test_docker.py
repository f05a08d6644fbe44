# SPDX-License-Identifier: Apache-2.0
"""The container's files, as far as they can be tried without building it."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
import os
from pathlib import Path
import re
import shutil
import socket
import stat
import subprocess
import sys

from linted_sources import ROOT
import pytest
from support.servers import serving
import yaml


def loaded(path):
    """Return a script as a module; its folder is no package, to leave that name to others."""
    spec = spec_from_file_location(f'container_{path.stem}', path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


health = loaded(ROOT / 'docker' / 'health.py')
DOCKERFILE = (ROOT / 'Dockerfile').read_text()
ENTRY_POINT = ROOT / 'docker' / 'entrypoint.sh'
ROWS = [line.split() for line in (ROOT / 'docker' / 'pytorch.txt').read_text().splitlines()
        if not line.startswith('#')]
STUB = '#!/bin/sh\nprintf "%s\\n" "$(basename "$0")" "$@"\n'


@pytest.fixture
def stubs(tmp_path):
    """Return variables with which python and others only print how they were called."""
    folder = tmp_path / 'bin'
    folder.mkdir()
    for name in ('python', 'python3', 'rviz2'):
        path = folder / name
        path.write_text(STUB)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return {'PATH': f'{folder}:{os.environ["PATH"]}', 'SERVER_PORT': '7017'}


def called(variables, *arguments):
    """Return the words that the entry point runs."""
    return subprocess.check_output(
        [ENTRY_POINT, *arguments], env=variables, text=True).splitlines()


SERVER = ['python', '-m', 'nerfstudio_renderer.server', '--host', '0.0.0.0', '--port', '7017']
NODE = ['python', '-m', 'nerfstudio_renderer_ros']


@pytest.mark.parametrize(('arguments', 'expected'), [
    ([], SERVER),
    (['server'], SERVER),
    (['--service', 'restricted'], [*SERVER, '--service', 'restricted']),
    (['server', '--port', '7018'], [*SERVER, '--port', '7018']),
    (['node'], NODE),
    (['node', '--ros-args', '-p', 'config:=/scenes/my office'],
     [*NODE, '--ros-args', '-p', 'config:=/scenes/my office']),
    (['rviz2', '-d', 'a b'], ['rviz2', '-d', 'a b']),
], ids=' '.join)
def test_entry_point_does_the_job(stubs, arguments, expected):
    assert called(stubs, *arguments) == expected


@pytest.mark.parametrize(('architectures', 'expected'), [
    ('86', '8.6'), ('75;86', '7.5;8.6'), ('90a;100;120', '9.0a;10.0;12.0'), ('', ''),
])
def test_entry_point_names_the_gpus_as_pytorch_does(stubs, architectures, expected):
    variables = {**stubs, 'CUDA_ARCHITECTURES': architectures}
    assert called(variables, 'printenv', 'TORCH_CUDA_ARCH_LIST') == [expected]


def test_entry_point_ends_as_the_command_does(stubs):
    assert subprocess.call([ENTRY_POINT, 'sh', '-c', 'exit 3'], env=stubs) == 3


@pytest.mark.parametrize(
    'name', ['CUDA_VERSION', 'CUDA_ARCHITECTURES', 'OS_VERSION', 'SERVER_PORT', 'BASE_IMAGE'])
def test_dockerfile_uses_its_arguments(name):
    declaration = re.search(rf'^ARG {name}\b', DOCKERFILE, re.MULTILINE)
    assert declaration, f'no ARG {name}'
    uses = re.findall(rf'\$\{{?{name}\b', DOCKERFILE[declaration.end():])
    assert uses, f'{name} is not used'


def test_dockerfile_ends_with_the_server_of_a_user_without_rights():
    last = dict(re.findall(r'^([A-Z]+) (.*)$', DOCKERFILE, re.MULTILINE))
    assert last['USER'] == '1000'
    assert last['EXPOSE'] == '$SERVER_PORT'
    assert last['VOLUME'] == '/scenes'
    assert last['ENTRYPOINT'] == '["/opt/nerfstudio_renderer/docker/entrypoint.sh"]'
    assert last['CMD'] == '["server"]'


def sources():
    """Return what the Dockerfile copies from the checkout."""
    copies = re.findall(r'^COPY (.*) \S+$', DOCKERFILE, re.MULTILINE)
    return [name for names in copies for name in names.split()]


@pytest.mark.parametrize('name', sources())
def test_copied_sources_exist_and_are_sent_to_the_builder(name):
    assert (ROOT / name).exists()
    assert f'!{Path(name).parts[0]}' in (ROOT / '.dockerignore').read_text().splitlines()


def check(cuda='11.8.0', architectures='86', port='7007', pytorch=''):
    """Return the status and the error of the check of these build arguments."""
    done = subprocess.run(
        [ROOT / 'docker' / 'check.sh', cuda, architectures, port, pytorch],
        stderr=subprocess.PIPE, text=True)
    return done.returncode, done.stderr


@pytest.mark.parametrize('arguments', [
    *({'cuda': f'{row[0]}.1'} for row in ROWS if row[0] != 'cpu'),
    {'architectures': '75;86'}, {'architectures': '90a'}, {'port': '1'}, {'port': '65535'},
    {'cuda': '99.9.9', 'pytorch': 'lock'}, {'cuda': '99.9.9', 'pytorch': 'cpu'},
], ids=str)
def test_right_arguments_are_accepted(arguments):
    assert check(**arguments) == (0, '')


@pytest.mark.parametrize('arguments', [
    {'cuda': '10.2.1'}, {'cuda': ''}, {'cuda': '11x8.0'}, {'pytorch': '10.2'},
    {'architectures': '8.6'}, {'architectures': '75,86'}, {'architectures': ''},
    {'architectures': '86;'}, {'port': 'http'}, {'port': ''}, {'port': '0'}, {'port': '65536'},
    {'port': '99999999999999999999'}, {'port': '-7'},
], ids=str)
def test_wrong_argument_is_named_in_one_line(arguments):
    status, error = check(**arguments)
    assert status == 1
    assert error.startswith('error: ') and error.count('\n') == 1
    assert all(f"'{value}'" in error for value in arguments.values())


def test_table_has_a_release_of_both_packages_for_each_build():
    assert ['11.8', '2.7.1', '0.22.1', 'cu118'] in ROWS
    for cuda, torch, torchvision, build in ROWS:
        assert build == ('cpu' if cuda == 'cpu' else f'cu{cuda.replace(".", "")}')
        # They are released together: torch 2.x is of torchvision 0.(x + 15).
        assert int(torchvision.split('.')[1]) == int(torch.split('.')[1]) + 15
        assert torchvision.split('.')[2] == torch.split('.')[2]
    assert len({row[0] for row in ROWS}) == len(ROWS)


@pytest.fixture
def image_folder(tmp_path, stubs):
    """Return a folder as the Dockerfile has it, whose .venv has a Python that only prints."""
    root = tmp_path / 'image'
    shutil.copytree(ROOT / 'docker', root / 'docker')
    shutil.copytree(ROOT / 'requirements', root / 'requirements')
    (root / '.venv' / 'bin').mkdir(parents=True)
    shutil.copy(shutil.which('python', path=stubs['PATH']), root / '.venv' / 'bin')
    return root


def install(root, stubs, *arguments):
    return subprocess.check_output(
        [root / 'docker' / 'pytorch.sh', *arguments], env=stubs, text=True).split()


def test_pytorch_is_installed_from_the_index_of_its_build(image_folder, stubs):
    words = install(image_folder, stubs, '12.4.1', '', '')
    assert words[words.index('--index-url') + 1] == 'https://download.pytorch.org/whl/cu124'
    assert words[-2:] == ['torch==2.6.0', 'torchvision==0.21.0']


def test_pytorch_is_installed_from_the_index_that_is_given(image_folder, stubs):
    words = install(image_folder, stubs, '12.4.1', 'cpu', 'https://mirror/simple')
    assert words[words.index('--index-url') + 1] == 'https://mirror/simple'


def test_nothing_of_the_locked_pytorch_is_left_in_the_requirements(image_folder, stubs):
    lock = image_folder / 'requirements' / 'lock.txt'
    before = lock.read_text().splitlines()
    install(image_folder, stubs, '11.8.0', '', '')
    after = lock.read_text().splitlines()
    gone = {line.split('==')[0] for line in before} - {line.split('==')[0] for line in after}
    assert {'torch', 'torchvision', 'triton', 'cuda-toolkit', 'nvidia-nccl-cu13'} <= gone
    # What only PyTorch's wheels ask for: nothing else may go.
    assert all(re.fullmatch('torch|torchvision|triton|(nvidia|cuda)-.*', name) for name in gone)
    assert any(line.startswith('torchmetrics==') for line in after)


def test_locked_pytorch_is_left_alone_on_request(image_folder, stubs):
    before = (image_folder / 'requirements' / 'lock.txt').read_text()
    assert install(image_folder, stubs, '11.8.0', 'lock', '') == []
    assert (image_folder / 'requirements' / 'lock.txt').read_text() == before


def test_tiny_cuda_nn_without_a_compiler_is_refused(tmp_path):
    done = subprocess.run(
        ['/bin/sh', ROOT / 'docker' / 'kernels.sh', 'v1.7'], env={'PATH': str(tmp_path)},
        stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr.count('\n')) == (1, 1)
    assert 'BASE_IMAGE' in done.stderr


COMPOSE = yaml.safe_load((ROOT / 'compose.yaml').read_text())['services']


def test_compose_publishes_on_this_machine_alone():
    published = [port for service in COMPOSE.values() for port in service.get('ports', [])]
    assert published and all(port.startswith('127.0.0.1:') for port in published)
    assert 'network_mode' not in COMPOSE['server']


@pytest.mark.parametrize('name', ['node', 'rviz'])
def test_compose_lets_ros_share_memory(name):
    service = COMPOSE[name]
    assert (service['network_mode'], service['ipc']) == ('host', 'host')
    assert service['user'] == COMPOSE['node']['user']
    assert service['environment']['ROS_DOMAIN_ID'] == COMPOSE['node']['environment'][
        'ROS_DOMAIN_ID']


@pytest.mark.parametrize('name', ['server', 'node'])
def test_compose_gives_the_renderer_a_gpu_and_its_arguments(name):
    service = COMPOSE[name]
    device, = service['deploy']['resources']['reservations']['devices']
    assert device['capabilities'] == ['gpu']
    assert set(service['build']['args']) <= set(re.findall(r'^ARG (\w+)', DOCKERFILE, re.M))


def test_rviz_has_the_configuration_of_the_project():
    bound = [volume.split(':') for volume in COMPOSE['rviz']['volumes']]
    assert [source for source, target, *_ in bound if target in COMPOSE['rviz']['command']] \
        == ['./config/renderer.rviz']
    assert (ROOT / 'config' / 'renderer.rviz').is_file()


def processes(folder, *command, root='/'):
    """Write a process as /proc has it, and return the folder."""
    (folder / '7').mkdir()
    (folder / '7' / 'root').symlink_to(root)
    (folder / '7' / 'cmdline').write_text(''.join(f'{word}\0' for word in command))
    (folder / 'self').mkdir()
    return folder


def test_health_check_finds_the_port_that_counts(tmp_path):
    command = [*SERVER, '--service', 'restricted', '--port=7018']
    arguments, = health.servers(processes(tmp_path, *command))
    options = health.parsed(arguments)
    assert (options.port, options.tls_cert) == (7018, None)


def test_health_check_leaves_other_jobs_alone(tmp_path):
    assert health.servers(processes(tmp_path, *NODE)) == []


def test_health_check_leaves_other_containers_alone(tmp_path):
    assert health.servers(processes(tmp_path, *SERVER, root='/usr')) == []


def test_health_check_with_tls_sees_whether_somebody_listens():
    with socket.create_server(('127.0.0.1', 0)) as listener:
        port = listener.getsockname()[1]
        health.is_taken(port)
    with pytest.raises(ConnectionRefusedError):
        health.is_taken(port)


def test_health_check_pings_a_server_of_ours():
    with serving() as port:
        health.answers(port)
    with pytest.raises(OSError):
        health.answers(port)


def test_health_check_tells_what_is_wrong(monkeypatch, capsys):
    with socket.create_server(('127.0.0.1', 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setattr(health, 'servers', lambda _: [['--port', str(port)]])
    assert health.main() == 1
    output = capsys.readouterr().out
    assert output.startswith(f'no answer on port {port}: ') and output.count('\n') == 1


def test_health_check_needs_nothing_but_the_image():
    imports = re.findall(r'^\s*(?:import|from) (\w+)', Path(health.__file__).read_text(), re.M)
    assert set(imports) - set(sys.stdlib_module_names) == {'rpyc'}
