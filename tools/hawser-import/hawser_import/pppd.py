# SPDX-License-Identifier: BSD-3-Clause
"""pppd: /etc/ppp/options, /etc/ppp/peers/*, chap-secrets and pap-secrets. Each peers file is a line; those that ask for
multilink are one client, as pppd makes one bundle of them."""
import ipaddress
import re
import shlex

from .common import attempts, endpoint_fits, name_servers, set_ip_mtu, set_mrru, warn_mru, words_of
from .listing import mended
from .model import NOT_ASKED, Secret, ask, authenticate, demand

MODEM = '''crtscts nocrtscts cdtrcts nocdtrcts modem local xonxoff lock nolock default-asyncmap receive-all sync -crtscts escape
    asyncmap connect disconnect init welcome connect-delay 115200 57600 38400 19200 9600'''.split()
NO_COMPRESSION = '''noccp -ccp nobsdcomp -bsdcomp nodeflate -deflate nopredictor1 nomppe nomppc novj -vj novjccomp -vjccomp'''.split()
COMPRESSION = '''bsdcomp deflate predictor1 mppe require-mppe require-mppe-40 require-mppe-128 mppe-stateful require-mppc'''.split()
NO_NEED = {
    'noipdefault': 'no address is asked for unless the key address stands',
    'ipcp-accept-remote': 'the peer\'s address is taken as it says',
    'noaccomp': 'address and control field compression is forbidden on PPPoE (RFC 2516)',
    '-ac': 'address and control field compression is forbidden on PPPoE (RFC 2516)',
    'hide-password': 'passwords are never shown', 'nodetach': 'hawserd stays in the foreground',
    '-detach': 'hawserd stays in the foreground', 'updetach': 'hawserd -b returns when lines can be dialled',
    'detach': 'hawserd -b goes to the background', 'ktune': 'hawser forwards by itself', 'noktune': 'hawser forwards by itself',
    'nolcp-echo-adaptive': 'echoes are always sent', 'noproxyarp': 'proxy_arp is off', 'nodeflatedraft': 'there is no CCP',
    'noremoteip': 'no address of the peer is needed',
}
LEAVE = {
    'proxyarp': 'the kernel behind the kernel port answers ARP, or proxy_arp of an ip port',
    'lcp-echo-adaptive': 'echoes are always sent; control frames have their own queue, so that load delays none',
    'dump': 'hawserd --print shows the configuration', 'kdebug': 'hawserctl trace decodes a link\'s packets',
    'show-password': 'passwords are never shown', 'passive': 'a client begins to negotiate', 'silent': 'a client begins to negotiate',
    'login': 'the peer\'s password is peer_password',
    'unit': 'the kernel\'s interface is the tap device of the kernel port', 'ifname': 'the kernel\'s interface is the tap device of the '
    'kernel port', 'linkname': 'links are named in the configuration', 'ipparam': 'a hook finds its facts in the environment',
    'logfile': 'the log goes to standard error, with -b to syslog; of one line: hawserctl trace',
    'logfd': 'the log goes to standard error, with -b to syslog; of one line: hawserctl trace',
    'ms-wins': 'NetBIOS name servers are not handed out',
    'privgroup': 'hawserd runs as the user that starts it',
    'pppoe-sess': 'hawser dials sessions of its own', 'rp_pppoe_sess': 'hawser dials sessions of its own',
    'pppoe-mac': 'the peer is chosen by ac_name', 'pppoe-verbose': 'see log_level', 'rp_pppoe_verbose': 'see log_level',
    'pppoe-padi-timeout': 'see redial', 'pppoe-padi-attempts': 'see redial', 'host-uniq': 'hawser makes its own',
    'active-filter': 'each packet counts', 'pass-filter': 'packets are filtered by the kernel behind the kernel port',
    'metric': 'there is one default route', 'defaultroute-metric': 'there is one default route', 'netmask': 'a link has one address',
    'require-eap': 'EAP is not known to hawser', 'kernel-accounting': 'hawserctl show bundles counts',
}
REFUSE = {'refuse-pap': 'pap', '-pap': 'pap', 'refuse-chap': 'chap', '-chap': 'chap', 'refuse-mschap': 'mschap',
          'refuse-mschap-v2': 'mschapv2'}
