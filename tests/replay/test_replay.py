#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""hawserd --replay against captures whose packets are known. Usage: test_replay.py HAWSERD VECTORS [CLASS ...]"""
import os
import pathlib
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

import naive
import pcapfile
from build import IPCP, IPV4, IPV6, IPV6CP, LCP, MS, REQUEST, START, TERMINATE, Line, Sender, be16, control, ipv4, ipv6, options
from pcapfile import Frame

HAWSERD = VECTORS = None
CLIENT_ENDPOINT, AC_ENDPOINT = b'\1house', b'\3\2\xac\0\0\0\1'
SECOND = 10**9


class Result:
    def __init__(self, done, out):
        self.status, self.text, self.errors = done.returncode, done.stdout, done.stderr
        self.raw = out.read_bytes() if out.exists() else None
        self.link, self.packets = pcapfile.read(out) if self.raw else (None, [])

    def drops(self):
        return {m[2]: int(m[1]) for m in re.finditer(r'^dropped +(\d+) (\w+):', self.text, re.M)}

    def data(self):
        return [f.data for f in self.packets]


class Case(unittest.TestCase):
    maxDiff = 2000

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix='replay-'))
        self.addCleanup(shutil.rmtree, self.dir)

    def run_hawserd(self, *args, prefix=()):
        return subprocess.run([*prefix, HAWSERD, *map(str, args)], capture_output=True, text=True, timeout=100, check=False)

    def replay(self, *captures, prefix=(), names=None):
        """captures: lists of frames, or the bytes of files."""
        paths = []
        for i, c in enumerate(captures):
            paths.append(self.dir / (names[i] if names else f'link{i + 1}.pcap'))
            paths[-1].write_bytes(c if isinstance(c, bytes) else pcapfile.encode(sorted(c, key=lambda f: f.time)))
        out = self.dir / 'out' / 'out.pcap'
        out.parent.mkdir(exist_ok=True)
        out.parent.chmod(0o777)
        out.unlink(missing_ok=True)
        return Result(self.run_hawserd('--replay', *paths, '--out', out, prefix=prefix), out)

    def good(self, *captures, **how):
        r = self.replay(*captures, **how)
        self.assertEqual(r.status, 0, r.errors)
        self.assertEqual(r.errors, '')
        self.assertEqual(r.link, pcapfile.RAW)
        times = [f.time for f in r.packets]
        self.assertEqual(times, sorted(times), 'time runs backward')
        return r

    def assert_packets(self, got, want, what=''):
        """want: {from client: [(time or None, packet)]}; the client's packets have the source of the other's destination."""
        self.assertEqual(len(got.packets), len(want[True]) + len(want[False]), what)
        left = {way: list(packets) for way, packets in want.items()}
        for f in got.packets:
            way = next((w for w in left if left[w] and left[w][0][1] == f.data), None)
            self.assertIsNotNone(way, f'{what}: not expected now: {f.data[:32].hex()} ({len(f.data)} bytes)')
            time, _ = left[way].pop(0)
            if time is not None:
                self.assertEqual(f.time, time, what)


# ---------------------------------------------------------------------- FreeBSD's bundle

