# SPDX-License-Identifier: BSD-3-Clause
"""What our client must do on the wire, frame by frame: a raw access concentrator that breaks rules, row by row."""
import os
import socket

import rawframes as wire
from bonded import CLIENT_ADDRESS, CONCENTRATOR_ADDRESS, LEFT, PASSWORD, USER, merge
from cells_raw import OnWires
from cells_rawwire import CHAP_MD5, EAP_AUTH, PAP_AUTH, Rows
from checks import expect
from lab import until
from matrix import cell
from rawpeer import ServerBundle, ServerLink, ServerStation, lcp_offer
from stage import LINES, ServeStage

ROW = 'raw frames, server'
OURS, GIVEN, HOST = (socket.inet_aton(a) for a in (CONCENTRATOR_ADDRESS, CLIENT_ADDRESS, LEFT))
MS_CHAP = wire.u16(wire.CHAP) + b'\x80'


class RawServeStage(OnWires, ServeStage):
    """raw sockets ==line0, line1== hawserd, client -- host."""

    def config(self, socket_path, lines, rates):
        redial = {'delay': '50 ms', 'jitter': '0 ms'}
        return merge(super().config(socket_path, lines, rates), {'clients': {'home': {'redial': redial}}})


class ServeRows(Rows):
    """Rows against our client, whose links are dialled by the operator."""

    def __init__(self, stage):
        super().__init__(stage, links=2)
        self.hang_up()

    def play(self, name, function, *args):
        super().play(name, function, *args)
        self.hang_up()

    def hang_up(self):
        for line in LINES[:2]:
            self.stage.daemon.ctl('link', 'down', f'home/{line}')

        def idle():
            self.wires.idle(0.002)  # our end answers its Terminate-Requests
            return all(r['phase'] == 'idle' for r in self.stage.links())
        until('both links are idle', idle, 5, 0.01)
        self.wires.stations.clear()

    def dial(self, line):
        self.stage.daemon.ctl('link', 'up', f'home/{line}')

    def link_row(self, line):
        return next(r for r in self.stage.links() if r['name'] == f'home/{line}')

    def station(self, line='line0', bundle=None, offer=None, judge=None, make=None):
        """An access concentrator on a line; offer and judge are those of its links."""
        self.mac += 1
        bundle = bundle or ServerBundle(OURS, GIVEN)

        def usual(station):
            link = ServerLink(station, bundle, offer or lcp_offer(auth=CHAP_MD5, endpoint=(1, b'raw')), USER, PASSWORD)
            link.lcp.judge = judge or link.lcp.judge
            return link
        return ServerStation(self.wires, line, bytes.fromhex('0200ac00') + wire.u16(self.mac), make or usual)

    def until(self, done, what, seconds=3.0):
        self.wires.run(done, seconds, what)

    def up(self, **kw):
        """A bundle of two links."""
        bundle = kw.setdefault('bundle', ServerBundle(OURS, GIVEN))
        stations = [self.station(line, **kw) for line in LINES[:2]]
        for line in LINES[:2]:
            self.dial(line)
        self.is_up(bundle, 2)
        return bundle, stations

    def link_of(self, station):
        """The station's first link, once it is up."""
        self.until(lambda: station.links and station.links[0].state == 'up', lambda: f'not up: {"; ".join(map(str, station.links))}')
        return station.links[0]

    def is_up(self, bundle, links, seconds=3):
        """At both ends: our last Ack of IPCP takes its time there, and data that overtakes it is dropped."""
        self.until(lambda: bundle.up and len(bundle.links) == links, lambda: f'not up: {bundle}', seconds)
        self.stage.daemon.wait_bundle('home', links, 3)

    def echo(self, bundle, send, size=600):
        """The host behind the client answers."""
        data = os.urandom(size)
        bundle.packets.clear()
        send(wire.echo_request(OURS, HOST, 9, self.count, data))
        self.until(lambda: bundle.packets, lambda: f'no echo reply on {bundle}')
        got = wire.echo_reply(bundle.packets[0][1])
        expect(got == (HOST, OURS, 9, self.count, data), f'echo reply {got}')