REQUIRE = {'require-pap': ('pap',), '+pap': ('pap',), 'require-chap': ('chap',), '+chap': ('chap',), 'require-mschap': ('mschap',),
           'require-mschap-v2': ('mschapv2',), 'auth': ('chap', 'mschapv2', 'pap')}
NUMBERS = {'lcp-echo-failure': 'lcp.echo_failures', 'lcp-max-configure': 'lcp.max_configure', 'lcp-max-terminate': 'lcp.max_terminate',
           'lcp-max-failure': 'lcp.max_failure'}
SHARED_NUMBERS = {f'{ncp}-max-{what}': f'network.max_{what}' for ncp in ('ipcp', 'ipv6cp') for what in ('configure', 'terminate', 'failure')}
SHARED_NUMBERS |= {'pap-max-authreq': 'authentication_tries', 'chap-max-challenge': 'authentication_tries'}
RESTARTS = {'lcp-restart': 'lcp.restart_timer', 'ipcp-restart': 'network.restart_timer', 'ipv6cp-restart': 'network.restart_timer',
            'pap-restart': 'authentication_timer', 'chap-restart': 'authentication_timer'}
SIMPLE = '''defaultroute nodefaultroute replacedefaultroute noreplacedefaultroute usepeerdns nousepeerdns persist nopersist demand
    multilink mp nomultilink nomp mpshortseq nompshortseq ipcp-accept-local nopcomp -pc nomagic -mn nomru -mru noip -ip +ipv6
    noipv6 -ipv6 debug -d refuse-eap noauth'''.split()
ONE = '''plugin pty user name password mru mtu mrru holdoff maxfail idle endpoint bundle lcp-echo-interval rp_pppoe_service
    pppoe-service remotename chap-interval rp_pppoe_ac pppoe-ac file call ipv6 child-timeout ms-dns ip-up-script ip-down-script'''.split()
ONE_OF_LEFT = '''unit ifname linkname ipparam logfile logfd ms-wins privgroup pppoe-sess
    rp_pppoe_sess pppoe-mac pppoe-padi-timeout pppoe-padi-attempts host-uniq active-filter pass-filter metric defaultroute-metric
    netmask connect disconnect init welcome connect-delay escape asyncmap bsdcomp deflate rp_pppoe_verbose
    pppoe-verbose'''.split()
ARGUMENTS = {**dict.fromkeys(SIMPLE, 0), **dict.fromkeys(ONE, 1)}
ARGUMENTS |= dict.fromkeys([*NUMBERS, *SHARED_NUMBERS, *RESTARTS], 1)
ARGUMENTS |= dict.fromkeys([*MODEM, *NO_COMPRESSION, *COMPRESSION, *NO_NEED, *LEAVE, *REFUSE, *REQUIRE], 0)
ARGUMENTS |= dict.fromkeys(ONE_OF_LEFT, 1)
INTERFACE = re.compile(r'(nic-)?([A-Za-z][A-Za-z_-]*\d[\w.-]*)$')
ADDRESSES = re.compile(r'([\d.]*):([\d.]*)$')
KNOWN = re.compile(r'\d+|/\S*[^\s-]|nic-\S+|\S+\.so|".*"|(eth|en|ppp|wan|dsl)\w*\d+|[\d.]*:[\d.]*')


def known(word):
    return word in ARGUMENTS or KNOWN.fullmatch(word) is not None


class Peer:
    """One pppd: a line."""

    def __init__(self, name, line):
        self.name, self.line = name, line
        self.interface, self.user, self.login_name, self.password = None, None, None, None
        self.multilink, self.bundle = None, ''
        self.own, self.shared = [], []  # (path, value, line, note)
        self.auth, self.asked = {}, {}  # method -> (value, line): of us, of the peer
        self.asked_any, self.remote_name, self.rechallenge = None, None, None
        self.persist, self.maxfail = None, None
        self.silence = None             # (seconds, line): pppoe -T
        self.accept_any, self.address = None, None
        self.pppoe = False


