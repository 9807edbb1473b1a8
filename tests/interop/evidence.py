# SPDX-License-Identifier: BSD-3-Clause
"""What reached hawserd and what it passed on, from one capture of its lines and its IP port: the judge of both directions.

The lines tell which packets arrived in all their fragments, by RFC 1990's header and without asking hawserd; the IP port tells which of
them left, and in what order. In the other direction they change places. What was lost elsewhere (a shaper, the buffer of a socket, a
ring of the peer's card) is in neither, so it cannot be blamed on hawserd, nor can what hawserd loses hide behind it.
"""
import collections
import dataclasses
import heapq
import re
import struct

SECTION, INTERFACE, PACKET = 0x0a0d0d0a, 1, 6
SESSION, MULTILINK, IPV4 = 0x8864, 0x003d, 0x0021
ICMP, UDP = 1, 17
DONT_FRAGMENT = 0x4000


def blocks(data):
    """(type, body) of the blocks of a pcapng file, which this machine wrote: its byte order is ours."""
    at = 0
    while at + 12 <= len(data):
        kind, length = struct.unpack_from('<II', data, at)
        yield kind, data[at + 8:at + length - 4]
        at += length


def options(data):
    while len(data) >= 4:
        code, length = struct.unpack_from('<HH', data)
        if code == 0:
            return
        yield code, data[4:4 + length]
        data = data[4 + (length + 3) // 4 * 4:]


def captured(path):
    """(interface, seconds, frame) of all frames in the file, by time; those of an interface as they came."""
    interfaces, frames = [], collections.defaultdict(list)
    for kind, body in blocks(path.read_bytes()):
        if kind == SECTION:
            interfaces = []
        elif kind == INTERFACE:
            known = dict(options(body[8:]))
            per_second = 10 ** known.get(9, b'\x06')[0]
            interfaces.append((known[2].rstrip(b'\0').decode(), per_second))
        elif kind == PACKET:
            number, high, low, length = struct.unpack_from('<IIII', body)
            name, per_second = interfaces[number]
            frames[name].append((name, (high << 32 | low) / per_second, body[20:20 + length]))
    return list(heapq.merge(*frames.values(), key=lambda f: f[1]))


def capture_lost(text):
    """Frames that the capturing program says it did not see."""
    return sum(int(n) for n in re.findall(r"received/dropped on interface '[^']*': \d+/(\d+)", text))


@dataclasses.dataclass
class Fragment:
    seq: int           # not wrapped
    begin: bool
    end: bool
    line: str
    at: float          # seconds
    data: bytes


def protocol(data):
    """(protocol, rest): one byte where it is odd (RFC 1661 section 6.5)."""
    return (data[0], data[1:]) if data[0] & 1 else (struct.unpack('!H', data[:2])[0], data[2:])


def framed(frame, source):
    """(protocol, rest) of a session frame from that MAC address; None of everything else."""
    if len(frame) < 22 or frame[6:12] != source or struct.unpack_from('!H', frame, 12)[0] != SESSION:
        return None
    return protocol(frame[20:20 + struct.unpack_from('!H', frame, 18)[0]])


class Lines:
    """What one end sent on the lines. sources: {line: its MAC address there}."""

    def __init__(self, frames, sources, short=False):
        self.pieces = []   # Fragment, in the order in which they came
        self.plain = []    # (seconds, IP packet) without multilink
        self._newest = None
        sources = {line: bytes.fromhex(mac.replace(':', '')) for line, mac in sources.items()}
        for line, at, frame in frames:
            found = framed(frame, sources[line]) if line in sources else None
            if found and found[0] == IPV4:
                self.plain.append((at, found[1]))
            elif found and found[0] == MULTILINK:
                self._add(line, at, found[1], short)

    def _add(self, line, at, data, short):
        circle = 1 << (12 if short else 24)
        number = struct.unpack_from('!H' if short else '!I', data)[0] % circle
        newest = number if self._newest is None else self._newest
        seq = newest + (number - newest + circle // 2) % circle - circle // 2
        self._newest = max(newest, seq)
        self.pieces.append(Fragment(seq, bool(data[0] & 0x80), bool(data[0] & 0x40), line, at, data[2 if short else 4:]))

    def since(self, at):
        """How many frames with data came at that time or later."""
        return sum(f.at >= at for f in self.pieces) + sum(when >= at for when, _ in self.plain)

    def whole(self):
        """[(bytes of the packet, its fragments)] of all packets of which every fragment came, in the order of their numbers."""
        by_number = {}
        for f in self.pieces:
            by_number.setdefault(f.seq, f)  # of copies the first counts
        out, packet = [], []
        for seq in sorted(by_number):
            f = by_number[seq]
            if f.begin or not packet or seq != packet[-1].seq + 1:
                packet = [f] if f.begin else []
            else:
                packet.append(f)
            if packet and f.end:
                out.append((b''.join(p.data for p in packet), packet))
                packet = []
        return out

    def behind(self):
        """{number: how far its own line had gone past it when it came}."""
        last, out = {}, {}
        for f in self.pieces:
            out.setdefault(f.seq, max(0, last.get(f.line, f.seq) - f.seq))
            last[f.line] = max(f.seq, last.get(f.line, f.seq))
        return out

    def skews(self):
        """(line -> seconds, fragments, backward): how late and how far behind the others numbers came."""
        late, last, seen, missing = collections.Counter(), {}, set(), {}
        newest, deepest, backward = None, 0, 0
        for f in self.pieces:
            if f.seq in seen:
                continue
            backward += f.seq < last.get(f.line, f.seq)
            last[f.line] = max(f.seq, last.get(f.line, f.seq))
            if newest is None or f.seq > newest:
                for n in range(f.seq if newest is None else newest + 1, f.seq):
                    missing[n] = f.at, len(seen)
                newest = f.seq
            elif f.seq in missing:
                since, before = missing.pop(f.seq)
                late[f.line] = max(late[f.line], f.at - since)
                deepest = max(deepest, len(seen) - before)
            seen.add(f.seq)
        return late, deepest, backward


class Flow:
    """The UDP and ICMP datagrams from one IPv4 address to another. (Of TCP, SYNs are changed on the way.)"""

    def __init__(self, source, target):
        self.ends = b''.join(bytes(map(int, a.split('.'))) for a in (source, target))

    def datagrams(self, packets):
        """packets: (seconds, IP packet, fragments it came in). [(identity, seconds, fragments)] of the flow's datagrams. IP fragments count
        where the last of them came: the kernel in front of an IP port joins them, and who has a smaller MTU cuts again."""
        out, parts = [], collections.defaultdict(list)
        for at, packet, pieces in packets:
            if len(packet) < 20 or packet[0] >> 4 != 4 or packet[9] not in (ICMP, UDP) or packet[12:20] != self.ends:
                continue
            length, ident, offset = struct.unpack_from('!HHH', packet, 2)
            header = (packet[0] & 15) * 4
            what, data = (packet[1], packet[9], ident), packet[header:length]
            if offset & 0x3fff:
                parts[what].append(((offset & 0x1fff) * 8, data, not offset & 0x2000, pieces))
                data, pieces = self._joined(parts[what])
                if data is None:
                    continue
                del parts[what]
            out.append(((*what, bool(offset & DONT_FRAGMENT), data), at, pieces))
        return out

    @staticmethod
    def _joined(parts):
        """(data, fragments) of a datagram if all its parts are there."""
        data, pieces, last = b'', [], False
        for at, more, last, its in sorted(parts, key=lambda p: p[0]):
            if at != len(data):
                return None, []
            data, pieces = data + more, pieces + its
        return (data, pieces) if last else (None, [])

    def on_lines(self, lines):
        """What came whole, in the order of its numbers, then what came without multilink."""
        packets = []
        for data, parts in lines.whole():
            inner, packet = protocol(data) if len(data) > 2 else (0, b'')
            packets += [(max(f.at for f in parts), packet, parts)] if inner == IPV4 else []
        return self.datagrams(packets + [(at, packet, []) for at, packet in lines.plain])

    def on_port(self, frames, port):
        return self.datagrams((at, frame[14:], []) for name, at, frame in frames if name == port and frame[12:14] == b'\x08\x00')


@dataclasses.dataclass
class Passage:
    """What came on one side of hawserd against what left on the other."""
    came: int          # datagrams
    missing: list      # [(identity, seconds, fragments)] of those that did not leave
    surplus: int       # datagrams that left more than once, or that never came
    disordered: int    # datagrams that left behind a later one
    slowest: float     # longest time between the last fragment of a datagram and its leaving, seconds
    stall: float       # longest time between two that left, seconds

    def faults(self):
        """What is wrong, a text each."""
        out = []
        if self.missing:
            _, at, parts = self.missing[0]
            pieces = ', '.join(f'{f.seq} on {f.line} at {f.at:.4f}' for f in parts)
            out.append(f'{len(self.missing)} of {self.came} are missing, the first at {at:.4f}{f" ({pieces})" if parts else ""}')
        if self.surplus:
            out.append(f'{self.surplus} more than came')
        if self.disordered:
            out.append(f'{self.disordered} out of order')
        return out


AT_ONCE = 0.005


def passage(came, out, since=0.0, excused=frozenset(), at_once=0.0):
    """since: what came before need not have left. at_once: seconds in which what came has no order."""
    place = {key: i for i, (key, *_) in reversed(list(enumerate(came)))}
    order = [place[key] for key, *_ in out if key in place]
    disordered, newest = 0, -1
    for i in order:
        disordered += i < newest and came[i][1] < came[newest][1] - at_once
        newest = max(newest, i)
    gone = {key: at for key, at, _ in reversed(out)}
    asked = [c for c in came if c[1] >= since and c[0] not in excused]
    slowest = max((gone[key] - at for key, at, _ in asked if key in gone), default=0.0)
    times = sorted(at for _, at, _ in out if at >= since)
    return Passage(len(asked), [c for c in asked if c[0] not in gone], len(out) - len(set(order)), disordered, slowest,
                   max((b - a for a, b in zip(times, times[1:])), default=0.0))


@dataclasses.dataclass
class Verdict:
    passed: Passage    # packets from the peer
    sent: int          # its numbers between the first and the last that came
    came: int          # of those
    copies: int        # fragments that came once more
    too_late: int      # packets with a fragment that its own line brought too far behind later ones
    skew: dict         # line -> longest time that one of its numbers came after a later one, seconds
    deepest: int       # most fragments that came before one that an earlier number belonged to
    backward: int      # fragments that came after a later one of their own line

    @property
    def lost_before(self):
        return self.sent - self.came

    def text(self):
        late = ', '.join(f'{line} up to {1000 * s:.0f} ms late' for line, s in sorted(self.skew.items()) if s >= 0.001)
        p = self.passed
        return (f'{p.came - len(p.missing)} of {p.came} whole packets delivered, {p.disordered} out of order; '
                f'{self.lost_before} of {self.sent} fragments lost before us'
                f'{f"; {late}, {self.deepest} fragments of skew" if late else ""}')


def judge_received(frames, peer, port, flow, short=False, since=0.0, tolerance=16):
    """From the lines to the IP port. peer: {line: the peer's MAC address}. tolerance: numbers for each line that in-link reorder may
    span (REASM_SLACK_PER_LINK)."""
    lines = Lines(frames, peer, short)
    past = lines.behind()
    came = flow.on_lines(lines)
    late = {key for key, _, parts in came if any(past[f.seq] >= tolerance * len(peer) for f in parts)}
    numbers = {f.seq for f in lines.pieces}
    skew, deepest, backward = lines.skews()
    return Verdict(passage(came, flow.on_port(frames, port), since, late), max(numbers) - min(numbers) + 1 if numbers else 0, len(numbers),
                   len(lines.pieces) - len(numbers), len(late), skew, deepest, backward)


def judge_sent(frames, own, port, flow, short=False, since=0.0, mtu=65535):
    """From the IP port to the lines. own: {line: hawserd's MAC address}. mtu: of the bundle; what is longer and must not be cut is
    answered by ICMP. Hosts send on several CPUs at once, and then the capture and hawserd may each see another order."""
    came = [c for c in flow.on_port(frames, port) if not (c[0][3] and len(c[0][4]) + 20 > mtu)]
    return passage(came, flow.on_lines(Lines(frames, own, short)), since, at_once=AT_ONCE)
