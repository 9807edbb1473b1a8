# SPDX-License-Identifier: BSD-3-Clause
"""mpd 4 and mpd 5: mpd.conf and mpd.links (and the client's part of mpd.secret).

In mpd 4 `new BUNDLE LINK...` takes links from labels of mpd.links; in mpd 5 `create` makes links and bundles in mpd.conf, and a
link names its bundle by `set link action bundle`. Both are one language otherwise, and files of both are read by one reader.
"""
import re

from .common import attempts, name_servers, prefix_of, rate, route, set_ip_mtu, set_link_mtu, set_mrru, warn_mru, words_of
from .listing import mended
from .model import NOT_ASKED, Secret, Value, ask, authenticate, demand, name_of

WORDS = set('''set new create load open close up down quit startup default console user web log nfs radius netflow global ip port
    self bundle link iface ipcp ipv6cp ccp ecp eap auth pppoe pptp l2tp modem tcp udp chat ng phys lcp msoft eapp ippool
    static template enable disable accept deny yes no action type multilink round-robin bw-manage ipv6cp ipcp compression encryption
    crypt-reqd incoming originate authname password max-redial redial-delay max-children bandwidth latency mtu mru mrru keep-alive
    keep-ms-domain ident fsm-timeout period hiwat lowat min-con min-dis links acfcomp protocomp magicnum check-magic shortseq passive
    pap chap chap-md5 chap-msv1 chap-msv2 eap report-mac remote-name time-remain peer-as-calling callback no-orig-auth
    route default addrs on-demand tcpmssfix proxy-arp nat up-script down-script idle session keep-timeout group name description
    netflow-in netflow-out netflow-once ipacct service acname max-payload mac-format ranges dns nbns vjcomp req-pri-dns req-sec-dns
    req-pri-nbns req-sec-nbns policy mppc e40 e56 e128 stateless pred1 deflate dese-bdeu dese-old dese-bis key window timeout
    max-logins acct-update extauth-script internal opie system authentication telnet delay add pool 0.0.0.0/0 127.0.0.1'''.split())
VALUE = re.compile(r'-?\d+(\.\d+)?(/\d+)?|[\d.]+(/\d+)?|".*"|/\S+|\*|\$\{?\w+\}?')
FREE_TEXT = {'authname', 'password', 'user', 'acname', 'service'}
LABEL = re.compile(r'([^\s:]+):')
YES_NO = {'enable': ('want', True), 'disable': ('want', False), 'accept': ('allow', True), 'deny': ('allow', False)}
TWO = {'yes': ('enable', 'accept'), 'no': ('disable', 'deny')}
AUTHS = {'pap': ['pap'], 'chap-md5': ['chap'], 'chap-msv1': ['mschap'], 'chap-msv2': ['mschapv2'], 'chap': ['chap', 'mschap', 'mschapv2'],
         'chap-all': ['chap', 'mschap', 'mschapv2']}
NO_ACCESS = 'hawserd opens no network port and knows no console users: its socket is a local one, for root and its own user'


def known(word):
    return word in WORDS or VALUE.fullmatch(word) is not None


class Link:
    def __init__(self, name, line):
        self.name, self.line = name, line
        self.bundle = None
        self.kind = None
        self.interface = None
        self.own, self.shared = [], []   # (path, value, line, note)
        self.auth, self.asked = {}, {}   # method -> (value, line): of us, of the peer
        self.asks_nobody = None
        self.service = {}
        self.incoming = None
        self.lines = []


class Bundle:
    def __init__(self, name, line):
        self.name, self.line, self.template = name, line, False
        self.values, self.order, self.managed = [], None, None
        self.auth, self.asked = {}, {}
        self.asks_nobody = None


