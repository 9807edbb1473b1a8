# SPDX-License-Identifier: BSD-3-Clause
"""pppd with the kernel's PPPoE as the client of our concentrator."""
from checks import FLOOD, closes, expect, fragments, no_drops, pings, tcp, wait_up, bundle
from matrix import cell
from lab import until
from stage import DialStage

ROW = 'pppd 2.4.9 + kernel PPPoE'


def dial_all(stage, links, options='', per_link=None, mtu=1500, **kw):
    """pppd on so many cards; each on its own, as they race for the bundle's tdb as several DSL routers' would."""
    stage.jobs = [stage.dial(f'eth{i}', f'{options}\n{(per_link or {}).get(i, "")}', **kw) for i in range(links)]
    wait_up(stage, links)
    # The plugin caps the bundle at 1492 whatever the MRRU.
    if mtu:
        stage.guest.run(f'ip link set ppp0 mtu {mtu}')


def full(stage, links=2, options='', changes=None, mtu=1500, port_mtu=1500, short=False, link_mtu=1492, per_link=None, judge=None,
         multilink='multilink\nmrru 1500', rates=None):
    """A whole cell: every check of the matrix."""
    stage.start_daemon(links, rates or [30] * links, changes, port_mtu)
    stage.capture_lines()
    again = lambda: dial_all(stage, links, options, per_link, mtu, multilink=multilink)
    again()
    if judge:
        judge(bundle(stage))
    pings(stage, link_mtu, mtu)
    fragments(stage, short)
    no_drops(stage)
    ours, theirs = tcp(stage)
    no_drops(stage, FLOOD)
    peer, own = closes(stage, links, again)
    return f'TCP {ours:.0f} Mbit/s from us, {theirs:.0f} to us; closed in {peer:.1f} s by the peer, {own:.1f} s by us'


@cell(DialStage, ROW, quick=True)
def dial_long(stage):
    """2 links, CHAP, MRRU 1500, long sequence numbers"""
    def judge(b):
        expect(not b['rx_short'] and not b['tx_short'], f'short numbers: {b}')
    return full(stage, judge=judge)


@cell(DialStage, ROW, quick=True)
def dial_short(stage):
    """2 links, short sequence numbers (mpshortseq)"""
    def judge(b):
        expect(b['rx_short'] and b['tx_short'], f'not short both ways: {b}')
    short = {'concentrators': {'isp': {'lcp': {'options': {'short_sequence': {'want': True, 'allow': True}}}}}}
    return full(stage, options='mpshortseq', changes=short, short=True, judge=judge)