# ------------------------------------------------------------------ rows


def two_links(rows):
    bundle, stations = rows.up()
    rows.lives(bundle)
    ids = {rows.link_row(line)['bundle_id'] for line in LINES[:2]}
    expect(len(ids) == 1, f'bundles {ids}')
    offers = [dict(s.links[0].lcp.theirs) for s in stations]
    expect(len({o[wire.ENDPOINT] for o in offers}) == 1, f'its endpoints differ: {offers}')


def mrru_rejected(rows):
    """One link runs plain PPP, and the other one is held."""
    bundle = ServerBundle(OURS, GIVEN)

    def judge(options):
        unwanted = [o for o in options if o[0] == wire.MRRU]
        return (wire.CONF_REJ, unwanted) if unwanted else (wire.CONF_ACK, options)
    for line in LINES[:2]:
        rows.station(line, bundle=bundle, offer=lcp_offer(mrru=None, auth=CHAP_MD5), judge=judge)
    rows.dial('line0')
    rows.is_up(bundle, 1)
    rows.echo(bundle, lambda p: bundle.links[0].send(wire.IPV4, p))
    rows.dial('line1')
    until('the other link is held', lambda: 'held' in rows.link_row('line1')['explain'], 3)
    expect(rows.link_row('line0')['phase'] == 'open', 'the first link went')


def naked(rows, values):
    """hawserd takes lower values by Nak, and keeps to what the peer announces: l2tpns' MRU 1462, for one."""
    def judge(options):
        return (wire.CONF_ACK, options) if all(o in options for o in values) else (wire.CONF_NAK, values)
    bundle, _ = rows.up(judge=judge, offer=lcp_offer(mru=1462, mrru=1614, auth=CHAP_MD5))
    row = rows.link_row('line0')
    got = row['our_mru'], row['our_mrru'], row['peer_mru'], row['peer_mrru']
    wanted = [int.from_bytes(v, 'big') for _, v in values]
    expect(got == (*wanted, 1462, 1614), f'{got}')
    bundle.longest = 0
    rows.echo(bundle, lambda p: bundle.send_cut(wire.IPV4, p, bundle.links), size=wanted[1] - 28)
    expect(0 < bundle.longest <= 1462, f'a fragment of {bundle.longest} bytes')


def other_mrru(rows):
    """The second link announces another MRRU: not in the bundle, which goes on."""
    bundle = ServerBundle(OURS, GIVEN)
    rows.station('line0', bundle=bundle)
    rows.station('line1', offer=lcp_offer(mrru=1600, auth=CHAP_MD5, endpoint=(1, b'raw')))
    rows.dial('line0')
    rows.is_up(bundle, 1)
    rows.dial('line1')

    def refused():
        rows.wires.idle(0.01)
        return 'MRRU' in rows.link_row('line1')['explain']
    until('the second link is refused', refused, 3)
    rows.lives(bundle)


def other_concentrator(rows):
    """The second link reaches another one, as its endpoint says: not in the bundle."""
    bundle = ServerBundle(OURS, GIVEN)
    rows.station('line0', bundle=bundle)
    rows.station('line1', offer=lcp_offer(auth=CHAP_MD5, endpoint=(1, b'another')))
    rows.dial('line0')
    rows.is_up(bundle, 1)
    rows.dial('line1')

    def refused():
        rows.wires.idle(0.01)
        return 'another peer' in rows.link_row('line1')['explain']
    until('the second link is refused', refused, 3)
    rows.lives(bundle)


