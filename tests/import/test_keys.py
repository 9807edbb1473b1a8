# SPDX-License-Identifier: BSD-3-Clause
"""The table of keys against hawserd: each key that is written is one that hawserd takes."""
from support import Case
from hawser_import import keys
from hawser_import.yaml_writer import shown

CLIENT = {'username': 'u', 'password': 'p'}
LINKS = {'clients.links.line.latency': {'line.rate': '1 Mbit/s'}, 'clients.links.redial.delay': {'redial.limit': '24 h'},
         'clients.links.username': {'password': 'p'}}
NEEDS = {
    'clients.multilink.endpoint.class': {'multilink.endpoint.value': 'site7'},
    'clients.multilink.endpoint.value': {'multilink.endpoint.class': 'local'},
    'clients.idle_timeout': {'dial': 'manual'},
    **{f'clients.bandwidth_management.{k}': {'bandwidth_management.period': '1 min'} for k in ('links', 'min_connect', 'min_disconnect')},
    'clients.bandwidth_management.high_water': {'bandwidth_management.low_water': 0},
    'clients.bandwidth_management.low_water': {'bandwidth_management.high_water': 100},
    'clients.network.ipv4.want': {}, 'clients.network.ipv4.allow': {},
    'clients.peer_authentication': {'peer_password': 'q'}, 'clients.peer_rechallenge': {'peer_authentication': ['chap'], 'peer_password': 'q'},
    'clients.peer_username': {'peer_authentication': ['chap'], 'peer_password': 'q'}, 'clients.peer_password': {'peer_authentication': ['pap']},
}


def nested(pairs):
    root = {}
    for path, value in pairs.items():
        node = root
        *groups, last = path.split('.')
        for g in groups:
            node = node.setdefault(g, {})
        node[last] = value
    return root


def flow(value):
    if isinstance(value, dict):
        return '{' + ', '.join(f'{k}: {flow(v)}' for k, v in value.items()) + '}'
    return shown(value)


def config_with(key, sample, extra=None):
    """A configuration whose only peculiarity is the key."""
    client, link, port, process = dict(CLIENT), {'ports': ['a']}, {'device': 'net_af_packet0,iface=a', 'kind': 'access'}, {}
    top = {}
    scope, _, path = key.partition('.')
    if scope == 'clients' and path.startswith('links.'):
        link[path.removeprefix('links.')] = sample
        link |= extra or {}
        if path == 'links.ports':
            link['ports'] = ['a']
    elif scope == 'clients':
        client |= {path: sample, **(extra or {})}
        if path.startswith('bandwidth_management.'):
            port['line'] = {'rate': '1 Mbit/s'}
    elif scope == 'ports' and path == 'addresses':
        port |= {'kind': 'ip', path: sample}
    elif scope == 'ports':
        port[path] = sample
    elif scope == 'hooks':
        top['hooks'] = {'h': {'events': ['bundle-up'], 'run': ['/bin/true'], path: sample}}
    elif scope == 'process':
        process[path] = sample
    else:
        top[scope] = sample
    ports = {'a': port} if port['kind'] == 'access' else {'a': {'device': 'net_af_packet1,iface=b', 'kind': 'access'}, 'ip': port}
    return flow({**top, 'process': nested(process), 'ports': nested(ports),
                 'clients': {'c': {**nested(client), 'links': {'a': nested(link)}}}}).replace('process: {}, ', '')


class Keys(Case):
    def test_each_key_is_where_the_table_says(self):
        self.put('secrets.yaml', 'other: p\n')
        for key, sample in keys.KEYS.items():
            with self.subTest(key=key):
                good, said = self.check(config_with(key, sample, NEEDS.get(key) or LINKS.get(key)))
                self.assertTrue(good, said)

    def test_each_method_of_authentication_is_where_the_table_says(self):
        for method in keys.AUTHENTICATION:
            with self.subTest(method=method):
                good, said = self.check(config_with('clients.authentication', [method]))
                self.assertTrue(good, f'{method}: {said}')

    def test_values_at_the_limits_are_taken_and_those_beyond_refused(self):
        units = {'period': 's', 'min_connect': 's', 'min_disconnect': 's', 'idle_timeout': 's', 'peer_rechallenge': 's', 'carrier_wait': 's', 'rate': 'bit/s', 'latency': 'us', 'delay': 's', 'increment': 's', 'limit': 's', 'jitter': 's', 'restart_timer': 's',
                 'fsm_timeout': 's', 'authentication_timer': 's',
                 'echo_interval': 's'}
        for key in keys.KEYS:
            low, high = keys.RANGES.get(key.rsplit('.', 1)[-1], (None, None))
            if low is None or high in (63, 107, 127):
                continue
            unit = units.get(key.rsplit('.', 1)[-1], '')
            if key.endswith('low_water'):
                continue  # bounded by the high one
            most = high * 10 ** 6 if unit == 'us' else high
            for value in (most, most + 1):
                sample = f'{value} {unit}' if unit else value
                extra = {**(LINKS.get(key) or NEEDS.get(key) or {}), **({'redial.limit': '24 h'} if key == 'clients.redial.delay' else {})}
                good, said = self.check(config_with(key, sample, extra))
                with self.subTest(key=key, value=sample):
                    self.assertEqual(good, keys.out_of_range(key, sample) is None, said)
