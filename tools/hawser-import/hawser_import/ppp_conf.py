# SPDX-License-Identifier: BSD-3-Clause
"""FreeBSD's user-space ppp(8): ppp.conf and ppp.linkup (ppp.linkdown)."""
import ipaddress
import re
import shlex

from .common import attempts, endpoint_fits, name_servers, rate, route, set_ip_mtu, set_link_mtu, set_mrru, warn_mru, words_of
from .listing import mended
from .model import Secret, ask, authenticate, demand

OPTIONS = set('''lqr echo ipv6cp ipcp ipv6 acfcomp pred1 protocomp vjcomp deflate deflate24 mppe chap chap05 md5 chap81 chap80 mschap
    mschapv2 pap shortseq mssfixup tcpmssfixup dns enddisc proxy proxyall sroutes idcheck iface-alias iface loopback passwdauth
    keep-session utmp throughput nas filter-decapsulation force-scripts lanman chap80nt chap80lm linkid ignoreredirects'''.split())
VARIABLES = set('''log authname authkey device dial login logout hangup speed ifaddr timeout mtu mru mrru server socket redial reconnect
    mode phone cd enddisc autoload lqrperiod echoperiod lcpretry chapretry papretry ipcpretry ipv6cpretry ccpretry bandwidth weight
    openmode dns nbns accmap escape ctsrts parity stopped choked urgent filter callback cbcp ifqueue radius vj mppe pppoe proctitle
    title run opendelay hangup logfile recvpipe sendpipe nbns rad_alive rad_port_id maximum max command'''.split())
COMMANDS = set('''set enable disable accept deny add add! delete delete! clone link open close load nat alias allow shell ident iface
    rename remove delete bg !bg ! !include resolv bgnat dial quit log'''.split())
WORDS = VARIABLES | OPTIONS | COMMANDS | set('''deflink * ddial auto dedicated direct background interactive foreground sync none default
    hisaddr myaddr hisaddr6 phase chat lcp ipcp ccp tun command all local async id0 connect debug timer physical hdlc warning error
    off on random ipv4 mac psn magic label ip standard 3com'''.split())
VALUE = re.compile(r'\d+(\.\d+){3}(/\d+)?|\d+(\+\d+(-\d+)?)?(\.\d+)?|PPPoE:[\w.:*-]+|/\S*[^\s-]|".*"|\'.*\'|\d+(,\d+)*|[xX.]+|[yY.]+'
                   r'|-?\w+\.\w+', re.I)
FREE_TEXT = {'authname', 'authkey', 'phone', 'dial', 'login', 'logout', 'hangup', 'proctitle', 'title'}

MODEM = {'dial', 'login', 'logout', 'hangup', 'speed', 'phone', 'ctsrts', 'parity', 'accmap', 'escape', 'openmode', 'stopped', 'choked',
         'pppoe', 'opendelay'}
NO_KEY = {
    'nbns': 'hawser hands out and asks for no NetBIOS name servers',
    'weight': 'a line\'s share follows from its rate: see line.rate',
    'urgent': 'hawser has no queues by port number; control frames always come first',
    'filter': 'packets are filtered by the kernel behind the kernel port',
    'callback': 'callback is refused', 'cbcp': 'callback is refused', 'radius': 'a client asks no RADIUS server',
    'vj': 'van Jacobson compression is refused', 'mppe': 'encryption (CCP) is refused',
    'ifqueue': 'see multilink.queue: a time, not a number of packets',
    'ccpretry': 'compression (CCP) is refused, so nothing is repeated',
    'proctitle': 'process.name names the process', 'title': 'process.name names the process',
    'socket': 'the control socket has no password; it is for root and the daemon\'s user',
}
MACROS = re.compile(r'\b(MYADDR6?|HISADDR6?|INTERFACE|LABEL|USER|AUTHNAME|PROCESSID|ENDDISC|PEER_ENDDISC|IPOCTETS\w+|UPTIME|DNS[01]|BUNDLE)\b')
CCP = {'pred1', 'deflate', 'deflate24', 'mppe'}
AUTHS = {'pap': 'pap', 'chap': 'chap', 'chap05': 'chap', 'md5': 'chap', 'chap81': 'mschapv2', 'mschapv2': 'mschapv2',
         'chap80': 'mschap', 'chap80nt': 'mschap', 'mschap': 'mschap'}
