# SPDX-License-Identifier: BSD-3-Clause
"""The standard lab: host left -- client == lines == concentrator -- host right, two hawserd processes in between.

    left 192.168.1.2 -- 192.168.1.1 client ==line0..n== concentrator 198.51.100.1 -- 198.51.100.2 right
                        (10.64.0.10)                    (10.64.0.1)

The left network is one of the user's routes, so both hosts reach each other without address translation.
"""
import copy
import json

from lab import Lab, until

LEFT, LEFT_GATEWAY = '192.168.1.2', '192.168.1.1'
RIGHT, RIGHT_GATEWAY = '198.51.100.2', '198.51.100.1'
USER, PASSWORD = 'mluser', 'mlpass'
CLIENT_ADDRESS, CONCENTRATOR_ADDRESS = '10.64.0.10', '10.64.0.1'


def merge(base, changes):
    """A copy of base with changes laid over it; None removes a key."""
    out = copy.deepcopy(base)
    for key, value in (changes or {}).items():
        if value is None:
            out.pop(key, None)
        elif isinstance(value, dict) and isinstance(out.get(key), dict):
            out[key] = merge(out[key], value)
        else:
            out[key] = value
    return out


def access_port(device, rate=None, mtu=1500):
    port = {'kind': 'access', 'device': f'net_af_packet_{device},iface={device},qdisc_bypass=0', 'mtu': mtu}
    if rate:
        port['line'] = {'rate': f'{rate} Mbit/s'}
    return port


def process(name, socket):
    return {'name': name, 'workers': 1, 'hugepages': 'no', 'control_socket': str(socket)}


def client_config(socket, lines, rates):
    return {
        'process': process('client', socket),
        'ports': {
            **{dev: access_port(dev, rate) for dev, rate in zip(lines, rates)},
            'lan': {'kind': 'ip', 'device': 'net_af_packet_lan,iface=lan', 'addresses': [f'{LEFT_GATEWAY}/24']},
        },
        'clients': {
            'home': {
                'username': USER, 'password': PASSWORD, 'default_route': True,
                'lcp': {'echo_interval': '1 s', 'echo_failures': 3},
                'redial': {'delay': '200 ms', 'jitter': '100 ms', 'attempts': 0},
                'links': {dev: {'ports': [dev]} for dev in lines},
            },
        },
    }


def concentrator_config(socket, lines, rates):
    return {
        'process': process('concentrator', socket),
        'ports': {
            **{dev: access_port(dev, rate) for dev, rate in zip(lines, rates)},
            'core': {'kind': 'ip', 'device': 'net_af_packet_core,iface=core', 'addresses': [f'{RIGHT_GATEWAY}/24']},
        },
        'concentrators': {
            'isp': {
                'ports': lines, 'ac_name': 'bras1', 'service_names': ['internet'], 'authentication': ['chap', 'pap'],
                'address': CONCENTRATOR_ADDRESS, 'pool': 'subscribers', 'dns': ['198.51.100.53'],
                'lcp': {'echo_interval': '1 s', 'echo_failures': 3},
            },
        },
        'pools': {'subscribers': ['10.64.1.0/24']},
        'users': {USER: {'password': PASSWORD, 'address': CLIENT_ADDRESS, 'routes': ['192.168.1.0/24']}},
    }


class Bonded(Lab):
    """rates: Mbit/s of each line, both directions; None: not shaped. client, concentrator: changes to the configurations."""

    def __init__(self, rates=(30, 10), client=None, concentrator=None, build=None, start=True):
        super().__init__(build)
        self.rates = list(rates)
        self.lines = [f'line{i}' for i in range(len(self.rates))]
        self.changes = {'client': client, 'concentrator': concentrator}
        self.daemon = {}
        self.autostart = start

    def __enter__(self):
        super().__enter__()
        try:
            self._build()
            if self.autostart:
                self.start_daemon('concentrator')
                self.start_daemon('client')
        except BaseException:
            self.explain()
            self._stack.close()
            raise
        return self

    def _build(self):
        self.namespaces('left', 'client', 'concentrator', 'right')
        for line, rate in zip(self.lines, self.rates):
            self.veth('client', line, 'concentrator', line)
            if rate:
                self.shape('client', line, rate)
                self.shape('concentrator', line, rate)
        self.veth('left', 'eth0', 'client', 'lan')
        self.veth('right', 'eth0', 'concentrator', 'core')
        self.host('left', 'eth0', f'{LEFT}/24', LEFT_GATEWAY)
        self.host('right', 'eth0', f'{RIGHT}/24', RIGHT_GATEWAY)

    def config(self, role):
        make = {'client': client_config, 'concentrator': concentrator_config}[role]
        return merge(make(self.dir / f'{role}.sock', self.lines, self.rates), self.changes[role])

    def start_daemon(self, role):
        # JSON is YAML.
        self.daemon[role] = self.hawserd(role, json.dumps(self.config(role), indent=1), role)
        return self.daemon[role]

    @property
    def client(self):
        return self.daemon['client']

    @property
    def concentrator(self):
        return self.daemon['concentrator']

    def wait_up(self, links=None, timeout=15):
        """Until both ends have the bundle with so many links, and the hosts reach each other."""
        links = len(self.lines) if links is None else links
        self.client.wait_bundle('home', links, timeout)
        self.concentrator.wait_bundle(USER, links, timeout)
        until('ping through the bundle', lambda: self.ping('left', RIGHT, count=1, timeout=1) == 1)

    def drops(self, role):
        """reason -> count over all workers of the daemon, those above zero."""
        rows = self.daemon[role].json('show', 'drops')
        return {r['reason']: r['count'] for r in rows['drops'] if r['count']}
