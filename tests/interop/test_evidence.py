#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The judge is judged: every fault that it is to find, made on purpose."""
import pathlib
import struct
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import evidence  # noqa: E402

PEER = {'line0': '02:00:00:00:00:01', 'line1': '02:00:00:00:00:02'}
OWN = {'line0': '02:ff:00:00:00:01', 'line1': '02:ff:00:00:00:02'}
PORT, GUEST, HOST = 'core', '10.64.0.10', '198.51.100.2'
PACKETS = 20


def mac(text):
    return bytes.fromhex(text.replace(':', ''))


def address(text):
    return bytes(map(int, text.split('.')))


def packet(n, ttl=64, proto=17, size=200, source=GUEST, target=HOST):
    """IPv4, UDP unless told otherwise, the n-th of its kind."""
    return struct.pack('!BBHHHBBH', 0x45, 0, size, 0, 0, ttl, proto, ttl) + address(source) + address(target) + \
        struct.pack('!I', n) + bytes(size - 24)


def frame(source, body):
    return mac('02:aa:00:00:00:00') + mac(source) + struct.pack('!HBBHH', 0x8864, 0x11, 0, 1, len(body)) + body


def fragment(line, seq, flags, data, short=False, ends=None):
    head = struct.pack('!H', flags << 8 | seq) if short else struct.pack('!I', flags << 24 | seq)
    return frame((ends or PEER)[line], struct.pack('!H', 0x003d) + head + data)


def sent(n, start=0, short=False, inner=b'\x21', bits=24, ends=None, **kw):
    """The n-th packet in two halves, one on each line: frames of a capture."""
    data = inner + packet(n, **kw)
    return [('line0', n + 0.1, fragment('line0', (start + 2 * n) % (1 << bits), 0x80, data[:90], short, ends)),
            ('line1', n + 0.2, fragment('line1', (start + 2 * n + 1) % (1 << bits), 0x40, data[90:], short, ends))]


def on_port(n, at=None, **kw):
    return PORT, n + 0.3 if at is None else at, bytes(12) + b'\x08\x00' + packet(n, **{'ttl': 63, **kw})


