# SPDX-License-Identifier: BSD-3-Clause
"""l2tpns, a multilink implementation of its own in user space, as the PPPoE server of our client. It runs on the host: no guest."""
import os
import pathlib
import signal
import time

import image
import kills
from bonded import CLIENT_ADDRESS, CONCENTRATOR_ADDRESS, LEFT
from checks import FLOOD, LIFE, bundle, expect, fragments, no_drops, tcp
from lab import run, until
from matrix import cell
from stage import HAWSER, HOST, ServeStage
from watch import Watch

ROW = 'l2tpns 2.4.1, server'
PEER, MAC = 'peer', '02:4c:32:54:50:01'

# secret: between l2tpns and its RADIUS server. It listens on one interface and refuses to start without a default route.
CONFIG = """set debug 3
set log_file "{dir}/l2tpns.log"
set pid_file "{dir}/l2tpns.pid"
set l2tp_secret "secret"
set primary_dns 198.51.100.53
set primary_radius 127.0.0.1
set primary_radius_port 1812
set radius_secret "secret"
set radius_authtypes "chap pap"
set radius_accounting no
set allow_duplicate_users yes
set bind_address 10.7.0.1
set peer_address {address}
set iftun_address {address}
set cli_bind_address 127.0.0.1
set cluster_interface lo
set cluster_hb_interval 1
set cluster_hb_timeout 10
set echo_timeout 1
set idle_echo_timeout 4
set pppoe_if_to_bind "access"
set pppoe_ac_name "l2tpns"
"""


# The bridge's kernel resolves l2tpns' useless default route, and l2tpns sends LCP before our control thread has read its PADS.
STRAY = {'not_pppoe', 'not_for_us', 'session_unknown'}


class L2tpnsStage(ServeStage):
    """l2tpns ==bridge== line0, line1 == hawserd, client -- host."""
    bursts = True

    def set_up(self):
        image.build()
        self.namespaces(PEER)
        self.ip(PEER, 'link', 'add', 'name', 'access', 'address', MAC, 'type', 'bridge')
        for i in range(2):
            self.ip(HAWSER, 'link', 'del', f'line{i}')
            self.veth(HAWSER, f'line{i}', PEER, f'bridged{i}')
            self.ip(PEER, 'link', 'set', f'bridged{i}', 'master', 'access')
        self.ip(PEER, 'link', 'set', 'access', 'up')
        self.ip(PEER, 'addr', 'add', '10.7.0.1/24', 'dev', 'access')
        self.ip(PEER, 'route', 'add', 'default', 'via', '10.7.0.2')
        etc = self.dir / 'etc' / 'l2tpns'
        etc.mkdir(parents=True)
        (etc / 'ip_pool').write_text(f'{CLIENT_ADDRESS}/32\n')
        (self.dir / 'l2tpns.conf').write_text(CONFIG.format(dir=self.dir, address=CONCENTRATOR_ADDRESS))
        radius = self.start(PEER, 'radius', 'python3', pathlib.Path(__file__).parent / 'radius.py', 1812, 'secret', CLIENT_ADDRESS,
                            '192.168.1.0/24')
        until('RADIUS', lambda: 'ready' in radius.text())
        self.start_l2tpns()
        self._stack.callback(self.stop_l2tpns)
        self.iperf_server(PEER)

    def start_l2tpns(self):
        # /etc/l2tpns is compiled in: a layer over /etc, in the mount namespace that `ip netns exec` makes. setsid: on its way out
        # l2tpns signals its process group.
        script = (f'mount -t overlay -o lowerdir={self.dir}/etc:/etc overlay /etc && LD_LIBRARY_PATH={image.LIBRARIES} '
                  f'exec setsid -w {image.UNPACKED}/usr/sbin/l2tpns -v -c {self.dir}/l2tpns.conf')
        self.l2tpns = self.start(PEER, 'l2tpns', 'sh', '-c', script)
        until('l2tpns listens', lambda: os.path.exists(self.dir / 'l2tpns.pid'), 10)

    def stop_l2tpns(self):
        pid = self.dir / 'l2tpns.pid'
        if pid.exists():
            os.kill(int(pid.read_text()), signal.SIGKILL)
            pid.unlink()
        self.l2tpns.stop()

    def peer_mac(self, i):
        return MAC

    def reset(self):
        self.stop_daemon()
        self.stop_capture()
        self.watch = None
        self.stop_l2tpns()  # it keeps closed sessions in their bundles for seconds, and new ones join them
        self.start_l2tpns()
        for i in range(2):
            self.ip(HAWSER, 'link', 'set', f'line{i}', 'up')

    def guest_ping(self, size, df):
        return self.ping(PEER, LEFT, size=size, df=df)

    def explain(self):
        super(ServeStage, self).explain()
        log = self.dir / 'l2tpns.log'
        if log.exists():
            print('----- l2tpns\n' + '\n'.join(log.read_text(errors='replace').splitlines()[-60:]))


