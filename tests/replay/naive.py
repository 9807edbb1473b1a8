# SPDX-License-Identifier: BSD-3-Clause
"""What RFC 1990 section 4.1 makes of frames, worked out in the dullest way: the judge of the replays. Sessions and formats are
told, not learned; nothing here is shared with hawserd.

A missing number is lost once every link of the bundle has brought a newer one. As hawserd's windows tolerate links that
reorder, "newer" is by more than 16 numbers for each link (32 at most). What waits longer than half a second may be given up, and after one
second it has been: tests in which that matters leave it to their own sentences."""
import struct

TOLERANCE = 16
LCP, IPCP, IPV6CP, IPV4, IPV6, MP = 0xc021, 0x8021, 0x8057, 0x21, 0x57, 0x3d


def pppoe(frame):
    """(code, session, payload) behind up to two VLAN tags, or None."""
    at = 12
    while frame[at:at + 2] in (b'\x81\x00', b'\x88\xa8'):
        at += 4
    if frame[at:at + 2] not in (b'\x88\x63', b'\x88\x64') or len(frame) < at + 8:
        return None
    _, code, session, size = struct.unpack('>BBHH', frame[at + 2:at + 8])
    payload = frame[at + 8:at + 8 + size]
    return (code, session, payload) if len(payload) == size else None


def protocol(packet):
    """(number, rest); the field has one byte when that is odd."""
    if packet and packet[0] & 1:
        return packet[0], packet[1:]
    return (struct.unpack('>H', packet[:2])[0], packet[2:]) if len(packet) >= 2 else (0, b'')


def fragment(packet, short):
    """(sequence number, begins, ends, piece) of what follows protocol 0x003d."""
    if short:
        word, = struct.unpack('>H', packet[:2])
        return word & 0xfff, word >> 15 & 1, word >> 14 & 1, packet[2:]
    word, = struct.unpack('>I', packet[:4])
    return word & 0xffffff, word >> 31, word >> 30 & 1, packet[4:]


class Window:
    """One direction of a bundle."""

    def __init__(self, links, short=False):
        self.bits = 12 if short else 24
        self.short = short
        self.next = 0                                     # oldest number neither delivered nor given up
        self.held = {}                                    # number (not wrapped) -> (begins, ends, piece)
        self.last = {link: float('-inf') for link in links}

    def unwrap(self, number):
        """The number on the line of which `number` is the low bits, next to where we are."""
        span = 1 << self.bits
        ahead = (number - self.next) % span
        return self.next + (ahead if ahead < span // 2 else ahead - span)

    def arrive(self, link, packet):
        number, begins, ends, piece = fragment(packet, self.short)
        number = self.unwrap(number)
        if number < self.next or number in self.held:
            return []
        self.last[link] = max(self.last[link], number)
        self.held[number] = (begins, ends, piece)
        return list(self.run())

    def leave(self, link):
        self.last.pop(link, None)
        return list(self.run())

    def is_lost(self, number):
        if not self.last:
            return True
        return number <= min(self.last.values()) - min(TOLERANCE * len(self.last), 32)

    def run(self):
        while self.held:
            numbers = [self.next]
            while numbers[-1] in self.held and not self.held[numbers[-1]][1]:
                numbers.append(numbers[-1] + 1)
            missing = numbers[-1] not in self.held
            if missing and not self.is_lost(numbers[-1]):
                return
            begun_well = self.next in self.held and self.held[self.next][0]
            pieces = [self.held.pop(n) for n in numbers if n in self.held]
            self.next = numbers[-1] + 1
            if begun_well and not missing and not any(p[0] for p in pieces[1:]):
                yield b''.join(p[2] for p in pieces)


class Bundle:
    """Both directions, and the network protocols. clients: the MACs that are the client's."""

    def __init__(self, sessions, clients, short=(False, False)):
        self.sessions, self.clients = set(sessions), clients
        self.down = set()
        self.windows = {True: Window(sessions, short[0]), False: Window(sessions, short[1])}  # by "from the client"
        self.acks = {IPCP: set(), IPV6CP: set()}
        self.out = {True: [], False: []}                  # (time, IP packet)

    def take(self, frame):
        parsed = pppoe(frame.data)
        if parsed is None or parsed[1] in self.down or parsed[1] not in self.sessions:
            return
        code, session, payload = parsed
        from_client = frame.data[6:12] in self.clients
        number, rest = protocol(payload) if code == 0 else (0, b'')
        if code == 0xa7 or (number == LCP and rest[:1] in (b'\x05', b'\x06')):
            self.down.add(session)
            for way, window in self.windows.items():
                self.deliver(frame.time, way, window.leave(session))
        elif number == MP:
            self.deliver(frame.time, from_client, self.windows[from_client].arrive(session, rest))
        elif number != LCP:
            self.deliver(frame.time, from_client, [payload])

    def deliver(self, time, from_client, packets):
        for packet in packets:
            number, rest = protocol(packet)
            if number in self.acks and self.down != self.sessions:  # without links nothing opens or closes any more
                self.network(self.acks[number], from_client, rest)
            is_open = len(self.acks[IPCP if number == IPV4 else IPV6CP]) == 2
            if number in (IPV4, IPV6) and is_open:
                self.out[from_client].append((time, rest))

    @staticmethod
    def network(acks, from_client, packet):
        if packet[:1] == b'\x02':
            acks.add(from_client)
        elif packet[:1] in (b'\x05', b'\x06'):
            acks.clear()


def replay(captures, sessions, clients, short=(False, False)):
    """{from client: [(time, packet)]} of the captures (lists of frames), merged by time, equal times in the captures' order.
    short: numbers from the client, to the client. Time None: came out when all was over."""
    bundle = Bundle(sessions, clients, short)
    merged = sorted((f.time, i, j, f) for i, c in enumerate(captures) for j, f in enumerate(c))
    for _, _, _, f in merged:
        bundle.take(f)
    for window in bundle.windows:
        for session in sessions:
            bundle.deliver(None, window, bundle.windows[window].leave(session))
    return bundle.out
