# SPDX-License-Identifier: BSD-3-Clause
"""pppd with the kernel's PPPoE as the client of our concentrator."""
import re
import time

import kills
from bonded import CLIENT_ADDRESS, PASSWORD, USER
from checks import FLOOD, LIFE, bundle, closes, expect, fragments, no_drops, pings, tcp, wait_up
from lab import until
from matrix import cell
from stage import HOST, LINES, DialStage

ROW = 'pppd 2.4.9 + kernel PPPoE, client'
MULTILINK = 'multilink\nmrru 1500'


def set_mtu(stage, mtu):
    """The plugin caps the bundle at 1492 whatever the MRRU."""
    stage.guest.run(f'ip link set ppp0 mtu {mtu}')


def dial_all(stage, links, options='', mtu=1500, up=None, **kw):
    """A pppd on each of so many cards, at the same time."""
    stage.jobs = [stage.dial(f'eth{i}', options, **kw) for i in range(links)]
    wait_up(stage, links if up is None else up)
    if mtu:
        set_mtu(stage, mtu)


def full(stage, links=2, options='', changes=None, mtu=1500, port_mtu=1500, short=False, link_mtu=1492, judge=None,
         multilink=MULTILINK, mp=True, **kw):
    """A whole cell: every check of the matrix."""
    stage.start_daemon(links, [30] * links, changes, port_mtu)
    stage.capture_lines()

    def dial():
        dial_all(stage, links, options, mtu, multilink=multilink, **kw)
    dial()
    if judge:
        judge(bundle(stage))
    pings(stage, link_mtu, mtu)
    if mp:
        fragments(stage, short)
    # A packet that was too big is answered by ICMP and counted.
    no_drops(stage, {'ip_too_big'} if mtu < port_mtu else set())
    ours, theirs = tcp(stage)
    no_drops(stage, FLOOD | {'ip_too_big'})
    peer, own = closes(stage, links, dial)
    return f'TCP {ours:.0f} Mbit/s from us, {theirs:.0f} to us; closed in {peer:.1f} s by the peer, {own:.1f} s by us'


# ------------------------------------------------------------------ links, authentication, sizes, numbers


@cell(DialStage, ROW, quick=True)
def dial_long(stage):
    """2 links, CHAP, MRRU 1500, long sequence numbers"""
    def judge(b):
        expect(not b['rx_short'] and not b['tx_short'], f'short numbers: {b}')
    return full(stage, judge=judge)


@cell(DialStage, ROW, quick=True)
def dial_short(stage):
    """2 links, short sequence numbers (mpshortseq) both ways"""
    def judge(b):
        expect(b['rx_short'] and b['tx_short'], f'not short both ways: {b}')
    short = {'concentrators': {'isp': {'lcp': {'options': {'short_sequence': {'want': True, 'allow': True}}}}}}
    return full(stage, options='mpshortseq', changes=short, short=True, judge=judge)


@cell(DialStage, ROW)
def dial_one_link(stage):
    """1 link with multilink: 1500 bytes with DF over a link of 1492"""
    return full(stage, links=1)


@cell(DialStage, ROW)
def dial_four_links(stage):
    """4 links"""
    return full(stage, links=4)


@cell(DialStage, ROW)
def dial_pap(stage):
    """2 links, PAP"""
    return full(stage, changes={'concentrators': {'isp': {'authentication': ['pap']}}})


@cell(DialStage, ROW)
def dial_mutual(stage):
    """2 links, CHAP both ways: pppd wants us to prove ourselves, too (require-chap) [G-15, B-10]; not with a wrong password"""
    def ours(password):
        return {'concentrators': {'isp': {'own_authentication': ['mschapv2', 'chap'], 'username': 'bras', 'password': password}}}
    wants = 'require-chap\nremotename bras'
    stage.password(stage.guest, {USER: PASSWORD, 'bras': 'bras-word'})
    try:
        stage.start_daemon(1, changes=ours('not-this'))
        job = stage.dial('eth0', wants)
        expect(job.wait(10) == 11, f'pppd: exit {job.rc.read_text()}, not 11 (the peer failed to authenticate itself)')
        until('the reason in the log', lambda: 'authentication failed: peer refuses our name' in stage.daemon.text(), 3)
        stage.stop_daemon()
        told = full(stage, options=wants, changes=ours('bras-word'))
    finally:
        stage.password(stage.guest, {USER: PASSWORD})
    return told


@cell(DialStage, ROW)
def dial_mrru_1524(stage):
    """MRRU 1524 at both ends"""
    return full(stage, multilink='multilink\nmrru 1524', mtu=1524, port_mtu=1524)


@cell(DialStage, ROW)
def dial_mrru_1600(stage):
    """MRRU 1600 at both ends"""
    return full(stage, multilink='multilink\nmrru 1600', mtu=1600, port_mtu=1600)


