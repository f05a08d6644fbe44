# SPDX-License-Identifier: Apache-2.0
"""The script that users have, as it stands, against the server as they start it."""

from __future__ import annotations

from nerfstudio_renderer.scene.files import bundled_config
from support.documents import python_blocks
from support.servers import REAL_SERVER, run_client, ServerProcess

SCRIPT = """
import rpyc, random, time
conn = rpyc.classic.connect('localhost', port=<PORT>)
conn.execute('import nerfstudio_renderer')
conn.execute('from pathlib import Path')
# "For some reason, netref-based methods keep resulting in timeouts."
conn.execute('rq = nerfstudio_renderer.NerfStudioRenderQueue(model_config_path=Path("<MODEL_CONFIG_PATH>"))')
position = [random.random() for _ in range(3)]
rotation = [0., -152, 0.]
conn.execute(f'rq.update_camera({position}, {rotation})')
time.sleep(3)
image = conn.eval('rq.get_rgb_image()')
conn.execute('del rq')
"""  # noqa: E501 - it is the user's

THEN = """
import numpy as np
from PIL import Image
assert type(image) is np.ndarray, type(image)
assert image.dtype == np.float32 and image.ndim == 3 and image.shape[2] == 3
assert 0.0 <= image.min() <= image.max() <= 1.0
assert image.flags.writeable
image.copy()[0, 0] = 0.5
assert np.asarray(image) is image
picture = Image.fromarray((image * 255).astype('uint8'))
assert picture.size == (image.shape[1], image.shape[0])
assert type(rpyc.utils.classic.obtain(image)) is np.ndarray
print('threads', conn.eval(
    "sum(each.name == 'render' for each in __import__('threading').enumerate())"))
"""


def test_the_script_runs_as_it_stands(real_server):
    script = SCRIPT.replace('<PORT>', str(real_server.port))
    script = script.replace('<MODEL_CONFIG_PATH>', str(bundled_config()))
    assert run_client(script + THEN) == 'threads 0\n'


def test_the_server_renders_without_pytorch_and_nerfstudio(tmp_path):
    with ServerProcess(REAL_SERVER, tmp_path / 'log') as server, server.connect() as client:
        client.execute('import nerfstudio_renderer, sys')
        client.execute("rq = nerfstudio_renderer.NerfStudioRenderQueue(device='cpu')")
        client.execute('rq.update_camera([0.0, 0.0, 0.0], [90.0, 0.0, 0.0])')
        assert client.eval('rq.wait_for_image(60.0)').shape[2] == 3
        assert client.eval("' '.join({'torch', 'nerfstudio', 'scipy'} & set(sys.modules))") == ''


def test_the_documented_scripts_run(pattern_server):
    by_text, by_reference = (
        *python_blocks('conn = rpyc.classic.connect('), *python_blocks('rq = conn.modules')
    )
    script = by_text.replace('7007', str(pattern_server.port)).replace('sleep(3)', 'sleep(1)')
    again = by_reference.replace('image = ', 'time.sleep(1); again = ')
    then = 'print(type(image).__name__, type(again).__name__)'
    assert run_client(script + again + then) == 'ndarray ndarray\n'


def test_two_clients_share_the_loaded_model(real_server):
    construct = (
        'import nerfstudio_renderer; rq = nerfstudio_renderer.NerfStudioRenderQueue()'
    )
    loads = real_server.output.count('INFO: read ')
    with real_server.connect() as one, real_server.connect() as other:
        one.execute(construct)
        other.execute(construct)
        assert real_server.output.count('INFO: read ') == loads + 1
        one.execute('del rq')
        other.execute('rq.update_camera([0.0, 0.0, 0.5], [60.0, 0.0, 0.0]); del rq')
        one.execute(construct)  # nobody has held it meanwhile
        assert real_server.output.count('INFO: read ') == loads + 2
