# SPDX-License-Identifier: BSD-3-Clause
"""The one writer: a System as hawser YAML, every key with the source lines behind it, and what has no key as comments."""
import re

from . import keys
from .model import Secret, Value, name_of, scalar
from .source import masked

WIDTH = 132
PLAIN = re.compile(r'[A-Za-z0-9_./][A-Za-z0-9_./@:%+-]*( [A-Za-z0-9_./][A-Za-z0-9_./@:%+-]*)*')
FLOW = re.compile(r'(\.|^)(network\.ipv[46]|options\.\w+|line|mss|scrub|endpoint)$')  # groups that stand on one line
VLAN = re.compile(r'(.+?)\.(\d{1,4})(?:\.(\d{1,4}))?$')


def quoted(text):
    body = ''.join(c if c.isprintable() and c not in '"\\' else f'\\{c}' if c in '"\\' else f'\\u{ord(c):04x}' for c in text)
    return f'"{body}"'


def shown(value):
    """A value as YAML."""
    if isinstance(value, (list, tuple)):
        return '[' + ', '.join(shown(v) for v in value) + ']'
    text = scalar(value)
    if isinstance(value, str) and (isinstance(value, Secret) or not PLAIN.fullmatch(text) or ': ' in text
                                   or text.endswith(':')):
        return quoted(text)
    return text


def reason_text(reasons):
    """reasons: {why: [part of the line]}"""
    texts = [', '.join(p for p in parts if p) + (': ' if any(parts) else '') + why for why, parts in reasons.items()]
    return '; '.join(texts)


