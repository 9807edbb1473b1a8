#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Keeps docs/rfc-coverage.md true: what its tables name must exist.

    tools/dev/rfc-coverage.py            how many rows there are in each state
    tools/dev/rfc-coverage.py --check    fails on a function, test, row of a test or configuration key that is not there

A cell of the columns `by` and `test` is a list of groups, `name`, `name` (file); a file is the end of a path that fits only one
file. A quoted name is a row of a test's table; a name behind the word key is a configuration key.
"""
import functools
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOC = ROOT / 'docs' / 'rfc-coverage.md'
CODE = ('dataplane', 'control', 'config', 'tools', 'tests')
STATES = ('done', 'partly', 'differs', 'not', 'n/a')
GROUP = re.compile(r'((?:`[^`]+`(?:, )?)+) \(([\w./-]+)\)')
KEYS = re.compile(r'key `([^`]+)`')


@functools.cache
def files():
    return [p for top in CODE for p in (ROOT / top).rglob('*') if p.is_file() and '__pycache__' not in p.parts]


@functools.cache
def text_of(name):
    """(text, None) of the one file whose path ends like that, or (None, why not)."""
    found = [p for p in files() if ('/' + str(p.relative_to(ROOT))).endswith('/' + name)]
    if len(found) != 1:
        return None, f'{len(found)} files are called {name}'
    return found[0].read_text(errors='replace'), None


def is_test(name):
    return pathlib.PurePath(name).name.startswith('test_') or name.endswith('cases.py')


def exists(name, file, text):
    if name.startswith('"'):
        return name in text
    word = re.escape(name)
    if file.endswith('.py'):
        test = rf'^    def {word}\(self' if word.startswith('test_') else rf'^@case\ndef {word}\('
        return re.search(test if is_test(file) else rf'^def {word}\(', text, re.M)
    if is_test(file):
        return re.search(rf'^{word}\(void \*\*', text, re.M) and re.search(rf'cmocka_unit_test\w*\(\s*{word}\b', text)
    return re.search(rf'^{word}\(', text, re.M)


def cell_errors(cell):
    """What a cell names and is not there; also anything that is not a group, which would go unchecked."""
    errors, rest = [], cell
    for names, file in GROUP.findall(cell):
        text, why = text_of(file)
        if text is None:
            errors.append(why)
            continue
        errors += [f'{name} is not in {file}' for name in re.findall(r'`([^`]+)`', names) if not exists(name, file, text)]
    for key in KEYS.findall(cell):
        schema, _ = text_of('config/schema.c')
        errors += [f'no configuration key {part}' for part in key.split('.') if f'"{part}"' not in schema]
    rest = KEYS.sub('', GROUP.sub('', cell)).strip(' ;,-')
    return errors + ([f'cannot be read: {rest}'] if rest else [])


def rows():
    """(line number, cells) of each table row below a heading line."""
    table = False
    for number, line in enumerate(DOC.read_text().splitlines(), 1):
        if not line.startswith('|'):
            table = False
        elif not table:
            table = True
        elif not line.startswith('| ---'):
            yield number, [c.strip() for c in line.strip().strip('|').split(' | ')]


def row_errors(cells):
    if len(cells) != 5:
        return [f'{len(cells)} cells instead of 5']
    state = cells[4].split(':')[0].split()[0] if cells[4] else ''
    errors = cell_errors(cells[2]) + cell_errors(cells[3])
    if state not in STATES:
        errors.append(f'state is {cells[4] or "empty"}, not one of {", ".join(STATES)}')
    if state == 'done' and (cells[2] == '-' or cells[3] == '-'):
        errors.append('done, but without code or test')
    if state not in ('done', 'n/a') and ':' not in cells[4]:
        errors.append(f'{state}: says not why')
    return errors


def main():
    count, errors = dict.fromkeys(STATES, 0), []
    for number, cells in rows():
        errors += [f'docs/rfc-coverage.md:{number}: {e}' for e in row_errors(cells)]
        state = cells[-1].split(':')[0].split()
        if state and state[0] in count:
            count[state[0]] += 1
    if '--check' not in sys.argv:
        print(', '.join(f'{n} {state}' for state, n in count.items()))
    if sum(count.values()) == 0:
        errors.append('docs/rfc-coverage.md has no rows')
    print('\n'.join(errors), end='\n' if errors else '')
    return 1 if errors else 0


if __name__ == '__main__':
    sys.exit(main())
