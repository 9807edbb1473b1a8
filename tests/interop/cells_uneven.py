# SPDX-License-Identifier: BSD-3-Clause
"""Unequal lines: netem in the guest gives each line its rate, delay, loss, reordering and duplication, in both directions."""
import json

from checks import FLOOD, bundle, expect, no_drops, pings
from lab import run, tcp_ceiling
from matrix import cell
from stage import HOST, DialStage
from watch import watched
import cells_dial
from cells_pinned import PinnedStage

ROW = 'unequal lines (netem)'


def shape(stage, lines, queue_ms=50):
    for i, (rate, delay, words) in enumerate(lines):
        stage.shape_guest(f'eth{i}', rate, delay, words, queue_ms=queue_ms)


def uneven(stage, lines, changes=None, queue_ms=50):
    """lines: (Mbit/s, ms of delay, more netem words) each."""
    ports = {f'line{i}': {'line': {'rate': f'{rate} Mbit/s', 'latency': f'{delay} ms'}} for i, (rate, delay, _) in enumerate(lines)}
    shape(stage, lines, queue_ms)
    stage.start_daemon(len(lines), [rate for rate, *_ in lines], {'ports': ports, **(changes or {})})
    cells_dial.dial_all(stage, len(lines))


def goodput(stage, lines, goal, seconds=5, parallel=1):
    """TCP in our sending direction against the ceiling of the lines, behind its slow start. A hiccup of the machine is forgiven."""
    ceiling = tcp_ceiling([rate for rate, *_ in lines])
    rates = []
    while len(rates) < 4 and (not rates or max(rates) < goal * ceiling):
        rates.append(stage.iperf(HOST, stage.guest_address, seconds, omit=2, parallel=parallel))
    share = max(rates) / ceiling
    expect(share >= goal, f'{max(rates):.1f} Mbit/s are {100 * share:.0f} % of {ceiling:.1f}, not {100 * goal:.0f} %')
    return f'{max(rates):.1f} of {ceiling:.1f} Mbit/s ({100 * share:.0f} %)'


def sends(stage, lines, goal):
    uneven(stage, lines)
    return both_ways(stage, lines, goal)


def both_ways(stage, lines, goal):
    pings(stage)
    no_drops(stage)
    ours = goodput(stage, lines, goal)
    theirs = stage.iperf(HOST, stage.guest_address, 3, reverse=True)
    no_drops(stage, FLOOD)
    return f'from us {ours}; Linux to us {theirs:.1f}'


@cell(DialStage, ROW, alone=True)
def uneven_20_20(stage):
    """20 + 20 Mbit/s"""
    return sends(stage, [(20, 0, ''), (20, 0, '')], 0.92)


@cell(DialStage, ROW, alone=True)
def uneven_20_5(stage):
    """20 + 5 Mbit/s, where Linux against itself carries twice the slowest"""
    return sends(stage, [(20, 0, ''), (5, 0, '')], 0.92)


@cell(DialStage, ROW, alone=True)
def uneven_30_10(stage):
    """30 + 10 Mbit/s"""
    return sends(stage, [(30, 0, ''), (10, 0, '')], 0.92)


@cell(DialStage, ROW, alone=True)
def uneven_30_10_late(stage):
    """30 + 10 Mbit/s, the second line 20 ms longer"""
    return sends(stage, [(30, 0, ''), (10, 20, '')], 0.85)


@cell(DialStage, ROW, alone=True)
def uneven_delays(stage):
    """20 + 20 Mbit/s, 5 and 30 ms, where Linux against itself falls to one line"""
    return sends(stage, [(20, 5, ''), (20, 30, '')], 0.92)


def udp(stage, mbit, seconds=4, size=1400):
    """UDP from the guest to the host. What arrives there is not asked: the host's own socket loses some on a busy machine."""
    run(*stage.inside(HOST), 'iperf3', '-J', '-u', '-R', '-b', f'{mbit}M', '-l', size, '-t', seconds, '-c', stage.guest_address,
        timeout=seconds + 20)


def shaper_drops(stage):
    """Frames that the guest's shapers threw away in its sending direction: its own count."""
    return sum(q.get('drops', 0) for i in range(len(stage.lines))
               for q in json.loads(stage.guest.run(f'tc -s -j qdisc show dev eth{i}')) if q['kind'] == 'netem')


