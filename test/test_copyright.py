# SPDX-License-Identifier: Apache-2.0
"""Every source file says under which licence it is."""

from linted_sources import FILES, ROOT
import pytest

_LINE = '# SPDX-License-Identifier: Apache-2.0'


@pytest.mark.linter
def test_every_file_names_its_licence_in_its_first_line():
    sources = [*((path, _LINE) for path in FILES),
               *((path, _LINE.replace('#', '//'))
                 for ending in ('cpp', 'hpp')
                 for folder in ('nerfstudio_renderer', 'test')
                 for path in (ROOT / folder).rglob(f'*.{ending}'))]
    assert len(sources) > 300
    without = [path.relative_to(ROOT) for path, line in sources
               if path.read_text().partition('\n')[0] != line]
    assert without == []