@cell(DialStage, ROW)
def dial_mrru_absent(stage):
    """no mrru option: pppd announces its MRU, 1486, and gets no more [G-63]"""
    def judge(b):
        expect(b['ip_mtu'] == 1486, f'our MTU is {b["ip_mtu"]}')
    return full(stage, multilink='multilink\nmru 1486', mtu=1486, link_mtu=1486, judge=judge)


@cell(DialStage, ROW)
def dial_endpoint_local(stage):
    """endpoint local:..."""
    return full(stage, options='endpoint local:68.61.77.73.65.72')


@cell(DialStage, ROW)
def dial_endpoint_magic(stage):
    """endpoint magic:..."""
    return full(stage, options='endpoint magic:01.02.03.04.05.06.07.08')


@cell(DialStage, ROW)
def dial_endpoint_absent(stage):
    """noendpoint: the links join by the authenticated name alone"""
    return full(stage, options='noendpoint')


@cell(DialStage, ROW)
def dial_offers(stage):
    """CCP (Deflate, BSD-Compress), VJ, PFC, ACFC, an ACCM and a low MRU are offered: rejected by name, the bundle stays"""
    options = 'deflate 12\nbsdcomp 12\nasyncmap 0\nmru 1400'
    return full(stage, options=options, link_mtu=1400)


# ------------------------------------------------------------------ links that die and come back


def kill_process(stage, i):
    stage.guest.run(f'kill -9 $(cat /run/pppd-eth{i}.pid)')


def kill_padt(stage, i):
    session, _, ours = kills.session_on(stage, i)
    kills.padt(stage, i, session, ours)


def killed(stage, kill, within, lines=(0, 1), options=('', '')):
    """Each of two links dies in turn, first the first; the other carries all; the same link dials again and rejoins [M-06]."""
    stage.start_daemon(2, [30, 30])
    stage.jobs = []
    for i in range(2):  # one after the other: the first is to own ppp0
        stage.jobs.append(stage.dial(f'eth{i}', options[i], pidfile=True))
        wait_up(stage, i + 1)
    set_mtu(stage, 1500)
    notes = []
    for i in lines:
        notes.append(kills.one_dies(stage, i, kill, within))
        kills.heal(stage, i)
        if kill is not kill_process:
            # The first pppd stays as the owner of ppp0; ending it would end the others.
            until(f'pppd on eth{i} has noticed', lambda: 'Link terminated' in stage.guest.log(f'eth{i}.log'), 20)
        stage.jobs.append(stage.dial(f'eth{i}', options[i], pidfile=True, log=f'eth{i}-again.log'))
        stage.daemon.wait_bundle(stage.name, 2, 15)
        set_mtu(stage, 1500)
        pings(stage)
    no_drops(stage, LIFE)
    return '; '.join(notes)


@cell(DialStage, ROW)
def dial_killed_process(stage):
    """pppd of the second link killed by force, and dialled again; then the first, who owns ppp0 and takes all with it, ended"""
    note = killed(stage, kill_process, kills.SILENT_S, [1])
    start = time.monotonic()
    stage.guest.run('kill $(cat /run/pppd-eth0.pid)')
    until('both links are closed', lambda: not stage.bundles(), 5)
    took = time.monotonic() - start
    dial_all(stage, 2)
    pings(stage)
    return f'{note}; all closed {took:.1f} s after the first pppd was ended'


@cell(DialStage, ROW)
def dial_killed_padt(stage):
    """a PADT for one link, and dialled again"""
    return killed(stage, kill_padt, 1.0)


@cell(DialStage, ROW)
def dial_killed_silent(stage):
    """one line silent in both directions (echo 1 s x 3), and dialled again; the second pppd asks once, not twice, to terminate"""
    return killed(stage, kills.silent, kills.SILENT_S, options=('', 'lcp-restart 1\nlcp-max-terminate 1'))


@cell(DialStage, ROW)
def dial_echo(stage):
    """LCP echo both ways for several intervals, nothing else: the links stay up"""
    stage.start_daemon(2)
    stage.capture_lines()
    dial_all(stage, 2)
    up = {x['name']: x['up_since_ms'] for x in stage.links()}
    time.sleep(4)
    stage.stop_capture()
    expect(up == {x['name']: x['up_since_ms'] for x in stage.links()}, 'links went down')
    for line in stage.lines:
        for code in (9, 10):
            sources = {r[0] for r in stage.frames(f'frame.interface_name == "{line}" && ppp.protocol == 0xc021 && ppp.code == {code}',
                                                  'eth.src')}
            expect(len(sources) == 2, f'{line}: LCP code {code} only from {sources}')
    no_drops(stage)


# ------------------------------------------------------------------ who may join