def flood(stage, mbit, allowed=frozenset(), least=1000):
    """UDP from Linux under watch: every packet that came in all its fragments leaves once, in order; what did not come is what the
    guest's shapers count as thrown away; hawserd drops for the reasons `allowed` only. Returns the verdict."""
    thrown, numbers = shaper_drops(stage), bundle(stage)['lost_numbers']
    found, _ = watched(stage, lambda: udp(stage, mbit))
    expect(found.passed.came >= least, f'only {found.text()}')
    expect(not found.passed.faults(), f'{found.text()}: {found.passed.faults()}')
    thrown, numbers = shaper_drops(stage) - thrown, bundle(stage)['lost_numbers'] - numbers
    no_drops(stage, allowed)
    return found, thrown, numbers


def skewed(stage, delay):
    """One of two lines is so many ms longer."""
    uneven(stage, [(40, 0, ''), (40, delay, '')], queue_ms=500)
    return every_packet_arrives(stage, delay)


def every_packet_arrives(stage, delay):
    found, thrown, _ = flood(stage, 30)
    expect(found.lost_before == thrown == 0, f'{found.text()}; the shapers threw {thrown} away')
    expect(found.deepest > 128 and max(found.skew.values()) > 0.0009 * delay, f'not the skew that was asked for: {found.text()}')
    return found.text()


@cell(DialStage, ROW, alone=True)
def uneven_skew(stage):
    """Linux sends, one line 60 ms longer: hundreds of fragments of skew; every packet arrives, in order"""
    return skewed(stage, 60)


@cell(DialStage, ROW, alone=True)
def uneven_skew_deep(stage):
    """Linux sends, one line 200 ms longer, within half of stall_max, 500 ms"""
    return skewed(stage, 200)


@cell(DialStage, ROW, alone=True)
def uneven_duplicates(stage):
    """Linux sends, 2 % of the fragments come twice: every packet arrives once, in order"""
    uneven(stage, [(30, 2, 'duplicate 2%'), (30, 2, 'duplicate 2%')])
    found, _, _ = flood(stage, 15, {'mp_duplicate', 'mp_late'})
    counted = sum(n - stage.base.get(reason, 0) for reason, n in stage.drops().items() if reason in ('mp_duplicate', 'mp_late'))
    expect(found.copies > 20, f'only {found.copies} copies came')
    expect(counted >= found.copies, f'{found.copies} copies came, {counted} were dropped as such')
    return f'{found.text()}; {counted} copies dropped by name'


@cell(DialStage, ROW, alone=True)
def uneven_reorder(stage):
    """Linux sends, fragments overtake each other within a line: packets still arrive in order"""
    words = 'reorder 5% 25% gap 5'
    uneven(stage, [(40, 3, words), (40, 3, words)])
    found, _, _ = flood(stage, 10, {'mp_late', 'mp_lost'})
    expect(found.backward > 5, f'only {found.backward} fragments came out of order')
    expect(found.too_late < 0.01 * found.passed.came, f'{found.too_late} of {found.passed.came} packets were reordered too far')
    return f'{found.text()}; {found.backward} fragments behind later ones of their line'


@cell(DialStage, ROW, alone=True)
def uneven_loss(stage):
    """1 % loss on one of 20 + 20 Mbit/s: what the other halves survived is delivered, in order, and both ends count the same losses"""
    lines = [(20, 0, 'loss 1%'), (20, 0, '')]
    uneven(stage, lines)
    found, thrown, numbers = flood(stage, 10, FLOOD)
    expect(thrown > 10, f'the shapers threw {thrown} fragments away')
    # The last fragment of all may be one of them: nobody knows its number then.
    expect(abs(found.lost_before - thrown) <= 2 and abs(numbers - thrown) <= 2,
           f'{thrown} thrown away by Linux, {found.lost_before} missing on the lines, {numbers} counted by hawserd')
    # One connection with 1 % loss never fills the lines: its window stays at a dozen segments.
    ours = goodput(stage, lines, 0.85, parallel=4)
    return f'{found.text()}, {thrown} thrown away by its shapers, {numbers} counted by us; four TCP from us {ours}'


# ------------------------------------------------------------------ Linux is the server


@cell(PinnedStage, ROW, alone=True)
def uneven_served_30_10(stage):
    """30 + 10 Mbit/s, Linux is the server and our client sends"""
    lines = [(30, 0, ''), (10, 0, '')]
    shape(stage, lines)
    stage.pin([30, 10])
    return both_ways(stage, lines, 0.92)


@cell(PinnedStage, ROW, alone=True)
def uneven_served_skew(stage):
    """Linux is the server and sends, one line 60 ms longer: every packet arrives, in order"""
    shape(stage, [(40, 0, ''), (40, 60, '')], queue_ms=500)
    stage.pin([40, 40])
    return every_packet_arrives(stage, 60)
