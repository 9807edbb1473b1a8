# SPDX-License-Identifier: BSD-3-Clause
"""Where the cells play: hawserd in a namespace, lines that are taps, guests behind them, and a kernel host behind hawserd.

    DialStage    guest (pppd) ==line0..3== hawserd, concentrator -- 198.51.100.1 -- 198.51.100.2 host
    ServeStage   guest (pppoe-server, pppd) ==line0..3== hawserd, client -- 192.168.1.1 -- 192.168.1.2 host

A stage lives through many cells (a guest takes two seconds to boot); reset() takes it back to silence between them.
"""
import json
import re
import signal
import time

from bonded import (CLIENT_ADDRESS, CONCENTRATOR_ADDRESS, LEFT, LEFT_GATEWAY, PASSWORD, RIGHT, RIGHT_GATEWAY, USER, access_port,
                    client_config, concentrator_config, merge)
from guest import Guest
from lab import Lab, LabError, run, tshark_fields, until
from priority import hasten
from watch import Watch

LINES = [f'line{i}' for i in range(4)]
HAWSER, HOST = 'hawser', 'host'
SECRETS = '/etc/ppp/chap-secrets', '/etc/ppp/pap-secrets'


class Stage(Lab):
    """What both roles share."""
    port, gateway, address = None, None, None  # of hawserd's IP port, and the host behind it
    backend = 'uml'
    guest_name = 'peer'
    bursts = True  # whether the peer can take many packets at once

    def __init__(self, build=None):
        super().__init__(build)
        self.daemon = self.guest = self.server = self.watch = None

    def __enter__(self):
        super().__enter__()
        try:
            self.namespaces(HAWSER, HOST)
            for line in LINES:
                self.tap(HAWSER, line)
            self.veth(HOST, 'eth0', HAWSER, self.port)
            self.host(HOST, 'eth0', f'{self.address}/24', self.gateway)
            self.set_up()
        except BaseException:
            self.explain()
            self._stack.close()
            raise
        return self

    def set_up(self):
        self.guest = self.boot(self.guest_name, LINES)

    def tap(self, ns, name):
        self.ip(ns, 'tuntap', 'add', name, 'mode', 'tap')
        self.ip(ns, 'link', 'set', name, 'up')

    def boot(self, name, taps, backend=None, ns=HAWSER):
        guest = Guest(self, ns, name, taps, backend or self.backend)
        self._stack.callback(guest.stop)
        self.password(guest, {USER: PASSWORD})
        # The server answers on every address that pppd brings up later; it ends when a test breaks off at the wrong moment.
        guest.start('while :; do iperf3 -s; done')
        return guest

    def password(self, guest, users):
        for path in SECRETS:
            guest.write(path, ''.join(f'"{name}" * "{secret}" *\n' for name, secret in users.items()))

    def reset(self):
        """Nothing runs, nothing is shaped. The guest stays up."""
        self.stop_daemon()
        self.stop_capture()
        self.watch = None
        self.quiet(self.guest)
        for line in LINES:
            self.unshape(line)
            self.ip(HAWSER, 'link', 'set', line, 'up')

    def quiet(self, guest):
        guest.run(f'''
            killall -9 pppoe-server pppoe pppd tail 2>/dev/null
            for i in 1 2 3 4 5 6 7 8 9 10; do pidof pppd >/dev/null || break; sleep 0.05; done
            rm -f /run/pppd2.tdb /run/ppp*.pid /run/pppd-*.pid /host/*.log /etc/ppp/ip-up
            for n in eth0 eth1 eth2 eth3; do tc qdisc del dev $n root; tc qdisc del dev $n ingress; ip link set $n up; done 2>/dev/null
            for n in ifb0 ifb1 ifb2 ifb3; do ip link del $n; done 2>/dev/null
            true''')

    def start(self, *argv):
        process = super().start(*argv)
        hasten(process.popen.pid)
        return process

    # hawserd

    def config(self):
        raise NotImplementedError

    def start_daemon(self, links=2, rates=None, changes=None, mtu=1500):
        """rates: Mbit/s that hawserd paces each line to; None: not at all. mtu: of its IP side."""
        self.rates = list(rates or [None] * links)
        lines = LINES[:links]
        for ns, dev in ((HOST, 'eth0'), (HAWSER, self.port)):
            self.ip(ns, 'link', 'set', dev, 'mtu', mtu)
        self.lines = lines
        config = merge(self.config(self.dir / 'hawser.sock', lines, self.rates), {'ports': {self.port: {'mtu': mtu}}})
        config = merge(config, changes)
        self.daemons = []
        self.daemon = self.hawserd(HAWSER, json.dumps(config, indent=1), 'hawser')
        hasten(self.daemon.popen.pid)
        self.base, self.excused = self.drops(), set()
        return self.daemon

    def stop_daemon(self):
        """Its exit status, None if there was none."""
        if self.daemon is None:
            return None
        daemon, self.daemon = self.daemon, None
        self.daemons = []
        return daemon.stop()

    def drops(self):
        """reason -> count, those above zero."""
        return {r['reason']: r['count'] for r in self.daemon.json('show', 'drops')['drops'] if r['count']}

    def links(self):
        return self.daemon.json('show', 'links')['links']

    def bundles(self):
        return self.daemon.json('show', 'bundles')['bundles']

    def ports(self):
        return self.daemon.json('show', 'ports')['ports']

    def peer_mac(self, i):
        """Of the peer's end of line i."""
        return self.guest.mac(i)

    # captures: all lines and the IP port in one file, both directions

    def start_capture(self, *options):
        return self.start(HAWSER, f'dumpcap-{time.monotonic_ns()}', 'dumpcap', '-q', *options)

    def capture_lines(self):
        self.watch = Watch(self)

    def stop_capture(self):
        if self.watch is not None:
            self.watch.stop()

    def frames(self, display_filter, *fields, prefs=()):
        """Rows of field values of the captured frames that match."""
        return tshark_fields(self.watch.pcap, display_filter, *fields, prefs=prefs)

    # traffic

    def guest_pings(self, target, sizes, count=3):
        """From the guest: {(size, df): answers}."""
        join = '&' if self.bursts else ''
        script = ''.join(f'ping -n -q -c {count} -i 0.2 -W 1 -s {size} {"-M do" if df else ""} {target} | '
                         f'sed -n "s/.* \\([0-9]*\\) received.*/{size} {int(df)} \\1/p" {join}\n' for size, df in sizes)
        text = self.guest.run(script + 'wait', timeout=30)
        return {(int(s), bool(int(d))): int(n) for s, d, n in re.findall(r'(\d+) (\d) (\d+)', text)}

    def iperf(self, *argv, **kw):
        try:
            return super().iperf(*argv, **kw)
        except LabError as why:
            if 'refused' not in str(why) and 'reset by peer' not in str(why):
                raise
            time.sleep(0.5)  # the server is about to be started again, or has not let go of its last client
            return super().iperf(*argv, **kw)

    def shape_guest(self, nic, rate=None, delay=None, extra='', both=True, queue_ms=50):
        """A line by netem in the guest, in its sending direction and, over an ifb, in ours. Queues are as deep as a modem's."""
        options = ' '.join([*([f'rate {rate}mbit'] if rate else []), *([f'delay {delay}ms'] if delay else []), extra])
        # netem's limit is in packets; what waits for its delay counts too.
        limit = int((rate or 1000) * 1000 * (queue_ms + (delay or 0)) / 8 / 800) + 20
        script = f'tc qdisc replace dev {nic} root netem limit {limit} {options}\n'
        if both:
            ifb = nic.replace('eth', 'ifb')
            script += f'''modprobe ifb numifbs=0
                ip link add {ifb} type ifb; ip link set {ifb} up
                tc qdisc add dev {nic} handle ffff: ingress
                tc filter add dev {nic} parent ffff: matchall action mirred egress redirect dev {ifb}
                tc qdisc replace dev {ifb} root netem limit {limit} {options}\n'''
        self.guest.run('set -e\n' + script)

    def unshape(self, line):
        run('tc', '-n', self.ns(HAWSER), 'qdisc', 'del', 'dev', line, 'root', check=False)

    def heartbeat(self, ns=HOST, target=None, size=56):
        """Pings the guest 20 times a second; the function returned ends that and tells how many were lost and the longest stall."""
        log = f'heartbeat-{time.monotonic_ns()}'
        pinger = self.start(ns, log, 'ping', '-n', '-D', '-i', '0.05', '-s', size, target or self.guest_address)

        def end():
            pinger.stop(signal.SIGINT)
            got = re.findall(r'^\[([0-9.]+)\].*icmp_seq=(\d+) ', pinger.text(), re.M)
            times, numbers = [float(t) for t, _ in got], {int(n) for _, n in got}
            stall = max((b - a for a, b in zip(times, times[1:])), default=0.0)
            return max(numbers, default=0) - len(numbers), stall
        return end

    def explain(self):
        super().explain()
        if self.guest is not None:
            for path in sorted(self.guest.host.glob('*.log')):
                print(f'----- guest: {path.name}\n' + '\n'.join(path.read_text(errors='replace').splitlines()[-40:]))


