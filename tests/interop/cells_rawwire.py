# SPDX-License-Identifier: BSD-3-Clause
"""What a concentrator must answer on the wire, frame by frame: a raw peer asks, row by row. A row that fails names itself, and the
others go on."""
import os
import random
import socket
import sys
import time
import traceback

import rawframes as wire
from bonded import PASSWORD, RIGHT, USER, merge
from cells_raw import ROW, RawStage
from checks import Wrong, expect
from lab import LabError, until
from matrix import cell
from rawpeer import Bundle, ClientLink, Station, lcp_offer
from stage import LINES

OTHER_USER = 'mallory'
MAGIC = 0x12345678
CHAP_MD5, PAP_AUTH, EAP_AUTH = wire.u16(wire.CHAP) + b'\x05', wire.u16(wire.PAP), wire.u16(0xc227)


class WireStage(RawStage):
    """line0 and line1: as usual, without IPv6. line2: strict about reserved bits, short numbers, two links at most. line3: asks nobody
    to authenticate, and has IPv6."""

    def config(self, socket_path, lines, rates):
        config = super().config(socket_path, lines, rates)
        usual = merge(config['concentrators']['isp'], {
            'limits': {'padi_rate': 'unlimited', 'padi_rate_per_mac': 'unlimited'}, 'lcp': {'echo_interval': '20 s'},
            'network': {'ipv6': {'want': False, 'allow': False}}})
        config['concentrators'] = {
            'isp': merge(usual, {'ports': LINES[:2]}),
            'strict': merge(usual, {'ports': [LINES[2]], 'multilink': {'strict_reserved_bits': True, 'links_max': 2},
                                    'lcp': {'options': {'short_sequence': {'want': True}}}}),
            'open': merge(usual, {'ports': [LINES[3]], 'authentication': [], 'network': None}),
        }
        config['users'] = {name: {'password': PASSWORD, 'sessions_max': 4000} for name in (USER, OTHER_USER)}
        config['pools'] = {'subscribers': ['10.64.4.0/22']}
        return config


class Rows:
    """Plays rows, keeps what went wrong in them, and has what they are made of."""

    def __init__(self, stage, links=4):
        self.stage, self.wires = stage, stage.wires
        self.count, self.wrong, self.mac, self.links = 0, [], 0, []
        stage.start_daemon(links)

    def play(self, name, function, *args):
        self.count += 1
        try:
            function(*args)
        except Exception as why:
            if not isinstance(why, (LabError, AssertionError)):
                traceback.print_exc(file=sys.stdout)
            self.wrong.append(f'row "{name}": {why!s}')
            print(self.wrong[-1])
        for link in self.links:
            if link.station.sessions.get(link.session) is link:
                link.padt()
        self.links = []

    def end(self):
        """What is printed; the daemon ends well."""
        if self.wrong:
            raise Wrong(f'{len(self.wrong)} of {self.count} rows, the first is {self.wrong[0]}')
        until('no link is left', lambda: all(r['phase'] == 'idle' for r in self.stage.links()), 5)
        status = self.stage.stop_daemon()
        expect(status == 0, f'hawserd: exit {status}')
        return f'{self.count} rows'

    def session(self, line='line0', offer=(), bundle=None, user=USER, auto=False, judge=None, password=PASSWORD):
        """A session of a card that nobody has had. Without auto, the peer says nothing by itself. judge: of hawserd's requests."""
        self.mac += 1
        station = Station(self.wires, line, bytes.fromhex('0200ab00') + wire.u16(self.mac))
        link = ClientLink(station, bundle or Bundle(), offer, user, password)
        link.lcp.judge = judge or link.lcp.judge
        link.auto = auto
        link.lcp_first = auto
        self.links.append(link)
        link.send_padi()
        self.wires.run(lambda: link.offered, 3, lambda: f'no PADO on {link}')
        link.send_padr()
        self.wires.run(lambda: link.session, 3, lambda: f'no PADS on {link}')
        return link

    def up(self, line='line0', bundle=None, user=USER, offer=None):
        """A link that is open, in its bundle if it has one."""
        link = self.session(line, offer or lcp_offer(), bundle, user, auto=True)
        self.wires.run(lambda: link.state == 'up', 3, lambda: f'not up: {link}')
        return link

    def bundle(self, lines=('line0', 'line1'), **offer):
        """An open bundle, which has an address."""
        bundle = Bundle()
        offer.setdefault('endpoint', (1, b'bundle %d' % self.mac))
        for line in lines:
            self.up(line, bundle, offer=lcp_offer(**offer))
        self.wires.run(lambda: bundle.up, 3, lambda: f'no IPCP on {bundle}')
        return bundle

    def echo(self, bundle, send, size=400):
        """An echo request of the bundle goes by send(packet), and its answer comes."""
        data = os.urandom(size)
        request = wire.echo_request(bundle.address, socket.inet_aton(RIGHT), 7, self.count, data)
        bundle.packets.clear()
        send(request)
        self.wires.run(lambda: bundle.packets, 3, lambda: f'no echo reply on {bundle}')
        got = wire.echo_reply(bundle.packets[0][1])
        wanted = socket.inet_aton(RIGHT), bundle.address, 7, self.count, data
        expect(got == wanted, f'echo reply {got}')

    def lives(self, bundle):
        """Fragments on all of its links still make packets."""
        self.echo(bundle, lambda p: bundle.send_cut(wire.IPV4, p, bundle.links))

    def open_links(self):
        return [r for r in self.stage.links() if r['phase'] == 'open']

    def row_of(self, link):
        return next(r for r in self.stage.links() if (r['port'], r['session']) == (link.station.line, link.session))

    def drops_of(self, reason, cause, n=1):
        """cause() makes exactly so many drops of this reason and no others."""
        before = self.stage.drops()
        cause()

        def grown():
            return {k: v - before.get(k, 0) for k, v in self.stage.drops().items() if v != before.get(k, 0)}
        until(f'{n} drops of {reason}', lambda: sum(grown().values()) >= n, 3)
        expect(grown() == {reason: n}, f'drops: {grown()}, wanted {n} {reason}')


# ------------------------------------------------------------------ the peer's offers, and what comes back


OK = [(wire.MRU, wire.u16(1400)), (wire.MAGIC, wire.u32(MAGIC)), (wire.MRRU, wire.u16(1600)), (wire.SSNHF, b''),
      (wire.ENDPOINT, b'\x01name'), (wire.QUALITY, wire.u16(0xc025) + wire.u32(100))]
REFUSED = [(wire.ACCM, b'\xff\xff\xff\xff'), (wire.PFC, b''), (wire.ACFC, b''), (wire.FCS, b'\x07'),
           (wire.PADDING, b'\x20'), (wire.NUMBERED, b'\x08\x01'), (wire.CALLBACK, b'\x06'), (wire.COMPOUND, b''),
           (wire.LINK_DISCRIMINATOR, wire.u16(5)), (0, b''), (6, b''), (14, b'x'), (26, b'12'), (128, b''), (255, b'y' * 20)]
