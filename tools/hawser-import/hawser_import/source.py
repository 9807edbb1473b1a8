# SPDX-License-Identifier: BSD-3-Clause
"""Source files as lines that know where they stand, and what was remarked about them."""
import dataclasses
import re

SECRET = re.compile(r'(?i)\b(authkey|password\w*|passwd\b)(\s*[=\s]\s*)(\S.*)')


def masked(text):
    """A source line without the password that it may hold."""
    return SECRET.sub(r'\1\2...', text)


@dataclasses.dataclass(frozen=True)
class Line:
    """One statement: the file's name as given, the number of its first line there, its text without numbering and ends."""
    file: str
    number: int
    text: str
    indented: bool = False

    @property
    def place(self):
        return f'{self.file.rsplit("/", 1)[-1]}:{self.number}'

    def with_text(self, text):
        return dataclasses.replace(self, text=text)


@dataclasses.dataclass(frozen=True)
class Remark:
    line: Line
    why: str

    def __str__(self):
        line = self.line
        what = f'{masked(line.text)}: ' if line.text else ''
        return f'{line.file}:{line.number}: {what}{self.why}' if line.number else f'{line.file}: {self.why}'


class Remarks:
    """What is told on standard error, in the order of the files' lines."""

    def __init__(self):
        self.items = []

    def add(self, line, why):
        remark = Remark(line, why)
        if remark not in self.items:
            self.items.append(remark)

    def sorted(self, files):
        """By file as given, then by line; remarks about no line come last."""
        order = {name: i for i, name in enumerate(files)}
        return sorted(self.items, key=lambda r: (order.get(r.line.file, len(order)), r.line.number))
