#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""docs/drops.md from dataplane/api/drops.def, with the test that provokes each reason.

    tools/dev/drops.py            writes docs/drops.md
    tools/dev/drops.py --check    fails when it is stale, or when a reason has no test
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOC = ROOT / 'docs' / 'drops.md'

HEAD = """# Why hawser drops a frame

Every frame that hawser drops is counted under one of these reasons, by worker (`hawserctl show drops`). The list is
`dataplane/api/drops.def`; this page is made from it by `tools/dev/drops.py`, and `tools/check` refuses a reason that no test provokes.

| reason | what it means | provoked by |
| --- | --- | --- |
"""


def reasons():
    text = (ROOT / 'dataplane/api/drops.def').read_text()
    return re.findall(r'^DROP\((\w+),\s*"([^"]*)"\)', text, re.M)


def provokers():
    """reason -> test files that name it."""
    found = {}
    for path in sorted((ROOT / 'tests/dpdk').glob('*.c')):
        for name in set(re.findall(r'\bDROP_([A-Z0-9_]+)', path.read_text())):
            found.setdefault(name, []).append(path.name)
    return found


def page():
    tests = provokers()
    rows = [f'| `{name.lower()}` | {sentence} | {", ".join(tests.get(name, ["-"]))} |' for name, sentence in reasons()]
    return HEAD + '\n'.join(rows) + '\n'


def main():
    if '--check' not in sys.argv:
        DOC.write_text(page())
        return 0
    tests = provokers()
    errors = [f'drop reason {name} has no test in tests/dpdk' for name, _ in reasons() if name not in tests]
    if not DOC.exists() or DOC.read_text() != page():
        errors.append('docs/drops.md is stale: run tools/dev/drops.py')
    print('\n'.join(errors))
    return 1 if errors else 0


if __name__ == '__main__':
    sys.exit(main())
