# SPDX-License-Identifier: BSD-3-Clause
"""A lab of network namespaces: hosts, shaped lines and hawserd processes, all removed again at the end.

    with Lab() as lab:
        lab.namespaces('left', 'cpe', 'bras', 'right')
        lab.veth('cpe', 'line0', 'bras', 'line0')
        lab.shape('cpe', 'line0', 30)
        daemon = lab.hawserd('cpe', config_text)
        daemon.ctl('wait', 'bundle', 'home', '--links', '2')

Everything waits for events with a bound; nothing sleeps in the hope that something has happened.
"""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


class LabError(Exception):
    """A step of the lab failed; the text says which and what it printed."""


def first_line(why):
    """Of an exception, for the line that tells of a failure."""
    return f'{type(why).__name__}: {why}'.splitlines()[0][:300]


def run(*argv, check=True, timeout=30, **kw):
    """Runs a command to its end and returns it with its output as text."""
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, timeout=timeout, **kw)
    if check and done.returncode != 0:
        raise LabError(f"{' '.join(map(str, argv))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def until(what, probe, timeout=10.0, every=0.05):
    """Calls probe until it returns something true; LabError after timeout seconds."""
    end = time.monotonic() + timeout
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() > end:
            raise LabError(f'{what}: not within {timeout:g} s')
        time.sleep(every)


class Process:
    """A process in a namespace, its output in a file."""

    def __init__(self, lab, name, argv, env=None):
        self.name = name
        self.log = lab.dir / f'{name}.log'
        self._file = open(self.log, 'ab')
        self.popen = subprocess.Popen([str(a) for a in argv], stdout=self._file, stderr=subprocess.STDOUT,
                                      stdin=subprocess.DEVNULL, start_new_session=True, env=env)

    def text(self):
        return self.log.read_text(errors='replace')

    def running(self):
        return self.popen.poll() is None

    def wait(self, timeout):
        try:
            return self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise LabError(f'{self.name}: still running after {timeout:g} s') from None

    def stop(self, sig=signal.SIGTERM, timeout=8):
        """Asks it to end, then ends it. Returns its exit status."""
        if self.running():
            self.popen.send_signal(sig)
            try:
                self.popen.wait(timeout)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait(5)
        self._file.close()
        return self.popen.returncode


class Daemon(Process):
    """A hawserd and its hawserctl."""

    def __init__(self, lab, ns, name, config):
        self.lab, self.ns = lab, ns
        self.socket = lab.dir / f'{name}.sock'
        self.config = lab.dir / f'{name}.yaml'
        self.config.touch(mode=0o600)  # it holds passwords
        self.config.write_text(config)
        super().__init__(lab, name, [*lab.inside(ns), lab.hawserd_path, '-c', self.config])
        until(f'{name}: control socket\n{self.text()}', self._ready, timeout=20)

    def _ready(self):
        if not self.running():
            raise LabError(f'{self.name} ended at start:\n{self.text()}')
        return self.socket.exists() and self.ctl('version', check=False).returncode == 0

    def ctl(self, *argv, check=True, timeout=40):
        return run(self.lab.hawserctl_path, '-s', self.socket, *argv, check=check, timeout=timeout)

    def json(self, *argv):
        return json.loads(self.ctl(*argv, '--json').stdout)

    def wait_bundle(self, name, links, timeout=15):
        self.ctl('wait', 'bundle', name, '--links', links, '--timeout', timeout, timeout=timeout + 5)


class Lab:
    def __init__(self, build=None, keep=None):
        build = pathlib.Path(build or os.environ.get('HAWSER_BUILD', ROOT / 'build' / 'gcc')).resolve()
        self.hawserd_path = build / 'control' / 'hawserd'
        self.hawserctl_path = build / 'tools' / 'hawserctl' / 'hawserctl'
        self.prefix = f'hw{os.getpid()}-'
        self.keep = keep
        self._stack = contextlib.ExitStack()

    def __enter__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix='hawser-'))
        self._stack.callback(shutil.rmtree, self.dir, ignore_errors=True)
        return self

    def __exit__(self, kind, value, trace):
        if kind is not None:
            self.explain()
        self._stack.close()

    # namespaces and devices

    def ns(self, name):
        return self.prefix + name

    def inside(self, ns):
        return ['ip', 'netns', 'exec', self.ns(ns)]

    def namespaces(self, *names):
        for name in names:
            run('ip', 'netns', 'add', self.ns(name))
            self._stack.callback(run, 'ip', 'netns', 'del', self.ns(name), check=False)
            self.ip(name, 'link', 'set', 'lo', 'up')
            # Kernels would talk on the lines otherwise (router solicitations, MLD), and count as foreign frames.
            self.sysctl(name, 'net.ipv6.conf.default.disable_ipv6', 1)

    def sysctl(self, ns, key, value):
        run(*self.inside(ns), 'sh', '-c', f'echo {value} > /proc/sys/{key.replace(".", "/")}')

    def ip(self, ns, *argv, **kw):
        return run('ip', '-n', self.ns(ns), *argv, **kw)

    def veth(self, ns_a, dev_a, ns_b, dev_b, mtu=1500):
        """A cable. Checksum and segmentation offloads are off: nobody behind it could finish a packet."""
        self.ip(ns_a, 'link', 'add', 'name', dev_a, 'mtu', mtu, 'type', 'veth', 'peer', 'name', dev_b, 'mtu', mtu,
                'netns', self.ns(ns_b))
        for ns, dev in ((ns_a, dev_a), (ns_b, dev_b)):
            run(*self.inside(ns), 'ethtool', '-K', dev, 'tx', 'off', 'tso', 'off', 'gso', 'off', 'gro', 'off')
            self.ip(ns, 'link', 'set', dev, 'up')

    def shape(self, ns, dev, mbit):
        """A line's rate in the direction out of dev. The queue is short: who sends faster than the line loses packets."""
        run('tc', '-n', self.ns(ns), 'qdisc', 'replace', 'dev', dev, 'root', 'tbf', 'rate', f'{mbit}mbit',
            'burst', 8000, 'limit', 60000)

    def qdisc_drops(self, ns, dev):
        rows = json.loads(run('tc', '-n', self.ns(ns), '-s', '-j', 'qdisc', 'show', 'dev', dev).stdout)
        return sum(r.get('drops', 0) for r in rows)

    def silence(self, ns, dev):
        """Everything sent out of dev vanishes, carrier stays: a line that dies without a word."""
        run('tc', '-n', self.ns(ns), 'qdisc', 'replace', 'dev', dev, 'root', 'blackhole')

    def host(self, ns, dev, address, gateway):
        """A host with the kernel's TCP/IP."""
        self.ip(ns, 'addr', 'add', address, 'dev', dev)
        self.ip(ns, 'route', 'add', 'default', 'via', gateway)

    # processes

    def start(self, ns, name, *argv):
        p = Process(self, name, [*self.inside(ns), *argv])
        self._stack.callback(p.stop)
        return p

    def hawserd(self, ns, config, name=None):
        name = name or ns
        d = Daemon.__new__(Daemon)
        self._stack.callback(lambda: hasattr(d, 'popen') and d.stop())
        d.__init__(self, ns, name, config)
        self._daemons().append(d)
        return d

    def _daemons(self):
        return self.__dict__.setdefault('daemons', [])

    def capture(self, ns, dev, path, snaplen=256):
        """tcpdump into path; returns once it captures."""
        p = self.start(ns, f'tcpdump-{ns}-{dev}', 'tcpdump', '-Z', 'root', '-U', '--immediate-mode', '-B', 8192, '-s', snaplen, '-n',
                       '-i', dev, '-w', path)
        until(f'tcpdump on {dev}', lambda: 'listening on' in p.text())
        return p

    def ping(self, ns, target, count=3, size=56, df=False, interval=0.2, timeout=2):
        """Number of answers."""
        done = run(*self.inside(ns), 'ping', '-n', '-c', count, '-i', interval, '-W', timeout, '-s', size,
                   *(['-M', 'do'] if df else []), target, check=False, timeout=count * (interval + timeout) + 5)
        for line in done.stdout.splitlines():
            if ' received' in line:
                return int(line.split(' received')[0].split()[-1])
        raise LabError(f'ping {target}: {done.stdout}{done.stderr}')

    def iperf_server(self, ns):
        p = self.start(ns, f'iperf3-{ns}', 'iperf3', '-s', '--forceflush')
        until('iperf3 server', lambda: 'listening' in p.text())
        return p

    def iperf(self, ns, server, seconds=5, reverse=False, omit=1, parallel=1):
        """TCP goodput in Mbit/s as the receiver sees it; reverse: from the server to ns."""
        done = run(*self.inside(ns), 'iperf3', '-J', '-c', server, '-t', seconds, '-O', omit, '-P', parallel,
                   *(['-R'] if reverse else []), check=False, timeout=seconds + omit + 20)
        try:
            result = json.loads(done.stdout)
            return result['end']['sum_received']['bits_per_second'] / 1e6
        except (ValueError, KeyError):
            raise LabError(f'iperf3 -c {server}: {done.stdout[-400:]}{done.stderr}') from None

    def iperf_start(self, ns, server, seconds, reverse=False):
        """A transfer in the background; .text() is iperf3's JSON once it ended."""
        name = f'iperf3c-{ns}-{time.monotonic_ns()}'
        return self.start(ns, name, 'iperf3', '-J', '-i', '0.2', '-c', server, '-t', seconds, *(['-R'] if reverse else []))

    # what went wrong

    def explain(self):
        """Prints what a person would look at first: logs, drops and links of each daemon."""
        for d in self._daemons():
            print(f'----- {d.name}: log')
            print('\n'.join(d.text().splitlines()[-40:]))
            if d.running():
                for what in ('links', 'bundles', 'drops', 'ports'):
                    print(f'----- {d.name}: {what}')
                    print(d.ctl('show', what, check=False).stdout)


def tshark_fields(pcap, display_filter, *fields, prefs=()):
    """Rows of field values of the frames that match. (tshark 4.4 takes what it sees of an iperf3 connection for malformed.)"""
    argv = ['tshark', '-n', '--disable-protocol', 'iperf3', '-r', pcap, '-Y', display_filter, '-T', 'fields']
    argv += [a for p in prefs for a in ('-o', p)] + [a for f in fields for a in ('-e', f)]
    done = run(*argv, timeout=120)
    return [line.split('\t') for line in done.stdout.splitlines()]


def tcp_ceiling(rates_mbit, pieces=2, packet=1500, mss_payload=1448, header=26):
    """TCP goodput that lines of these rates can carry: tbf counts `header` bytes around each of the pieces of a packet, and the
    first piece carries two more for the inner protocol field."""
    return sum(rates_mbit) * mss_payload / (packet + 2 + pieces * header)