class DialStage(Stage):
    """The guest dials."""
    port, gateway, address = 'core', RIGHT_GATEWAY, RIGHT
    name, guest_address = USER, CLIENT_ADDRESS

    def config(self, socket, lines, rates):
        changes = {'users': {USER: {'routes': None}}, 'concentrators': {'isp': {'failure_delay': '100 ms'}}}
        return merge(concentrator_config(socket, lines, rates), changes)

    def dial(self, nic, options='', user=USER, multilink='multilink\nmrru 1500', plugin=None, pidfile=False, log=None):
        """Starts one pppd on a card of the guest; returns its job. Its log is /host/NIC.log. plugin: other lines than the kernel's
        PPPoE."""
        device = plugin(nic) if plugin else f'plugin rp-pppoe.so\nnic-{nic}'
        self.guest.write(f'/etc/ppp/peers/{nic}', f'''{device}
            user "{user}"
            {multilink}
            noauth
            nodetach
            noipdefault
            defaultroute
            debug
            logfile /host/{log or nic + ".log"}
            lcp-echo-interval 1
            lcp-echo-failure 3
            {options}\n''')
        keep = f'echo $$ > /run/pppd-{nic}.pid\n' if pidfile else ''
        return self.guest.start(f'{keep}exec pppd call {nic}')

    def guest_has_address(self):
        return 'inet ' in self.guest.run('ip -4 addr show dev ppp0 2>/dev/null; true')

    def peer_is_down(self):
        return all(not job.running() for job in self.jobs)

    def hang_up(self):
        """The peer closes: pppd's own good-bye."""
        self.guest.run('killall pppd; true')