NAKED = {(wire.MRU, wire.u16(1500)): wire.u16(1492), (wire.MRU, wire.u16(0)): wire.u16(128), (wire.MRRU, wire.u16(40)): wire.u16(1500),
         (wire.SSNHF, b'z'): b'', (wire.QUALITY, wire.u16(0xc0ff)): wire.u16(0xc025) + wire.u32(3000)}

OFFERS = [
    ('ACCM, PFC, ACFC and FCS alternatives come back as they were', OK[:2] + REFUSED[:4], wire.CONF_REJ, REFUSED[:4]),
    ('an ACCM of zeros is refused, too', [(wire.ACCM, bytes(4))], wire.CONF_REJ, [(wire.ACCM, bytes(4))]),
    ('the order of Windows, with callback', [(wire.MRU, wire.u16(1480)), (wire.MAGIC, wire.u32(MAGIC)), (wire.PFC, b''), (wire.ACFC, b''),
     (wire.CALLBACK, b'\x06'), (wire.MRRU, wire.u16(1614)), (wire.ENDPOINT, b'\x01' + bytes(range(20)))], wire.CONF_REJ,
     [(wire.PFC, b''), (wire.ACFC, b''), (wire.CALLBACK, b'\x06')]),
    ('BAP: a link discriminator', OK + [(wire.LINK_DISCRIMINATOR, wire.u16(1))], wire.CONF_REJ,
     [(wire.LINK_DISCRIMINATOR, wire.u16(1))]),
    ('all unknown ones at once', OK + REFUSED, wire.CONF_REJ, REFUSED),
    ('as many unknown ones as a packet holds', [(200, bytes([i]) * 180) for i in range(8)], wire.CONF_REJ,
     [(200, bytes([i]) * 180) for i in range(8)]),
    ('nothing at all', [], wire.CONF_ACK, []),
    ('all that is wanted of multilink', OK, wire.CONF_ACK, OK),
    ('a Reject goes before a Nak', [(wire.MRU, wire.u16(1500)), (wire.PFC, b'')], wire.CONF_REJ, [(wire.PFC, b'')]),
    ('MRU 1493', [(wire.MRU, wire.u16(1493))], wire.CONF_NAK, [(wire.MRU, wire.u16(1492))]),
    ('MRU 65535', [(wire.MRU, wire.u16(65535))], wire.CONF_NAK, [(wire.MRU, wire.u16(1492))]),
    ('MRU 127', [(wire.MRU, wire.u16(127))], wire.CONF_NAK, [(wire.MRU, wire.u16(128))]),
    ('MRU of one byte', [(wire.MRU, b'\x05')], wire.CONF_NAK, [(wire.MRU, wire.u16(1492))]),
    ('MRU of three bytes', [(wire.MRU, b'\x05\xd4\x00')], wire.CONF_NAK, [(wire.MRU, wire.u16(1492))]),
    ('MRRU 295', [(wire.MRRU, wire.u16(295))], wire.CONF_NAK, [(wire.MRRU, wire.u16(1500))]),
    ('MRRU of no byte', [(wire.MRRU, b'')], wire.CONF_NAK, [(wire.MRRU, wire.u16(1500))]),
    ('MRRU 65535', [(wire.MRRU, wire.u16(65535))], wire.CONF_ACK, [(wire.MRRU, wire.u16(65535))]),
    ('short numbers with data', [(wire.SSNHF, b'\0')], wire.CONF_NAK, [(wire.SSNHF, b'')]),
    ('an endpoint without class', [(wire.ENDPOINT, b'')], wire.CONF_REJ, [(wire.ENDPOINT, b'')]),
    ('an endpoint as long as an option can be', [(wire.ENDPOINT, bytes(range(253)))], wire.CONF_ACK,
     [(wire.ENDPOINT, bytes(range(253)))]),
    ('MRU twice', [(wire.MRU, wire.u16(1400)), (wire.MRU, wire.u16(1300))], wire.CONF_REJ, [(wire.MRU, wire.u16(1300))]),
    ('reports of another protocol', [(wire.QUALITY, wire.u16(0xc0ff))], wire.CONF_NAK,
     [(wire.QUALITY, wire.u16(0xc025) + wire.u32(3000))]),
    ('reports only as answers, of which nobody would send the first', [(wire.QUALITY, wire.u16(0xc025) + wire.u32(0))], wire.CONF_NAK,
     [(wire.QUALITY, wire.u16(0xc025) + wire.u32(3000))]),
    ('a report each hundredth of a second', [(wire.QUALITY, wire.u16(0xc025) + wire.u32(1))], wire.CONF_NAK,
     [(wire.QUALITY, wire.u16(0xc025) + wire.u32(3000))]),
    ('we shall authenticate ourselves', [(wire.AUTH, CHAP_MD5)], wire.CONF_REJ, [(wire.AUTH, CHAP_MD5)]),
]

# Options whose lengths lie: no answer at all.
LIES = [('an option of length 0', b'\x01\x00'), ('an option of length 1', b'\x05\x01'), ('half an option', b'\x01\x04\x05'),
        ('half a header', b'\x11'), ('a good option, then one over the end', wire.option(wire.MRU, wire.u16(1400)) + b'\x05\x06\x00\x00'),
        ('length 255 and nothing behind', b'\x13\xff'), ('a length of 0 among good ones', wire.encode(OK[:1]) + b'\x07\x00' +
                                                        wire.encode(OK[1:]))]


def answer_is(rows, options, code, wanted):
    link = rows.session()
    link.send(wire.LCP, wire.control(wire.CONF_REQ, 0x42, wire.encode(options)))
    got = link.expect(wire.LCP, wire.ANSWERS)
    expect((got.code, got.id, wire.decode(got.data)) == (code, 0x42, wanted),
           f'{wire.encode(options).hex()} got {wire.show(got)}, wanted code {code} {wire.encode(wanted).hex()}')


def no_answer_to(rows, data):
    """What is asked next gets its answer first."""
    link = rows.session()
    link.send(wire.LCP, wire.control(wire.CONF_REQ, 1, data))
    link.send(wire.LCP, wire.control(wire.CONF_REQ, 2, wire.encode(OK)))
    got = link.expect(wire.LCP, (*wire.ANSWERS, wire.CODE_REJ))
    expect((got.code, got.id) == (wire.CONF_ACK, 2), f'{data.hex()} got {wire.show(got)}')


def permutation(rows, rng):
    """What comes back for any options in any order, said by rules that are simpler than the machine's."""
    options = rng.sample(OK, rng.randrange(len(OK) + 1)) + rng.sample(REFUSED, rng.choice([0, 0, 1, 3, len(REFUSED)]))
    kinds = {k for k, _ in options}
    options += [o for o in rng.sample(list(NAKED), rng.choice([0, 1])) if o[0] not in kinds]
    rng.shuffle(options)
    refused, naked = [o for o in options if o in REFUSED], [(o[0], NAKED[o]) for o in options if o in NAKED]
    answer_is(rows, options, wire.CONF_REJ if refused else wire.CONF_NAK if naked else wire.CONF_ACK, refused or naked or options)


