# SPDX-License-Identifier: BSD-3-Clause
"""pppoe-server (rp-pppoe) with pppd as the server, our client dials."""
import re
import time

import kills
from bonded import PASSWORD, USER
from checks import FLOOD, LIFE, bundle, expect, fragments, no_drops, pings, tcp
from lab import until
from matrix import cell
from stage import HOST, ServeStage

ROW = 'pppoe-server + pppd (rp-pppoe), server'


def wait_up(stage, links, timeout=20):
    stage.daemon.wait_bundle(stage.name, links, timeout)
    until('the host reaches the guest', lambda: stage.ping(HOST, stage.guest_address, count=1, timeout=1) == 1, 5)


def up(stage, links, mtu=1500, changes=None, **kw):
    stage.serve(links, **kw)
    stage.start_daemon(links, [30] * links, changes)
    stage.capture_lines()
    wait_up(stage, links)
    stage.guest.run(f'ip link set ppp0 mtu {mtu}')


def full(stage, links=2, mtu=1500, short=False, judge=None, changes=None, **kw):
    """A whole cell: every check of the matrix."""
    up(stage, links, mtu, changes, **kw)
    if judge:
        judge(bundle(stage))
    pings(stage, mtu=mtu)
    fragments(stage, short)
    no_drops(stage)
    ours, theirs = tcp(stage)
    no_drops(stage, FLOOD)
    start = time.monotonic()
    stage.hang_up()
    until('all links are down after the peer closed', lambda: all(x['phase'] != 'open' for x in stage.links()) or
          time.monotonic() - start > 1, 5)
    wait_up(stage, links)  # redialled
    peer = time.monotonic() - start
    start = time.monotonic()
    status = stage.stop_daemon()
    expect(status == 0, f'hawserd: exit {status}')
    until('the peer sees our close', lambda: not stage.guest.run('pidof pppd; true').strip(), 5)
    own = time.monotonic() - start
    return (f'TCP {ours:.0f} Mbit/s from us, {theirs:.0f} to us; up again {peer:.1f} s after the peer closed; closed in {own:.1f} s '
            'by us')


@cell(ServeStage, ROW, quick=True)
def serve_long(stage):
    """2 links, CHAP, MRRU 1500, long sequence numbers"""
    return full(stage)


@cell(ServeStage, ROW, quick=True)
def serve_short(stage):
    """2 links, short sequence numbers both ways"""
    def judge(b):
        expect(b['rx_short'] and b['tx_short'], f'not short both ways: {b}')
    short = {'clients': {'home': {'lcp': {'options': {'short_sequence': {'want': True, 'allow': True}}}}}}
    return full(stage, options='mpshortseq', changes=short, short=True, judge=judge)


@cell(ServeStage, ROW)
def serve_one_link(stage):
    """1 link with multilink"""
    return full(stage, links=1)


@cell(ServeStage, ROW)
def serve_four_links(stage):
    """4 links"""
    return full(stage, links=4)


@cell(ServeStage, ROW)
def serve_pap(stage):
    """2 links, PAP"""
    return full(stage, auth='require-pap')


@cell(ServeStage, ROW)
def serve_mutual(stage):
    """2 links, CHAP both ways: our client wants the server to prove itself, too [G-15, B-10]; not with a wrong password"""
    def wants(password):
        return {'clients': {'home': {'peer_authentication': ['chap'], 'peer_username': 'bras', 'peer_password': password}}}
    stage.password(stage.guest, {USER: PASSWORD, 'bras': 'bras-word'})
    try:
        stage.serve(1)
        stage.start_daemon(1, changes=wants('not-this'))
        until('the server is refused', lambda: "peer 'bras' refused: wrong password" in stage.daemon.text(), 10)
        expect(not stage.bundles(), 'a bundle was formed')
        stage.reset()
        told = full(stage, changes=wants('bras-word'))
    finally:
        stage.password(stage.guest, {USER: PASSWORD})
    return told


@cell(ServeStage, ROW)
def serve_mrru_refused(stage):
    """the server has no multilink: plain PPP on one link, the other held with a reason [G-03]"""
    stage.serve(2, multilink='nomultilink')
    stage.start_daemon(2, [30, 30])
    wait_up(stage, 1)
    pings(stage, 1492, 1492)
    held = [stage.daemon.ctl('explain', f'home/{line}').stdout for line in stage.lines]
    expect(any('multilink' in t.lower() or 'mrru' in t.lower() for t in held), f'no explanation: {held}')
    no_drops(stage, {'ip_too_big', *LIFE})
    return next(t for t in held if 'multilink' in t.lower() or 'mrru' in t.lower()).strip().splitlines()[-1].strip()


