# SPDX-License-Identifier: BSD-3-Clause
"""The command: files in, YAML on standard output, remarks on standard error."""
import argparse
import os
import pathlib
import stat
import sys

from . import detect, gentoo, interfaces, mpd, packet_filter, ppp_conf, pppd
from .listing import lines_of
from .model import System
from .source import Line, Remarks
from .yaml_writer import Writer, quoted

READERS = {detect.PPP: ppp_conf, detect.MPD: mpd, detect.PPPD: pppd, detect.GENTOO: gentoo}
SIZE_MAX = 1 << 20


class Refused(Exception):
    """Nothing can be made of this; the text says why."""


def text_of(path):
    try:
        data = pathlib.Path(path).read_bytes() if path != '-' else sys.stdin.buffer.read(SIZE_MAX + 1)
    except OSError as e:
        raise Refused(f'{path}: {e.strerror}') from None
    if len(data) > SIZE_MAX:
        raise Refused(f'{path}: larger than a configuration is')
    if b'\0' in data:
        raise Refused(f'{path}: is no text')
    try:
        return data.decode('utf-8-sig')
    except UnicodeDecodeError:
        return data.decode('latin-1')


def import_files(texts, section=None):
    """texts: {name: content} of one system. A System with everything that was understood; Refused."""
    remarks = Remarks()
    kinds = {}
    for name, text in texts.items():
        lines = lines_of(name, text, remarks)
        kind = detect.kind_of(name, lines)
        if kind is None:
            raise Refused(f'{name}: is neither of ppp, mpd, pppd, Gentoo\'s net, Debian\'s interfaces, PF nor iptables')
        kinds.setdefault(kind, []).append((name, lines))
    systems = [k for k in detect.DIALLERS if k in kinds]
    if len(systems) > 1:
        found = ', '.join(f'{kinds[k][0][0]} is one of {k}' for k in systems)
        raise Refused(f'files of more than one system, which are imported one by one: {found}')
    system = System(remarks)
    if systems:
        READERS[systems[0]].read(system, kinds[systems[0]], section)
    if detect.INTERFACES in kinds:
        interfaces.read(system, kinds[detect.INTERFACES])
    packet_filter.read(system, kinds.get(detect.PF, []), kinds.get(detect.IPTABLES, []))
    system.finish()
    if section is not None and not system.clients:
        raise Refused(f'no section is called {section}, or it has no PPPoE line')
    if not system.clients:
        remarks.add(Line(next(iter(texts)), 0, ''), 'no PPPoE line was found: the result has no client')
    return system


def secret_values(system):
    """(user name, settings, path, Value) of each password."""
    for client in system.clients:
        for settings in (client.settings, *(link.own for link in client.links)):
            value = settings.values.get('password')
            if value is not None:
                yield settings.get('username', client.settings.get('username')), settings, 'password', value
        theirs = client.settings.values.get('peer_password')
        if theirs is not None:
            yield client.settings.get('peer_username'), client.settings, 'peer_password', theirs


def take_secrets(system):
    """Takes the passwords out: {user name: password}. Those of one user that differ stay where they are."""
    found = list(secret_values(system))
    of_user = {}
    for user, _, _, value in found:
        of_user.setdefault(user, set()).add(value.value)
    one = {user: next(iter(passwords)) for user, passwords in of_user.items() if user is not None and len(passwords) == 1}
    for user, settings, path, _ in found:
        if user in one:
            del settings.values[path]
    return one


def write_secrets(path, secrets):
    """A file that nobody else can read, from its first moment on."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as e:
        raise Refused(f'{path}: {e.strerror}') from None
    with os.fdopen(fd, 'w') as f:
        f.writelines(f'{quoted(user)}: {quoted(password)}\n' for user, password in secrets.items())


def close_to_others(out):
    """Passwords go to out: where that is a file others may read, that ends before the first byte. A remark, or None."""
    try:
        mode = os.fstat(out.fileno()).st_mode
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(mode) or not stat.S_IMODE(mode) & 0o077:
        return None
    try:
        os.fchmod(out.fileno(), 0o600)
    except OSError as e:
        raise Refused(f'standard output is a file that others may read, and it stays so ({e.strerror}): see --secrets') from None
    return 'passwords stand in the output: the file now has mode 0600'


def pairs_of(words):
    pairs = {}
    for word in words:
        old, equals, new = word.partition('=')
        if not equals or not old or not new:
            raise Refused(f'--port {word}: must be OLD=NEW')
        pairs[old] = new
    return pairs


def arguments(argv):
    parser = argparse.ArgumentParser(
        prog='hawser-import', allow_abbrev=False,
        description='Makes hawser YAML of the configuration of ppp, mpd, pppd, Gentoo\'s net, PF or iptables. YAML goes to '
        'standard output, remarks to standard error.')
    parser.add_argument('files', nargs='+', metavar='FILE', help='files of one system; - is standard input')
    parser.add_argument('--secrets', metavar='FILE', help='write the passwords into this new file, with mode 0600, instead of the YAML')
    parser.add_argument('--port', action='append', default=[], metavar='OLD=NEW',
                        help='interface of the old system and its name, or DPDK device, on the new one')
    parser.add_argument('--section', metavar='NAME', help='only this label (ppp, mpd), peer (pppd) or interface (Gentoo)')
    return parser.parse_args(argv)


def run(argv, out, err):
    args = arguments(argv)
    if len(set(args.files)) != len(args.files):
        raise Refused('a file is named twice')
    system = import_files({name: text_of(name) for name in args.files}, args.section)
    secrets = take_secrets(system) if args.secrets else {}
    secrets_file = args.secrets if secrets else None
    if secrets_file:
        write_secrets(secrets_file, secrets)
    text = Writer(system, pairs_of(args.port), secrets_file).text()
    for remark in system.remarks.sorted(args.files):
        print(remark, file=err)
    if any(True for _ in secret_values(system)):
        said = close_to_others(out)
        if said:
            print(f'hawser-import: {said}', file=err)
    out.write(text)
    out.flush()
    return 0


def main():
    try:
        return run(sys.argv[1:], sys.stdout, sys.stderr)
    except Refused as why:
        print(f'hawser-import: {why}', file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 1
