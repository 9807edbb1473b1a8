# SPDX-License-Identifier: BSD-3-Clause
"""mpd 4 and 5: each directive alone, and what makes bundles and links."""
from support import Case, Result

HEAD = '''default:
 create bundle static B1
 {bundle}
 create link static L1 pppoe
 set pppoe iface em0
 set auth authname u
 set auth password p
 set link action bundle B1
 {link}
'''


def alone(statement):
    at = 'bundle' if statement.startswith(('set bundle', 'set iface', 'set ipcp', 'set ccp', 'set ecp')) else 'link'
    return Result({'mpd.conf': HEAD.format(**{'bundle': '', 'link': '', at: statement})})


def managed(*statements, rate='set link bandwidth 20000000'):
    """Two links, managed by load."""
    second = HEAD.split('{bundle}\n')[1].replace('L1', 'L2').replace('em0', 'em1').format(link=rate)
    return Result({'mpd.conf': HEAD.format(bundle='set bundle enable bw-manage\n ' + '\n '.join(statements), link=rate) + second})


class Mpd(Case):
    def test_each_directive_alone(self):
        self.rows([
            # G-30
            ('set console ip 127.0.0.1', {'process.control_socket': '/run/hawser/hawser.sock'}),
            ('set console open', {'process.control_socket': '/run/hawser/hawser.sock'}),
            ('set user admin secret admin', ('left', 'no console users')),
            # G-32
            ('set link enable multilink', {'multilink.enabled': True}), ('set bundle enable multilink', {'multilink.enabled': True}),
            ('set link disable multilink', {'multilink.enabled': False}), ('set link yes multilink', {'multilink.enabled': True}),
            # G-33, B-20
            ('set bundle enable round-robin', {'multilink.mode': 'round-robin'}),
            ('set bundle disable round-robin', {'multilink.mode': 'weighted'}),
            # G-34
            ('set iface route default', {'default_route': True}), ('set iface route 10.0.0.0/8', {'routes': ['10.0.0.0/8']}),
            # G-35
            ('set pppoe service "internet"', {'service_name': 'internet'}), ('set pppoe service "*"', ('needless', 'any is taken')),
            ('set pppoe acname bras1', {'ac_name': 'bras1'}), ('set pppoe enable originate', ('needless', 'a client dials')),
            ('set pppoe disable incoming', ('needless', 'answers nobody')), ('set pppoe enable incoming', ('left', 'concentrator')),
            ('set link disable incoming', ('needless', 'answers nobody')), ('set disable incoming', ('needless', 'answers nobody')),
            ('set pppoe max-payload 1500', {'links.L1.max_payload': True}),
            # G-36
            ('set auth authname "a b"', {'username': 'a b'}), ('set auth password "x y"', {'password': 'x y'}),
            ('set password q', {'password': 'q'}),
            # G-37
            ('set link max-redial 0', {'redial.attempts': 'for-ever'}), ('set link max-redial -1', {'redial.attempts': 'never'}),
            ('set link max-redial 5', {'redial.attempts': 5}), ('set link max-redial many', ('left', 'needs a number')),
            ('set link redial-delay 9', {'redial.delay': '9 s', 'redial.increment': '0 s', 'redial.limit': '9 s'}),
            # G-38
            ('open', {'dial': 'always'}), ('close', ('left', 'hawserctl link down')),
            # sizes
            ('set link mru 1492', {'lcp.mru': 1492}), ('set link mru 2000', ('left', 'max_payload')),
            ('set link mrru 2048', {'multilink.mrru': 2048}), ('set link mrru 1000', ('left', 'RFC 1990')),
            ('set link keep-alive 10 60', {'lcp.echo_interval': '10 s', 'lcp.echo_failures': 6}),
            ('set link keep-alive 0 0', {'lcp.echo_interval': 'never'}),
            ('set iface mtu 1486', {'ip_mtu': 1486}), ('set iface mtu 100', ('left', 'least is 576')),
            # B-07
            ('set link bandwidth 20000000', {'links.L1.line.rate': '20 Mbit/s'}), ('set link bandwidth 64000', {'links.L1.line.rate':
                                                                                                               '64 kbit/s'}),
            ('set link bandwidth 10', ('left', 'goes from')), ('set link latency 2000', ('left', 'beside a rate only')),
            # B-09
            ('set bundle fsm-timeout 5', {'fsm_timeout': '5 s'}), ('set bundle fsm-timeout x', ('left', 'needs a number')),
            # B-10
            ('set link enable shortseq', {'lcp.options.short_sequence.want': True, 'lcp.options.short_sequence.allow': None}),
            ('set link deny shortseq', {'lcp.options.short_sequence.allow': False, 'lcp.options.short_sequence.want': None}),
            ('set link yes protocomp', {'lcp.options.pfc.want': True, 'lcp.options.pfc.allow': True}),
            ('set link no protocomp', {'lcp.options.pfc.want': False, 'lcp.options.pfc.allow': False}),
            ('set link no magicnum', {'lcp.options.magic.want': False, 'lcp.options.magic.allow': False}),
            ('set link no acfcomp', ('needless', 'RFC 2516')), ('set link yes acfcomp', ('left', 'RFC 2516')),
            ('set link deny pap', {'authentication': ['chap', 'mschapv2']}),
            ('set link accept chap-md5', {'authentication': ['chap', 'mschapv2', 'pap']}),
            ('set link no chap-msv2', {'authentication': ['chap', 'pap']}), ('set link deny chap', {'authentication': ['pap']}),
            ('set link accept chap-msv1', {'authentication': ['chap', 'mschapv2', 'pap', 'mschap']}), 
            ('set link enable chap', {'peer_authentication': ['chap', 'mschapv2', 'mschap'], 'peer_password': 'change-me-too'}),
            ('set link enable pap\n set link enable no-orig-auth', {'peer_authentication': None}),
            ('set link disable no-orig-auth', ('needless', 'no peer is asked')),
            ('set link yes chap-md5', {'peer_authentication': ['chap'], 'authentication': ['chap', 'mschapv2', 'pap']}),
            ('set link disable chap', {'peer_authentication': None}, ('needless', 'no peer is asked')),
            # B-11, alone
            ('set bundle disable bw-manage', ('needless', 'all links are open')),
            ('set bundle period 60', ('needless', 'not enabled')), ('set bundle hiwat 80', ('needless', 'not enabled')),
            # B-30..B-33
            ('set bundle enable ipv6cp', {'network.ipv6.want': True, 'network.ipv6.allow': True}),
            ('set bundle disable ipv6cp', {'network.ipv6.want': False, 'network.ipv6.allow': False}),
            ('set bundle no ipcp', {'network.ipv4.want': False, 'network.ipv4.allow': False}),
            ('set bundle enable compression', ('left', 'CCP')), ('set bundle disable compression', ('needless', 'CCP')),
            ('set bundle enable encryption', ('left', 'ECP')), ('set bundle enable crypt-reqd', ('left', 'does not encrypt')),
            ('set bundle disable crypt-reqd', ('needless', 'does not encrypt')), ('set ccp yes mppc', ('left', 'CCP')),
            ('set ccp no mppc', ('needless', 'CCP')), ('set ecp yes dese-bis', ('left', 'ECP')),
            # the rest
            ('set iface idle 0', {'idle_timeout': 'never'}), ('set iface idle 300', ('left', 'idle_timeout: 300 s')),
            ('set iface enable on-demand', {'dial': 'on-demand'}),
            ('set iface enable on-demand\n set iface idle 300', {'idle_timeout': '300 s'}),
            ('set iface enable tcpmssfix', {'mss.v4': 'auto', 'mss.v6': 'auto'}), ('set iface disable tcpmssfix', {'mss.v4': 'off'}),
            ('set iface up-script up', ('left', 'absolute path')), ('set iface enable nat', ('left', 'no addresses')),
            ('set ipcp ranges 0.0.0.0/0 0.0.0.0/0', {'address': None, 'accept_address': '0.0.0.0/0'}),
            ('set ipcp ranges 192.0.2.7/24 0.0.0.0/0', {'address': '192.0.2.7', 'accept_address': '192.0.2.0/24'}),
            ('set ipcp ranges ippool p', ('left', 'only an address')), ('set ipcp no vjcomp', ('needless', 'Jacobson')),
            ('set ipcp enable req-pri-dns', {'request_dns': True}), ('set ipcp dns 192.0.2.53', {'dns': ['192.0.2.53']}),
            ('set link mtu 1486', {'lcp.mtu': 1486}),
            ('set log +lcp', {'process.log_level': 'debug'}), ('set radius server x y', ('left', 'RADIUS')),
            ('frobnicate', ('left', 'no command of mpd')), ('set frob on', ('left', 'no counterpart')),
            ('set bundle enable frobnication', ('left', 'no counterpart')), ('load nowhere', ('left', 'no label nowhere')),
        ], alone)

    def test_bandwidth_management_is_carried_over_where_it_is_enabled(self):
        """B-01..B-06"""
        statements = ['set bundle period 30', 'set bundle hiwat 85', 'set bundle lowat 15', 'set bundle min-con 40', 'set bundle min-dis 100',
                      'set bundle links L2']
        values = managed(*statements).values()
        wanted = {'period': '30 s', 'high_water': 85, 'low_water': 15, 'min_connect': '40 s', 'min_disconnect': '100 s', 'links': ['L2', 'L1']}
        self.assertEqual({k: values[f'bandwidth_management.{k}'] for k in wanted}, wanted)
        self.accepted(managed(*statements).yaml())
        self.assertEqual(managed().values()['bandwidth_management.period'], '60 s')

    def test_bandwidth_management_needs_the_rate_of_each_line(self):
        result = managed('set bundle hiwat 85', rate='')
        self.assertIn('needs the rate of each line', result.left)
        self.assertIn('bandwidth_management.high_water: 85', result.left)
        self.accepted(result.yaml())

    def test_scripts_are_hooks(self):
        result = Result({'mpd.conf': HEAD.format(bundle='set iface up-script /etc/up\n set iface down-script /etc/down', link='')})
        self.assertEqual([(e, r) for e, r, _ in result.system.hooks], [(['bundle-up'], ['/etc/up']), (['bundle-down'], ['/etc/down'])])
        self.assertTrue(any('facts in the environment' in r for r in result.remarks))
        self.accepted(result.yaml())

    def test_latency_counts_beside_a_rate(self):
        result = alone('set link bandwidth 30000000\n set link latency 8000')
        self.assertEqual(result.values()['links.L1.line.latency'], '8 ms')
        self.accepted(result.yaml())

    def test_links_follow_the_order_of_set_bundle_links(self):
        text = HEAD.format(bundle='set bundle links L2 L1', link='''create link static L2 pppoe
 set pppoe iface em1
 set auth authname u
 set auth password p
 set link action bundle B1''')
        self.assertEqual([k.name for k in Result({'mpd.conf': text}).client().links], ['L2', 'L1'])

    def test_links_may_differ_where_hawser_lets_them_and_are_named_where_not(self):
        text = HEAD.format(bundle='', link='''set link mru 1492
 create link static L2 pppoe
 set pppoe iface em1
 set auth authname w
 set auth password q
 set link max-redial 3
 set link mru 1480
 set link action bundle B1''')
        result = Result({'mpd.conf': text})
        values = result.values()
        self.assertEqual((values['links.L1.username'], values['links.L2.username']), ('u', 'w'))
        self.assertEqual(values['links.L2.redial.attempts'], 3)
        self.assertEqual(values['lcp.mru'], 1492)
        self.assertIn('one lcp.mru', result.left)
        self.accepted(result.yaml())

    def test_labels_are_loaded_and_unused_ones_are_named(self):
        text = 'startup:\n set console open\ndefault:\n load dsl\nidle:\n create bundle static X\ndsl:\n' + HEAD.format(bundle='', link='').split(
            'default:\n')[1]
        result = Result({'mpd.conf': text})
        self.assertEqual(result.client().name, 'B1')
        self.assertIn('nothing loads label idle', result.left)
        loop = Result({'mpd.conf': 'default:\n load a\na:\n load a\n' + HEAD.format(bundle='', link='').split('default:\n')[1]})
        self.assertIn('loads itself', loop.left)

    def test_mpd4_takes_links_from_mpd_links(self):
        files = {'mpd.conf': 'default:\n new -i ng0 wan a b ghost\n set bundle enable multilink\n',
                 'mpd.links': 'a:\n set phys type pppoe\n set link type pppoe\n set pppoe iface em0\n set auth authname u\n set auth '
                 'password p\nb:\n set link type pppoe\n set pppoe iface em1\n set auth authname u\n set auth password p\n'}
        result = Result(files)
        self.assertEqual([k.name for k in result.client('wan').links], ['a', 'b'])
        self.assertIn('link ghost is in no mpd.links', result.left)
        self.accepted(result.yaml())

    def test_a_bundle_that_is_not_there_is_named(self):
        result = Result({'mpd.conf': HEAD.format(bundle='', link='').replace('action bundle B1', 'action bundle B9')})
        self.assertIn('bundle B9, which is not there', result.left)

    def test_other_link_types_are_named(self):
        result = Result({'mpd.conf': HEAD.format(bundle='', link='create link static T1 modem\n set link action bundle B1')})
        self.assertIn('T1 has no PPPoE interface', result.left)
