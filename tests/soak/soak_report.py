#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the section of docs/performance.md about the soak from the figures that tests/soak/run recorded.

    tests/soak/soak_report.py [RECORD.json [PAGE.md]]      (docs/performance-soak.json, docs/performance.md)

Records beside it, RECORD-*.json, are further runs: a row each in a table at the end.
"""
import json
import pathlib
import re
import sys

DOCS = pathlib.Path(__file__).resolve().parents[2] / 'docs'
TITLE = '## At rate, end to end'
ROLES = 'client', 'concentrator'


def number(n):
    return f'{n:,}' if isinstance(n, int) else f'{n:,.1f}'


def table(titles, rows):
    lines = ['| ' + ' | '.join(titles) + ' |', '|' + '---|' * len(titles)]
    return '\n'.join(lines + ['| ' + ' | '.join(str(x) for x in row) + ' |' for row in rows])


def both(result, get, join=' / '):
    return join.join(number(get(result['daemons'][role])) for role in ROLES)


def drops_of(result):
    return '; '.join(f'{role}: ' + (', '.join(f'{k} {number(v)}' for k, v in result['daemons'][role]['drops'].items()) or 'none')
                     for role in ROLES)


def run_rows(runs):
    return [(title, number(r['pps']), number(r['mbit_s']), number(round(r['seconds'])), number(r['traffic']['sent']),
             number(r['traffic']['lost']), both(r, lambda d: d['a_second']['rx_frames'] + d['a_second']['tx_frames']),
             ' / '.join(f'{r["cpus"][x]:.2f}' for x in (*ROLES, 'traffic', 'others'))) for title, r in runs]


def delay_rows(runs):
    out = []
    for title, r in runs:
        for kind, what in (('cut', '576 and 1480 bytes, cut in two'), ('whole', '64 bytes, whole')):
            for group, name in (('bundle', 'bundle of two lines'), ('reference', 'plain PPP, one line')):
                d = r['delay'][group][kind]
                out.append((title, what, name, *(number(d[p]) for p in ('mean_us', 'p50_us', 'p99_us', 'max_us'))))
            added = r['added_us']
            out.append(('', '', '**added by multilink**', *(f'**{added[p][kind]:+,.1f}**' for p in ('mean_us', 'p50_us', 'p99_us', 'max_us'))))
    return out


def control_rows(runs):
    return [(title, both(r, lambda d: d['sessions']['kept']), both(r, lambda d: d['echo']['echo_requests_tx']),
             both(r, lambda d: d['echo']['echo_unanswered']), both(r, lambda d: d['echo_rtt_us']['p99'] / 1000),
             both(r, lambda d: d['echo_rtt_us']['max'] / 1000)) for title, r in runs]


def leak_rows(runs):
    return [(title, ' / '.join('{:,} to {:,}'.format(*r['daemons'][role]['memory_first_last_kib']) for role in ROLES),
             'nothing' if not r['left_at_rest'] else json.dumps(r['left_at_rest'])) for title, r in runs]


def further_row(r):
    soak, over = r['soaks'][-1], r['overload']
    kept = min(over['daemons'][role]['sessions']['kept'] for role in ROLES)
    unanswered = sum(x['daemons'][role]['echo']['echo_unanswered'] for x in (soak, over) for role in ROLES)
    added = ' / '.join(f'{soak["added_us"][p]["cut"]:+,.1f}' for p in ('p50_us', 'p99_us', 'max_us'))
    left = any(x['left_at_rest'] for x in (soak, over))
    return (f'{r["machine"]["cpu"]}, {r["version"]["commit"][:12]}, {r["machine"]["utc"][:10]}', number(r['highest_pps']),
            f'{number(soak["traffic"]["lost"])} of {number(soak["traffic"]["sent"])} in {soak["seconds"]:.0f} s at {number(soak["pps"])} packets/s', added,
            f'{number(over["received_pps"])} of {number(over["offered_pps"])} packets/s for {over["seconds"]:.0f} s', f'{number(kept)}, {unanswered}',
            'something' if left else 'nothing')


def further(records):
    if not records:
        return ''
    names = ', '.join(f'[{path.name}]({path.name})' for path in records)
    return f"""
**Further runs** ({names}): what was lost in the soak, what multilink added to packets cut in two (P50 / P99 / max, microseconds), what came
through overload, the sessions that stayed and the echoes that were not answered, and what was still taken at rest:

{table(['machine, version, day', 'highest rate', 'lost', 'added', 'overload', 'sessions, unanswered', 'at rest'],
       [further_row(json.loads(path.read_text())) for path in records])}
