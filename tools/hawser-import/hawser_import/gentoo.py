# SPDX-License-Identifier: BSD-3-Clause
"""Gentoo's /etc/conf.d/net: shell variables that end in the interface's name; pppd_pppN holds options of pppd."""
import re

from . import pppd
from .listing import mended
from .model import Secret
from .source import Line

ASSIGN = re.compile(r'(\w+)=(.*)$', re.S)
NAME = re.compile(r'([a-z]+(?:_[a-z]+)*)_(ppp\d+)$')
OTHER = re.compile(r'(config|routes|dns\w*|link|plugins|modules|bridge|essid|mac|mtu|preup|postup|predown|postdown|depend\w*|rc\w*)_')
CONFIG_WORDS = {'broadcast', 'netmask', 'brd', 'dhcp', 'null', 'default', 'via', 'gw', '(', ')', '")'}
QUOTED = re.compile(r'"([^"]*)"|\'([^\']*)\'|([^\s()"\']+)')


def config_known(word):
    return word in CONFIG_WORDS or re.fullmatch(r'\w+=\(?|["(\']?[\d./]+[")\']*', word) is not None


def values_of(lines, remarks):
    """name -> [(value, Line)] of each assignment; arrays and strings over several lines give one value a line."""
    found, open_name, closing = [], None, None
    for line in lines:
        text = line.text
        if not text or text.startswith('#'):
            continue
        if open_name is None:
            match = ASSIGN.match(text)
            if match is None:
                found.append((None, [(text, line)]))
                continue
            name, rest = match[1], match[2].strip()
            entry = (name, [])
            found.append(entry)
            if rest.startswith('('):
                open_name, closing, rest = entry, ')', rest[1:]
            elif rest[:1] and rest[0] in '"\'' and rest.count(rest[0]) == 1:
                open_name, closing, rest = entry, rest[0], rest[1:]
            else:
                entry[1].extend((v, line) for v in pieces(rest))
                continue
            text = rest
        if closing == ')':
            end = closes(text)
            body = text if end is None else text[:end]
            open_name[1].extend((v, line) for v in pieces(body))
            if end is not None:
                open_name = None
        else:
            end = text.find(closing)
            body = (text if end < 0 else text[:end]).strip()
            if body:
                open_name[1].append((body, line))
            if end >= 0:
                open_name = None
    if open_name is not None:
        remarks.add(lines[-1], f'the value of {open_name[0]} is not closed')
    return found


def closes(text):
    """Where the parenthesis outside of quotes stands; None: there is none."""
    quote = None
    for i, c in enumerate(text):
        if quote:
            quote = None if c == quote else quote
        elif c in '"\'':
            quote = c
        elif c == '#':
            return None
        elif c == ')':
            return i
    return None


def pieces(text):
    """Quoted strings and words; a comment ends it."""
    out = []
    for m in QUOTED.finditer(text):
        if m[3] is not None and m[3].startswith('#'):
            break
        value = next(g for g in m.groups() if g is not None)
        out.append(' '.join(value.split()))
    return out


class Reader:
    def __init__(self, system):
        self.system, self.pppd, self.peers = system, pppd.Reader(system), {}

    def peer(self, name, line):
        if name not in self.peers:
            self.peers[name] = pppd.Peer(name, line)
        return self.peers[name]

    def assignment(self, name, values):
        first = self.system.statement(values[0][1]) if values else None
        found = NAME.match(name)
        if found is None or first is None:
            for _, line in values:
                self.system.statement(line)
                self.system.leave(mended(line, config_known, self.system.remarks), self.why(name))
            return
        variable, interface = found.groups()
        handler = getattr(self, 'do_' + variable, None)
        if handler is None:
            self.system.leave(first, f'{variable} has no counterpart')
            return
        handler(self.peer(interface, first), values)

    def why(self, name):
        if OTHER.match(name):
            return 'other interfaces stay with the kernel'
        return f'{name} has no counterpart'

    def do_config(self, peer, values):
        if values[0][0] == 'ppp':
            self.system.no_need(values[0][1], 'a link of a client')
        else:
            self.system.leave(values[0][1], 'only "ppp" is understood')

    def do_link(self, peer, values):
        peer.interface = values[0]
        self.system.keyed(values[0][1])

    def do_plugins(self, peer, values):
        for value, line in values:
            if value.split()[:1] == ['pppoe']:
                peer.pppoe = True
                self.system.no_need(line, 'hawser speaks PPPoE')
            else:
                self.system.leave(line, f'plugin {value} has no counterpart')

    def do_username(self, peer, values):
        peer.user = values[0]

    def do_password(self, peer, values):
        peer.password = Secret(values[0][0]), values[0][1]

    def do_pppd(self, peer, values):
        self.pppd.options(peer, [Line(line.file, line.number, value) for value, line in values])

    def do_depend(self, peer, values):
        self.system.no_need(values[0][1], 'hawserd waits for a carrier by itself')


def read(system, files, section=None):
    reader = Reader(system)
    for _, lines in files:
        for name, values in values_of(lines, system.remarks):
            if name is None:
                line = system.statement(values[0][1])
                system.leave(line, 'is no assignment' if not line.text.startswith('cat ') else
                             'a command that shows the file, copied with it')
            else:
                reader.assignment(name, values)
    reader.pppd.peers = [p for n, p in sorted(reader.peers.items()) if section in (None, n)]
    reader.pppd.finish()