class Reader:
    def __init__(self, system, files=()):
        """files: {base name: lines} that `call` and `file` may name."""
        self.system, self.remarks, self.files = system, system.remarks, dict(files)
        self.used = set()
        self.peers, self.secrets = [], []

    # words

    def tokens(self, lines):
        """(word, line) of all options: pppd reads words, not lines. Comments and continued lines are resolved."""
        words, pending = [], None
        for line in lines:
            text = line.text
            if pending is not None:
                line, text = pending, pending.text + ' ' + text
                line = line.with_text(text)
                pending = None
            if text.endswith('\\'):
                pending = line.with_text(text[:-1].rstrip())
                continue
            if not text or text.startswith('#'):
                continue
            line = self.system.statement(line.with_text(text))
            first = text.split()[0]
            free = first in ('user', 'name', 'password', 'pty', 'connect')
            line = mended(line, known, self.remarks, 1 if free else None)
            found = words_of(self.remarks, line)
            words += [(w, line) for w in found]
        if pending is not None:
            words += [(w, pending) for w in self.system.statement(pending).text.split()]
        return words

    def options(self, peer, lines):
        words = self.tokens(lines)
        i = 0
        while i < len(words):
            word, line = words[i]
            count = ARGUMENTS.get(word, 0)
            args = [w for w, _ in words[i + 1:i + 1 + count]]
            i += 1 + count
            if len(args) < count:
                self.system.leave(line, f'{word} needs a value')
            else:
                self.option(peer, line, word, args[0] if args else None)

    # one option

    def option(self, peer, line, word, value):
        handler = getattr(self, 'do_' + re.sub(r'\W', '_', word), None)
        number = int(value) if value and value.isdigit() else None
        if handler is not None:
            handler(peer, line, value)
        elif word in NUMBERS or word in SHARED_NUMBERS or word in RESTARTS:
            self.number(peer, line, word, number)
        elif word in REFUSE:
            peer.auth[REFUSE[word]] = False, line
        elif word in REQUIRE:
            self.require(peer, line, word)
        elif word in NO_COMPRESSION:
            self.system.no_need(line, 'compression is neither asked for nor accepted', word)
        elif word in COMPRESSION:
            self.system.leave(line, 'compression and encryption are refused; the link stays', word)
        elif word in MODEM:
            self.system.no_need(line, 'for serial lines; PPPoE has none', word)
        elif word in NO_NEED:
            self.system.no_need(line, NO_NEED[word], word)
        elif word in LEAVE:
            self.system.leave(line, LEAVE[word], word)
        else:
            self.unknown(peer, line, word)

    def unknown(self, peer, line, word):
        addresses, interface = ADDRESSES.match(word), INTERFACE.match(word)
        if addresses and word != ':':
            self.addresses(peer, line, *addresses.groups())
        elif word.startswith('nic-') or interface and peer.pppoe and peer.interface is None:
            peer.interface = word.removeprefix('nic-'), line
            self.system.keyed(line)
        else:
            self.system.leave(line, f'"{word}" is no option of pppd that is known here')

    def number(self, peer, line, word, number):
        if number is None:
            self.system.leave(line, f'{word} needs a number')
        elif word in RESTARTS:
            self.same(peer, line, RESTARTS[word], f'{number} s')
        elif word in SHARED_NUMBERS:
            self.same(peer, line, SHARED_NUMBERS[word], number)
        elif word == 'lcp-echo-failure' and number == 0:
            self.system.leave(line, 'a line that answers no echo is dead after 1 to 255 of them')
        else:
            peer.shared.append((NUMBERS[word], number, line, ''))

    def same(self, peer, line, path, value):
        """What pppd has for each protocol, and hawser for IPCP and IPV6CP together, or for PAP and CHAP."""
        old = next((v for p, v, _, _ in peer.shared if p == path), value)
        if old == value:
            peer.shared.append((path, value, line, ''))
        else:
            self.system.leave(line, f'{path} is {old} already: one for both protocols')

    def addresses(self, peer, line, mine, his):
        if mine and mine != '0.0.0.0':
            peer.address = mine, line
        if his and his != '0.0.0.0':
            self.remarks.add(line, f'the peer\'s address is taken as it says, not only {his}')
        self.system.no_need(line, 'the peer\'s address is taken as it says')

    # options with a meaning

    def require(self, peer, line, word):
        """auth leaves the method open, unless another option names one."""
        if word == 'auth':
            peer.asked_any = line
            self.system.keyed(line)
            return
        for method in REQUIRE[word]:
            ask(self.system, peer.asked, method, True, line)

    def do_noauth(self, peer, line, value):
        peer.asked, peer.asked_any = {}, None
        self.system.no_need(line, NOT_ASKED)

    def do_remotename(self, peer, line, value):
        peer.remote_name = value, line

    def do_chap_interval(self, peer, line, value):
        if not value.isdigit():
            self.system.leave(line, 'chap-interval needs a number')
        elif int(value) == 0:
            self.system.no_need(line, 'a challenge is not repeated unless peer_rechallenge says so')
        else:
            peer.rechallenge = int(value), line

    def do_plugin(self, peer, line, value):
        if 'pppoe' in value:
            peer.pppoe = True
            self.system.no_need(line, 'hawser speaks PPPoE')
        else:
            self.system.leave(line, f'plugin {value} has no counterpart')

    def do_pty(self, peer, line, value):
        """pty "pppoe -I eth0 -T 80 -m 1452": the user-space agent of rp-pppoe."""
        try:
            words = shlex.split(value)
        except ValueError:
            words = value.split()
        if not words or not words[0].endswith('pppoe'):
            self.system.leave(line, 'only the program pppoe is understood behind pty')
            return
        rest, flags, i = words[1:], {}, 0
        while i < len(rest):
            flag = rest[i][:2]
            if flag in ('-D', '-d', '-s', '-k', '-n', '-P', '-q'):
                flags[flag], i = '', i + 1
            elif len(rest[i]) > 2:
                flags[flag], i = rest[i][2:], i + 1
            else:
                flags[flag], i = (rest[i + 1] if i + 1 < len(rest) else ''), i + 2
        self.agent(peer, line, flags)

    def agent(self, peer, line, flags):
        for flag, value in flags.items():
            if flag == '-I' and value:
                peer.interface = value, line
                self.system.keyed(line)
            elif flag == '-T' and value.isdigit():
                peer.silence = int(value), line
            elif flag == '-m' and value.isdigit():
                peer.shared.append(('mss.v4', int(value), line, ''))
            elif flag == '-S' and value:
                peer.shared.append(('service_name', value, line, ''))
            elif flag == '-C' and value:
                peer.shared.append(('ac_name', value, line, ''))
            elif flag in ('-s', '-U', '-H', '-p'):
                self.system.no_need(line, 'hawser speaks PPPoE itself', flag)
            else:
                self.system.leave(line, f'{flag} of pppoe has no counterpart')

    def do_user(self, peer, line, value):
        peer.user = value, line

    def do_name(self, peer, line, value):
        peer.login_name = value, line

    def do_password(self, peer, line, value):
        peer.password = Secret(value), line

    def do_mru(self, peer, line, value):
        if not value.isdigit() or not 128 <= int(value) <= 1492:
            self.system.leave(line, f'an MRU of {value} is not possible on PPPoE without max_payload: 128 to 1492')
            return
        peer.shared.append(('lcp.mru', int(value), line, ''))
        warn_mru(self.remarks, line, int(value))

    def do_mtu(self, peer, line, value):
        if value.isdigit():
            peer.shared.append(('#ip_mtu', int(value), line, ''))
        else:
            self.system.leave(line, 'mtu needs a number')

    def do_mrru(self, peer, line, value):
        if value.isdigit():
            peer.shared.append(('#mrru', int(value), line, ''))
        else:
            self.system.leave(line, 'mrru needs a number')

    def do_multilink(self, peer, line, value):
        peer.multilink = True, line

    do_mp = do_multilink

    def do_nomultilink(self, peer, line, value):
        peer.multilink = False, line

    do_nomp = do_nomultilink

    def do_bundle(self, peer, line, value):
        peer.bundle = value
        self.system.no_need(line, 'links of one client are one bundle')

    def do_endpoint(self, peer, line, value):
        kind, _, rest = value.partition(':')
        classes = {'local': 'local', 'ip': 'ip', 'mac': 'mac', 'magic': 'magic', 'phone': 'phone'}
        kind = classes.get(kind.lower())
        if value.lower() in ('null', 'none'):
            peer.shared.append(('multilink.endpoint.class', 'none', line, ''))
        elif kind is None:
            peer.shared.append(('multilink.endpoint.class', 'auto', line, 'the MAC address of the first port'))
        else:
            text = self.local_text(rest) if kind == 'local' else rest
            text = text.replace('.', '').replace(':', '') if kind == 'magic' else text
            if not text or not endpoint_fits(kind, text):
                self.system.leave(line, f'{rest} is no value of class {kind} for hawser')
                return
            peer.shared.append(('multilink.endpoint.class', kind, line, ''))
            peer.shared.append(('multilink.endpoint.value', text, line, ''))

    @staticmethod
    def local_text(value):
        """pppd writes a local discriminator in hexadecimal digits, hawser as text."""
        digits = re.sub(r'[.:]', '', value)
        try:
            text = bytes.fromhex(digits).decode('ascii')
        except ValueError:
            return value if value.isprintable() else None
        return text if text.isprintable() else None

    def do_mpshortseq(self, peer, line, value):
        self.policy(peer, line, 'lcp.options.short_sequence', True)

    def do_nompshortseq(self, peer, line, value):
        self.policy(peer, line, 'lcp.options.short_sequence', False)

    def policy(self, peer, line, path, value):
        for part in ('want', 'allow'):
            peer.shared.append((f'{path}.{part}', value, line, ''))

    def do_nopcomp(self, peer, line, value):
        self.policy(peer, line, 'lcp.options.pfc', False)

    do__pc = do_nopcomp

    def do_nomagic(self, peer, line, value):
        self.policy(peer, line, 'lcp.options.magic', False)

    do__mn = do_nomagic

    def do_nomru(self, peer, line, value):
        self.policy(peer, line, 'lcp.options.mru', False)

    do__mru = do_nomru

    def do_noip(self, peer, line, value):
        self.policy(peer, line, 'network.ipv4', False)

    do__ip = do_noip

    def do_noipv6(self, peer, line, value):
        self.policy(peer, line, 'network.ipv6', False)

    def do__ipv6(self, peer, line, value):
        self.policy(peer, line, 'network.ipv6', line.text.lstrip().startswith('+'))

    def do_ipv6(self, peer, line, value):
        self.policy(peer, line, 'network.ipv6', True)
        self.system.leave(line, 'interface identifiers are made by hawser')

    def do_defaultroute(self, peer, line, value):
        peer.shared.append(('default_route', True, line, ''))

    do_replacedefaultroute = do_defaultroute

    def do_nodefaultroute(self, peer, line, value):
        peer.shared.append(('default_route', False, line, ''))

    def do_noreplacedefaultroute(self, peer, line, value):
        self.system.no_need(line, 'the route is one of hawser\'s, not of the kernel')

    def do_usepeerdns(self, peer, line, value):
        peer.shared.append(('request_dns', True, line, ''))
        peer.shared.append(('resolver_file', '/etc/ppp/resolv.conf', line, 'as pppd\'s'))

    def do_nousepeerdns(self, peer, line, value):
        peer.shared.append(('request_dns', False, line, ''))

    def do_persist(self, peer, line, value):
        peer.persist = True, line

    def do_nopersist(self, peer, line, value):
        peer.persist = False, line

    def do_maxfail(self, peer, line, value):
        if value.isdigit():
            peer.maxfail = int(value), line
        else:
            self.system.leave(line, 'maxfail needs a number')

    def do_holdoff(self, peer, line, value):
        if not value.isdigit():
            self.system.leave(line, 'holdoff needs a number')
            return
        peer.own.append(('redial.delay', f'{value} s', line, ''))
        peer.own.append(('redial.increment', '0 s', line, ''))
        peer.own.append(('redial.limit', f'{value} s', line, ''))

    def do_demand(self, peer, line, value):
        peer.shared.append(('dial', 'on-demand', line, ''))

    def do_idle(self, peer, line, value):
        if value.isdigit():
            peer.shared.append(('idle_timeout', 'never' if int(value) == 0 else f'{value} s', line, ''))
        else:
            self.system.leave(line, 'idle needs a number')

    def do_lcp_echo_interval(self, peer, line, value):
        if value.isdigit():
            peer.shared.append(('lcp.echo_interval', 'never' if value == '0' else f'{value} s', line, ''))
        else:
            self.system.leave(line, 'lcp-echo-interval needs a number')

    def do_ipcp_accept_local(self, peer, line, value):
        peer.accept_any = line

    def do_debug(self, peer, line, value):
        self.system.process.set('log_level', 'debug', line, 'packets of a link: hawserctl trace')

    do__d = do_debug

    def do_refuse_eap(self, peer, line, value):
        self.system.no_need(line, 'hawser does not know EAP')

    def do_rp_pppoe_service(self, peer, line, value):
        peer.shared.append(('service_name', value, line, ''))

    do_pppoe_service = do_rp_pppoe_service

    def do_rp_pppoe_ac(self, peer, line, value):
        peer.shared.append(('ac_name', value, line, ''))

    do_pppoe_ac = do_rp_pppoe_ac

    def do_ms_dns(self, peer, line, value):
        peer.shared.append(('#dns', [value], line, ''))

    def do_child_timeout(self, peer, line, value):
        self.system.leave(line, 'see timeout of hooks')

    def do_ip_up_script(self, peer, line, value):
        self.system.hook(line, 'bundle-up', [value])

    def do_ip_down_script(self, peer, line, value):
        self.system.hook(line, 'bundle-down', [value])

    def do_file(self, peer, line, value):
        base = value.rsplit('/', 1)[-1]
        if base not in self.files or base in self.used:
            self.system.leave(line, f'{value} is not among the files that were given')
            return
        self.used.add(base)
        self.system.keyed(line)
        self.options(peer, self.files[base])

    do_call = do_file

    # secrets

    def read_secrets(self, lines):
        for line in lines:
            if not line.text or line.text.startswith('#'):
                continue
            try:
                words = shlex.split(line.text, comments=True)
            except ValueError:
                words = line.text.split()
            shown = line.with_text(' '.join([*words[:2], '...']))
            self.system.statement(shown)
            if len(words) < 3:
                self.system.leave(shown, 'needs a client, a server and a secret')
            else:
                self.secrets.append((words[0], words[1], Secret(words[2]), shown))

    def password_of(self, user):
        """(password, line) of chap-secrets or pap-secrets; both mostly hold the same lines."""
        for client, _, secret, line in self.secrets:
            if client in (user, '*'):
                return secret, line
        return None

    def peers_secret(self, name, ours):
        """(name, password, line) of the peer: of its own name, or else the one that is for us: its name, ours, secret."""
        rows = [(client, secret, line) for client, server, secret, line in self.secrets
                if (client == name if name else client not in (ours, '*') and server in (ours, '*'))]
        same = {(client, secret) for client, secret, _ in rows}
        return rows[0] if len(same) == 1 else None

    def demand(self, peer, client):
        """The peer must prove itself: one password of it for the client, as hawser's has one peer."""
        if peer.asked_any and not peer.asked:
            for method in REQUIRE['auth']:
                peer.asked[method] = True, peer.asked_any
        demand(client, peer.asked)
        if not peer.asked:
            for said in (peer.remote_name, peer.rechallenge):
                if said is not None:
                    self.system.no_need(said[1], NOT_ASKED)
            return
        if peer.remote_name is not None:
            client.settings.set('peer_username', *peer.remote_name)
        if peer.rechallenge is not None:
            client.settings.set('peer_rechallenge', f'{peer.rechallenge[0]} s', peer.rechallenge[1])
        ours = (peer.login_name or peer.user or (None,))[0]
        found = self.peers_secret(peer.remote_name and peer.remote_name[0], ours)
        if found is not None:
            client.settings.set('peer_username', found[0], found[2])
            client.settings.set('peer_password', found[1], found[2])

    # the end

    def finish(self):
        groups = {}
        for peer in self.peers:
            if peer.interface is None:
                self.remarks.add(peer.line, f'{peer.name} names no Ethernet interface for PPPoE; left out')
                continue
            together = peer.multilink is not None and peer.multilink[0]
            groups.setdefault(('mp', peer.bundle) if together else ('one', peer.name), []).append(peer)
        for (kind, bundle), peers in groups.items():
            self.client(bundle or peers[0].name, peers)
        for client, _, _, line in self.secrets:
            if not self.system.accounted(line):
                twin = any(c == client and self.system.accounted(k) for c, _, _, k in self.secrets)
                if twin:
                    self.system.no_need(line, 'one password for all methods')
                else:
                    self.system.leave(line, 'no peer logs in by this name; those who log in at a concentrator are its users')

    def client(self, name, peers):
        client = self.system.client(name)
        said = {}
        for peer in peers:
            link = client.new_link(peer.name, peer.line)
            link.port(*peer.interface)
            self.login(peer, link)
            self.dialling(peer, link)
            for path, value, line, note in peer.own:
                link.own.set(path, value, line, note)
            for path, value, line, note in peer.shared:
                self.share(client, link, path, value, line, note)
            said.update(peer.auth)
        authenticate(self.system, client, said)
        for peer in peers:
            self.demand(peer, client)
        self.bundle_limit(client, peers)
        if len(peers) > 1:
            self.remarks.add(peers[-1].line, f'{", ".join(p.name for p in peers)} ask for multilink: links of one client')

    def bundle_limit(self, client, peers):
        if peers[0].multilink and peers[0].multilink[0] and 'multilink.mrru' not in client.settings.values:
            self.remarks.add(peers[0].multilink[1], 'without mrru pppd takes its MRU for the MRRU; hawser takes packets of 1500 bytes at '
                             'least, as RFC 1990 asks')

    def share(self, client, link, path, value, line, note):
        if path == '#ip_mtu':
            set_ip_mtu(self.system, client.settings, line, value)
        elif path == '#mrru':
            set_mrru(self.system, client.settings, line, value)
        elif path == '#dns':
            name_servers(self.system, client.settings, line, value)
        else:
            link.share(path, value, line, note)

    def login(self, peer, link):
        user = peer.user or peer.login_name
        if user is None:
            return
        link.own.set('username', *user)
        if peer.user and peer.login_name:
            self.system.no_need(peer.login_name[1], 'the option user counts')
        password = peer.password or self.password_of(user[0])
        if password is None:
            return
        link.own.set('password', *password)

    def dialling(self, peer, link):
        if peer.multilink is not None:
            link.share('multilink.enabled', peer.multilink[0], peer.multilink[1])
        if peer.persist is not None and not peer.persist[0]:
            link.own.set('redial.attempts', 'never', peer.persist[1])
        elif peer.maxfail is not None:
            link.own.set('redial.attempts', attempts(peer.maxfail[0]), peer.maxfail[1])
            if peer.persist is not None:
                self.system.no_need(peer.persist[1], 'a link is dialled again: see redial.attempts')
        elif peer.persist is not None:
            link.own.set('redial.attempts', 10, peer.persist[1], 'pppd\'s maxfail')
        self.address(peer, link)
        self.echoes(peer, link)

    def address(self, peer, link):
        if peer.address is not None:
            address, line = peer.address
            try:
                ipaddress.IPv4Address(address)
            except ValueError:
                self.system.leave(line, f'{address} is no address')
                return
            link.share('address', address, line, '')
            if peer.accept_any is None:
                link.share('accept_address', f'{address}/32', line, '')
        if peer.accept_any is not None:
            link.share('accept_address', '0.0.0.0/0', peer.accept_any, '')

    def echoes(self, peer, link):
        """pppoe -T: seconds of silence after which the session is dead."""
        if peer.silence is None:
            return
        seconds, line = peer.silence
        if any(p == 'lcp.echo_interval' for p, *_ in peer.shared) or seconds == 0:
            self.system.no_need(line, '-T: the echoes of LCP find out about a dead line')
            return
        link.share('lcp.echo_interval', f'{max(1, seconds // 4)} s', line, f'{seconds} s of silence')
        link.share('lcp.echo_failures', 4, line, '')


def read(system, files, section=None):
    """files: [(name, lines)]: secrets by their name, options files called options*, all others are peers."""
    reader = Reader(system, {n.rsplit('/', 1)[-1]: lines for n, lines in files})
    general, peers = [], []
    for name, lines in files:
        base = name.rsplit('/', 1)[-1]
        if 'secrets' in base:
            reader.read_secrets(lines)
        elif base.startswith('options'):
            general.append(lines)
        else:
            peers.append((base, lines))
    called = {w.rsplit('/', 1)[-1] for _, lines in peers for line in lines for w in line.text.split()
              if line.text.split()[:1] in (['file'], ['call'])}
    for base, lines in peers:
        if base in called or section not in (None, base):
            continue
        peer = Peer(base, next((line for line in lines if line.text), lines[0]))
        for options in general:
            reader.options(peer, options)
        reader.options(peer, lines)
        reader.peers.append(peer)
    reader.finish()