class Vectors(Case):
    """Two links and the tunnel interface of FreeBSD's ppp(8)."""

    CLIENTS = {bytes.fromhex('9ee2432db541'), bytes.fromhex('d287f9f85516')}
    TO_CLIENT, FROM_CLIENT = bytes([10, 99, 0, 1]), bytes([10, 99, 0, 2])

    def setUp(self):
        super().setUp()
        self.links = [pcapfile.read(VECTORS / f'fbsd-long-link{i}.pcap')[1] for i in (1, 2)]
        # the last one is a router solicitation that was sent when the link was closed already
        self.tun = pcapfile.read(VECTORS / 'fbsd-long-tun.pcap')[1][:154]

    def assert_tun(self, r):
        for source in (self.TO_CLIENT, self.FROM_CLIENT):
            got = [f.data for f in r.packets if f.data[12:16] == source]
            self.assertEqual(got, [f.data for f in self.tun if f.data[12:16] == source])
        self.assertEqual(len(r.packets), len(self.tun))

    def test_packets_are_those_of_the_tunnel_interface(self):
        r = self.good(*self.links)
        self.assert_tun(r)
        self.assertEqual(r.drops(), {})

    def test_each_packet_comes_at_the_time_of_its_last_fragment(self):
        want = naive.replay(self.links, (1, 2), self.CLIENTS)
        self.assertEqual(len(want[True]) + len(want[False]), 154, 'the judge itself')
        self.assertNotIn(None, [time for way in want.values() for time, _ in way])
        self.assert_packets(self.good(*self.links), want)

    def test_the_summary_says_what_was_learned(self):
        text = self.good(*self.links).text
        self.assertIn('234 in 4.422991 s', text)
        self.assertIn('sessions  2, 2 with their discovery', text)
        self.assertIn("bundle    1: 2 links, IPv4 and IPv6\n", text)
        self.assertIn("client: name 'mluser', endpoint local 'pcli-long'", text)
        self.assertIn("AC    : name none, endpoint local 'srv'", text)
        self.assertIn('client to AC: MRRU 1528, 24-bit numbers: 77 packets', text)
        self.assertIn('AC to client: MRRU 1528, 24-bit numbers: 77 packets', text)
        self.assertIn('written   154 packets', text)

    def test_output_is_the_same_every_time(self):
        runs = [self.good(*self.links) for _ in range(3)]
        self.assertEqual(len({r.raw for r in runs}), 1)
        self.assertEqual(len({r.text for r in runs}), 1)

    def test_order_of_the_captures_does_not_matter(self):
        self.assertEqual(self.good(*self.links).raw, self.good(*reversed(self.links)).raw)

    def test_runs_without_root(self):
        if os.geteuid() != 0:
            self.skipTest('not root already: every other case shows it')
        self.dir.chmod(0o755)
        nobody = ('setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups')
        self.assert_tun(self.good(*self.links, prefix=nobody))

    def test_vlan_tags_one_and_two(self):
        for tags in ('81000064', '88a80064810000c8'):
            tagged = [[f.but(f.data[:12] + bytes.fromhex(tags) + f.data[12:]) for f in link] for link in self.links]
            self.assert_tun(self.good(*tagged))

    def test_both_links_in_one_capture(self):
        self.assert_tun(self.good(self.links[0] + self.links[1]))

    def test_a_link_in_several_captures(self):
        a, b = self.links
        self.assert_tun(self.good(a[:9], a[9:60], b, a[60:]))

    def test_sessions_without_their_discovery(self):
        cut = [[f for f in link if f.data[12:14] != b'\x88\x63'] for link in self.links]
        r = self.good(*cut)
        self.assert_tun(r)
        self.assertIn('sessions  2, 0 with their discovery', r.text)
        self.assertIn("client: name 'mluser', endpoint local 'pcli-long'", r.text)

    def test_answers_to_authentication_that_were_not_captured(self):
        cut = [[f for f in link if f.data[20:24] != b'\xc2\x23\x03\x01'] for link in self.links]
        self.assertEqual([len(link) for link in cut], [117, 115])
        self.assert_tun(self.good(*cut))

    def test_all_kinds_of_files(self):
        files = {
            'little endian': pcapfile.encode(self.links[0], magic=pcapfile.MICRO),
            'big endian': pcapfile.encode(self.links[0], magic=pcapfile.MICRO, order='>'),
            'big endian, nanoseconds': pcapfile.encode(self.links[0], order='>'),
            'pcapng': pcapfile.encode_ng(self.links[0]),
            'pcapng, big endian': pcapfile.encode_ng(self.links[0], order='>'),
        }
        want = self.good(*self.links)
        for kind, file in files.items():
            with self.subTest(kind):
                self.assertEqual(self.good(file, self.links[1]).raw, want.raw)

    def test_two_bundles_at_once(self):
        """The same bundle again, a quarter of a second later, by another subscriber with other MACs."""

        def other(f):
            data = f.data.replace(b'pcli-long', b'pcli-LONG')
            macs = bytes(b ^ 0x10 for b in data[:12]) if data[0] != 0xff else data[:6] + bytes(b ^ 0x10 for b in data[6:12])
            return Frame(f.time + 250 * MS, macs + data[12:])

        r = self.good(*self.links, *[[other(f) for f in link] for link in self.links])
        self.assertEqual(sorted(r.data()), sorted(2 * [f.data for f in self.tun]))
        self.assertIn("bundle    2: 2 links, IPv4 and IPv6\n          client: name 'mluser', endpoint local 'pcli-LONG'", r.text)
        self.assertEqual(r.text.count(': 77 packets'), 4)


# ---------------------------------------------------------------------- mutations

