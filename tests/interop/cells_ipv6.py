# SPDX-License-Identifier: BSD-3-Clause
"""IPv6 with Linux pppd at the other end, beside IPv4 on the same bundle."""
import contextlib

from bonded import USER, merge
from cells_dial import ROW, dial_all
from checks import FLOOD, expect, no_drops
from lab import until
from matrix import cell
from stage import HOST, DialStage

GUEST6, GUEST_NET6 = '2001:db8:1::2', '2001:db8:1::/64'
CORE6, HOST6 = '2001:db8:ff::1', '2001:db8:ff::2'
# Kernels report their multicast groups to whoever routes multicast, which is not us, and the guest's does so as soon as IPV6CP is open at its
# end, a moment before ours.
GROUPS = {'not_for_us', 'ncp_closed'}
SIZES = [(56, False), (1452, True), (8000, False)]  # 1452: 1500 with the headers of IPv6 and ICMP


class DialStage6(DialStage):
    """The guest dials. The host behind hawserd and hawserd's IP port have IPv6 too; the guest's network is one of the user's routes."""

    def set_up(self):
        super().set_up()
        for key, value in (('accept_dad', 0), ('accept_ra', 0), ('disable_ipv6', 0)):
            self.sysctl(HOST, f'net.ipv6.conf.eth0.{key}', value)
        self.ip(HOST, 'addr', 'add', f'{HOST6}/64', 'dev', 'eth0', 'nodad')
        self.ip(HOST, '-6', 'route', 'add', 'default', 'via', CORE6)

    def config(self, socket_path, lines, rates):
        config = super().config(socket_path, lines, rates)
        addresses = [*config['ports'][self.port]['addresses'], f'{CORE6}/64']
        return merge(config, {'ports': {self.port: {'addresses': addresses}}, 'users': {USER: {'routes': [GUEST_NET6]}}})


@contextlib.contextmanager
def with_ipv6(guest):
    """Debian's guest has IPv6 switched off, and other cells expect that. Its cards keep it off: what they said of themselves on the lines is no
    PPPoE."""
    switch = 'echo {} >/proc/sys/net/ipv6/conf/default/disable_ipv6'
    guest.run(switch.format(0))
    try:
        yield
    finally:
        guest.run(switch.format(1))


def link_locals(guest):
    """(the guest's, the peer's) on ppp0."""
    words = guest.run('ip -6 -o addr show dev ppp0 scope link 2>/dev/null; true').split()
    return (words[words.index('inet6') + 1].split('/')[0], words[words.index('peer') + 1].split('/')[0]) if 'peer' in words else None


@cell(DialStage6, ROW)
def dial_ipv6(stage):
    """2 links, IPV6CP beside IPCP: link-local to link-local, 56 to 8000 bytes with IPv6 both ways, TCP both ways"""
    with with_ipv6(stage.guest):
        stage.start_daemon(2, [30, 30])
        dial_all(stage, 2, '+ipv6')
        until('IPv6 is up on ppp0', lambda: link_locals(stage.guest), 10)
        found, = stage.bundles()
        expect(found['ipv4'] and found['ipv6'], f'not both families: {found}')
        own, peer = link_locals(stage.guest)
        expect(stage.guest_pings(f'{peer}%ppp0', [(56, False)]) == {(56, False): 3}, f'{peer} does not answer {own}')
        stage.guest.run(f'ip -6 addr add {GUEST6}/128 dev ppp0 nodad; ip -6 route add default dev ppp0')
        until('the host reaches the guest', lambda: stage.ping(HOST, GUEST6, count=1, timeout=1) == 1, 5)
        wanted = dict.fromkeys(SIZES, 3)
        expect(stage.guest_pings(HOST6, SIZES) == wanted, 'guest -> host: answers are missing')
        got = {(size, df): stage.ping(HOST, GUEST6, size=size, df=df) for size, df in SIZES}
        expect(got == wanted, f'host -> guest: {got}')
        no_drops(stage, GROUPS)
        ours = stage.iperf(HOST, GUEST6, 2, omit=0)
        theirs = stage.iperf(HOST, GUEST6, 2, reverse=True, omit=0)
        no_drops(stage, FLOOD | GROUPS)
    return f'identifiers {own} and {peer}; TCP {ours:.0f} Mbit/s from us, {theirs:.0f} to us'
