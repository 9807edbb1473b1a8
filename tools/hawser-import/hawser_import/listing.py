# SPDX-License-Identifier: BSD-3-Clause
"""Files that were copied out of a document: numbered lines, lines that were broken, blanks inside words, letters of a
document's own font. A file that was not copied is left exactly as it is."""
import re

from .source import Line

NUMBER = re.compile(r'^\s*(\d{1,3})\.(\s+|$)')
# One of the fonts that documents embed shows ASCII letters as these: U+0060 further, digits from U+02A5, and three signs.
SHIFTED = {chr(0x60 + c): chr(c) for c in range(ord('A'), ord('z') + 1)}
SHIFTED |= {chr(0x2a5 + d): str(d) for d in range(10)}
SHIFTED |= {'\u01a7': '"', '\u01a8': '"', '\u01b5': '-'}
UNKNOWN_COST, NAME_COST = 10, 4


def is_numbered(texts):
    """Whether most lines carry rising numbers with a point, as in a printed listing."""
    numbers = [int(m[1]) for t in texts if (m := NUMBER.match(t))]
    filled = sum(1 for t in texts if t.strip())
    return len(numbers) > 1 and 2 * len(numbers) >= filled and numbers == sorted(set(numbers))


def unshift(text):
    """The text with a document font's letters read as ASCII; None where there are none."""
    odd = sum(1 for c in text if c in SHIFTED and ord(c) > 127)
    if odd < 3:
        return None
    return ''.join(SHIFTED.get(c, c) if ord(c) > 127 else c for c in text)


def lines_of(name, text, remarks):
    """The lines of a file, blank ones included; numbering taken off, broken lines of a numbered listing put together."""
    texts = text.replace('\r\n', '\n').split('\n')
    numbered = is_numbered(texts)
    begins = next((m[1] == '1' for t in texts if t.strip() and (m := NUMBER.match(t))), False) and \
        NUMBER.match(next(t for t in texts if t.strip())) is not None
    lines = []
    for number, raw in enumerate(texts, 1):
        plain = unshift(raw)
        if plain is not None:
            remarks.add(Line(name, number, raw.strip()), f'letters of a document\'s font; read as: {NUMBER.sub("", plain).strip()}')
            raw = plain
        found = NUMBER.match(raw) if numbered or begins else None
        if found:
            raw = raw[found.end():]
        elif numbered and raw.strip() and lines:
            last = lines[-1]
            glue = '' if last.text.endswith('-') else ' '
            lines[-1] = last.with_text(last.text + glue + raw.strip())
            remarks.add(last, f'goes on in line {number} of the listing; put together')
            continue
        lines.append(Line(name, number, raw.strip(), raw[:1].isspace()))
    if numbered or begins:
        remarks.add(Line(name, 1, ''), 'the lines carry numbers, as copied from a document; taken off')
    return lines


def joined(words, known):
    """The cheapest way to make known words of words by joining neighbours, as a list. known(word) is what a word may be."""
    best = [(0, [])] + [None] * len(words)
    for end in range(1, len(words) + 1):
        for start in range(max(0, end - 7), end):
            group = words[start:end]
            cost, before = best[start]
            one = ''.join(group)
            if known(one):
                cost += len(group) - 1
            elif len(group) == 1:
                cost += UNKNOWN_COST
            elif len(group) % 2 and all((w == '-') == bool(i % 2) for i, w in enumerate(group)) and re.fullmatch(r'\w+(-\w+)+', one):
                cost += NAME_COST
            else:
                continue
            if best[end] is None or cost < best[end][0]:
                best[end] = cost, before + [one]
    return best[len(words)][1]


def mended(line, known, remarks, keep=None):
    """The line with blanks taken out of words that are only known without them. Words from index keep on are left alone."""
    words = line.text.split()
    head, tail = (words, []) if keep is None else (words[:keep], words[keep:])
    if all(known(w) for w in head):
        return line
    repaired = joined(head, known)
    if repaired == head:
        return line
    text = ' '.join(repaired + tail)
    remarks.add(line, f'blanks inside words; read as: {text}')
    return line.with_text(text)
