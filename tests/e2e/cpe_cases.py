# SPDX-License-Identifier: BSD-3-Clause
"""A router for a home out of hawser and the kernel, by the files of config/examples/cpe (but for /run/hawser): the kernel of the client's
namespace gives out addresses and translates them to the one that IPCP brought."""
import os

from bonded import CLIENT_ADDRESS, LEFT_GATEWAY, RIGHT, USER, Bonded
from cases import Skip, case, expect
from lab import ROOT, run, tshark_fields, until

FILES = ROOT / 'config' / 'examples' / 'cpe'
OURS = '10.255.0.1'
LEASE = '''#!/bin/sh
[ "$1" = bound ] || exit 0
ip address add "$ip/$mask" dev "$interface"
ip route add default via "$router"
'''


def home(lab):
    """Changes that make the lab's client what cpe.yaml is."""
    return {
        'ports': {'lan': None, 'kernel': {'device': 'net_tap0,iface=hawser0', 'kind': 'ip', 'addresses': [f'{OURS}/32'],
                                          'address_of': 'home'}},
        'hooks': {'address': {'events': ['bundle-up', 'bundle-changed', 'bundle-down'],
                              'run': ['/bin/sh', str(FILES / 'address'), 'home', 'hawser0', OURS]}},
        'clients': {'home': {'resolver_file': str(lab.dir / 'home.resolv')}},
    }


def serve(lab):
    """The kernel's part in the client's namespace."""
    lab.ip('client', 'address', 'add', f'{LEFT_GATEWAY}/24', 'dev', 'lan')
    lab.sysctl('client', 'net.ipv4.ip_forward', 1)
    run(*lab.inside('client'), 'nft', '-f', FILES / 'nftables.conf')
    config = lab.dir / 'dnsmasq.conf'
    config.write_text((FILES / 'dnsmasq.conf').read_text().replace('/run/hawser', str(lab.dir)))
    return lab.start('client', 'dnsmasq', 'dnsmasq', '--keep-in-foreground', '--log-facility=-', '--log-dhcp', '--user=root',
                     f'--conf-file={config}', '--pid-file', f'--dhcp-leasefile={lab.dir / "leases"}')


def lease(lab):
    """The left host forgets what it was told and asks by DHCP."""
    script = lab.dir / 'lease'
    script.write_text(LEASE)
    script.chmod(0o755)
    lab.ip('left', 'address', 'flush', 'dev', 'eth0')
    run(*lab.inside('left'), 'busybox', 'udhcpc', '-i', 'eth0', '-n', '-q', '-f', '-t', 10, '-T', 1, '-s', script)
    return run('ip', '-n', lab.ns('left'), '-4', '-br', 'address', 'show', 'dev', 'eth0').stdout.split()[2]


def kernels_address(lab):
    return run('ip', '-n', lab.ns('client'), '-4', '-br', 'address', 'show', 'dev', 'hawser0').stdout


@case
def network_behind_one_address():
    """NAT and DHCP: a network gets addresses from dnsmasq and goes out by the one that IPCP brought, translated by nftables [G-74]"""
    if not os.path.exists('/dev/net/tun'):
        raise Skip('no /dev/net/tun')
    # The provider routes nothing but the address: what has another source does not pass his source check.
    provider = {'users': {USER: {'routes': None}}}
    with Bonded(rates=(20, 10), concentrator=provider, start=False) as lab:
        lab.changes['client'] = home(lab)
        lab.start_daemon('concentrator')
        lab.start_daemon('client')
        dnsmasq = serve(lab)
        lab.client.wait_bundle('home', 2)
        until('the hook', lambda: f'{CLIENT_ADDRESS}/32' in kernels_address(lab))
        until('dnsmasq', lambda: 'DHCP, IP range' in dnsmasq.text())
        address = lease(lab)
        expect(address.startswith('192.168.1.1') and address.endswith('/24'), f'leased {address}')

        pcap = lab.dir / 'right.pcap'
        tcpdump = lab.capture('right', 'eth0', pcap)
        until('ping through address translation', lambda: lab.ping('left', RIGHT, count=1, timeout=1) == 1)
        expect(lab.ping('left', RIGHT, count=3, size=1472, df=True) == 3, '1500 bytes with DF lost')
        lab.iperf_server('right')
        got = lab.iperf('left', RIGHT, seconds=3)
        back = lab.iperf('left', RIGHT, seconds=3, reverse=True)
        carried = [link[d] for link in lab.client.json('show', 'links')['links'] for d in ('rx_bytes', 'tx_bytes')]
        expect(got > 10 and back > 10 and min(carried) > 1000000, f'{got:.1f} and {back:.1f} Mbit/s, bytes {carried}')
        tcpdump.stop()
        sources = {row[0] for row in tshark_fields(pcap, 'icmp.type==8 || tcp.dstport==5201', 'ip.src')}
        expect(sources == {CLIENT_ADDRESS}, f'sources {sources}')

        expect(lab.ping('right', CLIENT_ADDRESS, count=2) == 2, 'the kernel does not answer at its address')
        for link in ('line0', 'line1'):
            lab.client.ctl('link', 'down', f'home/{link}')
        until('the hook takes the address away', lambda: CLIENT_ADDRESS not in kernels_address(lab))
        for link in ('line0', 'line1'):
            lab.client.ctl('link', 'up', f'home/{link}')
        until('ping over the new bundle', lambda: lab.ping('left', RIGHT, count=1, timeout=1) == 1, 15)
        return f'{address} as {CLIENT_ADDRESS}, {got:.1f} Mbit/s there, {back:.1f} back'
