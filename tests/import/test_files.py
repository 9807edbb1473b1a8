# SPDX-License-Identifier: BSD-3-Clause
"""Files: told apart, wrong ones refused, passwords kept; and noise that must neither break the tool nor its result."""
import random
import shutil
import subprocess

from support import TOOL, Case, Result

from hawser_import.detect import kind_of
from hawser_import.listing import lines_of
from hawser_import.main import Refused
from hawser_import.source import Remarks
from test_listings import LISTINGS

PPP = 'isp:\n set device PPPoE:em0\n set authname u\n set authkey "s3cr et"\n'


class Files(Case):
    def test_listings_are_told_apart_by_content_under_any_name(self):
        kinds = {'ppp-default': 'ppp', 'ppp-posted': 'ppp', 'mpd4': 'mpd', 'mpd5': 'mpd', 'mpd-chapter': 'mpd', 'gentoo': 'gentoo',
                 'pf': 'pf', 'iptables': 'iptables'}
        for name, kind in kinds.items():
            for path in (LISTINGS / name).iterdir():
                with self.subTest(file=path.name):
                    self.assertEqual(kind_of('somewhere.txt', lines_of('x', path.read_text(), Remarks())), kind)

    def test_names_decide_where_the_content_does_not(self):
        for name, kind in (('chap-secrets', 'pppd'), ('peers/x', 'pppd'), ('options.pppoe', 'pppd'), ('ppp.linkup', 'ppp')):
            self.assertEqual(kind_of(name, lines_of(name, 'MYADDR-x\n', Remarks())), kind)

    def test_wrong_files_are_refused_with_a_reason(self):
        for texts, part in (({'a': 'Dear Sir,\n\nwith regard to your letter of the 3rd instant\n'}, 'neither of'), ({'a': ''}, 'neither of'),
                            ({'ppp.conf': PPP, 'mpd.conf': 'default:\n create bundle static B\n set iface route default\n'}, 'more than one '
                             'system')):
            with self.subTest(part=part), self.assertRaises(Refused) as caught:
                Result(texts)
            self.assertIn(part, str(caught.exception))
        with self.assertRaises(Refused):
            Result({'ppp.conf': PPP}, 'nosuch')

    def test_the_command_fails_with_a_reason_and_prints_nothing_else(self):
        binary, good = self.put('binary', b'\x7fELF\0\1'), self.put('ppp.conf', PPP)
        for argv, status, part in (([self.dir / 'nosuch'], 1, 'No such file'), ([self.dir], 1, 'directory'), ([binary], 1, 'is no text'),
                                   ([good, good], 1, 'named twice'), (['--port', 'x', good], 1, 'OLD=NEW'), ([], 2, 'FILE'),
                                   (['--frob', good], 2, 'unrecognized'), (['--section', 'nosuch', good], 1, 'nosuch')):
            done = self.tool(*argv)
            self.assertEqual((done.returncode, done.stdout), (status, ''), done.stderr)
            self.assertIn(part, done.stderr)
            self.assertNotIn('Traceback', done.stderr)

    def test_the_command_prints_yaml_and_remarks(self):
        done = self.tool('--port', 'em0=0000:03:00.0', self.put('ppp.conf', PPP + ' set frob\n'))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn('device: 0000:03:00.0', done.stdout)
        self.assertIn('ppp.conf:5: set frob: not carried over', done.stderr)
        self.accepted(done.stdout)

    def test_interfaces_get_new_names(self):
        yaml = Result({'ppp.conf': PPP}).yaml(devices={'em0': 'enp3s0'})
        self.assertIn('net_af_packet0,iface=enp3s0', yaml)
        self.accepted(yaml)

    def test_line_ends_and_marks_of_other_editors(self):
        result = Result({'ppp.conf': '\ufeff'.encode().decode('utf-8-sig') + PPP.replace('\n', '\r\n')})
        self.assertEqual(result.values()['username'], 'u')
        path = self.put('latin/ppp.conf', PPP.replace('authname u', 'authname m\xfcller').encode('latin-1'))
        self.accepted(self.tool(path).stdout)

    def test_numbers_are_taken_off_listings_only(self):
        remarks = Remarks()
        self.assertEqual([line.text for line in lines_of('a', '1. default:\n2.   set x\n', remarks)][:2], ['default:', 'set x'])
        self.assertEqual([line.text for line in lines_of('a', 'default:\n2. set x\n', remarks)][:2], ['default:', '2. set x'])
        self.assertEqual(lines_of('a', '1. iptables --\nmss 5 -\n2. iptables\n3. x\n', remarks)[0].text, 'iptables --mss 5 -')


    def test_an_installed_command_finds_its_modules(self):
        shutil.copytree(TOOL.parent / 'hawser_import', self.dir / 'share' / 'hawser' / 'hawser_import')
        (self.dir / 'bin').mkdir()
        shutil.copy(TOOL, self.dir / 'bin')
        done = subprocess.run([self.dir / 'bin' / 'hawser-import', self.put('ppp.conf', PPP)], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.accepted(done.stdout)

    def test_meson_installs_every_module(self):
        text = (TOOL.parent / 'meson.build').read_text()
        for path in (TOOL.parent / 'hawser_import').glob('*.py'):
            self.assertIn(f"'hawser_import/{path.name}'", text)


class Secrets(Case):
    def test_no_password_stands_outside_of_its_key(self):
        files = {'ppp.conf': PPP + ' set authkey other-word extra\n link 9 set authkey third-word\n link 9 set device PPPoE:em1\n set authkey '
                 '"un closed-word\n'}
        result = Result(files)
        text = '\n'.join(line for line in result.yaml().splitlines() if not line.strip().startswith('password:'))
        for word in ('s3cr', 'other-word', 'third-word', 'closed-word'):
            self.assertNotIn(word, text + '\n'.join(result.remarks))
        mpd = Result({'mpd.conf': 'startup:\n set user admin hush-word admin\n set console user x hush-word\ndefault:\n create bundle static B\n'
                      ' create link static L pppoe\n set pppoe iface em0\n set auth authname u\n set auth password hush-word\n set link action '
                      'bundle B\n create link static M modem\n set auth password hush-word\n'})
        text = '\n'.join(line for line in mpd.yaml().splitlines() if not line.strip().startswith('password:'))
        self.assertNotIn('hush-word', text + '\n'.join(mpd.remarks))

    def test_a_file_that_takes_passwords_is_closed_to_others(self):
        source = self.put('ppp.conf', PPP)
        out = self.put('out.yaml', '', 0o644)
        with open(out, 'w') as f:
            done = self.tool(source, stdout=f)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(out.stat().st_mode & 0o777, 0o600)
        self.assertIn('mode 0600', done.stderr)
        self.assertIn('s3cr et', out.read_text())

    def test_passwords_go_to_a_file_of_their_own_on_request(self):
        done = self.tool('--secrets', 'secrets.yaml', self.put('ppp.conf', PPP))
        secrets = self.dir / 'secrets.yaml'
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(secrets.stat().st_mode & 0o777, 0o600)
        self.assertEqual(secrets.read_text(), '"u": "s3cr et"\n')
        self.assertNotIn('s3cr', done.stdout + done.stderr)
        self.accepted(done.stdout)
        again = self.tool('--secrets', 'secrets.yaml', self.dir / 'ppp.conf')
        self.assertEqual((again.returncode, again.stdout), (1, ''))
        self.assertIn('File exists', again.stderr)

    def test_the_peers_password_goes_there_too(self):
        done = self.tool('--secrets', 'secrets.yaml', self.put('isp', 'plugin rp-pppoe.so eth0\nname us\nrequire-pap\n'),
                         self.put('pap-secrets', 'us * ours\nbras1 us theirs\n'))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual((self.dir / 'secrets.yaml').read_text(), '"us": "ours"\n"bras1": "theirs"\n')
        self.assertIn('peer_username: bras1', done.stdout)
        self.assertNotIn('theirs', done.stdout + done.stderr)
        self.accepted(done.stdout)

    def test_a_user_with_two_passwords_keeps_them_in_place(self):
        text = PPP + ' clone 1,2\n link deflink remove\n link 2 set authkey other\n link 2 set device PPPoE:em1\n'
        done = self.tool('--secrets', 'secrets.yaml', self.put('ppp.conf', text))
        self.accepted(done.stdout)
        self.assertIn('"other"', done.stdout)


WORDS = {
    'ppp.conf': '''set enable disable accept deny link clone add add! device PPPoE:em0 PPPoE:em1 PPPoE: mru mtu mrru max 1486 0 -1 99999999999
        authname authkey "q "" ' \\ # : timeout redial 5+5-5 reconnect server /tmp/x ifaddr 10.0.0.1/0 300.1.1.1 deflink 1,2 * remove lqr
        chap pap mode ddial auto default HISADDR enddisc label ip autoload log LCP lcpretry bandwidth cd shortseq ipv6cp ipcp mssfixup
        isp: default: !bg ifconfig tun0'''.split(),
    'mpd.conf': '''chap pap no-orig-auth
        set create new bundle link static template B1 L1 L2 pppoe iface em0 em1 auth authname password enable disable yes no accept
        deny multilink round-robin bw-manage ipcp ipv6cp period hiwat 80 -1 0 999999999 "q " action max-redial keep-alive mtu mru mrru latency
        bandwidth open load default: startup: default route ranges 1.2.3.4/99 service acname max-payload links on-demand idle'''.split(),
    'peers/isp': '''auth noauth require-chap require-pap remotename bras1 chap-interval 60
        plugin rp-pppoe.so eth0 nic-eth1 user password mtu mru mrru 1486 0 -1 99999999999 multilink mp endpoint local:6 MAC: IP:1
        magic: null pty "pppoe -I "pppoe" persist maxfail holdoff idle demand lcp-echo-interval lcp-echo-failure 1.2.3.4: :5.6.7.8 300.1.1.1:
        refuse-pap refuse-chap noip noipv6 +ipv6 \\ # " ' bundle file call unit debug'''.split(),
    'net': '''config_ppp0=( "ppp" ) link_ppp0="eth2" link_ppp1=eth3 username_ppp0='u' password_ppp0='p' pppd_ppp0=( "mtu 1400" "mp" "mrru
        plugins_ppp0=( "pppoe" ) ' " # pppd_ppp1=" x=(('''.split(),
}
HEADS = {'ppp.conf': PPP, 'mpd.conf': 'default:\n create bundle static B1\n create link static L1 pppoe\n set pppoe iface em0\n set link action '
         'bundle B1\n', 'peers/isp': 'plugin rp-pppoe.so eth0\n', 'net': 'config_ppp0=( "ppp" )\nlink_ppp0="eth2"\n'}


class Noise(Case):
    """Known words in any order: a result that hawserd takes, and every statement accounted for."""

    def test_results_of_noise_are_accepted(self):
        for name, words in WORDS.items():
            for seed in range(60):
                chance = random.Random(f'{name} {seed}')
                lines = [' ' + ' '.join(chance.choice(words) for _ in range(chance.randint(1, 6))) for _ in range(chance.randint(1, 25))]
                text = HEADS[name] + '\n'.join(lines) + '\n'
                with self.subTest(file=name, seed=seed):
                    result = Result({name: text})
                    self.accepted(result.yaml())
                    self.assertTrue(all(result.system.accounted(line) for line in result.system.lines), text)

    def test_names_and_texts_of_any_characters_are_quoted(self):
        for text in ('a: b', '#x', '"', '\\', '- x', '{}', '[a', '*a', '&a', '!t', '%', '@', '`', 'yes', '~', '\u00e4\u00f6', 'a\tb', "'", '1e3',
                     ' x', '? y', 'null', 'a #b'):
            quoted = text.replace('\\', '\\\\').replace('"', '\\"')
            result = Result({'ppp.conf': f'isp:\n set device PPPoE:em0\n set authname "{quoted}"\n set authkey "{quoted}"\n'})
            with self.subTest(text=text):
                self.accepted(result.yaml())
