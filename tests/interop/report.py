# SPDX-License-Identifier: BSD-3-Clause
"""docs/interop.md: the matrix with the results of the last complete run, and what is known of each peer."""
import json
import pathlib
import platform
import subprocess

import image
import peers

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOC = ROOT / 'docs' / 'interop.md'
RESULTS = image.WORK / 'results.json'

HEAD = """# Interoperability

<!-- Written by tests/interop/run all --doc; edit tests/interop/peers.py and report.py instead. -->

hawser against what is out there. `tests/interop/run all` boots Debian's Linux as User-mode Linux processes (and once under QEMU),
with pppd, rp-pppoe and the kernel's PPPoE and multilink inside, and joins their network cards by taps to a real hawserd on
`net_af_packet` ports; l2tpns runs on the host. Everything the peers need comes from Debian packages that are unpacked into
`build/interop`; nothing is installed. What no guest can be made to do, or not a thousand times in a minute, a peer of raw frames does
(`tests/interop/rawpeer.py`, cells `raw_...`); a random one that fails names its seed, and `HAWSER_SEED` replays it.

A whole cell dials, waits for the bundle, pings both ways (56 bytes, the link's and the bundle's MTU with DF, 8000 bytes in IP
fragments, one byte too many with DF), has tshark look at every line (multilink fragments from both ends, nothing malformed), runs
TCP both ways, has the peer close, dials again and closes itself. Frames that hawserd dropped for another reason than the cell's own
fail it.

## One cell by hand

    tests/interop/run list              the cells
    tests/interop/run dial_long         one of them; the beginning of a name runs all that begin so
    tests/interop/run quick             both roles, two links, long and short numbers: for one's own loop
    tests/interop/run all --doc         everything, and this page

It needs root and a build (`HAWSER_BUILD`, default `build/gcc`). The last line is `N passed, N failed, N skipped`. A cell that fails
prints hawserd's log, its tables and the peer's logs.

"""


def save(results, seconds):
    """results: [(cell, result, seconds, note)]."""
    rows = [{'name': c.name, 'row': c.row, 'what': c.what, 'result': r, 'seconds': round(s, 1), 'note': n} for c, r, s, n in results]
    RESULTS.write_text(json.dumps({'seconds': round(seconds), 'rows': rows}, indent=1))


def versions():
    known = image.build()
    kernel = next(n for n in known if n.startswith('linux-image-'))
    head = subprocess.run(['git', 'describe', '--always'], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    return [('hawser', head), ('host kernel', platform.release()), ('User-mode Linux', known['user-mode-linux']),
            ('QEMU guest kernel', known[kernel]), ('pppd', known['ppp']), ('rp-pppoe', known['pppoe']), ('l2tpns', known['l2tpns']),
            ('iproute2 (netem)', known['iproute2']), ('iperf3', known['iperf3'])]


def text(value):
    return value.replace('|', '\\|').replace('\n', ' ')


def write():
    """The page from the results that were saved."""
    saved = json.loads(RESULTS.read_text())
    rows = saved['rows']
    count = {r: sum(1 for row in rows if row['result'] == r) for r in ('passed', 'failed', 'skipped')}
    out = [HEAD, '## Results\n\n',
           f'{count["passed"]} passed, {count["failed"]} failed, {count["skipped"]} skipped, in {saved["seconds"]} s.\n\n']
    for name in dict.fromkeys(row['row'] for row in rows):
        out.append(f'### {name}\n\n| cell | what | result | measured |\n| --- | --- | --- | --- |\n')
        out += [f'| `{r["name"]}` | {text(r["what"])} | {r["result"]} | {text(r["note"])} |\n' for r in rows if r['row'] == name]
        out.append('\n')
    out.append('## Versions\n\n| what | version |\n| --- | --- |\n')
    out += [f'| {what} | {version} |\n' for what, version in versions()]
    out.append('\n## What peers do, and how hawser answers\n\n| peer | behaviour | answer |\n| --- | --- | --- |\n')
    out += [f'| {peer} | {behaviour} | {answer} |\n' for peer, behaviour, answer in peers.BEHAVIOUR]
    out.append('\n## Not covered\n\n')
    out += [f'* {line}\n' for line in peers.NOT_COVERED]
    DOC.write_text(''.join(out))
