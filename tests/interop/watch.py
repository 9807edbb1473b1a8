# SPDX-License-Identifier: BSD-3-Clause
"""Traffic under watch: hawserd's lines and its IP port are captured meanwhile, and judged by evidence.py."""
import time

import evidence
from lab import LabError, until


class Blind(LabError):
    """Frames were lost in the capture, or between it and hawserd: it cannot be told who is to blame for what."""


class Watch:
    """Captures a stage's lines and its IP port from now on until end()."""

    def __init__(self, stage):
        self.stage = stage
        self.pcap = stage.dir / f'watch-{time.monotonic_ns()}.pcapng'
        self.since = time.time()
        self.taken, self.ended = {}, False
        interfaces = [arg for name in (*stage.lines, stage.port) for arg in ('-i', name)]
        # dumpcap holds a thousand packets by itself unless told otherwise.
        self.dumpcap = stage.start_capture('-B', 32, '-N', 1 << 20, '-C', 1 << 29, *interfaces, '-w', self.pcap)
        until('dumpcap', lambda: 'File:' in self.dumpcap.text())

    def from_now(self):
        """What came before was not ready for traffic yet."""
        self.since = time.time()
        self.taken = self.counted()

    def counted(self):
        """Data frames that hawserd took in on its links."""
        return {link['name']: link['rx_frames'] for link in self.stage.links()}

    def settle(self):
        """Until nothing comes any more."""
        seen, since = self.counted(), time.monotonic()
        while time.monotonic() - since < 0.4:
            time.sleep(0.1)
            if self.counted() != seen:
                seen, since = self.counted(), time.monotonic()
        return seen

    def end(self):
        """Ends the capture and judges it; returns (evidence.Verdict of what the peer sent, evidence.Passage of what hawserd sent)."""
        stage = self.stage
        after = self.settle()
        b = next(iter(sorted(stage.bundles(), key=lambda b: b['name'] != stage.name)), {})
        self.stop()
        frames = evidence.captured(self.pcap)
        own = {p['name']: p['mac'] for p in stage.ports()}
        peer = {line: stage.peer_mac(i) for i, line in enumerate(stage.lines)}
        there, back = (stage.guest_address, stage.address), (stage.address, stage.guest_address)
        verdict = evidence.judge_received(frames, peer, stage.port, evidence.Flow(*there), b.get('rx_short', False), self.since)
        sent = evidence.judge_sent(frames, {line: own[line] for line in stage.lines}, stage.port, evidence.Flow(*back),
                                   b.get('tx_short', False), self.since, b.get('ip_mtu', 65535))
        lost = evidence.capture_lost(self.dumpcap.text())
        if lost:
            raise Blind(f'the capture lost {lost} frames')
        if verdict.passed.missing:
            came = evidence.Lines(frames, peer, b.get('rx_short', False)).since(self.since)
            took = sum(n - self.taken.get(name, 0) for name, n in after.items())
            if took < came:
                raise Blind(f'{came - took} frames were lost in the socket in front of hawserd')
        return verdict, sent

    def stop(self):
        self.ended = True
        self.dumpcap.stop(2)


def watched(stage, traffic, tries=3):
    """What Watch.end() says of traffic(); once more where a busy machine lost frames of the evidence."""
    for left_over in reversed(range(tries)):
        watch = Watch(stage)
        watch.from_now()
        traffic()
        try:
            return watch.end()
        except Blind:
            if left_over == 0:
                raise