def magic_is_naked(rows, options):
    link = rows.session()
    ours = link.expect(wire.LCP, wire.CONF_REQ)
    link.send(wire.LCP, wire.control(wire.CONF_REQ, 3, wire.encode(options(dict(wire.decode(ours.data))[wire.MAGIC]))))
    got = link.expect(wire.LCP, wire.ANSWERS)
    (kind, value), = wire.decode(got.data)
    expect((got.code, kind, len(value)) == (wire.CONF_NAK, wire.MAGIC, 4) and value != bytes(4), f'got {wire.show(got)}')


def padding_is_cut(rows):
    link = rows.session()
    link.send(wire.LCP, wire.control(wire.CONF_REQ, 9, wire.encode(OK)) + b'\x02\x06\xff\xff\xff\xff')
    got = link.expect(wire.LCP, wire.ANSWERS)
    expect((got.code, wire.decode(got.data)) == (wire.CONF_ACK, OK), f'got {wire.show(got)}')


def bad_header(rows, raw):
    link = rows.session()
    link.send(wire.LCP, raw)
    link.send(wire.LCP, wire.control(wire.CONF_REQ, 2, wire.encode(OK)))
    got = link.expect(wire.LCP, (*wire.ANSWERS, wire.CODE_REJ))
    expect((got.code, got.id) == (wire.CONF_ACK, 2), f'got {wire.show(got)}')


def unknown_code(rows, code):
    link = rows.session()
    raw = wire.control(code, 0x21, b'what is this?')
    link.send(wire.LCP, raw)
    got = link.expect(wire.LCP, wire.CODE_REJ)
    expect(got.data == raw, f'got {wire.show(got)}')


@cell(WireStage, ROW)
def raw_lcp_offers(stage):
    """LCP offers of every kind, order and length, Windows' and BAP's among them: the exact answer to each"""
    rows = Rows(stage)
    for name, options, code, wanted in OFFERS:
        rows.play(name, answer_is, rows, options, code, wanted)
    for name, data in LIES:
        rows.play(name, no_answer_to, rows, data)
    rows.play('a magic number of 0', magic_is_naked, rows, lambda ours: [(wire.MAGIC, bytes(4))])
    rows.play('a magic number of three bytes', magic_is_naked, rows, lambda ours: [(wire.MAGIC, b'123')])
    rows.play('their own magic number', magic_is_naked, rows, lambda ours: [(wire.MAGIC, ours)])
    rows.play('bytes behind the length are padding', padding_is_cut, rows)
    for name, raw in (('a length beyond the frame', b'\x01\x05\xff\xff'), ('a length of 3', b'\x01\x05\x00\x03'),
                      ('three bytes', b'\x01\x05\x00')):
        rows.play(name, bad_header, rows, raw)
    for code in (0, 14, 99, 255):
        rows.play(f'code {code}', unknown_code, rows, code)
    seed = int(os.environ.get('HAWSER_SEED', time.time_ns() & 0xffffffff))
    rng = random.Random(seed)
    for i in range(200):
        rows.play(f'permutation {i} of HAWSER_SEED={seed}', permutation, rows, rng)
    return rows.end()


# ------------------------------------------------------------------ hawserd's own request, and what the peer does to it


def without(options, *kinds):
    return [o for o in options if o[0] not in kinds]


def changed(options, kind, value):
    return [(k, value if k == kind else v) for k, v in options]


def reply(link, request, code, options):
    link.send(wire.LCP, wire.control(code, request.id, wire.encode(options)))


def first_request(rows, line='line0'):
    """A session whose own request has been taken, and hawserd's request, which nobody has answered yet."""
    link = rows.session(line)
    request = link.expect(wire.LCP, wire.CONF_REQ)
    link.send(wire.LCP, wire.control(wire.CONF_REQ, 1, wire.encode(lcp_offer(mrru=None if line == 'line3' else 1500))))
    link.expect(wire.LCP, wire.CONF_ACK)
    return link, request, wire.decode(request.data)


def is_opened(link, request):
    """The right Ack at last, then LCP opens, and not before: of two Echo-Requests around it the second one is answered."""
    link.echo(1)
    reply(link, request, wire.CONF_ACK, wire.decode(request.data))
    link.echo(2)
    got = link.expect(wire.LCP, (wire.ECHO_REP, wire.CONF_REQ))
    expect((got.code, got.id) == (wire.ECHO_REP, 2), f'got {wire.show(got)}')


def request_asks(rows, line, kinds):
    _, _, options = first_request(rows, line)
    expect([k for k, _ in options] == kinds, f'asked for {options}')
    given = dict(options)
    expect(given[wire.MRU] == wire.u16(1492) and given.get(wire.MRRU) in (None, wire.u16(1500)) and
           given.get(wire.AUTH) in (None, CHAP_MD5), f'asked for {options}')


def wrong_ack(rows, make):
    """An Ack that is not of the request changes nothing."""
    link, request, options = first_request(rows)
    link.send(wire.LCP, make(request, options))
    is_opened(link, request)


WRONG_ACKS = [
    ('an Ack with another identifier', lambda r, o: wire.control(wire.CONF_ACK, (r.id + 1) & 0xff, r.data)),
    ('an Ack with another value', lambda r, o: wire.control(wire.CONF_ACK, r.id, wire.encode(changed(o, wire.MRU, wire.u16(1400))))),
    ('an Ack without the authentication', lambda r, o: wire.control(wire.CONF_ACK, r.id, wire.encode(without(o, wire.AUTH)))),
    ('an Ack in another order', lambda r, o: wire.control(wire.CONF_ACK, r.id, wire.encode(o[::-1]))),
    ('an Ack with one option more', lambda r, o: wire.control(wire.CONF_ACK, r.id, wire.encode(o + [(wire.PFC, b'')]))),
    ('an empty Ack', lambda r, o: wire.control(wire.CONF_ACK, r.id)),
    ('an Ack cut short', lambda r, o: wire.control(wire.CONF_ACK, r.id, r.data[:-1])),
    ('a Nak with another identifier', lambda r, o: wire.control(wire.CONF_NAK, (r.id - 1) & 0xff, wire.encode(o[:1]))),
    ('a Nak whose option has no length', lambda r, o: wire.control(wire.CONF_NAK, r.id, b'\x01\x00')),
    ('a Reject of what was not asked', lambda r, o: wire.control(wire.CONF_REJ, r.id, wire.option(wire.PFC))),
    ('a Reject with another value', lambda r, o: wire.control(wire.CONF_REJ, r.id, wire.option(wire.MRRU, wire.u16(1600)))),
    ('an empty Reject', lambda r, o: wire.control(wire.CONF_REJ, r.id)),
]


def asks_again(rows, line, code, options, wanted):
    """After a Nak or Reject of these, hawserd asks for what wanted(options) says, under a new identifier."""
    link, request, first = first_request(rows, line)
    refused = options(first)
    reply(link, request, code, refused)
    again = link.expect(wire.LCP, wire.CONF_REQ)
    expect(again.id != request.id, 'the identifier is the old one')
    expect(wire.decode(again.data) == wanted(first), f'asked for {wire.decode(again.data)} after {first}')
    return link, again


def nak(kind, value):
    return lambda first: [(kind, value)]


def same(first):
    return first


