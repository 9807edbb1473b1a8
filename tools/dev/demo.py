#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The main job on virtual devices, with real traffic (called by tools/demo, which builds first).

    host left --veth-- hawserd (client) ==line0 30 Mbit/s== hawserd (concentrator) --veth-- host right
                                        ==line1 10 Mbit/s==

Exits 0 only if every step held.
"""
import argparse
import json
import pathlib
import shutil
import signal
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tests' / 'support'))

from bonded import RIGHT, USER, Bonded  # noqa: E402
from lab import LabError, run, tcp_ceiling, tshark_fields, until  # noqa: E402

GOAL = 0.92
ECHO_BOUND_S = 4.0    # three echoes of a second, and the redial


class Table(threading.Thread):
    """The live table: rates of the lines and the bundle, as the client counts them."""

    def __init__(self, lab, every=1.0):
        super().__init__(daemon=True)
        self.lab, self.every = lab, every
        self.title = ''
        self.done = threading.Event()
        self.last = None

    def sample(self):
        links = self.lab.client.json('show', 'links')['links']
        return time.monotonic(), {row['name'].split('/')[-1]: (row['rx_bytes'], row['tx_bytes']) for row in links}

    def line(self, then, now):
        (t0, a), (t1, b) = then, now
        cells, down, up = [], 0.0, 0.0
        for name in self.lab.lines:
            rx, tx = ((max(0, b.get(name, (0, 0))[i] - a.get(name, (0, 0))[i]) * 8 / 1e6 / (t1 - t0)) for i in (0, 1))
            down, up = down + rx, up + tx
            cells.append(f'{name}  down {rx:5.1f}  up {tx:5.1f}')
        return f'    {self.title:24}| {" | ".join(cells)} | bundle  down {down:5.1f}  up {up:5.1f}  Mbit/s'

    def run(self):
        while not self.done.wait(self.every):
            try:
                now = self.sample()
            except (LabError, ValueError, KeyError):
                continue
            if self.last and self.title:
                print(self.line(self.last, now), flush=True)
            self.last = now

    def stop(self):
        self.done.set()
        self.join()


class Demo:
    def __init__(self, lab, out):
        self.lab, self.out = lab, out
        self.failures, self.summary = [], []
        self.table = Table(lab)

    def say(self, text):
        print(f'\n=== {text}', flush=True)

    def expect(self, ok, text):
        print(f'    {"ok  " if ok else "FAIL"} {text}', flush=True)
        if not ok:
            self.failures.append(text)

    # steps

    def dial(self):
        lab = self.lab
        self.say('Dialling both lines, CHAP, one bundle')
        start = time.monotonic()
        lab.start_daemon('concentrator')
        lab.start_daemon('client')
        lab.wait_up()
        self.expect(True, f'bundle of 2 links is up, the hosts reach each other: {time.monotonic() - start:.1f} s '
                          'from the start of the daemons')
        print(run(lab.hawserctl_path, '-s', lab.client.socket, 'show', 'links').stdout)
        lab.iperf_server('right')
        self.table.start()

    def baseline(self):
        self.say('One line alone (line1 closed by hawserctl)')
        self.lab.client.ctl('link', 'down', 'home/line1')
        self.lab.client.wait_bundle('home', 1)
        self.lab.concentrator.wait_bundle(USER, 1)
        for direction, reverse in (('up', False), ('down', True)):
            rate = self.measure(f'line0 alone, {direction}', reverse, 3)
            self.summary.append((f'line0 alone, {direction}', rate, self.lab.rates[:1]))
        self.lab.client.ctl('link', 'up', 'home/line1')
        self.lab.wait_up()

    def measure(self, title, reverse, seconds):
        self.table.title = title
        rate = self.lab.iperf('left', RIGHT, seconds, reverse)
        self.table.title = ''
        return rate

    def both(self):
        self.say('Both lines, TCP in each direction')
        for direction, reverse in (('up', False), ('down', True)):
            rate = self.measure(f'both lines, {direction}', reverse, 6)
            ceiling = tcp_ceiling(self.lab.rates)
            self.summary.append((f'both lines, {direction}', rate, self.lab.rates))
            self.expect(rate >= GOAL * ceiling, f'{direction}: {rate:.1f} of at most {ceiling:.1f} Mbit/s '
                                                f'({100 * rate / ceiling:.1f} %, wanted {100 * GOAL:.0f} %)')

    def ping(self):
        self.say('ping -M do -s 1472: whole 1500-byte packets, no IP fragmentation')
        got = self.lab.ping('left', RIGHT, count=10, size=1472, df=True)
        self.expect(got == 10, f'{got} of 10 answered')

    def cut(self, line, direction, reverse, silent):
        """Cuts a line during a transfer, brings it back, and says what that cost."""
        lab = self.lab
        how = 'goes silent (carrier stays)' if silent else 'loses carrier'
        self.say(f'{line} {how} during a transfer {direction}, and comes back')
        flood = lab.start('left', f'probe-{line}-{direction}', 'ping', '-n', '-i', '0.01', '-w', '11', '-q', RIGHT)
        transfer = lab.iperf_start('left', RIGHT, 10, reverse)
        self.table.title = f'{line} cut, {direction}'
        until('the transfer runs', lambda: self.rate_now(reverse) > 5, 5)
        cut_at = time.monotonic()
        self.break_line(line, silent)
        lab.client.wait_bundle('home', 1, 10)
        lab.concentrator.wait_bundle(USER, 1, 10)
        noticed = time.monotonic() - cut_at
        self.expect(noticed <= ECHO_BOUND_S, f'both ends use the other line alone after {noticed:.2f} s')
        self.mend_line(line, silent)
        mended_at = time.monotonic()
        lab.wait_up(2, 10)
        recovery = time.monotonic() - mended_at
        self.expect(True, f'the line rejoined the living bundle {recovery:.2f} s after it came back [M-06]')
        transfer.wait(20)
        flood.wait(20)
        self.table.title = ''
        result = json.loads(transfer.text())
        rates = [i['sum']['bits_per_second'] / 1e6 for i in result['intervals']]
        stall, longest = 0, 0
        for r in rates:
            stall = stall + 1 if r < 0.5 else 0
            longest = max(longest, stall)
        lost = self.probe_loss(flood.text())
        self.expect(result['end']['sum_received']['bytes'] > 0, f'the transfer went on: {rates[-1]:.1f} Mbit/s at its end, '
                                                                f'longest pause {longest * 0.2:.1f} s')
        self.summary.append((f'{line} cut, {direction}', None,
                             f'other line alone after {noticed:.2f} s, back in the bundle {recovery:.2f} s after mending, '
                             f'{lost} of about 1100 probes lost, longest TCP pause {longest * 0.2:.1f} s'))

    def rate_now(self, reverse):
        last = self.table.last
        time.sleep(0.2)
        try:
            now = self.table.sample()
        except LabError:
            return 0
        if not last or now[0] <= last[0]:
            return 0
        i = 0 if reverse else 1
        return sum(max(0, now[1][n][i] - last[1].get(n, (0, 0))[i]) for n in now[1]) * 8 / 1e6 / (now[0] - last[0])

    @staticmethod
    def probe_loss(text):
        for line in text.splitlines():
            if ' packets transmitted' in line:
                numbers = [int(w) for w in line.replace(',', '').split() if w.isdigit()]
                return numbers[0] - numbers[1]
        return -1

    def break_line(self, line, silent):
        if silent:
            for ns in ('client', 'concentrator'):
                self.lab.silence(ns, line)
        else:
            self.lab.ip('client', 'link', 'set', line, 'down')

    def mend_line(self, line, silent):
        rate = self.lab.rates[self.lab.lines.index(line)]
        if silent:
            for ns in ('client', 'concentrator'):
                self.lab.shape(ns, line, rate)
        else:
            self.lab.ip('client', 'link', 'set', line, 'up')

    def judge(self, captures):
        self.say('What tshark saw on the lines')
        for line, process in captures.items():
            process.stop(signal.SIGINT)
            pcap = self.out / f'{line}.pcap'
            rows = tshark_fields(pcap, 'mp', 'eth.src', 'mp.seq', 'mp.first', 'mp.last')
            pieces = sum(1 for r in rows if '0' in (r[2], r[3]) or 'False' in (r[2], r[3]))
            self.expect(pieces > 100, f'{pcap}: {len(rows)} MP frames, {pieces} of them pieces of a packet')
        for role in ('client', 'concentrator'):
            drops = sum(self.lab.qdisc_drops(role, line) for line in self.lab.lines)
            print(f'    shapers at the {role} dropped {drops} frames in all (silent cuts included)')

    def report(self):
        self.say('Summary')
        for title, rate, what in self.summary:
            if rate is None:
                print(f'    {title:20} {what}')
            else:
                ceiling = tcp_ceiling(what)
                print(f'    {title:20} {rate:5.1f} Mbit/s, {100 * rate / ceiling:5.1f} % of the ceiling {ceiling:.1f}, '
                      f'{100 * rate / sum(self.lab.rates):5.1f} % of the sum of the lines ({sum(self.lab.rates)})')
        print('    ceiling: tbf counts 26 bytes of headers around each fragment; a 1500-byte packet in two (one line alone '
              'cuts it, too) leaves 1448/1554 of the rate')
        print(f'    captures: {self.out}/line0.pcap, line1.pcap; logs: {self.out}/*.log')

    def run(self):
        lab = self.lab
        captures = {line: lab.capture('concentrator', line, self.out / f'{line}.pcap') for line in lab.lines}
        try:
            self.dial()
            self.baseline()
            self.both()
            self.ping()
            self.cut('line1', 'up', False, silent=False)
            self.cut('line0', 'down', True, silent=True)
            self.judge(captures)
        finally:
            if self.table.is_alive():
                self.table.stop()
            for daemon in lab.daemon.values():
                shutil.copy(daemon.log, self.out)
        for role, daemon in lab.daemon.items():
            status = daemon.stop()
            self.expect(status == 0, f'{role} ended cleanly on SIGTERM')
        self.report()
        return self.failures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--build', default=ROOT / 'build' / 'demo')
    parser.add_argument('--out', default=ROOT / 'out', type=pathlib.Path, help='where pcaps and logs go')
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    start = time.monotonic()
    try:
        pages = {'process': {'hugepages': 'auto'}}
        with Bonded(rates=(30, 10), client=pages, concentrator=pages, build=args.build, start=False) as lab:
            failures = Demo(lab, args.out).run()
    except LabError as e:
        print(f'\ndemo: {e}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('\ndemo: interrupted; everything is removed', file=sys.stderr)
        return 130
    print(f'\n{"All of it held" if not failures else "NOT held: " + "; ".join(failures)} '
          f'({time.monotonic() - start:.0f} s). Namespaces and processes are removed.')
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
