# SPDX-License-Identifier: BSD-3-Clause
"""Which system a file belongs to, by its content and its name."""
import re

PPP, MPD, PPPD, GENTOO, INTERFACES, PF, IPTABLES = 'ppp', 'mpd', 'pppd', 'gentoo', 'interfaces', 'pf', 'iptables'
DIALLERS = (PPP, MPD, PPPD, GENTOO)  # one of these a run
NAMES = (
    (PPP, r'ppp\.(conf|linkup|linkdown)$'), (MPD, r'mpd\d?\.(conf|links|secret|script)$'), (PPPD, r'(chap|pap)-secrets$'),
    (PPPD, r'(^|/)options(\.|$)'), (PPPD, r'(^|/)peers/'), (PPPD, r'dsl-provider|provider$'), (GENTOO, r'(^|/)conf\.d/net$|(^|/)net$'),
    (INTERFACES, r'interfaces$'), (PF, r'(^|/)pf\.'), (IPTABLES, r'ip6?tables|rules\.v[46]$'),
)
LINES = (
    (PPP, r'set\s+(device\s+pppoe|authname|authkey|ifaddr|mrru|mru|mtu|timeout|speed|login|server|redial)\b|clone\s|add!?\s+default'
          r'|(accept|deny|disable)\s+\w+|!bg\s|MYADDR:'),
    (MPD, r'set\s+(bundle|link|iface|pppoe|auth|ipcp|console|ccp|phys)\s|create\s+(bundle|link)\s|new\s+(-i\s+\w+\s+)?\w+\s+\w+'),
    (GENTOO, r'(config|link|plugins|username|password|pppd|routes)_\w+='),
    (INTERFACES, r'iface\s+\S|auto\s+\S+$|provider\s'),
    (PF, r'(?i:scrub)\s+(in|out|on|all|fragment)?|match\s.*\bscrub\b|block\s|pass\s(in|out)\b|set\s+skip\s'),
    (IPTABLES, r'(/\S*/)?ip6?tables\s|\*(mangle|nat|filter)$|-A\s+\w+\s|:\w+\s+(ACCEPT|DROP)'),
    (PPPD, r'(plugin|pty|user|name|mru|mtu|mrru|lcp-echo-\w+|holdoff|maxfail|idle|unit|logfile|endpoint|holdoff|file|call)\s+\S|'
           r'(noauth|noipdefault|defaultroute|usepeerdns|persist|multilink|mp|debug|hide-password|default-asyncmap|noaccomp|nobsdcomp'
           r'|nodeflate|nopcomp|novj|noccp|demand|noipv6|updetach|lock)$|\S+\s+\S+\s+\S+\s*$'),
)


def kind_of(name, lines):
    """One of the kinds above, or None: nothing in it is known."""
    texts = [line.text for line in lines if line.text and not line.text.startswith('#')]
    score = dict.fromkeys(dict(LINES), 0)
    for text in texts:
        for kind, pattern in LINES:
            if re.match(pattern, text):
                score[kind] += 1
                break
    for kind, pattern in NAMES:
        if re.search(pattern, name):
            # a name decides where the content is silent or undecided
            score[kind] += max(1, len(texts) // 3)
            break
    best = max(score, key=score.get)
    return best if score[best] > 0 else None