REQUESTS = [
    ('MRU naked with 1462', 'line0', wire.CONF_NAK, nak(wire.MRU, wire.u16(1462)), lambda o: changed(o, wire.MRU, wire.u16(1462))),
    ('MRU naked with 1500, which no line carries', 'line0', wire.CONF_NAK, nak(wire.MRU, wire.u16(1500)), same),
    ('MRU naked with 64, too little', 'line0', wire.CONF_NAK, nak(wire.MRU, wire.u16(64)), same),
    ('MRU rejected', 'line0', wire.CONF_REJ, nak(wire.MRU, wire.u16(1492)), lambda o: without(o, wire.MRU)),
    ('MRRU naked with 1400', 'line0', wire.CONF_NAK, nak(wire.MRRU, wire.u16(1400)), lambda o: changed(o, wire.MRRU, wire.u16(1400))),
    ('MRRU naked with 1600, more than we hold', 'line0', wire.CONF_NAK, nak(wire.MRRU, wire.u16(1600)), same),
    ('MRU and MRRU naked together', 'line0', wire.CONF_NAK, lambda o: [(wire.MRU, wire.u16(1000)), (wire.MRRU, wire.u16(1490))],
     lambda o: changed(changed(o, wire.MRU, wire.u16(1000)), wire.MRRU, wire.u16(1490))),
    ('MRRU rejected', 'line0', wire.CONF_REJ, nak(wire.MRRU, wire.u16(1500)), lambda o: without(o, wire.MRRU)),
    ('MRRU rejected takes short numbers with it', 'line2', wire.CONF_REJ, nak(wire.MRRU, wire.u16(1500)),
     lambda o: without(o, wire.MRRU, wire.SSNHF)),
    ('short numbers rejected', 'line2', wire.CONF_REJ, nak(wire.SSNHF, b''), lambda o: without(o, wire.SSNHF)),
    ('short numbers naked', 'line2', wire.CONF_NAK, nak(wire.SSNHF, b''), lambda o: without(o, wire.SSNHF)),
    ('the endpoint rejected', 'line0', wire.CONF_REJ, lambda o: o[-1:], lambda o: without(o, wire.ENDPOINT)),
    ('the endpoint naked', 'line0', wire.CONF_NAK, nak(wire.ENDPOINT, b'\x01other'), lambda o: without(o, wire.ENDPOINT)),
    ('all of multilink rejected, as BNG Blaster does', 'line2', wire.CONF_REJ,
     lambda o: [x for x in o if x[0] in (wire.MRRU, wire.SSNHF, wire.ENDPOINT)],
     lambda o: without(o, wire.MRRU, wire.SSNHF, wire.ENDPOINT)),
    ('the magic number rejected', 'line0', wire.CONF_REJ, lambda o: [x for x in o if x[0] == wire.MAGIC],
     lambda o: without(o, wire.MAGIC)),
    ('a Nak that suggests what was not asked', 'line0', wire.CONF_NAK, nak(wire.PFC, b''), same),
    ('CHAP naked with PAP', 'line0', wire.CONF_NAK, nak(wire.AUTH, PAP_AUTH), lambda o: changed(o, wire.AUTH, PAP_AUTH)),
    ('CHAP naked with EAP: the next of the list', 'line0', wire.CONF_NAK, nak(wire.AUTH, EAP_AUTH),
     lambda o: changed(o, wire.AUTH, PAP_AUTH)),
]


def magic_naked(rows):
    link, request, options = first_request(rows)
    reply(link, request, wire.CONF_NAK, [(wire.MAGIC, wire.u32(1))])
    again = wire.decode(link.expect(wire.LCP, wire.CONF_REQ).data)
    old, new = dict(options)[wire.MAGIC], dict(again)[wire.MAGIC]
    expect(new != old and changed(again, wire.MAGIC, old) == options, f'asked for {again} after {options}')


def refuses_to_authenticate(rows, *answers):
    """The link ends by Terminate-Request, and nothing of it is authenticated."""
    link, request, options = first_request(rows)
    for code, auth in answers:
        reply(link, request, code, [(wire.AUTH, auth)])
        request = link.expect(wire.LCP, (wire.CONF_REQ, wire.TERM_REQ))
    expect(request.code == wire.TERM_REQ and request.data, f'got {wire.show(request)}')
    link.send(wire.LCP, wire.control(wire.TERM_ACK, request.id))
    rows.wires.run(lambda: link.padt_text is not None, 3, lambda: f'no PADT on {link}')


def plain_after_reject(rows, line):
    """A peer that rejects MRRU gets plain PPP: IPCP and IP outside multilink; multilink frames are dropped."""
    bundle = Bundle()

    def judge(options):
        unwanted = [o for o in options if o[0] in (wire.MRRU, wire.SSNHF, wire.ENDPOINT)]
        return (wire.CONF_REJ, unwanted) if unwanted else (wire.CONF_ACK, options)
    link = rows.session(line, lcp_offer(), bundle, auto=True, judge=judge)
    rows.wires.run(lambda: bundle.up, 3, lambda: f'no IPCP on {bundle}')
    rows.echo(bundle, lambda p: link.send(wire.IPV4, p))
    row = rows.row_of(link)
    expect(row['our_mrru'] == 0 and 'refused multilink (MRRU)' in row['explain'], row['explain'])
    rows.drops_of('mp_not_agreed', lambda: link.send(wire.MP, wire.mp_header(1, 1, 0) + wire.u16(wire.IPV4) + bytes(40)))


def agrees_after_naks(rows):
    """MRU 1000 and MRRU 1450 by Nak: no frame and no packet to us is longer, and ours of these sizes are taken."""
    bundle = Bundle()

    def judge(options):
        wanted = [(wire.MRU, wire.u16(1000)), (wire.MRRU, wire.u16(1450))]
        return (wire.CONF_ACK, options) if all(o in options for o in wanted) else (wire.CONF_NAK, wanted)
    link = rows.session('line0', lcp_offer(mru=1200, mrru=1450), bundle, auto=True, judge=judge)
    rows.wires.run(lambda: bundle.up, 3, lambda: f'no IPCP on {bundle}')
    row = rows.row_of(link)
    expect((row['our_mru'], row['our_mrru'], row['peer_mru'], row['peer_mrru']) == (1000, 1450, 1200, 1450), f'{row}')
    bundle.rx_frames.clear()
    rows.echo(bundle, lambda p: bundle.send_cut(wire.IPV4, p, [link, link]), size=1450 - 28)
    expect(bundle.rx_frames[link] >= 2 and bundle.longest <= 1200, f'{bundle.rx_frames[link]} frames, longest {bundle.longest}')


def repeated_request(rows):
    """The same request again while open is the same request: Ack, and the link stays. Another one takes the link down first."""
    bundle = rows.bundle(['line0'])
    link, = bundle.links
    link.log.skip()
    link.auto = False
    link.send(wire.LCP, wire.control(wire.CONF_REQ, link.lcp.asked_id, link.lcp.asked))
    link.expect(wire.LCP, wire.CONF_ACK)
    rows.lives(bundle)
    link.send(wire.LCP, wire.control(wire.CONF_REQ, link.lcp.asked_id + 1, link.lcp.asked))
    got = link.expect(wire.LCP, (wire.CONF_REQ, wire.CONF_ACK))
    expect(got.code == wire.CONF_REQ, f'got {wire.show(got)}')
    expect(link.expect(wire.LCP).code == wire.CONF_ACK, 'no Ack behind the new request')
    until('the link left its bundle', lambda: rows.row_of(link)['phase'] == 'lcp', 3)
    reply(link, got, wire.CONF_ACK, wire.decode(got.data))
    link.expect(wire.CHAP, wire.CHALLENGE)


