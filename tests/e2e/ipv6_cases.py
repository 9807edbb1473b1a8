# SPDX-License-Identifier: BSD-3-Clause
"""End-to-end cases of IPv6 [B-30, U15]."""
import signal

from bonded6 import DELEGATED6, LEFT6, LEFT_GATEWAY6, RIGHT6, RIGHT_GATEWAY6, Bonded6, Delegated6
from cases import GOAL, captures_of, case, expect, pieces_on_every_line, pings
from cases import no_strange_drops as strange_drops
from lab import run, tshark_fields, until

MSS6 = 1500 - 60


def no_strange_drops(lab, allowed=frozenset()):
    """Kernels report their multicast groups to whoever routes multicast: not us."""
    strange_drops(lab, set(allowed) | {'not_for_us'})


def bundle(daemon):
    return daemon.json('show', 'bundles')['bundles'][0]


def pings6(lab, mtu=1500):
    """Packets of all sizes, both ways; the bundle's whole MTU, which nobody cuts on the way."""
    for ns, target in (('left', RIGHT6), ('right', LEFT6)):
        expect(lab.ping(ns, target, count=3) == 3, f'{ns}: small pings lost')
        expect(lab.ping(ns, target, count=3, size=mtu - 48, df=True) == 3, f'{ns}: {mtu} bytes lost')
        expect(lab.ping(ns, target, count=2, size=8000) == 2, f'{ns}: 8000 bytes lost')


def mss_seen(pcap):
    return {int(mss) for row in tshark_fields(pcap, 'ipv6 && tcp.flags.syn == 1', 'tcp.options.mss_val') for mss in row}


def goodput6(lab, seconds=5):
    """TCP over IPv6 both ways against what the lines carry of it: 12 bytes of options, 60 of headers, 2 of protocol."""
    ceiling = sum(lab.rates) * (1500 - 72) / (1500 + 2 + 2 * 26)
    lab.iperf_server('right')
    notes = []
    for direction, reverse in (('up', False), ('down', True)):
        rates = []
        while len(rates) < 2 and (not rates or max(rates) < GOAL * ceiling):
            rates.append(lab.iperf('left', RIGHT6, seconds, reverse))
        expect(max(rates) >= GOAL * ceiling, f'{direction}: {rates} of {ceiling:.1f} Mbit/s')
        notes.append(f'{direction} {max(rates):.1f} ({100 * max(rates) / ceiling:.1f} %)')
    return f'{", ".join(notes)} of {ceiling:.1f} Mbit/s'


@case
def ipv6_dual_stack():
    """IPv4 and IPv6 over one bundle of two lines: pings of all sizes, TCP both ways, pieces on both lines"""
    with Bonded6(rates=(20, 10)) as lab:
        lab.wait_up()
        lab.wait_up6()
        captures = captures_of(lab)
        pings(lab)
        pings6(lab)
        note = goodput6(lab)
        pieces_on_every_line(lab, captures)
        for daemon in lab.daemon.values():
            b = bundle(daemon)
            expect(b['ipv4'] and b['ipv6'], f'not both families: {b}')
        no_strange_drops(lab)
        return note


@case
def ipv6_only():
    """No IPv4 at all: no address, no pool; IPCP is refused by Protocol-Reject"""
    with Bonded6(v4=False, rates=(20, 20)) as lab:
        lab.wait_up6()
        pings6(lab)
        for daemon in lab.daemon.values():
            b = bundle(daemon)
            expect(b['ipv6'] and not b['ipv4'], f'not IPv6 alone: {b}')
        no_strange_drops(lab)


@case
def ipv6_refused_by_the_concentrator():
    """A concentrator without IPv6 rejects IPV6CP; IPv4 goes on, and the reason is told"""
    off = {'concentrators': {'isp': {'network': {'ipv6': {'want': False, 'allow': False}}}}}
    with Bonded6(rates=(20, 20), concentrator=off) as lab:
        lab.wait_up()
        pings(lab)
        until('the refusal is told', lambda: 'IPV6CP' in lab.client.text(), 5)
        for daemon in lab.daemon.values():
            expect(not bundle(daemon)['ipv6'], 'IPv6 is said to be open')
        expect(lab.ping('left', RIGHT6, count=1, timeout=1) == 0, 'IPv6 passed')
        no_strange_drops(lab)