"""


def section(r, others):
    m, soak, over, lines = r['machine'], r['soaks'][-1], r['overload'], r['overload_lines']
    failed = '' if len(r['soaks']) == 1 else (
        f' {len(r["soaks"]) - 1} attempts at {", ".join(number(x["pps"]) for x in r["soaks"][:-1])} packets/s before it ended with the first loss, '
        'at a ring whose reader was not scheduled for longer than the ring is deep.')
    titles = ['CPUs of client / concentrator / hosts / others']
    return f"""{TITLE}

`tests/soak/run full`: two `hawserd`, client and concentrator, one worker each, and the hosts behind them in one process, joined by memif
({number(r['ring_slots'])} slots a ring), so that the kernel carries nothing. {number(r['bundles'])} bundles of two lines in a VLAN each, and {r['references']} sessions of plain
PPP on one line as a reference: {number(r['links'])} sessions, all dialled. IMIX of 64, 576 and 1480 bytes (7:4:1), a random bundle for each packet, in both directions
at once; rates are packets a second of both together. Every packet is numbered, timed and compared byte by byte. `idle: adaptive`, lines paced at
100 Mbit/s, everything else as it comes, but for `stall_min: 250 ms`: the three processes share two CPUs, so a worker may be away while pieces are under way.

{m['cpu']}, {m['cpus']} vCPU of a virtual machine, kernel {m['kernel']}, hugepages: {r['hugepages']}, {r['version']['dpdk']}, hawser {r['version']['commit']}
({r['version']['build']}), {m['utc']}, load of the machine at the beginning {m['load'][0]}. Raw data: [performance-soak.json](performance-soak.json); this section is
written from it by `tests/soak/soak_report.py`. A shorter form is part of `tools/check` (stage `soak`).{r.get('note', '')}

{number(r['highest_pps'])} packets/s are the highest rate that passed {len(r['trials'])} trials of two seconds without a loss; the soak begins at nine tenths of it.{failed}

{table(['run', 'packets/s sent', 'Mbit/s', 's', 'packets', 'lost', 'frames/s of client / concentrator', *titles],
       run_rows([('soak', soak), ('half of that', r['latency']), ('120 %', over), ('lines at 120 %', lines)]))}

**Loss.** Soak: none, and no drop counter moved in either daemon. Overload: {number(over['offered_pps'])} packets/s offered, {number(over['traffic']['refused'])} packets found the
first ring full, and inside were dropped ({drops_of(over)}): frames at rings whose reader was behind, and what had lost a piece by that.
Lines at 120 %: {lines['bundles']} bundles of two 2 Mbit/s lines; {number(lines['refused_at_queues'])} packets refused by their bundles' queues before they had a number, and
{number(lines['traffic']['lost'])} did not arrive. No packet was changed, doubled or out of order in any run.

**Control.** Sessions that stayed open all the time, LCP echoes sent, unanswered when the next was due, and their round trip (ms, 1 ms steps), client / concentrator:

{table(['run', 'sessions kept', 'echoes', 'unanswered', 'P99', 'max'],
       control_rows([('soak', soak), ('half of that', r['latency']), ('120 %', over), ('lines at 120 %', lines)]))}

**Leaks.** Memory in KiB (resident and hugepages), mean of the first and of the last minute, and what of buffers, rings, windows and queues was still taken
seconds after the traffic had stopped:

{table(['run', 'memory of client / concentrator', 'taken at rest'], leak_rows([('soak', soak), ('120 %', over)]))}

**Latency**, in microseconds, from one side's host to the other's, rings and scheduling of three processes on two CPUs included. The reference has the
same packets at the same time through the same rings, without multilink; the difference is what cutting, numbering and reassembly add on lines without impairment:

{table(['run', 'packets', 'group', 'mean', 'P50', 'P99', 'max'], delay_rows([('soak', soak), ('half of that', r['latency'])]))}
{further(others)}"""


def main():
    record = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else DOCS / 'performance-soak.json')
    page = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else DOCS / 'performance.md')
    others = sorted(record.parent.glob(f'{record.stem}-*.json'))
    text, new = page.read_text(), section(json.loads(record.read_text()), others)
    old = re.search(rf'^{re.escape(TITLE)}\n.*?(?=^## |\Z)', text, re.M | re.S)
    page.write_text(text[:old.start()] + new + ('\n' if text[old.end():] else '') + text[old.end():] if old else text.rstrip() + '\n\n' + new)


if __name__ == '__main__':
    main()
