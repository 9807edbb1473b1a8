# SPDX-License-Identifier: BSD-3-Clause
"""The cases of the soak. A case raises when something does not hold; what it returns is printed. What it measured is in `record`."""
import time

from measure import Run, echoes_due, glance, rest
from scene import BUNDLES, LINKS, ROLES

# What is lost for want of CPU or of room on a port has the first of these reasons, and the others in its wake. A process that others keep
# from the CPU for a quarter of a second loses hundreds of numbers of every bundle: each of them jumps beyond its window then, and only so
# many jumps are served at once. What waits for lost numbers fills the windows of all bundles up to their budget.
OVERRUN = {'port_tx', 'mp_lost', 'mp_late', 'mp_overrun', 'mp_budget', 'bundle_queue_full'}
TRIAL_S = 2.0
START_PPS = 20000
LEAST_PPS = 2000
MOST_PPS = 8000000
MARGIN = 0.9  # of the rate that was found: others use the machine, too
STEP_DOWN = 0.75
OVERLOAD = 1.2
OVER_LEAST = 0.1  # part of what is offered that does not come through, or it is no overload
GROWTH_KIB = 1024


class Wrong(AssertionError):
    """A case's expectation did not hold."""


def expect(ok, text):
    if not ok:
        raise Wrong(text)


def measured(scene, pps, seconds, how, until_loss=False):
    with Run(scene) as run:
        run.flow(pps, seconds, how, until_loss)
    return run.result


# ------------------------------------------------------------------ what must hold in every run

def judge_sessions(result):
    for role in ROLES:
        d = result['daemons'][role]
        expect(d['sessions'] == {'before': LINKS, 'kept': LINKS, 'open': LINKS}, f'{role}: sessions {d["sessions"]}')
        echo = d['echo']
        expect(echo['echo_unanswered'] == 0, f'{role}: {echo["echo_unanswered"]} echoes unanswered: {echo}')
        least = echoes_due(result['seconds'])
        expect(echo['echo_requests_tx'] >= least, f'{role}: {echo["echo_requests_tx"]} echoes sent of {least}: {echo}')
        expect(not d['control'], f'{role}: {d["control"]}')


def judge_content(result):
    t = result['traffic']
    for what in ('corrupt', 'late', 'foreign'):
        expect(t[what] == 0, f'{t[what]} packets {what}: {t}')
    expect(result['silent_flows'] == 0, f'nothing came of {result["silent_flows"]} flows')


def judge_drops(result, allowed):
    for role in ROLES:
        strange = {k: v for k, v in result['daemons'][role]['drops'].items() if k not in allowed}
        expect(not strange, f'{role} dropped: {strange}')


def judge_rest(scene, result):
    result['left_at_rest'] = rest(scene)
    expect(not result['left_at_rest'], f'taken when nothing is under way: {result["left_at_rest"]}')


def mean(values):
    return sum(values) / len(values)


