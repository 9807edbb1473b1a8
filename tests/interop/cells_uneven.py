# SPDX-License-Identifier: BSD-3-Clause
"""Unequal lines: netem in the guest gives each line its rate, delay, loss, reordering and duplication, in both directions."""
import json

from checks import FLOOD, expect, no_drops, pings
from lab import run, tcp_ceiling
from matrix import cell
from stage import HOST, DialStage
import cells_dial

ROW = 'unequal lines (netem)'


def uneven(stage, lines, changes=None, queue_ms=50):
    """lines: (Mbit/s, ms of delay, more netem words) each."""
    ports = {f'line{i}': {'line': {'rate': f'{rate} Mbit/s', 'latency': f'{delay} ms'}} for i, (rate, delay, _) in enumerate(lines)}
    for i, (rate, delay, words) in enumerate(lines):
        stage.shape_guest(f'eth{i}', rate, delay, words, queue_ms=queue_ms)
    stage.start_daemon(len(lines), [rate for rate, *_ in lines], {'ports': ports, **(changes or {})})
    cells_dial.dial_all(stage, len(lines))
    # How late the other line is can't be known before the first packet came over it: that one is lost.
    run(*stage.inside(HOST), 'ping', '-n', '-q', '-c', 10, '-i', 0.1, stage.guest_address)
    stage.base = stage.drops()


def goodput(stage, lines, goal, reverse=False, seconds=5):
    """TCP in our sending direction (or, reverse, the guest's) against the ceiling of the lines. A hiccup of the machine is forgiven."""
    ceiling = tcp_ceiling([rate for rate, *_ in lines])
    rates = []
    while len(rates) < 3 and (not rates or max(rates) < goal * ceiling):
        rates.append(stage.iperf(HOST, stage.guest_address, seconds, reverse))
    share = max(rates) / ceiling
    expect(share >= goal, f'{max(rates):.1f} Mbit/s are {100 * share:.0f} % of {ceiling:.1f}, not {100 * goal:.0f} %')
    return f'{max(rates):.1f} of {ceiling:.1f} Mbit/s ({100 * share:.0f} %)'


def sends(stage, lines, goal):
    uneven(stage, lines)
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
    return sends(stage, [(20, 5, ''), (20, 30, '')], 0.85)


def udp(stage, mbit, seconds=4, size=1400):
    """UDP from the guest to the host: what the host's kernel counted."""
    done = run(*stage.inside(HOST), 'iperf3', '-J', '-u', '-R', '-b', f'{mbit}M', '-l', size, '-t', seconds, '-c', stage.guest_address,
               timeout=seconds + 20)
    end = json.loads(done.stdout)['end']
    streams = end['streams'][0]['udp']
    return streams['packets'], streams['lost_packets'], streams.get('out_of_order', 0)


@cell(DialStage, ROW, alone=True)
def uneven_skew(stage):
    """Linux sends, one line 60 ms longer: hundreds of fragments of skew; every packet arrives, in order"""
    # The default stall limit, twice the measured skew and 10 ms, is less than what a busy machine can keep a guest from running.
    patient = {'concentrators': {'isp': {'multilink': {'stall_min': '300 ms'}}}}
    uneven(stage, [(40, 0, ''), (40, 60, '')], patient, queue_ms=500)
    packets, lost, disordered = udp(stage, 30)
    skew = 30e6 / 8 / 1400 * 0.060
    expect(lost == 0 and disordered == 0, f'{lost} of {packets} packets lost, {disordered} out of order')
    no_drops(stage)
    return f'{packets} packets, none lost or out of order, skew of about {skew:.0f} fragments'


@cell(DialStage, ROW, alone=True)
def uneven_duplicates(stage):
    """Linux sends, 2 % of the fragments come twice: every packet arrives once, in order"""
    uneven(stage, [(30, 2, 'duplicate 2%'), (30, 2, 'duplicate 2%')])
    packets, lost, disordered = udp(stage, 15)
    expect(lost == 0 and disordered == 0, f'{lost} of {packets} packets lost, {disordered} out of order')
    counted = stage.drops()
    duplicates = sum(n for reason, n in counted.items() if reason in ('mp_duplicate', 'mp_late'))
    expect(duplicates > 0, f'no duplicate was counted: {counted}')
    return f'{packets} packets, none lost or out of order, {duplicates} duplicates dropped by name'


@cell(DialStage, ROW, alone=True)
def uneven_reorder(stage):
    """Linux sends, fragments overtake each other within a line: packets still arrive in order"""
    words = 'reorder 5% 25% gap 5'
    uneven(stage, [(40, 3, words), (40, 3, words)])
    packets, lost, disordered = udp(stage, 10)
    expect(disordered == 0, f'{disordered} packets out of order')
    expect(lost < packets * 0.01, f'{lost} of {packets} packets lost')
    return f'{packets} packets, {lost} lost, none out of order'


@cell(DialStage, ROW, alone=True)
def uneven_loss(stage):
    """1 % loss on one of 20 + 20 Mbit/s: UDP from Linux; what its two halves survived is delivered, in order"""
    uneven(stage, [(20, 0, 'loss 1%'), (20, 0, '')])
    packets, lost, disordered = udp(stage, 10)
    expect(disordered == 0, f'{disordered} packets out of order')
    expect(lost <= packets * 0.02, f'{lost} of {packets} packets lost, 1 % of the fragments of one line were')
    share = stage.iperf(HOST, stage.guest_address, 4)
    return f'{lost} of {packets} packets lost ({100 * lost / packets:.1f} %), none out of order; TCP from us {share:.1f} Mbit/s'
