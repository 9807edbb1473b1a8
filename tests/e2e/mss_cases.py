# SPDX-License-Identifier: BSD-3-Clause
"""The MSS clamp against the kernel's: the same packets through a router of Linux's with TCPMSS or nftables, and through hawser's, byte for
byte [G-14, G-26, G-43].

Where they must differ is said by what a packet is, not by what came out:
- no MSS in the SYN: TCPMSS puts one in (536 or 1220 bytes at most); nftables and hawser do not;
- an MSS at an odd offset: the kernel changes the checksum as at an even one, which leaves it wrong; hawser's is right;
- several: the kernel lowers the first, hawser all, as stacks differ in which one counts;
- behind the end of the list, or in a list with lengths that cannot be: the kernel's walk goes on, hawser leaves such a packet alone.
"""
import collections
import ipaddress
import random
import socket
import struct
import subprocess
import time

from cases import Skip, case, expect
from lab import Lab, LabError, run
from netns import inside

PACKETS, SEED, MTU = 1500, 5961, 1452
ROUTER_MAC, HOST_MAC = '02:00:00:00:09:01', '02:00:00:00:09:02'
SOURCE4, TARGET4 = ipaddress.ip_address('10.9.1.2'), ipaddress.ip_address('10.9.2.2')
SOURCE6, TARGET6 = ipaddress.ip_address('fd09:1::2'), ipaddress.ip_address('fd09:2::2')
SYN, RST, ACK = 2, 4, 16
END, NOP, MSS = 0, 1, 2
TCP, UDP = 6, 17


def checksum(*parts):
    data = b''.join(parts)
    data += b'\0' * (len(data) % 2)
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def pseudo(family, segment_len, proto=TCP):
    if family == 4:
        return SOURCE4.packed + TARGET4.packed + struct.pack('!BBH', 0, proto, segment_len)
    return SOURCE6.packed + TARGET6.packed + struct.pack('!II', segment_len, proto)


def option_list(rng, ceiling):
    """Of all kinds, some of them broken."""
    def mss():
        return struct.pack('!BBH', MSS, 4, rng.choice((0, 1, 536, ceiling - 1, ceiling, ceiling + 1, 1460, 8960, 65535)))
    makers = {'mss': mss, 'nop': lambda: bytes([NOP]), 'scale': lambda: b'\3\3\7', 'sack': lambda: b'\4\2',
              'stamps': lambda: bytes([8, 10]) + rng.randbytes(8), 'unknown': lambda: bytes([254, 4]) + rng.randbytes(2),
              'end': lambda: bytes([END]), 'zero': lambda: bytes([253, 0]), 'long': lambda: bytes([253, 40])}
    kinds = rng.choices(list(makers), (12, 8, 4, 4, 3, 3, 1, 0.5, 0.5), k=rng.randint(0, 6))
    out = b''.join(makers[kind]() for kind in kinds)[:40]
    return out + bytes(-len(out) % 4) if rng.random() < 0.5 else (out + bytes([NOP]) * (-len(out) % 4))


def walk(options):
    """RFC 9293 section 3.1: (whether all lengths can be, where MSS options are, whether one follows the end of the list)."""
    at, found = 0, []
    while at < len(options) and options[at] != END:
        if options[at] == NOP:
            at += 1
            continue
        if at + 1 >= len(options) or options[at + 1] < 2 or at + options[at + 1] > len(options):
            return False, found, False
        if options[at] == MSS:
            if options[at + 1] != 4:
                return False, found, False
            found.append(at)
        at += options[at + 1]
    return True, found, bytes([MSS, 4]) in options[at:]


