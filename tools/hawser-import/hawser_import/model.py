# SPDX-License-Identifier: BSD-3-Clause
"""What was understood of a system: a process, ports and clients with their links. Each value knows the source lines that ask
for it, and each source line what became of it: a key, a comment, or a reason why it needs none."""
import dataclasses
import re

from . import keys

NAME_MAX = 31
HOOKS_MAX, HOOK_ARGS_MAX = 16, 32
# Keys that a client and its links both have: what all links agree on is said once.
INHERITED = ('username', 'password', 'redial.delay', 'redial.increment', 'redial.limit', 'redial.jitter', 'redial.attempts',
             'redial.carrier_wait')


class Secret(str):
    """A password: never in a remark or comment."""


@dataclasses.dataclass
class Value:
    value: object
    places: list
    note: str = ''
    line: object = None  # the last source line


def name_of(text):
    """text as a name of hawser's: letters, digits, '_', '-' and '.'."""
    name = re.sub(r'[^A-Za-z0-9_.-]', '_', text)[:NAME_MAX]
    return name if name and name[0] not in '-.' else '_' + name[:NAME_MAX - 1]


class Settings:
    """Keys of one object. scope is where they stand in keys.KEYS: clients, clients.links, ports, process."""

    def __init__(self, system, scope):
        self.system, self.scope, self.values = system, scope, {}

    def set(self, path, value, line, note=''):
        """The last word counts, as in every file that is read here."""
        full = f'{self.scope}.{path}' if self.scope else path
        why = keys.out_of_range(full, value)
        if why:
            self.system.leave(line, f'{full} {why}')
            return
        self.system.keyed(line)
        old = self.values.get(path)
        if old is not None and old.value == value:
            if line.place not in old.places:
                old.places.append(line.place)
            old.note = old.note or note
        else:
            self.values[path] = Value(value, [line.place] if line.number else [], note, line)

    def policy(self, path, line, want=None, allow=None):
        if want is not None:
            self.set(f'{path}.want', want, line)
        if allow is not None:
            self.set(f'{path}.allow', allow, line)

    def get(self, path, default=None):
        return self.values[path].value if path in self.values else default


def scalar(value):
    """A value as it stands in YAML, without quotes."""
    if isinstance(value, bool):
        return 'yes' if value else 'no'
    if isinstance(value, (list, tuple)):
        return '[' + ', '.join(scalar(v) for v in value) + ']'
    return str(value)


def authenticate(system, client, said):
    """said: method -> (accepted, line). Methods that no line names stay as hawserd has them."""
    accepted = [m for m in keys.AUTHENTICATION if (said[m][0] if m in said else m in keys.AUTHENTICATION_DEFAULT)]
    for method, (value, line) in said.items():
        if not value and method not in keys.AUTHENTICATION_DEFAULT:
            system.no_need(line, f'{method} is not accepted unless clients.authentication names it')
        else:
            client.settings.set('authentication', accepted, line)


NOT_ASKED = 'no peer is asked to authenticate unless peer_authentication names a method'


def ask(system, said, method, wanted, line, option=''):
    """Notes that the peer must prove itself by a method, or need not: said is method -> (wanted, line)."""
    said[method] = wanted, line
    if wanted:
        system.keyed(line)
    else:
        system.no_need(line, NOT_ASKED, option)


def demand(client, said):
    """said: as ask() left it."""
    methods = [m for m in keys.AUTHENTICATION if m in said and said[m][0]]
    for wanted, line in said.values():
        if wanted:
            client.settings.set('peer_authentication', methods, line)


class Link:
    """One line. ports are interfaces of the old system, in order of preference."""

    def __init__(self, system, name, line):
        self.name, self.line, self.ports = name_of(name), line, []
        self.own = Settings(system, 'clients.links')
        self.shared = []  # (path, value, line, note): asked for at the link, but hawser's client has it

    def share(self, path, value, line, note=''):
        self.shared.append((path, value, line, note))

    def share_policy(self, path, line, want=None, allow=None):
        for part, value in (('want', want), ('allow', allow)):
            if value is not None:
                self.share(f'{path}.{part}', value, line)

    def port(self, interface, line):
        self.ports.append((interface, line))