@cell(ServeStage, ROW)
def serve_restarted(stage):
    """the server is killed and started again: our client redials by itself"""
    up(stage, 2)
    stage.guest.run('killall -9 pppoe-server pppoe pppd; sleep 0.2; rm -f /run/pppd2.tdb')
    start = time.monotonic()
    stage.serve(2)
    until('the loss is noticed', lambda: any(x['phase'] != 'open' for x in stage.links()), 10)
    wait_up(stage, 2, 30)
    took = time.monotonic() - start
    stage.guest.run('ip link set ppp0 mtu 1500')
    stage.capture_lines()  # the new bundle's numbers begin at 0 again
    pings(stage)
    no_drops(stage, LIFE)
    return f'up again after {took:.1f} s (echo 1 s x 3)'


@cell(ServeStage, ROW)
def serve_service_names(stage):
    """a service name that the server has is served, another is not"""
    stage.serve(1, server_options='-S internet -S video')
    stage.start_daemon(1, changes={'clients': {'home': {'service_name': 'video'}}})
    wait_up(stage, 1)
    stage.stop_daemon()
    stage.start_daemon(1, changes={'clients': {'home': {'service_name': 'telephony'}}})
    time.sleep(2)
    expect(not any(x['phase'] == 'open' for x in stage.links()), 'a service that nobody offers was served')
    text = stage.daemon.ctl('explain', 'home/line0').stdout
    return text.strip().splitlines()[-1].strip()


def kill_process(stage, i):
    """pppd of the session on line i by force; the pppoe on its pty says good-bye for it."""
    stage.guest.run(f"""for p in $(pidof pppd); do
            tr '\\0' ' ' <"/proc/$p/cmdline" | grep -q -- '-I eth{i} ' && kill -9 "$p" && exit 0
        done
        exit 1""")


def kill_padt(stage, i):
    session, _, ours = kills.session_on(stage, i)
    kills.padt(stage, i, session, ours)


def owner_of_ppp0(stage):
    """The line whose pppd was the first of the bundle: ppp0 goes with it."""
    return int(re.search(r'-I eth(\d)', stage.guest.run("tr '\\0' ' ' </proc/$(cat /run/ppp0.pid)/cmdline"))[1])


def killed(stage, kill, within, ranks=(0, 1)):
    """Each of two links dies in turn, first the first; the other carries all; our client dials again by itself and rejoins [M-06]. Which
    line is first is a race."""
    up(stage, 2, options='lcp-restart 1\nlcp-max-terminate 1')
    pings(stage)
    notes = []
    first = owner_of_ppp0(stage)
    for i in ((first, 1 - first)[rank] for rank in ranks):
        notes.append(kills.one_dies(stage, i, kill, within))
        kills.heal(stage, i)
        start = time.monotonic()
        wait_up(stage, 2, 30)
        notes.append(f'up again {time.monotonic() - start:.1f} s later')
        # The server's own end of a session that only we know to be over goes by its echo time-outs. (The first pppd stays, for its ppp0.)
        until('only the new sessions are left', lambda: len(stage.guest.run('pidof pppoe; true').split()) == 2, 20)
        stage.guest.run('ip link set ppp0 mtu 1500')
        pings(stage)
    no_drops(stage, LIFE)
    return '; '.join(notes)


@cell(ServeStage, ROW)
def serve_killed_process(stage):
    """the server's pppd of the second link killed by force; then that of the first, who owns ppp0, ended: all links with it"""
    note = killed(stage, kill_process, kills.SILENT_S, [1])
    was = [kills.session_on(stage, i) for i in range(2)]
    stage.guest.run('kill $(cat /run/ppp0.pid)')
    until('both sessions are new', lambda: all(kills.session_on(stage, i) not in (None, was[i]) for i in range(2)), 20)
    wait_up(stage, 2)
    stage.guest.run('ip link set ppp0 mtu 1500')
    pings(stage)
    return note


@cell(ServeStage, ROW)
def serve_killed_padt(stage):
    """a PADT for one link; our client dials again by itself"""
    return killed(stage, kill_padt, 1.0)


@cell(ServeStage, ROW)
def serve_killed_silent(stage):
    """one line silent in both directions (echo 1 s x 3); our client dials again by itself"""
    return killed(stage, kills.silent, kills.SILENT_S)