class Packet:
    """One of the random packets; `number` is in its header, so that it is known again."""

    def __init__(self, rng, family, number, ceiling):
        self.family, self.right_sum = family, rng.random() < 0.8
        self.options = option_list(rng, ceiling)
        self.flags = rng.choice((SYN, SYN, SYN | ACK, SYN | ACK, SYN | 0xc0, SYN | RST, ACK, ACK | 1))
        self.proto = UDP if rng.random() < 0.05 else TCP
        self.segment = self._segment(rng)
        self.fragment = rng.choice(('whole',) * 8 + ('first', 'later'))
        self.bytes = (self._ip4 if family == 4 else self._ip6)(rng, number)
        self.sound, self.at, self.behind_end = walk(self.options)

    def _segment(self, rng):
        head = struct.pack('!HHIIBBHHH', rng.randrange(65536), 80, rng.getrandbits(32), rng.getrandbits(32),
                           (20 + len(self.options)) // 4 << 4, self.flags, rng.randrange(65536), 0, 0)
        body = self.options + (rng.randbytes(rng.randint(1, 90)) if rng.random() < 0.3 else b'')
        total = checksum(pseudo(self.family, len(head + body), self.proto), head, body)
        total = total if self.right_sum else total ^ rng.randint(1, 65535)
        return head[:16] + struct.pack('!H', total) + head[18:] + body

    def _ip4(self, rng, number):
        options = bytes([NOP, NOP, NOP, END]) if rng.random() < 0.1 else b''
        where = {'whole': rng.choice((0, 0x4000)), 'first': 0x2000, 'later': 0x2000 | rng.randint(2, 100)}[self.fragment]
        self.upper = 20 + len(options)
        head = struct.pack('!BBHHHBBH', 4 << 4 | self.upper // 4, rng.randrange(256), self.upper + len(self.segment), number, where,
                           rng.randint(2, 255), self.proto, 0) + SOURCE4.packed + TARGET4.packed + options
        return head[:10] + struct.pack('!H', checksum(head)) + head[12:] + self.segment

    def _ip6(self, rng, number):
        chain = []
        if rng.random() < 0.15:
            chain.append((60, lambda after: bytes([after, 0, 1, 4, 0, 0, 0, 0])))
        if self.fragment != 'whole':
            where = 1 if self.fragment == 'first' else rng.randint(2, 100) << 3 | 1
            chain.append((44, lambda after: struct.pack('!BBHI', after, 0, where, number)))
        kinds = [kind for kind, _ in chain] + [self.proto]
        headers = b''.join(make(kinds[i + 1]) for i, (_, make) in enumerate(chain))
        self.upper = 40 + len(headers)
        return struct.pack('!IHBB', 6 << 28 | rng.randrange(256) << 20 | number, len(headers) + len(self.segment), kinds[0],
                           rng.randint(2, 255)) + SOURCE6.packed + TARGET6.packed + headers + self.segment

    def is_syn(self):
        return self.proto == TCP and self.flags & SYN and self.fragment != 'later'

    def kind(self, adds):
        """How the two may differ; None: not at all."""
        if not self.is_syn():
            return None
        if not self.sound:
            return 'broken list'
        if self.behind_end:
            return 'behind the end'
        if len(self.at) > 1:
            return 'several'
        if not self.at:
            has_room = len(self.segment) == 20 + len(self.options) < 60  # TCPMSS moves no data for it
            return 'none' if adds and has_room else None
        return 'odd' if self.at[0] % 2 else None


def through_hawser(lab, packets, mss4, mss6):
    stream = b''.join(struct.pack('!H', len(p.bytes)) + p.bytes for p in packets)
    clamp = lab.hawserd_path.parents[1] / 'tests' / 'support' / 'clamp'
    out = subprocess.run([clamp, str(mss4), str(mss6)], input=stream, stdout=subprocess.PIPE, check=True, timeout=20).stdout
    at, got = 0, []
    while at < len(out):
        n, = struct.unpack_from('!H', out, at)
        got.append(out[at + 2:at + 2 + n])
        at += 2 + n
    expect(len(got) == len(packets), f'{len(got)} of {len(packets)} packets came out of clamp')
    return got


def number_of(packet):
    return (4, struct.unpack_from('!H', packet, 4)[0]) if packet[0] >> 4 == 4 else (6, struct.unpack_from('!I', packet)[0] & 0xfffff)


class Router(Lab):
    """A host, a router of the kernel's, and a host."""

    def __enter__(self):
        super().__enter__()
        try:
            self._build()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def _build(self):
        self.namespaces('from', 'router', 'to')
        self.sysctl('router', 'net.ipv6.conf.all.disable_ipv6', 0)
        self.sysctl('router', 'net.ipv6.conf.default.disable_ipv6', 0)
        self.veth('from', 'out', 'router', 'in')
        self.veth('router', 'out', 'to', 'in', MTU)
        self.ip('router', 'link', 'set', 'in', 'address', ROUTER_MAC)
        for dev, net in (('in', 1), ('out', 2)):
            self.ip('router', 'addr', 'add', f'10.9.{net}.1/24', 'dev', dev)
            self.ip('router', '-6', 'addr', 'add', f'fd09:{net}::1/64', 'dev', dev, 'nodad')
        for target in (TARGET4, TARGET6):
            self.ip('router', 'neigh', 'replace', target, 'lladdr', HOST_MAC, 'dev', 'out', 'nud', 'permanent')
        self.sysctl('router', 'net.ipv4.ip_forward', 1)
        self.sysctl('router', 'net.ipv6.conf.all.forwarding', 1)
        self.sockets = [self._socket('from', 'out'), self._socket('to', 'in')]

    def _socket(self, ns, dev):
        with inside(f'/run/netns/{self.ns(ns)}'):
            s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        s.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)
        s.bind((dev, 3))
        self._stack.callback(s.close)
        return s

    def explain(self):
        pass

    def rules(self, *commands):
        for argv in commands:
            try:
                run(*self.inside('router'), *argv)
            except LabError as why:
                raise Skip(f'this kernel does not take {" ".join(map(str, argv))}: {why}') from why

    def through(self, packets):
        """What comes out of it, by number. A router drops what it finds wrong."""
        source, sink = self.sockets
        to = bytes.fromhex(ROUTER_MAC.replace(':', ''))
        frm = bytes.fromhex(HOST_MAC.replace(':', ''))
        wanted, got = {number_of(p.bytes) for p in packets}, {}
        sink.settimeout(0.3)
        for i, p in enumerate(packets):
            source.send(to + frm + (b'\x08\0' if p.family == 4 else b'\x86\xdd') + p.bytes)
            if i % 100 == 99 or i + 1 == len(packets):
                self._read(sink, wanted, got, i + 1)
        return got

    @staticmethod
    def _read(sink, wanted, got, sent):
        end = time.monotonic() + 5
        while len(got) < sent and time.monotonic() < end:
            try:
                frame = sink.recv(4096)
            except TimeoutError:
                return
            packet = frame[14:]
            if frame[12:14] in (b'\x08\0', b'\x86\xdd') and number_of(packet) in wanted:
                got[number_of(packet)] = packet


