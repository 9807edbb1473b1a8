# SPDX-License-Identifier: BSD-3-Clause
"""A PPPoE and multilink PPP peer made of raw frames: no kernel PPP, and no line of hawser's.

    wires = Wires('/run/netns/NAME', ['line0', 'line1'])
    stations = [Station(wires, line, mac) for line, mac in ...]
    bundle = Bundle()
    links = [ClientLink(s, bundle, lcp_offer(...), user, password) for s in stations]
    for link in links:
        link.send_padi()
    wires.run(lambda: bundle.up, 5)

Everything happens in Wires.run(), which waits for frames, for so long and no longer. The wires lose nothing, so nothing is repeated:
an answer that hawserd owes and does not give is a time-out with what was said before. Each machine does what is right unless a test
changes its offer, its judge, or sends something else itself.
"""
import collections
import hashlib
import heapq
import itertools
import os
import select
import socket
import struct
import time

import rawframes as wire
from lab import LabError
from netns import inside

ETH_P_ALL = 3
SO_RCVBUFFORCE, SO_TIMESTAMPNS = 33, 35
# Stages of a link's life, in order: what may be held back.
STAGES = 'offer', 'session', 'lcp', 'auth', 'never'


class Wires:
    """The peer's end of the lines, a raw socket each."""

    def __init__(self, namespace, devices):
        self.sockets, self.stations = {}, {}
        self._waiting, self._serial, self._poll = [], itertools.count(), select.poll()
        with inside(namespace):
            for device in devices:
                s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.htons(ETH_P_ALL))
                s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
                s.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
                s.bind((device, ETH_P_ALL))
                self.sockets[device] = s
                self._poll.register(s, select.POLLIN)

    def close(self):
        for s in self.sockets.values():
            s.close()

    def send(self, line, frame):
        self.sockets[line].send(frame)

    def _read(self, line):
        """What waits on a line goes to those that have not been looked at."""
        while True:
            try:
                data, extra, _, _ = self.sockets[line].recvmsg(2048, 64)
            except BlockingIOError:
                return
            stamp = struct.unpack('qq', extra[0][2])
            heapq.heappush(self._waiting, (stamp[0] * 10**9 + stamp[1], next(self._serial), line, data))

    def _look(self, seconds):
        """Frames in the order in which they arrived, whichever line that was on: a second line must not seem to be ahead because it
        was read first. So what came after the reading began waits for the next time."""
        self._poll.poll(0 if self._waiting else seconds * 1000)
        horizon = time.time_ns()
        for line in self.sockets:
            self._read(line)
        while self._waiting and self._waiting[0][0] <= horizon:
            _, _, line, data = heapq.heappop(self._waiting)
            self._give(line, data)

    def _give(self, line, data):
        f = wire.parse(data)
        if f is None:
            return
        for (where, mac), station in list(self.stations.items()):
            if where == line and f.dst in (mac, wire.BROADCAST):
                station.receive(f)

    def run(self, done, seconds=5.0, what=None):
        """Until done() is true. what() says in words what is the matter when it is not so in time."""
        end = time.monotonic() + seconds
        while not done():
            left = end - time.monotonic()
            if left <= 0:
                raise LabError(f'not within {seconds:g} s: {what() if callable(what) else what or "what the raw peer waits for"}')
            self._look(left)

    def idle(self, seconds):
        """Takes what comes for a while: to see that something does not."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._look(left)


class Station:
    """A network card on a line. answers_strays: says PADT to frames of sessions that it does not know, as RFC 2516 lets it; Linux
    does not."""

    def __init__(self, wires, line, mac, answers_strays=True):
        self.wires, self.line, self.mac, self.answers_strays = wires, line, mac, answers_strays
        self.sessions, self.dialling = {}, {}
        self.strays = []          # frames of unknown sessions
        self.held_strays = None   # a list: PADTs that wait in it for release_strays()
        wires.stations[line, mac] = self

    def send(self, dst, kind, code, session, payload):
        self.wires.send(self.line, wire.frame(dst, self.mac, kind, code, session, payload))

    def padt(self, dst, session, text=b''):
        self.send(dst, wire.DISCOVERY, wire.PADT, session, wire.tag(wire.GENERIC_ERROR, text) if text else b'')

    def receive(self, f):
        if f.type == wire.DISCOVERY and f.code in (wire.PADO, wire.PADS):
            link = self.dialling.get(dict(wire.tags(f.payload)).get(wire.HOST_UNIQ))
            if link is not None:
                if f.code == wire.PADS and f.session != 0:
                    self.sessions.setdefault(f.session, link)  # even if its gate is shut: what follows is no stray
                link.take(f)
            return
        link = self.sessions.get(f.session)
        if link is not None:
            link.take(f)
        elif f.type == wire.SESSION:
            self._stray(f)

    def _stray(self, f):
        self.strays.append(f)
        if self.held_strays is not None:
            self.held_strays.append(f)
        elif self.answers_strays:
            self.padt(f.src, f.session)

    def release_strays(self):
        held, self.held_strays = self.held_strays or [], None
        for f in held:
            self.padt(f.src, f.session)


class Log:
    """Control packets that came in, and how far a test has read."""

    def __init__(self):
        self.packets, self._read_to = [], 0

    def next(self, proto, codes):
        """The next one of this kind behind the one that was read before; None: not there yet."""
        for i in range(self._read_to, len(self.packets)):
            p = self.packets[i]
            if p.proto == proto and (codes is None or p.code in codes):
                self._read_to = i + 1
                return p
        return None

    def expect(self, wires, who, proto, codes=None, seconds=3.0):
        codes = (codes,) if isinstance(codes, int) else codes
        found = []

        def look():
            p = self.next(proto, codes)
            if p is not None:
                found.append(p)
            return bool(found)
        wires.run(look, seconds, lambda: f'no packet of protocol {proto:#06x} with code {codes} on {who}')
        return found[0]

    def skip(self):
        """What has come so far is not expected any more."""
        self._read_to = len(self.packets)

    def __str__(self):
        return '; '.join(wire.show(p) for p in self.packets[-6:])


class Negotiation:
    """The Configure packets of one control protocol, both directions. judge(options) -> (code, options) answers the peer's request,
    None says nothing; adapt(code, options) changes the offer when ours was refused, False leaves it at that."""

    def __init__(self, proto, send, offer, first_id=1):
        self.proto, self.offer, self.next_id = proto, list(offer), first_id
        self._send = send
        self.asked_id, self.asked = None, None
        self.acked = False      # the peer took our offer
        self.theirs = None      # the offer of the peer that we took
        self.judge = lambda options: (wire.CONF_ACK, options)
        self.adapt = self.give_in
        self.before_answer = lambda: None

    @property
    def open(self):
        return self.acked and self.theirs is not None

    def send(self, code, ident, data=b''):
        self._send(self.proto, wire.control(code, ident, data))

    def ask(self):
        self.asked_id, self.next_id = self.next_id, (self.next_id + 1) & 0xff
        self.asked = wire.encode(self.offer)
        self.acked = False
        self.send(wire.CONF_REQ, self.asked_id, self.asked)

    def give_in(self, code, options):
        """Rejected options are left out, naked ones take the value that was suggested."""
        given = dict(options)
        if code == wire.CONF_REJ:
            self.offer = [(k, v) for k, v in self.offer if k not in given]
        else:
            self.offer = [(k, given.get(k, v)) for k, v in self.offer]
        return True

    def input(self, p):
        if p.code == wire.CONF_REQ:
            self.before_answer()
            answer = self.judge(wire.decode(p.data))
            if answer is None:
                return
            self.theirs = dict(answer[1]) if answer[0] == wire.CONF_ACK else None
            self.send(answer[0], p.id, wire.encode(answer[1]))
        elif p.id != self.asked_id:
            return
        elif p.code == wire.CONF_ACK and p.data == self.asked:
            self.acked = True
        elif p.code in (wire.CONF_NAK, wire.CONF_REJ) and self.adapt(p.code, wire.decode(p.data)):
            self.ask()


class Link:
    """One PPPoE session, from its first frame to its last. The role's own part is in the classes below."""
    serial = 0

    def __init__(self, station, bundle, offer, user, password, first_id=1, uniq=None):
        Link.serial += 1
        self.station, self.bundle, self.user, self.password = station, bundle, user, password
        self.uniq = uniq or struct.pack('!IQ', Link.serial, time.monotonic_ns())
        self.state = 'idle'  # ... discovery, lcp, auth, up, refused, down, forgotten
        self.session, self.peer, self.cookie = 0, None, b''
        self.magic = int.from_bytes(os.urandom(4), 'big') or 1
        self.lcp = Negotiation(wire.LCP, self.send, offer, first_id)
        self.lcp_first = True    # our request goes out before the peer's has come
        self.lcp.before_answer = self.ask_lcp
        self.answers_echo = True
        self.auto = True         # control packets are answered; else they are only logged
        self.log = Log()
        self.gate = 'never'      # the stage from which on frames wait in held
        self.held = collections.deque()
        self.padt_text, self.discovery = None, []

    def __str__(self):
        return (f'{self.station.line} session {self.session} {self.state}, LCP {"open" if self.lcp.open else "not open"}, '
                f'{len(self.held)} frames held; came: {self.log}')

    # sending

    def send(self, proto, payload, short=False):
        """One packet outside multilink."""
        self.station.send(self.peer, wire.SESSION, 0, self.session, wire.protocol(proto, short) + payload)

    def send_discovery(self, code, dst, session, *tags):
        self.station.send(dst, wire.DISCOVERY, code, session, b''.join(wire.tag(*t) for t in tags))

    def echo(self, ident, data=b''):
        self.send(wire.LCP, wire.control(wire.ECHO_REQ, ident, wire.u32(self.magic) + data))

    def terminate(self, text=b'', ident=0x77):
        self.send(wire.LCP, wire.control(wire.TERM_REQ, ident, text))

    def padt(self, text=b''):
        """Ends the session at once."""
        self.station.padt(self.peer, self.session, text)
        self.gone('down')

    def vanish(self):
        """This end knows the session no more."""
        self.gone('forgotten')

    def _up(self):
        self.state = 'up'
        if self.bundle is not None:
            self.bundle.join(self)

    def gone(self, state):
        self.state = state
        self.station.sessions.pop(self.session, None)
        if self.bundle is not None:
            self.bundle.leave(self)

    # receiving

    def _stage(self, f):
        if f.type == wire.DISCOVERY:
            return {wire.PADO: 'offer', wire.PADS: 'session'}.get(f.code, 'offer')
        proto, _ = wire.split_protocol(f.payload)
        return 'auth' if proto in (wire.CHAP, wire.PAP) else 'lcp'

    def take(self, f):
        """A frame for this link: now, or when release() lets it. LCP is served while only authentication is held: with PAP, hawserd takes
        the link for up, and asks by echo whether it is."""
        if self.gate == 'auth' and f.type == wire.SESSION and wire.split_protocol(f.payload)[0] == wire.LCP:
            self._receive(f)
        elif self.held or STAGES.index(self._stage(f)) >= STAGES.index(self.gate):
            self.held.append(f)
        else:
            self._receive(f)

    def release(self):
        self.gate = 'never'
        while self.held:
            self._receive(self.held.popleft())

    def _receive(self, f):
        if f.type == wire.DISCOVERY:
            self.discovery.append(f)
            if f.code == wire.PADT:
                self.padt_text = dict(wire.tags(f.payload)).get(wire.GENERIC_ERROR, b'').decode(errors='replace')
                self.gone('refused' if self.state == 'refused' else 'down')
            else:
                self.on_discovery(f, dict(wire.tags(f.payload)))
            return
        proto, payload = wire.split_protocol(f.payload)
        if proto == wire.MP:
            self.bundle.receive(self, payload)
        elif proto is not None and proto >= 0x8000:
            self.on_control(wire.parse_control(proto, payload))
        elif self.bundle is not None:
            self.bundle.packet(proto, payload)

    def on_control(self, p):
        if p is None:
            raise LabError(f'{self}: a damaged control packet came')
        self.log.packets.append(p)
        if not self.auto:
            return
        if p.proto == wire.LCP:
            self._on_lcp(p)
        elif p.proto in (wire.CHAP, wire.PAP):
            self.on_auth(p)
        elif self.bundle is not None:
            self.bundle.on_control(p)

    def ask_lcp(self):
        if self.lcp.asked is None:
            self.lcp.ask()

    def _on_lcp(self, p):
        if p.code == wire.TERM_REQ:
            self.send(wire.LCP, wire.control(wire.TERM_ACK, p.id))
            self.state = 'refused' if self.state != 'up' else 'down'
        elif p.code == wire.ECHO_REQ and self.answers_echo and self.lcp.open:
            self.send(wire.LCP, wire.control(wire.ECHO_REP, p.id, wire.u32(self.magic) + p.data[4:]))
        elif p.code <= wire.CONF_REJ:
            was_open = self.lcp.open
            self.lcp.input(p)
            if self.lcp.open and not was_open:
                self.on_lcp_open()

    # what tests look for

    def expect(self, proto, codes=None, seconds=3.0):
        """The next control packet of this kind outside multilink."""
        return self.log.expect(self.station.wires, self, proto, codes, seconds)

    @property
    def is_mp(self):
        return self.lcp.theirs is not None and wire.MRRU in self.lcp.theirs and any(k == wire.MRRU for k, _ in self.lcp.offer)


