#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Keeps docs/rfc-coverage.md true: what its tables name must exist.

    tools/dev/rfc-coverage.py            how many rows there are in each state
    tools/dev/rfc-coverage.py --check    fails on a function, test, row of a test or configuration key that is not there

The table of the checklist, at the end, has each of its rows once, with configuration keys by their full path.

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
CHECKLIST = 'The checklist: row, key, test'
RANGES = {'G': ((1, 5), (10, 26), (30, 43), (50, 52), (60, 68), (70, 75)), 'M': ((1, 10),), 'L': ((1, 15),),
          'B': ((1, 11), (20, 22), (30, 33))}
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


def calls(text):
    """(maker, arguments) of each row {MAKER(arguments)...} of a table of the schema."""
    for m in re.finditer(r'\{\s*([A-Z_0-9]+)\(', text):
        depth, end = 1, m.end()
        while depth:
            depth += {'(': 1, ')': -1}.get(text[end], 0)
            end += 1
        yield m[1], text[m.end():end - 1]


@functools.cache
def schema_keys():
    """The full path of every configuration key and group: ports.line.rate; names of objects are left out."""
    text = re.sub(r'\\\n', '\n', text_of('config/schema.c')[0])
    macros = {m[1]: m[2] for m in re.finditer(r'^#define (\w+_ROWS)\s+(.*?)(?=^\S)', text, re.M | re.S)}
    tables = {}
    for m in re.finditer(r'^static const struct schema_key (\w+)\[\] = \{(.*?)\bEND\};', text, re.M | re.S):
        body = re.sub(r'\b(\w+_ROWS)\b', lambda use: macros[use[1]], m[2])
        tables[m[1]] = list(calls('{' + body))
    groups = {m[1]: tables[m[2]] for m in re.finditer(r'schema_group (\w+) = \{.*?\.keys = (\w+)', text, re.S) if m[2] in tables}
    policy = [('BOOL', '"want"'), ('BOOL', '"allow"')]
    groups |= {m[1]: policy for m in re.finditer(r'^POLICY\((\w+),', text, re.M)}
    found = set()

    def walk(rows, path):
        for maker, args in rows:
            name = path + re.search(r'"(\w+)"', args)[1]
            found.add(name)
            if maker in ('GROUP', 'MAP', 'LIST'):
                walk(groups[re.search(r'(\w+)\s*$', args)[1]], name + '.')

    walk(tables['root_keys'], '')
    return found


def key_errors(cell, whole):
    """Keys that are not there. whole: by their full path; else by any end of it."""
    def is_there(key):
        return key in schema_keys() or not whole and any(k.endswith('.' + key) for k in schema_keys())
    return [f'no configuration key {key}' for key in KEYS.findall(cell) if not is_there(key)]


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
    errors += key_errors(cell, False)
    rest = KEYS.sub('', GROUP.sub('', cell)).strip(' ;,-')
    return errors + ([f'cannot be read: {rest}'] if rest else [])


def rows():
    """(line number, whether it is one of the checklist's, cells) of each table row below a heading line."""
    table, checklist = False, False
    for number, line in enumerate(DOC.read_text().splitlines(), 1):
        if line.startswith('## '):
            checklist = line[3:] == CHECKLIST
        if not line.startswith('|'):
            table = False
        elif not table:
            table = True
        elif not line.startswith('| ---'):
            yield number, checklist, [c.strip() for c in line.strip().strip('|').split(' | ')]


def state_errors(cell):
    state = cell.split(':')[0].split()[0] if cell else ''
    if state not in STATES:
        return [f'state is {cell or "empty"}, not one of {", ".join(STATES)}']
    return [f'{state}: says not why'] if state not in ('done', 'n/a') and ':' not in cell else []


def row_errors(cells):
    if len(cells) != 5:
        return [f'{len(cells)} cells instead of 5']
    errors = cell_errors(cells[2]) + cell_errors(cells[3]) + state_errors(cells[4])
    if cells[4].startswith('done') and (cells[2] == '-' or cells[3] == '-'):
        errors.append('done, but without code or test')
    return errors


def checklist_errors(cells):
    if len(cells) != 4:
        return [f'{len(cells)} cells instead of 4']
    errors = key_errors(cells[1], True) + cell_errors(cells[1]) + cell_errors(cells[2]) + state_errors(cells[3])
    if cells[3].startswith('done') and cells[2] == '-':
        errors.append('done, but without test')
    return errors


def missing_rows(seen):
    """Rows of the checklist that the table has not, has twice, or that are none."""
    known = [f'{letter}-{n:02}' for letter, ranges in RANGES.items() for low, high in ranges for n in range(low, high + 1)]
    return ([f'{CHECKLIST}: no row {k}' for k in known if k not in seen] +
            [f'{CHECKLIST}: {k} is no row of the checklist, or stands there twice' for i, k in enumerate(seen)
             if k not in known or k in seen[:i]])


def main():
    count, errors = dict.fromkeys(STATES, 0), []
    seen = []
    for number, checklist, cells in rows():
        found = checklist_errors(cells) if checklist else row_errors(cells)
        errors += [f'docs/rfc-coverage.md:{number}: {e}' for e in found]
        if checklist:
            seen.append(cells[0])
            continue  # its rows stand in the tables before, too
        state = cells[-1].split(':')[0].split()
        if state and state[0] in count:
            count[state[0]] += 1
    if '--check' not in sys.argv:
        print(', '.join(f'{n} {state}' for state, n in count.items()))
    if sum(count.values()) == 0:
        errors.append('docs/rfc-coverage.md has no rows')
    errors += missing_rows(seen)
    print('\n'.join(errors), end='\n' if errors else '')
    return 1 if errors else 0


if __name__ == '__main__':
    sys.exit(main())
