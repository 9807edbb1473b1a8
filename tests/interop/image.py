# SPDX-License-Identifier: BSD-3-Clause
"""Builds what the peers run in, from Debian packages: two kernels (User-mode Linux, and the stock one for QEMU) and one initramfs for both.

Everything lies in build/interop; packages are downloaded and unpacked there, none is installed. A second call does nothing as long as
neither this folder's guest files nor Debian's packages in the cache changed.
"""
import fcntl
import gzip
import hashlib
import json
import lzma
import os
import pathlib
import re
import shutil
import struct
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WORK = pathlib.Path(os.environ.get('HAWSER_INTEROP', ROOT / 'build' / 'interop'))
UML, VMLINUX, INITRD, XSTATE = WORK / 'linux.uml', WORK / 'vmlinux', WORK / 'initrd.img', WORK / 'xstate.so'
UNPACKED = WORK / 'root'
LIBRARIES = UNPACKED / 'usr/lib/x86_64-linux-gnu'

PACKAGES = ['busybox-static', 'dash', 'ppp', 'pppoe', 'iproute2', 'iperf3', 'libiperf0', 'libsctp1', 'iputils-ping', 'ethtool',
            'user-mode-linux', 'l2tpns', 'libcli1.10', 'wide-dhcpv6-client', 'wide-dhcpv6-server', 'libfl2']
QEMU_PACKAGES = """qemu-system-x86 qemu-system-common qemu-system-data seabios libcapstone4 libpmem1 libndctl6 libdaxctl1 librdmacm1 libslirp0
libvdeplug2 liburing2 libfuse3-3 libaio1 libbpf1 libfdt1 libpixman-1-0 libjpeg62-turbo""".split()
PROGRAMS = ['bin/dash', 'bin/ping', 'bin/ip', 'sbin/tc', 'usr/bin/iperf3', 'usr/sbin/pppd', 'usr/sbin/pppoe',
            'usr/sbin/pppoe-server', 'usr/lib/pppd/*/rp-pppoe.so', 'usr/sbin/dhcp6c', 'usr/sbin/dhcp6s']
# With what these need, from both kernels; a kernel that has one built in or not at all is fine.
MODULES = """ppp_generic pppoe ppp_async ppp_deflate bsd_comp veth ipv6 af_packet ifb act_mirred cls_matchall sch_ingress sch_netem
sch_tbf virtio_net virtio_pci 9p 9pnet_virtio""".split()


class Unavailable(Exception):
    """This machine cannot build the guests; says why."""


def run(*argv, check=True, **kw):
    done = subprocess.run([str(a) for a in argv], capture_output=True, **kw)
    if check and done.returncode != 0:
        raise Unavailable(f'{" ".join(map(str, argv))[:200]}: {done.stderr.decode(errors="replace").strip()[-400:]}')
    return done.stdout


def stock_kernel():
    """The package that linux-image-amd64 stands for (the cloud kernel has no PPP)."""
    for update in (False, True):
        if update:  # a machine whose package lists were never fetched, or cleaned away
            run('apt-get', 'update', '-qq', timeout=300)
        found = re.search(r'Depends: (linux-image-\S+)', run('apt-cache', 'depends', 'linux-image-amd64', check=update).decode())
        if found:
            return found.group(1)
    raise Unavailable('apt knows no linux-image-amd64')


def download(names, where):
    argv = ['apt-get', 'download', '-qq', '-o', 'APT::Sandbox::User=root', *names]
    try:
        run(*argv, cwd=where, timeout=300)
    except Unavailable:  # lists that name versions which are gone
        run('apt-get', 'update', '-qq', timeout=300)
        run(*argv, cwd=where, timeout=300)


def unpack(names):
    """Downloads the packages that are not cached and unpacks them over each other. Returns name -> version."""
    debs = WORK / 'debs'
    debs.mkdir(parents=True, exist_ok=True)
    missing = [n for n in names if not any(debs.glob(f'{n}_*.deb'))]
    if missing:
        download(missing, debs)
    versions = {}
    for name in names:
        deb = next(debs.glob(f'{name}_*.deb'))
        versions[name] = deb.name.split('_')[1].replace('%3a', ':')
        mark = UNPACKED / f'.{deb.name}'
        if not mark.exists():
            UNPACKED.mkdir(exist_ok=True)
            run('dpkg-deb', '-x', deb, UNPACKED)
            mark.touch()
    return versions


def unpack_kernel(image, out):
    """The ELF kernel of a bzImage (x86 boot protocol, Documentation/arch/x86/boot.rst): QEMU without KVM would take seconds to do it."""
    data = image.read_bytes()
    sectors, = struct.unpack_from('<B', data, 0x1f1)
    offset, length = struct.unpack_from('<II', data, 0x248)
    start = (sectors + 1) * 512 + offset
    payload = data[start:start + length]
    if not payload.startswith(b'\xfd7zXZ\0'):
        raise Unavailable(f'{image.name} is not compressed by xz: {payload[:6]!r}')
    out.write_bytes(lzma.LZMADecompressor().decompress(payload))


def place(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)


