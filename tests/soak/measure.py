# SPDX-License-Identifier: BSD-3-Clause
"""A run of traffic and all that was counted meanwhile, as one dictionary: what the cases judge and what is recorded."""
import os
import time

from lab import until
from scene import ECHO_S, LINKS, ROLES

REST_S = 15  # most that it may take until nothing is under way: deep windows are kept for some seconds
SUMS = ('sent', 'sent_bytes', 'refused', 'skipped', 'received', 'gaps', 'late', 'corrupt', 'foreign')


def differences(before, after):
    """Of counters by name, those that moved."""
    return {k: after[k] - before.get(k, 0) for k in after if after[k] != before.get(k, 0)}


def spread(values):
    v = sorted(values)
    return {'p50': v[len(v) // 2], 'p99': v[len(v) * 99 // 100], 'max': v[-1]} if v else {}


def machine_s():
    """CPU time that the whole machine has spent, and what was stolen from it."""
    with open('/proc/stat', encoding='ascii') as f:
        user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, f.readline().split()[1:9])
    tick = os.sysconf('SC_CLK_TCK')
    return (user + nice + system + irq + softirq) / tick, steal / tick


def drops(scene):
    return {role: scene.drops(role) for role in ROLES}


def arrived(scene):
    """Until nothing more comes."""
    seen = [-1]

    def same():
        now = sum(scene.traffic.stats()['received'])
        same = now == seen[0]
        seen[0] = now
        return same
    until('the last packets come', same, 10, 0.3)


def traffic_of(before, last, after, seconds):
    """What the hosts counted; last: at the moment when they stopped sending."""
    t = {k: sum(after[k]) - sum(before[k]) for k in SUMS}
    t['lost'] = t['sent'] - t['received']
    return {
        'pps': round((sum(last['sent']) - sum(before['sent'])) / seconds),
        'mbit_s': round((sum(last['sent_bytes']) - sum(before['sent_bytes'])) * 8e-6 / seconds, 1),
        'received_pps': round(t['received'] / seconds),
        'traffic': t,
        'silent_flows': sum(after['silent']),
        'delay': after['delay'],
    }


def glance(scene, pps, seconds, how):
    """A short run without all that takes time to ask."""
    before, were = scene.traffic.stats(), drops(scene)
    scene.traffic.tell('mark')
    scene.traffic.tell(f'rate {pps} {how}')
    start = time.monotonic()
    time.sleep(seconds)
    last, end = scene.traffic.stats(), time.monotonic()
    scene.traffic.tell('rate 0 hold')
    arrived(scene)
    now = drops(scene)
    return {'seconds': round(end - start, 2), **traffic_of(before, last, scene.traffic.stats(), end - start),
            'daemons': {role: {'drops': differences(were[role], now[role])} for role in ROLES}}


class Run:
    """with Run(scene) as run: traffic flows; afterwards run.result has what came of it."""

    def __init__(self, scene):
        self.scene = scene
        self.memory_kib = {role: [] for role in ROLES}

    def __enter__(self):
        s = self.scene
        self.daemons = {role: self.look(role) for role in ROLES}
        s.traffic.tell('mark')
        self.before, self.cpu, self.machine, self.start = s.traffic.stats(), s.cpu_s(), machine_s(), time.monotonic()
        return self

    def look(self, role):
        s = self.scene
        return {'links': s.open_links(role), 'counters': s.counters(role), 'drops': s.drops(role), 'workers': s.workers(role),
                'bundles': s.bundles(role)}

    def flow(self, pps, seconds, how, until_loss=False):
        """Traffic at a rate for a time, memory looked at each second; until_loss: it need not go on once something is lost."""
        s = self.scene
        s.traffic.tell(f'rate {pps} {how}')
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(1.0, left))
            for role in ROLES:
                self.memory_kib[role].append(s.memory_kib(role))
            if until_loss and sum(s.traffic.stats()['gaps']) != sum(self.before['gaps']):
                break
        self.last, self.end = s.traffic.stats(), time.monotonic()
        cpu, machine = s.cpu_s(), machine_s()
        s.traffic.tell('rate 0 hold')
        seconds = self.end - self.start
        ours = {k: round((cpu[k] - self.cpu[k]) / seconds, 3) for k in cpu}
        self.cpus = {**ours, 'others': round((machine[0] - self.machine[0]) / seconds - sum(ours.values()), 3),
                     'stolen': round((machine[1] - self.machine[1]) / seconds, 3)}

    def __exit__(self, kind, value, trace):
        if kind is not None:
            return
        arrived(self.scene)
        # An echo counts as unanswered when the next one is due.
        time.sleep(max(0.0, self.end + ECHO_S + 0.5 - time.monotonic()))
        seconds = self.end - self.start
        self.result = {'seconds': round(seconds, 2),
                       **traffic_of(self.before, self.last, self.scene.traffic.stats(), seconds),
                       'cpus': self.cpus, 'daemons': {role: self.of_daemon(role, seconds) for role in ROLES}}

    def of_daemon(self, role, seconds):
        before, after, links = self.daemons[role], self.look(role), self.scene.links(role)
        protocol, was = after['counters']['protocol'], before['counters']['protocol']
        kept = sum(1 for name, since in before['links'].items() if after['links'].get(name) == since)
        frames = {k: round((after['workers'][k] - before['workers'][k]) / seconds) for k in ('rx_frames', 'tx_frames', 'sleeps')}
        return {
            'drops': differences(before['drops'], after['drops']),
            'sessions': {'before': len(before['links']), 'kept': kept, 'open': len(after['links'])},
            'echo': {k: protocol[k] - was[k] for k in protocol if k.startswith('echo_')},
            'control': differences({**before['counters']['control'], 'effects_lost': was['effects_lost']},
                                   {**after['counters']['control'], 'effects_lost': protocol['effects_lost']}),
            'bundles': differences(before['bundles'], after['bundles']),
            'a_second': frames,
            'echo_rtt_us': spread([x['echo_rtt_us'] for x in links]),
            'lag_us': spread([x['lag_us'] for x in links]),
            'memory_kib': self.memory_kib[role],
        }


def rest(scene):
    """Waits until nothing is under way; what of buffers, rings, windows and queues is still taken then has leaked."""
    def taken():
        out = {}
        for role in ROLES:
            c = scene.counters(role)
            m = c['mbufs']
            for pool in ('', 'indirect_', 'joined_'):
                out[f'{role}.{pool}mbufs'] = m[f'{pool}total'] - m[f'{pool}free']
            out.update({f'{role}.{k}': v for k, v in c['waiting'].items()})
        out['traffic.mbufs'] = scene.traffic.stats()['mbufs'][0]
        return {k: v for k, v in out.items() if v != 0}
    end = time.monotonic() + REST_S
    while (left := taken()) and time.monotonic() < end:
        time.sleep(0.2)
    return left


def echoes_due(seconds):
    """Echo-Requests that each end sends at least."""
    return LINKS * max(0, int(seconds / ECHO_S) - 1)
