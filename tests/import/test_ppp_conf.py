# SPDX-License-Identifier: BSD-3-Clause
"""FreeBSD's ppp: each directive alone, and what the structure of the file means."""
from support import Case, Result

HEAD = 'isp:\n set device PPPoE:em0\n set authname u\n set authkey p\n'


def alone(statement):
    return Result({'ppp.conf': HEAD + ' ' + statement + '\n'})


class PppConf(Case):
    def test_each_directive_alone(self):
        self.rows([
            # G-10
            ('set log Phase Chat LCP IPCP CCP tun command', {'process.log_level': 'debug'}),
            ('set log Phase tun command', {'process.log_level': 'info'}),
            # G-11
            ('set authname "a b"', {'links.deflink.username': None, 'username': 'a b'}),
            ('set authkey "s#c\\"r\'t: x"', {'password': 's#c"r\'t: x'}),
            ('set authkey', ('left', 'no password')),
            # G-12
            ('set device PPPoE:em1 PPPoE:em2', {'links.deflink.ports': ['em1', 'em2']}),
            ('set device PPPoE:em1,PPPoE:em2', {'links.deflink.ports': ['em1', 'em2']}),
            ('set device PPPoE:em1:internet', {'links.deflink.ports': ['em1'], 'service_name': 'internet'}),
            ('set device /dev/cuau0', ('left', 'no PPPoE device')),
            # G-13
            *((f'set {word}', ('left', 'for modems')) for word in ('dial', 'login', 'logout', 'hangup', 'speed sync', 'phone 5551234')),
            # G-14
            ('enable mssfixup', {'mss.v4': 'auto', 'mss.v6': 'auto'}),
            ('enable tcpmssfixup', {'mss.v4': 'auto', 'mss.v6': 'auto'}),
            ('disable mssfixup', {'mss.v4': 'off', 'mss.v6': 'off'}),
            # G-15
            ('disable ipv6cp', {'network.ipv6.want': False, 'network.ipv6.allow': False}),
            ('enable ipv6cp', {'network.ipv6.want': True, 'network.ipv6.allow': True}),
            ('disable protocomp', {'lcp.options.pfc.want': False, 'lcp.options.pfc.allow': None}),
            ('deny protocomp', {'lcp.options.pfc.allow': False, 'lcp.options.pfc.want': None}),
            ('enable shortseq', {'lcp.options.short_sequence.want': True}),
            ('deny shortseq', {'lcp.options.short_sequence.allow': False}),
            ('disable enddisc', {'lcp.options.endpoint.want': False}),
            ('disable acfcomp pred1 deflate vjcomp', ('needless', 'acfcomp')), ('disable lqr', {'lcp.options.quality.want': False}),
            ('deny lqr', {'lcp.options.quality.allow': False}),
            ('enable acfcomp', ('left', 'RFC 2516')),
            ('accept pred1', ('left', 'CCP')), ('enable lqr', {'lcp.options.quality.want': True}), ('accept vjcomp', ('left', 'Jacobson')),
            ('deny mppe', ('needless', 'CCP')),
            ('deny chap', {'authentication': ['mschapv2', 'pap']}), ('deny pap', {'authentication': ['chap', 'mschapv2']}),
            ('deny chap81', {'authentication': ['chap', 'pap']}), ('accept chap80', {'authentication': ['chap', 'mschapv2', 'pap', 'mschap']}),
            ('accept pap', {'authentication': ['chap', 'mschapv2', 'pap']}),
            ('deny pap chap chap81', {'authentication': []}),
            ('disable chap81 pap', {'peer_authentication': None}, ('needless', 'no peer is asked')),
            ('enable pap', {'peer_authentication': ['pap'], 'peer_password': 'change-me-too'}),
            ('enable pap chap81', {'peer_authentication': ['mschapv2', 'pap']}),
            ('enable pap chap\n disable pap', {'peer_authentication': ['chap']}),
            ('enable chap\n disable chap', {'peer_authentication': None, 'peer_password': None}),
            ('disable dns', {'request_dns': False}), ('enable dns', {'request_dns': True}),
            ('enable sroutes', ('left', 'of the program ppp')), ('enable frobnication', ('left', 'no option of ppp')),
            ('enable echo', ('needless', 'echo_interval')), ('disable echo', {'lcp.echo_interval': 'never'}),
            # G-16
            ('set ifaddr 10.1.1.2/0 10.1.1.1/0 0 0', {'address': None, 'accept_address': '0.0.0.0/0'}),
            ('set ifaddr 10.1.1.2/0 10.1.1.1/0 255.255.255.0 0.0.0.0', {'address': None, 'accept_address': '0.0.0.0/0'}),
            ('set ifaddr 10.1.1.2/0 10.1.1.1/0', {'address': '10.1.1.2', 'accept_address': '0.0.0.0/0'}),
            ('set ifaddr 192.0.2.1 192.0.2.2 255.255.255.255', {'address': '192.0.2.1', 'accept_address': '192.0.2.1/32'}),
            ('set ifaddr 192.0.2.77/24 0', {'address': '192.0.2.77', 'accept_address': '192.0.2.0/24'}),
            ('set ifaddr X.X.X.X Y.Y.Y.Y 255.255.255.255', {'address': None, 'accept_address': '0.0.0.0/0'}),
            ('set ifaddr', ('left', 'no address')),
            # G-17
            ('set mru 1486', {'lcp.mru': 1486}), ('set mru max 1440', {'lcp.mru': 1440}), ('set mru maximum 1492', {'lcp.mru': 1492}),
            ('set mru 1500', {'lcp.mru': None}, ('left', 'more than PPPoE allows')), ('set mru 100', ('left', 'least MRU')),
            ('set mru', ('left', 'needs a number')),
            ('set mtu max 1492', {'lcp.mtu': 1492}), ('set mtu 1486', {'lcp.mtu': 1486}),
            ('set mtu 1600', ('left', 'max_payload')), ('set mtu 100', ('left', '128 to 1492')),
            # G-18
            ('set mrru 1528', {'multilink.mrru': 1528}), ('set mrru 1590', {'multilink.mrru': 1590}),
            ('set mrru 1485', ('left', 'RFC 1990')), ('set mrru 70000', ('left', 'RFC 1990')), ('set mrru', {'multilink.enabled': False}),
            # G-19
            ('add! default HISADDR', {'default_route': True}), ('add default hisaddr', {'default_route': True}),
            ('add 0 0 HISADDR', {'default_route': True}), ('add 10.0.0.0/8 HISADDR', {'routes': ['10.0.0.0/8']}),
            ('add 2001:db8::/32 HISADDR6', {'routes': ['2001:db8::/32']}), ('add nonsense HISADDR', ('left', 'no network')),
            ('delete! default', ('needless', 'withdrawn')),
            # G-20
            ('set timeout 0', {'idle_timeout': 'never'}), ('set timeout 300', ('left', 'always dialled again')),
            ('set mode auto\n set timeout 300', {'dial': 'on-demand', 'idle_timeout': '300 s'}),
            # G-21
            ('set server /var/run/ppp-tun%d "" 0177', {'process.control_socket': '/var/run/ppp-tun0'}),
            ('set server /var/run/ppp-tun%d 0177', {'process.control_socket': '/var/run/ppp-tun0'}),
            ('set server 3000 secret', ('left', 'no network port')), ('set server none', ('needless', 'socket')),
            # G-23
            ('set mode ddial', {'redial.attempts': 'for-ever', 'dial': 'always'}),
            ('set mode auto', {'dial': 'on-demand'}), ('set mode interactive', {'dial': 'manual'}),
            ('set mode background', {'redial.attempts': 'never'}),
            ('set redial 15', {'redial.delay': '15 s', 'redial.increment': '0 s', 'redial.limit': '15 s'}),
            ('set redial 15+10-4 7', {'redial.delay': '15 s', 'redial.increment': '10 s', 'redial.limit': '55 s', 'redial.attempts': 7}),
            ('set redial 3.2 0', {'redial.attempts': 'for-ever'}, ('left', 'telephone number')),
            ('set redial random', {'redial.delay': '0 s', 'redial.jitter': '30 s'}), ('set redial soon', ('left', 'needs secs')),
            ('set reconnect 90 5', {'redial.delay': '90 s', 'redial.limit': '90 s', 'redial.attempts': 5}),
            # G-67
            ('set cd 5', {'redial.carrier_wait': '5 s'}), ('set cd off', ('needless', 'carrier')),
            # timers, endpoint, load
            ('set lqrperiod 30', {'lcp.echo_interval': '30 s', 'lcp.quality_period': '30 s'}), ('set echoperiod 10', {'lcp.echo_interval': '10 s'}),
            ('set lcpretry 5 8 2', {'lcp.restart_timer': '5 s', 'lcp.max_configure': 8, 'lcp.max_terminate': 2}),
            ('set lcpretry 999', ('left', 'not to 999 s')), ('set ipcpretry 4 7', {'network.restart_timer': '4 s', 'network.max_configure': 7}),
            ('set chapretry 4 6', {'authentication_timer': '4 s', 'authentication_tries': 6}), ('set papretry soon', ('left', 'needs a period')),
            ('set dns 192.0.2.53 192.0.2.54', {'dns': ['192.0.2.53', '192.0.2.54']}), ('set dns nobody', ('left', 'no IPv4 address')),
            ('set enddisc label', {'multilink.endpoint.class': 'local', 'multilink.endpoint.value': 'isp'}),
            ('set enddisc mac', {'multilink.endpoint.class': 'auto'}), ('set enddisc', {'multilink.endpoint.class': 'none'}),
            ('set enddisc psn 5551234', {'multilink.endpoint.class': 'phone', 'multilink.endpoint.value': '5551234'}),
            ('set bandwidth 20000000', {'links.deflink.line.rate': '20 Mbit/s'}),
            ('set autoload 20 80 60', ('left', 'needs the rate of each line')),
            ('set bandwidth 10000000\n set autoload 20 80 60', {'bandwidth_management.low_water': 20, 'bandwidth_management.high_water': 80,
                                                                 'bandwidth_management.period': '60 s'}),
            ('set bandwidth 10000000\n set autoload 80 20 60', ('left', 'low water is not below')),
            # the rest
            ('nat enable yes', ('left', 'no addresses')), ('set filter in 0 permit 0 0', ('left', 'filtered by the kernel')),
            ('set nbns 192.0.2.1', ('left', 'NetBIOS')), ('set radius /etc/radius.conf', ('left', 'RADIUS')),
            ('shell date', ('left', 'as hooks')), ('!include /etc/ppp/more', ('left', 'give the included file too')),
            ('frobnicate', ('left', 'no command of ppp')), ('set frobnication on', ('left', 'not known')),
            ('link nobody', ('left', 'needs names and a command')),
        ], alone)

    def test_the_hook_that_sets_an_mtu_becomes_ip_mtu(self):
        for label in ('MYADDR', 'isp', '192.0.2.1'):
            result = Result({'ppp.conf': HEAD, 'ppp.linkup': f'{label}:\n !bg /sbin/ifconfig tun0 mtu 1486\n'})
            self.assertEqual(result.values()['ip_mtu'], 1486)

    def test_programs_of_linkup_and_linkdown_are_hooks(self):
        result = Result({'ppp.conf': HEAD, 'ppp.linkup': 'MYADDR:\n !bg /etc/ppp/up.sh "a b"\n ! sh /etc/ppp/up.sh\n !bg /sbin/x HISADDR\n',
                         'ppp.linkdown': 'isp:\n !bg /etc/ppp/down.sh\n'})
        yaml = result.yaml()
        self.assertIn('events: [bundle-up]\n    run: [/etc/ppp/up.sh, a b]  # ppp.linkup:2', yaml)
        self.assertIn('events: [bundle-down]\n    run: [/etc/ppp/down.sh]  # ppp.linkdown:2', yaml)
        self.assertIn('absolute path', result.left)
        self.assertIn('not in its arguments', result.left)
        self.accepted(yaml)

    def test_the_last_word_counts(self):
        result = Result({'ppp.conf': HEAD + ' deny pap chap\n accept pap chap\n set mrru 1500\n set mrru 1600\n'})
        self.assertEqual(result.values()['authentication'], ['chap', 'mschapv2', 'pap'])
        self.assertEqual(result.values()['multilink.mrru'], 1600)

    def test_default_holds_for_every_label_and_labels_for_their_own(self):
        texts = {'ppp.conf': 'default:\n set mrru 1600\nisp:\n set device PPPoE:em0\n set authname u\n set authkey p\nother:\n set device '
                 'PPPoE:em1\n set authname w\n set authkey q\n set mrru 1700\nempty:\n set timeout 0\n'}
        result = Result(texts)
        self.assertEqual([c.name for c in result.system.clients], ['isp', 'other'])
        self.assertEqual(result.values('isp')['multilink.mrru'], 1600)
        self.assertEqual(result.values('other')['multilink.mrru'], 1700)
        self.assertIs(result.values('other')['default_route'], False)
        self.assertTrue(any('no PPPoE device' in r for r in result.remarks))
        self.accepted(result.yaml())
        self.assertEqual([c.name for c in Result(texts, 'other').system.clients], ['other'])

    def test_clones_copy_what_was_said_before_and_differ_after(self):
        result = Result({'ppp.conf': HEAD + ' set redial 9\n clone 1,2\n clone 3\n link deflink remove\n link 1 set device PPPoE:em1\n'
                         ' link 2,3 set authname w\n link 2,3 set authkey q\n link * set bandwidth 1000000\n'})
        values = result.values()
        self.assertEqual(values['links.1.ports'], ['em1'])
        self.assertEqual(values['links.2.ports'], ['em0'])
        self.assertEqual(values['links.1.username'], 'u')
        self.assertEqual(values['links.3.username'], 'w')
        self.assertEqual(values['redial.delay'], '9 s')
        self.assertEqual(values['links.3.line.rate'], '1 Mbit/s')
        self.assertNotIn('links.deflink.ports', values)
        self.accepted(result.yaml())

    def test_a_link_that_was_not_cloned_is_made_and_named(self):
        result = Result({'ppp.conf': HEAD + ' link 7 set device PPPoE:em9\n'})
        self.assertEqual(result.values()['links.7.ports'], ['em9'])
        self.assertTrue(any('link 7 was not cloned' in r for r in result.remarks))

    def test_quotes_comments_and_missing_labels(self):
        result = Result({'ppp.conf': '# a comment\nset device PPPoE:em0\n set authname u # no more\n set authkey "un closed\n'})
        self.assertEqual(result.values()['username'], 'u')
        self.assertTrue(any('stands before any label' in r for r in result.remarks))
        self.assertTrue(any('quote is not closed' in r for r in result.remarks))
        self.accepted(result.yaml())

    def test_a_vlan_interface_is_a_port_and_a_vlan(self):
        result = Result({'ppp.conf': HEAD.replace('em0', 'em0.35')})
        yaml = result.yaml()
        self.assertIn('iface=em0"', yaml)
        self.assertIn('vlan: 35', yaml)
        self.accepted(yaml)
