# SPDX-License-Identifier: Apache-2.0
"""YAML as plain values, of ordinary and of hostile files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
import math
from pathlib import Path
import tracemalloc

from nerfstudio_renderer import SceneError
from nerfstudio_renderer.scene.yaml_values import LARGEST_FILE, read_yaml, Tagged
import pytest
import yaml

PYTHON = 'tag:yaml.org,2002:python/'
MIB = 1 << 20


def _write(folder: Path, content: str | bytes) -> Path:
    path = folder / 'config.yml'
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def _read(folder: Path, content: str | bytes):
    return read_yaml(_write(folder, content))


PLAIN = {
    'a': [1, -2, 0x1f, 0o17, 1.5, -1e-3, float('inf'), True, False, None],
    'b': {'c': 'text', 'd': '', 'e': 'two\nlines', 'ü': 'ß', 'no': "it's"},
    'f': [[], {}, [[1]], {'g': {}}], 3: 'number', 1.5: 'real', True: 'truth', None: 'nothing',
}


def test_plain_values_are_read_as_yaml_reads_them(tmp_path):
    text = yaml.safe_dump(PLAIN, allow_unicode=True)
    assert _read(tmp_path, text) == yaml.safe_load(text) == PLAIN


@pytest.mark.parametrize('text', [
    '1', '1.0', '1e3', '1.e+3', '.5', '-.inf', '0x1F', '0o17', '017', '1_000', '1:30', '190:20:30',
    'true', 'Yes', 'off', 'null', '~', '', 'Null', 'nan', '1e', '0x', '08', '+1', 'a: b', '"1"',
    "'true'", '- 1', '[1, 2,]', '{a: 1, b}', '>\n a\n b\n', '|\n a\n b\n', '=', '? a\n: b',
])
def test_scalars_are_resolved_as_yaml_resolves_them(tmp_path, text):
    expected = yaml.safe_load(f'[{text}]' if text in ('', '=') else text) if text != '=' else None
    if text == '=':  # YAML 1.1's "value", which PyYAML cannot construct
        assert _read(tmp_path, text) == '='
    elif text == '':
        assert _read(tmp_path, 'a:') == {'a': None}
    else:
        read = _read(tmp_path, text)
        assert (type(read), read) == (type(expected), expected)


def test_dates_stay_text(tmp_path):
    assert isinstance(yaml.safe_load('2001-01-01'), date)
    assert _read(tmp_path, '[2001-01-01, 2001-99-99]') == ['2001-01-01', '2001-99-99']


def test_not_a_number_is_one(tmp_path):
    assert math.isnan(_read(tmp_path, '.nan'))


def test_pythons_plain_tags_are_plain_values(tmp_path):
    text = yaml.dump({'a': (1, (2.5, 'x')), 'b': [(), None]})
    assert '!!python/tuple' in text
    assert _read(tmp_path, text) == {'a': (1, (2.5, 'x')), 'b': [(), None]}
    typed = '[!!python/int "3", !!python/float "2", !!python/bool "true", !!python/str "4",\n' \
            ' !!python/none "", !!python/list [1], !!python/dict {a: 1}]'
    assert _read(tmp_path, typed) == [3, 2.0, True, '4', None, [1], {'a': 1}]


@pytest.mark.parametrize(('text', 'tagged', 'name'), [
    ('!!python/object:a.b.C {x: 1}', Tagged(f'{PYTHON}object:a.b.C', {'x': 1}), 'a.b.C'),
    ('!!python/name:a.b ""', Tagged(f'{PYTHON}name:a.b', ''), 'a.b'),
    ('!!python/module:os ""', Tagged(f'{PYTHON}module:os', ''), 'os'),
    ('!!python/object/apply:os.system [ls]', Tagged(f'{PYTHON}object/apply:os.system', ['ls']),
     'os.system'),
    ('!!python/object/new:a.B [1]', Tagged(f'{PYTHON}object/new:a.B', [1]), 'a.B'),
    ('!local x', Tagged('!local', 'x'), None),
    ('!<tag:x,2000:y> [1]', Tagged('tag:x,2000:y', [1]), None),
    ('!!python/unknown x', Tagged(f'{PYTHON}unknown', 'x'), None),
    ('!!binary aGk=', Tagged('tag:yaml.org,2002:binary', 'aGk='), None),
    ('!!set {a, b}', Tagged('tag:yaml.org,2002:set', {'a': None, 'b': None}), None),
])
def test_other_tags_are_data(tmp_path, text, tagged, name):
    assert _read(tmp_path, text) == tagged
    assert tagged.python_name == name


def test_an_alias_is_the_same_object(tmp_path):
    read = _read(tmp_path, 'a: &x [1, 2]\nb: *x\nc: {d: *x}')
    assert read == {'a': [1, 2], 'b': [1, 2], 'c': {'d': [1, 2]}}
    assert read['a'] is read['b'] is read['c']['d']


@pytest.mark.parametrize('content', [
    b'a: 1\r\nb:\r\n- 2\r\n', b'\xef\xbb\xbfa: 1\nb:\n- 2\n', b'---\na: 1\nb:\n- 2\n...\n',
    b'%YAML 1.1\n---\na: 1\nb: [2]\n',
])
def test_line_ends_marks_and_directives_do_not_matter(tmp_path, content):
    assert _read(tmp_path, content) == {'a': 1, 'b': [2]}


def test_tags_that_do_not_fit_their_value_are_no_error_of_ours(tmp_path):
    odd = _read(tmp_path, '[!!timestamp x, !!int abc, !!float x, !!bool maybe, !!null x]')
    assert odd[:3] == ['x', 'abc', 'x']


@pytest.mark.parametrize('digits', [65, 5000, 100_000])
def test_numbers_of_many_digits_stay_text(tmp_path, digits):
    assert _read(tmp_path, f'a: {"9" * digits}') == {'a': '9' * digits}


@contextmanager
def bounded_memory(most: int) -> Iterator[None]:
    """Refuse more memory than ``most`` at a time, in bytes."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < most
    finally:
        tracemalloc.stop()