def ip_fragments(whole, step):
    data = whole[20:]
    return [whole[:2] + struct.pack('!H', 20 + len(data[at:at + step])) + whole[4:6] +
            struct.pack('!H', at // 8 | 0x2000 * (at + step < len(data))) + whole[8:20] + data[at:at + step]
            for at in range(0, len(data), step)]


def all_in(**kw):
    return [f for n in range(PACKETS) for f in sent(n, **kw)]


def all_out(but=(), **kw):
    return [on_port(n, **kw) for n in range(PACKETS) if n not in but]


def judged(frames, **kw):
    return evidence.judge_received(sorted(frames, key=lambda f: f[1]), PEER, PORT, evidence.Flow(GUEST, HOST), **kw)


class Received(unittest.TestCase):
    def expect(self, verdict, came=PACKETS, missing=0, surplus=0, disordered=0):
        p = verdict.passed
        self.assertEqual((p.came, len(p.missing), p.surplus, p.disordered), (came, missing, surplus, disordered))
        self.assertEqual(bool(p.faults()), bool(missing or surplus or disordered))

    def test_nothing_wrong(self):
        for kw in ({}, {'start': 0xfffff0}, {'inner': b'\0\x21'}, {'start': 0xff0, 'short': True, 'bits': 12}):
            v = judged(all_in(**kw) + all_out(), short=kw.get('short', False))
            self.expect(v)
            self.assertEqual((v.lost_before, v.copies, v.backward, v.too_late), (0, 0, 0, 0), kw)

    def test_missing(self):
        v = judged(all_in() + all_out(but={7}))
        self.expect(v, missing=1)
        self.assertEqual([f.seq for f in v.passed.missing[0][2]], [14, 15])
        self.expect(judged(all_in() + all_out(but={7}), since=10), came=PACKETS - 10)

    def test_changed(self):
        frames = all_in() + all_out(but={7})
        name, at, f = on_port(7)
        self.expect(judged(frames + [(name, at, f[:-1] + b'!')]), missing=1, surplus=1)

    def test_surplus(self):
        self.expect(judged(all_in() + all_out() + [on_port(3, 50)]), surplus=1, disordered=1)
        self.expect(judged(all_in() + all_out() + [on_port(99)]), surplus=1)

    def test_times(self):
        v = judged(all_in() + all_out(but={11}) + [on_port(11, 12.2)])
        self.expect(v)
        self.assertAlmostEqual(v.passed.slowest, 1.0)
        self.assertAlmostEqual(v.passed.stall, 12.2 - 10.3)

    def test_disordered(self):
        self.expect(judged(all_in() + all_out(but={4, 5}) + [on_port(4, 96), on_port(5, 95)]), disordered=2)

    def test_lost_before(self):
        frames = all_in()
        del frames[9]
        v = judged(frames + all_out(but={4}))
        self.expect(v, came=PACKETS - 1)
        self.assertEqual(v.lost_before, 1)
        self.expect(judged(frames + all_out()), came=PACKETS - 1, surplus=1)  # made up from half of it

    def test_copies(self):
        v = judged(all_in() + [('line0', 30, fragment('line0', 10, 0x80, b'x'))] + all_out())
        self.expect(v)
        self.assertEqual(v.copies, 1)

    def test_skew(self):
        frames = [(name, at + (5 if name == 'line1' else 0), f) for name, at, f in all_in()]
        v = judged(frames + [on_port(n, n + 6) for n in range(PACKETS)])
        self.expect(v)
        self.assertEqual(v.backward, 0)
        self.assertAlmostEqual(v.skew['line1'], 4.1, 1)  # since its successor came
        self.assertGreaterEqual(v.deepest, 4)

    def test_behind_on_its_own_line(self):
        frames = all_in()
        name, _, f = frames.pop(2)
        v = judged(frames + [(name, 6, f)] + all_out(but={1}))
        self.expect(v, missing=1)
        self.assertEqual((v.backward, v.too_late), (1, 0))
        v = judged(frames + [(name, 19.9, f)] + all_out(but={1}))
        self.expect(v, came=PACKETS - 1)
        self.assertEqual((v.backward, v.too_late), (1, 1))

    def test_without_multilink(self):
        plain = [('line0', n + 0.1, frame(PEER['line0'], b'\0\x21' + packet(n))) for n in range(PACKETS)]
        self.expect(judged(plain + all_out()))
        self.expect(judged(plain + all_out(but={3})), missing=1)

    def test_what_is_not_asked_for(self):
        ours = ('line0', 3, fragment('line0', 77, 0xc0, b'\x21' + packet(5), ends=OWN))
        tcp = ('line0', 40, fragment('line0', 2 * PACKETS, 0xc0, b'\x21' + packet(5, proto=6)))
        null = ('line0', 41, fragment('line0', 2 * PACKETS + 1, 0xc0, b''))
        v = judged(all_in() + [ours, tcp, null, on_port(5, 50, source='198.51.100.1')] + all_out())
        self.expect(v)
        self.assertEqual(v.sent, 2 * PACKETS + 2)


class Sent(unittest.TestCase):
    BACK = {'source': HOST, 'target': GUEST}

    def judged(self, frames, **kw):
        p = evidence.judge_sent(sorted(frames, key=lambda f: f[1]), OWN, PORT, evidence.Flow(HOST, GUEST), **kw)
        return p.came, len(p.missing), p.surplus, p.disordered

    def test_all(self):
        frames = all_out(at=0, **self.BACK) + all_in(ends=OWN, **self.BACK)
        self.assertEqual(self.judged(frames), (PACKETS, 0, 0, 0))
        self.assertEqual(self.judged(frames[:-1]), (PACKETS, 1, 0, 0))
        self.assertEqual(self.judged(frames[1:]), (PACKETS - 1, 0, 1, 0))
        self.assertEqual(self.judged([on_port(n, PACKETS - n, **self.BACK) for n in range(PACKETS)] + frames[PACKETS:])[3], PACKETS - 1)

    def test_what_comes_at_once_has_no_order(self):
        for apart, disordered in ((evidence.AT_ONCE / 2, 0), (evidence.AT_ONCE * 2, 1)):
            came = [on_port(n, n, **self.BACK) for n in range(PACKETS)]
            came[3:5] = on_port(4, 3, **self.BACK), on_port(3, 3 + apart, **self.BACK)
            self.assertEqual(self.judged(came + all_in(ends=OWN, **self.BACK)), (PACKETS, 0, 0, disordered))

    def test_longer_than_the_bundle_takes(self):
        whole = packet(99, size=1204, **self.BACK)
        frames = all_out(at=0, **self.BACK) + all_in(ends=OWN, **self.BACK) + [(PORT, 50, bytes(12) + b'\x08\x00' + whole)]
        self.assertEqual(self.judged(frames), (PACKETS + 1, 1, 0, 0))
        cut = [('line0', 51 + i, fragment('line0', 2 * PACKETS + i, 0xc0, b'\x21' + piece, ends=OWN))
               for i, piece in enumerate(ip_fragments(whole, 400))]
        self.assertEqual(self.judged(frames + cut), (PACKETS + 1, 0, 0, 0))
        self.assertEqual(self.judged(frames + cut[:-1]), (PACKETS + 1, 1, 0, 0))
        self.assertEqual(self.judged(frames + cut[1:]), (PACKETS + 1, 1, 0, 0))
        parts = [(PORT, 50 + i / 10, bytes(12) + b'\x08\x00' + piece) for i, piece in enumerate(ip_fragments(whole, 600))]
        self.assertEqual(self.judged(frames[:-1] + parts + cut), (PACKETS + 1, 0, 0, 0))
        never = PORT, 52, bytes(12) + b'\x08\x00' + whole[:6] + b'\x40\0' + whole[8:]
        self.assertEqual(self.judged(frames + cut + [never], mtu=1000), (PACKETS + 1, 0, 0, 0))
        self.assertEqual(self.judged(frames + cut + [never], mtu=1204), (PACKETS + 2, 1, 0, 0))


def block(kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack('<II', kind, len(body) + 12) + body + struct.pack('<I', len(body) + 12)


def option(code, value):
    return struct.pack('<HH', code, len(value)) + value + bytes(-len(value) % 4)


class Capture(unittest.TestCase):
    def test_file(self):
        data = block(0x0a0d0d0a, struct.pack('<IHHq', 0x1a2b3c4d, 1, 0, -1))
        for name, resolution in ((b'line0', b'\x06'), (b'core', b'\x09')):
            data += block(1, struct.pack('<HHI', 1, 0, 0) + option(2, name) + option(9, resolution) + option(0, b''))
        for interface, stamp, f in ((0, 5000001, b'one'), (1, 5000000000, b'two')):
            data += block(6, struct.pack('<IIIII', interface, stamp >> 32, stamp & 0xffffffff, len(f), len(f)) + f)
        data += block(5, bytes(12))
        with tempfile.NamedTemporaryFile() as f:
            f.write(data)
            f.flush()
            self.assertEqual(evidence.captured(pathlib.Path(f.name)), [('core', 5.0, b'two'), ('line0', 5.000001, b'one')])

    def test_lost(self):
        text = "Packets received/dropped on interface 'line0': 100/3 (pcap:3/dumpcap:0)\nPackets received/dropped on interface 'core': 9/0\n"
        self.assertEqual(evidence.capture_lost(text), 3)


if __name__ == '__main__':
    unittest.main()