ECHO_SIZES = [(1492, 1492), (1492, 8), (300, 1492), (300, 300), (300, 299), (128, 1492)]


def echo_size(rows, mru, size):
    """An answer is as long as the question, but never longer than our MRU."""
    link = rows.up(offer=lcp_offer(mru=mru))
    data = os.urandom(size - 8)
    link.echo(0x33, data)
    got = link.expect(wire.LCP, wire.ECHO_REP)
    magic = link.lcp.theirs[wire.MAGIC]
    expect((got.id, got.data) == (0x33, (magic + data)[:min(size, mru) - 4]), f'{len(got.data)} bytes of data')


def rejects_are_cut(rows):
    """Code-Reject and Protocol-Reject are cut to our MRU, too."""
    bundle = Bundle()
    link = rows.up('line0', bundle, offer=lcp_offer(mru=300))
    raw = wire.control(77, 1, os.urandom(1000))
    link.send(wire.LCP, raw)
    expect(link.expect(wire.LCP, wire.CODE_REJ).data == raw[:300 - 4], 'Code-Reject')
    raw = wire.control(wire.CONF_REQ, 1, os.urandom(1000))
    link.send(wire.CCP, raw)
    expect(link.expect(wire.LCP, wire.PROTO_REJ).data == wire.u16(wire.CCP) + raw[:300 - 6], 'Protocol-Reject')


def echo_without_magic(rows):
    """Nobody's magic number: answers bear 0. A request without room for one is no request."""

    def judge(options):
        magic = [o for o in options if o[0] == wire.MAGIC]
        return (wire.CONF_REJ, magic) if magic else (wire.CONF_ACK, options)
    link = rows.session('line0', [(wire.MRU, wire.u16(1492))], auto=True, judge=judge)
    rows.wires.run(lambda: link.state == 'up', 3, lambda: f'not up: {link}')
    link.send(wire.LCP, wire.control(wire.ECHO_REQ, 1, b'abc'))
    link.send(wire.LCP, wire.control(wire.ECHO_REQ, 2, bytes(4) + b'abc'))
    got = link.expect(wire.LCP, wire.ECHO_REP)
    expect((got.id, got.data) == (2, bytes(4) + b'abc'), f'got {wire.show(got)}')


def rejects_protocol(rows, number, fatal, after=0.0):
    """The peer's Protocol-Reject: closes what cannot do without the protocol, and nothing else."""
    bundle = rows.bundle(['line0'])
    link, = bundle.links
    rows.wires.idle(after)
    link.send(wire.LCP, wire.control(wire.PROTO_REJ, 1, wire.u16(number) + wire.control(wire.CONF_REQ, 1)))
    if not fatal:
        rows.lives(bundle)
        return
    link.expect(wire.LCP, wire.TERM_REQ)
    rows.wires.run(lambda: link.padt_text is not None, 3, lambda: f'no PADT on {link}')


# Linux rejects multilink for some milliseconds between its success and its interface.
REJECTED = [('IPV6CP', wire.IPV6CP, False), ('what nobody sent', 0x4021, False), ('multilink, at once', wire.MP, False),
            ('multilink, later', wire.MP, True, 2.1), ('IPCP', wire.IPCP, True), ('LCP', wire.LCP, True)]


@cell(WireStage, ROW)
def raw_lcp_answers(stage):
    """Naks and Rejects of all that hawserd asks for, Acks that are not of its request, echoes beyond the MRU"""
    rows = Rows(stage)
    ask = [wire.MRU, wire.AUTH, wire.MAGIC, wire.MRRU, wire.ENDPOINT]
    rows.play('what is asked', request_asks, rows, 'line0', ask)
    rows.play('what is asked with short numbers', request_asks, rows, 'line2', ask[:4] + [wire.SSNHF, wire.ENDPOINT])
    rows.play('what is asked without authentication', request_asks, rows, 'line3', [wire.MRU, wire.MAGIC])
    for name, make in WRONG_ACKS:
        rows.play(name, wrong_ack, rows, make)
    for name, line, code, options, wanted in REQUESTS:
        rows.play(name, asks_again, rows, line, code, options, wanted)
    rows.play('the magic number naked', magic_naked, rows)
    rows.play('authentication rejected', refuses_to_authenticate, rows, (wire.CONF_REJ, CHAP_MD5))
    rows.play('EAP for ever', refuses_to_authenticate, rows, (wire.CONF_NAK, EAP_AUTH), (wire.CONF_NAK, EAP_AUTH))
    rows.play('multilink rejected', plain_after_reject, rows, 'line0')
    rows.play('multilink with short numbers rejected', plain_after_reject, rows, 'line2')
    rows.play('sizes by Nak hold', agrees_after_naks, rows)
    rows.play('a request while open', repeated_request, rows)
    for mru, size in ECHO_SIZES:
        rows.play(f'an echo of {size} bytes for an MRU of {mru}', echo_size, rows, mru, size)
    rows.play('rejects are cut to the MRU', rejects_are_cut, rows)
    rows.play('echo without magic numbers', echo_without_magic, rows)
    for name, *what in REJECTED:
        rows.play(f'Protocol-Reject of {name}', rejects_protocol, rows, *what)
    return rows.end()


# ------------------------------------------------------------------ inside multilink frames, and beside them


def ipcp_waits(rows, lines=('line0', 'line1'), **offer):
    """A bundle whose IPCP the test does itself: hawserd has asked, and nobody has answered."""
    bundle = Bundle()
    bundle.starts_ipcp = False
    bundle.ipcp.judge = lambda options: None
    offer.setdefault('endpoint', (1, b'ncp %d' % rows.mac))
    for line in lines:
        rows.up(line, bundle, offer=lcp_offer(**offer))
    bundle.expect(wire.IPCP, wire.CONF_REQ)
    return bundle


def ipcp_by(rows, send, line_count=2):
    """An IPCP Configure-Request goes by send(bundle, packet); hawserd's Nak has an address, and comes inside multilink."""
    bundle = ipcp_waits(rows, LINES[:line_count])
    send(bundle, wire.control(wire.CONF_REQ, 0x51, wire.option(wire.ADDRESS, bytes(4))))
    got = bundle.expect(wire.IPCP, wire.ANSWERS)
    (kind, value), = wire.decode(got.data)
    expect((got.code, got.id, kind) == (wire.CONF_NAK, 0x51, wire.ADDRESS) and value[:1] == b'\x0a', f'got {wire.show(got)}')


def crumbs(bundle, packet):
    """Every byte a fragment, on the links in turn, the last one first."""
    data, base = wire.u16(wire.IPCP) + packet, bundle.next_tx
    frames = []
    for i in range(len(data)):
        head = wire.mp_header(i == 0, i == len(data) - 1, base + i)
        frames.append((bundle.links[i % 2], head + data[i:i + 1]))
    bundle.next_tx += len(data)
    for link, payload in sorted(frames[::2] + frames[1::2], key=lambda f: f[0] is bundle.links[0]):
        link.send(wire.MP, payload)