OF_THE_PROGRAM = {'sroutes', 'idcheck', 'iface-alias', 'iface', 'loopback', 'passwdauth', 'keep-session', 'utmp', 'throughput', 'nas',
                  'filter-decapsulation', 'force-scripts', 'linkid', 'ignoreredirects', 'proxy', 'proxyall', 'lanman', 'chap80lm'}


def known(word):
    return word.lower() in WORDS or VALUE.fullmatch(word) is not None


def is_ppp_label(line):
    return not line.text.startswith(('!', '#')) and re.fullmatch(r'[^\s:"]+(\s[^\s:"]+)?:', line.text) is not None


class Profile:
    """What one label of ppp.conf says: statements in order, `default` first."""

    def __init__(self, name, line):
        self.name, self.line, self.statements = name, line, []


def sections_of(lines, remarks):
    """Label -> Profile, in order."""
    found, current = {}, None
    for line in lines:
        if not line.text or line.text.startswith('#'):
            continue
        if is_ppp_label(line):
            name = line.text[:-1]
            if ' ' in name:
                name = name.replace(' ', '')
                remarks.add(line, f'a blank inside a label; read as: {name}:')
            current = found.setdefault(name, Profile(name, line))
        elif current is None:
            current = found.setdefault('default', Profile('default', line))
            current.statements.append(line)
            remarks.add(line, 'stands before any label; read as part of default:')
        else:
            current.statements.append(line)
    return found


class LinkState:
    """Settings of one link while the file is read: what a clone copies."""

    def __init__(self, name, other=None):
        self.name = name
        self.ports = list(other.ports) if other else []      # [(interface, line)]
        self.service = other.service if other else None
        self.values = list(other.values) if other else []    # [(path, value, line, note)] of the link
        self.auth = dict(other.auth) if other else {}        # method -> (accepted, line)