def sum_holds(p, packet):
    segment = packet[p.upper:]
    return checksum(pseudo(p.family, len(segment)), segment) == 0


def one_hop(p):
    """As it was, one hop further."""
    if p.family == 6:
        return p.bytes[:7] + bytes([p.bytes[7] - 1]) + p.bytes[8:]
    head = p.bytes[:8] + bytes([p.bytes[8] - 1, p.bytes[9], 0, 0]) + p.bytes[12:(p.bytes[0] & 15) * 4]
    return head[:10] + struct.pack('!H', checksum(head)) + head[12:] + p.bytes[len(head):]


def values(p, packet):
    return [struct.unpack_from('!H', packet, p.upper + 20 + at + 2)[0] for at in p.at]


def but_checksum(p, packet):
    return packet[:p.upper + 16] + packet[p.upper + 18:]


def lowered(p, ceiling):
    """What hawser says it does: every MSS option in front of the end of a sound list."""
    packet = bytearray(one_hop(p))
    for at in p.at if p.is_syn() and p.sound else ():
        where = p.upper + 20 + at + 2
        packet[where:where + 2] = struct.pack('!H', min(struct.unpack_from('!H', packet, where)[0], ceiling))
    return bytes(packet)


def judge(p, ours, theirs, kind, ceiling):
    was = one_hop(p)
    if kind is None:
        expect(ours == theirs, f'differ:\n{p.bytes.hex()}\nhawser {ours.hex()}\nkernel {theirs.hex()}')
    expect(but_checksum(p, ours) == but_checksum(p, lowered(p, ceiling)), f'{kind}: {p.bytes.hex()} became {ours.hex()}')
    if kind == 'odd':
        expect(but_checksum(p, ours) == but_checksum(p, theirs), f'odd: {p.bytes.hex()}\nkernel {theirs.hex()}')
    if kind == 'several':
        expect(values(p, theirs)[0] == min(values(p, was)[0], ceiling), f'several, the kernel: {theirs.hex()}')
    if kind == 'none':
        expect(len(theirs) == len(ours) + 4, f'none: {theirs.hex()}')
    if p.is_syn() and p.right_sum and p.fragment == 'whole':
        expect(sum_holds(p, ours), f'the checksum is wrong: {ours.hex()}')
    return kind or ('lowered' if ours != was else 'as it was')


