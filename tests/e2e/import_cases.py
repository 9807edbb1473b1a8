# SPDX-License-Identifier: BSD-3-Clause
"""End-to-end cases of hawser-import: what it makes of the guide's listings dials and carries packets, the kernel behind its tap."""
import os
import re
import signal

from bonded import RIGHT, Bonded
from cases import Skip, captures_of, case, expect, no_strange_drops, pieces_on_every_line
from lab import ROOT, run, tcp_ceiling, until

TOOL = ROOT / 'tools' / 'hawser-import' / 'hawser-import'
LISTINGS = ROOT / 'tests' / 'import' / 'listings'
KERNEL = '10.255.0.2'


class Imported(Bonded):
    """The client is what hawser-import prints of a listing. interfaces: those of the old system, one for each line."""

    def __init__(self, listing, interfaces, name, user, password, rates):
        users = {'mluser': None, user: {'password': password, 'address': '10.64.0.10', 'routes': ['10.255.0.0/30']}}
        super().__init__(rates=rates, concentrator={'users': users})
        self.listing, self.interfaces, self.name, self.user = LISTINGS / listing, interfaces, name, user

    def imported(self):
        """The YAML as printed, for the lab's lines; hawserd --check takes it."""
        devices = [f'--port={old}=net_af_packet_{line},iface={line},qdisc_bypass=0' for old, line in zip(self.interfaces, self.lines)]
        yaml = run(TOOL, *devices, *sorted(self.listing.iterdir())).stdout
        path = self.dir / 'as-printed.yaml'
        path.touch(mode=0o600)
        path.write_text(yaml)
        run(self.hawserd_path, '--check', '-c', path)
        return yaml

    def for_the_lab(self, yaml):
        """A process of the lab's name, with its socket; rates as the comment above the ports tells to add them."""
        process = f'process:\n  name: client\n  hugepages: no\n  control_socket: {self.dir / "client.sock"}\n'
        yaml = re.sub(r'^  control_socket: .*\n', '', yaml, flags=re.M)
        yaml = re.sub(r'^process:\n', process, yaml, flags=re.M) if re.search(r'^process:\n', yaml, re.M) else process + yaml
        for line, rate in zip(self.lines, self.rates):
            if rate:
                yaml = re.sub(rf'(    device: .*iface={line},.*\n)', rf'\1    line: {{rate: {rate} Mbit/s}}\n', yaml)
        return yaml

    def start_daemon(self, role):
        if role != 'client':
            return super().start_daemon(role)
        self.daemon[role] = self.hawserd(role, self.for_the_lab(self.imported()), role)
        return self.daemon[role]

    def wait_up(self, links=None, timeout=15):
        self.client.wait_bundle(self.name, len(self.lines), timeout)
        self.concentrator.wait_bundle(self.user, len(self.lines), timeout)
        # the commands that stand in the comment at the kernel port
        self.ip('client', 'address', 'add', f'{KERNEL}/30', 'dev', 'hawser0')
        self.ip('client', 'link', 'set', 'hawser0', 'up')
        self.ip('client', 'route', 'add', 'default', 'via', '10.255.0.1')
        until('ping through the bundle', lambda: self.ping('client', RIGHT, count=1, timeout=1) == 1)


def packets(lab, mtu):
    for ns, target in (('client', RIGHT), ('right', KERNEL)):
        expect(lab.ping(ns, target, count=3) == 3, f'{ns}: small pings lost')
        expect(lab.ping(ns, target, count=2, size=8000) == 2, f'{ns}: 8000 bytes lost')
    expect(lab.ping('client', RIGHT, count=3, size=mtu - 28, df=True) == 3, f'{mtu} bytes with DF lost')


def goodput(lab, mtu):
    """TCP both ways carries clearly more than all lines but one could: they are bonded. How much of the ceiling there is to be had is
    the question of other cases."""
    ceiling = tcp_ceiling(lab.rates, packet=mtu, mss_payload=mtu - 52)
    least = ceiling * (len(lab.rates) - 1) / len(lab.rates) * 1.1
    lab.iperf_server('right')
    notes = []
    for direction, reverse in (('up', False), ('down', True)):
        rates = []
        while len(rates) < 3 and (not rates or max(rates) < least):
            rates.append(lab.iperf('client', RIGHT, 4, reverse))
        expect(max(rates) >= least, f'{direction}: {rates}, at least {least:.1f} of {ceiling:.1f} Mbit/s')
        notes.append(f'{direction} {max(rates):.1f}')
    return f'{", ".join(notes)} of {ceiling:.1f} Mbit/s'


def dials(listing, interfaces, name, mtu, user='AuthName', password='AuthPasswd', cut=True):
    if not os.path.exists('/dev/net/tun'):
        raise Skip('no /dev/net/tun')
    with Imported(listing, interfaces, name, user, password, rates=(20,) * len(interfaces)) as lab:
        lab.wait_up()
        captures = captures_of(lab)
        packets(lab, mtu)
        note = goodput(lab, mtu)
        if cut:
            pieces_on_every_line(lab, captures)
        else:
            for process, _ in captures.values():
                process.stop(signal.SIGINT)
        no_strange_drops(lab, {'ip_too_big', 'bundle_too_large'})
        return note


@case
def import_of_ppp_conf():
    """The guide's ppp.conf with its ppp.linkup, imported, dials two lines; ip_mtu 1486 [G-10..G-25]"""
    return dials('ppp-posted', ('x10', 'x11'), 'ispname', 1486)


@case
def import_of_mpd4():
    """The guide's mpd 4 files, imported: two lines, round-robin [G-30..G-38]"""
    return dials('mpd4', ('x10', 'x11'), 'sam', 1500, cut=False)


@case
def import_of_mpd5():
    """The guide's mpd 5 file, imported: three lines [G-31..G-39]"""
    return dials('mpd5', ('x10', 'x11', 'fxp0'), 'B1', 1500)


@case
def import_of_pppd():
    """The guide's conf.d/net of Gentoo, options of pppd, imported: two lines, ip_mtu 1492 [G-60..G-64]"""
    return dials('gentoo', ('eth2', 'eth3'), 'ppp0', 1492, 'user@teksavvy.com', 'pass')
