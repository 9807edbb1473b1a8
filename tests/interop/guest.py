# SPDX-License-Identifier: BSD-3-Clause
"""A guest: Debian's Linux with pppd as a process of its own, its network cards on taps of the test's namespaces."""
import os
import pathlib
import queue
import signal
import subprocess
import threading
import time

import image
from lab import LabError
from priority import hasten


class GuestDied(LabError):
    """The guest does not answer any more."""


class Job:
    """A script that runs in a guest."""

    def __init__(self, guest, number):
        self.guest, self.number = guest, number
        self.out, self.rc = guest.host / f'{number}.out', guest.host / f'{number}.rc'
        self.ended = threading.Event()

    def text(self):
        return self.out.read_text(errors='replace') if self.out.exists() else ''

    def running(self):
        return not self.ended.is_set()

    def wait(self, timeout):
        """Its exit status."""
        if not self.ended.wait(timeout):
            self.guest.check()
            raise LabError(f'{self.guest.name}: still running after {timeout:g} s: {self.text()[-500:]}')
        return int(self.rc.read_text())


class Guest:
    """taps: names of tap devices in the namespace ns; they are eth0, eth1, ... inside, all of them up."""

    def __init__(self, lab, ns, name, taps, backend='uml'):
        image.build()
        self.name, self.taps = name, list(taps)
        self.host = lab.dir / name
        self.host.mkdir()
        self._jobs, self._count, self._lock = {}, 0, threading.Lock()
        self.lines = queue.Queue()
        command = {'uml': self._uml, 'qemu': self._qemu}[backend](lab)
        # User-mode Linux keeps the guest's memory in a file in TMPDIR.
        env = {**os.environ, 'TMPDIR': '/dev/shm'}
        if backend == 'uml':
            env['LD_PRELOAD'] = str(image.XSTATE)
        self.console = open(lab.dir / f'{name}.console', 'wb')
        self.popen = subprocess.Popen([*lab.inside(ns), *map(str, command)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, env=env, start_new_session=True)
        hasten(self.popen.pid)
        self.release = None
        self._ready = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()
        start = time.monotonic()
        if not self._ready.wait(90 if backend == 'qemu' else 20) or self.release is None:
            text = pathlib.Path(self.console.name).read_text(errors='replace')
            self.stop()
            raise GuestDied(f'{name} did not boot:\n{text[-2000:]}')
        self.boot_s = time.monotonic() - start

    def mac(self, i):
        """Of card i; made from the guest's name, so that two guests never share one."""
        return f'02:{sum(map(ord, self.name)) & 255:02x}:{len(self.name):02x}:00:00:{i + 1:02x}'

    def _uml(self, lab):
        (lab.dir / 'uml').mkdir(exist_ok=True)
        cards = [f'vec{i}:transport=tap,ifname={tap},mac={self.mac(i)},depth=128' for i, tap in enumerate(self.taps)]
        return [image.UML, 'mem=160M', f'initrd={image.INITRD}', f'uml_dir={lab.dir}/uml', f'umid={self.name}', 'con=null',
                'con0=fd:0,fd:1', f'host={self.host}', *cards, 'quiet']

    def _qemu(self, lab):
        cards = []
        for i, tap in enumerate(self.taps):
            cards += ['-netdev', f'tap,id=n{i},ifname={tap},script=no,downscript=no',
                      '-device', f'virtio-net-pci,netdev=n{i},mac={self.mac(i)},romfile=']
        # q35: it has the clocks that let the kernel calibrate its TSC on a busy host without KVM.
        return [*image.qemu_command(), '-M', 'q35', '-accel', 'tcg', '-cpu', 'max', '-m', '256', '-nodefaults', '-no-user-config',
                '-display', 'none', '-serial', 'stdio', '-no-reboot', '-kernel', image.VMLINUX, '-initrd', image.INITRD,
                '-append', 'console=ttyS0 panic=-1 nokaslr mitigations=off host=9p quiet',
                '-fsdev', f'local,id=host,security_model=none,path={self.host}',
                '-device', 'virtio-9p-pci,fsdev=host,mount_tag=host', *cards]

    def _read(self):
        for raw in self.popen.stdout:
            self.console.write(raw)
            self.console.flush()
            words = raw.decode(errors='replace').split()
            if words[:1] == ['ready'] and self.release is None:
                self.release = words[1]
                self._ready.set()
            elif words[:1] == ['done'] and len(words) == 2:
                self._jobs[int(words[1])].ended.set()
        self._ready.set()
        for job in self._jobs.values():
            job.ended.set()

    def check(self):
        if self.popen.poll() is not None:
            raise GuestDied(f'{self.name} died: exit {self.popen.returncode}')

    def start(self, script):
        """Runs a shell script in the background."""
        with self._lock:
            self._count += 1
            job = self._jobs[self._count] = Job(self, self._count)
            (self.host / f'{job.number}.sh').write_text(script + '\n')
            self.check()
            try:
                self.popen.stdin.write(f'{job.number}\n'.encode())
                self.popen.stdin.flush()
            except BrokenPipeError:
                raise GuestDied(f'{self.name} died') from None
        return job

    def run(self, script, timeout=20, check=True):
        """Runs a shell script to its end. Returns its output."""
        job = self.start(script)
        status = job.wait(timeout)
        if check and status != 0:
            raise LabError(f'{self.name}: exit {status} of\n{script}\n{job.text()[-2000:]}')
        return job.text()

    def write(self, path, text):
        """A file of the guest, root's alone."""
        name = f'file-{time.monotonic_ns()}'
        (self.host / name).write_text(text)
        self.run(f'umask 077; mkdir -p {os.path.dirname(path)}; cat {name} > {path}; rm {name}')

    def log(self, name):
        """Text of a file that the guest writes to /host."""
        path = self.host / name
        return path.read_text(errors='replace') if path.exists() else ''

    def stop(self):
        if self.popen.poll() is None:
            try:
                self.popen.stdin.write(b'off\n')
                self.popen.stdin.flush()
                self.popen.wait(3)
            except (BrokenPipeError, subprocess.TimeoutExpired):
                pass
        try:  # a guest is a family of processes
            os.killpg(self.popen.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.popen.wait(10)
        self.popen.stdin.close()
        self.console.close()