class ServeStage(Stage):
    """The guest is the concentrator."""
    port, gateway, address = 'lan', LEFT_GATEWAY, LEFT
    name, guest_address = 'home', CONCENTRATOR_ADDRESS
    bursts = False  # pppd on a pty and PPPoE in user space lose some of them

    def config(self, socket, lines, rates):
        return client_config(socket, lines, rates)

    def serve(self, links=2, options='', multilink='multilink\nmrru 1500', auth='require-chap', server_options=''):
        """pppoe-server on the guest's cards; pppd on a pty for each session. Routes to our host when a bundle is up."""
        self.guest.write('/etc/ppp/serve', f'''{multilink}
            {auth}
            name bras
            nodefaultroute
            debug
            logfile /host/serve.log
            lcp-echo-interval 1
            lcp-echo-failure 3
            {options}\n''')
        self.guest.write('/etc/ppp/ip-up', f'#!/bin/sh\nip route replace {LEFT}/24 dev $1\n'.replace(f'{LEFT}/24', '192.168.1.0/24'))
        cards = ' '.join(f'-I eth{i}' for i in range(links))
        self.server = self.guest.start(f'chmod 755 /etc/ppp/ip-up\nexec pppoe-server -F {cards} -C bras -L {CONCENTRATOR_ADDRESS} '
                                       f'-R {CLIENT_ADDRESS} -N 64 -O /etc/ppp/serve {server_options}')
        until('pppoe-server', lambda: 'pppoe-server' in self.guest.run('pidof pppoe-server >/dev/null && echo pppoe-server; true'))

    def hang_up(self):
        self.guest.run('killall pppd; true')