class Client:
    def __init__(self, system, name):
        self.system, self.name = system, name_of(name)
        self.settings = Settings(system, 'clients')
        self.links = []
        self.port_mtu = None  # (mtu, line): what its ports get

    def new_link(self, name, line):
        link = Link(self.system, name, line)
        self.links.append(link)
        return link

    def adopt(self):
        """Takes what the links ask of the client; says where they differ."""
        said_by = {}
        for link in self.links:
            for path, value, line, note in link.shared:
                old = self.settings.values.get(path)
                if old is not None and old.value != value and said_by.get(path) is not link:
                    self.system.leave(line, f'the links of a client have one {path}, and it is {scalar(old.value)} already')
                    continue
                self.settings.set(path, value, line, note)
                said_by.setdefault(path, link)
        self._hoist()

    def settle(self):
        """What hawserd asks of a client as a whole."""
        self._logins()
        self._peer()
        self._redial()
        self._dial()
        self._bandwidth()
        self._network()
        self._mss()
        self._lines()
        if self.settings.get('multilink.endpoint.class') in ('none', 'auto'):
            self.settings.values.pop('multilink.endpoint.value', None)

    def _logins(self):
        """hawserd wants a login for each link, unless the peer may ask for none: a placeholder where the files have none."""
        mine = self.settings.values
        if 'authentication' in mine and not mine['authentication'].value:
            return
        bare = [link.own.values for link in self.links if 'username' not in link.own.values]
        if bare and 'username' not in mine:
            mine['username'] = Value('user', [], 'not in the files that were given: put yours here')
            self.system.remarks.add(self.links[0].line, f'client {self.name} has no user name: a placeholder stands in the result')
        without = [v for v in (mine, *(link.own.values for link in self.links)) if 'username' in v and 'password' not in v]
        for values in without:
            if values is mine and not bare:
                continue
            values['password'] = Value(Secret('change-me'), [], 'not in the files that were given: put yours here')
            self.system.remarks.add(self.links[0].line, f'no password of {values["username"].value} was given: a placeholder stands '
                                    'in the result')

    def _peer(self):
        """hawserd wants a password for a peer that must prove itself, and one that is not ours."""
        mine = self.settings.values
        asked, theirs = mine.get('peer_authentication'), mine.get('peer_password')
        if asked is None:
            for path in ('peer_username', 'peer_password', 'peer_rechallenge'):
                mine.pop(path, None)
            return
        if not set(asked.value) - {'pap'}:
            mine.pop('peer_rechallenge', None)
        ours = [v['password'].value for v in (mine, *(link.own.values for link in self.links)) if 'password' in v]
        if theirs is None:
            why = 'its password was not given'
        elif theirs.value in ours:
            why = 'its password is ours too, and each direction needs its own'
        else:
            return
        mine['peer_password'] = Value(Secret('change-me-too'), [], 'to be given to the peer, too')
        self.system.remarks.add(asked.line, f'the peer must authenticate itself, and {why}: a placeholder stands in the result')

    def _redial(self):
        """hawserd refuses a delay that is longer than its limit, which is a minute where nothing is said."""
        for settings in (self.settings, *(link.own for link in self.links)):
            delay = settings.values.get('redial.delay')
            limit = settings.get('redial.limit', self.settings.get('redial.limit', '60 s'))
            if delay is not None and keys.amount(delay.value) > keys.amount(limit):
                settings.values['redial.limit'] = Value(delay.value, delay.places, '', delay.line)

    def _dial(self):
        """hawserd closes an idle bundle only where it is not dialled again at once, and dials for packets only where some are routed."""
        dial, idle = (self.settings.values.get(k) for k in ('dial', 'idle_timeout'))
        if dial is not None and dial.value == 'on-demand' and self.settings.get('default_route') is False and \
                not self.settings.get('routes'):
            self.system.leave(dial.line, 'dial: on-demand needs a default route or routes through the client: no packet would ever dial')
            del self.settings.values['dial']
        if idle is not None and idle.value != 'never' and self.settings.get('dial', 'always') == 'always':
            self.system.leave(idle.line, f'idle_timeout: {idle.value} closes a bundle that the first packet, or somebody, dials (dial: '
                              'on-demand or manual); this one is always dialled again')
            del self.settings.values['idle_timeout']

    def _bandwidth(self):
        """hawserd wants to know what each line can carry, each link in the order, and the low water below the high."""
        group = {k: v for k, v in self.settings.values.items() if k.startswith('bandwidth_management.')}
        if not group:
            return
        value = {k.rsplit('.', 1)[1]: v.value for k, v in group.items()}
        why = None
        if any('line.rate' not in link.own.values for link in self.links):
            why = 'bandwidth_management needs the rate of each line: say line: {rate: ...} at each link, then this key'
        elif value.get('low_water', 20) >= value.get('high_water', 80):
            why = 'the low water is not below the high one'
        for path, entry in group.items() if why else ():
            self.system.leave(entry.line, f'{why}: {path}: {scalar(entry.value)}')
            del self.settings.values[path]
        order = self.settings.values.get('bandwidth_management.links')
        if order is not None:
            order.value = [*dict.fromkeys(order.value), *(k.name for k in self.links if k.name not in order.value)]

    def _mss(self):
        """A segment that does not fit the packets that are sent."""
        mtu = self.settings.get('ip_mtu')
        for family, headers in (('v4', 40), ('v6', 60)):
            value = self.settings.values.get(f'mss.{family}')
            if isinstance(mtu, int) and value is not None and isinstance(value.value, int) and value.value > mtu - headers:
                self.system.remarks.add(value.line, f'an MSS of {value.value} does not fit an MTU of {mtu}; without the key mss.{family} '
                                        f'it is {mtu - headers}')

    def _network(self):
        """hawserd refuses a client that carries neither IPv4 nor IPv6."""
        refused = [self.settings.values.get(f'network.{f}.allow') for f in ('ipv4', 'ipv6')]
        if all(v is not None and v.value is False for v in refused):
            self.system.leave(refused[1].line, 'a client carries IPv4, IPv6 or both: with this line it would be neither')
            for part in ('want', 'allow'):
                self.settings.values.pop(f'network.ipv6.{part}', None)

    def _lines(self):
        """hawserd knows a latency only beside a rate."""
        for link in self.links:
            if 'line.latency' in link.own.values and 'line.rate' not in link.own.values:
                value = link.own.values.pop('line.latency')
                self.system.leave(value.line, 'a latency counts beside a rate only: see line.rate')

    def _hoist(self):
        for path in INHERITED:
            found = [link.own.values.get(path) for link in self.links]
            if not found or None in found or path in self.settings.values:
                continue
            if path == 'password' and 'username' not in self.settings.values:
                continue  # a password stands beside its user name
            if all(v.value == found[0].value for v in found):
                places = list(dict.fromkeys(p for v in found for p in v.places))
                note = next((v.note for v in found if v.note), '')
                self.settings.values[path] = Value(found[0].value, places, note)
                for link in self.links:
                    del link.own.values[path]