@cell(DialStage, ROW)
def dial_wrong_password(stage):
    """a wrong password: refused with a reason at both ends"""
    stage.start_daemon(1)
    stage.password(stage.guest, {USER: 'not-this'})
    try:
        job = stage.dial('eth0')
        expect(job.wait(10) == 19, f'pppd: exit {job.rc.read_text()}, not 19 (authentication failed)')
    finally:
        stage.password(stage.guest, {USER: PASSWORD})
    expect('authentication failed' in stage.guest.log('eth0.log'), 'pppd was not told')
    until('the reason in the log', lambda: 'password' in stage.daemon.text().lower(), 3)
    expect('not-this' not in stage.daemon.text(), 'a password stands in the log')
    expect(not stage.bundles(), 'a bundle was formed')


TWO = {'anna': 'a', 'otto': 'o'}


def two_logins(stage, alias, options):
    users = {'anna': {'password': 'a', 'address': CLIENT_ADDRESS}, 'otto': {'password': 'o'}}
    if alias:
        users = {name: {**user, 'bundle': 'family', 'address': CLIENT_ADDRESS} for name, user in users.items()}
    stage.password(stage.guest, {USER: PASSWORD, **TWO})
    stage.start_daemon(2, changes={'users': {USER: None, **users}})
    stage.jobs = [stage.dial(f'eth{i}', options.format(name=name), user=name) for i, name in enumerate(TWO)]


@cell(DialStage, ROW)
def dial_two_logins_alias(stage):
    """two logins, one bundle by the operator's word"""
    two_logins(stage, True, '')
    stage.daemon.wait_bundle('family', 2)
    until('address', stage.guest_has_address)
    set_mtu(stage, 1500)
    pings(stage)
    no_drops(stage)


@cell(DialStage, ROW)
def dial_two_logins(stage):
    """two logins without alias: two bundles, one link each"""
    two_logins(stage, False, 'bundle {name}')
    for name in TWO:
        stage.daemon.wait_bundle(name, 1)
    until('two addresses', lambda: stage.guest.run('ip -4 -o addr').count('inet 10.64.') == 2)
    explain = stage.daemon.ctl('explain', '2').stdout
    expect('name' in explain, f'no explanation: {explain}')
    return explain.strip().splitlines()[-1].strip()


# ------------------------------------------------------------------ without multilink, user space, the guide's files

PLAIN = 'pppd without multilink, client'
USERSPACE = 'pppd + rp-pppoe user space, client'
GUIDE = "the guide's files, client"


@cell(DialStage, PLAIN)
def plain(stage):
    """plain PPP on one link"""
    return full(stage, links=1, multilink='nomultilink', mtu=1492, mp=False)


@cell(DialStage, PLAIN)
def plain_beside_bundle(stage):
    """plain PPP of another user beside a bundle"""
    address = '10.64.0.99'
    stage.password(stage.guest, {USER: PASSWORD, 'single': 's'})
    stage.start_daemon(3, changes={'users': {'single': {'password': 's', 'address': address}}})
    stage.jobs = [stage.dial('eth0'), stage.dial('eth1'), stage.dial('eth2', user='single', multilink='nomultilink')]
    wait_up(stage, 2)
    set_mtu(stage, 1500)
    stage.daemon.wait_bundle('single', 1)
    stage.guest.run(f'''dev=$(ip -4 -o addr | sed -n 's/.*: \\(ppp[0-9]*\\) .*{address}.*/\\1/p')
        ip rule add from {address} table 7
        ip route add default dev $dev table 7''')
    pings(stage)
    for size, want in ((56, 3), (1464, 3)):
        expect(stage.ping(HOST, address, size=size, df=True) == want, f'{size} bytes to the plain link')
    stage.guest.run(f'ip rule del from {address}')
    no_drops(stage)


def pty(nic, more=''):
    return f'pty "pppoe -I {nic} -T 80 -m 1452 {more}"\nnoaccomp\ndefault-asyncmap\nmtu 1492'


@cell(DialStage, USERSPACE)
def userspace_pppoe(stage):
    """pppoe -I -T 80 -m 1452, plain PPP, MSS set by the peer"""
    return full(stage, links=1, multilink='nomultilink', plugin=pty, mtu=1492, mp=False)


