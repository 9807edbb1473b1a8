# SPDX-License-Identifier: BSD-3-Clause
"""The listings of the two documents that hawser follows, word for word as they stand there, with what became of them.

tests/import/listings/NAME holds the files, tests/import/expected/NAME.yaml and NAME.remarks what is printed of them.
`test_listings.py --write` writes those anew, for a person to read.
"""
import sys

from support import HERE, Case, Result

LISTINGS = HERE / 'listings'
EXPECTED = HERE / 'expected'
# Listings that belong to one system: a packet filter's stand beside a dialler's.
SETS = {
    'ppp-default': ['ppp-default'], 'ppp-posted': ['ppp-posted'], 'mpd4': ['mpd4'], 'mpd5': ['mpd5'],
    'mpd-chapter': ['mpd-chapter'], 'ppp-pf': ['ppp-default', 'pf'], 'gentoo-iptables': ['gentoo', 'iptables'], 'debian': ['debian'],
    'debian-userspace': ['debian-userspace'],
}
# What is wrong in the listings, and must be named: (set, file:line, what the remark says).
FAULTS = (
    ('ppp-default', 'ppp.conf:3', 'read as: ispname:'),
    ('ppp-default', 'ppp.conf:6', '"PPPoe" is written "PPPoE"'),
    ('ppp-default', 'ppp.conf:17', 'read as: set ifaddr 10.1.1.2/0'),
    ('ppp-default', 'ppp.conf:20', 'makes more fragments, not fewer'),
    ('ppp-default', 'ppp.conf:22', 'read as: set server /var/run/ppp-tun%d 0177'),
    ('ppp-default', 'ppp.conf:22', 'the password is missing'),
    ('ppp-default', 'ppp.conf:24', 'read as: link deflink remove'),
    ('ppp-default', 'ppp.conf:25', 'read as: link 1,2 set mode ddial'),
    ('ppp-default', 'ppp.conf:26', 'read as: link 1 set device PPPoE:x10'),
    ('ppp-default', 'ppp.conf:27', 'read as: link 2 set device PPPoE:x11'),
    ('ppp-posted', 'ppp.conf:3', '"ipv6" is no option of ppp; read as: ipv6cp'),
    ('ppp-posted', 'ppp.conf:12', 'read as: Set server /var/run/ppp-tun%d 0177'),
    ('ppp-posted', 'ppp.conf:12', '"Set" is written "set"'),
    ('ppp-posted', 'ppp.conf:12', 'the password is missing'),
    ('ppp-posted', 'ppp.conf:13', 'X.X.X.X is no address but a placeholder'),
    ('ppp-posted', 'ppp.conf:16', '"ipv6" is no option of ppp'),
    ('ppp-posted', 'ppp.conf:18', 'read as: accept pap chap'),
    ('mpd4', 'mpd.conf:4', 'read as: set console open'),
    ('mpd4', 'mpd.conf:8', 'read as: set bundle enable round-robin'),
    ('mpd4', 'mpd.links:7', 'the word "auth" is missing'),
    ('mpd4', 'mpd.links:8', 'read as: set link max-redial 0'),
    ('mpd4', 'mpd.links:13', 'the word "pppoe" is missing'),
    ('mpd4', 'mpd.links:17', 'read as: set link max-redial 0'),
    ('mpd4', 'mpd.links:20', 'no bundle has link 12'),
    ('mpd5', 'mpd.links:2', 'mpd 5 has no mpd.links'),
    ('mpd5', 'mpd.links:9', 'read as: set link max-redial 0'),
    ('mpd5', 'mpd.links:18', 'read as: set link max-redial 0'),
    ('mpd5', 'mpd.links:27', 'read as: set link max-redial 0'),
    ('ppp-pf', 'pf.conf:1', 'read as: Scrub in on $ext_if all fragment reassemble min-ttl 15 max-mss 1440'),
    ('ppp-pf', 'pf.conf:1', '"Scrub" is written "scrub"'),
    ('ppp-pf', 'pf.conf:2', 'read as: Scrub in on $ext_if all no-df'),
    ('ppp-pf', 'pf.conf:3', 'hawser keeps no state of TCP connections'),
    ('gentoo-iptables', 'mss.sh:1', 'goes on in line 2'),
    ('gentoo-iptables', 'mss.sh:10', 'read as: iptables -t mangle -A FORWARD -o ppp0 -p tcp --tcp-flags SYN,RST SYN -m tcpmss --mss 1415: -j '
     'TCPMSS --set-mss 1414'),
    ('gentoo-iptables', 'net:1', 'a command that shows the file'),
    ('gentoo-iptables', 'net:8', 'broadcast 192.168.0.255'),
    ('gentoo-iptables', 'net:37', 'read as: ipcp-accept-remote'),
    ('gentoo-iptables', 'net:38', 'read as: ipcp-accept-local'),
    ('debian', 'dsl-provider:1', 'read as: plugin rp-pppoe.so eth0'),
    ('debian', 'interfaces:5', 'read as: auto dsl-provider'),
    ('debian', 'interfaces:7', 'read as: pre-up /sbin/ifconfig eth0 up'),
    ('debian-userspace', 'dsl-provider:1', 'read as: pty "pppoe -I eth0 -T 80 -m 1452"'),
    ('debian-userspace', 'dsl-provider:1', 'an MSS of 1452 does not fit an MTU of 1442'),
    *(('mpd-chapter', f'mpd.conf:{n}', 'needs a number') for n in (8, 9, 10, 11, 12, 14)),
    ('mpd-chapter', 'mpd.conf:13', 'no PPPoE link of this bundle is called link1'),
    ('mpd-chapter', 'mpd.conf:15', 'option "option" has no counterpart'),
)


