# SPDX-License-Identifier: BSD-3-Clause
"""Every key that hawser-import writes, in the order in which it writes them, and where it lives.

HERE: hawserd has it. PLANNED: it will; until then a source line that asks for it becomes a comment that says so. The sample
is a value that hawserd takes: tests/import puts each key alone in front of `hawserd --check`, which must take those that are
HERE and must refuse those that are PLANNED. So a key that has come to hawserd is moved by changing one word.
"""
import re
import typing

HERE, PLANNED = 'here', 'planned'


class Key(typing.NamedTuple):
    state: str
    sample: object


def _policy(path, state):
    return {f'{path}.want': Key(state, False), f'{path}.allow': Key(state, True)}


def _redial(path):
    return {
        f'{path}.delay': Key(HERE, '1 s'),
        f'{path}.increment': Key(HERE, '2 s'),
        f'{path}.limit': Key(HERE, '1 min'),
        f'{path}.jitter': Key(HERE, '3 s'),
        f'{path}.attempts': Key(HERE, 'for-ever'),
        f'{path}.carrier_wait': Key(HERE, '5 s'),
    }


KEYS = {
    'process.name': Key(HERE, 'client'),
    'process.control_socket': Key(HERE, '/run/hawser/client.sock'),
    'process.log_level': Key(HERE, 'debug'),
    'secrets_file': Key(HERE, 'secrets.yaml'),
    'ports.device': Key(HERE, 'net_af_packet0,iface=eth1'),
    'ports.kind': Key(HERE, 'access'),
    'ports.mtu': Key(HERE, 1500),
    'ports.addresses': Key(HERE, ['10.255.0.1/30']),
    'clients.username': Key(HERE, 'user@isp.example'),
    'clients.password': Key(HERE, 'secret'),
    'clients.service_name': Key(HERE, 'internet'),
    'clients.ac_name': Key(HERE, 'bras1'),
    'clients.authentication': Key(HERE, ['chap', 'pap']),
    'clients.peer_authentication': Key(HERE, ['chap', 'pap']),
    'clients.peer_username': Key(HERE, 'bras1'),
    'clients.peer_password': Key(HERE, 'another secret'),
    'clients.peer_rechallenge': Key(HERE, '10 min'),
    'clients.address': Key(HERE, '192.0.2.1'),
    'clients.accept_address': Key(HERE, '0.0.0.0/0'),
    'clients.authentication_timer': Key(HERE, '3 s'),
    'clients.authentication_tries': Key(HERE, 10),
    'clients.fsm_timeout': Key(HERE, '3 s'),
    'clients.request_dns': Key(HERE, True),
    'clients.resolver_file': Key(HERE, '/etc/ppp/resolv.conf'),
    'clients.dns': Key(HERE, ['192.0.2.53', '192.0.2.54']),
    'clients.default_route': Key(HERE, True),
    'clients.routes': Key(HERE, ['198.51.100.0/24']),
    'clients.ip_mtu': Key(HERE, 1486),
    'clients.dial': Key(HERE, 'on-demand'),
    'clients.idle_timeout': Key(HERE, '5 min'),
    **_policy('clients.network.ipv4', HERE),
    **_policy('clients.network.ipv6', HERE),
    'clients.network.restart_timer': Key(HERE, '3 s'),
    'clients.network.max_configure': Key(HERE, 10),
    'clients.network.max_terminate': Key(HERE, 2),
    'clients.network.max_failure': Key(HERE, 5),
    'clients.mss.v4': Key(HERE, 1414),
    'clients.mss.v6': Key(HERE, 1394),
    'clients.mss.from_links': Key(HERE, True),
    'clients.mss.to_links': Key(HERE, True),
    'clients.scrub.reassemble': Key(HERE, True),
    'clients.scrub.min_ttl': Key(HERE, 15),
    'clients.scrub.clear_df': Key(HERE, True),
    'clients.multilink.enabled': Key(HERE, True),
    'clients.multilink.mrru': Key(HERE, 1524),
    'clients.multilink.endpoint.class': Key(HERE, 'local'),
    'clients.multilink.endpoint.value': Key(HERE, 'site7'),
    'clients.multilink.links_max': Key(HERE, 16),
    'clients.multilink.mode': Key(HERE, 'round-robin'),
    'clients.lcp.mru': Key(HERE, 1492),
    'clients.lcp.mtu': Key(HERE, 1492),
    'clients.lcp.echo_interval': Key(HERE, '5 s'),
    'clients.lcp.echo_failures': Key(HERE, 8),
    'clients.lcp.restart_timer': Key(HERE, '3 s'),
    'clients.lcp.max_configure': Key(HERE, 10),
    'clients.lcp.max_terminate': Key(HERE, 3),
    'clients.lcp.max_failure': Key(HERE, 10),
    **_policy('clients.lcp.options.mru', HERE),
    **_policy('clients.lcp.options.magic', HERE),
    **_policy('clients.lcp.options.short_sequence', HERE),
    **_policy('clients.lcp.options.endpoint', HERE),
    **_policy('clients.lcp.options.pfc', HERE),
    **_policy('clients.lcp.options.quality', HERE),
    'clients.lcp.quality_period': Key(HERE, '30 s'),
    **_redial('clients.redial'),
    'clients.bandwidth_management.period': Key(HERE, '60 s'),
    'clients.bandwidth_management.high_water': Key(HERE, 80),
    'clients.bandwidth_management.low_water': Key(HERE, 20),
    'clients.bandwidth_management.min_connect': Key(HERE, '30 s'),
    'clients.bandwidth_management.min_disconnect': Key(HERE, '90 s'),
    'clients.bandwidth_management.links': Key(HERE, ['a']),
    'hooks.events': Key(HERE, ['bundle-up']),
    'hooks.run': Key(HERE, ['/bin/true']),
    'clients.links.ports': Key(HERE, ['eth1']),
    'clients.links.vlan': Key(HERE, '100'),
    'clients.links.username': Key(HERE, 'user-2@isp.example'),
    'clients.links.password': Key(HERE, 'secret'),
    'clients.links.max_payload': Key(HERE, True),
    'clients.links.line.rate': Key(HERE, '20 Mbit/s'),
    'clients.links.line.latency': Key(HERE, '8 ms'),
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
AUTHENTICATION = {'chap': HERE, 'mschapv2': HERE, 'pap': HERE, 'mschap': HERE}
# What hawserd takes when nothing is said.
AUTHENTICATION_DEFAULT = ('chap', 'mschapv2', 'pap')
ORDER = {key: i for i, key in enumerate(KEYS)}