@cell(DialStage, USERSPACE, long=True)
def userspace_pppoe_silence(stage):
    """pppoe -T 80 on two idle lines for 85 s: our echoes keep one up; without them the other is given up after 80 s [G-66]"""
    # The guest has no IPv6, and being asked for it again and again would be a sign of life.
    isp = {**stage.config('', LINES[:2], [None] * 2)['concentrators']['isp'], 'network': {'ipv6': {'want': False, 'allow': False}}}
    changes = {'concentrators': {
        'isp': {**isp, 'ports': ['line0'], 'lcp': {'echo_interval': None}},  # 5 s, the default
        'mute': {**isp, 'ports': ['line1'], 'lcp': {'echo_interval': 'never'}}}}
    stage.password(stage.guest, {USER: PASSWORD, 'mute': 'm'})
    stage.start_daemon(2, changes={**changes, 'users': {'mute': {'password': 'm', 'address': '10.64.0.98'}}})
    kept = stage.dial('eth0', 'lcp-echo-interval 0', multilink='nomultilink', plugin=pty)
    given_up = stage.dial('eth1', 'lcp-echo-interval 0\nnodefaultroute', user='mute', multilink='nomultilink', plugin=pty)
    stage.jobs = [kept, given_up]
    wait_up(stage, 1)
    stage.daemon.wait_bundle('mute', 1)
    start = time.monotonic()
    expect(given_up.ended.wait(100), 'the line without echoes is up after 100 s')
    silence = time.monotonic() - start
    expect(silence > 75, f'given up after {silence:.0f} s')
    until('hawserd has noticed', lambda: [b['name'] for b in stage.bundles()] == [stage.name], 5)
    time.sleep(max(0.0, 85 - (time.monotonic() - start)))
    expect(kept.running(), f'gave up: {stage.guest.log("eth0.log")[-300:]}')
    expect(stage.ping(HOST, stage.guest_address) == 3, 'no answer after the silence')
    no_drops(stage, LIFE)
    return f'the line without echoes was given up after {silence:.0f} s, the other one answers after {time.monotonic() - start:.0f} s'


GENTOO = """
username_ppp0='user@teksavvy.com'
password_ppp0='pass'
pppd_ppp0=(
    "logfile  /var/log/ppp0"
    "defaultroute"
    "mru  1486"
    "mtu  1492"
#   "usepeerdns"
    "multilink"
)
username_ppp1='user@teksavvy.com'
password_ppp1='pass'
pppd_ppp1=(
    "defaultroute"
    "usepeerdns"
    "logfile  /var/log/ppp1"
    "ipcp-accept-remote"
    "ipcp-accept-local"
    "mru  1486"
    "mtu  1492"
#   "mrru  1500"
    "debug"
    "multilink"
)
"""


def gentoo_options(name):
    """What Gentoo's net scripts hand to pppd, a line each; the log files are ours."""
    block = re.search(rf'pppd_{name}=\((.*?)\n\)', GENTOO, re.S).group(1)
    options = re.findall(r'^ *"(.*)"', block, re.M)
    return '\n'.join(re.sub(' +', ' ', o) for o in options if not o.startswith('logfile'))


@cell(DialStage, GUIDE)
def guide_gentoo(stage):
    """conf.d/net: two links, mru 1486, mtu 1492, no mrru: packets up to 1486"""
    user, password = 'user@teksavvy.com', 'pass'
    stage.password(stage.guest, {USER: PASSWORD, user: password})
    stage.start_daemon(2, [30, 30], {'users': {USER: None, user: {'password': password, 'address': CLIENT_ADDRESS}}})
    stage.capture_lines()
    stage.jobs = [stage.dial(f'eth{i}', gentoo_options(f'ppp{i}'), user=user, multilink='') for i in range(2)]
    stage.daemon.wait_bundle(user, 2)
    until('address', stage.guest_has_address)
    until('first ping', lambda: stage.ping(HOST, CLIENT_ADDRESS, count=1, timeout=1) == 1)
    set_mtu(stage, 1486)
    pings(stage, 1486, 1486)
    fragments(stage)
    ours, theirs = tcp(stage)
    no_drops(stage, FLOOD | {'ip_too_big'})
    return f'TCP {ours:.0f} Mbit/s from us, {theirs:.0f} to us'


@cell(DialStage, GUIDE)
def guide_debian(stage):
    """peers/dsl-provider with the user-space driver, mp and mtu 1442: two links"""
    def debian(nic):
        return f'pty "pppoe -I {nic} -T 80 -m 1452"\nnoaccomp\ndefault-asyncmap\nhide-password\nconnect /bin/true\nmtu 1442'
    stage.start_daemon(2, [30, 30])
    stage.capture_lines()
    dial_all(stage, 2, multilink='mp', plugin=debian, mtu=None)
    mtu = int(stage.guest.run('cat /sys/class/net/ppp0/mtu'))
    expect(stage.guest_pings(stage.address, [(mtu - 28, True)])[(mtu - 28, True)] == 3, f'{mtu} bytes with DF lost')
    expect(stage.ping(HOST, stage.guest_address, size=8000) == 3, '8000 bytes lost')
    fragments(stage)
    ours, theirs = tcp(stage)
    no_drops(stage, FLOOD | {'ip_too_big'})
    return f'interface MTU {mtu}; TCP {ours:.0f} Mbit/s from us, {theirs:.0f} to us'