def md5_answer(ident, secret, challenge):
    return hashlib.md5(bytes([ident]) + secret + challenge).digest()


class ClientLink(Link):
    """Dials, and authenticates itself as it is told to."""
    proved = False  # it has shown its password

    def send_padi(self, service=b''):
        self.state = 'discovery'
        self.station.dialling[self.uniq] = self
        self.send_discovery(wire.PADI, wire.BROADCAST, 0, (wire.SERVICE_NAME, service), (wire.HOST_UNIQ, self.uniq))

    def send_padr(self, service=b''):
        self.send_discovery(wire.PADR, self.peer, 0, (wire.SERVICE_NAME, service), (wire.HOST_UNIQ, self.uniq),
                            (wire.AC_COOKIE, self.cookie))

    @property
    def offered(self):
        return self.peer is not None

    def on_discovery(self, f, tags):
        if f.code == wire.PADO and self.peer is None:
            self.peer, self.cookie = f.src, tags[wire.AC_COOKIE]
        elif f.code == wire.PADS and f.session == 0:
            self.state = 'refused'
        elif f.code == wire.PADS and self.session == 0:
            self.session, self.state = f.session, 'lcp'
            if self.lcp_first:
                self.ask_lcp()
        elif f.code == wire.PADS and f.session != self.session:
            raise LabError(f'two sessions, {self.session} and {f.session}, for one request: {self}')

    def on_lcp_open(self):
        self.auth = self.lcp.theirs.get(wire.AUTH)
        if self.auth is None:
            self._up()
            return
        self.state = 'auth'
        if self.auth == wire.u16(wire.PAP):
            user, password = self.user.encode(), self.password.encode()
            self.proved = True
            self.send(wire.PAP, wire.control(wire.AUTH_REQ, 1, bytes([len(user)]) + user + bytes([len(password)]) + password))

    def on_auth(self, p):
        if p.proto == wire.CHAP and p.code == wire.CHALLENGE:
            digest = md5_answer(p.id, self.password.encode(), p.data[1:1 + p.data[0]])
            self.proved = True
            self.send(wire.CHAP, wire.control(wire.RESPONSE, p.id, bytes([len(digest)]) + digest + self.user.encode()))
        elif (p.proto, p.code) in ((wire.CHAP, wire.SUCCESS), (wire.PAP, wire.AUTH_ACK)):
            if self.state == 'auth':
                self._up()
        elif (p.proto, p.code) in ((wire.CHAP, wire.FAILURE), (wire.PAP, wire.AUTH_NAK)):
            self.state = 'refused'



