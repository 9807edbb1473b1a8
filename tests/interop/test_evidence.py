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

SOURCES = {'line0': '02:00:00:00:00:01', 'line1': '02:00:00:00:00:02'}
PORT, TARGET = 'core', '198.51.100.2'
PACKETS = 20


def mac(text):
    return bytes.fromhex(text.replace(':', ''))


def packet(n, ttl=64, proto=17, size=200):
    """IPv4, UDP unless told otherwise, the n-th of its kind."""
    return struct.pack('!BBHHHBBH4s4s', 0x45, 0, size, 0, 0, ttl, proto, ttl, bytes([10, 64, 0, 10]),
                       bytes(map(int, TARGET.split('.')))) + struct.pack('!I', n) + bytes(size - 24)


def fragment(line, seq, flags, data, short=False, source=None):
    head = struct.pack('!H', flags << 8 | seq) if short else struct.pack('!I', flags << 24 | seq)
    body = struct.pack('!H', 0x003d) + head + data
    return mac('02:ff:00:00:00:00') + mac(source or SOURCES[line]) + struct.pack('!HBBHH', 0x8864, 0x11, 0, 1, len(body)) + body


def sent(n, start=0, short=False, inner=b'\x21', bits=24):
    """The n-th packet in two halves, one on each line: frames of a capture."""
    data = inner + packet(n)
    return [('line0', n + 0.1, fragment('line0', (start + 2 * n) % (1 << bits), 0x80, data[:90], short)),
            ('line1', n + 0.2, fragment('line1', (start + 2 * n + 1) % (1 << bits), 0x40, data[90:], short))]


def out(n, at=None):
    return PORT, n + 0.3 if at is None else at, bytes(12) + b'\x08\x00' + packet(n, ttl=63)


def all_in(**kw):
    return [f for n in range(PACKETS) for f in sent(n, **kw)]


def judged(frames, **kw):
    return evidence.judge(sorted(frames, key=lambda f: f[1]), SOURCES, PORT, TARGET, **kw)


class Judge(unittest.TestCase):
    def test_nothing_wrong(self):
        for kw in ({}, {'start': 0xfffff0}, {'inner': b'\0\x21'}, {'start': 0xff0, 'short': True, 'bits': 12}):
            v = judged(all_in(**kw) + [out(n) for n in range(PACKETS)], short=kw.get('short', False))
            self.assertEqual((v.whole, v.missing, v.surplus, v.disordered, v.lost_before), (PACKETS, [], 0, 0, 0), kw)

    def test_missing(self):
        v = judged(all_in() + [out(n) for n in range(PACKETS) if n != 7])
        self.assertEqual([f.seq for _, parts in v.missing for f in parts], [14, 15])

    def test_surplus(self):
        self.assertEqual(judged(all_in() + [out(n) for n in range(PACKETS)] + [out(3, 50)]).surplus, 1)
        self.assertEqual(judged(all_in() + [out(n) for n in range(PACKETS)] + [out(99)]).surplus, 1)

    def test_disordered(self):
        v = judged(all_in() + [out(n, 100 - n if n in (4, 5) else None) for n in range(PACKETS)])
        self.assertEqual((v.missing, v.disordered), ([], 2))

    def test_lost_before(self):
        frames = all_in()
        del frames[9]
        v = judged(frames + [out(n) for n in range(PACKETS) if n != 4])
        self.assertEqual((v.whole, v.missing, v.lost_before), (PACKETS - 1, [], 1))
        v = judged(frames + [out(n) for n in range(PACKETS)])  # made up from half of it
        self.assertEqual(v.surplus, 1)

    def test_copies(self):
        frames = all_in() + [('line0', 30, fragment('line0', 10, 0x80, b'x'))]
        v = judged(frames + [out(n) for n in range(PACKETS)])
        self.assertEqual((v.copies, v.surplus, v.whole), (1, 0, PACKETS))

    def test_skew(self):
        frames = [(name, at + (5 if name == 'line1' else 0), f) for name, at, f in all_in()]
        v = judged(frames + [out(n, n + 6) for n in range(PACKETS)])
        self.assertEqual((v.whole, v.missing, v.backward), (PACKETS, [], 0))
        self.assertAlmostEqual(v.skew['line1'], 4.1, 1)  # since its successor came
        self.assertGreaterEqual(v.deepest, 4)

    def test_behind_on_its_own_line(self):
        frames = all_in()
        name, at, f = frames[2]
        near, far = [*frames[:2], *frames[3:], (name, 6, f)], [*frames[:2], *frames[3:], (name, 19.9, f)]
        v = judged(near + [out(n) for n in range(PACKETS) if n != 1])
        self.assertEqual((v.backward, len(v.missing), v.too_late), (1, 1, 0))
        v = judged(far + [out(n) for n in range(PACKETS) if n != 1])
        self.assertEqual((v.backward, len(v.missing), v.too_late), (1, 0, 1))

    def test_what_is_not_asked_for(self):
        ours = ('line0', 3, fragment('line0', 77, 0xc0, b'\x21' + packet(5), source='02:ff:00:00:00:00'))
        tcp = ('line0', 40, fragment('line0', 2 * PACKETS, 0xc0, b'\x21' + packet(5, proto=6)))
        v = judged(all_in() + [ours, tcp] + [out(n) for n in range(PACKETS)])
        self.assertEqual((v.whole, v.missing, v.sent), (PACKETS, [], 2 * PACKETS + 1))


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
        for interface, stamp, frame in ((0, 5000001, b'one'), (1, 5000000000, b'two')):
            data += block(6, struct.pack('<IIIII', interface, stamp >> 32, stamp & 0xffffffff, len(frame), len(frame)) + frame)
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