class Mutations(Vectors):
    """FreeBSD's bundle, with its data hurt. What can still be delivered is worked out by naive.py."""

    def setUp(self):
        super().setUp()
        self.macs = [{f.data[6:12] for f in link} for link in self.links]
        self.ends = [(max(m & self.CLIENTS), max(m - self.CLIENTS)) for m in self.macs]
        data = self.data_numbers()
        self.is_data = [[self.number(f) in data for f in link] for link in self.links]
        self.assertGreater(sum(map(sum, self.is_data)), 150)

    def number(self, frame):
        """(from client, number) of a fragment, or None."""
        code, _, payload = naive.pppoe(frame.data)
        if code != 0 or payload[:2] != b'\0\x3d':
            return None
        return frame.data[6:12] in self.CLIENTS, naive.fragment(payload[2:], False)[0]

    def data_numbers(self):
        """Fragments of IP packets, those of network protocols not."""
        fragments = {}
        for f in self.links[0] + self.links[1]:
            if self.number(f):
                fragments[self.number(f)] = naive.fragment(naive.pppoe(f.data)[2][2:], False)
        numbers = set()
        for (way, first), (_, begins, ends, piece) in fragments.items():
            if not begins or naive.protocol(piece)[0] != IPV4:
                continue
            numbers.add((way, first))
            while not ends:
                first += 1
                ends = fragments[way, first][2]
                numbers.add((way, first))
        return numbers

    def mutate(self, change):
        """change(link, frame): the frames [(link, frame)] that come of a data frame."""
        out = ([], [])
        for i, link in enumerate(self.links):
            for f, is_data in zip(link, self.is_data[i]):
                for to, frame in change(i, f) if is_data else [(i, f)]:
                    out[to].append(frame)
        return [sorted(link, key=lambda f: f.time) for link in out]

    def over(self, frame, link, to):
        """The frame as the other line carries it."""
        from_client = frame.data[6:12] in self.CLIENTS
        client, ac = self.ends[to]
        macs = ac + client if from_client else client + ac
        return frame.but(macs + frame.data[12:16] + be16(to + 1) + frame.data[18:])

    def check(self, what, change, seeds=4):
        lost = 0
        for seed in range(seeds):
            dice = random.Random(f'{what} {seed}')
            links = self.mutate(lambda i, f, dice=dice: change(dice, i, f))
            want = naive.replay(links, (1, 2), self.CLIENTS)
            r = self.good(*links)
            self.assert_packets(r, want, f'{what}, seed {seed}')
            self.assertLess({f.data for f in r.packets}, {f.data for f in self.tun} | {b''}, 'invented')
            lost += 154 - len(r.packets)
        return lost

    def test_deleted(self):
        self.assertGreater(self.check('deleted', lambda dice, i, f: [] if dice.random() < 0.1 else [(i, f)]), 0)

    def test_doubled(self):
        self.assertEqual(self.check('doubled', lambda dice, i, f: [(i, f)] + [
            (i, f.at(f.time + dice.randrange(20 * MS)))] * (dice.random() < 0.3)), 0)

    def test_delayed_a_little_each(self):
        self.check('delayed', lambda dice, i, f: [(i, f.at(f.time + dice.randrange(30 * MS) * (dice.random() < 0.3)))])

    def test_delayed_beyond_the_tolerance(self):
        self.assertGreater(self.check('late', lambda dice, i, f: [
            (i, f.at(f.time + dice.randrange(50, 120) * MS * (dice.random() < 0.1)))]), 0)

    def test_a_slower_link(self):
        for ms in (5, 60, 140):
            self.assertEqual(self.check('slow', lambda dice, i, f, ms=ms: [(i, f.at(f.time + i * ms * MS))], 1), 0)

    def test_on_the_other_link(self):
        self.check('swapped', lambda dice, i, f: [
            (1 - i, self.over(f, i, 1 - i)) if dice.random() < 0.3 else (i, f)])

    def test_in_the_capture_of_the_other_link(self):
        self.assertEqual(self.check('misfiled', lambda dice, i, f: [(i ^ (dice.random() < 0.3), f)], 2), 0)

    def test_everything_at_once(self):
        def change(dice, i, f):
            kind = dice.randrange(20)
            if kind == 0:
                return []
            if kind == 1:
                return [(i, f), (i, f.at(f.time + dice.randrange(90 * MS)))]
            if kind == 2:
                return [(i, f.at(f.time + dice.randrange(90 * MS)))]
            return [(1 - i, self.over(f, i, 1 - i))] if kind == 3 else [(i, f)]

        self.assertGreater(self.check('all', change, 8), 0)

    def test_bytes_of_all_frames_hurt(self):
        """No oracle: nothing may crash or hang, and what comes out intact was sent."""
        for seed in range(4):
            dice = random.Random(seed)
            links = []
            for link in self.links:
                hurt = []
                for f in link:
                    data = bytearray(f.data)
                    for _ in range(dice.choice((0, 0, 0, 1, 3))):
                        data[dice.randrange(12, len(data))] = dice.randrange(256)
                    hurt.append(f.but(data[:dice.choice((len(data), len(data), dice.randrange(len(data) + 1)))]))
                links.append(hurt)
            r = self.good(*links)
            self.assertEqual(r.raw, self.good(*links).raw)

    for _name in [n for n in dir(Vectors) if n.startswith('test_')]:
        locals()[_name] = None  # not once more


