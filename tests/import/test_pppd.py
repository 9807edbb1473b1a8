# SPDX-License-Identifier: BSD-3-Clause
"""pppd's options, peers and secrets, alone and inside Gentoo's net, and Debian's interfaces."""
from support import Case, Result

HEAD = 'plugin rp-pppoe.so eth0\nuser u\npassword p\n'


def alone(statement):
    return Result({'peers/isp': HEAD + statement + '\n'})


class Pppd(Case):
    def test_each_option_alone(self):
        self.rows([
            # G-60
            ('plugin pppoe.so', ('needless', 'speaks PPPoE')), ('nic-eth7', {'links.isp.ports': ['eth7']}),
            ('user "a b"', {'username': 'a b'}), ('password "s\'c#r"', {'password': "s'c#r"}), ('logfile /var/log/ppp0', ('left', 'hawserctl '
                                                                                                                      'trace')),
            ('rp_pppoe_service internet', {'service_name': 'internet'}), ('pppoe-service internet', {'service_name': 'internet'}),
            ('rp_pppoe_ac bras1', {'ac_name': 'bras1'}), ('pppoe-ac bras1', {'ac_name': 'bras1'}),
            # G-61
            ('defaultroute', {'default_route': True}), ('nodefaultroute', {'default_route': False}),
            ('replacedefaultroute', {'default_route': True}),
            ('usepeerdns', {'request_dns': True, 'resolver_file': '/etc/ppp/resolv.conf'}), ('nousepeerdns', {'request_dns': False}),
            # G-62
            ('ipcp-accept-local', {'accept_address': '0.0.0.0/0'}), ('ipcp-accept-remote', ('needless', 'as it says')),
            ('192.0.2.7:', {'address': '192.0.2.7', 'accept_address': '192.0.2.7/32'}),
            ('192.0.2.7:192.0.2.1\nipcp-accept-local', {'address': '192.0.2.7', 'accept_address': '0.0.0.0/0'}),
            ('noipdefault', ('needless', 'no address is asked for')),
            # G-63
            ('mru 1486', {'lcp.mru': 1486}), ('mru 1500', ('left', 'max_payload')), ('mtu 1442', {'ip_mtu': 1442}),
            ('mtu 100', ('left', 'least is 576')), ('mrru 1500', {'multilink.mrru': 1500}), ('mrru 1486', ('left', 'RFC 1990')),
            # G-64
            ('multilink', {'multilink.enabled': True}), ('mp', {'multilink.enabled': True}), ('nomp', {'multilink.enabled': False}),
            ('endpoint local:686f6d65', {'multilink.endpoint.class': 'local', 'multilink.endpoint.value': 'home'}),
            ('endpoint IP:192.0.2.9', {'multilink.endpoint.class': 'ip', 'multilink.endpoint.value': '192.0.2.9'}),
            ('endpoint MAC:00:11:22:33:44:55', {'multilink.endpoint.class': 'mac', 'multilink.endpoint.value': '00:11:22:33:44:55'}),
            ('endpoint null', {'multilink.endpoint.class': 'none'}), ('endpoint eth0', {'multilink.endpoint.class': 'auto'}),
            ('mpshortseq', {'lcp.options.short_sequence.want': True}), ('nompshortseq', {'lcp.options.short_sequence.allow': False}),
            ('bundle both', ('needless', 'one bundle')),
            # G-65
            ('debug', {'process.log_level': 'debug'}), ('dump', ('left', '--print')),
            # G-66
            ('pty "pppoe -I eth5 -T 80 -m 1452"', {'links.isp.ports': ['eth5'], 'mss.v4': 1452, 'lcp.echo_interval': '20 s',
                                                   'lcp.echo_failures': 4}),
            ('pty "/usr/sbin/pppoe -Ieth5 -T80 -m1412 -S net -C ac -s -U"', {'links.isp.ports': ['eth5'], 'mss.v4': 1412,
                                                                            'service_name': 'net', 'ac_name': 'ac'}),
            ('pty "pppoe -I eth5 -T 80"\nlcp-echo-interval 7', {'lcp.echo_interval': '7 s'}, ('needless', '-T')),
            ('pty "chat -v"', ('left', 'only the program pppoe')),
            # dialling
            ('persist', {'redial.attempts': 10}), ('persist\nmaxfail 0', {'redial.attempts': 'for-ever'}), ('maxfail 3', {'redial.attempts': 3}),
            ('nopersist', {'redial.attempts': 'never'}),
            ('holdoff 90', {'redial.delay': '90 s', 'redial.increment': '0 s', 'redial.limit': '90 s'}),
            ('demand', {'dial': 'on-demand'}), ('demand\nidle 300', {'idle_timeout': '300 s'}), ('idle 300', ('left', 'always dialled again')),
            ('idle 0', {'idle_timeout': 'never'}), ('demand\nnodefaultroute', ('left', 'no packet would ever dial')),
            ('ip-up-script up', ('left', 'absolute path')),
            # LCP
            ('lcp-echo-interval 20', {'lcp.echo_interval': '20 s'}), ('lcp-echo-interval 0', {'lcp.echo_interval': 'never'}),
            ('lcp-echo-failure 3', {'lcp.echo_failures': 3}), ('lcp-echo-failure 0', ('left', '1 to 255')),
            ('lcp-restart 5', {'lcp.restart_timer': '5 s'}), ('ipcp-restart 5', {'network.restart_timer': '5 s'}),
            ('ipcp-restart 5\nipv6cp-restart 6', {'network.restart_timer': '5 s'}, ('left', 'one for both')),
            ('chap-restart 4', {'authentication_timer': '4 s'}), ('pap-max-authreq 6', {'authentication_tries': 6}),
            ('ipcp-max-configure 9', {'network.max_configure': 9}), ('ms-dns 192.0.2.53\nms-dns 192.0.2.54', {'dns': ['192.0.2.53', '192.0.2.54']}),
            ('ms-dns 1.1.1.1\nms-dns 2.2.2.2\nms-dns 3.3.3.3', ('left', 'the third')),
            ('lcp-max-configure 7', {'lcp.max_configure': 7}), ('lcp-max-terminate 4', {'lcp.max_terminate': 4}),
            ('lcp-max-failure 9', {'lcp.max_failure': 9}), ('lcp-max-configure 300', ('left', 'not to 300')),
            ('nopcomp', {'lcp.options.pfc.want': False, 'lcp.options.pfc.allow': False}),
            ('nomagic', {'lcp.options.magic.want': False}), ('nomru', {'lcp.options.mru.want': False}),
            ('noaccomp', ('needless', 'RFC 2516')), ('default-asyncmap', ('needless', 'serial lines')),
            # authentication, networks, compression
            ('noauth', {'peer_authentication': None}, ('needless', 'no peer is asked')),
            ('auth', {'peer_authentication': ['chap', 'mschapv2', 'pap'], 'peer_password': 'change-me-too'}),
            ('require-chap', {'peer_authentication': ['chap'], 'peer_username': None}),
            ('require-pap\nauth\nrequire-mschap-v2', {'peer_authentication': ['mschapv2', 'pap']}), ('+chap\nnoauth', {'peer_authentication': None}),
            ('require-chap\nremotename bras1\nchap-interval 60', {'peer_username': 'bras1', 'peer_rechallenge': '60 s'}),
            ('require-pap\nchap-interval 60', {'peer_rechallenge': None}), ('chap-interval 0', ('needless', 'peer_rechallenge')),
            ('remotename bras1', {'peer_username': None}, ('needless', 'no peer is asked')), ('require-eap', ('left', 'EAP')),
            ('login', ('left', 'peer_password')),
            ('refuse-pap', {'authentication': ['chap', 'mschapv2']}), ('refuse-chap', {'authentication': ['mschapv2', 'pap']}),
            ('refuse-mschap-v2', {'authentication': ['chap', 'pap']}), ('refuse-mschap', ('needless', 'unless')),
            ('refuse-eap', ('needless', 'EAP')),
            ('+ipv6', {'network.ipv6.want': True, 'network.ipv6.allow': True}), ('noipv6', {'network.ipv6.want': False}),
            ('noip\n+ipv6', {'network.ipv4.want': False}), ('noccp', ('needless', 'compression')), ('novj', ('needless', 'compression')),
            ('require-mppe', ('left', 'refused')), ('bsdcomp 15', ('left', 'refused')),
            # the rest
            ('hide-password', ('needless', 'never shown')), ('lock', ('needless', 'serial')), ('nodetach', ('needless', 'foreground')),
            ('unit 3', ('left', 'tap device')), ('connect "chat -f x"', ('needless', 'serial')), ('call other', ('left', 'not among')),
            ('file /etc/ppp/more', ('left', 'not among')), ('frobnicate', ('left', 'no option of pppd')), ('mtu', ('left', 'needs a value')),
            ('mtu large', ('left', 'needs a number')), ('proxyarp', ('left', 'proxy_arp')),
        ], alone)

    def test_peers_that_ask_for_multilink_are_one_client_and_others_are_not(self):
        def peer(interface, more):
            return f'plugin rp-pppoe.so {interface}\nuser u\npassword p\n{more}\n'
        result = Result({'peers/a': peer('eth0', 'multilink'), 'peers/b': peer('eth1', 'mp\nmrru 1600'), 'peers/c': peer('eth2', ''),
                         'peers/d': peer('eth3', 'mp\nbundle other')})
        self.assertEqual({c.name: [k.name for k in c.links] for c in result.system.clients},
                         {'a': ['a', 'b'], 'c': ['c'], 'other': ['d']})
        self.assertEqual(result.values('a')['multilink.mrru'], 1600)
        self.assertIs(result.values('c')['default_route'], False)
        self.accepted(result.yaml())

    def test_options_hold_for_all_peers_and_included_files_for_theirs(self):
        result = Result({'options': 'noauth\nlcp-echo-interval 11\n', 'peers/isp': 'file /etc/ppp/more\n' + HEAD, 'more': 'mtu 1480\n'})
        self.assertEqual(result.values()['lcp.echo_interval'], '11 s')
        self.assertEqual(result.values()['ip_mtu'], 1480)
        self.assertEqual(len(result.system.clients), 1)
        self.accepted(result.yaml())

    def test_the_peers_password_comes_from_its_row_of_the_secrets(self):
        """client, server, secret: who proves itself to whom. Without remotename it is the one row that is for us."""
        peer = 'plugin rp-pppoe.so eth0\nname us\nrequire-chap\n'
        rows = 'us bras1 ours\nbras1 us theirs\nbras2 us others\n'
        for options, secrets, name, password in (
                (peer + 'remotename bras1\n', rows, 'bras1', 'theirs'), (peer, rows, None, 'change-me-too'),
                (peer, 'us * ours\nbras1 us theirs\n', 'bras1', 'theirs'), (peer, 'us * ours\n', None, 'change-me-too'),
                (peer + 'remotename bras1\n', 'us * same\nbras1 us same\n', 'bras1', 'change-me-too')):
            with self.subTest(options=options, secrets=secrets):
                result = Result({'peers/isp': options, 'chap-secrets': secrets})
                values = result.values()
                self.assertEqual(values['peer_authentication'], ['chap'])
                self.assertEqual((values.get('peer_username'), values['peer_password']), (name, password))
                self.assertEqual('placeholder' in ' '.join(result.remarks), password == 'change-me-too')
                self.assertNotIn('theirs', ' '.join(result.remarks))
                self.accepted(result.yaml())

    def test_passwords_come_from_secrets_by_user_name(self):
        result = Result({'peers/isp': 'plugin rp-pppoe.so eth0\nuser "u@isp"\n', 'chap-secrets': '# comment\n"u@isp" * "pa ss" *\nw * other\n',
                         'pap-secrets': '"u@isp" * "pa ss"\n'})
        self.assertEqual(result.values()['password'], 'pa ss')
        self.assertIn('no peer logs in by this name', result.left)
        self.assertIn('one password for all methods', result.needless)
        text = result.yaml().replace('password: "pa ss"', '')
        for secret in ('pa ss', 'other '):
            self.assertNotIn(secret, text + ''.join(result.remarks))
        self.accepted(result.yaml())

    def test_words_quotes_comments_and_continued_lines(self):
        result = alone('mtu \\\n1480\nmrru\n1600   # pppd reads words, not lines\nlcp-echo-interval 9 lcp-echo-failure 2\npassword "open')
        self.assertEqual(result.values()['ip_mtu'], 1480)
        self.assertEqual(result.values()['multilink.mrru'], 1600)
        self.assertEqual(result.values()['lcp.echo_interval'], '9 s')
        self.assertEqual(result.values()['lcp.echo_failures'], 2)
        self.assertTrue(any('quote is not closed' in r for r in result.remarks))

    def test_a_peer_without_interface_is_left_out_and_named(self):
        result = Result({'peers/modem': 'user u\n115200\n/dev/ttyS0\nconnect "chat"\n'})
        self.assertEqual(result.system.clients, [])
        self.assertTrue(any('names no Ethernet interface' in r for r in result.remarks))

    def test_debians_interfaces_start_a_provider(self):
        files = {'peers/dsl-provider': HEAD, 'interfaces': 'auto lo\niface lo inet loopback\nauto dsl-provider\niface dsl-provider inet ppp\n'
                 '  pre-up /sbin/ifconfig eth0 up # by pppoeconf\n  provider dsl-provider\n  post-up /root/x\n'}
        result = Result(files)
        self.assertIn('other interfaces', result.left)
        self.assertIn('see hooks', result.left)
        self.assertIn('waits for a carrier', result.needless)
        self.accepted(result.yaml())
        alone_ = Result({'interfaces': files['interfaces']})
        self.assertIn('not among those that were given', alone_.left)