class System:
    """Everything that was read, and what became of each line."""

    def __init__(self, remarks):
        self.remarks = remarks
        self.process = Settings(self, 'process')
        self.clients = []
        self.left = {}      # line -> reasons why it could not be carried over
        self.needless = {}  # line -> reasons why it needs no key
        self.with_key = set()
        self.lines = []     # statements: each must end in one of the above
        self.kernel = 'hawser0'
        self.hooks = []     # ([event], [program, argument...], line)

    def client(self, name):
        base, number, taken = name_of(name), 2, {c.name for c in self.clients}
        name = base
        while name in taken:
            name = f'{base[:NAME_MAX - 3]}-{number}'
            number += 1
        self.clients.append(Client(self, name))
        return self.clients[-1]

    def hook(self, line, event, argv):
        """A program that was run when a bundle came or went."""
        if not argv or not argv[0].startswith('/'):
            self.leave(line, 'a hook needs the absolute path of a program: no shell looks for it')
        elif len(self.hooks) == HOOKS_MAX or len(argv) > HOOK_ARGS_MAX or any(not 1 <= len(a.encode()) <= 1024 for a in argv):
            self.leave(line, f'more than the {HOOKS_MAX} hooks or {HOOK_ARGS_MAX} arguments that hawserd takes, or too long')
        else:
            self.keyed(line)
            self.hooks.append(([event], argv, line))
            self.remarks.add(line, f'is run as a hook at {event}, with its facts in the environment (hawserd(8)) and these arguments only')

    def statement(self, line):
        self.lines.append(line)
        return line

    def keyed(self, line):
        self.with_key.add((line.file, line.number))

    def leave(self, line, why, part=''):
        """The line, or the part of it that is named, could not be carried over."""
        if self.note(self.left, line, why, part):
            self.remarks.add(line, f'not carried over: {part + ": " if part else ""}{why}')

    def no_need(self, line, why, part=''):
        """hawser does what the line, or the part of it that is named, asks without a key."""
        self.note(self.needless, line, why, part)

    @staticmethod
    def note(notes, line, why, part):
        part = '' if line.text.split()[:1] == [part] else part
        parts = notes.setdefault((line.file, line.number, line.text), (line, {}))[1].setdefault(why, [])
        if part in parts:
            return False
        parts.append(part)
        return True

    def accounted(self, line):
        where = (line.file, line.number)
        return where in self.with_key or any(k[:2] == where for k in (*self.left, *self.needless))

    def one_default_route(self):
        """Of several clients one has it: the first that asks, or else the first. hawserd gives it to a client that says nothing."""
        asking = [c for c in self.clients if c.settings.get('default_route') is True]
        silent = [c for c in self.clients if c.settings.get('default_route') is None]
        first = (asking or silent or [None])[0]
        for client in (c for c in asking + silent if c is not first):
            old = client.settings.values.get('default_route')
            places = old.places if old else []
            client.settings.values['default_route'] = Value(False, places, f'client {first.name} has the default route')

    def finish(self):
        for client in self.clients:
            client.adopt()
        self.one_default_route()
        for client in self.clients:
            client.settle()
        for line in self.lines:
            if not self.accounted(line):
                self.leave(line, 'not known to hawser-import')