# ---------------------------------------------------------------------- frames that are not the links'

class Foreign(Vectors):
    def at_data(self, i):
        """A time between data frames."""
        return self.links[0][60].time + i * MS // 4

    def test_each_is_counted_by_its_reason(self):
        mac_a, mac_b = self.links[0][60].data[:6], self.links[0][60].data[6:12]
        head = mac_a + mac_b
        session = head + b'\x88\x64'
        foreign = {
            'not_pppoe': [head + b'\x08\x06' + bytes(28), head + b'\x08\x00\x45' + bytes(50), head + b'\x86\xdd' + bytes(60),
                          b'\xff' * 6 + mac_b + b'\x08\x06' + bytes(46), bytes(9000), head + bytes(50000)],
            'eth_bad': [b'', head, head + b'\x81\x00\x00', head + 3 * b'\x81\x00\x00\x01' + b'\x88\x64'],
            'pppoe_short': [session, session + b'\x11\x00\x00\x01\x00'],
            'pppoe_bad_ver': [session + b'\x21\x00\x00\x01\x00\x04\x00\x21\x45\x00'],
            'pppoe_bad_code': [session + b'\x11\x09\x00\x01\x00\x04\x00\x21\x45\x00'],
            'pppoe_bad_length': [session + b'\x11\x00\x00\x01\x00\x05\x00\x21\x45\x00'],
            'session_unknown': [session + b'\x11\x00\x77\x01\x00\x04\x00\x21\x45\x00',
                                bytes(6) + mac_b + b'\x88\x64\x11\x00\x00\x01\x00\x04\x00\x21\x45\x00'],
            'ppp_no_protocol': [session + b'\x11\x00\x00\x01\x00\x00', session + b'\x11\x00\x00\x01\x00\x01\x02'],
            'ppp_unknown_protocol': [session + b'\x11\x00\x00\x01\x00\x04\x00\x2b\x45\x00'],
            'mp_short': [session + b'\x11\x00\x00\x01\x00\x05\x00\x3d\xc0\x00\x00'],
            'not_for_us': [b'\xff' * 6 + mac_b + b'\x88\x64\x11\x00\x00\x01\x00\x04\x00\x21\x45\x00'],
        }
        frames = [Frame(self.at_data(i), data) for i, data in enumerate(d for row in foreign.values() for d in row)]
        r = self.good(self.links[0] + frames, self.links[1])
        self.assert_tun(r)
        drops = r.drops()
        self.assertEqual(drops, {name: len(row) for name, row in foreign.items()})

    def test_frames_cut_by_a_short_snaplen(self):
        cut = [[Frame(f.time, f.data[:200], len(f.data)) for f in link] for link in self.links]
        n = [sum(1 for f in link if f.wire > 200) for link in cut]
        r = self.good(*cut)
        # padding that capturing left out harms nothing
        self.assert_packets(r, naive.replay(cut, (1, 2), self.CLIENTS))
        self.assertEqual(r.drops()['pppoe_bad_length'], sum(n))
        self.assertIn(f'link1.pcap: 118 frames, {n[0]} captured in part only\n', r.text)

    def test_capture_files_cut_anywhere(self):
        whole = [pcapfile.encode(link) for link in self.links]
        dice = random.Random(5)
        for cut in [24, 25, 39, 40, 41, len(whole[0]) - 1] + [dice.randrange(24, len(whole[0])) for _ in range(6)]:
            with self.subTest(cut):
                (self.dir / 'cut').write_bytes(whole[0][:cut])
                rest = pcapfile.read(self.dir / 'cut')[1]
                r = self.good(whole[0][:cut], self.links[1])
                self.assertIn(f'link1.pcap: {len(rest)} frame', r.text)
                at_end = cut == 24 + sum(16 + len(f.data) for f in rest)
                self.assertEqual('ends early' in r.text, not at_end)
                if len(rest) > 20:  # both links were up
                    self.assert_packets(r, naive.replay([rest, self.links[1]], (1, 2), self.CLIENTS))

    def test_times_that_run_backward_or_wild(self):
        for what, times in {
                'backward': lambda i, t: t - (i % 7 == 0) * 3 * MS,
                'backward from the first': lambda i, t: t + (i == 0) * 9 * SECOND,
                'a year later': lambda i, t: t + (i > 111) * 365 * 86400 * SECOND,
                'zero': lambda i, t: 0}.items():
            with self.subTest(what):
                link = [f.at(times(i, f.time)) for i, f in enumerate(self.links[0])]
                other = self.links[1] if what != 'backward from the first' else []
                r = self.good(pcapfile.encode(link), other)
                self.assertTrue(all(f.time >= min(link[0].time, link[-1].time) for f in r.packets), what)
                self.assertEqual('a time before the frame in front' in r.text, what.startswith('backward'))
                if other and what != 'zero':
                    self.assert_tun(r)
                elif not other:  # one link has a half of the packets
                    self.assertEqual({f.time for f in r.packets}, {link[0].time})

    for _name in [n for n in dir(Vectors) if n.startswith('test_')]:
        locals()[_name] = None


