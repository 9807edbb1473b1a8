#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the sections of docs/performance.md between its marks from the run that hawser-bench recorded.

    hawser-bench --json docs/performance-run.json && hawser-bench --plot docs/performance-run.json docs && tools/dev/bench-report.py
"""
import json
import pathlib
import re
import sys

DOCS = pathlib.Path(__file__).resolve().parents[2] / 'docs'
BEGIN, END = '<!-- of the recorded run: tools/dev/bench-report.py -->\n', '<!-- end of the recorded run -->\n'


def number(value, unit=''):
    if value is None:
        return 'not run'
    return (f'{value:.0f}' if abs(value) >= 100 else f'{value:.2f}' if abs(value) >= 0.1 else f'{value:.4f}') + unit


def table(titles, rows):
    return '\n'.join(['| ' + ' | '.join(titles) + ' |', '|' + '---|' * len(titles),
                      *('| ' + ' | '.join(map(str, row)) + ' |' for row in rows)]) + '\n'


def is_met(goal):
    return goal['value'] >= goal['goal'] if goal['sense'] == '>=' else goal['value'] <= goal['goal']


def verdict(goal):
    if goal['value'] is None:
        return goal.get('note', 'not run')
    if is_met(goal):
        return 'met'
    factor = goal['goal'] / goal['value'] if goal['sense'] == '>=' else goal['value'] / goal['goal']
    return f'missed, {factor:.2f} times'


def goals(run):
    return table(['goal', 'what', 'value', 'spread (p10 to p90)', 'wanted', ''],
                 [(g['id'], g['what'], number(g['value']), f'{number(g["spread"][0])} to {number(g["spread"][1])}',
                   f'{g["sense"]} {number(g["goal"])}', verdict(g)) for g in run['goals']])


def cases(run):
    return table(['case', 'what', 'cycles', 'p10 to p90', 'ratio', 'over'],
                 [(c['id'], c['what'], number(c['cycles']), f'{number(c["low"])} to {number(c["high"])}',
                   number(c['ratio']) if 'ratio' in c else '', c.get('over', '')) for c in run['cases']])


def stages(run):
    paths = list(dict.fromkeys(s['path'] for s in run['stages']))
    names = list(dict.fromkeys(s['stage'] for s in run['stages']))
    cycles = {(s['path'], s['stage']): s['cycles'] for s in run['stages']}
    return table(['stage', *paths], [(n, *(number(cycles[p, n]) if (p, n) in cycles else '-' for p in paths)) for n in names])


def shared(run):
    """Of the slices; a run recorded before they were looked at does not say."""
    if not any('slices' in c for c in run['cases']):
        return ''
    count, bad, left = (sum(c[key] for c in run['cases']) for key in ('slices', 'shared_slices', 'left_out'))
    return f'; {bad} of {count} slices that count were at a shared core, {left} more were left out for it'


# What a frame is around its payload: Ethernet, PPPoE, PPP, multilink, FCS; and what a frame costs on the wire besides: preamble and gap.
AROUND, BESIDE = 14 + 6 + 2 + 4 + 4, 20
DRIVER = 90  # cycles a frame of a card's driver, both ends: grout's own figure, see below


def mean_frame(*packets):
    """Of packets that are (bytes, fragments, how many); the first fragment has the packet's protocol field."""
    return AROUND + sum((size + 2) * n for size, _, n in packets) / sum(pieces * n for _, pieces, n in packets)


FRAMES = [
    ('64 bytes, whole', 'from_links.64B', mean_frame((64, 1, 1))),
    ('IMIX 40, 576, 1500 (7:4:1), cut in two above 128', 'from_links.imix', mean_frame((40, 1, 7), (576, 2, 4), (1500, 2, 1))),
    ('1500 bytes in 4', 'from_links.in_4', mean_frame((1500, 4, 1))),
    ('1500 bytes in 2', 'from_links.32k', mean_frame((1500, 2, 1))),
    ('1500 bytes in 2, to the links', 'to_links.32k', mean_frame((1500, 2, 1))),
]


def frames_a_second(size):
    return 10e9 / 8 / (size + BESIDE)


def line_rate(run):
    cycles = {c['id']: c['cycles'] for c in run['cases']}
    hertz = run['tsc_mhz'] * 1e6
    rows = []
    for name, case, size in FRAMES:
        budget = hertz / frames_a_second(size)
        rows.append((name, f'{size:.0f}', f'{frames_a_second(size) / 1e6:.3f}', number(budget), number(cycles[case]),
                     f'{cycles[case] / budget:.0%}', f'{(cycles[case] + DRIVER) / budget:.0%}'))
    both = frames_a_second(FRAMES[1][2]) * (cycles['from_links.imix'] + cycles['to_links.32k'] + 2 * DRIVER) / hertz
    cycles_a_byte = hertz * 8 / 10e9
    smallest = [(cycles['from_links.32k'] + extra) / cycles_a_byte - BESIDE for extra in (0, DRIVER)]
    return table(['packets', 'bytes a frame, with FCS', 'M frames/s at 10 Gbit/s', 'cycles that one worker has for each', 'takes', 'share of it',
                  f'with {DRIVER} for a driver'], rows) + f'''
At 32k bundles one worker that does nothing but reassemble carries 10 Gbit/s of frames of {max(64, smallest[0]):.0f} bytes and more, of {max(64, smallest[1]):.0f} with the driver. Both directions of the
IMIX at once ({run['tsc_mhz']:.0f} MHz, a frame to the links taken for what one of 1500 bytes in 2 costs, with the driver) are {both:.2f} workers.
'''


def text(run):
    busy = max((g['others_cpus'] for g in run['goals']), default=0)
    met = sum(g['value'] is not None and is_met(g) for g in run['goals'])
    return f'''## This run

{run['cpu']}, TSC {run['tsc_mhz']:.0f} MHz, {'2 MB pages' if run['hugepages'] else 'ordinary pages'}, {run['dpdk']}, {run['date']},
{run['rounds']} rounds; others used up to {busy:.2f} CPUs meanwhile{shared(run)}. {met} of {len(run['goals'])} goals are met. Raw data:
[performance-run.json](performance-run.json).

{goals(run)}
![cycles against bundles](performance-bundles.svg)
![cycles by stage](performance-stages.svg)

### Where the cycles go (cycles a frame)

{stages(run)}
### Against 10 Gbit/s

{line_rate(run)}
### Cases and references

{cases(run)}'''


def main():
    record = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS / 'performance-run.json'
    page = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else DOCS / 'performance.md'
    old = page.read_text()
    if old.count(BEGIN) != 1 or old.count(END) != 1:
        print(f'{page}: the marks are missing')
        return 1
    new = text(json.loads(record.read_text()))
    page.write_text(re.sub(re.escape(BEGIN) + '.*?' + re.escape(END), lambda _: BEGIN + new + END, old, flags=re.S))
    return 0


if __name__ == '__main__':
    sys.exit(main())