NCP_WAYS = [
    ('IPCP in one multilink frame', lambda b, p: b.send(wire.IPCP, p)),
    ('IPCP cut over two links', lambda b, p: b.send_cut(wire.IPCP, p, b.links)),
    ('IPCP cut over two links, the second one first', lambda b, p: b.send_cut(wire.IPCP, p, b.links[::-1])),
    ('IPCP in crumbs of a byte', crumbs),
    ('IPCP outside multilink', lambda b, p: b.links[1].send(wire.IPCP, p)),
    ('IPCP under a protocol field of one byte for multilink',
     lambda b, p: b.send_fragment(b.links[0], True, True, wire.u16(wire.IPCP) + p, short_protocol=True)),
]


def ip_ways(bundle):
    """Ways of an IP packet: whole or cut, protocol fields of one and two bytes, plain beside multilink."""
    cut = bundle.links * 2
    return [
        ('IP whole, two bytes', lambda p: bundle.send(wire.IPV4, p)),
        ('IP whole, one byte', lambda p: bundle.send(wire.IPV4, p, short=True)),
        ('IP cut in four, two bytes', lambda p: bundle.send_cut(wire.IPV4, p, cut)),
        ('IP cut in four, one byte', lambda p: bundle.send_cut(wire.IPV4, p, cut, short=True)),
        ('multilink of one byte, IP of one byte',
         lambda p: bundle.send_fragment(bundle.links[0], True, True, b'\x21' + p, short_protocol=True)),
        ('plain IP on the second link, two bytes', lambda p: bundle.links[1].send(wire.IPV4, p)),
        ('plain IP on the first link, one byte', lambda p: bundle.links[0].send(wire.IPV4, p, short=True)),
        ('reserved bits set', lambda p: bundle.send_fragment(bundle.links[1], True, True, wire.u16(wire.IPV4) + p, reserved=0x3f)),
        ('a null fragment before it', lambda p: (bundle.send_fragment(bundle.links[1], True, True, b''), bundle.send(wire.IPV4, p))),
    ]


# What nobody configured, and what nobody knows. BACP and BAP (RFC 2125) are Windows' bandwidth allocation.
UNKNOWN = [('CCP', wire.CCP), ('ECP', wire.ECP), ('IPV6CP', wire.IPV6CP), ('BACP', 0xc02b), ('BAP', 0xc02d), ('IPXCP', 0x802b),
           ('AppleTalk', 0x8029), ('MPLSCP', 0x8281), ('link quality reports', 0xc025), ('EAP', 0xc227), ('CCP of the link', 0x80fb),
           ('IPX data', 0x002b), ('compressed data', 0x00fd)]


def protocol_rejected(rows, bundle, number, inside):
    """The answer is a Protocol-Reject on a link, outside multilink, with all of the packet; the bundle stays."""
    packet = wire.control(wire.CONF_REQ, 0x61, wire.option(3, os.urandom(40)))
    for link in bundle.links:
        link.log.skip()
    if inside:
        bundle.send_cut(number, packet, bundle.links)
    else:
        bundle.links[1].send(number, packet)
    found = []

    def look():
        found.extend(p for x in bundle.links if (p := x.log.next(wire.LCP, (wire.PROTO_REJ,))))
        return bool(found)
    rows.wires.run(look, 3, lambda: f'no Protocol-Reject of {number:#06x} on {bundle}')
    expect(found[0].data == wire.u16(number) + packet, f'got {wire.show(found[0])}')
    rows.lives(bundle)


def lcp_inside(rows, bundle):
    """Configure and Terminate packets inside multilink are dropped without a word [L-09]; an Echo-Request behind them is answered."""
    before = rows.stage.counters()['protocol']['lcp_in_mp']
    for link in bundle.links:
        link.log.skip()
    codes = (wire.CONF_REQ, *wire.ANSWERS, wire.TERM_REQ, wire.TERM_ACK)
    for code in codes:
        bundle.send(wire.LCP, wire.control(code, bundle.links[0].lcp.asked_id, bundle.links[0].lcp.asked))
    bundle.send_cut(wire.LCP, wire.control(wire.DISCARD, 1, bytes(4)), bundle.links)
    bundle.send_cut(wire.LCP, wire.control(wire.CODE_REJ, 1, wire.control(77, 1)), bundle.links)
    bundle.send_cut(wire.LCP, wire.control(wire.ECHO_REQ, 0x62, bytes(4) + b'inside'), bundle.links)
    found = []

    def look():
        found.extend(p for x in bundle.links if (p := x.log.next(wire.LCP, None)))
        return bool(found)
    rows.wires.run(look, 3, lambda: f'no Echo-Reply on {bundle}')
    expect((found[0].code, found[0].id, found[0].data[4:]) == (wire.ECHO_REP, 0x62, b'inside'), f'got {wire.show(found[0])}')
    got = rows.stage.counters()['protocol']['lcp_in_mp'] - before
    expect(got == len(codes), f'{got} counted')
    rows.lives(bundle)


def auth_inside(rows, bundle):
    """Authentication is a link's business: inside multilink it is dropped without a word, and counted."""
    before = rows.stage.counters()['protocol']['bad_frame']
    bundle.send(wire.CHAP, wire.control(wire.RESPONSE, 1, b'\x10' + bytes(16) + b'mluser'))
    bundle.send(wire.PAP, wire.control(wire.AUTH_REQ, 1, b'\x01a\x01b'))
    rows.lives(bundle)
    until('both are counted', lambda: rows.stage.counters()['protocol']['bad_frame'] == before + 2, 3)


def bad_frames(rows, bundle):
    """Each of these is dropped under its name, and the bundle goes on."""
    first, whole = bundle.links[0], wire.mp_header(1, 1, bundle.next_tx)
    address, ip = bundle.address, wire.echo_request
    inner = [
        ('mp_nested', wire.u16(wire.MP) + whole + bytes(20)),
        ('ncp_closed', wire.u16(wire.IPV6) + b'\x60' + bytes(39)),
        ('ip_source', wire.u16(wire.IPV4) + ip(socket.inet_aton('10.9.9.9'), socket.inet_aton(RIGHT), 1, 1, b'')),
        ('ip_bad', wire.u16(wire.IPV4) + ip(address, socket.inet_aton(RIGHT), 1, 1, b'')[:15]),
        ('mp_too_large', wire.u16(wire.IPV4) + ip(address, socket.inet_aton(RIGHT), 1, 1, bytes(1501 - 28))),
        ('ppp_no_protocol', b'\x80'),
    ]
    for reason, data in inner:
        half = len(data) // 2
        send = lambda: bundle.send_fragment(first, True, True, data)  # noqa: E731
        if len(data) > 1400:
            send = lambda: (bundle.send_fragment(first, True, False, data[:half]),  # noqa: E731
                            bundle.send_fragment(bundle.links[1], False, True, data[half:]))
        try:
            rows.drops_of(reason, send)
        except LabError as why:
            raise LabError(f'{reason}: {why}') from None
    for n in range(4):
        rows.drops_of('mp_short', lambda: first.send(wire.MP, bytes([0xc0, 0, 0, 0])[:n]))
    rows.drops_of('mp_late', lambda: first.send(wire.MP, wire.mp_header(1, 1, 0) + wire.u16(wire.IPV4) + bytes(40)))
    rows.lives(bundle)