def authentication(rows, offered, wanted):
    """What the server demands, and what it hears back. wanted: None, it is taken."""
    answers = []

    def make(station):
        bundle = ServerBundle(OURS, GIVEN)
        link = ServerLink(station, bundle, lcp_offer(auth=offered), USER, PASSWORD)
        usual = link.lcp.adapt
        link.lcp.adapt = lambda code, options: answers.append((code, options)) or usual(code, options)
        return link
    station = rows.station(make=make)
    rows.dial('line0')
    rows.link_of(station)
    rows.until(lambda: station.links[0].bundle.up, lambda: f'no IPCP: {station.links[0].bundle}')
    wanted = [(wire.CONF_NAK, [(wire.AUTH, wanted)])] if wanted else []
    expect(answers == wanted, f'answers {answers}')


def ncp_inside(rows):
    """The server's IPCP comes cut over both links, in two and in many pieces."""
    bundle = ServerBundle(OURS, GIVEN)
    bundle.ipcp._send = lambda proto, p: bundle.send_cut(proto, p, bundle.links * 3)
    answer, requests = bundle.on_control, []
    bundle.on_control = requests.append  # until both links are there
    for line in LINES[:2]:
        rows.station(line, bundle=bundle)
        rows.dial(line)
    rows.until(lambda: len(bundle.links) == 2 and requests, lambda: f'not up: {bundle}')
    bundle.on_control = answer
    for p in requests:
        answer(p)
    rows.is_up(bundle, 2)
    rows.lives(bundle)


def ipcp_offers(rows):
    """VJ compression and name servers asked of a client are rejected; the addresses are agreed."""
    bundle = ServerBundle(OURS, GIVEN)
    vj = wire.COMPRESSION, b'\x00\x2d\x0f\x01'
    bundle.ipcp.offer = [vj, (wire.DNS1, bytes(4)), *bundle.ipcp.offer]
    answers = []
    usual = bundle.ipcp.adapt
    bundle.ipcp.adapt = lambda code, options: answers.append((code, options)) or usual(code, options)
    rows.station(bundle=bundle)
    rows.dial('line0')
    rows.until(lambda: bundle.up, lambda: f'no IPCP: {bundle}')
    expect(answers == [(wire.CONF_REJ, [vj, (wire.DNS1, bytes(4))])], f'answers {answers}')


def pado_tags(rows, tags, wanted):
    """PADO without cookie, with one, with a relay's id: the PADR has just these."""
    station = rows.station()
    station.answer_padi = lambda f: station.reply(f, wire.PADO, 0, *tags)
    rows.dial('line0')
    rows.link_of(station)
    got = [t for t in wire.tags(station.padrs[0].payload) if t[0] not in (wire.SERVICE_NAME, wire.HOST_UNIQ)]
    expect(got == wanted, f'PADR has {got}')


def pads_refuses(rows, session, tags, words):
    """A PADS that refuses: told why, no session; hawserd asks again. One with a session is sent back by PADT."""
    station = rows.station()
    asked, padts = [], []

    def answer(f):
        asked.append(f)
        if len(asked) == 1:
            station.reply(f, wire.PADS, session, *tags)
        else:
            station.open_session(f)
    station.answer_padr = answer
    stray = station.receive
    station.receive = lambda f: padts.append(f) if (f.type, f.code) == (wire.DISCOVERY, wire.PADT) else stray(f)
    rows.dial('line0')
    rows.link_of(station)
    told = rows.stage.daemon.ctl('events').stdout
    expect(words in told, f'{words!r} was not told: {told[-600:]}')
    expect([f.session for f in padts] == ([session] if 0 < session < 0xffff else []), f'PADTs {padts}')


def strange_pads(rows, change):
    """A PADS that is not for this request is no answer; the right one behind it is."""
    station = rows.station()

    def answer(f):
        station.send(*change(station, f))
        station.open_session(f)
    station.answer_padr = answer
    rows.dial('line0')
    rows.link_of(station)
    expect(rows.link_row('line0')['session'] == station.links[0].session, 'it is in the wrong session')


def with_uniq(station, f, uniq):
    body = wire.tag(wire.SERVICE_NAME) + (wire.tag(wire.HOST_UNIQ, uniq) if uniq is not None else b'')
    return f.src, wire.DISCOVERY, wire.PADS, 0x777, body


