# SPDX-License-Identifier: BSD-3-Clause
"""Debian's /etc/network/interfaces, as far as it starts pppd: auto, iface ... inet ppp, provider, pre-up."""
import re

from .listing import mended

WORDS = set('auto iface inet inet6 manual ppp static dhcp provider pre-up up post-up down pre-down post-down allow-hotplug ifconfig '
            'link set source dsl-provider lo loopback'.split())


def known(word):
    return word in WORDS or word.startswith('/') or word[-1:].isdigit() and word.isalnum()


def read(system, files, section=None):
    ppp, kernel = set(), 'other interfaces stay with the kernel'
    lines = [line.with_text(re.sub(r'\s+#.*', '', line.text)) for _, ls in files for line in ls
             if line.text and not line.text.startswith('#')]
    lines = [mended(system.statement(line), known, system.remarks) for line in lines]
    for line in lines:
        words = line.text.split()
        if words[0] == 'iface' and words[-1] == 'ppp':
            ppp.add(words[1])
    inside = False
    for line in lines:
        words = line.text.split()
        if words[0] == 'iface':
            inside = words[-1] == 'ppp'
            if inside:
                system.no_need(line, 'a client of hawser')
            else:
                system.leave(line, kernel)
        elif words[0] in ('auto', 'allow-hotplug'):
            started = [w for w in words[1:] if w in ppp]
            for client in system.clients if started else ():
                client.settings.set('dial', 'always', line)
            if started and not system.clients:
                system.leave(line, 'the file of its provider is not among those that were given')
            elif not started:
                system.leave(line, kernel)
        elif not inside:
            system.leave(line, kernel)
        elif words[0] == 'provider':
            names = {name for c in system.clients for name in (c.name, *(link.name for link in c.links))}
            if words[-1] in names:
                system.keyed(line)
            else:
                system.leave(line, f'the file /etc/ppp/peers/{words[-1]} is not among those that were given')
        elif words[0] in ('pre-up', 'up') and words[-1] == 'up':
            system.no_need(line, 'hawserd opens its ports itself, and waits for a carrier')
        else:
            system.leave(line, 'programs are run at events: see hooks in hawser.yaml(5)')
