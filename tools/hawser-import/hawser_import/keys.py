# SPDX-License-Identifier: BSD-3-Clause
"""Every key that hawser-import writes, in the order in which it writes them, and where it lives.

With each a value that hawserd takes: tests/import puts each key alone in front of `hawserd --check`.
"""
import re


def _policy(path):
    return {f'{path}.want': False, f'{path}.allow': True}


def _redial(path):
    return {
        f'{path}.delay': '1 s',
        f'{path}.increment': '2 s',
        f'{path}.limit': '1 min',
        f'{path}.jitter': '3 s',
        f'{path}.attempts': 'for-ever',
        f'{path}.carrier_wait': '5 s',
    }


KEYS = {
    'process.name': 'client',
    'process.control_socket': '/run/hawser/client.sock',
    'process.log_level': 'debug',
    'secrets_file': 'secrets.yaml',
    'ports.device': 'net_af_packet0,iface=eth1',
    'ports.kind': 'access',
    'ports.mtu': 1500,
    'ports.addresses': ['10.255.0.1/30'],
    'clients.username': 'user@isp.example',
    'clients.password': 'secret',
    'clients.service_name': 'internet',
    'clients.ac_name': 'bras1',
    'clients.authentication': ['chap', 'pap'],
    'clients.peer_authentication': ['chap', 'pap'],
    'clients.peer_username': 'bras1',
    'clients.peer_password': 'another secret',
    'clients.peer_rechallenge': '10 min',
    'clients.address': '192.0.2.1',
    'clients.accept_address': '0.0.0.0/0',
    'clients.authentication_timer': '3 s',
    'clients.authentication_tries': 10,
    'clients.fsm_timeout': '3 s',
    'clients.request_dns': True,
    'clients.resolver_file': '/etc/ppp/resolv.conf',
    'clients.dns': ['192.0.2.53', '192.0.2.54'],
    'clients.default_route': True,
    'clients.routes': ['198.51.100.0/24'],
    'clients.ip_mtu': 1486,
    'clients.dial': 'on-demand',
    'clients.idle_timeout': '5 min',
    **_policy('clients.network.ipv4'),
    **_policy('clients.network.ipv6'),
    'clients.network.restart_timer': '3 s',
    'clients.network.max_configure': 10,
    'clients.network.max_terminate': 2,
    'clients.network.max_failure': 5,
    'clients.mss.v4': 1414,
    'clients.mss.v6': 1394,
    'clients.mss.from_links': True,
    'clients.mss.to_links': True,
    'clients.scrub.reassemble': True,
    'clients.scrub.min_ttl': 15,
    'clients.scrub.clear_df': True,
    'clients.multilink.enabled': True,
    'clients.multilink.mrru': 1524,
    'clients.multilink.endpoint.class': 'local',
    'clients.multilink.endpoint.value': 'site7',
    'clients.multilink.links_max': 16,
    'clients.multilink.mode': 'round-robin',
    'clients.lcp.mru': 1492,
    'clients.lcp.mtu': 1492,
    'clients.lcp.echo_interval': '5 s',
    'clients.lcp.echo_failures': 8,
    'clients.lcp.restart_timer': '3 s',
    'clients.lcp.max_configure': 10,
    'clients.lcp.max_terminate': 3,
    'clients.lcp.max_failure': 10,
    **_policy('clients.lcp.options.mru'),
    **_policy('clients.lcp.options.magic'),
    **_policy('clients.lcp.options.short_sequence'),
    **_policy('clients.lcp.options.endpoint'),
    **_policy('clients.lcp.options.pfc'),
    **_policy('clients.lcp.options.quality'),
    'clients.lcp.quality_period': '30 s',
    **_redial('clients.redial'),
    'clients.bandwidth_management.period': '60 s',
    'clients.bandwidth_management.high_water': 80,
    'clients.bandwidth_management.low_water': 20,
    'clients.bandwidth_management.min_connect': '30 s',
    'clients.bandwidth_management.min_disconnect': '90 s',
    'clients.bandwidth_management.links': ['a'],
    'hooks.events': ['bundle-up'],
    'hooks.run': ['/bin/true'],
    'clients.links.ports': ['eth1'],
    'clients.links.vlan': '100',
    'clients.links.username': 'user-2@isp.example',
    'clients.links.password': 'secret',
    'clients.links.max_payload': True,
    'clients.links.line.rate': '20 Mbit/s',
    'clients.links.line.latency': '8 ms',
    **_redial('clients.links.redial'),
}
# Limits of numbers (times in seconds, rates in bit/s) and of texts (characters), where a source may go beyond hawserd's.
HOUR, DAY = 3600, 86400
RANGES = {
    'username': (1, 127), 'password': (1, 127), 'peer_username': (1, 127), 'peer_password': (1, 127), 'peer_rechallenge': (1, DAY),
    'service_name': (1, 63), 'ac_name': (1, 63), 'control_socket': (1, 107),
    'echo_interval': (.1, HOUR), 'echo_failures': (1, 255), 'restart_timer': (.1, 60), 'fsm_timeout': (.1, 60), 'authentication_timer': (.1, 60),
    'authentication_tries': (1, 255), 'max_configure': (1, 255),
    'max_terminate': (1, 255), 'max_failure': (1, 255), 'delay': (0, DAY), 'increment': (0, DAY), 'limit': (0, DAY),
    'jitter': (0, DAY), 'attempts': (1, 1000000), 'rate': (1000, 100 * 10 ** 9), 'latency': (0, 2), 'v4': (88, 65495),
    'v6': (88, 65475), 'idle_timeout': (1, DAY), 'period': (.6, DAY), 'high_water': (1, 100), 'low_water': (0, 100), 'min_connect': (0, DAY),
    'min_disconnect': (0, DAY), 'carrier_wait': (.1, DAY), 'min_ttl': (1, 254),
}
UNITS = {'us': 1e-6, 'ms': 1e-3, 's': 1, 'min': 60, 'bit/s': 1, 'kbit/s': 10 ** 3, 'Mbit/s': 10 ** 6, 'Gbit/s': 10 ** 9}


def amount(value):
    """A number with or without unit, in seconds, bit/s or as it is."""
    digits, _, unit = str(value).partition(' ')
    return int(digits) * UNITS.get(unit, 1)


def out_of_range(key, value):
    """Why hawserd would refuse the value; None: it would not."""
    low, high = RANGES.get(key.rsplit('.', 1)[-1], (None, None))
    number = re.fullmatch(r'(\d+)(?: (\S+))?', str(value))
    if low is None or isinstance(value, bool):
        return None
    if low == 1 and high in (127, 63, 107):
        return None if low <= len(value.encode()) <= high else f'has 1 to {high} characters'
    if number is None:
        return None
    return None if low <= amount(value) <= high else f'goes from {low:g} to {high:g}, not to {value}'


# Methods of clients.authentication, in hawserd's order of preference.
AUTHENTICATION = ('chap', 'mschapv2', 'pap', 'mschap')
# What hawserd takes when nothing is said.
AUTHENTICATION_DEFAULT = ('chap', 'mschapv2', 'pap')
ORDER = {key: i for i, key in enumerate(KEYS)}