class Reader:
    def __init__(self, system):
        self.system, self.remarks = system, system.remarks
        self.links, self.bundles = {}, {}
        self.link = self.bundle = None
        self.conf, self.link_labels = {}, {}
        self.loading = []
        self.option = ''  # at work in switch()

    # labels

    def sections(self, lines, into):
        current = None
        for line in lines:
            if not line.text or line.text.startswith('#'):
                continue
            found = LABEL.fullmatch(line.text)
            if found:
                current = into.setdefault(found[1], [])
            elif current is None:
                self.remarks.add(line, 'stands before any label; read as part of default:')
                current = into.setdefault('default', [])
                current.append(line)
            else:
                current.append(line)

    def run_label(self, name, line):
        if name in self.loading:
            self.system.leave(line, f'label {name} loads itself')
            return
        if name not in self.conf:
            self.system.leave(line, f'no label {name}: is its file among those that were given?')
            return
        self.loading.append(name)
        for one in self.conf[name]:
            self.command(one)
        self.loading.pop()

    # commands

    def command(self, line):
        line = self.system.statement(line)
        words = line.text.split()
        keep = next((i + 1 for i, w in enumerate(words) if w in FREE_TEXT and i < 4), None)
        line = mended(line, known, self.remarks, keep)
        words = words_of(self.remarks, line)
        if not words:
            return
        handler = getattr(self, 'do_' + words[0], None)
        if handler is None:
            self.system.leave(line, f'"{words[0]}" is no command of mpd that is known here')
            return
        if self.link is not None:
            self.link.lines.append(line)
        handler(line, words[1:])

    def do_load(self, line, words):
        if not words:
            self.system.leave(line, 'needs a label')
            return
        self.system.keyed(line)
        self.run_label(words[-1], line)

    def do_new(self, line, words):
        """mpd 4: new [-i interface] bundle link..."""
        if words[:1] == ['-i']:
            words = words[2:]
        if not words:
            self.system.leave(line, 'needs a bundle and its links')
            return
        self.bundle, self.link = self.bundles.setdefault(words[0], Bundle(words[0], line)), None
        self.system.keyed(line)
        for name in words[1:]:
            self.mpd4_link(name, line)

    def mpd4_link(self, name, line):
        if name not in self.link_labels:
            self.system.leave(line, f'link {name} is in no mpd.links')
            return
        self.link = self.links.setdefault(name, Link(name, line))
        self.link.bundle = self.bundle.name
        for one in self.link_labels[name]:
            self.command(one)

    def do_create(self, line, words):
        """mpd 5: create bundle|link static|template name [type]"""
        if len(words) < 3 or words[0] not in ('bundle', 'link') or words[1] not in ('static', 'template'):
            self.system.leave(line, 'needs bundle or link, static or template, and a name')
            return
        self.system.keyed(line)
        if words[0] == 'bundle':
            self.bundle, self.link = self.bundles.setdefault(words[2], Bundle(words[2], line)), None
            self.bundle.template = words[1] == 'template'
        else:
            self.link = self.links.setdefault(words[2], Link(words[2], line))
            self.link.kind = words[3] if len(words) > 3 else None
            self.link.lines.append(line)
            self.bundle = None

    def do_open(self, line, words):
        target = self.link if words[:1] != ['bundle'] else None
        if target is not None:
            target.shared.append(('dial', 'always', line, ''))
        else:
            self.put('dial', 'always', line)

    def do_close(self, line, words):
        self.system.leave(line, 'links of the configuration are dialled; hawserctl link down closes one')

    def do_set(self, line, words):
        words = self.missing_word(line, words)
        if len(words) < 2:
            self.system.leave(line, 'needs a layer and what to set')
            return
        handler = getattr(self, 'set_' + words[0], None)
        if handler is None:
            self.system.leave(line, f'layer "{words[0]}" has no counterpart')
            return
        handler(line, words[1:])

    def missing_word(self, line, words):
        """set password and set disable incoming, without their layer."""
        layer = None
        if words[:1] and words[0] in ('password', 'authname'):
            layer = 'auth'
        elif len(words) > 1 and words[0] in (*YES_NO, *TWO) and words[1] in ('incoming', 'originate'):
            layer = 'pppoe'
        if layer is None:
            return words
        self.remarks.add(line, f'the word "{layer}" is missing; read as: set {layer} {" ".join(words[:1])} ...')
        return [layer, *words]

    def put(self, path, value, line, note=''):
        """A setting of the client: at the link or at the bundle, whichever is at work."""
        if self.link is not None:
            self.link.shared.append((path, value, line, note))
        elif self.bundle is not None:
            self.bundle.values.append((path, value, line, note))
        else:
            self.system.leave(line, 'belongs to no bundle and to no link')

    def put_policy(self, path, verbs, line):
        for verb in verbs:
            part, value = YES_NO[verb]
            self.put(f'{path}.{part}', value, line)

    def own(self, path, value, line, note=''):
        if self.link is not None:
            self.link.own.append((path, value, line, note))
        else:
            self.put(path, value, line, note) if not path.startswith(('line.', 'max_payload')) else \
                self.system.leave(line, 'belongs to no link')

    @staticmethod
    def is_switch(word):
        return word in YES_NO or word in TWO

    def switch(self, line, words, table):
        """enable|disable|accept|deny|yes|no option...: table maps the option to a function of (line, verbs)."""
        verbs = TWO.get(words[0], (words[0],))
        for option in words[1:]:
            handler = table.get(option)
            if handler is None:
                self.system.leave(line, f'option "{option}" has no counterpart')
            else:
                self.option = option
                handler(line, verbs)

    def fixed(self, why, asked=('enable', 'accept')):
        """An option that hawser always has off: asking for it cannot be carried over."""
        def handler(line, verbs):
            (self.system.leave if any(v in asked for v in verbs) else self.system.no_need)(line, why, self.option)
        return handler

    def always(self, why):
        """An option that hawser always has on."""
        return self.fixed(why, asked=('disable', 'deny'))

    # set console, log, auth

    def set_console(self, line, words):
        if words[0] == 'user':
            line = line.with_text(' '.join(['set console', *words[:2], '...']))
        self.system.process.set('control_socket', '/run/hawser/hawser.sock', line, 'mode 0600')
        self.remarks.add(line, NO_ACCESS)

    def set_user(self, line, words):
        self.system.leave(line.with_text(f'set user {words[0]} ...'), NO_ACCESS)

    set_web = set_console

    def set_log(self, line, words):
        deep = any(w.lstrip('+').startswith(('lcp', 'ipcp', 'auth', 'echo', 'frame', 'bund2', 'link2', 'ipcp2', 'lcp2')) for w in words)
        self.system.process.set('log_level', 'debug' if deep else 'info', line, 'packets of a link: hawserctl trace' if deep else '')

    def set_auth(self, line, words):
        if words[0] == 'authname' and len(words) > 1:
            self.own('username', words[1], line)
        elif words[0] == 'password' and len(words) > 1:
            self.own('password', Secret(words[1]), line)
        elif self.is_switch(words[0]):
            self.switch(line, words, {'internal': self.always('users of a concentrator are in users'),
                                      'radius-auth': self.fixed('RADIUS is not asked'), 'radius-acct': self.fixed('RADIUS is not asked')})
        else:
            self.system.leave(line, f'"set auth {words[0]}" has no counterpart')

    # set bundle

    def set_bundle(self, line, words):
        numbers = {'period': ('bandwidth_management.period', ' s'), 'hiwat': ('bandwidth_management.high_water', ''),
                   'lowat': ('bandwidth_management.low_water', ''), 'min-con': ('bandwidth_management.min_connect', ' s'),
                   'min-dis': ('bandwidth_management.min_disconnect', ' s'), 'fsm-timeout': ('fsm_timeout', ' s')}
        if self.is_switch(words[0]):
            self.switch(line, words, self.bundle_options())
        elif words[0] in numbers:
            if len(words) != 2 or not words[1].isdigit():
                self.system.leave(line, 'needs a number')
                return
            path, unit = numbers[words[0]]
            self.put(path, f'{words[1]}{unit}' if unit else int(words[1]), line)
        elif words[0] == 'links':
            if self.bundle is None:
                self.system.leave(line, 'belongs to no bundle')
            else:
                self.bundle.order = words[1:], line
                self.system.no_need(line, 'links are in the order of the file')
        elif words[0] in ('authname', 'password') and len(words) > 1:
            self.put('username' if words[0] == 'authname' else 'password',
                     words[1] if words[0] == 'authname' else Secret(words[1]), line)
        elif words[0] == 'mrru' and len(words) > 1 and words[1].isdigit():
            self.mrru(line, int(words[1]))
        else:
            self.system.leave(line, f'"set bundle {words[0]}" has no counterpart')

    def bundle_options(self):
        return {
            'multilink': self.multilink,
            'round-robin': lambda line, verbs: self.put('multilink.mode', 'round-robin' if 'enable' in verbs else 'weighted', line),
            'bw-manage': self.bw_manage,
            'ipcp': lambda line, verbs: self.network('ipv4', line, verbs),
            'ipv6cp': lambda line, verbs: self.network('ipv6', line, verbs),
            'compression': self.fixed('compression (CCP) is refused; the link stays'),
            'encryption': self.fixed('encryption (ECP) is refused; the link stays'),
            'crypt-reqd': self.fixed('hawser does not encrypt: with this option mpd would drop the link'),
            'ipv6': lambda line, verbs: self.network('ipv6', line, verbs),
        }

    def bw_manage(self, line, verbs):
        if self.bundle is None:
            self.system.leave(line, 'belongs to no bundle')
            return
        if 'enable' in verbs or 'disable' in verbs:
            self.bundle.managed = line if 'enable' in verbs else None
        if self.bundle.managed is None:
            self.system.no_need(line, 'without bandwidth_management all links are open')

    def network(self, family, line, verbs):
        wanted = 'enable' in verbs or ('disable' not in verbs and 'accept' in verbs)
        self.put(f'network.{family}.want', wanted, line)
        self.put(f'network.{family}.allow', wanted, line)

    def multilink(self, line, verbs):
        if 'enable' in verbs or 'disable' in verbs:
            self.put('multilink.enabled', 'enable' in verbs, line)
        else:
            self.system.no_need(line, 'what the peer may ask for is multilink.enabled too')

    # set link

    def set_link(self, line, words):
        name, args = words[0], words[1:]
        number = int(args[0]) if args and re.fullmatch(r'-?\d+', args[0]) else None
        if self.is_switch(name):
            self.switch(line, words, self.link_options())
        elif name == 'type':
            self.link_type(line, args)
        elif name == 'action':
            self.action(line, args)
        elif number is None and name in ('max-redial', 'redial-delay', 'bandwidth', 'latency', 'mtu', 'mru', 'mrru', 'keep-alive'):
            self.system.leave(line, 'needs a number')
        elif name == 'max-redial':
            self.own('redial.attempts', 'never' if number < 0 else attempts(number), line)
        elif name == 'redial-delay':
            self.own('redial.delay', f'{number} s', line)
            self.own('redial.increment', '0 s', line)
            self.own('redial.limit', f'{number} s', line)
        elif name == 'bandwidth':
            self.own('line.rate', rate(number), line)
        elif name == 'latency':
            self.own('line.latency', f'{number // 1000} ms' if number % 1000 == 0 else f'{number} us', line)
        elif name == 'mru':
            self.mru(line, number)
        elif name == 'mtu':
            self.mtu(line, number)
        elif name == 'mrru':
            self.mrru(line, number)
        elif name == 'keep-alive':
            self.keep_alive(line, number, args)
        else:
            self.system.leave(line, f'"set link {name}" has no counterpart')

    def mru(self, line, number):
        if not 128 <= number <= 1492:
            self.system.leave(line, f'{number} is not possible on PPPoE without max_payload: 128 to 1492')
            return
        self.put('lcp.mru', number, line)
        warn_mru(self.remarks, line, number)

    def mtu(self, line, number):
        self.put('#mtu', number, line)

    def mrru(self, line, number):
        self.put('#mrru', number, line)

    def keep_alive(self, line, number, args):
        most = int(args[1]) if len(args) > 1 and args[1].isdigit() else 40
        if number == 0:
            self.put('lcp.echo_interval', 'never', line)
            return
        self.put('lcp.echo_interval', f'{number} s', line)
        self.put('lcp.echo_failures', max(1, min(255, -(-most // number))), line, f'{most} s of silence')

    def link_type(self, line, args):
        if args == ['pppoe']:
            self.link.kind = 'pppoe' if self.link else None
            self.system.keyed(line)
        else:
            self.system.leave(line, f'links of type {" ".join(args) or "(none)"} are not carried over: hawser speaks PPPoE')

    def action(self, line, args):
        if len(args) >= 2 and args[0] == 'bundle' and self.link is not None:
            self.link.bundle = args[1]
            self.system.keyed(line)
            if len(args) > 2:
                self.system.leave(line, 'a bundle by the peer\'s name: a client has one bundle; a concentrator makes one a user')
        else:
            self.system.leave(line, 'hawser has no forwarding and no dropping of links by name')

    def link_options(self):
        lcp = 'lcp.options.'
        return {
            'multilink': self.multilink,
            'shortseq': lambda line, verbs: self.put_policy(lcp + 'short_sequence', verbs, line),
            'protocomp': lambda line, verbs: self.put_policy(lcp + 'pfc', verbs, line),
            'magicnum': lambda line, verbs: self.put_policy(lcp + 'magic', verbs, line),
            'acfcomp': self.fixed('address and control field compression is forbidden on PPPoE (RFC 2516)'),
            'check-magic': self.always('the magic number of echoes is checked'),
            'incoming': self.incoming,
            'originate': self.originate,
            'passive': self.fixed('a client begins to negotiate'),
            'report-mac': self.fixed('the peer\'s MAC address is in hawserctl show links'),
            'callback': self.fixed('callback is refused'),
            'no-orig-auth': self.no_orig_auth,
            'keep-ms-domain': self.always('names are taken as they are'),
            'ident': self.fixed('no identification is sent'),
            'time-remain': self.fixed('no time is told'),
            **{name: self.auth(methods) for name, methods in AUTHS.items()},
            'eap': self.fixed('EAP is not known to hawser'),
        }

    def auth(self, methods):
        def handler(line, verbs):
            for verb in verbs:
                part, value = YES_NO[verb]
                target = self.link or self.bundle
                for method in methods if target is not None else ():
                    if part == 'want':
                        ask(self.system, target.asked, method, value, line, self.option)
                    else:
                        target.auth[method] = value, line
        return handler

    def no_orig_auth(self, line, verbs):
        """Who dials does not ask the peer, whatever else is enabled."""
        target = self.link or self.bundle
        if target is not None:
            target.asks_nobody = 'enable' in verbs
        self.system.no_need(line, NOT_ASKED)

    def incoming(self, line, verbs):
        if 'enable' in verbs:
            if self.link is not None:
                self.link.incoming = line
            self.system.leave(line, 'the serving side is a concentrator of hawser: see concentrators, pools and users in '
                              'hawser.yaml(5)')
        else:
            self.system.no_need(line, 'a client answers nobody who dials')

    def originate(self, line, verbs):
        if 'enable' in verbs:
            self.system.no_need(line, 'a client dials')
        else:
            self.system.leave(line, 'a link that does not dial is one of a concentrator')

    # set pppoe

    def set_pppoe(self, line, words):
        name, args = words[0], words[1:]
        if self.is_switch(name):
            self.switch(line, words, {'incoming': self.incoming, 'originate': self.originate})
        elif self.link is None or not args:
            self.system.leave(line, 'belongs to no link' if args else 'needs a value')
        elif name == 'iface':
            self.link.interface = args[0], line
            self.system.keyed(line)
        elif name == 'service':
            self.service('service_name', line, args[0])
        elif name == 'acname':
            self.service('ac_name', line, args[0])
        elif name == 'max-payload' and args[0].isdigit():
            self.link.own.append(('max_payload', int(args[0]) > 1492, line, f'the port needs an MTU of {int(args[0]) + 8}'))
            self.link.shared.append(('#payload', int(args[0]), line, ''))
        else:
            self.system.leave(line, f'"set pppoe {name}" has no counterpart')

    def service(self, path, line, value):
        if value in ('', '*'):
            self.system.no_need(line, f'without {path} any is taken')
        else:
            self.put(path, value, line)

    # set iface, ipcp and the rest

    def set_iface(self, line, words):
        name, args = words[0], words[1:]
        if self.is_switch(name):
            self.switch(line, words, {
                'tcpmssfix': lambda ln, verbs: [self.put(f'mss.{f}', 'auto' if 'enable' in verbs else 'off', ln) for f in ('v4', 'v6')],
                'on-demand': lambda ln, verbs: self.put('dial', 'on-demand' if 'enable' in verbs else 'always', ln),
                'proxy-arp': self.fixed('the kernel behind the kernel port answers ARP; or proxy_arp of an ip port'),
                'nat': self.fixed('hawser translates no addresses; the kernel behind the kernel port does'),
                **{n: self.fixed('flows are not exported') for n in ('netflow-in', 'netflow-out', 'netflow-once', 'ipacct')}})
        elif name == 'route' and args:
            self.route(line, args[0])
        elif name == 'idle' and args and args[0].isdigit():
            self.put('idle_timeout', 'never' if args[0] == '0' else f'{args[0]} s', line)
        elif name == 'mtu' and args and args[0].isdigit():
            self.put('#ip_mtu', int(args[0]), line)
        elif name in ('up-script', 'down-script'):
            self.system.hook(line, 'bundle-up' if name == 'up-script' else 'bundle-down', args)
        elif name == 'addrs':
            self.system.leave(line, 'the kernel\'s address is that of the tap device of the kernel port')
        else:
            self.system.leave(line, f'"set iface {name}" has no counterpart')

    def route(self, line, to):
        if to == 'default':
            self.put('default_route', True, line)
        else:
            self.put('#route', to, line)

    def set_ipcp(self, line, words):
        name, args = words[0], words[1:]
        if self.is_switch(name):
            self.switch(line, words, {
                'vjcomp': self.fixed('van Jacobson compression is refused'),
                'req-pri-dns': self.request_dns, 'req-sec-dns': self.request_dns,
                'req-pri-nbns': self.fixed('NetBIOS name servers are not asked for'),
                'req-sec-nbns': self.fixed('NetBIOS name servers are not asked for')})
        elif name == 'ranges' and args:
            self.ranges(line, args)
        elif name == 'dns' and args:
            self.put('#dns', args, line)
        elif name == 'nbns':
            self.system.leave(line, 'NetBIOS name servers are not handed out')
        else:
            self.system.leave(line, f'"set ipcp {name}" has no counterpart')

    def request_dns(self, line, verbs):
        if 'enable' in verbs or 'disable' in verbs:
            self.put('request_dns', 'enable' in verbs, line)

    def ranges(self, line, args):
        found = re.fullmatch(r'(\d+\.\d+\.\d+\.\d+)(?:/(\d+))?', args[0])
        if found is None:
            self.system.leave(line, f'{args[0]}: only an address with the length of a prefix is understood')
            return
        try:
            address, prefix = prefix_of(found[1], found[2] or 32)
        except ValueError:
            self.system.leave(line, f'{args[0]} is no address')
            return
        if address != '0.0.0.0':
            self.put('address', address, line)
        self.put('accept_address', prefix, line)

    def set_ccp(self, line, words):
        if words[0] in ('no', 'deny', 'disable'):
            self.system.no_need(line, 'compression and encryption (CCP) are refused; the link stays')
        else:
            self.system.leave(line, 'compression and encryption (CCP) are refused; the link stays')

    set_mppc = set_ccp

    def set_ecp(self, line, words):
        self.system.leave(line, 'encryption (ECP) is refused; the link stays')

    def set_radius(self, line, words):
        self.system.leave(line, 'RADIUS is not asked')

    def set_ippool(self, line, words):
        self.system.leave(line, 'addresses are handed out by a concentrator: see pools')

    # the end

    def run(self):
        begin = 'startup' if 'startup' in self.conf else None
        if begin:
            for line in self.conf['startup']:
                self.command(line)
        if 'default' in self.conf and 'default' not in self.loading:
            for line in self.conf['default']:
                self.command(line)
        used = {n for n in ('startup', 'default') if n in self.conf}
        if not used:
            for name in list(self.conf):
                self.run_label(name, self.conf[name][0] if self.conf[name] else None)

    def leftovers(self):
        """Labels that nothing has led to, and links of no bundle."""
        done = {(line.file, line.number) for line in self.system.lines}
        for labels, why in ((self.link_labels, 'no bundle has link'), (self.conf, 'nothing loads label')):
            for name, lines in labels.items():
                for line in lines:
                    if (line.file, line.number) not in done:
                        self.system.statement(line)
                        self.system.leave(line, f'{why} {name}')
        for link in self.links.values():
            if link.bundle is None or link.bundle not in self.bundles:
                why = f'names bundle {link.bundle}, which is not there' if link.bundle else 'belongs to no bundle'
                for line in link.lines:
                    self.system.leave(line, f'link {link.name} {why}')

    def finish(self):
        self.leftovers()
        for bundle in self.bundles.values():
            links = [k for k in self.links.values() if k.bundle == bundle.name and k.interface]
            if bundle.order:
                places = {n: i for i, n in enumerate(bundle.order[0])}
                links.sort(key=lambda k: places.get(k.name, len(places)))
            for link in (k for k in self.links.values() if k.bundle == bundle.name and not k.interface):
                self.system.leave(link.line, f'link {link.name} has no PPPoE interface')
            if links:
                self.client(bundle, links)

    def client(self, bundle, links):
        client = self.system.client(bundle.name)
        said, asked = dict(bundle.auth), dict(bundle.asked)
        asks_nobody = bundle.asks_nobody
        for path, value, line, note in bundle.values:
            if path.startswith('bandwidth_management.') and bundle.managed is None:
                self.system.no_need(line, 'mpd uses it with bw-manage only, which is not enabled: all links are open')
            else:
                self.apply(client, None, path, value, line, note)
        self.manage(client, bundle, links)
        for link in links:
            made = client.new_link(link.name, link.line)
            made.port(*link.interface)
            for path, value, line, note in link.own:
                made.own.set(path, value, line, note)
            for path, value, line, note in link.shared:
                self.apply(client, made, path, value, line, note)
            said.update(link.auth)
            asked.update(link.asked)
            asks_nobody = link.asks_nobody if link.asks_nobody is not None else asks_nobody
        authenticate(self.system, client, said)
        if not asks_nobody:
            demand(client, asked)

    def manage(self, client, bundle, links):
        """enable bw-manage and set bundle links: which links are opened by load, in which order."""
        if bundle.order:
            names, line = bundle.order
            missing = [n for n in names if n not in {k.name for k in links}]
            if missing:
                self.system.leave(line, f'no PPPoE link of this bundle is called {" or ".join(missing)}')
        if bundle.managed is None:
            return
        period = next((v for p, v, *_ in bundle.values if p == 'bandwidth_management.period'), '60 s')
        client.settings.set('bandwidth_management.period', period, bundle.managed)
        if bundle.order:
            known_names = [name_of(n) for n in names if n not in missing]
            if known_names:
                client.settings.set('bandwidth_management.links', known_names, line)

    def apply(self, client, link, path, value, line, note):
        if path == '#mtu':
            set_link_mtu(self.system, client.settings, line, value)
        elif path == '#payload':
            self.big_port(client, line, value)
        elif path == '#dns':
            name_servers(self.system, client.settings, line, value)
        elif path == '#mrru':
            set_mrru(self.system, client.settings, line, value)
        elif path == '#ip_mtu':
            set_ip_mtu(self.system, client.settings, line, value)
        elif path == '#route':
            route(self.system, client.settings, line, value)
        elif link is not None:
            link.share(path, value, line, note)
        else:
            client.settings.set(path, value, line, note)

    def big_port(self, client, line, value):
        if value > 9592:
            self.system.leave(line, f'{value} is more than a port carries')
            return
        client.port_mtu = Value(value + 8, [line.place], 'and 8 bytes of PPPoE')
        self.system.keyed(line)


def read(system, files, section=None):
    """files: [(name, lines)]; mpd.links of mpd 4 holds labels that are links, all else is mpd.conf."""
    reader = Reader(system)
    for name, lines in files:
        creates = any(re.match(r'\s*create\s', line.text) for line in lines)
        is_links = any(re.match(r'set\s+(link\s+type|phys\s+type)\b', line.text) for line in lines) and not creates
        if 'links' in name and creates:
            system.remarks.add(next(line for line in lines if line.text.startswith('create')),
                               'mpd 5 has no mpd.links; the file is read as mpd.conf')
        reader.sections(lines, reader.link_labels if is_links else reader.conf)
    if section is not None:
        reader.conf = {n: v for n, v in reader.conf.items() if n in ('startup', section)}
        reader.conf['default'] = reader.conf.pop(section, [])
    reader.run()
    reader.finish()