GENTOO = '''config_ppp0=( "ppp" )
link_ppp0="eth2"
plugins_ppp0=( "pppoe" )
username_ppp0='u'
password_ppp0='p q'
pppd_ppp0=(
    "noauth"
    "mtu 1480"   # behind a value
#   "usepeerdns"
    {more}
)
'''


class Gentoo(Case):
    def gentoo(self, more='', rest=''):
        return Result({'net': GENTOO.format(more=more) + rest})

    def test_options_are_pppds(self):
        values = self.gentoo('"lcp-echo-interval 15" "lcp-echo-failure 3"').values()
        self.assertEqual(values['username'], 'u')
        self.assertEqual(values['password'], 'p q')
        self.assertEqual(values['links.ppp0.ports'], ['eth2'])
        self.assertEqual((values['ip_mtu'], values['lcp.echo_interval'], values['lcp.echo_failures']), (1480, '15 s', 3))
        self.assertNotIn('request_dns', values)

    def test_newer_files_have_one_string_for_all(self):
        result = Result({'conf.d/net': 'config_ppp0="ppp"\nlink_ppp0="eth2"\nplugins_ppp0="pppoe"\nusername_ppp0="u"\npassword_ppp0="p"\n'
                         'pppd_ppp0="\nnoauth\nmtu 1470\nmultilink"\n'})
        self.assertEqual(result.values()['ip_mtu'], 1470)
        self.assertEqual(result.values()['multilink.enabled'], True)
        self.accepted(result.yaml())

    def test_other_variables_are_named(self):
        result = self.gentoo(rest='config_eth0=( "192.0.2.1 netmask 255.255.255.0" )\nphone_number_ppp0=( "5551234" )\nmodules=( "x" )\n'
                             'depend_ppp0() {\n')
        for part in ('other interfaces stay with the kernel', 'phone_number has no counterpart', 'modules has no counterpart',
                     'is no assignment'):
            self.assertIn(part, result.left)
        self.accepted(result.yaml())

    def test_an_open_parenthesis_is_named(self):
        result = Result({'net': GENTOO.format(more='').rstrip(')\n') + '\n'})
        self.assertTrue(any('is not closed' in r for r in result.remarks))