class Reader:
    """Carries out the statements of one profile on a client."""

    def __init__(self, system, client, line):
        self.system, self.client, self.remarks, self.line = system, client, system.remarks, line
        self.links = {'deflink': LinkState('deflink')}
        self.redial_attempts = None
        self.asked = {}  # of the peer: see model.ask
        self.mrru_given = False

    # statements

    def statement(self, line, targets=None):
        """targets: the links meant, by name; None: all there are."""
        line = self.system.statement(line)
        for part in line.text.split('\n'):
            self.command(line, part.strip(), targets)

    def mend(self, line):
        if line.text.startswith('!'):
            return line
        words = line.text.split()
        lower = [w.lower() for w in words]
        keep = None
        for free in FREE_TEXT:
            if free in lower[:4]:
                keep = lower.index(free) + 1
        return mended(line, known, self.remarks, keep)

    def command(self, line, text, targets):
        line = self.mend(line.with_text(text))
        words = words_of(self.remarks, line)
        if not words:
            return
        if line.text.startswith('!'):
            self.shell(line, line.text[1:].strip())
            return
        verb, rest = words[0].lower(), words[1:]
        if words[0] != verb and verb in COMMANDS:
            self.remarks.add(line, f'"{words[0]}" is written "{verb}"')
        if verb == 'set':
            self.set(line, rest, targets)
        elif verb in ('enable', 'disable', 'accept', 'deny'):
            for option in rest:
                self.option(line, verb, option.lower(), targets)
        elif verb in ('add', 'add!'):
            self.add(line, rest)
        elif verb == 'clone':
            self.clone(line, rest)
        elif verb == 'link':
            self.link(line, rest)
        elif verb in ('open', 'dial'):
            self.client.settings.set('dial', 'always', line)
        elif verb in ('nat', 'alias'):
            self.system.leave(line, 'hawser translates no addresses; the kernel behind the kernel port does')
        elif verb in ('delete', 'delete!'):
            self.system.no_need(line, 'routes of a bundle that is gone are withdrawn')
        elif verb in ('bg', 'shell', '!bg'):
            self.shell(line, ' '.join(rest))
        elif verb == 'resolv':
            self.system.leave(line, 'resolver_file of a client names the file that gets the name servers; it is written while the bundle is up')
        elif verb == 'allow':
            self.system.no_need(line, 'the control socket is for root and the daemon\'s user')
        elif verb == 'iface':
            self.system.leave(line, 'the interface is the tap device of the kernel port: see ip(8)')
        else:
            self.system.leave(line, f'"{words[0]}" is no command of ppp that is known here')

    def chosen(self, targets):
        return [s for n, s in self.links.items() if targets is None or n in targets]

    def put(self, targets, path, value, line, note=''):
        for state in self.chosen(targets):
            state.values.append((path, value, line, note))

    def for_client(self, path, value, line, note=''):
        self.client.settings.set(path, value, line, note)

    # set

    def set(self, line, words, targets):
        if not words:
            self.system.leave(line, '"set" says not what')
            return
        name, args = words[0].lower(), words[1:]
        handler = getattr(self, f'set_{name}', None)
        if handler is not None:
            handler(line, args, targets)
        elif name in MODEM:
            self.system.leave(line, 'for modems; PPPoE has none')
        elif name in NO_KEY:
            self.system.leave(line, NO_KEY[name])
        else:
            self.system.leave(line, f'"set {words[0]}" is not known')

    def set_log(self, line, args, targets):
        talk = {'lcp', 'ipcp', 'ipv6cp', 'ccp', 'debug', 'async', 'hdlc', 'timer', 'physical', 'id0', 'tcp/ip', 'all'}
        deep = any(a.lower().lstrip('+') in talk for a in args)
        self.system.process.set('log_level', 'debug' if deep else 'info', line, 'packets of a link: hawserctl trace' if deep else '')

    def set_authname(self, line, args, targets):
        if not args:
            self.system.leave(line, 'no name stands there')
            return
        self.put(targets, 'username', args[0], line)

    def set_authkey(self, line, args, targets):
        if not args:
            self.system.leave(line, 'no password stands there')
            return
        self.put(targets, 'password', Secret(args[0]), line)

    set_key = set_authkey

    def set_device(self, line, args, targets):
        ports, service = [], None
        for device in (d for a in args for d in a.split(',') if d):
            kind, _, rest = device.partition(':')
            if kind.lower() != 'pppoe' or not rest:
                self.system.leave(line, f'{device} is no PPPoE device')
                continue
            if kind != 'PPPoE':
                self.remarks.add(line, f'"{kind}" is written "PPPoE"')
            interface, _, name = rest.partition(':')
            ports.append((interface, line))
            service = name or service
        if not ports:
            return
        for state in self.chosen(targets):
            state.ports, state.service = ports, (service, line) if service else state.service
        self.system.keyed(line)

    def set_ifaddr(self, line, args, targets):
        if not args:
            self.system.leave(line, 'no address stands there')
            return
        mine, trigger = args[0], args[3] if len(args) > 3 else None
        try:
            address, _, prefix = mine.partition('/')
            address = ipaddress.IPv4Address(address)
            network = ipaddress.IPv4Network(f'{address}/{prefix or 32}', strict=False)
        except ValueError:
            self.remarks.add(line, f'{mine} is no address but a placeholder; any address is taken')
            self.for_client('accept_address', '0.0.0.0/0', line)
            return
        any_trigger = trigger is not None and set(trigger) <= set('0.')
        if not any_trigger and int(address) != 0:
            self.for_client('address', str(address), line)
        self.for_client('accept_address', str(network), line)
        if len(args) > 1 and not args[1].endswith('/0') and args[1] not in ('0', '0.0.0.0'):
            self.remarks.add(line, f'the peer\'s address is taken as it says, not only {args[1]}')

    def size(self, line, args, what):
        words = [a for a in args if a.lower() not in ('max', 'maximum')]
        if len(words) == 1 and words[0].isdigit():
            return int(words[0]), len(words) != len(args)
        self.system.leave(line, f'{what} needs a number')
        return None, False

    def set_mru(self, line, args, targets):
        value, most = self.size(line, args, 'mru')
        if value is None:
            return
        if not 128 <= value <= 1492:
            self.system.leave(line, f'{value} is more than PPPoE allows; hawser takes 1492, or max_payload (RFC 4638)'
                              if value > 1492 else f'hawser\'s least MRU is 128, not {value}')
            return
        self.for_client('lcp.mru', value, line, 'the largest that ppp took' if most else '')
        warn_mru(self.remarks, line, value)

    def set_mtu(self, line, args, targets):
        value, _ = self.size(line, args, 'mtu')
        if value is None:
            return
        set_link_mtu(self.system, self.client.settings, line, value)

    def set_mrru(self, line, args, targets):
        if not args or args == ['0']:
            self.for_client('multilink.enabled', False, line)
            return
        value, _ = self.size(line, args, 'mrru')
        if value is not None:
            set_mrru(self.system, self.client.settings, line, value)

    def set_timeout(self, line, args, targets):
        value, _ = self.size(line, args[:1], 'timeout')
        if value is not None:
            self.for_client('idle_timeout', 'never' if value == 0 else f'{value} s', line)
        if len(args) > 1:
            self.system.leave(line, 'a least time up is not kept')

    def set_server(self, line, args, targets):
        where = ''.join(args[:1])
        if where.lower() in ('none', 'closed', 'open', ''):
            self.system.no_need(line, 'the control socket is for root and the daemon\'s user')
        elif not where.startswith('/'):
            self.system.leave(line, 'hawserd opens no network port: its socket is a local one; hawserctl speaks to it')
        else:
            if len(args) == 2:
                self.remarks.add(line, 'the password is missing (a pair of quotes stands for none); hawser needs none')
            elif len(args) > 2 and args[1]:
                self.system.leave(line, 'the control socket has no password; it is for root and the daemon\'s user')
            self.system.process.set('control_socket', where.replace('%d', '0').replace(' ', ''), line, 'mode 0600')

    def set_mode(self, line, args, targets):
        mode = args[0].lower() if args else ''
        if mode in ('ddial', 'dedicated'):
            self.for_client('dial', 'always', line)
            if mode == 'ddial' and self.redial_attempts is None:
                self.put(targets, 'redial.attempts', 'for-ever', line)
        elif mode == 'auto':
            self.for_client('dial', 'on-demand', line)
        elif mode in ('background', 'foreground'):
            self.put(targets, 'redial.attempts', 'never', line)
        elif mode in ('interactive', 'manual'):
            self.for_client('dial', 'manual', line)
        else:
            self.system.leave(line, f'mode {mode or "(none)"} has no counterpart')

    def set_redial(self, line, args, targets):
        """secs[+inc[-max]][.next] [attempts]"""
        found = re.fullmatch(r'(\d+|random)(?:\+(\d+)(?:-(\d+))?)?(?:\.(\d+|random))?', args[0].lower()) if args else None
        if found is None:
            self.system.leave(line, 'needs secs[+inc[-max]][.next] [attempts]')
            return
        secs, inc, most, then = found.groups()
        delay, inc = 0 if secs == 'random' else int(secs), int(inc or 0)
        self.put(targets, 'redial.delay', f'{delay} s', line)
        self.put(targets, 'redial.increment', f'{inc} s', line)
        self.put(targets, 'redial.limit', f'{delay + inc * int(most or 10)} s', line)
        if secs == 'random':
            self.put(targets, 'redial.jitter', '30 s', line)
        if then is not None:
            self.system.leave(line, 'there is no further telephone number to wait for')
        if len(args) > 1 and args[1].isdigit():
            self.redial_attempts = int(args[1])
            self.put(targets, 'redial.attempts', attempts(int(args[1])), line)

    def set_reconnect(self, line, args, targets):
        if len(args) != 2 or not all(a.isdigit() for a in args):
            self.system.leave(line, 'needs timeout and ntries')
            return
        self.put(targets, 'redial.delay', f'{args[0]} s', line)
        self.put(targets, 'redial.limit', f'{max(int(args[0]), 60)} s', line)
        if self.redial_attempts is None:
            self.put(targets, 'redial.attempts', attempts(int(args[1])), line)

    def set_cd(self, line, args, targets):
        wait = args[0].rstrip('!') if args else ''
        if wait.isdigit():
            self.put(targets, 'redial.carrier_wait', f'{wait} s', line)
        else:
            self.system.no_need(line, 'a port without carrier is not dialled on; candidates in order')

    def set_enddisc(self, line, args, targets):
        classes = {'label': 'local', 'ip': 'ip', 'mac': 'mac', 'magic': 'magic', 'psn': 'phone'}
        kind = classes.get(args[0].lower()) if args else None
        if not args:
            self.for_client('multilink.endpoint.class', 'none', line)
        elif kind == 'mac':
            self.for_client('multilink.endpoint.class', 'auto', line, 'the MAC address of the first port')
        elif kind is None or len(args) < 2 and kind != 'local':
            self.system.leave(line, f'the value of class {args[0]} is made when ppp runs; say it in multilink.endpoint')
        else:
            value = args[1] if len(args) > 1 else self.client.name[:20]
            if not endpoint_fits(kind, value):
                self.system.leave(line, f'{value} is no value of class {kind}')
                return
            self.for_client('multilink.endpoint.class', kind, line)
            self.for_client('multilink.endpoint.value', value, line)

    def set_autoload(self, line, args, targets):
        if len(args) != 3 or not all(a.isdigit() for a in args):
            self.system.leave(line, 'needs min, max and period')
            return
        for path, value in (('low_water', int(args[0])), ('high_water', int(args[1])), ('period', f'{args[2]} s')):
            self.for_client(f'bandwidth_management.{path}', value, line)

    def set_echoperiod(self, line, args, targets):
        value, _ = self.size(line, args, 'a period')
        if value is not None:
            self.for_client('lcp.echo_interval', f'{value} s' if value else 'never', line)
        return value

    def set_lqrperiod(self, line, args, targets):
        """Of reports, and of the echoes that stand in for them."""
        value = self.set_echoperiod(line, args, targets)
        if value:
            self.for_client('lcp.quality_period', f'{value} s', line)

    def retry(self, line, args, paths):
        """period [maxREQ [maxTRM]]"""
        if not args or not all(a.isdigit() for a in args[:len(paths)]):
            self.system.leave(line, 'needs a period')
            return
        for path, word in zip(paths, args):
            self.for_client(path, f'{word} s' if path == paths[0] else int(word), line)

    def set_lcpretry(self, line, args, targets):
        self.retry(line, args, ('lcp.restart_timer', 'lcp.max_configure', 'lcp.max_terminate'))

    def set_ipcpretry(self, line, args, targets):
        self.retry(line, args, ('network.restart_timer', 'network.max_configure', 'network.max_terminate'))

    set_ipv6cpretry = set_ipcpretry

    def set_papretry(self, line, args, targets):
        self.retry(line, args, ('authentication_timer', 'authentication_tries'))

    set_chapretry = set_papretry

    def set_dns(self, line, args, targets):
        if args:
            name_servers(self.system, self.client.settings, line, args)
        else:
            self.system.leave(line, 'no address stands there')

    def set_bandwidth(self, line, args, targets):
        value, _ = self.size(line, args, 'bandwidth')
        if value:
            self.put(targets, 'line.rate', rate(value), line)

    # enable, disable, accept, deny

    def option(self, line, verb, option, targets):
        if option not in OPTIONS:
            self.system.leave(line, f'"{option}" is no option of ppp that is known here')
            return
        asks, value = verb in ('enable', 'disable'), verb in ('enable', 'accept')
        part = {'want': value} if asks else {'allow': value}
        if option in AUTHS:
            self.auth(line, option, asks, value, targets)
        elif option in ('ipv6cp', 'ipv6'):
            if option == 'ipv6':
                self.remarks.add(line, '"ipv6" is no option of ppp; read as: ipv6cp')
            self.network(line, 'ipv6', asks, value)
        elif option == 'ipcp':
            self.network(line, 'ipv4', asks, value)
        elif option in ('shortseq', 'protocomp', 'lqr'):
            name = {'shortseq': 'short_sequence', 'protocomp': 'pfc', 'lqr': 'quality'}[option]
            self.client.settings.policy(f'lcp.options.{name}', line, **part)
        elif option == 'acfcomp':
            self.refused(line, option, value, 'address and control field compression is forbidden on PPPoE (RFC 2516): neither '
                         'asked for nor accepted')
        elif option in CCP:
            self.refused(line, option, value, 'compression and encryption (CCP) are neither asked for nor accepted')
        elif option == 'vjcomp':
            self.refused(line, option, value, 'van Jacobson compression is neither asked for nor accepted')
        elif option == 'echo':
            if not value:
                self.for_client('lcp.echo_interval', 'never', line)
            else:
                self.system.no_need(line, 'echoes are on (lcp.echo_interval)')
        elif option in ('mssfixup', 'tcpmssfixup'):
            self.for_client('mss.v4', 'auto' if value else 'off', line)
            self.for_client('mss.v6', 'auto' if value else 'off', line)
            if option == 'tcpmssfixup':
                self.remarks.add(line, '"tcpmssfixup" is an older name of mssfixup')
        elif option == 'dns':
            self.for_client('request_dns', value, line)
        elif option == 'enddisc':
            self.client.settings.policy('lcp.options.endpoint', line, **part)
        elif option in OF_THE_PROGRAM:
            self.system.leave(line, 'of the program ppp itself; hawser has nothing like it', option)

    def refused(self, line, option, value, why):
        if value:
            self.system.leave(line, why, option)
        else:
            self.system.no_need(line, why, option)

    def network(self, line, family, asks, value):
        """hawserd refuses a protocol that is wanted and not allowed, so that `deny` implies `disable`."""
        self.client.settings.policy(f'network.{family}', line, **({'want': value} if asks else {'allow': value}))
        if not asks and not value:
            self.client.settings.policy(f'network.{family}', line, want=False)
        elif asks and value:
            self.client.settings.policy(f'network.{family}', line, allow=True)
        elif asks:
            # ppp opens no protocol that is disabled, whoever asks
            self.client.settings.policy(f'network.{family}', line, allow=False)

    def auth(self, line, option, asks, value, targets):
        if asks:
            ask(self.system, self.asked, AUTHS[option], value, line, option)
            return
        for state in self.chosen(targets):
            state.auth[AUTHS[option]] = value, line

    # links and routes

    def link_names(self, text):
        return [n for n in text.split(',') if n]

    def clone(self, line, words):
        for name in (n for w in words for n in self.link_names(w)):
            self.links[name] = LinkState(name, self.links.get('deflink'))
        self.system.keyed(line)

    def link(self, line, words):
        if len(words) < 2:
            self.system.leave(line, 'needs names and a command')
            return
        names = list(self.links) if words[0] == '*' else self.link_names(words[0])
        missing = [n for n in names if n not in self.links]
        for name in missing:
            self.remarks.add(line, f'link {name} was not cloned before; made now')
            self.links[name] = LinkState(name)
        if words[1].lower() in ('remove', 'rm'):
            for name in names:
                self.links.pop(name)
            self.system.no_need(line, 'hawser has no template link that would be dialled')
            return
        self.command(line, shlex.join(words[1:]) if any(' ' in w for w in words) else ' '.join(words[1:]), names)

    def add(self, line, words):
        to = words[0].lower() if words else ''
        if to in ('default', '0', '0.0.0.0') or to == '0.0.0.0/0':
            self.for_client('default_route', True, line)
        elif to in ('default6', '::/0', '-inet6'):
            self.system.no_need(line, 'the default route is for both families (default_route)')
        else:
            route(self.system, self.client.settings, line, words[0] if words else '')

    def shell(self, line, text):
        found = re.search(r'ifconfig\s+\S+\s.*\bmtu\s+(\d+)', text)
        if found:
            set_ip_mtu(self.system, self.client.settings, line, int(found[1]))
        elif text.startswith('include'):
            self.system.leave(line, 'give the included file too')
        elif not line.file.endswith(('linkup', 'linkdown')):
            self.system.leave(line, 'programs are run at events, as hooks: see ppp.linkup')
        elif MACROS.search(text):
            self.system.leave(line, 'a hook finds its facts in the environment, not in its arguments: hooks in hawser.yaml(5)')
        else:
            try:
                words = shlex.split(re.sub(r'^bg\s+', '', text))
            except ValueError:
                words = []
            self.system.hook(line, 'bundle-down' if line.file.endswith('linkdown') else 'bundle-up', words)

    # the end

    def finish(self):
        """Links of the client from what is left of ppp's."""
        auth = {}
        for name, state in self.links.items():
            link = self.client.new_link(name, self.line)
            link.ports = state.ports
            for path, value, line, note in state.values:
                link.own.set(path, value, line, note)
            auth.update(state.auth)
            if state.service:
                self.client.settings.set('service_name', state.service[0], state.service[1])
        self.client.links = [link for link in self.client.links if link.ports]
        authenticate(self.system, self.client, auth)
        demand(self.client, self.asked)


def read(system, files, section=None):
    """files: [(name, lines)]. Those called ppp.linkup or ppp.linkdown hold what is done when a link changes."""
    main, up = {}, {}
    for name, lines in files:
        target = up if 'linkup' in name or 'linkdown' in name else main
        target.update(sections_of(lines, system.remarks))
    default = main.pop('default', None)
    wanted = {n: p for n, p in main.items() if section is None or n == section}
    if not wanted and default is not None:
        wanted = {'default': Profile('default', default.line)}
    for name, profile in wanted.items():
        reader = Reader(system, system.client(name), profile.line)
        for line in [*(default.statements if default else ()), *profile.statements]:
            reader.statement(line)
        for label, hook in up.items():
            if label in ('MYADDR', name, 'default', 'HISADDR') or label[0].isdigit():
                for line in hook.statements:
                    reader.statement(line)
        reader.finish()
        if not reader.client.links:
            system.clients.remove(reader.client)
            system.remarks.add(profile.line, 'no PPPoE device is set under this label; left out')
    if not up:
        return
    named = set(main) | {'MYADDR', 'HISADDR', 'default'}
    for label, hook in up.items():
        if label not in named and not label[0].isdigit():
            system.remarks.add(hook.line, 'no label of ppp.conf is called so; left out')
