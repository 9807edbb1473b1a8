# SPDX-License-Identifier: BSD-3-Clause
"""A peer made of raw frames (rawpeer.py): what no guest can be made to do, or not a thousand times in a minute."""
import os
import random
import socket
import time

import rawframes as wire
from bonded import PASSWORD, RIGHT, USER
from checks import expect, no_drops
from lab import Lab, LabError, until
from matrix import cell
from rawpeer import Bundle, ClientLink, Station, Wires, lcp_offer, wants_pap
from stage import HAWSER, LINES, DialStage

ROW = 'raw frames, client'
PEER = 'peer'


class OnWires:
    """The lines end in raw sockets of a namespace, instead of in a guest."""

    def set_up(self):
        self.namespaces(PEER)
        for line in LINES:
            self.ip(HAWSER, 'link', 'del', line)
            self.veth(HAWSER, line, PEER, line)
        self.wires = Wires(f'/run/netns/{self.ns(PEER)}', LINES)
        self._stack.callback(self.wires.close)

    def reset(self):
        self.stop_daemon()
        self.wires.stations.clear()

    def explain(self):
        Lab.explain(self)


class RawStage(OnWires, DialStage):
    """raw sockets ==line0..3== hawserd, concentrator -- host."""

    def station(self, line, last_byte, **kw):
        return Station(self.wires, line, bytes.fromhex('0200c0ffee') + bytes([last_byte]), **kw)

    def counters(self):
        return self.daemon.json('show', 'counters')


# ------------------------------------------------------------------ two guests, links crossing

ROUNDS = 1000
MUTE_ROUNDS = 8   # about so many, of three seconds each: until hawserd gives up waiting for an answer
LATE_MAX = 3      # each costs the restart timer of IPCP: a loaded machine, not a habit
ADDRESSES = 6     # of the pool: two bundles, and as many again whose links went without a word
DROPS = 'padt', 'terminate', 'terminate and padt', 'silence'


class Guest:
    """A household with two lines. The same user as the other one, another endpoint."""

    def __init__(self, stage, number):
        self.number = number
        self.stations = [stage.station(line, 16 * number + i) for i, line in enumerate(LINES[:2])]
        self.endpoint = 3, self.stations[0].mac
        self.bundle, self.links = None, []

    def link(self, i, rng):
        """A new session on line i. Some routers ask with the same Host-Uniq for ever."""
        offer = lcp_offer(magic=rng.getrandbits(32) | 1, endpoint=self.endpoint, **self.wish)
        uniq = rng.choice([None, b'router%d%d' % (self.number, i)])
        link = ClientLink(self.stations[i], self.bundle, offer, USER, PASSWORD, rng.randrange(256), uniq)
        link.lcp_first = rng.random() < 0.5
        if rng.random() < 0.3:
            link.lcp.judge = wants_pap
        return link

    def begin(self, rng):
        """A new life, which need not agree to what the last one did."""
        self.bundle = Bundle()
        self.wish = {'mrru': rng.choice([1500, 1524, 9000]), 'short': rng.random() < 0.5}
        self.links = [self.link(i, rng) for i in range(2)]

    def release_strays(self):
        for s in self.stations:
            s.release_strays()

    def ping(self, number, rng):
        """The fragments of an echo request, one on each link, as functions that send them."""
        links = rng.sample(self.links, 2)
        data = rng.randbytes(rng.randrange(300, 1200))
        request = wire.echo_request(self.bundle.address, socket.inet_aton(RIGHT), self.number, number, data)
        whole, base = wire.protocol(wire.IPV4, rng.random() < 0.5) + request, self.bundle.next_tx
        half = rng.randrange(1, len(whole))
        pieces = (links[0], True, False, whole[:half]), (links[1], False, True, whole[half:])
        self.bundle.next_tx += 2
        self.wanted = socket.inet_aton(RIGHT), self.bundle.address, self.number, number, data
        self.bundle.packets.clear()
        return [lambda n=n, p=p: p[0].send(wire.MP, wire.mp_header(p[1], p[2], base + n) + p[3]) for n, p in enumerate(pieces)]

    @property
    def answered(self):
        return [wire.echo_reply(p) for _, p in self.bundle.packets] == [self.wanted]