@case
def ipv6_mss_and_packet_too_big():
    """An MTU of the bundle below that of the hosts: MSS lowered in both directions, Packet Too Big obeyed by the kernels [U15]"""
    with Bonded6(rates=(20, 20), client={'clients': {'home': {'ip_mtu': 1400}}}) as lab:
        lab.wait_up6()
        dump = lab.dir / 'right.pcap'
        process = lab.capture('right', 'eth0', dump)
        lab.iperf_server('right')
        lab.iperf('left', RIGHT6, 1, omit=0)
        # The hosts' own idea would be 1440 in both directions; the smaller direction of the bundle counts for both.
        until('SYNs', lambda: len(mss_seen(dump)) > 0, 5)
        process.stop(signal.SIGINT)
        expect(1340 in mss_seen(dump) and max(mss_seen(dump)) <= MSS6, f'MSS seen: {mss_seen(dump)}')
        # towards the concentrator only 1400 bytes pass: the sender hears of it and cuts itself
        expect(lab.ping('left', RIGHT6, count=2, size=1352, df=True) == 2, '1400 bytes lost')
        expect(lab.ping('left', RIGHT6, count=2, size=1353, df=True) == 0, '1401 bytes passed')
        route = lab.ip('left', '-6', 'route', 'get', RIGHT6).stdout
        expect('mtu 1400' in route, f'the kernel did not learn the MTU: {route}')
        expect(lab.ping('left', RIGHT6, count=2, size=4000) == 2, '4000 bytes lost, cut by the sender')
        no_strange_drops(lab, {'bundle_too_large'})


@case
def ipv6_source_check():
    """A packet from the line with a source that is not the subscriber's is dropped and counted"""
    with Bonded6(rates=(20, 20)) as lab:
        lab.wait_up6()
        before = lab.drops('concentrator').get('ip_source', 0)
        lab.ip('left', 'addr', 'add', '2001:db8:bad::2/64', 'dev', 'eth0', 'nodad')
        run(*lab.inside('left'), 'ping', '-n', '-c', '3', '-i', '0.2', '-W', '1', '-I', '2001:db8:bad::2', RIGHT6, check=False)
        until('three drops', lambda: lab.drops('concentrator').get('ip_source', 0) == before + 3, 5)
        expect(lab.ping('left', RIGHT6, count=3) == 3, 'the right source is dropped too')
        no_strange_drops(lab, {'ip_source'})


@case
def ipv6_errors_and_our_addresses():
    """Our addresses answer; a hop limit of one, no route and nobody there are told to the sender"""
    with Bonded6(rates=(20, 20), client={'clients': {'home': {'default_route': False, 'routes': ['2001:db8:ff::/64']}}}) as lab:
        lab.wait_up6()
        expect(lab.ping('left', LEFT_GATEWAY6, count=3) == 3, 'our LAN address does not answer')
        expect(lab.ping('left', RIGHT_GATEWAY6, count=3) == 3, 'the address behind the bundle does not answer')
        rows = (('-t 1', RIGHT6, 'Time exceeded', LEFT_GATEWAY6), ('-t 2', RIGHT6, 'Time exceeded', RIGHT_GATEWAY6),
                ('', '2600::1', 'No route', LEFT_GATEWAY6), ('', '2001:db8:ff::77', 'Address unreachable', RIGHT_GATEWAY6))
        for flags, target, text, speaker in rows:
            done = run(*lab.inside('left'), 'ping', '-n', '-c', '2', '-W', '5', *flags.split(), target, check=False)
            expect(text in done.stdout and f'From {speaker}' in done.stdout, f'{target} {flags}: {done.stdout}')
        no_strange_drops(lab, {'ip_ttl'})


@case
def ipv6_delegated_prefix():
    """DHCPv6 over the bundle, a host that knows nothing but router advertisements, TCP both ways; all of it ends with the bundle"""
    with Delegated6(rates=(20, 10)) as lab:
        lab.wait_up()
        until('the host has an address of the prefix', lambda: lab.learnt(), 20)
        address, = lab.learnt()
        for daemon in lab.daemon.values():
            expect(bundle(daemon)['delegated_prefix'] == DELEGATED6, f'{bundle(daemon)}')
        until('ping through the bundle', lambda: lab.ping('left', RIGHT6, count=1, timeout=1) == 1, 5)
        expect(lab.ping('right', address, count=3) == 3, f'{address} does not answer')
        lab.iperf_server('right')
        rates = [lab.iperf('left', RIGHT6, 2, reverse) for reverse in (False, True)]
        expect(min(rates) > 5, f'TCP: {rates} Mbit/s')
        no_strange_drops(lab)
        lab.client.ctl('link', 'down', 'home/line0')
        lab.client.ctl('link', 'down', 'home/line1')
        until('the address is deprecated', lambda: lab.learnt().get(address, True), 10)
        until('the host has no router', lambda: 'default' not in lab.ip('left', '-6', 'route').stdout, 5)
        until('the concentrator has no bundle', lambda: not lab.concentrator.json('show', 'bundles')['bundles'], 5)
        return f'TCP {rates[0]:.1f} and {rates[1]:.1f} Mbit/s'
