# SPDX-License-Identifier: BSD-3-Clause
"""Guests and hawserd stand for machines of their own: what else this machine does must not keep them from running."""
import os
import pathlib

NICE = -10


def hasten(pid):
    """Before what others run. A session is a group of its own to the scheduler where autogroups are on, and then only the group's
    niceness counts among groups. Without the right to it nothing changes."""
    for act in (lambda: os.setpriority(os.PRIO_PROCESS, pid, NICE),
                lambda: pathlib.Path(f'/proc/{pid}/autogroup').write_text(str(NICE))):
        try:
            act()
        except OSError:
            pass
