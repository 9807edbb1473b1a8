# SPDX-License-Identifier: BSD-3-Clause
"""PF's scrub rules and iptables' TCPMSS rules: what they do to packets of the bundle becomes mss and scrub of each client."""
import re

from .listing import mended

PF_WORDS = set('''scrub match pass block in out on all any from to fragment reassemble crop drop-ovl min-ttl max-mss no-df random-id tcp
    inet inet6 set-tos proto flags set skip nat rdr anchor'''.split())
PF_VALUE = re.compile(r'\d+|\$\w+|"\S+"|[{}]|')
DASHES = ((r'(^|\s)--\s*([a-z]\w*)((?:\s+-\s+[a-z]\w+)+)', lambda m: m[1] + '--' + m[2] + re.sub(r'\s+-\s+', '-', m[3])),
          (r'(^|\s)--\s+([a-z])', r'\1--\2'), (r'(^|\s)-\s+(\w)(?=\s|$)', r'\1-\2'))


def pf_known(word):
    word = word.strip('(),').lower()
    return word in PF_WORDS or PF_VALUE.fullmatch(word) is not None


class Rules:
    """What all rules together ask for, for every client."""

    def __init__(self, system):
        self.system, self.remarks, self.directions = system, system.remarks, {}

    def put(self, path, value, line, note=''):
        if not self.system.clients:
            self.system.leave(line, f'belongs to a client, as {path}: give the files of the system that dials too')
        for client in self.system.clients:
            client.settings.set(path, value, line, note)

    # PF

    def pf(self, line):
        line = mended(self.system.statement(line), pf_known, self.remarks)
        text = line.text
        words = re.sub(r'[(),]', ' ', text).split()
        lower = [w.lower() for w in words]
        if words[0] != lower[0] and lower[0] == 'scrub':
            self.remarks.add(line, f'"{words[0]}" is written "scrub"')
        if lower[0] not in ('scrub', 'match', 'pass') or 'scrub' not in lower:
            self.system.leave(line, 'packets are filtered by the kernel behind the kernel port')
            return
        found = self.pf_mss(line, lower) | self.pf_ttl(line, lower) | self.pf_flags(line, lower)
        if not found:
            # a bare scrub rule reassembles fragments
            self.put('scrub.reassemble', True, line)

    def after(self, words, name):
        at = words.index(name) + 1 if name in words else len(words)
        return int(words[at]) if at < len(words) and words[at].isdigit() else None

    def pf_mss(self, line, words):
        mss = self.after(words, 'max-mss')
        if mss is None:
            return False
        if not 108 <= mss <= 65495:
            self.system.leave(line, f'an MSS of {mss} cannot be')
            return True
        if 'inet6' not in words:
            self.put('mss.v4', mss, line)
        if 'inet' not in words:
            self.put('mss.v6', mss if 'inet6' in words else mss - 20, line, '' if 'inet6' in words else 'v6: the same packet size')
        if ('in' in words) != ('out' in words):
            self.remarks.add(line, 'PF lowers the MSS in one direction only, which protects one direction of data; hawser does it in '
                             'both')
        return True

    def pf_ttl(self, line, words):
        ttl = self.after(words, 'min-ttl')
        if ttl is None:
            return False
        self.put('scrub.min_ttl', ttl, line)
        return True

    def pf_flags(self, line, words):
        pairs, found = list(zip(words, words[1:] + [''])), False
        if ('reassemble', 'tcp') in pairs:
            self.system.leave(line, 'reassemble tcp: hawser keeps no state of TCP connections')
            found = True
        if any(p in pairs for p in (('fragment', 'reassemble'), ('fragment', 'crop'), ('fragment', 'drop-ovl'))):
            self.put('scrub.reassemble', True, line)
            found = True
        if 'no-df' in words:
            self.put('scrub.clear_df', True, line)
            found = True
        if 'random-id' in words:
            self.system.leave(line, 'random-id: hawser leaves the identification as it is')
            found = True
        return found

    # iptables

    def iptables(self, line):
        line = self.system.statement(line)
        text = line.text
        for pattern, repl in DASHES:
            text = re.sub(pattern, repl, text)
        text = ' '.join(text.split())
        if text != ' '.join(line.text.split()):
            self.remarks.add(line, f'blanks inside words; read as: {text}')
        words = text.split()
        if 'TCPMSS' not in words:
            self.system.leave(line.with_text(text), 'packets are filtered by the kernel behind the kernel port')
            return
        family = 'v6' if words[0].endswith('ip6tables') else 'v4'
        value = self.after(words, '--set-mss')
        if value is None and '--clamp-mss-to-pmtu' not in words:
            self.system.leave(line, 'needs --set-mss or --clamp-mss-to-pmtu')
            return
        if value is not None and not 108 <= value <= 65495:
            self.system.leave(line, f'an MSS of {value} cannot be')
            return
        self.put(f'mss.{family}', value if value is not None else 'auto', line)
        if value is not None and '--mss' not in words:
            self.remarks.add(line, 'without --mss iptables raises an MSS too; hawser only lowers')
        self.direction(line, words)

    def direction(self, line, words):
        chain = words[words.index('-A') + 1] if '-A' in words[:-1] else ''
        if '-i' in words or chain in ('INPUT', 'PREROUTING'):
            self.directions['from_links'] = line
            self.put('mss.from_links', True, line)
        if '-o' in words or chain in ('OUTPUT', 'POSTROUTING'):
            self.directions['to_links'] = line
            self.put('mss.to_links', True, line)

    def finish(self):
        if len(self.directions) == 1:
            (one, line), = self.directions.items()
            self.remarks.add(line, f'the rules lower the MSS {one.replace("_", " ")} only, which protects one direction of data; '
                             'hawser does it in both')


def read(system, pf_files, iptables_files):
    rules = Rules(system)
    for _, lines in pf_files:
        for line in joined(lines):
            rules.pf(line)
    for _, lines in iptables_files:
        for line in joined(lines):
            if line.text.startswith(('*', ':', 'COMMIT')):
                continue
            rules.iptables(line)
    rules.finish()


def joined(lines):
    """Statements without comments; a backslash at the end of a line joins it to the next."""
    pending = None
    for line in lines:
        if pending is not None:
            line, pending = pending.with_text(pending.text[:-1].rstrip() + ' ' + line.text), None
        if line.text.endswith('\\'):
            pending = line
        elif line.text and not line.text.startswith('#'):
            yield line
    if pending is not None:
        yield pending.with_text(pending.text[:-1].rstrip())