def judge_memory(result):
    """First against last minute, or sixth of a shorter run."""
    for role in ROLES:
        d = result['daemons'][role]
        all_of_it = d['memory_kib']
        part = min(60, max(1, len(all_of_it) // 6))
        first, last = mean(all_of_it[:part]), mean(all_of_it[-part:])
        d['memory_first_last_kib'] = [round(first), round(last)]
        expect(last - first <= GROWTH_KIB, f'{role} grew from {first:.0f} to {last:.0f} KiB')


def is_lossless(result):
    return result['traffic']['lost'] == 0 and not any(result['daemons'][role]['drops'] for role in ROLES)


# ------------------------------------------------------------------ the highest rate

def is_carried(scene, pps, trials):
    """Whether all of it is carried, source included, without a loss."""
    result = glance(scene, pps, TRIAL_S, 'hold')
    ok = is_lossless(result) and result['pps'] >= 0.97 * pps
    trials.append({'pps': pps, 'carried': ok, 'sent_pps': result['pps'], 'lost': result['traffic']['lost']})
    return ok


def highest(carried):
    """Doubles until something is lost, then halves the rest to 6 %."""
    low, high = 0, START_PPS
    while high <= MOST_PPS and carried(high):
        low, high = high, high * 2
    while low == 0:
        expect(high > LEAST_PPS, f'not even {high} packets/s are carried without loss')
        high //= 2
        low = high if carried(high) else 0
    while high - low > low / 16:
        middle = (low + high) // 2
        low, high = (middle, high) if carried(middle) else (low, middle)
    return low


def find_rate(scene, record):
    """The highest rate that this machine carries without loss, both directions together"""
    trials = record['trials'] = []
    record['highest_pps'] = highest(lambda pps: is_carried(scene, pps, trials))
    return f'{record["highest_pps"]} packets/s in {len(trials)} trials'


# ------------------------------------------------------------------ the soak

def added(delay):
    """By multilink: packets in a bundle of two lines against the same packets on one line without it, at the same time."""
    return {of: {kind: round(delay['bundle'][kind][of] - delay['reference'][kind][of], 1) for kind in ('whole', 'cut')}
            for of in ('mean_us', 'p50_us', 'p99_us', 'max_us')}


def told(result):
    cut = result['delay']['bundle']['cut']
    return ', '.join(f'{of.removesuffix("_us")} {cut[of]:.0f} ({v["cut"]:+.0f} by multilink)' for of, v in result['added_us'].items())


def soak_at(scene, pps, seconds):
    result = measured(scene, pps, seconds, 'hold', until_loss=True)
    judge_content(result)
    judge_sessions(result)
    judge_drops(result, OVERRUN)
    judge_rest(scene, result)
    return result


def soak(scene, record, seconds, attempts):
    """At the rate that was found, less a margin: nothing lost, nothing leaked, every echo answered"""
    pps = int(record['highest_pps'] * MARGIN)
    runs = record['soaks'] = [soak_at(scene, pps, seconds)]
    while not is_lossless(runs[-1]) and len(runs) < attempts:
        # Somebody else had the CPUs for longer than the rings are deep: less, then.
        pps = int(pps * STEP_DOWN)
        runs.append(soak_at(scene, pps, seconds))
    result = runs[-1]
    expect(is_lossless(result), f'{attempts} attempts, the last at {pps} packets/s, and still {result["traffic"]["lost"]} lost: '
                                f'{ {role: result["daemons"][role]["drops"] for role in ROLES} }')
    expect(result['seconds'] >= seconds, f'ended after {result["seconds"]} s')
    expect(result['pps'] >= 0.9 * pps, f'{result["pps"]} of {pps} packets/s were sent')
    judge_memory(result)
    result['added_us'] = added(result['delay'])
    return (f'{result["pps"]} packets/s, {result["mbit_s"]:.0f} Mbit/s over {BUNDLES} bundles for {result["seconds"]:.0f} s, none of '
            f'{result["traffic"]["sent"]} lost; us of cut packets: {told(result)}')


ADDED_P50_MAX_US = 1000


def latency(scene, record, seconds):
    """At half of what is the most, where CPUs are no longer what packets wait for: what multilink adds on lines without impairment"""
    pps = int(record['highest_pps'] * MARGIN / 2)
    for _ in range(4):
        result = record['latency'] = measured(scene, pps, seconds, 'hold')
        judge_content(result)
        judge_sessions(result)
        judge_drops(result, OVERRUN)
        if is_lossless(result):
            break
        pps = int(pps * STEP_DOWN)
    expect(is_lossless(result), f'{result["traffic"]["lost"]} lost at {pps} packets/s')
    result['added_us'] = added(result['delay'])
    for kind, us in result['added_us']['p50_us'].items():
        expect(us <= ADDED_P50_MAX_US, f'multilink makes every other packet ({kind}) {us} us later: {result["delay"]}')
    return f'{result["pps"]} packets/s; us of cut packets: {told(result)}'


# ------------------------------------------------------------------ overload

def overload_pps(scene, record):
    """At least 120 % of what was found; more when the machine is less busy than it was then."""
    pps = int(record['highest_pps'] * OVERLOAD)
    while pps < MOST_PPS:
        t = glance(scene, pps, TRIAL_S, 'drop')['traffic']
        if t['refused'] + t['lost'] >= OVER_LEAST * (t['refused'] + t['sent']):
            break
        pps = int(pps * OVERLOAD)
    return pps


def carried_now(scene, record):
    return glance(scene, int(record['highest_pps'] * MARGIN), TRIAL_S, 'hold')['received_pps']


def is_as_before(scene, record, attempts):
    """A quarter of the highest rate passes without loss again, or less where the machine is busier now."""
    pps = record['highest_pps'] // 4
    for _ in range(attempts):
        after = record['after_overload'] = glance(scene, pps, TRIAL_S, 'hold')
        if is_lossless(after):
            return True
        pps //= 2
    return False


def overload(scene, record, seconds):
    """120 % of what the machine carries: no session drops, every echo is answered, afterwards all is as before [L-11, C19]"""
    pps = overload_pps(scene, record)
    normal = carried_now(scene, record)
    result = record['overload'] = {'offered_pps': pps, **measured(scene, pps, seconds, 'drop')}
    t = result['traffic']
    expect(t['refused'] + t['lost'] > 0, f'{pps} packets/s were no overload')
    judge_content(result)
    judge_sessions(result)
    judge_drops(result, OVERRUN)
    judge_rest(scene, result)
    judge_memory(result)
    normal = result['normal_pps'] = min(normal, carried_now(scene, record))
    expect(result['received_pps'] >= 0.5 * normal, f'collapse: {result["received_pps"]} packets/s came through, {normal} without overload')
    expect(is_as_before(scene, record, 4), f'afterwards: {record["after_overload"]}')
    answered = sum(result['daemons'][role]['echo']['echo_answered'] for role in ROLES)
    rtt = max(result['daemons'][role]['echo_rtt_us']['max'] for role in ROLES)
    return (f'{pps} packets/s offered for {result["seconds"]:.0f} s, {result["received_pps"]} came through; {t["refused"]} refused at the door, '
            f'{t["lost"]} dropped inside; {LINKS} sessions stayed, {answered} echoes answered, all, within {rtt / 1000:.0f} ms')


# ------------------------------------------------------------------ overload of lines

LINE_MBIT = 2
LINE_BYTES = (7 * 96 + 4 * 638 + 1542) / 12  # of a packet of the mix on lines: Ethernet, VLAN, PPPoE, PPP, MP, in two from 576 bytes on


def line_load(highest_pps):
    """Bundles whose lines are overloaded, so many that the machine is not; packets/s that are 120 % of their lines, both ways."""
    each_pps = OVERLOAD * 2 * 2 * LINE_MBIT * 1e6 / (8 * LINE_BYTES)
    bundles = max(1, min(50, int(highest_pps / 2 / each_pps)))
    return bundles, int(bundles * each_pps)


def overload_lines(scene, record, seconds):
    """120 % of what paced lines carry: refused before it has a number, nothing lost behind that, every echo answered [L-11]"""
    bundles, pps = line_load(record['highest_pps'])
    scene.traffic.tell(f'flows {bundles}')
    result = record['overload_lines'] = {'bundles': bundles, 'offered_pps': pps, **measured(scene, pps, seconds, 'hold')}
    t = result['traffic']
    judge_content(result)
    judge_sessions(result)
    judge_rest(scene, result)
    refused = sum(result['daemons'][role]['drops'].pop('bundle_queue_full', 0) for role in ROLES)
    result['refused_at_queues'] = refused
    if any('port_tx' in result['daemons'][role]['drops'] for role in ROLES):
        judge_drops(result, OVERRUN) # somebody else had the CPUs for longer than the rings are deep
    else:
        judge_drops(result, ())
        expect(t['lost'] == refused, f'{t["lost"]} lost, {refused} refused')
    expect(refused > 0.02 * t['sent'], f'{refused} of {t["sent"]} refused: no overload')
    expect(t['received'] > 0.7 * t['sent'], f'{t["received"]} of {t["sent"]} came: the lines are not used')
    rtt = max(result['daemons'][role]['echo_rtt_us']['max'] for role in ROLES)
    return (f'{bundles} bundles of two {LINE_MBIT} Mbit/s lines, {pps} packets/s offered: {refused} of {t["sent"]} refused at their queues, '
            f'all others came; echoes within {rtt / 1000:.0f} ms')


# ------------------------------------------------------------------ the end

def clean_stop(scene, record):
    """SIGTERM with all sessions open: each daemon ends by itself, with status 0"""
    took = []
    for role in reversed(ROLES):
        start = time.monotonic()
        status = scene.daemon[role].stop()
        took.append(time.monotonic() - start)
        expect(status == 0, f'{role}: exit status {status}\n{scene.daemon[role].text()[-3000:]}')
    return ', '.join(f'{role} {s:.1f} s' for role, s in zip(reversed(ROLES), took))
