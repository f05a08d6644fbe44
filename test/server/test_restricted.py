# SPDX-License-Identifier: Apache-2.0
"""The restricted service: a queue's own calls on the scenes of one folder, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
import time

from nerfstudio_renderer import SceneError
from nerfstudio_renderer.server.scene_folder import SceneFolder
import numpy as np
import pytest
import rpyc
from rpyc.core import brine, consts
from support.documents import python_blocks
from support.servers import PATTERN_SERVER, ServerProcess


@pytest.fixture(scope='module')
def folders(tmp_path_factory: pytest.TempPathFactory, camera_config: Path) -> Path:
    """Return a folder that holds the folder ``scenes``, and scenes outside of it."""
    root = tmp_path_factory.mktemp('restricted')
    for name in ('scenes/office', 'scenes/linked_model', 'scenes-of-others/secret'):
        (root / name).mkdir(parents=True)
        (root / name / 'config.yml').touch()
    for name in ('scenes/office', 'scenes-of-others/secret'):
        (root / name / 'nerfstudio_models').mkdir()
        (root / name / 'nerfstudio_models/step-000000001.ckpt').touch()
    (root / 'scenes/levels.json').write_text(camera_config.read_text())
    (root / 'outside.json').write_text(camera_config.read_text())
    (root / 'scenes/link').symlink_to(root / 'scenes-of-others/secret')
    (root / 'scenes/circle').symlink_to(root / 'scenes/circle')
    (root / 'scenes/inner_link').symlink_to(root / 'scenes/office')
    (root / 'scenes/linked_model/nerfstudio_models').symlink_to(
        root / 'scenes-of-others/secret/nerfstudio_models'
    )
    return root


@pytest.fixture(scope='module')
def server(folders: Path) -> Iterator[ServerProcess]:
    """Return a restricted server."""
    options = ['--service', 'restricted', '--scenes', str(folders / 'scenes')]
    with ServerProcess(PATTERN_SERVER, folders / 'log', options) as server:
        yield server


@pytest.fixture
def client(server: ServerProcess) -> Iterator[rpyc.Connection]:
    """Return an unmodified client without any service of its own."""
    with rpyc.connect('localhost', server.port) as connection:
        yield connection


def _next_image(queue) -> np.ndarray:
    deadline = time.monotonic() + 20.0
    while (answer := queue.get_rgb_image()) is None:
        assert time.monotonic() < deadline, 'no image came'
        time.sleep(0.005)
    shape, dtype, data = answer
    return np.frombuffer(data, dtype).reshape(shape)


@pytest.mark.parametrize('form', [list, tuple])
def test_a_queue_works_and_its_pictures_are_values(client, form):
    queue = client.root.NerfStudioRenderQueue('office', camera_config_path='levels.json')
    queue.update_camera(form([0.25, 0, 0.5]), form([0.0, -152, 0]))
    image = _next_image(queue)
    while image.shape != (12, 20, 3):
        image = _next_image(queue)
    assert image.dtype == np.float32
    assert image[0, 0, 0] == 0.25
    assert queue.get_rgb_image() is None
    queue.close()


def test_the_documented_client_works(server, capsys):
    (script,) = python_blocks('rpyc.connect(')
    script = script.replace("'renderer', 7007", f"'localhost', {server.port}")
    script = script.replace(
        'answer = rq.get_rgb_image()', 'while (answer := rq.get_rgb_image()) is None: pass'
    )
    names = {}
    exec(script, names)
    assert names['image'].ndim == 3
    names['conn'].close()


@pytest.mark.parametrize('path', ['office', 'office/config.yml', './office/../office',
                                  'inner_link', '{scenes}/office'])
def test_scenes_inside_the_folder_may_be_named_in_any_way(client, folders, path):
    path = path.format(scenes=folders / 'scenes')
    client.root.NerfStudioRenderQueue(model_config_path=path).close()


@pytest.mark.parametrize('path', [
    '../scenes-of-others/secret', 'link', 'link/config.yml', 'linked_model', '/etc/passwd',
    '{root}/scenes-of-others/secret/config.yml', 'office/../../scenes-of-others/secret', '..', '/',
    '~', '/proc/self/root/etc', 'circle', 'a\0b', 'x' * 5000, 'nothing', '',
])
def test_scenes_outside_the_folder_are_refused(client, folders, path):
    with pytest.raises(Exception, match='outside|no path|does not exist|too long'):
        client.root.NerfStudioRenderQueue(path.format(root=folders))
    assert client.ping() is None


@pytest.mark.parametrize('ask', [
    lambda root, name: root.NerfStudioRenderQueue(name),
    lambda root, name: root.NerfStudioRenderQueue('../' + name),
    lambda root, name: root.NerfStudioRenderQueue('office', (name,)),
    lambda root, name: root.NerfStudioRenderQueue('office', camera_config_path=name),
    getattr,
], ids=['long', 'outside', 'checkpoint', 'camera', 'attribute'])
def test_a_long_name_is_not_echoed_whole(client, ask):
    with pytest.raises(Exception, match=r'characters\)') as refusal:  # noqa: PT011 - the server's
        ask(client.root, 'x' * 500_000)
    assert len(str(refusal.value).split('========= Remote')[0]) < 1200


@pytest.mark.parametrize('arguments', [
    {'checkpoint_path': '../scenes-of-others/secret/nerfstudio_models/step-000000001.ckpt'},
    {'checkpoint_path': 'link/nerfstudio_models/step-000000001.ckpt'},
    {'camera_config_path': '../outside.json'},
    {'camera_config_path': '/etc/passwd'},
])
def test_the_other_paths_are_confined_too(client, arguments):
    with pytest.raises(Exception, match='outside the folder of scenes'):
        client.root.NerfStudioRenderQueue('office', **arguments)


@pytest.mark.parametrize('arguments', [
    {'model_config_path': Path('office')}, {'model_config_path': 7}, {'model_config_path': None},
    {'model_config_path': 'office', 'device': ('cpu',)},
    {'model_config_path': 'office', 'camera_config_path': ['levels.json']},
    {'model_config_path': 'office', 'no_such': 'parameter'}, {},
])
def test_arguments_of_other_types_are_refused(client, arguments):
    with pytest.raises(Exception, match='refused|no string|argument'):
        client.root.NerfStudioRenderQueue(**arguments)
    assert client.ping() is None


def test_the_files_beside_a_config_are_confined_too(folders):
    scenes = SceneFolder(folders / 'scenes')
    assert scenes.scene('office', None).config == folders / 'scenes/office/config.yml'
    with pytest.raises(SceneError, match='outside'):
        scenes.scene('linked_model', None)


@pytest.mark.parametrize('position', [
    [0.0, 0.0], [0.0] * 4, ['x', 0, 0], [[0.0], 0, 0], 'abc', {}, np.zeros(3), [float('nan')] * 3,
    [10**400, 0, 0], (None, 0.0, 0.0), [True, 0.0, 0.0],
])
def test_what_is_no_pose_is_refused(client, position):
    queue = client.root.NerfStudioRenderQueue('office')
    with pytest.raises(Exception, match='position|refused'):
        queue.update_camera(position, [0.0, 0.0, 0.0])
    queue.update_camera([0.5, 0.0, 0.0], [0.0, 0.0, 0.0])
    assert _next_image(queue)[0, 0, 0] == 0.5
    queue.close()


NAMES = [
    'execute', 'eval', 'getmodule', 'namespace', 'getconn', 'modules', '_queues', '_scenes',
    'open_queue', 'names', 'on_connect', 'on_disconnect', 'get_service_name', '_connect',
    'exposed_get_service_name', '__dict__', '__init__', '__globals__', '__reduce__',
    '__reduce_ex__', '__getattribute__', '__subclasshook__', '__module__', '_rpyc_getattr',
    '____conn__', 'exposed_', '', 'a' * 10000,
]


def _ask(client: rpyc.Connection, handler: int, *arguments: object) -> object:
    """Send a request as a client may that keeps to none of rpyc's own rules."""
    return client.sync_request(handler, *arguments)