def libraries(program):
    text = run('ldd', program, env={**os.environ, 'LD_LIBRARY_PATH': str(LIBRARIES)}).decode()
    if 'not found' in text:
        raise Unavailable(f'{program}: a library is missing:\n{text}')
    return set(re.findall(r'(/\S+\.so\S*) \(', text))


def module_fields(data, key):
    return [m.decode() for m in re.findall(rb'\0%s=([^\0]*)' % key.encode(), b'\0' + data)]


def add_modules(source, image, release):
    """Copies MODULES and what they need, with the two tables that modprobe reads."""
    files = {p.stem.replace('-', '_'): p for p in source.rglob('*.ko')}
    needs, aliases, todo = {}, [], [m for m in MODULES if m in files]
    while todo:
        name = todo.pop()
        if name in needs:
            continue
        data = files[name].read_bytes()
        needs[name] = [n.replace('-', '_') for text in module_fields(data, 'depends')[:1] for n in text.split(',') if n]
        aliases += [f'alias {a} {name}\n' for a in module_fields(data, 'alias')]
        todo += needs[name]

    def closure(name):  # the needed before the needing
        out = []
        for n in needs[name]:
            out += [x for x in closure(n) + [n] if x not in out]
        return out

    target = image / 'lib/modules' / release
    for name in needs:
        place(files[name], target / files[name].name)
    (target / 'modules.alias').write_text(''.join(aliases))
    (target / 'modules.dep').write_text(''.join(
        f'{files[n].name}: {" ".join(files[d].name for d in reversed(closure(n)))}\n' for n in sorted(needs)))


def make_tree(image, releases):
    shutil.rmtree(image, ignore_errors=True)
    for folder in 'bin sbin lib lib64 usr proc sys dev tmp run etc/ppp var host root bb'.split():
        (image / folder).mkdir(parents=True)
    (image / 'var/run').symlink_to('/run')
    programs = [p for glob in PROGRAMS for p in sorted(UNPACKED.glob(glob))]
    for p in programs:
        place(p, image / p.relative_to(UNPACKED))
    for path in set().union(*map(libraries, programs)):
        folder = 'lib64' if 'ld-linux' in path else 'lib/x86_64-linux-gnu'
        place(path, image / folder / os.path.basename(path))
    place(UNPACKED / 'bin/busybox', image / 'bb/busybox')
    for applet in run(image / 'bb/busybox', '--list').decode().split():
        if applet != 'busybox':
            (image / 'bb' / applet).symlink_to('busybox')
    (image / 'sbin/modprobe').symlink_to('/bb/busybox')
    (image / 'bin/true').symlink_to('/bb/true')  # where Debian's peers files expect it
    (image / 'bin/sh').symlink_to('dash')  # busybox's sh would run its own ip
    for folder, release in releases:
        add_modules(folder, image, release)
    place(HERE / 'guest-init', image / 'init')
    (image / 'init').chmod(0o755)
    for name, text in (('passwd', 'root:x:0:0:root:/root:/bin/sh\n'), ('group', 'root:x:0:\n'),
                       ('hosts', '127.0.0.1 localhost guest\n'), ('ppp/options', '')):
        (image / 'etc' / name).write_text(text)


def pack(image):
    names = '\n'.join(str(p.relative_to(image)) for p in sorted(image.rglob('*'))) + '\n'
    cpio = run(image / 'bb/busybox', 'cpio', '-o', '-H', 'newc', '-R', '0:0', input=names.encode(), cwd=image)
    INITRD.write_bytes(gzip.compress(cpio, 1))


def qemu_command():
    """Starts QEMU from its unpacked packages; downloads them when they are first needed."""
    with open(WORK / 'lock', 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        unpack(QEMU_PACKAGES)
    return ['env', f'LD_LIBRARY_PATH={LIBRARIES}:{UNPACKED}/lib/x86_64-linux-gnu', UNPACKED / 'usr/bin/qemu-system-x86_64',
            '-L', UNPACKED / 'usr/share/seabios', '-L', UNPACKED / 'usr/share/qemu']


def build():
    """Makes everything that is missing. Returns the versions of what the guests contain."""
    WORK.mkdir(parents=True, exist_ok=True)
    with open(WORK / 'lock', 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs at once
        sources = b''.join((HERE / f).read_bytes() for f in ('image.py', 'guest-init', 'xstate.c'))
        stamp, want = WORK / 'versions.json', hashlib.sha256(sources).hexdigest()
        if stamp.exists() and (made := json.loads(stamp.read_text()))['sources'] == want:
            return made['versions']
        kernel = stock_kernel()
        versions = unpack([*PACKAGES, kernel])
        release = kernel.removeprefix('linux-image-')
        unpack_kernel(UNPACKED / 'boot' / f'vmlinuz-{release}', VMLINUX)
        place(UNPACKED / 'usr/bin/linux.uml', UML)
        run('cc', '-O2', '-Wall', '-shared', '-fPIC', '-o', XSTATE, HERE / 'xstate.c')
        uml_modules = next((UNPACKED / 'usr/lib/uml/modules').iterdir())
        make_tree(WORK / 'img', [(UNPACKED / 'lib/modules' / release, release), (uml_modules, uml_modules.name)])
        pack(WORK / 'img')
        stamp.write_text(json.dumps({'sources': want, 'versions': versions}, indent=1))
        return versions
