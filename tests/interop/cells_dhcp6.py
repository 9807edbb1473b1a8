# SPDX-License-Identifier: BSD-3-Clause
"""Prefix delegation with the DHCPv6 of WIDE at the other end, over PPP: its client (dhcp6c) asks hawserd, its server (dhcp6s) is asked by
hawserd."""
import contextlib

from bonded import USER, merge
from cells_dial import ROW as DIAL_ROW
from cells_dial import dial_all
from cells_ipv6 import CORE6, GROUPS, GUEST6, HOST6, DialStage6, link_locals, with_ipv6
from cells_serve import ROW as SERVE_ROW
from cells_serve import wait_up
from checks import FLOOD, expect, no_drops
from lab import until
from matrix import cell
from stage import HOST, ServeStage

CONF, STATE = '/etc/wide-dhcpv6', '/var/lib/dhcpv6'
PREFIX, NETWORK = '2001:db8:8000::/56', '2001:db8:8000:3:'
CONTROL_PORT = 5546  # of dhcp6c and dhcp6s, where a key is there
DIAL_CHANGES = {'pools6': {'links': {'prefixes': ['2001:db8:100::/48'], 'length': 64},
                           'homes': {'prefixes': ['2001:db8:8000::/48'], 'length': 56}},
                'concentrators': {'isp': {'pool6': 'links', 'delegated_pool': 'homes', 'dns6': [CORE6], 'preferred_lifetime': '60 s',
                                          'valid_lifetime': '120 s'}},
                'users': {USER: {'routes': None}}}


@contextlib.contextmanager
def wide(guest):
    """Its folders, and an end of its programs however the cell ends."""
    guest.run(f'mkdir -p {STATE} {CONF}')
    try:
        yield
    finally:
        guest.run(f'killall -9 dhcp6c dhcp6s; ip link del lan0; rm -rf {STATE} {CONF}; true')


def delegated(stage):
    """(the prefix, when its lease ends) of the one bundle."""
    found, = stage.bundles()
    return found['delegated_prefix'], found['delegated_until_ms']


# ------------------------------------------------------------------ its client


def dhcp6c(guest):
    """Asks on ppp0, and gives network 3 of the prefix to lan0."""
    guest.write(f'{CONF}/dhcp6c.conf', '''interface ppp0 { send ia-pd 1; request domain-name-servers; };
        id-assoc pd 1 { prefix-interface lan0 { sla-id 3; sla-len 8; }; };\n''')
    guest.write(f'{CONF}/dhcp6cctlkey', 'aGF3c2VyaGF3c2VyaGF3cw==\n')
    guest.run('ip link add lan0 type veth peer name lan1; ip link set lan1 up; ip link set lan0 up')
    return guest.start(f'exec dhcp6c -f -D -c {CONF}/dhcp6c.conf ppp0 >/host/dhcp6c.log 2>&1')


def lan_address(guest):
    words = guest.run('ip -6 -o addr show dev lan0 scope global 2>/dev/null; true').split()
    return words[words.index('inet6') + 1].split('/')[0] if 'inet6' in words else None


def pass_time(guest, seconds):
    """dhcp6c's timers follow the clock of the day; it looks at them when something comes for it."""
    guest.run(f'date -s @$(($(date +%s) + {seconds})) >/dev/null; nc ::1 {CONTROL_PORT} </dev/null & sleep 0.3; kill $! 2>/dev/null; true')


@cell(DialStage6, DIAL_ROW)
def dial_ipv6_pd(stage):
    """dhcp6c (WIDE) behind pppd gets a prefix by DHCPv6, uses, renews and releases it"""
    guest = stage.guest
    with with_ipv6(guest), wide(guest):
        stage.start_daemon(2, [30, 30], DIAL_CHANGES)
        dial_all(stage, 2, '+ipv6')
        until('IPv6 is up on ppp0', lambda: link_locals(guest), 10)
        until('the guest has our advertisement', lambda: 'default' in guest.run('ip -6 route show dev ppp0'), 10)
        client = dhcp6c(guest)
        until('dhcp6c has given an address of the prefix to lan0', lambda: lan_address(guest), 15)
        address = lan_address(guest)
        prefix, first_ms = delegated(stage)
        expect(prefix == PREFIX and address.startswith(NETWORK), f'{prefix} delegated, {address} on lan0')
        until('the host reaches the prefix', lambda: stage.ping(HOST, address, count=1, timeout=1) == 1, 5)
        expect(stage.ping(HOST, address, count=3) == 3, f'{address} does not answer')
        sent = guest.run(f'ping -n -q -c 3 -i 0.2 -W 1 -I {address} {HOST6}')
        expect(' 3 received' in sent, f'{address} is not answered: {sent}')
        pass_time(guest, 31)  # T1 is half of a minute
        until('the lease is renewed', lambda: delegated(stage)[1] > first_ms, 10)
        pass_time(guest, -31)
        expect('send renew to' in guest.log('dhcp6c.log'), 'renewed without a Renew')
        no_drops(stage, GROUPS)
        guest.run('killall dhcp6c')
        client.wait(5)
        until('the prefix is given back', lambda: delegated(stage)[0] is None, 5)
        expect('gives back ' + PREFIX in stage.daemon.text(), 'no Release was heard')
        expect(len(stage.bundles()) == 1 and stage.ping(HOST, address, count=1, timeout=1) == 0, 'the prefix still leads to the guest')
    return f'{PREFIX}, {address} on its network'