def compare(lab, commands, mss4, mss6, adds):
    """All packets of both families through both."""
    lab.rules(*commands)
    rng, count = random.Random(SEED), collections.Counter()
    packets = [Packet(rng, family, i + 1, mss4 if family == 4 else mss6) for family in (4, 6) for i in range(PACKETS)]
    theirs = lab.through(packets)
    for p, ours in zip(packets, through_hawser(lab, packets, mss4, mss6)):
        if number_of(p.bytes) not in theirs:
            count['dropped by the kernel'] += 1
            expect(p.is_syn() and not p.sound, f'the kernel lost {p.bytes.hex()}')
            continue
        count[judge(p, ours, theirs[number_of(p.bytes)], p.kind(adds), mss4 if p.family == 4 else mss6)] += 1
    for kind in ('lowered', 'as it was', 'odd', 'several', 'broken list', *(['none'] if adds else [])):
        expect(count[kind] >= 10, f'only {count[kind]} packets are "{kind}": {dict(count)}')
    return ', '.join(f'{n} {kind}' for kind, n in count.most_common())


def tcpmss(*what):
    rule = ('-t', 'mangle', '-A', 'FORWARD', '-p', 'tcp', '--tcp-flags', 'SYN', 'SYN', '-j', 'TCPMSS')
    return [('iptables', *rule, *what[0]), ('ip6tables', *rule, *what[-1])]


def nft(size4, size6):
    rule = 'add rule inet t f meta nfproto ipv%d tcp flags & syn == syn tcp option maxseg size set %s'
    return [('nft', line) for line in ('add table inet t', 'add chain inet t f { type filter hook forward priority mangle ; }',
                                       rule % (4, size4), rule % (6, size6))]


@case
def mss_as_tcpmss_of_linux():
    """3000 packets byte for byte: iptables TCPMSS --set-mss"""
    with Router() as lab:
        return compare(lab, tcpmss(('--set-mss', 1400), ('--set-mss', 1380)), 1400, 1380, True)


@case
def mss_as_tcpmss_by_mtu():
    """3000 packets byte for byte: iptables TCPMSS --clamp-mss-to-pmtu"""
    with Router() as lab:
        return compare(lab, tcpmss(('--clamp-mss-to-pmtu',)), MTU - 40, MTU - 60, True)


@case
def mss_as_nftables():
    """3000 packets byte for byte: nftables, tcp option maxseg size set"""
    with Router() as lab:
        return compare(lab, nft(1400, 1380), 1400, 1380, False)


@case
def mss_as_nftables_by_mtu():
    """3000 packets byte for byte: nftables, tcp option maxseg size set rt mtu"""
    with Router() as lab:
        return compare(lab, nft('rt mtu', 'rt mtu'), MTU - 40, MTU - 60, False)