@pytest.mark.parametrize('name', NAMES)
@pytest.mark.parametrize('of', ['root', 'queue', 'method', 'constructor'])
def test_no_other_attribute_can_be_had(client, of, name):
    queue = client.root.NerfStudioRenderQueue('office')
    target = {'root': client.root, 'queue': queue, 'method': queue.close,
              'constructor': client.root.NerfStudioRenderQueue}[of]
    for handler, *arguments in (
        (consts.HANDLE_GETATTR, name),
        (consts.HANDLE_GETATTR, name.encode()),
        (consts.HANDLE_SETATTR, name, 1),
        (consts.HANDLE_DELATTR, name),
        (consts.HANDLE_CALLATTR, name, ()),
    ):
        with pytest.raises(Exception) as caught:  # noqa: B017, PT011 - which one is the server's
            _ask(client, handler, target, *arguments)
        assert not isinstance(caught.value, (EOFError, TimeoutError))
    queue.close()


@pytest.mark.parametrize('handler', sorted(
    value for name, value in vars(consts).items() if name.startswith('HANDLE_')
))
def test_every_other_request_is_refused(client, handler):
    queue = client.root.NerfStudioRenderQueue('office')
    allowed = {consts.HANDLE_PING, consts.HANDLE_GETROOT, consts.HANDLE_REPR, consts.HANDLE_STR,
               consts.HANDLE_HASH, consts.HANDLE_INSPECT, consts.HANDLE_DEL, consts.HANDLE_CLOSE,
               consts.HANDLE_GETATTR, consts.HANDLE_CALL, consts.HANDLE_CALLATTR}
    arguments = {
        consts.HANDLE_CMP: (queue, 1, '__eq__'),
        consts.HANDLE_PICKLE: (queue, 2),
        consts.HANDLE_INSTANCECHECK: (queue, ('builtins.str', 1, 0)),
        consts.HANDLE_OLDSLICING: (queue, '__getitem__', '__getslice__', 0, 1, ()),
        consts.HANDLE_BUFFITER: (queue, 10),
        consts.HANDLE_CTXEXIT: (queue, None),
        consts.HANDLE_DIR: (queue,),
        consts.HANDLE_SETATTR: (queue, '_queue', None),
        consts.HANDLE_DELATTR: (queue, '_queue'),
    }
    assert set(arguments).isdisjoint(allowed)
    if handler not in allowed:
        with pytest.raises(KeyError):
            _ask(client, handler, *arguments[handler])
    assert client.ping() is None
    queue.close()


