# SPDX-License-Identifier: BSD-3-Clause
"""Lines that die: how soon hawserd stops using them, and that what still comes whole is not held up."""
import re
import time

from checks import expect
from lab import until
from stage import HAWSER, HOST
from watch import Watch

ECHO_S, ECHO_FAILURES = 1, 3   # as the labs configure hawserd
SILENT_S = ECHO_S * ECHO_FAILURES + ECHO_S + 0.5  # the last half second is for looking at it
HELD_S = 1.0                   # most that a packet which came whole may be held


def padt(stage, i, session, mac):
    """A PADT from the guest; its own end of the session does not know."""
    stage.guest.run(f'pppoe -I eth{i} -e {session}:{mac} -k')


def silent(stage, i):
    """Nothing passes any more in either direction; no carrier is lost."""
    stage.silence(HAWSER, f'line{i}')
    stage.guest.run(f'tc qdisc replace dev eth{i} root netem loss 100%')


def heal(stage, i):
    stage.guest.run(f'tc qdisc del dev eth{i} root 2>/dev/null; true')
    stage.unshape(f'line{i}')


def session_on(stage, i):
    """(session id, the peer's MAC address, ours) of the open link on line i, None if there is none."""
    found = [x for x in stage.links() if x['port'] == f'line{i}' and x['phase'] == 'open']
    return (found[0]['session'], found[0]['peer_mac'], found[0]['local_mac']) if found else None


def one_dies(stage, i, kill, within):
    """Kills line i under traffic; returns once the other carries all. within: seconds in which hawserd must have stopped using it."""
    before = session_on(stage, i)
    watch = Watch(stage)
    watch.from_now()
    beats = stage.heartbeat()
    time.sleep(0.5)
    start = time.monotonic()
    kill(stage, i)
    until(f'line{i} is out of use', lambda: session_on(stage, i) != before, within + 5)
    gone = time.monotonic() - start
    expect(gone <= within, f'line{i}: noticed after {gone:.1f} s')
    # Linux sends half of everything into the dead line until it notices as well.
    until('the other line carries all', lambda: stage.ping(HOST, stage.guest_address, count=5, timeout=1) == 5, 20)
    whole = time.monotonic() - start
    lost, _ = beats()
    note = f'line{i} out of use after {gone:.1f} s, both directions whole after {whole:.1f} s, {lost} pings lost (of 20 a second)'
    if kill is not silent:
        watch.stop()
        return note
    received, _ = watch.end()
    expect(not received.passed.faults(), f'peer -> host: {received.passed.faults()}')
    expect(received.passed.slowest <= HELD_S, f'what came whole was held for {received.passed.slowest:.2f} s')
    return f'{note}, none held for more than {1000 * received.passed.slowest:.0f} ms'


def last_session(log):
    """(session id, hawserd's MAC address) as pppd's PPPoE plugin tells."""
    return int(re.findall(r'PPP session is (\d+)', log)[-1]), re.findall(r'Connected to (\S+) via', log)[-1]
