# SPDX-License-Identifier: BSD-3-Clause
"""Kernel PPPoE sessions pinned at the peer: no pppoe-server and no pty, the kernel's own PPPoE and multilink at rate."""
import json
import pathlib

from bonded import CLIENT_ADDRESS, CONCENTRATOR_ADDRESS
from checks import FLOOD, expect, fragments, no_drops, pings, tcp
from lab import run, until
from matrix import cell
from stage import HAWSER, HOST, ServeStage
from watch import watched
import cells_serve

ROW = 'kernel PPPoE sessions, pinned, server'
PEER = 'peer'


class PinnedStage(ServeStage):
    """guest (pppd) --tap-- bridge --bridged0, 1 == line0, 1-- hawserd, client -- host; discovery is answered on bridged0, 1."""
    bursts = True

    def set_up(self):
        self.namespaces(PEER)
        for i in range(2):
            self.ip(HAWSER, 'link', 'del', f'line{i}')
            self.veth(HAWSER, f'line{i}', PEER, f'bridged{i}')
            self.tap(PEER, f'tap{i}')
            self.ip(PEER, 'link', 'add', 'name', f'bridge{i}', 'type', 'bridge')
            for port in (f'tap{i}', f'bridged{i}'):
                self.ip(PEER, 'link', 'set', port, 'master', f'bridge{i}')
            self.ip(PEER, 'link', 'set', f'bridge{i}', 'up')
        self.guest = self.boot(self.guest_name, ['tap0', 'tap1'], ns=PEER)

    def our_mac(self, line):
        return json.loads(self.ip(HAWSER, '-j', 'link', 'show', line).stdout)[0]['address']

    def pin(self, rates, links=2, options=''):
        """hawserd dials; pppd gets the pinned sessions as soon as hawserd has them (before, it would be answered by PADT)."""
        self.guest.write('/etc/ppp/ip-up', '#!/bin/sh\nip route replace 192.168.1.0/24 dev $1\n')
        self.guest.run('chmod 755 /etc/ppp/ip-up')
        for i in range(links):
            self.guest.write(f'/etc/ppp/peers/pinned{i}', f'''plugin rp-pppoe.so
                nic-eth{i}
                pppoe-sess {i + 1}:{self.our_mac(f"line{i}")}
                multilink
                mrru 1500
                require-chap
                name bras
                nodefaultroute
                nodetach
                debug
                logfile /host/pinned{i}.log
                lcp-echo-interval 1
                lcp-echo-failure 3
                {CONCENTRATOR_ADDRESS}:{CLIENT_ADDRESS}
                {options}\n''')
        words = [w for i in range(links) for w in (f'bridged{i}', self.guest.mac(i), str(i + 1))]
        responder = self.start(PEER, 'discovery', 'python3', pathlib.Path(__file__).parent / 'discovery.py', *words)
        until('discovery', lambda: 'ready' in responder.text())
        self.start_daemon(links, rates)
        self.capture_lines()
        until('hawserd has its sessions', lambda: all(f'session {i + 1}' in responder.text() for i in range(links)))
        self.jobs = [self.guest.start(f'exec pppd call pinned{i}') for i in range(links)]
        cells_serve.wait_up(self, links)
        self.guest.run('ip link set ppp0 mtu 1500')


def datagrams(stage, reverse):
    """UDP for 2 s, in datagrams of 8000 bytes: six IP fragments and twelve of multilink for one system call."""
    run(*stage.inside(HOST), 'iperf3', '-u', *(['-R'] if reverse else []), '-b', '100M', '-l', 8000, '-t', 2, '-c', stage.guest_address,
        timeout=25)


@cell(PinnedStage, ROW, alone=True)
def pinned_at_rate(stage):
    """2 links without user space in the way, 200 + 200 Mbit/s: the kernel's fragments put together and ours taken, all of them"""
    stage.pin([200, 200])
    pings(stage)
    fragments(stage)
    no_drops(stage)
    received, _ = watched(stage, lambda: datagrams(stage, True))
    expect(not received.passed.faults() and received.came > 5000, f'{received.text()}: {received.passed.faults()}')
    _, sent = watched(stage, lambda: datagrams(stage, False))
    expect(not sent.faults() and sent.came > 1000, f'of {sent.came} datagrams from us: {sent.faults()}')
    no_drops(stage, {'mp_lost', 'mp_late'} if received.lost_before else frozenset())
    ours, theirs = tcp(stage, 4)
    expect(ours > 60, f'{ours:.0f} Mbit/s from us')
    no_drops(stage, FLOOD)
    status = stage.stop_daemon()
    expect(status == 0, f'hawserd: exit {status}')
    until('the peer sees our close', lambda: all(not job.running() for job in stage.jobs), 5)
    return (f'{received.came} fragments to us, {received.lost_before} lost before, all {received.passed.came} whole datagrams delivered; '
            f'all {sent.came} from us on the lines; TCP {ours:.0f} Mbit/s from us, {theirs:.0f} to us')
