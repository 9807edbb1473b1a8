# SPDX-License-Identifier: BSD-3-Clause
"""Traffic under watch: hawserd's lines and its IP port are captured meanwhile, and judged by evidence.py."""
import time

import evidence
from lab import until
from stage import HAWSER


class Blind(Exception):
    """Frames were lost in the capture, or between it and hawserd: it cannot be told who is to blame for what."""


class Watch:
    """Captures a stage's lines and its IP port until verdict()."""

    def __init__(self, stage):
        self.stage = stage
        self.pcap = stage.dir / f'watch-{time.monotonic_ns()}.pcapng'
        self.before = self.counted()
        interfaces = [arg for name in (*stage.lines, stage.port) for arg in ('-i', name)]
        # dumpcap holds a thousand packets by itself unless told otherwise.
        self.dumpcap = stage.start(HAWSER, f'dumpcap-{self.pcap.stem}', 'dumpcap', '-q', '-B', 32, '-N', 1 << 20, '-C', 1 << 29,
                                   *interfaces, '-w', self.pcap)
        until('dumpcap', lambda: 'File:' in self.dumpcap.text())

    def counted(self):
        """Data frames that hawserd took in on its links."""
        return sum(link['rx_frames'] for link in self.stage.links())

    def settle(self):
        """Until nothing comes any more."""
        seen, since = self.counted(), time.monotonic()
        while time.monotonic() - since < 0.4:
            time.sleep(0.1)
            if self.counted() != seen:
                seen, since = self.counted(), time.monotonic()
        return seen - self.before

    def verdict(self, short=False):
        took = self.settle()
        self.dumpcap.stop(2)
        sources = {line: self.stage.guest.mac(i) for i, line in enumerate(self.stage.lines)}
        frames = evidence.captured(self.pcap)
        self.pcap.unlink()
        found = evidence.judge(frames, sources, self.stage.port, self.stage.address, short)
        if evidence.capture_lost(self.dumpcap.text()):
            raise Blind(f'the capture lost {evidence.capture_lost(self.dumpcap.text())} frames')
        if found.missing and took < found.came + found.copies:
            raise Blind(f'{found.came + found.copies - took} frames were lost in the socket in front of hawserd')
        return found


def watched(stage, traffic, short=False, tries=3):
    """(verdict, what traffic() returned); once more where a busy machine lost frames of the evidence."""
    for left_over in reversed(range(tries)):
        watch = Watch(stage)
        result = traffic()
        try:
            return watch.verdict(short), result
        except Blind:
            if left_over == 0:
                raise