def second_offer(rows):
    """Two concentrators answer: the first PADO counts."""
    first, second = rows.station(), rows.station()
    rows.dial('line0')
    rows.link_of(first)
    expect(len(first.padis) == len(second.padis) == 1 and not second.padrs, f'{second.padrs}')


def lcp_first(rows):
    """LCP comes before the PADS, as from l2tpns: no PADT for it, and LCP opens with what is repeated."""
    station = rows.station()

    def answer(f):
        link = station.take_session(f)
        link.lcp.ask()
        station.reply(f, wire.PADS, link.session)
    station.answer_padr = answer
    rows.dial('line0')
    rows.until(lambda: station.links and station.links[0].lcp.theirs is not None, lambda: f'{station.links}')
    link = station.links[0]
    if not link.lcp.acked:
        link.lcp.ask()  # as the restart timer of a server does
    rows.until(lambda: link.state == 'up', lambda: f'not up: {link}')
    expect(link.padt_text is None and len(station.links) == 1, f'{len(station.links)} sessions, PADT {link.padt_text!r}')


def padt_at(rows, stage):
    """The server ends the session by PADT at some stage: hawserd dials again, and that one comes up."""
    station = rows.station()
    ended = []

    def make(station):
        link = ServerLink(station, ServerBundle(OURS, GIVEN), lcp_offer(auth=CHAP_MD5), USER, PASSWORD)

        def end_at(at, name):
            usual = getattr(link, name)

            def instead(*args):
                if stage == at and not ended:
                    ended.append(link)
                    link.padt(b'enough')
                else:
                    usual(*args)
            setattr(link, name, instead)
        end_at('lcp', '_on_lcp')
        end_at('auth', 'on_auth')
        end_at('up', '_up')
        return link
    station.make = make
    if stage == 'session':
        def answer(f):
            link = station.take_session(f)
            station.reply(f, wire.PADS, link.session)
            ended.append(link)
            link.padt(b'enough')
            station.answer_padr = station.open_session
        station.answer_padr = answer
    rows.dial('line0')

    def again():
        return ended and station.links[-1] not in ended and station.links[-1].state == 'up'
    rows.until(again, lambda: f'not again: {"; ".join(map(str, station.links))}')
    expect(len(station.links) == 2 and len(ended) == 1, f'{len(station.links)} sessions')
    told = rows.stage.daemon.ctl('events').stdout
    expect('peer sent PADT: enough' in told, f'told {told[-600:]}')


def foreign_padt(rows):
    """PADTs of another session, or from another card, end nothing."""
    bundle, stations = rows.up()
    link = stations[0].links[0]
    stations[0].padt(link.peer, link.session + 1)
    stranger = rows.station()
    stranger.padt(link.peer, link.session)
    rows.lives(bundle)
    expect(rows.link_row('line0')['phase'] == 'open', 'the link went')


def terminates(rows):
    """The server closes one link of two by LCP: it is dialled again and rejoins, and the bundle goes on meanwhile."""
    bundle, stations = rows.up()
    link = stations[0].links[0]
    link.terminate(b'maintenance')
    got = link.expect(wire.LCP, wire.TERM_ACK)
    expect(got.id == 0x77, f'got {wire.show(got)}')
    link.gone('down')
    rows.lives(bundle)
    rows.is_up(bundle, 2)
    rows.lives(bundle)


def forgets(rows):
    """The server loses its memory and says nothing to frames of old sessions: what is dialled anew is a new bundle, from number 0."""
    old, stations = rows.up()
    new = ServerBundle(OURS, GIVEN)
    for station in stations:
        station.answers_strays = False
        station.links[0].vanish()
        station.make = lambda s: ServerLink(s, new, lcp_offer(auth=CHAP_MD5, endpoint=(1, b'raw')), USER, PASSWORD)
    rows.is_up(new, 2, 12)
    rows.lives(new)
    expect(not new.lost, f'numbers {new.lost} are lost')