def strict_reserved(rows):
    """Where reserved bits are refused, each of them is; without them the bundle goes on."""
    bundle = rows.bundle(['line2'], short=True)
    link, = bundle.links
    for bit in (0x10, 0x20):
        def send():
            link.send(wire.MP, wire.u16(0xc000 | bit << 8 | bundle.next_tx) + wire.u16(wire.IPV4) + bytes(40))
        rows.drops_of('mp_reserved_bits', send)
    rows.lives(bundle)


def short_numbers(rows):
    """12 bits in both directions, past the wrap."""
    bundle = rows.bundle(['line2'], short=True)
    link, = bundle.links
    for _ in range(0x1000 // 32 + 1):
        for _ in range(32):
            bundle.send_fragment(link, True, True, b'')
        rows.lives(bundle)
    expect(bundle.next_tx < 0x800, f'number {bundle.next_tx}')


def not_yet(rows):
    """IP before IPCP is open is dropped, IPCP behind it is not."""
    bundle = ipcp_waits(rows)
    rows.drops_of('ncp_closed', lambda: bundle.send_cut(wire.IPV4, bytes([0x45]) + bytes(39), bundle.links))
    bundle.send(wire.IPCP, wire.control(wire.CONF_REQ, 1, wire.option(wire.ADDRESS, bytes(4))))
    bundle.expect(wire.IPCP, wire.CONF_NAK)


def ipcp_offers(rows):
    """IPCP's options: addresses by Nak, name servers by Nak or Reject, VJ compression by Reject."""
    bundle = ipcp_waits(rows)
    vj = wire.COMPRESSION, b'\x00\x2d\x0f\x01'
    rejected = [vj, (wire.DNS2, bytes(4)), (130, bytes(4))]
    offer = [vj, (wire.ADDRESS, bytes(4)), (wire.DNS1, bytes(4)), *rejected[1:]]
    bundle.send_cut(wire.IPCP, wire.control(wire.CONF_REQ, 1, wire.encode(offer)), bundle.links)
    got = bundle.expect(wire.IPCP, wire.ANSWERS)
    expect((got.code, wire.decode(got.data)) == (wire.CONF_REJ, rejected), f'got {wire.show(got)}')
    bundle.send(wire.IPCP, wire.control(wire.CONF_REQ, 2, wire.encode([(wire.DNS1, bytes(4)), (wire.ADDRESS, b'\x01\x02\x03\x04')])))
    got = bundle.expect(wire.IPCP, wire.ANSWERS)
    values = wire.decode(got.data)
    expect(got.code == wire.CONF_NAK and values[0] == (wire.DNS1, socket.inet_aton('198.51.100.53')) and values[1][0] == wire.ADDRESS,
           f'got {wire.show(got)}')
    bundle.send(wire.IPCP, wire.control(wire.CONF_REQ, 3, wire.encode(values)))
    got = bundle.expect(wire.IPCP, wire.ANSWERS)
    expect((got.code, wire.decode(got.data)) == (wire.CONF_ACK, values), f'got {wire.show(got)}')


def both_families(rows):
    """A plain link where IPv6 is on. The peer does its NCPs by hand."""
    bundle = Bundle()
    bundle.starts_ipcp = bundle.rejects_unknown = False
    bundle.ipcp.judge = lambda options: None
    return rows.up('line3', bundle, offer=lcp_offer(mrru=None))


OWN_ID = b'\x02raw\xff\xfe01'


def ipv6cp_taken(rows):
    """Where IPv6 is on, hawserd asks with an interface identifier of its own; the peer's must be another one, and not 0."""
    link = both_families(rows)
    got = link.expect(wire.IPV6CP, wire.CONF_REQ)
    (kind, ours), = wire.decode(got.data)
    expect(kind == 1 and len(ours) == 8 and ours != bytes(8), f'got {wire.show(got)}')
    for value, code in ((ours, wire.CONF_NAK), (bytes(8), wire.CONF_NAK), (OWN_ID, wire.CONF_ACK)):
        link.send(wire.IPV6CP, wire.control(wire.CONF_REQ, 7, wire.option(1, value)))
        got = link.expect(wire.IPV6CP, wire.ANSWERS)
        expect(got.code == code, f'{value.hex()} got {wire.show(got)}')


def one_family_rejected(rows, number, other, option, code):
    """A peer that rejects one of IPCP and IPV6CP keeps the other one, and the link."""
    link = both_families(rows)
    link.expect(other, wire.CONF_REQ)
    link.log.skip()
    link.send(wire.LCP, wire.control(wire.PROTO_REJ, 1, wire.u16(number) + wire.control(wire.CONF_REQ, 1)))
    link.send(other, wire.control(wire.CONF_REQ, 8, option))
    got = link.expect(other, wire.ANSWERS)
    expect(got.code == code, f'got {wire.show(got)}')
    link.echo(9)
    got = link.expect(wire.LCP)
    expect((got.code, got.id) == (wire.ECHO_REP, 9), f'got {wire.show(got)}')


@cell(WireStage, ROW, quick=True)
def raw_inside_multilink(stage):
    """NCPs in multilink frames, whole and cut; protocol fields of one byte; unknown protocols; LCP and damage inside"""
    rows = Rows(stage)
    for name, send in NCP_WAYS:
        rows.play(name, ipcp_by, rows, send)
    rows.play('IPCP options', ipcp_offers, rows)
    rows.play('IP before IPCP', not_yet, rows)
    for i, (name, _) in enumerate(ip_ways(Bundle())):
        def way(i=i):
            bundle = rows.bundle()
            rows.echo(bundle, ip_ways(bundle)[i][1])
        rows.play(name, way)
    for name, number in UNKNOWN:
        for inside in (True, False):
            rows.play(f'{name} {"inside" if inside else "outside"}',
                      lambda number=number, inside=inside: protocol_rejected(rows, rows.bundle(), number, inside))
    rows.play('IPV6CP where it is configured', ipv6cp_taken, rows)
    rows.play('IPV6CP rejected', one_family_rejected, rows, wire.IPV6CP, wire.IPCP, wire.option(wire.ADDRESS, bytes(4)), wire.CONF_NAK)
    rows.play('IPCP rejected', one_family_rejected, rows, wire.IPCP, wire.IPV6CP, wire.option(1, OWN_ID), wire.CONF_ACK)
    rows.play('LCP inside', lambda: lcp_inside(rows, rows.bundle()))
    rows.play('authentication inside', lambda: auth_inside(rows, rows.bundle()))
    rows.play('damage inside', lambda: bad_frames(rows, rows.bundle()))
    rows.play('reserved bits where they are refused', strict_reserved, rows)
    rows.play('short numbers past the wrap', short_numbers, rows)
    return rows.end()


# ------------------------------------------------------------------ who joins whom


def members(rows):
    """(user, port, session) -> bundle id, of all open links."""
    return {(r['port'], r['session']): r['bundle_id'] for r in rows.open_links()}


def ask_all(rows, links, ask, answered):
    """All at once, and those that got no answer again as clients do: hawserd takes only so many in a moment."""
    for last in (False, False, False, True):
        for link in links:
            if not answered(link):
                ask(link)
        try:
            rows.wires.run(lambda: all(answered(x) for x in links), 2, lambda: f'{sum(answered(x) for x in links)} of {len(links)} answers')
            return
        except LabError:
            if last:
                raise


def dial_all(rows, line, wishes):
    """Links of [(bundle, user, offer)], all at once; none of them says IPCP."""
    links = []
    for bundle, user, offer in wishes:
        rows.mac += 1
        links.append(ClientLink(Station(rows.wires, line, bytes.fromhex('0200ab00') + wire.u16(rows.mac)), bundle, offer, user, PASSWORD))
    rows.links += links
    ask_all(rows, links, ClientLink.send_padi, lambda x: x.offered)
    ask_all(rows, links, ClientLink.send_padr, lambda x: x.session)
    rows.wires.run(lambda: all(x.state == 'up' for x in links), 10,
                   lambda: f'{[str(x) for x in links if x.state != "up"][:3]} of {len(links)} not up')
    return links


def apart(rows, parties):
    """Each party is [(user, offer), ...]: the same links on line0 and line1 as it has entries. Its links are in one bundle, and no other
    party's are."""
    bundles = []
    for party in parties:
        bundles.append(Bundle())
        bundles[-1].starts_ipcp = False
    first = dial_all(rows, 'line0', [(b, *p[0]) for b, p in zip(bundles, parties)])
    second = dial_all(rows, 'line1', [(b, *p[-1]) for b, p in zip(bundles, parties)])
    at = members(rows)
    ids = []
    for a, b, party in zip(first, second, parties):
        pair = at[a.station.line, a.session], at[b.station.line, b.session]
        expect(pair[0] == pair[1], f'the links of {party} are in bundles {pair}')
        ids.append(pair[0])
    expect(len(set(ids)) == len(ids), f'{len(ids)} parties are in {len(set(ids))} bundles')


def endpoint(kind, value, user=USER):
    return user, lcp_offer(endpoint=(kind, value))


def refused(rows, line, bundle, words, **wish):
    """A link that its bundle must not take: closed with a reason for both ends, while the bundle goes on."""
    link = rows.session(line, bundle=Bundle(), auto=True, **wish)
    rows.wires.run(lambda: link.padt_text is not None, 3, lambda: f'no PADT on {link}')
    link.log.expect(rows.wires, link, wire.LCP, wire.TERM_REQ)
    expect(all(w in link.padt_text for w in words), f'PADT says {link.padt_text!r}')
    told = [line for line in rows.stage.daemon.ctl('events').stdout.splitlines() if 'link-refused' in line]
    expect(all(w in told[-1] for w in words), f'told {told[-1]}')
    expect(link.state != 'up', 'it was up')
    rows.lives(bundle)


def stolen_without_authentication(rows):
    """Where nobody is asked who he is, a known endpoint opens nothing: no multilink at all there [M-08]."""
    bundle = rows.bundle(['line0'], endpoint=(3, b'victim'))
    thief = Bundle()
    link = rows.up('line3', thief, offer=lcp_offer(endpoint=(3, b'victim')))
    rows.wires.run(lambda: thief.up, 3, lambda: f'no IPCP on {thief}')
    expect(wire.MRRU not in dict(link.lcp.offer) and wire.MRRU not in link.lcp.theirs, f'multilink was agreed: {link.lcp.offer}')
    at = members(rows)
    expect(at['line3', link.session] != at['line0', bundle.links[0].session], 'it is in the victim\'s bundle')
    expect(thief.address != bundle.address, 'it has the victim\'s address')
    rows.drops_of('mp_not_agreed', lambda: link.send(wire.MP, wire.mp_header(1, 1, bundle.next_tx) + wire.u16(wire.IPV4) + bytes(40)))
    rows.lives(bundle)


def unproven(rows, user, password):
    """A wrong password or a wrong name: refused, told no more than that, and in no bundle."""
    bundle = rows.bundle(['line0'], endpoint=(3, b'victim'))
    link = rows.session('line1', lcp_offer(endpoint=(3, b'victim')), user=user, password=password, auto=True)
    rows.wires.run(lambda: link.padt_text is not None, 4, lambda: f'no PADT on {link}')
    expect(link.padt_text == '' and [p.code for p in link.log.packets if p.proto == wire.CHAP][-1] == wire.FAILURE, f'{link}')
    expect(len(rows.open_links()) == 1, f'open: {rows.open_links()}')
    rows.lives(bundle)


@cell(WireStage, ROW)
def raw_members(stage):
    """endpoints of every class and of every length, names, MRRUs and number formats: who is in whose bundle, who is refused and told why"""
    rows = Rows(stage)
    rng = random.Random(1990)
    value = rng.randbytes(6)
    rows.play('256 classes with the same bytes [M-01, M-02, M-04]', apart, rows, [[endpoint(c, value)] for c in range(256)])
    rows.play('every length from 0 to 252, each the beginning of the next', apart, rows,
              [[endpoint(1, (value * 42)[:n])] for n in range(253)])
    rows.play('one bit of the bytes', apart, rows, [[endpoint(3, bytes([value[0] ^ 1 << b]) + value[1:])] for b in range(8)])
    rows.play('class 0 without bytes is no endpoint', apart, rows, [[(USER, lcp_offer()), endpoint(0, b'')], [endpoint(0, b'\0')]])
    rows.play('the same endpoint under two names', apart, rows, [[endpoint(3, value)], [endpoint(3, value, OTHER_USER)]])
    rows.play('no endpoint, two names', apart, rows, [[(USER, lcp_offer())], [(OTHER_USER, lcp_offer())]])

    def beside(line, words, lines, **wish):
        bundle = rows.bundle(lines, endpoint=(3, value), short=line == 'line2')
        refused(rows, line, bundle, words, offer=lcp_offer(endpoint=(3, value), **wish))
    rows.play('another MRRU of the peer [M-03]', lambda: beside('line1', ['MRRU 1500 (peer\'s)', 'agreed 1600'], ['line0'], mrru=1600))
    rows.play('another number format [M-03]', lambda: beside('line1', ['sends long', 'short'], ['line0'], short=True))
    rows.play('a long number in a bundle of short ones', lambda: beside('line2', ['sends short', 'long'], ['line2']))
    rows.play('a third link where two are allowed [M-10]', lambda: beside('line2', ['2 links already'], ['line2', 'line2'], short=True))
    rows.play('another user with a known endpoint', lambda: apart(rows, [[endpoint(3, value)], [endpoint(3, value, OTHER_USER)]]))
    rows.play('a stolen endpoint without authentication [M-08]', stolen_without_authentication, rows)
    rows.play('a wrong password with a known endpoint', unproven, rows, USER, 'guess')
    rows.play('a wrong name with a known endpoint', unproven, rows, 'nobody', PASSWORD)
    return rows.end()
