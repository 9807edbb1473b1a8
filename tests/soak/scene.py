# SPDX-License-Identifier: BSD-3-Clause
"""Where the soak plays: two hawserd processes and the hosts on both sides, all of them joined by memif, no kernel in between.

    soak-traffic ==lan== hawserd (client) ==line0, line1== hawserd (concentrator) ==core== soak-traffic

A thousand clients in one process, each with a VLAN of its own and a link on either line, and some more as a reference: plain PPP, whole
packets, one link, everything else the same. All on any machine: neither root nor namespaces nor hugepages are needed.
"""
import json
import os
import select
import subprocess
import time

from lab import Lab, LabError, Process, until

BUNDLES, REFERENCES = 1000, 50
FLOWS = BUNDLES + REFERENCES
LINKS = 2 * BUNDLES + REFERENCES
RING_SLOTS_LOG2 = 12
ECHO_S = 5
# Here workers share their CPUs: one that is away between two pieces of a packet makes the second one late by as much.
STALL_MIN = '250 ms'
CLIENT, CONCENTRATOR = 'client', 'concentrator'
ROLES = CLIENT, CONCENTRATOR


def address(net, flow):
    """As tests/soak/flows.c has them."""
    n = flow + 1
    return f'10.{net}.{n >> 8}.{n & 255}'


class Traffic(Process):
    """tests/soak/traffic.c: a command, an answer."""

    def __init__(self, lab, argv):
        self.name = 'traffic'
        self.log = lab.dir / 'traffic.log'
        self._file = open(self.log, 'ab')
        self._rest = b''
        self.popen = subprocess.Popen([str(a) for a in argv], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=self._file, start_new_session=True)

    def line(self, timeout=10):
        end = time.monotonic() + timeout
        while b'\n' not in self._rest:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.popen.stdout], [], [], left)[0]:
                raise LabError(f'traffic: no answer within {timeout:g} s\n{self.text()}')
            got = os.read(self.popen.stdout.fileno(), 65536)
            if not got:
                raise LabError(f'traffic ended\n{self.text()}')
            self._rest += got
        line, self._rest = self._rest.split(b'\n', 1)
        return line.decode()

    def ask(self, command):
        self.popen.stdin.write(command.encode() + b'\n')
        self.popen.stdin.flush()
        return self.line()

    def tell(self, command):
        answer = self.ask(command)
        if answer != 'ok':
            raise LabError(f'traffic: {command}: {answer}')

    def stats(self):
        return json.loads(self.ask('stats'))