class Writer:
    def __init__(self, system, devices=None, secrets_file=None):
        """devices: interface of the old system -> DPDK device or interface of the new one. secrets_file: where passwords went."""
        self.system, self.devices, self.secrets_file, self.out = system, devices or {}, secrets_file, []
        self.ports = {}  # interface of the old system -> (port name, {key: Value})

    # one line

    def line(self, depth, text, value=None):
        comment = ''
        if value is not None:
            parts = [', '.join(value.places)] if value.places else []
            parts += [value.note] if value.note else []
            comment = '  # ' + '; '.join(parts) if parts else ''
        self.out.append('  ' * depth + text + comment)

    def comment(self, text, first='# ', following='#   '):
        """A comment, wrapped."""
        line = first
        for word in text.split():
            if len(line) + len(word) > WIDTH and line.strip('# '):
                self.out.append(line.rstrip())
                line = following
            line += word + ' '
        self.out.append(line.rstrip())

    # groups

    def tree(self, settings):
        """{'a.b.c': Value} as nested dictionaries, in the order of keys.ORDER."""
        root = {}
        order = sorted(settings.values, key=lambda p: keys.ORDER[f'{settings.scope}.{p}' if settings.scope else p])
        for path in order:
            node = root
            *groups, last = path.split('.')
            for group in groups:
                node = node.setdefault(group, {})
            node[last] = settings.values[path]
        return root

    def group(self, depth, node, path=''):
        for key, value in node.items():
            below = f'{path}.{key}' if path else key
            if isinstance(value, Value):
                self.line(depth, f'{key}: {shown(value.value)}', value)
            elif FLOW.search(below) and all(isinstance(v, Value) for v in value.values()):
                text = ', '.join(f'{k}: {shown(v.value)}' for k, v in value.items())
                places = list(dict.fromkeys(p for v in value.values() for p in v.places))
                note = '; '.join(dict.fromkeys(v.note for v in value.values() if v.note))
                self.line(depth, f'{key}: {{{text}}}', Value(None, places, note))
            else:
                self.line(depth, f'{key}:')
                self.group(depth + 1, value, below)

    # ports

    def new_port(self, interface, place, mtu):
        device = self.devices.get(interface, interface)
        if ',' not in device and ':' not in device:
            device = f'net_af_packet{len(self.ports)},iface={device}'
        port = {'device': Value(device, place), 'kind': Value('access', []), }
        if mtu is not None:
            port['mtu'] = mtu
        return name_of(interface), port

    def collect_ports(self):
        for client in self.system.clients:
            for link in client.links:
                for interface, line in link.ports:
                    found = VLAN.match(interface)
                    if found and len(link.ports) == 1:
                        vlan = '.'.join(v for v in found.groups()[1:] if v)
                        link.own.values['vlan'] = Value(vlan, [line.place])
                        interface = found[1]
                    if interface not in self.ports:
                        self.ports[interface] = self.new_port(interface, [line.place], client.port_mtu)
                link.names = [self.port_name(i) for i, _ in link.ports]

    def port_name(self, interface):
        found = VLAN.match(interface)
        return self.ports[interface if interface in self.ports or not found else found[1]][0]

    # the whole

    def header(self):
        files = list(dict.fromkeys(line.file.rsplit('/', 1)[-1] for line in self.system.lines))
        self.comment(f'Made by hawser-import from {", ".join(files) or "nothing"}. Behind # stands the source line of each key; what '
                     'could not be carried over is at the end.', following='# ')

    def write_process(self):
        if self.secrets_file:
            self.line(0, f'secrets_file: {quoted(self.secrets_file)}')
        if not self.system.process.values:
            return
        self.line(0, 'process:')
        self.group(1, self.tree(self.system.process))

    def write_ports(self):
        self.out.append('')
        rates = all('line.rate' in link.own.values for client in self.system.clients for link in client.links)
        self.comment('Ports: devices bear the names of the old system; put a PCI address (0000:03:00.0) in place of a net_af_packet '
                     'device for speed.' + ('' if rates else ' The files do not say how fast each line is: "line: {rate: 20 Mbit/s}", '
                                            'a little below what the modem sends at, lets hawser divide and pace.'), following='# ')
        self.line(0, 'ports:')
        for name, port in self.ports.values():
            self.line(1, f'{name}:')
            for key, value in port.items():
                self.line(2, f'{key}: {shown(value.value)}', value)
        self.comment('The way to the kernel of this machine, in place of the tun, ng or ppp interface of the old system: ip address '
                     f'add 10.255.0.2/30 dev {self.system.kernel}; ip link set {self.system.kernel} up; ip route add default via 10.255.0.1', '  # ', '  # ')
        self.line(1, 'kernel:')
        self.line(2, f'device: "net_tap0,iface={self.system.kernel}"')
        self.line(2, 'kind: ip')
        self.line(2, 'addresses: [10.255.0.1/30]')

    def write_client(self, client):
        self.line(1, f'{client.name}:')
        self.group(2, self.tree(client.settings))
        self.line(2, 'links:')
        for link in client.links:
            self.line(3, f'{link.name}:')
            places = list(dict.fromkeys(line.place for _, line in link.ports))
            self.line(4, f'ports: {shown(link.names)}', Value(None, places))
            self.group(4, self.tree(link.own))

    def write_hooks(self):
        if not self.system.hooks:
            return
        self.out.append('')
        self.line(0, 'hooks:')
        for number, (events, argv, line) in enumerate(self.system.hooks, 1):
            self.line(1, f'hook{number}:')
            self.line(2, f'events: {shown(events)}')
            self.line(2, f'run: {shown(argv)}', Value(None, [line.place]))

    def write_left(self, title, lines):
        if not lines:
            return
        self.out.append('')
        self.comment(title)
        for line, reasons in sorted(lines.values(), key=lambda x: (x[0].file, x[0].number)):
            self.comment(f'{line.place}: {masked(line.text)}: {reason_text(reasons)}', '#   ', '#       ')

    def text(self):
        self.collect_ports()
        self.header()
        self.write_process()
        self.write_ports()
        if self.system.clients:
            self.out.append('')
            self.line(0, 'clients:')
        for client in self.system.clients:
            self.write_client(client)
        self.write_hooks()
        self.write_left('Not carried over, and why:', self.system.left)
        self.write_left('So without a key:', self.system.needless)
        return '\n'.join(self.out) + '\n'
