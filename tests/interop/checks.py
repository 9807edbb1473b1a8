# SPDX-License-Identifier: BSD-3-Clause
"""What is checked in every cell: pings of all sizes, fragments on every line, TCP, drops, a clean close from either side."""
import concurrent.futures
import time

from lab import until
from stage import HOST

# Counted while a link comes or goes: frames that were under way.
LIFE = {'session_unknown', 'session_not_ready', 'mp_late', 'mp_lost', 'link_down', 'bundle_no_link', 'bundle_gone', 'ncp_closed',
        'mp_not_agreed'}
# Counted while TCP looks for the limit: Linux floods its lines, and packets that cannot be sent are refused before they are cut.
FLOOD = {'mp_lost', 'mp_late', 'bundle_queue_full'}


ROUNDS = 4  # of 3 pings each


class Skip(Exception):
    """This machine cannot run the cell; says why."""


class Wrong(AssertionError):
    """A cell's expectation did not hold."""


def expect(ok, text):
    if not ok:
        raise Wrong(text)


def wait_up(stage, links, timeout=15):
    """Until hawserd has the bundle with so many links and the guest its address."""
    stage.daemon.wait_bundle(stage.name, links, timeout)
    until('the guest has its address', stage.guest_has_address, timeout)
    until('the host reaches the guest', lambda: stage.ping(HOST, stage.guest_address, count=1, timeout=1) == 1, 5)


def bundle(stage):
    found = [b for b in stage.bundles() if b['name'] == stage.name]
    expect(len(found) == 1, f'{len(found)} bundles {stage.name}: {stage.bundles()}')
    return found[0]


def rounds(direction, sizes, ask):
    """Asks until there are 3 answers of each size; a peer that is slow, or loses frames of its own, gets some more chances. Who lost
    what is told by the capture."""
    got = dict.fromkeys(sizes, 0)
    for _ in range(ROUNDS):
        for size, n in ask([s for s in sizes if got[s] < 3]).items():
            got[size] += n
        if all(n >= 3 for n in got.values()):
            return
    raise Wrong(f'{direction}: ' + ', '.join(f'{n} of {3 * ROUNDS} answers for {size} bytes{", DF" if df else ""}'
                                             for (size, df), n in got.items() if n < 3))


def passed_on(stage):
    """Ends the capture. All that the peer sent whole went to the host, and all from the host went to the lines, once, in order. What the
    peer's side lost may have cost the other pieces of its packets. Returns the reasons that this excuses drops for."""
    received, sent = stage.watch.end()
    expect(not received.passed.faults() and not sent.faults(),
           f'peer -> host: {received.passed.faults() or "all passed on"}; host -> peer: {sent.faults() or "all passed on"}')
    stage.excused |= {'mp_lost', 'mp_late'} if received.lost_before else set()


def pings(stage, link_mtu=1492, mtu=1500):
    """Both ways: 56 bytes, the link's and the bundle's MTU with DF, 8000 bytes in IP fragments; a byte more with DF does not pass. Under
    watch; ends the capture if there is one."""
    sizes = list(dict.fromkeys([(56, False), (link_mtu - 28, True), (mtu - 28, True), (8000, False)]))

    def back(asked):
        with concurrent.futures.ThreadPoolExecutor(len(asked) if stage.bursts else 1) as pool:
            # ping waits for the last answer no longer than its interval.
            return dict(zip(asked, pool.map(lambda s: stage.ping(HOST, stage.guest_address, count=3, size=s[0], df=s[1]), asked)))
    if stage.watch is None or stage.watch.ended:
        stage.capture_lines()
    stage.watch.from_now()
    rounds('guest -> host', sizes, lambda asked: stage.guest_pings(stage.address, asked))
    rounds('host -> guest', sizes, back)
    expect(not stage.guest_pings(stage.address, [(mtu - 27, True)], 1).get((mtu - 27, True)), f'{mtu + 1} bytes with DF passed')
    passed_on(stage)


def tcp(stage, seconds=2):
    """Mbit/s in hawserd's sending direction and in the guest's."""
    ours = stage.iperf(HOST, stage.guest_address, seconds, omit=0)
    theirs = stage.iperf(HOST, stage.guest_address, seconds, reverse=True, omit=0)
    return ours, theirs


def fragments(stage, short=False, both=True):
    """tshark sees MP on every line, pieces in both directions, and nothing malformed. Ends the capture."""
    stage.stop_capture()
    peers = {stage.peer_mac(i) for i in range(len(stage.lines))}
    prefs = ['mp.short_seqno:TRUE'] if short else []
    rows = stage.frames('mp || _ws.malformed', 'frame.interface_name', 'eth.src', 'mp.first', 'mp.last', '_ws.malformed', prefs=prefs)
    bad = [r for r in rows if len(r) > 4 and r[4]]
    expect(not bad, f'tshark calls {len(bad)} frames malformed: {bad[:3]}')
    seen = {}
    for interface, source, first, last, *_ in rows:
        key = interface, 'peer' if source in peers else 'hawser'
        total, cut = seen.get(key, (0, 0))
        seen[key] = total + 1, cut + ({first, last} != {'1'} and {first, last} != {'True'})
    for line in stage.lines:
        for who in ('hawser', 'peer') if both else ('hawser',):
            total, cut = seen.get((line, who), (0, 0))
            expect(total > 0, f'no MP frame from {who} on {line}: {seen}')
            expect(cut > 0 or len(stage.lines) == 1, f'no fragment from {who} on {line}: {seen}')
    return seen


def no_drops(stage, allowed=frozenset()):
    """ip_no_route is the host's: its kernel still repeats the last segments of the cell before. stage.excused: what the capture proved to
    be lost before it came."""
    now = stage.drops()
    allowed = {'ip_no_route', *allowed, *stage.excused}
    grown = {k: n - stage.base.get(k, 0) for k, n in now.items() if n > stage.base.get(k, 0) and k not in allowed}
    expect(not grown, f'hawserd dropped: {grown}')


def closes(stage, links, redial):
    """The peer closes and everything is gone at once; a second bundle comes up, and our end closes that one."""
    start = time.monotonic()
    stage.hang_up()
    until('the bundle is gone after the peer closed', lambda: not any(x['phase'] == 'open' for x in stage.links()), 5)
    peer = time.monotonic() - start
    redial()
    wait_up(stage, links)
    expect(stage.ping(HOST, stage.guest_address, count=2) == 2, 'no answer in the second bundle')
    start = time.monotonic()
    status = stage.stop_daemon()
    expect(status == 0, f'hawserd: exit {status}')
    until('the peer sees our close', stage.peer_is_down, 5)
    return peer, time.monotonic() - start
