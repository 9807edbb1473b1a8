# SPDX-License-Identifier: BSD-3-Clause
"""What reached hawserd and what it passed on, from one capture of its lines and its IP port: the judge of its receiving side.

The lines tell which packets arrived in all their fragments, by RFC 1990's header and without asking hawserd; the IP port tells which of
them left, and in what order. What was lost elsewhere (a shaper, the buffer of a socket, a ring of the peer's card) is in neither, so it
cannot be blamed on hawserd, nor can what hawserd loses hide behind it.
"""
import collections
import dataclasses
import heapq
import re
import struct

SECTION, INTERFACE, PACKET = 0x0a0d0d0a, 1, 6
SESSION, MULTILINK, IPV4, UDP = 0x8864, 0x003d, 0x0021, 17


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


def multilink(frame, source, short):
    """(begin, end, number, data) of a fragment that the peer sent; None of everything else."""
    if len(frame) < 22 or not frame[6:12] == source or struct.unpack_from('!H', frame, 12)[0] != SESSION:
        return None
    inner, rest = protocol(frame[20:14 + 6 + struct.unpack_from('!H', frame, 18)[0]])
    if inner != MULTILINK:
        return None
    head = struct.unpack_from('!H' if short else '!I', rest)[0]
    return bool(rest[0] & 0x80), bool(rest[0] & 0x40), head & (0xfff if short else 0xffffff), rest[2 if short else 4:]


def fragments(frames, sources, short=False):
    """The peer's multilink fragments in the order in which they came. sources: {line: MAC address of the peer there}."""
    sources = {line: bytes.fromhex(mac.replace(':', '')) for line, mac in sources.items()}
    circle, newest, out = 1 << (12 if short else 24), None, []
    for line, at, frame in frames:
        found = line in sources and multilink(frame, sources[line], short)
        if not found:
            continue
        begin, end, number, data = found
        if newest is None:
            newest = number
        seq = newest + (number - newest + circle // 2) % circle - circle // 2
        newest = max(newest, seq)
        out.append(Fragment(seq, begin, end, line, at, data))
    return out


def whole(pieces):
    """[(bytes of the packet, its fragments)] of all packets of which every fragment came, in the order of their numbers."""
    by_number = {}
    for f in pieces:
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


def behind(pieces):
    """{number: how far its own line had gone past it when it came}."""
    last, out = {}, {}
    for f in pieces:
        out.setdefault(f.seq, max(0, last.get(f.line, f.seq) - f.seq))
        last[f.line] = max(f.seq, last.get(f.line, f.seq))
    return out


def identity(packet):
    """What does not change on the way through a router: all but TTL and header checksum."""
    return packet[:8] + packet[9:10] + packet[12:]


def datagrams(packets, target):
    """Those IP packets that are UDP to the host."""
    address = bytes(map(int, target.split('.')))
    return [p for p in packets if len(p) >= 28 and p[0] >> 4 == 4 and p[9] == UDP and p[16:20] == address]


@dataclasses.dataclass
class Verdict:
    sent: int          # numbers between the first and the last that came
    came: int          # of those
    copies: int        # fragments that came once more
    whole: int         # UDP packets that came in all their fragments, none of them too late to be waited for
    missing: list      # [(packet, its fragments)] of those that did not leave
    too_late: int      # packets with a fragment that its own line brought too far behind later ones
    surplus: int       # packets that left more than once, or that never came whole
    disordered: int    # packets that left behind a later one
    skew: dict         # line -> longest time that one of its numbers came after a later one, seconds
    deepest: int       # most fragments that came before one that an earlier number belonged to
    backward: int      # fragments that came after a later one of their own line

    @property
    def lost_before(self):
        return self.sent - self.came

    def text(self):
        late = ', '.join(f'{line} up to {1000 * s:.0f} ms late' for line, s in sorted(self.skew.items()) if s >= 0.001)
        return (f'{self.whole - len(self.missing)} of {self.whole} whole packets delivered, {self.disordered} out of order; '
                f'{self.lost_before} of {self.sent} fragments lost before us'
                f'{f"; {late}, {self.deepest} fragments of skew" if late else ""}')


def skews(pieces):
    """(line -> seconds, fragments, backward): how late and how far behind the others numbers came."""
    late, last, seen, missing = collections.Counter(), {}, set(), {}
    newest, deepest, backward = None, 0, 0
    for f in pieces:
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


def arrived(pieces, target):
    """[(identity, fragments)] of the whole UDP packets for the target."""
    out = []
    for data, parts in whole(pieces):
        inner, packet = protocol(data)
        if inner == IPV4 and datagrams([packet], target):
            out.append((identity(packet[:struct.unpack_from('!H', packet, 2)[0]]), parts))
    return out


def left(frames, port, target):
    """Identities of the UDP packets for the target that went out of the port, in order."""
    packets = [frame[14:14 + struct.unpack_from('!H', frame, 16)[0]] for name, _, frame in frames
               if name == port and frame[12:14] == b'\x08\x00']
    return [identity(p) for p in datagrams(packets, target)]


def judge(frames, sources, port, target, short=False, tolerance=16):
    """frames: captured(...); sources: {line: the peer's MAC address}; port: hawserd's IP port; target: the host behind it.
    tolerance: numbers for each line that in-link reorder may span (REASM_SLACK_PER_LINK)."""
    pieces = fragments(frames, sources, short)
    past = behind(pieces)
    came = arrived(pieces, target)
    late = [key for key, parts in came if any(past[f.seq] >= tolerance * len(sources) for f in parts)]
    out = left(frames, port, target)
    place = {key: i for i, (key, _) in reversed(list(enumerate(came)))}
    order = [place[key] for key in out if key in place]
    disordered, newest = 0, -1
    for i in order:
        disordered += i < newest
        newest = max(newest, i)
    excused, gone = set(late), set(out)
    missing = [(key, parts) for key, parts in came if key not in gone and key not in excused]
    numbers = {f.seq for f in pieces}
    skew, deepest, backward = skews(pieces)
    return Verdict(max(numbers) - min(numbers) + 1 if numbers else 0, len(numbers), len(pieces) - len(numbers), len(came) - len(late),
                   missing, len(late), len(out) - len(set(order)), disordered, skew, deepest, backward)