# ------------------------------------------------------------------ its server


class ServeStage6(ServeStage):
    """The host behind hawserd has no IPv6 but what it learns of hawserd's router advertisements."""

    def set_up(self):
        super().set_up()
        for key, value in (('accept_dad', 0), ('accept_ra', 2), ('autoconf', 1), ('router_solicitations', 20), ('disable_ipv6', 0)):
            self.sysctl(HOST, f'net.ipv6.conf.eth0.{key}', value)

    def config(self, socket_path, lines, rates):
        return merge(super().config(socket_path, lines, rates), {
            'ports': {self.port: {'delegated': {'client': self.name, 'subnet': 3}}}, 'clients': {self.name: {'request_prefix': True}}})

    def learnt(self):
        """The host's address out of the prefix."""
        rows = [row.split() for row in self.ip(HOST, '-6', '-o', 'addr', 'show', 'dev', 'eth0', 'scope', 'global').stdout.splitlines()]
        return next((row[3].split('/')[0] for row in rows if row[3].startswith(NETWORK) and 'deprecated' not in row), None)


def dhcp6s(stage):
    """Has one prefix for hawserd, whose identifier it must know, for 20 s at a time: it is renewed after 10."""
    mac = next(p['mac'] for p in stage.ports() if p['name'] == stage.lines[0])
    stage.guest.write(f'{CONF}/dhcp6s.conf', f'''option domain-name-servers {GUEST6};
        interface ppp0 {{ allow rapid-commit; }};
        host hawser {{ duid 00:03:00:01:{mac}; prefix {PREFIX} 20 40; }};\n''')
    return stage.guest.start(f'exec dhcp6s -f -D -c {CONF}/dhcp6s.conf ppp0 >/host/dhcp6s.log 2>&1')


@cell(ServeStage6, SERVE_ROW)
def serve_ipv6_pd(stage):
    """dhcp6s (WIDE) beside pppd delegates a prefix: hosts behind us make addresses of it, it is renewed, and released when we stop"""
    guest = stage.guest
    with with_ipv6(guest), wide(guest):
        stage.serve(2, '+ipv6')
        stage.start_daemon(2, [30, 30])
        wait_up(stage, 2)
        until('IPv6 is up on ppp0', lambda: link_locals(guest), 10)
        guest.run(f'ip link set ppp0 mtu 1500; ip -6 addr add {GUEST6}/128 dev ppp0 nodad; ip -6 route add {PREFIX} dev ppp0')
        dhcp6s(stage)
        until('the host has an address of the prefix', stage.learnt, 15)
        address = stage.learnt()
        prefix, first_ms = delegated(stage)
        expect(prefix == PREFIX, f'{prefix} delegated')
        until('the host reaches the guest', lambda: stage.ping(HOST, GUEST6, count=1, timeout=1) == 1, 5)
        expect(stage.guest_pings(address, [(56, False), (1452, True)]) == {(56, False): 3, (1452, True): 3}, f'{address} does not answer')
        rate = stage.iperf(HOST, GUEST6, 1, omit=0)
        until('the lease is renewed', lambda: delegated(stage)[1] > first_ms, 15)
        expect('received renew from' in guest.log('dhcp6s.log'), 'renewed without a Renew')
        no_drops(stage, FLOOD | GROUPS)
        status = stage.stop_daemon()
        expect(status == 0, f'hawserd: exit {status}')
        until('the server has heard our Release', lambda: f'bound prefix {PREFIX} has been released' in guest.log('dhcp6s.log'), 2)
    return f'{PREFIX}, {address} behind us; TCP {rate:.0f} Mbit/s'
