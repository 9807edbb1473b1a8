#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The tables and the plot of docs/sending-modes.md, from docs/sending-modes.json, which is what the program sending-modes prints.

    tools/dev/sending-modes.py --write build/gcc/tools/sending-modes/sending-modes    runs it and writes all three
    tools/dev/sending-modes.py --check build/gcc/tools/sending-modes/sending-modes    fails when it says something else by now,
                                                                                      or when tables or plot are stale
"""
import json
import math
import pathlib
import re
import subprocess
import sys

DOCS = pathlib.Path(__file__).resolve().parents[2] / 'docs'
DOC, DATA, PLOT = DOCS / 'sending-modes.md', DOCS / 'sending-modes.json', DOCS / 'sending-modes.svg'
TOLERANCE = 0.02  # another compiler may round a piece the other way, and packets then meet differently
KEY = ('table', 'mode', 'lines', 'min_fragment', 'packet_bytes', 'load_percent')
MODES = ('weighted', 'equal', 'round-robin', 'packet', 'overflow')
COLOURS = ('#1f6fb4', '#d1495b', '#2e933c')


def key_of(row):
    return tuple(str(row[k]) for k in KEY)


# ---------------------------------------------------------------- tables

def ms(us):
    return f'{us / 1000:.3g} ms' if us >= 999.5 else f'{us:.3g} us' if us < 99.95 else f'{us:.0f} us'


def rate(row):
    return ' + '.join(str(r) for r in row['lines']) if len(set(row['lines'])) > 1 else f'{len(row["lines"])} x {row["lines"][0]}'


def table(head, rows):
    lines = ['| ' + ' | '.join(head) + ' |', '|' + ' --- |' * len(head)]
    return '\n'.join(lines + ['| ' + ' | '.join(r) + ' |' for r in rows])


def select(data, name, **want):
    return [r for r in data if r['table'] == name and all(r[k] == v for k, v in want.items())]


def lone(data):
    rows = []
    for mbit in sorted({r['lines'][0] for r in select(data, 'lone')}):
        for mode in MODES:
            cells = [ms(r['delay_us']) for r in select(data, 'lone', mode=mode) if r['lines'][0] == mbit]
            rows.append([f'{mbit} Mbit/s', mode, *cells])
    return table(['each line', 'mode', '1 line', '2 lines', '4 lines', '8 lines'], rows)


def load(data, name, **want):
    return table(['lines, Mbit/s', 'mode', 'delay, mean', '99 %', 'jitter', 'packets/s', 'frames/s', 'goodput, Mbit/s', 'refused', 'first line'],
                 [[rate(r), r['mode'], ms(r['delay_us']), ms(r['p99_us']), ms(r['jitter_us']), f'{r["packets_per_s"]:.0f}',
                   f'{r["frames_per_s"]:.0f}', f'{r["goodput_mbit"]:.4g}', f'{r["refused_percent"]:.1f} %', f'{r["first_line_percent"]:.1f} %']
                  for r in select(data, name, **want)])


def floor(data):
    rows = []
    for low, high in zip(select(data, 'floor', load_percent=70), select(data, 'floor', load_percent=120)):
        rows.append([rate(low), str(low['min_fragment']), f'{low["frames_per_s"] / low["packets_per_s"]:.2f}', ms(low['delay_us']),
                     ms(low['p99_us']), ms(low['jitter_us']), f'{high["packets_per_s"]:.0f}', f'{high["frames_per_s"]:.0f}',
                     f'{high["goodput_mbit"]:.4g}'])
    return table(['lines, Mbit/s', 'min_fragment', 'frames a packet', 'delay, mean', '99 %', 'jitter', 'packets/s when full', 'frames/s when full',
                  'goodput when full, Mbit/s'], rows)


def loss(data):
    return table(['mode', 'packets of 1400 bytes lost', 'of 1500 bytes'],
                 [[mode, *(f'{r["lost_percent"]:.2f} %' for size in (1400, 1500) for r in select(data, 'loss', mode=mode, packet_bytes=size))]
                  for mode in MODES])


TABLES = {
    'lone': lone,
    'mix': lambda data: load(data, 'mix'),
    'full': lambda data: load(data, 'full'),
    'unequal 70': lambda data: load(data, 'unequal', load_percent=70),
    'unequal 120': lambda data: load(data, 'unequal', load_percent=120),
    'floor': floor,
    'loss': loss,
}


def page(data, text):
    """The text with each table between its marks made anew."""
    for name, make in TABLES.items():
        mark = f'<!-- table: {name} -->\n'
        if text.count(mark) != 1:
            sys.exit(f'{DOC.name}: the mark of table {name} must be there once')
        text = re.sub(re.escape(mark) + r'\n(\|.*\n)*', lambda _: mark + '\n' + make(data) + '\n', text)
    return text


# ---------------------------------------------------------------- plot

class Panel:
    """A plot with a logarithmic axis of microseconds, span in powers of ten."""

    def __init__(self, x, y, title, span):
        self.x, self.y, self.range, self.out = x, y, span, []
        self.text(x, y - 14, title, size=14)
        self.axis()

    def axis(self):
        for d in range(self.range[0], self.range[1] + 1):
            self.line(10 ** d, f'{10 ** d} us' if d < 3 else f'{10 ** (d - 3)} ms')

    def line(self, value, word):
        at = self.height(value)
        self.out.append(f'<line x1="{self.x}" x2="{self.x + 420}" y1="{at:.1f}" y2="{at:.1f}" stroke="#ddd"/>')
        self.text(self.x - 6, at + 4, word, 'end')

    def height(self, us):
        low, high = self.range
        return self.y + 200 * (1 - (math.log10(us) - low) / (high - low))

    def text(self, x, y, what, anchor='start', size=12, colour='black'):
        self.out.append(f'<text x="{x}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}">{what}</text>')

    def bars(self, data, field):
        for m, mode in enumerate(MODES):
            for k, r in enumerate(select(data, 'mix', mode=mode)):
                top = self.height(r[field])
                self.out.append(f'<rect x="{self.x + 8 + 84 * m + 24 * k}" y="{top:.1f}" width="20" height="{self.y + 200 - top:.1f}" '
                                f'fill="{COLOURS[k]}"/>')
                self.text(self.x + 18 + 84 * m + 24 * k, top - 3, f'{r[field] / 1000:.2g}', 'middle', 9)
            self.text(self.x + 42 + 84 * m, self.y + 216, mode, 'middle')

    def curve(self, values, colour, dash=''):
        points = ' '.join(f'{self.x + 30 + 60 * i},{self.height(v):.1f}' for i, v in enumerate(values))
        self.out.append(f'<polyline fill="none" stroke-width="2" stroke="{colour}" stroke-dasharray="{dash}" points="{points}"/>')

    def ticks(self, words):
        for i, word in enumerate(words):
            self.text(self.x + 30 + 60 * i, self.y + 216, word, 'middle')


class Percents(Panel):
    """One with a linear axis of percents."""

    def axis(self):
        for percent in range(self.range[0], self.range[1] + 1, 20):
            self.line(percent, f'{percent} %')

    def height(self, v):
        low, high = self.range
        return self.y + 200 * (1 - (v - low) / (high - low))


def plot_lone(panel, data):
    for k, mbit in enumerate((1, 10, 50)):
        for mode, dash in (('weighted', ''), ('packet', '4 4')):
            panel.curve([r['delay_us'] for r in select(data, 'lone', mode=mode) if r['lines'][0] == mbit], COLOURS[k], dash)
    panel.ticks(['1 line', '2', '4', '8'])
    panel.text(panel.x + 240, panel.y + 20, 'cut (weighted)')
    panel.text(panel.x + 240, panel.y + 38, 'whole (packet): dashed')


def plot_floor(panel, data):
    low, high = ([r for r in select(data, 'floor', load_percent=p) if r['lines'] == [10, 10]] for p in (70, 120))
    for i, (name, rows, field) in enumerate((('delay', low, 'delay_us'), ('jitter', low, 'jitter_us'), ('frames', low, 'frames_per_s'),
                                             ('goodput when full', high, 'goodput_mbit'))):
        panel.curve([100 * r[field] / rows[-1][field] for r in rows], (*COLOURS, '#8d6a9f')[i])
        panel.text(panel.x + 280, panel.y + 20 + 18 * i, name, colour=(*COLOURS, '#8d6a9f')[i])
    panel.ticks(str(r['min_fragment']) for r in low)


def plot(data):
    panels = [Panel(70, 50, 'Mean delay at 70 % load, by mode (ms on the bars)', (1, 5)),
              Panel(590, 50, 'Jitter at 70 % load, by mode (ms on the bars)', (1, 5)),
              Panel(70, 330, 'Delay of a packet of 1500 bytes alone', (1, 5)),
              Percents(590, 330, 'min_fragment, 2 x 10 Mbit/s: of what it is without cutting', (60, 200))]
    panels[0].bars(data, 'delay_us')
    panels[1].bars(data, 'jitter_us')
    plot_lone(panels[2], data)
    plot_floor(panels[3], data)
    for k, mbit in enumerate((1, 10, 50)):
        panels[2].text(70 + 150 * k, 585, f'lines of {mbit} Mbit/s', colour=COLOURS[k])
    return '\n'.join(['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1040 600" font-family="sans-serif">',
                      '<rect width="100%" height="100%" fill="white"/>', *(line for p in panels for line in p.out), '</svg>', ''])


# ---------------------------------------------------------------- data

def differences(old, new):
    for field in (f for f in old if f not in KEY):
        if abs(old[field] - new[field]) > TOLERANCE * max(abs(old[field]), 1):
            yield f'{", ".join(key_of(old))}: {field} is {new[field]}, recorded {old[field]}'


def check(text):
    recorded = [json.loads(line) for line in DATA.read_text().splitlines()]
    now = {key_of(r): r for r in map(json.loads, text.splitlines())}
    errors = [f'{", ".join(key_of(r))}: is not measured any more' for r in recorded if key_of(r) not in now]
    errors += [e for r in recorded if key_of(r) in now for e in differences(r, now[key_of(r)])]
    if len(now) != len(recorded):
        errors.append(f'{len(now)} cases, {len(recorded)} are recorded')
    if DOC.read_text() != page(recorded, DOC.read_text()):
        errors.append(f'{DOC.name}: the tables are not those of {DATA.name}')
    if PLOT.read_text() != plot(recorded):
        errors.append(f'{PLOT.name} is not that of {DATA.name}')
    return errors


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ('--write', '--check'):
        sys.exit(__doc__)
    text = subprocess.run([sys.argv[2]], check=True, capture_output=True, text=True).stdout
    if sys.argv[1] == '--check':
        errors = check(text)
        print(*errors, sep='\n')
        sys.exit(1 if errors else 0)
    data = [json.loads(line) for line in text.splitlines()]
    DATA.write_text(text)
    DOC.write_text(page(data, DOC.read_text()))
    PLOT.write_text(plot(data))


main()
