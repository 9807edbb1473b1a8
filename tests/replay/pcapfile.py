# SPDX-License-Identifier: BSD-3-Clause
"""Captures as files: a reader and a writer that owe nothing to libpcap. Times are nanoseconds since 1970."""
import struct

ETHERNET, RAW = 1, 101
MICRO, NANO = 0xa1b2c3d4, 0xa1b23c4d


class Frame:
    """A captured frame. `wire` is its length on the wire, when capturing cut it."""

    def __init__(self, time, data, wire=None):
        self.time, self.data, self.wire = time, bytes(data), wire

    def at(self, time):
        return Frame(time, self.data, self.wire)

    def but(self, data):
        return Frame(self.time, data)


def read(path):
    """(link type, frames) of a classic capture in any byte order and precision; stops where the file is cut."""
    with open(path, 'rb') as f:
        raw = f.read()
    order = next(o for o in '<>' if struct.unpack(o + 'I', raw[:4])[0] in (MICRO, NANO))
    unit = 1000 if struct.unpack(order + 'I', raw[:4])[0] == MICRO else 1
    link = struct.unpack(order + 'I', raw[20:24])[0]
    frames, at = [], 24
    while at + 16 <= len(raw):
        seconds, fraction, kept, wire = struct.unpack(order + 'IIII', raw[at:at + 16])
        if at + 16 + kept > len(raw):
            break
        frames.append(Frame(seconds * 10**9 + fraction * unit, raw[at + 16:at + 16 + kept], wire))
        at += 16 + kept
    return link, frames


def encode(frames, link=ETHERNET, magic=NANO, order='<', snaplen=262144):
    """Bytes of a classic capture."""
    unit = 1000 if magic == MICRO else 1
    out = [struct.pack(order + 'IHHiIII', magic, 2, 4, 0, 0, snaplen, link)]
    for f in frames:
        seconds, fraction = divmod(f.time, 10**9)
        wire = len(f.data) if f.wire is None else f.wire
        out.append(struct.pack(order + 'IIII', seconds, fraction // unit, len(f.data), wire) + f.data)
    return b''.join(out)


def encode_ng(frames, order='<'):
    """Bytes of a pcapng capture with one interface and microseconds."""

    def block(kind, body):
        body += bytes(-len(body) % 4)
        size = struct.pack(order + 'I', len(body) + 12)
        return struct.pack(order + 'I', kind) + size + body + size

    out = [block(0x0a0d0d0a, struct.pack(order + 'IHHq', 0x1a2b3c4d, 1, 0, -1)),
           block(1, struct.pack(order + 'HHI', ETHERNET, 0, 0))]
    for f in frames:
        us = f.time // 1000
        out.append(block(6, struct.pack(order + 'IIIII', 0, us >> 32, us & 0xffffffff, len(f.data), len(f.data)) + f.data))
    return b''.join(out)


def write(path, frames, **how):
    with open(path, 'wb') as f:
        f.write(encode(frames, **how))
