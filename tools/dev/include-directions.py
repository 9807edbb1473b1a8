#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Who may include whom. Any other edge, and any DPDK header in a pure folder, is an error."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# folder -> folders whose headers it may include (its own always). The longest matching prefix counts.
MAY = {
    'dataplane/wire': [],
    'dataplane/mp': ['dataplane/wire'],
    'dataplane/api': ['dataplane/wire'],
    'dataplane': ['dataplane/wire', 'dataplane/mp', 'dataplane/api'],
    'config': [],
    'control/ppp': ['dataplane/wire'],
    'control': ['control/ppp', 'dataplane/api', 'dataplane/wire', 'config'],
    'tools/hawserctl': [],
}
PURE = ['dataplane/wire', 'dataplane/mp', 'dataplane/api', 'config', 'control/ppp']
# control speaks to the data plane through dataplane/api alone
NO_DPDK = PURE + ['control', 'tools/hawserctl']
FOREIGN = re.compile(r'^(rte_|ethdev|bus_|numa)')
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def folder_of(path):
    best = ''
    for folder in MAY:
        if path.startswith(folder + '/') and len(folder) > len(best):
            best = folder
    return best


def errors_of(path):
    rel = str(path.relative_to(ROOT))
    mine = folder_of(rel)
    for number, line in enumerate(path.read_text().splitlines(), 1):
        m = INCLUDE.match(line)
        if not m:
            continue
        bracket, name = m.groups()
        if bracket == '<':
            if mine in NO_DPDK and FOREIGN.match(name):
                yield f'{rel}:{number}: {mine} must not include <{name}>'
            continue
        theirs = folder_of(name)
        if theirs == '' and '/' not in name:
            yield f'{rel}:{number}: write includes from the root: "{name}"'
        elif theirs not in (mine, *MAY[mine]):
            yield f'{rel}:{number}: {mine} must not include "{name}"'


def main():
    errors = []
    for folder in ('dataplane', 'control', 'config', 'tools'):
        for path in sorted((ROOT / folder).rglob('*.[ch]')):
            if folder_of(str(path.relative_to(ROOT))):
                errors += errors_of(path)
    print('\n'.join(errors) if errors else 'include directions: ok')
    return 1 if errors else 0


if __name__ == '__main__':
    sys.exit(main())