# ---------------------------------------------------------------------- lines of our own

class Lines(Case):
    def lines(self, n, client=None, ac=None, name=b'alice', **how):
        """n lines that are open, and the network with them, after 20 ms."""
        lines = [Line(i + 1, **how) for i in range(n)]
        for line in lines:
            line.open(0, client or options(mrru=1600, endpoint=CLIENT_ENDPOINT),
                      ac or options(mrru=1600, endpoint=AC_ENDPOINT), name)
        lines[0].networks(15)
        return lines

    def captures(self, lines):
        return [line.frames for line in lines]

    def test_plain_ppp_with_pap(self):
        line = Line(1)
        line.open(0, options(mru=1492), options(mru=1492), b'bob', pap=True)
        line.networks(15)
        packets = [ipv4(i, 40 + 200 * i) for i in range(8)]
        for i, p in enumerate(packets):
            line.send(30 + i, i % 2 == 0, IPV4, p)
        r = self.good(line.frames)
        self.assertEqual(r.data(), packets)
        self.assertEqual([f.time for f in r.packets], [START + (30 + i) * MS for i in range(8)])
        self.assertIn("bundle    1: 1 link, IPv4\n          client: name 'bob', endpoint none", r.text)
        self.assertIn('client to AC: no multilink, MRU 1492: 4 packets', r.text)
        self.assertNotIn('geheim', r.text)

    def test_one_link_with_multilink(self):
        lines = self.lines(1)
        to_ac, to_client = Sender(lines, True), Sender(lines, False)
        packets = [ipv4(i, 1000) for i in range(6)]
        for i, p in enumerate(packets):
            (to_ac if i % 2 else to_client).packet(30 + i, IPV4, p)
        lines[0].send(40, True, IPV4, ipv4(99, 100))  # beside MP
        r = self.good(*self.captures(lines))
        self.assertEqual(r.data(), packets + [ipv4(99, 100)])
        self.assertIn('bundle    1: 1 link, IPv4', r.text)

    def test_short_numbers_in_one_direction_around_their_circle_twice(self):
        """The AC wants to receive short numbers, the client does not."""
        lines = self.lines(2, ac=options(mrru=1600, short=True, endpoint=AC_ENDPOINT))
        to_ac, to_client = Sender(lines, True, short=True), Sender(lines, False)
        packets = []
        for i in range(4200):
            packets.append(ipv4(i, 60))
            to_ac.packet(30 + i, IPV4, packets[-1], i % 2)
            packets.append(ipv4(i, 60, b'\x0a\0\0\2'))
            to_client.packet(30.5 + i, IPV4, packets[-1], i % 2)
        r = self.good(*self.captures(lines))
        self.assertEqual(r.data(), packets)
        self.assertIn('client to AC: MRRU 1600, 12-bit numbers: 4200 packets', r.text)
        self.assertIn('AC to client: MRRU 1600, 24-bit numbers: 4200 packets', r.text)

    def test_sixteen_links_and_a_seventeenth(self):
        lines = self.lines(17)
        sender = Sender(lines[:16], True)
        packets = [ipv4(i, 1500) for i in range(40)]
        for i, p in enumerate(packets):
            sender.packet(30 + 2 * i, IPV4, p, i % 16)
        r = self.good(*self.captures(lines))
        self.assertEqual(r.data(), packets)
        self.assertIn('bundle    1: 16 links', r.text)
        self.assertRegex(r.text, r'refused   session 17 of .*link17\.pcap: .*has 16 links already')

    def test_ipv6_beside_ipv4_each_when_its_protocol_is_open(self):
        lines = self.lines(2)
        sender = Sender(lines, True)
        sender.packet(30, IPV6, ipv6(1, 300))
        lines[1].networks(32, IPV6CP)
        sender.packet(40, IPV6, ipv6(2, 300))
        sender.packet(41, IPV4, ipv4(3, 300))
        lines[1].send(50, False, IPV6CP, control(TERMINATE, 3))
        sender.packet(60, IPV6, ipv6(4, 300))
        sender.packet(61, IPV4, ipv4(5, 300))
        r = self.good(*self.captures(lines))
        self.assertEqual(r.data(), [ipv6(2, 300), ipv4(3, 300), ipv4(5, 300)])
        self.assertEqual(r.drops(), {'ncp_closed': 2})
        self.assertIn('IPv4 and IPv6', r.text)

    def test_a_network_protocol_that_opens_inside_the_bundle_is_open_for_the_packet_behind_it(self):
        lines = [Line(1), Line(2)]
        for line in lines:
            line.open(0, options(mrru=1600, endpoint=CLIENT_ENDPOINT), options(mrru=1600), b'alice')
        to_ac, to_client = Sender(lines, True), Sender(lines, False)
        to_ac.packet(20, IPCP, control(REQUEST, 1, b'\3\6\0\0\0\0'))
        to_client.packet(21, IPCP, control(2, 1, b'\3\6\0\0\0\0'))
        to_client.packet(22, IPCP, control(REQUEST, 1, b'\3\6\1\1\1\1'))
        # the Ack is held up; what was sent behind it waits in the window, and both come out at once
        last = len(lines[0].frames)
        to_ac.packet(23, IPCP, control(2, 1, b'\3\6\1\1\1\1'))
        lines[0].frames[last].time += 5 * MS
        to_ac.packet(24, IPV4, ipv4(1, 400), 1)
        r = self.good(*self.captures(lines))
        self.assertEqual(r.data(), [ipv4(1, 400)])
        self.assertEqual(r.packets[0].time, START + 28 * MS)

    def test_without_authentication(self):
        lines = self.lines(2, name=None)
        Sender(lines, True).packet(30, IPV4, ipv4(1, 500))
        r = self.good(*self.captures(lines))
        self.assertEqual(r.data(), [ipv4(1, 500)])
        self.assertIn("client: name none, endpoint local 'house'", r.text)

    def test_who_belongs_together(self):
        """RFC 1990 section 5.1.3: name and endpoint, each must be the same."""
        rows = [(b'alice', b'\1house'), (b'alice', b'\1house'), (b'alice', b'\1garden'), (b'bob', b'\1house'),
                (b'alice', b'\2house'), (b'bob', b'\1house'), (b'a\0\xff\\', b'\1house')]
        lines = []
        for i, (name, endpoint) in enumerate(rows):
            lines.append(Line(i + 1))
            lines[-1].open(20 * i, options(mrru=1600, endpoint=endpoint), options(mrru=1600), name)
        text = self.good(*self.captures(lines)).text
        parties = re.findall(r'bundle +\d+: (\d) links?.*\n +client: (.*)\n', text)
        self.assertEqual(parties, [
            ('2', "name 'alice', endpoint local 'house'"), ('1', "name 'alice', endpoint local 'garden'"),
            ('2', "name 'bob', endpoint local 'house'"), ('1', "name 'alice', endpoint class 2 686f757365"),
            ('1', r"name 'a\x00\xff\x5c', endpoint local 'house'")])

    def test_a_link_with_another_mrru_is_refused(self):
        lines = [Line(1), Line(2)]
        lines[0].open(0, options(mrru=1600, endpoint=CLIENT_ENDPOINT), options(mrru=1600), b'alice')
        lines[1].open(1, options(mrru=1500, endpoint=CLIENT_ENDPOINT), options(mrru=1600), b'alice')
        lines[0].networks(15)
        Sender(lines[:1], True).packet(30, IPV4, ipv4(1, 500))
        lines[1].send(31, True, IPV4, ipv4(2, 500))
        r = self.good(*self.captures(lines))
        self.assertEqual(r.data(), [ipv4(1, 500)])
        self.assertRegex(r.text, r'refused   session 2 of .*link2\.pcap: .*MRRU 1600')
        self.assertEqual(r.drops(), {'session_not_ready': 1})

    def test_each_direction_has_the_mrru_of_its_receiver(self):
        lines = self.lines(1, client=options(mrru=800), ac=options(mrru=1600))
        to_ac, to_client = Sender(lines, True), Sender(lines, False)
        to_ac.packet(30, IPV4, ipv4(1, 1600))
        to_ac.packet(31, IPV4, ipv4(2, 1601))
        to_client.packet(32, IPV4, ipv4(3, 800))
        to_client.packet(33, IPV4, ipv4(4, 801))
        r = self.good(*self.captures(lines))
        self.assertEqual(r.data(), [ipv4(1, 1600), ipv4(3, 800)])
        self.assertEqual(r.drops(), {'mp_too_large': 2})

    def test_frames_longer_than_a_packet_buffer(self):
        lines = self.lines(2, client=options(mrru=65535), ac=options(mrru=65535))
        sender = Sender(lines, True)
        packets = [ipv4(i, size) for i, size in enumerate((8000, 65535, 20, 30000))]
        for i, p in enumerate(packets):
            sender.packet(30 + i, IPV4, p, i % 2)
        r = self.good(*self.captures(lines))
        self.assertEqual(r.data(), packets)
        self.assertEqual(r.drops(), {})

    def test_the_loss_of_a_last_fragment_is_noticed_by_the_clock(self):
        lines = self.lines(2)
        sender = Sender(lines, True)
        sender.packet(30, IPV4, ipv4(1, 500))
        lines[1].frames.pop()
        sender.packet(40, IPV4, ipv4(2, 500))
        r = self.good(*self.captures(lines))
        self.assertEqual(r.data(), [ipv4(2, 500)])
        waited = r.packets[0].time - (START + 40 * MS)
        self.assertTrue(SECOND // 2 - 20 * MS <= waited <= SECOND, waited)
        self.assertEqual(r.drops(), {'mp_lost': 1})

    def test_a_gap_after_a_long_silence_has_its_time(self):
        for quiet in 10_000, 20_000, 40_000:
            lines = [Line(1), Line(2)]
            same = options(mrru=1600, endpoint=CLIENT_ENDPOINT), options(mrru=1600, endpoint=AC_ENDPOINT)
            for i, line in enumerate(lines):
                line.open(20 * i, *same)
            lines[0].networks(36)
            sender = Sender(lines, True)
            sender.packet(50, IPV4, ipv4(0, 200))
            # the second half is 4 ms late, and something else comes between
            whole = be16(IPV4) + ipv4(1, 200)
            sender.fragment(50 + quiet, 0, True, False, whole[:100])
            lines[0].send(52 + quiet, True, LCP, control(9, 1, bytes(4)))
            sender.fragment(54 + quiet, 1, False, True, whole[100:])
            r = self.good(*(line.frames for line in lines))
            self.assertEqual((r.drops(), len(r.packets)), ({}, 2), quiet)

    def test_what_is_complete_leaves_with_the_last_link(self):
        lines = self.lines(2)
        sender = Sender(lines, True)
        sender.packet(30, IPV4, ipv4(1, 500))
        lines[1].frames.pop()
        sender.packet(40, IPV4, ipv4(2, 500))
        lines[0].padt(50)
        lines[1].send(51, False, LCP, control(TERMINATE, 9))
        sender.packet(60, IPV4, ipv4(3, 500))
        r = self.good(*self.captures(lines))
        self.assertEqual(r.data(), [ipv4(2, 500)])
        self.assertEqual(r.packets[0].time, START + 51 * MS)
        self.assertEqual(r.drops(), {'mp_lost': 1, 'session_unknown': 1, 'session_not_ready': 1})

    def test_a_session_that_negotiates_again_starts_a_new_bundle(self):
        line = Line(1)
        for ms, mru in ((0, 1492), (100, 1400)):
            line.open(ms, options(mru=mru), options(mru=mru), b'bob', discovery=ms == 0)
            line.networks(ms + 15)
            line.send(ms + 30, True, IPV4, ipv4(ms, 1450))
        line.padt(200)
        line.send(210, True, IPV4, ipv4(3, 100))
        line.open(300, options(), options(), b'carol')
        line.networks(315)
        line.send(330, True, IPV4, ipv4(4, 1450))
        r = self.good(line.frames)
        self.assertEqual(r.data(), [ipv4(0, 1450), ipv4(4, 1450)])
        self.assertEqual(r.drops(), {'packet_too_large': 1, 'session_unknown': 1})
        self.assertIn('sessions  2, 2 with their discovery; 3 times one became a link', r.text)

    def test_requests_that_were_refused_first_do_not_count(self):
        line = Line(1)
        line.pads(0)
        line.send(1, True, LCP, control(REQUEST, 1, options(mrru=2000, short=True)))
        line.send(2, False, LCP, control(4, 1, options(short=True)))
        line.agree(3, True, LCP, 2, options(mrru=1600, endpoint=CLIENT_ENDPOINT))
        line.send(5, False, LCP, control(REQUEST, 5, options(mrru=1500)))
        line.send(6, True, LCP, control(2, 4, options(mrru=3000, short=True)))   # of an older request
        line.send(6, True, LCP, control(2, 5, options(mrru=3000)))              # not what was asked
        line.send(7, False, LCP, control(REQUEST, 6, options(mrru=1550)))
        line.send(8, True, LCP, control(2, 6, options(mrru=1550)))
        line.networks(15)
        Sender([line], True).packet(30, IPV4, ipv4(1, 500))
        r = self.good(line.frames)
        self.assertEqual(r.data(), [ipv4(1, 500)])
        self.assertIn('client to AC: MRRU 1550, 24-bit', r.text)
        self.assertIn('AC to client: MRRU 1600, 24-bit', r.text)

    def test_same_session_id_of_two_subscribers_on_a_port(self):
        lines = [Line(1, session=5), Line(2, session=5), Line(3, vlans=b'\x81\0\0\x07', session=5)]
        packets = []
        for i, line in enumerate(lines):
            line.open(0, options(), options(), b'user%d' % i)
            line.networks(15)
            packets.append(ipv4(i, 200))
            line.send(30 + i, i % 2 == 0, IPV4, packets[-1])
        r = self.good([f for line in lines for f in line.frames])
        self.assertEqual(r.data(), packets)
        self.assertEqual(r.drops(), {})


# ---------------------------------------------------------------------- command line

class Usage(Case):
    def setUp(self):
        super().setUp()
        self.link = VECTORS / 'fbsd-long-link1.pcap'
        self.out = self.dir / 'out.pcap'

    def refused(self, status, sentence, *args):
        done = self.run_hawserd(*args)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertRegex(done.stderr, sentence)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_wrong_arguments(self):
        self.refused(2, '--replay wants captures and --out', '--replay', '--out', self.out)
        self.refused(2, '--replay wants captures and --out', '--replay', self.link)
        self.refused(2, '--out goes with --replay', '--out', self.out)

    def test_files_that_are_no_captures(self):
        (self.dir / 'empty').write_bytes(b'')
        (self.dir / 'noise').write_bytes(bytes(range(256)))
        (self.dir / 'short').write_bytes(pcapfile.encode([])[:20])
        raw = self.dir / 'raw.pcap'
        pcapfile.write(raw, [], link=pcapfile.RAW)
        for name, sentence in {
                'missing': 'missing: No such file', 'empty': 'empty: .*truncated', 'noise': 'noise: unknown file format',
                'short': 'short: .*truncated', '': 'directory', 'raw.pcap': 'raw.pcap: link type is RAW .*, wanted is EN10MB',
        }.items():
            with self.subTest(name):
                self.refused(1, sentence, '--replay', self.link, self.dir / name, '--out', self.out)
                self.assertFalse(self.out.exists(), 'nothing was to be written')

    def test_output_that_cannot_be_written(self):
        self.refused(1, 'No such file', '--replay', self.link, '--out', self.dir / 'no' / 'out.pcap')
        self.refused(1, 'No space left', '--replay', self.link, VECTORS / 'fbsd-long-link2.pcap', '--out', '/dev/full')

    def test_a_capture_is_not_overwritten(self):
        copy = self.dir / 'copy.pcap'
        shutil.copy(self.link, copy)
        (self.dir / 'alias').symlink_to(copy)
        self.refused(1, 'must not be overwritten', '--replay', copy, '--out', self.dir / 'alias')
        self.assertEqual(copy.read_bytes(), self.link.read_bytes())

    def test_too_many_captures(self):
        self.refused(1, '33 captures: 32 are possible', '--replay', *[self.link] * 33, '--out', self.out)

    def test_as_many_captures_as_possible(self):
        done = self.run_hawserd('--replay', *[self.link] * 32, '--out', self.out)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_an_empty_capture(self):
        r = self.good([])
        self.assertEqual(r.packets, [])
        self.assertIn('frames    0 in 0.000000 s', r.text)

    def test_output_to_a_pipe(self):
        done = subprocess.run([HAWSERD, '--replay', self.link, VECTORS / 'fbsd-long-link2.pcap', '--out', '-'],
                              capture_output=True, timeout=100, check=False)
        self.assertEqual(done.returncode, 0)
        self.out.write_bytes(done.stdout)
        self.assertEqual(len(pcapfile.read(self.out)[1]), 154)
        self.assertIn(b'written   154 packets', done.stderr)


if __name__ == '__main__':
    HAWSERD, VECTORS = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