def test_pickles_are_not_read(client):
    queue = client.root.NerfStudioRenderQueue('office')
    with pytest.raises(KeyError):
        rpyc.utils.classic.obtain(queue)

    class Unpickled:
        """What numpy would read as an array by unpickling it."""

        def __array__(self, *arguments: object) -> np.ndarray:
            raise AssertionError('asked for an array')

        def __reduce__(self) -> tuple:
            raise AssertionError('pickled')

    with pytest.raises(TypeError, match='is refused'):
        queue.update_camera(Unpickled(), [0.0] * 3)
    queue.close()


@pytest.mark.parametrize('path', ['../outside', 'nothing', 'circle', 'x' * 300])
def test_errors_tell_nothing_of_the_server_but_their_reason(client, folders, path):
    with pytest.raises(Exception, match='SceneError|outside|exist|path|long') as caught:
        client.root.NerfStudioRenderQueue(path)
    text = str(caught.value)
    assert '<traceback denied>' in text
    assert '.py' not in text
    assert str(folders) not in text


def test_inspecting_shows_the_calls_alone(client):
    queue = client.root.NerfStudioRenderQueue('office')
    methods = _ask(client, consts.HANDLE_INSPECT, client.root.____id_pack__)
    assert dict(methods) == {'NerfStudioRenderQueue': ''}
    methods = _ask(client, consts.HANDLE_INSPECT, queue.____id_pack__)
    assert set(dict(methods)) == {'update_camera', 'get_rgb_image', 'close'}
    queue.close()


def test_a_classic_client_finds_no_classic_service(server):
    with pytest.raises(AttributeError, match='not part of the restricted service'):
        rpyc.classic.connect('localhost', port=server.port)


def test_references_that_a_client_makes_up_lead_nowhere(client):
    client.root.NerfStudioRenderQueue('office').close()
    for reference in (('builtins.str', 1, 2), ('os', 5, 0), ('x', -1, 10**20)):
        packet = (consts.HANDLE_GETATTR, (consts.LABEL_TUPLE, (
            (consts.LABEL_LOCAL_REF, reference), (consts.LABEL_VALUE, 'system'))))
        answer = []
        client._request_callbacks[10**6] = lambda *result: answer.append(result)  # noqa: B023
        client._channel.send(bytes([consts.MSG_REQUEST]) + brine.dump((10**6, packet)))
        while not answer:
            client.serve(5.0)
        assert isinstance(answer[0][1], KeyError)


def test_a_client_has_a_bounded_number_of_queues(client, server):
    queues = [client.root.NerfStudioRenderQueue('office') for _ in range(16)]
    with pytest.raises(Exception, match='16 queues are open here'):
        client.root.NerfStudioRenderQueue('office')
    with rpyc.connect('localhost', server.port) as other:
        other.root.NerfStudioRenderQueue('office')
    del queues
    client.ping()
    client.root.NerfStudioRenderQueue('office').close()
