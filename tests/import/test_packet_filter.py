# SPDX-License-Identifier: BSD-3-Clause
"""PF's and iptables' rules beside a system that dials."""
from support import Case, Result

PEER = {'peers/isp': 'plugin rp-pppoe.so eth0\nuser u\npassword p\n'}
TCPMSS = '-p tcp --tcp-flags SYN,RST SYN -m tcpmss --mss 1415: -j TCPMSS --set-mss 1414'


def pf(rule):
    return Result({**PEER, 'pf.conf': rule + '\n'})


def iptables(rule):
    return Result({**PEER, 'mss.sh': rule + '\n'})


class PacketFilter(Case):
    def test_each_scrub_rule_alone(self):
        self.rows([
            ('scrub in on $ext_if all fragment reassemble min-ttl 15 max-mss 1440', {'mss.v4': 1440, 'mss.v6': 1420, 'scrub.min_ttl': 15,
             'scrub.reassemble': True}),
            ('scrub in on $ext_if all no-df', {'scrub.clear_df': True}),
            ('scrub on $ext_if all reassemble tcp', ('left', 'no state of TCP')),
            ('scrub in all', {'scrub.reassemble': True}), ('scrub out on em0 inet max-mss 1400', {'mss.v4': 1400, 'mss.v6': None}),
            ('scrub on em0 inet6 max-mss 1400', {'mss.v6': 1400, 'mss.v4': None}), ('scrub all max-mss 20', ('left', 'cannot be')),
            ('match in on $wan scrub (no-df, max-mss 1440, random-id)', {'mss.v4': 1440, 'scrub.clear_df': True}, ('left', 'random-id')),
            ('block in all', ('left', 'filtered by the kernel')),
            ('scrub in on em0 all \\\n max-mss 1410', {'mss.v4': 1410}),
        ], pf)

    def test_each_tcpmss_rule_alone(self):
        self.rows([
            (f'iptables -t mangle -A INPUT -i ppp0 {TCPMSS}', {'mss.v4': 1414, 'mss.v6': None, 'mss.from_links': True}),
            (f'iptables -t mangle -A FORWARD -o ppp0 {TCPMSS}', {'mss.v4': 1414, 'mss.to_links': True, 'mss.from_links': None}),
            (f'/sbin/ip6tables -t mangle -A FORWARD -o ppp0 {TCPMSS}', {'mss.v6': 1414, 'mss.v4': None}),
            ('*mangle\n:FORWARD ACCEPT [0:0]\n-A FORWARD -o ppp0 -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu\nCOMMIT',
             {'mss.v4': 'auto'}),
            ('iptables -A FORWARD -p tcp -j TCPMSS --set-mss 5', ('left', 'cannot be')),
            ('iptables -A FORWARD -p tcp -j TCPMSS', ('left', 'needs --set-mss')),
            ('iptables -A INPUT -i ppp0 -j DROP', ('left', 'filtered by the kernel')),
        ], iptables)

    def test_a_rule_for_one_direction_and_one_that_would_raise_are_remarked(self):
        remarks = iptables('iptables -A FORWARD -o ppp0 -p tcp -j TCPMSS --set-mss 1400').remarks
        self.assertTrue(any('one direction of data' in r for r in remarks))
        self.assertTrue(any('hawser only lowers' in r for r in remarks))

    def test_rules_without_a_system_that_dials_say_what_they_would_be(self):
        result = Result({'pf.conf': 'scrub in all max-mss 1440\n'})
        self.assertIn('belongs to a client, as mss.v4', result.left)
        self.accepted(result.yaml())