class Crossing:
    """The rounds of one seed."""

    def __init__(self, stage, seed):
        self.stage, self.wires, self.seed = stage, stage.wires, seed
        self.guests = [Guest(stage, n) for n in range(2)]
        self.dropped, self.redialled, self.retried, self.late = dict.fromkeys(DROPS, 0), 0, 0, 0

    @property
    def links(self):
        return [link for g in self.guests for link in g.links]

    def describe(self):
        return '\n'.join(f'guest {g.number}: {g.bundle}\n  ' + '\n  '.join(map(str, g.links)) for g in self.guests)

    def play(self, number):
        rng = self.rng = random.Random(f'{self.seed} {number}')
        for g in self.guests:
            g.begin(rng)
            # After a silent end: frames of the old sessions are answered by PADT at once, late, or (as Linux does) not at all.
            for s in g.stations:
                s.answers_strays = rng.random() * ROUNDS > MUTE_ROUNDS / 2
                s.held_strays = [] if rng.random() < 0.3 else None
        self.dial(self.links)
        self.check_members()
        self.check_data(number)
        for g in self.guests:
            expect(not g.bundle.lost, f'numbers {g.bundle.lost} of guest {g.number} are lost')
            self.late += g.bundle.late
        if rng.random() < 0.25:
            self.replace_link(rng.choice(self.guests), rng.randrange(2))
            self.check_members()
            self.check_data(number)
        for g in self.guests:
            for link in rng.sample(g.links, 2):
                self.drop(link, rng.choice(DROPS) if number + 1 < ROUNDS else 'padt')

    def dial(self, links):
        """Discovery all at once, then each link as far as its gate lets it: a gate opens when a link before it in a random order is up."""
        rng, links = self.rng, self.rng.sample(links, len(links))
        waits_for = {}
        for i, link in enumerate(links[1:], 1):
            if rng.random() < 0.4:
                link.gate, waits_for[link] = rng.choice(['session', 'lcp', 'auth']), rng.choice(links[:i])
        for link in links:
            link.send_padi()
        self.wires.run(lambda: all(x.offered for x in links), 3, self.describe)
        for link in rng.sample(links, len(links)):
            link.send_padr()
            if rng.random() < 0.1:
                self.retried += 1
                link.send_padr()

        def done():
            for g in self.guests:
                if any(x.proved for x in g.links):
                    g.release_strays()
            for link in [x for x, other in waits_for.items() if other.state == 'up']:
                del waits_for[link]
                link.release()
            return all(x.state == 'up' for x in links) and all(g.bundle.up for g in self.guests)
        self.wires.run(done, 8, self.describe)  # twice the three seconds: until silence is believed, and until IPCP asks again

    def drop(self, link, how):
        self.dropped[how] += 1
        if how.startswith('terminate'):
            link.terminate()
        if how.endswith('padt'):
            link.padt()
        else:
            link.vanish()

    def replace_link(self, guest, i):
        """One link goes and comes again into the living bundle."""
        self.redialled += 1
        # Where nobody answers, a silent link stays in the bundle until the echoes find it.
        self.drop(guest.links[i], self.rng.choice(DROPS if guest.stations[i].answers_strays else DROPS[:-1]))
        guest.links[i] = guest.link(i, self.rng)
        self.dial([guest.links[i]])

    def check_members(self):
        rows = {(r['port'], r['session']): r for r in self.stage.links() if r['phase'] == 'open'}
        ids = []
        for g in self.guests:
            mine = [rows.get((x.station.line, x.session)) for x in g.links]
            expect(all(mine), f'guest {g.number} has no open link for one of its sessions: {rows.keys()}')
            expect(mine[0]['bundle_id'] == mine[1]['bundle_id'], f'guest {g.number} has its links in two bundles: '
                   f'{[r["explain"] for r in mine]}')
            ids.append(mine[0]['bundle_id'])
        expect(ids[0] != ids[1], f'both guests are in bundle {ids[0]}')

    def check_data(self, number):
        fragments = [send for g in self.guests for send in g.ping(number & 0xffff, self.rng)]
        self.rng.shuffle(fragments)
        for send in fragments:
            send()
        self.wires.run(lambda: all(g.answered for g in self.guests), 3, lambda: f'echo replies\n{self.describe()}')


def crossing_changes():
    return {
        'process': {'workers': 2},
        'users': {USER: {'address': None, 'sessions_max': 64}},
        'pools': {'subscribers': [f'10.64.1.1-10.64.1.{ADDRESSES}']},
        'concentrators': {'isp': {'limits': {'padi_rate': 'unlimited', 'padi_rate_per_mac': 'unlimited'},
                                  # A worker that the machine keeps from running must not look like a lost fragment.
                                  'multilink': {'stall_min': '400 ms', 'stall_max': '500 ms'},
                                  'lcp': {'echo_interval': '10 s'}}},
    }


def leaves_nothing(stage, mbufs):
    """Links, bundles and packet buffers are as before, and every address of the pool can be had again."""
    until('no link is left', lambda: not stage.links(), 5)
    until('no bundle is left', lambda: not stage.bundles(), 5)
    until('all packet buffers are back', lambda: stage.counters()['mbufs']['free'] == mbufs, 5)
    bundles = [Bundle() for _ in range(ADDRESSES)]
    links = [ClientLink(stage.station('line0', 0x80 + i), b, lcp_offer(endpoint=(1, b'%d' % i)), USER, PASSWORD)
             for i, b in enumerate(bundles)]
    for link in links:
        link.send_padi()
    stage.wires.run(lambda: all(x.offered for x in links), 3)
    for link in links:
        link.send_padr()
    stage.wires.run(lambda: all(b.up for b in bundles), 3, lambda: '\n'.join(map(str, bundles)))
    expect(len({b.address for b in bundles}) == ADDRESSES, f'addresses {[b.address.hex() for b in bundles]}')
    for link in links:
        link.padt()


@cell(RawStage, ROW)
def raw_crossing(stage):
    """two guests of one user on two lines, 1000 rounds of quick dial and drop: right bundles and right answers every time"""
    seed = int(os.environ.get('HAWSER_SEED', time.time_ns() & 0xffffffff))
    first = int(os.environ.get('HAWSER_ROUND', 0))
    stage.start_daemon(2, changes=crossing_changes())
    mbufs = stage.counters()['mbufs']['free']
    crossing, start = Crossing(stage, seed), time.monotonic()
    for number in range(first, ROUNDS):
        try:
            crossing.play(number)
        except (LabError, AssertionError) as why:
            raise LabError(f'round {number}, replay: HAWSER_SEED={seed} HAWSER_ROUND={max(number - 1, 0)} tests/interop/run '
                           f'raw_crossing\n{why}') from None
    seconds = time.monotonic() - start
    expect(crossing.late <= LATE_MAX, f'{crossing.late} numbers came later than others on another line')
    leaves_nothing(stage, mbufs)
    no_drops(stage, {'session_unknown'})
    return (f'{ROUNDS - first} rounds in {seconds:.0f} s, {crossing.redialled} links replaced in living bundles, {crossing.retried} '
            f'PADRs sent twice, seed {seed}; dropped by '
            + ', '.join(f'{how} {n}' for how, n in crossing.dropped.items()))
