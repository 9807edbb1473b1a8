# SPDX-License-Identifier: BSD-3-Clause
"""The standard lab with IPv6 beside IPv4, or instead of it; prefixes by hand:

    left 2001:db8:1::2 -- 2001:db8:1::1 client ==line0..n== concentrator 2001:db8:ff::1 -- 2001:db8:ff::2 right

The left network is one of the user's routes.
"""
from bonded import LEFT_GATEWAY, RIGHT_GATEWAY, USER, Bonded, merge
from lab import until

LEFT6, LEFT_GATEWAY6, LEFT_NET6 = '2001:db8:1::2', '2001:db8:1::1', '2001:db8:1::/64'
RIGHT6, RIGHT_GATEWAY6 = '2001:db8:ff::2', '2001:db8:ff::1'
OFF = {'want': False, 'allow': False}


def both(v4):
    """Addresses of a port."""
    return lambda a4, a6: ([f'{a4}/24'] if v4 else []) + [f'{a6}/64']


class Bonded6(Bonded):
    """v4, v6: what the hosts have; the daemons are only told when a protocol is off."""

    def __init__(self, v4=True, client=None, concentrator=None, **kw):
        self.v4 = v4
        of = both(v4)
        network = {} if v4 else {'network': {'ipv4': OFF}}
        routes = (['192.168.1.0/24'] if v4 else []) + [LEFT_NET6]
        user = {'routes': routes} if v4 else {'routes': routes, 'address': None}
        isp = network if v4 else {**network, 'address': None, 'pool': None, 'dns': None}
        super().__init__(
            client=merge({'ports': {'lan': {'addresses': of(LEFT_GATEWAY, LEFT_GATEWAY6)}}, 'clients': {'home': network}},
                         client),
            concentrator=merge({'ports': {'core': {'addresses': of(RIGHT_GATEWAY, RIGHT_GATEWAY6)}},
                                'concentrators': {'isp': isp}, 'users': {USER: user}}, concentrator), **kw)

    def host(self, ns, dev, address, gateway):
        if self.v4:
            super().host(ns, dev, address, gateway)
        own, via = (LEFT6, LEFT_GATEWAY6) if ns == 'left' else (RIGHT6, RIGHT_GATEWAY6)
        self.host6(ns, dev, own, via)

    def host6(self, ns, dev, address, gateway):
        """No duplicate address detection: it would be a second of waiting."""
        self.sysctl(ns, f'net.ipv6.conf.{dev}.accept_dad', 0)
        self.sysctl(ns, f'net.ipv6.conf.{dev}.accept_ra', 0)
        self.sysctl(ns, f'net.ipv6.conf.{dev}.router_solicitations', 0)
        self.sysctl(ns, f'net.ipv6.conf.{dev}.disable_ipv6', 0)
        self.ip(ns, 'addr', 'add', f'{address}/64', 'dev', dev, 'nodad')
        self.ip(ns, '-6', 'route', 'add', 'default', 'via', gateway)

    def wait_up6(self, links=None, timeout=15):
        links = len(self.lines) if links is None else links
        self.client.wait_bundle('home', links, timeout)
        self.concentrator.wait_bundle(USER, links, timeout)
        until('ping through the bundle', lambda: self.ping('left', RIGHT6, count=1, timeout=1) == 1)


DELEGATED6, DELEGATED_NET6 = '2001:db8:8000::/56', '2001:db8:8000:3:'


class Delegated6(Bonded6):
    """The left host has only what it learns of the client's router advertisements; the client has a prefix of the concentrator's pool."""

    def __init__(self, **kw):
        super().__init__(
            client={'ports': {'lan': {'addresses': [f'{LEFT_GATEWAY}/24'], 'delegated': {'client': 'home', 'subnet': 3}}},
                    'clients': {'home': {'request_prefix': True}}},
            concentrator={'pools6': {'links': {'prefixes': ['2001:db8:100::/48'], 'length': 64},
                                     'homes': {'prefixes': ['2001:db8:8000::/48'], 'length': 56}},
                          'concentrators': {'isp': {'pool6': 'links', 'delegated_pool': 'homes', 'dns6': [RIGHT6]}},
                          'users': {USER: {'routes': ['192.168.1.0/24']}}}, **kw)

    def host6(self, ns, dev, address, gateway):
        if ns != 'left':
            super().host6(ns, dev, address, gateway)
            return
        for key, value in (('accept_dad', 0), ('accept_ra', 2), ('autoconf', 1), ('router_solicitations', 20), ('disable_ipv6', 0)):
            self.sysctl(ns, f'net.ipv6.conf.{dev}.{key}', value)

    def learnt(self):
        """The left host's addresses out of the prefix: {address: deprecated}."""
        words = [row.split() for row in self.ip('left', '-6', '-o', 'addr', 'show', 'dev', 'eth0', 'scope', 'global').stdout.splitlines()]
        return {row[3].split('/')[0]: 'deprecated' in row for row in words if row[3].startswith(DELEGATED_NET6)}