def result_of(name):
    files = sorted(p for d in SETS[name] for p in (LISTINGS / d).iterdir())
    return Result({p.name: p.read_text() for p in files})


def printed(name):
    result = result_of(name)
    return result.yaml(), '\n'.join(result.remarks) + '\n'


class Listings(Case):
    def test_results_are_as_expected_and_hawserd_takes_them(self):
        for name in SETS:
            with self.subTest(listing=name):
                yaml, remarks = printed(name)
                self.assertEqual(yaml, (EXPECTED / f'{name}.yaml').read_text())
                self.assertEqual(remarks, (EXPECTED / f'{name}.remarks').read_text())
                self.accepted(yaml)

    def test_each_fault_of_the_listings_is_named_with_file_and_line(self):
        for name, place, said in FAULTS:
            with self.subTest(listing=name, place=place, said=said):
                found = [r for r in result_of(name).remarks if r.startswith(f'{place}:') and said in r]
                self.assertTrue(found, '\n'.join(result_of(name).remarks))

    def test_each_line_has_a_key_or_a_reason(self):
        for name in SETS:
            result = result_of(name)
            for line in result.system.lines:
                with self.subTest(listing=name, place=line.place):
                    self.assertTrue(result.system.accounted(line), line.text)

    def test_each_line_with_text_was_a_statement(self):
        """Nothing of a file is passed over in silence."""
        for name in SETS:
            result = result_of(name)
            seen = {(line.file, line.number) for line in result.system.lines}
            yaml = result.yaml()
            for file, text in result.texts.items():
                for number, raw in enumerate(text.splitlines(), 1):
                    words = raw.split()[1:] if raw.split() and raw.split()[0].rstrip('.').isdigit() else raw.split()
                    label = len(words) <= 2 and words[-1:] and words[-1].endswith(':')
                    if not words or words[0].startswith('#') or label or words in (['('], [')']) or raw.startswith('mss 1415:'):
                        continue
                    with self.subTest(listing=name, place=f'{file}:{number}'):
                        self.assertTrue((file, number) in seen or f'{file}:{number}' in yaml or
                                        raw.strip().endswith(('(', ')')), raw)


if __name__ == '__main__' and '--write' in sys.argv:
    EXPECTED.mkdir(exist_ok=True)
    for listing in SETS:
        for suffix, text in zip(('yaml', 'remarks'), printed(listing)):
            (EXPECTED / f'{listing}.{suffix}').write_text(text)
