# SPDX-License-Identifier: BSD-3-Clause
"""What several sources say in their own words and hawser in one: sizes, rates, attempts, routes."""
import ipaddress
import re
import shlex


def words_of(remarks, line):
    """Its words as a shell divides them, without a comment."""
    try:
        return shlex.split(line.text, comments=True)
    except ValueError:
        remarks.add(line, 'a quote is not closed; read as ordinary text')
        return line.text.split()


def attempts(number):
    return 'for-ever' if number == 0 else number


def rate(bits):
    for factor, unit in ((10 ** 9, 'Gbit/s'), (10 ** 6, 'Mbit/s'), (10 ** 3, 'kbit/s')):
        if bits % factor == 0:
            return f'{bits // factor} {unit}'
    return f'{bits} bit/s'


def warn_mru(remarks, line, value):
    if value < 1492:
        remarks.add(line, f'a link MRU of {value} makes more fragments, not fewer: the peer cuts at {value - 6}; without this key '
                    'it is 1492. What is wanted mostly is ip_mtu: fit-one-fragment')


def set_link_mtu(system, settings, line, value):
    """A ceiling of what we send on a link."""
    if not 128 <= value <= 1492:
        system.leave(line, f'{value} is not possible on PPPoE without max_payload (RFC 4638): 128 to 1492')
        return
    settings.set('lcp.mtu', value, line)
    if value < 1492:
        system.remarks.add(line, f'a link MTU of {value} makes more fragments, not fewer. What is wanted mostly is ip_mtu: '
                           'fit-one-fragment')


def name_servers(system, settings, line, words):
    """Those that a peer gets who asks for them: two at most."""
    for word in words:
        before = list(settings.get('dns', []))
        try:
            address = str(ipaddress.IPv4Address(word))
        except ValueError:
            system.leave(line, f'{word} is no IPv4 address', word)
            continue
        if address not in before and len(before) == 2:
            system.leave(line, f'{word} would be the third name server; there are two')
        elif address not in before:
            append(settings, 'dns', address, line)
        else:
            system.keyed(line)


def append(settings, path, item, line):
    """One more item of a list, with the lines of those before."""
    old = settings.values.get(path)
    settings.set(path, [*(old.value if old else []), item], line)
    if old and path in settings.values:
        places = settings.values[path].places
        places[:0] = [p for p in old.places if p not in places]


def set_mrru(system, settings, line, value):
    if 1500 <= value <= 65535:
        settings.set('multilink.mrru', value, line)
    else:
        system.leave(line, f'an MRRU of {value} cannot be: RFC 1990 wants 1500 at least; hawser takes what the IP ports need')


def set_ip_mtu(system, settings, line, value):
    if not 576 <= value <= 65535:
        system.leave(line, f'an MTU of {value} cannot be: hawser\'s least is 576')
        return
    settings.set('ip_mtu', value, line, 'fit-one-fragment works it out' if value in (1486, 1488) else '')


def route(system, settings, line, to):
    try:
        network = str(ipaddress.ip_network(to, strict=False))
    except ValueError:
        system.leave(line, f'"{to}" is no network' if to else 'no network stands there')
        return
    if network not in settings.get('routes', []):
        append(settings, 'routes', network, line)
    else:
        system.keyed(line)


def endpoint_fits(kind, value):
    """Whether hawserd takes the value for an endpoint discriminator of that class."""
    patterns = {'local': r'[ -~]{1,20}', 'mac': r'[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}', 'magic': r'([0-9A-Fa-f]{8}){1,5}',
                'phone': r'\d{1,15}', 'ip': r'(\d{1,3}\.){3}\d{1,3}'}
    if re.fullmatch(patterns[kind], value) is None:
        return False
    return kind != 'ip' or all(int(part) < 256 for part in value.split('.'))


def prefix_of(address, length):
    """(address, prefix around it) as texts; ValueError."""
    return str(ipaddress.IPv4Address(address)), str(ipaddress.IPv4Network(f'{address}/{length}', strict=False))