ERRORS = [
    ('Service-Name-Error', 0, [(wire.SERVICE_NAME_ERROR, b'no such service')], 'no such service'),
    ('AC-System-Error', 0, [(wire.AC_SYSTEM_ERROR, b'out of sessions')], 'out of sessions'),
    ('Generic-Error', 0, [(wire.GENERIC_ERROR, b'go away')], 'go away'),
    ('session 0 without a word', 0, [], 'PADS without a valid session id'),
    ('session 0xffff, which is reserved', 0xffff, [], 'PADS without a valid session id'),
    ('an error, and a session with it', 0x222, [(wire.AC_SYSTEM_ERROR, b'half broken')], 'half broken'),
]

PADO_TAGS = [
    ('a PADO without cookie', [(wire.AC_NAME, b'raw')], []),
    ('a PADO with an empty cookie', [(wire.AC_NAME, b'raw'), (wire.AC_COOKIE, b'')], [(wire.AC_COOKIE, b'')]),
    ('a PADO with a long cookie and a relay', [(wire.AC_COOKIE, b'c' * 600), (wire.AC_NAME, b'raw'), (0x0110, b'relay')],
     [(wire.AC_COOKIE, b'c' * 600), (0x0110, b'relay')]),
    ('a PADO with tags of unknown types', [(0x0105, b'vendor'), (0x7777, b''), (wire.AC_NAME, b'raw'), (wire.AC_COOKIE, b'x')],
     [(wire.AC_COOKIE, b'x')]),
    ('a PADO without a name', [(wire.AC_COOKIE, b'x')], [(wire.AC_COOKIE, b'x')]),
]


@cell(RawServeStage, ROW)
def raw_serve(stage):
    """a server that refuses MRRU, naks, sends LCP before PADS, PADS with errors, PADT at every stage, and loses its memory"""
    rows = ServeRows(stage)
    rows.play('two links', two_links, rows)
    rows.play('MRRU rejected', mrru_rejected, rows)
    rows.play('MRU naked with 1462, MRRU 1500', naked, rows, [(wire.MRU, wire.u16(1462)), (wire.MRRU, wire.u16(1500))])
    rows.play('MRU naked with 600, MRRU with 1400', naked, rows, [(wire.MRU, wire.u16(600)), (wire.MRRU, wire.u16(1400))])
    rows.play('another MRRU on the second link', other_mrru, rows)
    rows.play('another concentrator on the second link', other_concentrator, rows)
    for name, offered, wanted in (('CHAP', CHAP_MD5, None), ('PAP', PAP_AUTH, None), ('nothing', None, None),
                                  ('EAP', EAP_AUTH, CHAP_MD5), ('MS-CHAP', MS_CHAP, CHAP_MD5)):
        rows.play(f'{name} is demanded', authentication, rows, offered, wanted)
    rows.play('IPCP cut over both links', ncp_inside, rows)
    rows.play('IPCP options', ipcp_offers, rows)
    for name, tags, wanted in PADO_TAGS:
        rows.play(name, pado_tags, rows, tags, wanted)
    for name, session, tags, words in ERRORS:
        rows.play(f'PADS: {name}', pads_refuses, rows, session, tags, words)
    rows.play('a PADS with another Host-Uniq', strange_pads, rows, lambda s, f: with_uniq(s, f, b'another'))
    rows.play('a PADS without Host-Uniq', strange_pads, rows, lambda s, f: with_uniq(s, f, None))
    rows.play('two offers', second_offer, rows)
    rows.play('LCP before PADS', lcp_first, rows)
    for at in ('session', 'lcp', 'auth', 'up'):
        rows.play(f'PADT at {at}', padt_at, rows, at)
    rows.play('PADTs that are not for the session', foreign_padt, rows)
    rows.play('Terminate-Request for one of two links', terminates, rows)
    rows.play('a server without memory', forgets, rows)
    return rows.end()
