# SPDX-License-Identifier: BSD-3-Clause
"""docs/migrating.md against the tool and hawserd.

A fenced block behind <!-- file: NAME/FILE --> is that file of tests/import/guide; one behind <!-- made from: NAME --> is what
hawser-import prints of all files of NAME; one behind <!-- config --> is a configuration. In the tables below <!-- rows: KIND -->
each row is put alone through the tool: a second cell with `key: value` is what it must become, any other one says that it has no
key. `test_guide.py --write` fills the blocks, for a person to read.
"""
import re
import sys

from support import HERE, ROOT, Case, Result

from hawser_import import keys
from hawser_import.model import scalar

DOC = ROOT / 'docs' / 'migrating.md'
GUIDE = HERE / 'guide'
BLOCK = re.compile(r'<!-- (file|made from|config)(?:: (\S+))? -->\n```(\w*)\n(.*?)```\n', re.S)
TABLE = re.compile(r'<!-- rows: (\w+) -->\n((?:\|.*\n)+)')
KEY = re.compile(r'`([\w.]+): ([^`]+)`')
OBJECTS = {'links.L1.': 'links.NAME.', 'links.isp.': 'links.NAME.', 'links.deflink.': 'links.NAME.', 'links.ppp0.': 'links.NAME.'}

PPP = 'isp:\n set device PPPoE:em0\n set authname u\n set authkey p\n {}\n'
PEER = 'plugin rp-pppoe.so eth0\nuser u\npassword p\n'
MPD = ('default:\n create bundle static B1\n {bundle}\n create link static L1 pppoe\n set pppoe iface em0\n set auth authname u\n set auth '
       'password p\n set link action bundle B1\n {link}\n')


def made_from(name):
    files = sorted((GUIDE / name).iterdir())
    return Result({p.name: p.read_text() for p in files}).yaml()


def content(kind, name, text):
    if kind == 'file':
        return (GUIDE / name).read_text()
    return made_from(name) if kind == 'made from' else text


def alone(kind, statement):
    """The result of one directive of a table."""
    lines = statement.split(' / ')
    if kind == 'ppp':
        return Result({'ppp.conf': PPP.format('\n '.join(lines))})
    if kind == 'linkup':
        return Result({'ppp.conf': PPP.format(''), 'ppp.linkup': '\n '.join(lines)})
    if kind == 'mpd4':
        return Result({'mpd.conf': 'startup:\n ' + '\n '.join(k for k in lines if 'console' in k) + '\ndefault:\n new B1 L1\n ' +
                       '\n '.join(k for k in lines if k.startswith(('set bundle', 'set iface'))) + '\n', 'mpd.links': 'L1:\n set link type '
                       'pppoe\n set pppoe iface em0\n set auth authname u\n set auth password p\n ' +
                       '\n '.join(k for k in lines if not k.startswith(('set bundle', 'set iface', 'set console'))) + '\n'})
    if kind == 'mpd5':
        at = {'bundle': '', 'link': ''}
        at['bundle' if lines[0].startswith(('set bundle', 'set iface', 'set ipcp')) else 'link'] = '\n '.join(lines)
        if 'bw-manage' in statement:
            at['link'] = 'set link bandwidth 10000000'
        return Result({'mpd.conf': MPD.format(**at)})
    if kind == 'pppd':
        return Result({'isp': PEER + '\n'.join(lines) + '\n'})
    if kind == 'gentoo':
        return Result({'net': 'config_ppp0=( "ppp" )\nlink_ppp0="eth9"\n' + '\n'.join(lines) + '\n'})
    if kind == 'debian':
        return Result({'isp': PEER, 'interfaces': 'auto isp\niface isp inet ppp\n' + '\n'.join(lines) + '\n'})
    return Result({'isp': PEER, {'pf': 'pf.conf', 'iptables': 'mss.sh'}[kind]: '\n'.join(lines) + '\n'})


def shown(values):
    """Keys as the tables write them."""
    out = {}
    for key, value in values.items():
        for prefix, general in OBJECTS.items():
            key = key.replace(prefix, general)
        out[key] = scalar(value)
    return out


def rows_of(text):
    for kind, table in TABLE.findall(text):
        for line in table.splitlines()[2:]:
            cells = [c.strip() for c in line.strip().strip('|').split(' | ')]
            yield kind, re.findall(r'`([^`]+)`', cells[0]), cells[1], line


class Guide(Case):
    def setUp(self):
        super().setUp()
        self.text = DOC.read_text()

    def test_files_are_those_of_the_fixtures_and_yaml_is_what_the_tool_prints(self):
        seen = set()
        for kind, name, _, text in BLOCK.findall(self.text):
            with self.subTest(block=f'{kind} {name}'):
                self.assertEqual(text, content(kind, name, text))
                seen.add(name)
        expected = {str(p.relative_to(GUIDE)) for p in GUIDE.glob('*/*')} | {p.name for p in GUIDE.iterdir()}
        self.assertEqual(expected - seen, set(), 'fixtures that the guide does not show')

    def test_hawserd_takes_every_yaml_block(self):
        for kind, name, language, text in BLOCK.findall(self.text):
            if language == 'yaml':
                with self.subTest(block=f'{kind} {name}'):
                    self.accepted(text)
        self.assertEqual(len(re.findall(r'^```yaml', self.text, re.M)), len([b for b in BLOCK.findall(self.text) if b[2] == 'yaml']))

    def test_each_row_of_a_table_is_what_the_tool_does(self):
        for kind, statements, said, line in rows_of(self.text):
            for statement in statements:
                with self.subTest(row=line, statement=statement):
                    self.row(kind, statement, said)

    def row(self, kind, statement, said):
        result = alone(kind, statement)
        values, wanted = shown(result.values()), KEY.findall(said)
        for key, value in wanted:
            full = self.full_name(key)
            self.assertIn(full, keys.KEYS)
            self.assertEqual(self.value(values, result, key), value)
        if not wanted:
            self.assertTrue(result.left or result.needless, 'said to have no key, and nothing is said of it')
            base = set(shown(alone(kind, '').values()))
            self.assertEqual(set(values) - base, set(), 'said to have no key')
        self.accepted(result.yaml())

    @staticmethod
    def full_name(key):
        key = key.replace('links.NAME.', 'links.').replace('ports.NAME.', 'ports.')
        return key if key.startswith(('process.', 'ports.')) else f'clients.{key}'

    @staticmethod
    def value(values, result, key):
        if key == 'ports.NAME.mtu':
            return scalar(result.client().port_mtu.value)
        return values.get(key)

    def test_every_directive_table_has_rows(self):
        kinds = {kind for kind, *_ in rows_of(self.text)}
        self.assertEqual(kinds, {'ppp', 'linkup', 'mpd4', 'mpd5', 'pf', 'iptables', 'gentoo', 'debian', 'pppd'})


if __name__ == '__main__' and '--write' in sys.argv:
    DOC.write_text(BLOCK.sub(lambda m: f'<!-- {m[1]}{": " + m[2] if m[2] else ""} -->\n```{m[3]}\n{content(m[1], m[2], m[4])}```\n',
                             DOC.read_text()))