def dial(stage, links):
    stage.start_daemon(links, [30] * links)
    stage.capture_lines()
    stage.daemon.wait_bundle(stage.name, links, 20)
    until('the host reaches l2tpns', lambda: stage.ping(HOST, stage.guest_address, count=1, timeout=1) == 1, 5)


def pings(stage):
    for size, df in ((56, False), (1462 - 28, True), (8000, False)):
        what = f'{size} bytes{", DF" if df else ""}'
        n = stage.ping(HOST, stage.guest_address, size=size, df=df)
        expect(n == 3, f'host -> l2tpns: {n} of 3 answers, {what}')
        n = stage.guest_ping(size, df)
        expect(n == 3, f'l2tpns -> host: {n} of 3 answers, {what}')


def full(stage, links):
    dial(stage, links)
    b = bundle(stage)
    mrus = {x['peer_mru'] for x in stage.links()}
    pings(stage)
    fragments(stage, both=False)
    no_drops(stage, STRAY)
    ours, theirs = tcp(stage)
    no_drops(stage, FLOOD | STRAY)
    start = time.monotonic()
    status = stage.stop_daemon()
    expect(status == 0, f'hawserd: exit {status}')
    until('l2tpns sees our close', lambda: 'PADT' in log_text(stage) or 'Terminate' in log_text(stage), 5)
    return (f'peer MRU {mrus}, MRRU {b["tx_mrru"]}, our MTU {b["ip_mtu"]}; TCP {ours:.0f} Mbit/s from us, {theirs:.0f} to us; '
            f'closed in {time.monotonic() - start:.1f} s by us')


def log_text(stage):
    return (stage.dir / 'l2tpns.log').read_text(errors='replace')


@cell(L2tpnsStage, ROW)
def l2tpns_one_link(stage):
    """1 link: MRU 1462, MRRU 1614, endpoint by IP address"""
    return full(stage, 1)


@cell(L2tpnsStage, ROW)
def l2tpns_two_links(stage):
    """2 links"""
    return full(stage, 2)


@cell(L2tpnsStage, ROW)
def l2tpns_link_killed(stage):
    """a line loses its carrier and comes back"""
    dial(stage, 2)
    stage.ip(PEER, 'link', 'set', 'bridged0', 'down')
    start = time.monotonic()
    stage.daemon.wait_bundle(stage.name, 1, 10)
    gone = time.monotonic() - start
    until('the other link carries all', lambda: stage.ping(HOST, stage.guest_address, count=5, timeout=1) == 5, 20)
    whole = time.monotonic() - start
    stage.ip(PEER, 'link', 'set', 'bridged0', 'up')
    stage.daemon.wait_bundle(stage.name, 2, 30)
    pings(stage)
    no_drops(stage, LIFE | STRAY | {'port_tx'})
    return f'noticed in {gone:.1f} s, both directions whole after {whole:.1f} s'


@cell(L2tpnsStage, ROW)
def l2tpns_line_silent(stage):
    """a line goes silent: packets that l2tpns sends whole over the other one are not held up meanwhile, 1 s at most"""
    dial(stage, 2)
    stage.stop_capture()
    watch = Watch(stage)
    watch.from_now()
    # Up to 64 bytes l2tpns does not cut: every second one takes the line that is left.
    beats = stage.heartbeat(PEER, LEFT, 16)
    time.sleep(0.5)
    start = time.monotonic()
    stage.silence(HAWSER, 'line0')
    stage.silence(PEER, 'bridged0')
    stage.daemon.wait_bundle(stage.name, 1, 10)
    gone = time.monotonic() - start
    time.sleep(1)
    beats()
    received, _ = watch.end()
    stage.unshape('line0')
    run('tc', '-n', stage.ns(PEER), 'qdisc', 'del', 'dev', 'bridged0', 'root', check=False)
    p = received.passed
    expect(gone <= kills.SILENT_S, f'noticed after {gone:.1f} s')
    expect(not p.faults() and p.came > 20, f'{p.came} came whole: {p.faults()}')
    expect(max(p.stall, p.slowest) <= kills.HELD_S, f'nothing delivered for {p.stall:.2f} s, one held for {p.slowest:.2f} s')
    stage.daemon.wait_bundle(stage.name, 2, 30)
    pings(stage)
    no_drops(stage, LIFE | STRAY | {'port_tx'})
    return (f'out of use after {gone:.1f} s; meanwhile {p.came} packets came whole and were delivered, none held for more than '
            f'{1000 * p.slowest:.0f} ms, {1000 * p.stall:.0f} ms between two at most')
