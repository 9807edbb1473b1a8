# SPDX-License-Identifier: BSD-3-Clause
"""Lines written down frame by frame: discovery, LCP, authentication, network protocols, packets."""
import struct

from pcapfile import Frame

LCP, PAP, CHAP, IPCP, IPV6CP, IPV4, IPV6, MP = 0xc021, 0xc023, 0xc223, 0x8021, 0x8057, 0x21, 0x57, 0x3d
MRU, AUTH, MRRU, SHORT, ENDPOINT = 1, 3, 17, 18, 19
REQUEST, ACK, NAK, REJECT, TERMINATE, TERMINATED = 1, 2, 3, 4, 5, 6
START = 1_800_000_000 * 10**9
MS = 10**6


def be16(v):
    return struct.pack('>H', v)


def option(kind, data=b''):
    return bytes([kind, 2 + len(data)]) + data


def options(mru=None, mrru=None, short=False, endpoint=None, auth=None):
    """endpoint: class and bytes. auth: data of the option."""
    out = b''
    out += option(MRU, be16(mru)) if mru is not None else b''
    out += option(AUTH, auth) if auth is not None else b''
    out += option(MRRU, be16(mrru)) if mrru is not None else b''
    out += option(SHORT) if short else b''
    out += option(ENDPOINT, endpoint) if endpoint is not None else b''
    return out


def control(code, ident, data=b''):
    return bytes([code, ident]) + be16(4 + len(data)) + data


def ipv4(tag, size, source=b'\x0a\0\0\1'):
    """Not a valid packet, but one that is known by its bytes: nothing looks at them before routing."""
    head = b'\x45\0' + be16(size) + struct.pack('>I', tag) + b'\x40\x11\0\0' + source + b'\x0a\0\0\2'
    return head + bytes((tag * 31 + i * 7 + (i >> 8)) & 0xff for i in range(size - len(head)))


def ipv6(tag, size):
    return b'\x60\0\0\0' + struct.pack('>I', tag) + bytes((tag + i * 5) & 0xff for i in range(size - 8))


class Line:
    """One PPPoE session and its capture."""

    def __init__(self, number, vlans=b'', session=None):
        self.client = bytes([2, 0xc0, 0, 0, 0, number])
        self.ac = bytes([2, 0xac, 0, 0, 0, number])
        self.session = number if session is None else session
        self.vlans = vlans
        self.frames = []

    def add(self, ms, from_client, ethertype, code, session, payload):
        ends = (self.ac, self.client) if from_client else (self.client, self.ac)
        head = ends[0] + ends[1] + self.vlans + be16(ethertype)
        data = head + struct.pack('>BBHH', 0x11, code, session, len(payload)) + payload
        self.frames.append(Frame(START + int(ms * MS), data.ljust(60, b'\0')))
        return self.frames[-1]

    def pads(self, ms):
        self.add(ms, False, 0x8863, 0x65, self.session, b'\1\1\0\0')

    def padt(self, ms, from_client=True):
        self.add(ms, from_client, 0x8863, 0xa7, self.session, b'')

    def send(self, ms, from_client, protocol, payload):
        field = bytes([protocol]) if protocol & 1 and protocol < 0x100 and protocol != MP else be16(protocol)
        return self.add(ms, from_client, 0x8864, 0, self.session, field + payload)

    def agree(self, ms, from_client, protocol, ident, data):
        """A request of one end, and the other's Ack."""
        self.send(ms, from_client, protocol, control(REQUEST, ident, data))
        self.send(ms + 1, not from_client, protocol, control(ACK, ident, data))

    def chap(self, ms, name):
        self.send(ms, False, CHAP, control(1, 7, b'\4abcdAC'))
        self.send(ms + 1, True, CHAP, control(2, 7, b'\4wxyz' + name))
        self.send(ms + 2, False, CHAP, control(3, 7))

    def pap(self, ms, name, password=b'geheim'):
        self.send(ms, True, PAP, control(1, 9, bytes([len(name)]) + name + bytes([len(password)]) + password))
        self.send(ms + 1, False, PAP, control(2, 9, b'\0'))

    def open(self, ms, client=b'', ac=b'', name=None, pap=False, discovery=True):
        """Up to the end of authentication, 10 ms in all. client, ac: their LCP options."""
        if discovery:
            self.pads(ms)
        if name is not None:
            ac = option(AUTH, be16(PAP)) + ac if pap else option(AUTH, be16(CHAP) + b'\5') + ac
        self.agree(ms + 1, True, LCP, 1, client)
        self.agree(ms + 3, False, LCP, 1, ac)
        if name is not None:
            (self.pap if pap else self.chap)(ms + 5, name)

    def networks(self, ms, protocol=IPCP):
        """Outside of MP: 4 ms."""
        self.agree(ms, True, protocol, 1, option(3, b'\x0a\0\0\1'))
        self.agree(ms + 2, False, protocol, 1, option(3, b'\x0a\0\0\2'))


class Sender:
    """What one end sends through a bundle: numbers and cuts."""

    def __init__(self, lines, from_client, short=False):
        self.lines, self.from_client, self.short, self.number = lines, from_client, short, 0

    def fragment(self, ms, line, begins, ends, piece):
        flags = begins << 1 | ends
        head = be16(flags << 14 | self.number & 0xfff) if self.short else \
            struct.pack('>I', flags << 30 | self.number & 0xffffff)
        self.number += 1
        return self.lines[line].send(ms, self.from_client, MP, head + piece)

    def packet(self, ms, protocol, payload, first=0):
        """Cut over all lines from `first` on, 0.1 ms apart."""
        whole = bytes([protocol]) + payload if protocol & 1 and protocol < 0x100 else be16(protocol) + payload
        n = len(self.lines)
        size = -(-len(whole) // n)
        for i in range(n):
            self.fragment(ms + i / 10, (first + i) % n, i == 0, i == n - 1, whole[i * size:(i + 1) * size])