def _laughs(kind: str) -> str:
    lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]']
    for level in range(1, 30):
        again = ', '.join([f'*a{level - 1}'] * 9)
        pairs = ', '.join(f'k{i}: *a{level - 1}' for i in range(9))
        value = f'[{again}]' if kind == 'list' else f'{{{pairs}}}'
        lines.append(f'a{level}: &a{level} {value}')
    return '\n'.join(lines)


def _merges() -> str:
    lines = ['a0: &a0 {x: 1}']
    for level in range(1, 25):
        lines.append(f'a{level}: &a{level}\n  <<: [*a{level - 1}, *a{level - 1}]')
    return '\n'.join(lines)


HOSTILE = {
    'laughing lists': (_laughs('list'), 'more than 200000 values'),
    'laughing mappings': (_laughs('mapping'), 'more than 200000 values'),
    'merge keys': (_merges(), 'merge keys'),
    'one merge key': ('a: &a {x: 1}\nb:\n  <<: *a', 'merge keys'),
    'a list that holds itself': ('&a [*a]', 'alias'),
    'a mapping that holds itself': ('a: &a {b: *a}', 'alias'),
    'a key that holds itself': ('&a {*a : 1}', 'alias'),
    'an alias of nothing': ('[*nothing]', 'alias'),
    'deep lists': ('[' * 10_000, 'more than 64 deep'),
    'deep mappings': ('{a: ' * 10_000, 'more than 64 deep'),
    'deep blocks': ('\n'.join(' ' * depth + 'a:' for depth in range(200)), 'more than 64 deep'),
    'deep sequences': ('- ' * 10_000 + 'a', 'more than 64 deep'),
    'many values': ('[' + 'x,' * 250_000 + ']', 'more than 200000 values'),
    'too large': ('a: ' + 'x' * (5 << 20), 'larger than 4 MiB'),
    'a list as key': ('? [1, 2]\n: 3', 'a key is not a plain value'),
    'a tag as key': ('!x a: 3', 'a key is not a plain value'),
    'two documents': ('a: 1\n--- \nb: 2', 'one YAML document'),
    'nothing': ('', 'one YAML document'),
    'a comment': ('# a', 'one YAML document'),
    'not closed': ('a: [', 'not readable YAML'),
    'a tab': ('a:\n\t- b', 'not readable YAML'),
    'a zero byte': ('a: \0', 'not readable YAML'),
    'a control character': ('a: \x01', 'not readable YAML'),
    'latin 1': ('a: ü'.encode('latin-1'), 'not readable YAML'),
    'UTF-16': ('a: 1'.encode('utf-16'), 'not readable YAML'),
    'random bytes': (bytes(range(256)) * 16, 'not readable YAML'),
    'another version': ('%YAML 9.9\n---\na', 'not readable YAML'),
    'an unknown handle': ('!x!y a', 'not readable YAML'),
    'a long alias': ('*' + 'a' * 100_000, 'alias'),
    'a long tag': ('? !' + 'a' * 100_000 + ' b', 'a key is not a plain value'),
    'a surrogate': ('a: "\\ud800"', 'not readable YAML'),
}


@pytest.mark.parametrize(('content', 'reason'), HOSTILE.values(), ids=HOSTILE)
def test_hostile_files_are_refused_in_one_line_and_little_memory(tmp_path, content, reason):
    path = _write(tmp_path, content)
    with bounded_memory(64 * MIB), pytest.raises(SceneError, match=reason) as refusal:
        read_yaml(path)
    message = str(refusal.value)
    assert repr(str(path)) in message
    assert '\n' not in message
    assert len(message) < 1500


def test_a_huge_sparse_file_is_not_read(tmp_path):
    path = _write(tmp_path, 'a: 1\n')
    with path.open('r+b') as file:
        file.truncate(1 << 33)
    with bounded_memory(4 * LARGEST_FILE), pytest.raises(SceneError, match='larger than 4 MiB'):
        read_yaml(path)


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(SceneError, match='is not readable YAML'):
        read_yaml(tmp_path)


def test_what_is_nearly_too_much_is_read(tmp_path):
    assert len(_read(tmp_path, '[' + 'x,' * 190_000 + ']')) == 190_000
    assert _read(tmp_path, '[' * 60 + ']' * 60)