def wants_pap(options):
    """Judges hawserd's request: CHAP is naked with PAP."""
    auth = [o for o in options if o[0] == wire.AUTH and o[1][:2] != wire.u16(wire.PAP)]
    return (wire.CONF_NAK, [(wire.AUTH, wire.u16(wire.PAP))]) if auth else (wire.CONF_ACK, options)


def lcp_offer(mru=1492, magic=0x12345678, mrru=1500, short=False, endpoint=None, auth=None):
    """What a well-behaved multilink peer asks for. endpoint: (class, bytes)."""
    offer = [(wire.MRU, wire.u16(mru)), (wire.MAGIC, wire.u32(magic))]
    if auth:
        offer.append((wire.AUTH, auth))
    if mrru:
        offer.append((wire.MRRU, wire.u16(mrru)))
    if short:
        offer.append((wire.SSNHF, b''))
    if endpoint:
        offer.append((wire.ENDPOINT, bytes([endpoint[0]]) + endpoint[1]))
    return offer


class Bundle:
    """What the links of one life carry together: numbers, the window, IPCP, packets. Numbers begin at 0; a missing one is lost when
    all links have brought later ones (RFC 1990 section 4.1): on these wires that takes a link that went, or a machine that kept the
    worker of one line from running. Then it comes late, and is counted."""

    def __init__(self, address=bytes(4)):
        self.links = []
        self.mp = self.tx_short = self.rx_short = False
        self.next_tx, self.next_rx = 0, 0
        self.window, self.newest = {}, {}
        self.lost, self.late = set(), 0  # numbers given up; how many of them came all the same
        self.packets = []   # (protocol, bytes), without control protocols
        self.log = Log()    # of control packets that came in multilink frames
        self.ipcp = Negotiation(wire.IPCP, self.send, [(wire.ADDRESS, address)])
        self.starts_ipcp = self.rejects_unknown = True
        self.rx_frames, self.longest = collections.Counter(), 0  # the PPP information field of a fragment

    def __str__(self):
        return (f'bundle with {len(self.links)} links, IPCP {"open" if self.ipcp.open else "not open"}, next number {self.next_rx}, '
                f'{len(self.window)} fragments wait: {sorted(self.window)[:5]}\n  ' + '\n  '.join(str(x) for x in self.links))

    @property
    def up(self):
        return self.ipcp.open

    @property
    def address(self):
        return dict(self.ipcp.offer)[wire.ADDRESS]

    def join(self, link):
        self.links.append(link)
        if len(self.links) == 1:
            self.mp = link.is_mp
            self.tx_short = wire.SSNHF in link.lcp.theirs
            self.rx_short = any(k == wire.SSNHF for k, _ in link.lcp.offer)
        if self.starts_ipcp and self.ipcp.asked is None:
            self.ipcp.ask()

    def leave(self, link):
        if link in self.links:
            self.links.remove(link)
            self._settle()

    # sending

    def send_fragment(self, link, first, last, data, reserved=0, short_protocol=False):
        head = wire.mp_header(first, last, self.next_tx, self.tx_short, reserved)
        self.next_tx = (self.next_tx + 1) & (0xfff if self.tx_short else 0xffffff)
        link.send(wire.MP, head + data, short_protocol)

    def send(self, proto, payload, short=False):
        """A whole packet on the first link."""
        if self.mp:
            self.send_fragment(self.links[0], True, True, wire.protocol(proto, short) + payload)
        else:
            self.links[0].send(proto, payload, short)

    def send_cut(self, proto, payload, links, short=False):
        """A packet in as many equal pieces as links are named, one on each."""
        data = wire.protocol(proto, short) + payload
        size = -(-len(data) // len(links))
        for i, link in enumerate(links):
            self.send_fragment(link, i == 0, i == len(links) - 1, data[i * size:(i + 1) * size])

    # receiving

    @property
    def _mask(self):
        return 0xfff if self.rx_short else 0xffffff

    def _newer(self, a, b):
        return 0 < (a - b) & self._mask <= self._mask >> 1

    def receive(self, link, data):
        self.longest = max(self.longest, len(data))
        first, last, number, data = wire.mp_parse(data, self.rx_short)
        if number in self.window:
            raise LabError(f'number {number} came twice on {self}')
        if number in self.lost:
            self.lost.remove(number)
            self.late += 1
            return
        if self._newer(self.next_rx, number):
            raise LabError(f'number {number} comes again on {self}')
        self.window[number] = first, last, data
        self.newest[link] = number
        self.rx_frames[link] += 1
        self._settle()

    def _settle(self):
        while self._pop() or self._lose():
            pass

    def _first_gap(self):
        """The end of the packet that begins with the next number: (number behind it, True), or of what is missing: (number, False)."""
        at = self.next_rx
        while at in self.window:
            if self.window[at][1]:
                return (at + 1) & self._mask, True
            at = (at + 1) & self._mask
        return at, False

    def _take(self, end):
        pieces = []
        while self.next_rx != end:
            pieces.append(self.window.pop(self.next_rx, None))
            self.next_rx = (self.next_rx + 1) & self._mask
        return pieces

    def _pop(self):
        end, whole = self._first_gap()
        if not whole:
            return False
        pieces = self._take(end)
        if [p[0] for p in pieces] != [True] + [False] * (len(pieces) - 1):
            raise LabError(f'a packet whose pieces begin {[p[0] for p in pieces]} on {self}')
        self._deliver(b''.join(p[2] for p in pieces))
        return True

    def _lose(self):
        gap, _ = self._first_gap()
        if not self.links or not all(x in self.newest and self._newer(self.newest[x], gap) for x in self.links):
            return False
        self.lost.add(gap)
        self._take((gap + 1) & self._mask)
        while self.next_rx in self.window and not self.window[self.next_rx][0]:
            self._take((self.next_rx + 1) & self._mask)
        return True

    def _deliver(self, data):
        proto, payload = wire.split_protocol(data)
        if proto is None:
            return  # a null fragment
        if proto < 0x8000:
            self.packet(proto, payload)
            return
        p = wire.parse_control(proto, payload, inside=True)
        if p is None:
            raise LabError(f'a damaged control packet came in multilink: {self}')
        if (p.proto, p.code) != (wire.LCP, wire.DISCARD):
            self.log.packets.append(p)
        self.on_control(p)

    def on_control(self, p):
        if p.proto == wire.IPCP and p.code <= wire.CONF_REJ:
            self.ipcp.input(p)
        elif p.proto not in (wire.IPCP, wire.LCP) and self.rejects_unknown:
            self.links[0].send(wire.LCP, wire.control(wire.PROTO_REJ, p.id, wire.u16(p.proto) + p.raw))

    def packet(self, proto, payload):
        self.packets.append((proto, payload))

    def expect(self, proto, codes=None, seconds=3.0):
        """The next control packet of this kind that comes in multilink frames."""
        return self.log.expect(self.links[0].station.wires, self, proto, codes, seconds)


class ServerStation(Station):
    """The same card as an access concentrator: a session for whoever asks. make(station) makes its links; the functions that build
    PADO and PADS may be replaced."""

    def __init__(self, wires, line, mac, make, **kw):
        super().__init__(wires, line, mac, **kw)
        self.make, self.links = make, []
        self.padis, self.padrs = [], []   # as they came
        self.next_session = 1
        self.answer_padi, self.answer_padr = self.send_pado, self.open_session

    def receive(self, f):
        if f.type == wire.DISCOVERY and f.code == wire.PADI:
            self.padis.append(f)
            self.answer_padi(f)
        elif f.type == wire.DISCOVERY and f.code == wire.PADR:
            self.padrs.append(f)
            self.answer_padr(f)
        else:
            super().receive(f)

    def reply(self, f, code, session, *tags):
        """To what it was asked: service and Host-Uniq come back."""
        asked = dict(wire.tags(f.payload))
        body = [wire.tag(k, asked[k]) for k in (wire.SERVICE_NAME, wire.HOST_UNIQ) if k in asked] + [wire.tag(*t) for t in tags]
        self.send(f.src, wire.DISCOVERY, code, session, b''.join(body))

    def send_pado(self, f, *tags):
        self.reply(f, wire.PADO, 0, (wire.AC_NAME, b'raw'), *(tags or [(wire.AC_COOKIE, b'cookie')]))

    def take_session(self, f):
        """A link that knows its session, of which the peer has not heard yet."""
        link = self.make(self)
        link.peer, link.session, link.state = f.src, self.next_session, 'lcp'
        self.next_session += 1
        self.sessions[link.session] = link
        self.links.append(link)
        return link

    def open_session(self, f):
        link = self.take_session(f)
        self.reply(f, wire.PADS, link.session)
        if link.lcp_first:
            link.ask_lcp()


class ServerLink(Link):
    """Demands what its offer says, and checks it."""

    def __init__(self, *args, **kw):
        super().__init__(*args, **kw)
        self.lcp_first = False

    def on_discovery(self, f, tags):
        pass

    def on_lcp_open(self):
        auth = dict(self.lcp.offer).get(wire.AUTH)
        self.state = 'auth'
        if auth is None:
            self._up()
        elif auth[:2] == wire.u16(wire.CHAP):
            self.challenge = os.urandom(16)
            self.send(wire.CHAP, wire.control(wire.CHALLENGE, 0x43, b'\x10' + self.challenge + b'raw'))

    def on_auth(self, p):
        if self.state != 'auth':
            return
        user, password = self.user.encode(), self.password.encode()
        if p.proto == wire.CHAP and p.code == wire.RESPONSE:
            good = p.data == b'\x10' + md5_answer(p.id, password, self.challenge) + user
            self.send(wire.CHAP, wire.control(wire.SUCCESS if good else wire.FAILURE, p.id))
        elif p.proto == wire.PAP and p.code == wire.AUTH_REQ:
            good = p.data == bytes([len(user)]) + user + bytes([len(password)]) + password
            self.send(wire.PAP, wire.control(wire.AUTH_ACK if good else wire.AUTH_NAK, p.id, b'\0'))
        else:
            return
        if good:
            self._up()
        else:
            self.state = 'refused'


class ServerBundle(Bundle):
    """Gives the client its address. Asks when it was asked: before that, the client may not be ready to listen."""

    def __init__(self, own, given):
        super().__init__(own)
        self.given = given
        self.starts_ipcp = False
        self.ipcp.judge = self.judge
        self.ipcp.before_answer = self._ask

    def _ask(self):
        if self.ipcp.asked is None:
            self.ipcp.ask()

    def judge(self, options):
        refused = [o for o in options if o[0] != wire.ADDRESS]
        if refused:
            return wire.CONF_REJ, refused
        if options != [(wire.ADDRESS, self.given)]:
            return wire.CONF_NAK, [(wire.ADDRESS, self.given)]
        return wire.CONF_ACK, options
