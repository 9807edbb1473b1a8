# SPDX-License-Identifier: BSD-3-Clause
"""Debian's stock kernel under QEMU, without KVM: a second kernel version."""
import cells_dial
from matrix import cell
from stage import LINES, DialStage


class QemuStage(DialStage):
    """The guest dials; it is slower than User-mode Linux."""

    def set_up(self):
        self.guest = self.boot('qemu', LINES[:2], 'qemu')


@cell(QemuStage, "QEMU guest with Debian's stock kernel, client")
def qemu_smoke(stage):
    """2 links, CHAP"""
    return f'kernel {stage.guest.release}; {cells_dial.full(stage)}'