class Scene(Lab):
    """line: of each link, as in hawser.yaml; hugepages: of the daemons."""

    def __init__(self, build=None, line='100 Mbit/s', hugepages='no'):
        super().__init__(build)
        self.line, self.hugepages = line, hugepages
        self.daemon = {}
        self.traffic = None

    def __enter__(self):
        super().__enter__()
        try:
            # Who listens comes first: a memif client does not wait for its server.
            self.start_daemon(CONCENTRATOR, self.concentrator_config())
            self.start_daemon(CLIENT, self.client_config())
            self.start_traffic()
            self.wait_up()
        except BaseException:
            self.explain()
            self._stack.close()
            raise
        return self

    def inside(self, ns):
        return []

    # configuration

    def memif(self, number, name, role):
        return (f'net_memif{number},role={role},id={number},socket={self.dir}/{name}.memif,socket-abstract=no,'
                f'rsize={RING_SLOTS_LOG2}')

    def process(self, role):
        return {'name': f'{self.prefix}{role}', 'workers': 1, 'idle': 'adaptive', 'hugepages': self.hugepages,
                'memory': '512 MiB', 'bundles_max': 2048, 'sessions_max': 4096, 'log_level': 'warning',
                'control_socket': str(self.dir / f'{role}.sock')}

    def ports(self, role, name):
        line = {'kind': 'access', 'line': {'rate': self.line}}
        side = 1 if role == CLIENT else 2
        lines = {f'line{i}': {**line, 'device': self.memif(i, f'line{i}', 'client' if role == CLIENT else 'server')}
                 for i in (0, 1)}
        return {**lines, name: {'kind': 'ip', 'device': self.memif(side + 1, name, 'server'),
                                'addresses': [f'172.16.{side}.1/30']}}

    def client(self, flow):
        vlan = str(flow + 1)
        one = {
            'username': f'user{flow}', 'password': f'secret{flow}', 'default_route': False, 'request_dns': False,
            'multilink': {'stall_min': STALL_MIN}, 'routes': [f'{address(2, flow)}/32'], 'lcp': {'echo_interval': f'{ECHO_S} s', 'echo_failures': 3},
            'redial': {'delay': '500 ms', 'jitter': '500 ms', 'limit': '3 s'},
            'links': {'a': {'ports': ['line0'], 'vlan': vlan}, 'b': {'ports': ['line1'], 'vlan': vlan}},
        }
        if flow >= BUNDLES:
            one['multilink'] = {'enabled': False}
            one['links'] = {'a': {'ports': [f'line{flow % 2}'], 'vlan': vlan}}
        return one

    def client_config(self):
        return {
            'process': self.process(CLIENT), 'ports': self.ports(CLIENT, 'lan'),
            'routes': [{'to': '10.1.0.0/16', 'via': '172.16.1.2'}],
            'clients': {f'c{flow}': self.client(flow) for flow in range(FLOWS)},
        }

    def concentrator_config(self):
        return {
            'process': self.process(CONCENTRATOR), 'ports': self.ports(CONCENTRATOR, 'core'),
            'routes': [{'to': '10.2.0.0/16', 'via': '172.16.2.2'}],
            'pools': {'subscribers': ['10.3.0.0/16']},
            'users': {f'user{flow}': {'password': f'secret{flow}', 'routes': [f'{address(1, flow)}/32']}
                      for flow in range(FLOWS)},
            'concentrators': {'isp': {
                'ports': ['line0', 'line1'], 'vlans': ['any'], 'address': '10.64.0.1', 'pool': 'subscribers',
                'multilink': {'stall_min': STALL_MIN}, 'lcp': {'echo_interval': f'{ECHO_S} s', 'echo_failures': 3},
                'limits': {'padi_rate': 'unlimited', 'padi_rate_per_mac': 'unlimited', 'sessions_per_mac': 65534}}},
        }

    # processes

    def start_daemon(self, role, config):
        self.daemon[role] = self.hawserd(None, json.dumps(config, indent=1), role)

    def start_traffic(self):
        program = self.hawserd_path.parents[1] / 'tests' / 'soak' / 'soak-traffic'
        cpus = ','.join(map(str, sorted(os.sched_getaffinity(0))))
        sides = [f'--vdev=net_memif{i},role=client,id={i + 2},socket={self.dir}/{name}.memif,socket-abstract=no,'
                 f'rsize={RING_SLOTS_LOG2}' for i, name in enumerate(('lan', 'core'))]
        self.traffic = Traffic(self, [
            program, '--no-huge', '--no-shconf', '--no-pci', '--iova-mode=va', '--no-telemetry', '-m', 128, '--lcores',
            f'0@({cpus})', '--file-prefix', f'{self.prefix}traffic', *sides, '--', BUNDLES, REFERENCES])
        self._stack.callback(self.traffic.stop)
        if self.traffic.line(20) != 'ready':
            raise LabError(f'traffic does not start:\n{self.traffic.text()}')

    # what there is to see

    def links(self, role):
        return self.daemon[role].json('show', 'links')['links']

    def open_links(self, role):
        """name -> since when, of those that are open."""
        return {(x['name'], x['session']): x['up_since_ms'] for x in self.links(role) if x['phase'] == 'open'}

    def wait_up(self, timeout=90):
        until(f'{LINKS} links are open', lambda: all(len(self.open_links(role)) == LINKS for role in ROLES), timeout, 0.5)
        until('both networks know each other', lambda: all(self.traffic.stats()['gateway_known']), 10)

    def drops(self, role):
        return {r['reason']: r['count'] for r in self.daemon[role].json('show', 'drops')['drops'] if r['count']}

    def counters(self, role):
        return self.daemon[role].json('show', 'counters')

    def bundles(self, role):
        """Sums over all bundles."""
        rows = self.daemon[role].json('show', 'bundles')['bundles']
        return {k: sum(row[k] for row in rows) for k in ('late', 'duplicate', 'lost_fragments', 'lost_numbers', 'overrun',
                                                         'expired', 'queue_drops', 'rx_null', 'tx_null')}

    def workers(self, role):
        rows = self.daemon[role].json('show', 'workers')['workers']
        return {k: sum(row[k] for row in rows) for k in ('rx_frames', 'tx_frames', 'sleeps')}

    def memory_kib(self, role):
        """Resident, hugepages included."""
        with open(f'/proc/{self.daemon[role].popen.pid}/status', encoding='ascii') as f:
            return sum(int(row.split()[1]) for row in f if row.startswith(('VmRSS:', 'HugetlbPages:')))

    def cpu_s(self):
        """CPU time of each of our processes."""
        out = {}
        for name, p in (*self.daemon.items(), ('traffic', self.traffic)):
            with open(f'/proc/{p.popen.pid}/stat', encoding='ascii') as f:
                fields = f.read().rsplit(')', 1)[1].split()
            out[name] = sum(map(int, fields[11:13])) / os.sysconf('SC_CLK_TCK')
        return out

    def explain(self):
        """Thousands of links are no help: what is shown is what differs from rest."""
        for role, d in self.daemon.items():
            print(f'----- {role}: log\n' + '\n'.join(d.text().splitlines()[-20:]))
            if not d.running():
                continue
            phases = {}
            for link in self.links(role):
                phases[link['phase']] = phases.get(link['phase'], 0) + 1
            print(f'----- {role}: phases of links {phases}\ndrops {self.drops(role)}\n'
                  f'counters {json.dumps(self.counters(role))}\n' + d.ctl('show', 'ports', check=False).stdout)
        if self.traffic is not None and self.traffic.running():
            print(f'----- traffic: {json.dumps(self.traffic.stats())}')
