#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The stages of tools/check. Each returns a list of (name, result, detail); the last line printed counts them."""
import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / 'build'
PASS, FAIL, SKIP = 'passed', 'failed', 'skipped'
BENCH_PAGES = 768


def command(name, *argv, timeout=900, env=None):
    """One test that is a command: passes when it exits 0."""
    try:
        done = subprocess.run([str(a) for a in argv], cwd=ROOT, capture_output=True, text=True, timeout=timeout,
                              env={**os.environ, **(env or {})})
    except subprocess.TimeoutExpired as e:
        return name, FAIL, f'not done within {timeout} s\n{e.stdout or ""}'
    text = (done.stdout + done.stderr).strip()
    return name, PASS if done.returncode == 0 else FAIL, text if done.returncode else ''


def tracked(*patterns):
    done = subprocess.run(['git', 'ls-files', '-co', '--exclude-standard', *patterns], cwd=ROOT, capture_output=True,
                          text=True, check=True)
    return [f for f in done.stdout.split() if (ROOT / f).exists()]


def build(name, *options, env=None):
    """Configures (once) and builds everything in build/<name>, warnings as errors."""
    where = BUILD / name
    if not (where / 'build.ninja').exists():
        row = command(f'configure {name}', 'meson', 'setup', where, '--werror', *options, env=env)
        if row[1] == FAIL:
            return row
    return command(f'build {name}', 'ninja', '--quiet', '-C', where, env=env)


def meson_tests(name, suites, env=None):
    """Runs suites of build/<name>; a row each test program."""
    where = BUILD / name
    argv = ['meson', 'test', '-C', str(where), '--no-rebuild', '--print-errorlogs', '--num-processes', '2']
    for s in suites:
        argv += ['--suite', s]
    log = where / 'meson-logs' / 'testlog.json'
    log.unlink(missing_ok=True)
    subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=1500, env={**os.environ, **(env or {})},
                   check=False)
    rows = []
    for line in log.read_text().splitlines() if log.exists() else []:
        t = json.loads(line)
        result = {'OK': PASS, 'SKIP': SKIP}.get(t['result'], FAIL)
        cases = len(re.findall(r'^\[ +OK +\]|^ok \d+', t.get('stdout', '') + t.get('stderr', ''), re.M))
        detail = (t.get('stdout', '') + t.get('stderr', ''))[-3000:] if result == FAIL else f'{cases} cases' if cases else ''
        rows.append((f'{name}: {t["name"].split(" / ")[-1]} ({t["duration"]:.1f} s)', result, detail))
    return rows or [(f'{name}: {", ".join(suites)}', FAIL, 'no test ran')]


def judged_by(version, name, tool, *argv):
    """A judge whose opinions change from version to version: the one of Debian 12 counts."""
    here = subprocess.run([tool, '--version'], capture_output=True, text=True, check=True).stdout.strip()
    if not re.search(rf'\b{re.escape(version)}\b', here):
        return name, SKIP, f'judged by {tool} {version}, and here is: {here}'
    return command(name, tool, *argv)


def stage_lint():
    return [
        judged_by('14.0', 'format', 'clang-format', '--dry-run', '-Werror', *tracked('*.c', '*.h')),
        command('include directions', 'tools/dev/include-directions.py'),
        command('drop reasons: each documented and provoked', 'tools/dev/drops.py', '--check'),
        command('RFC coverage: all that it names exists', 'tools/dev/rfc-coverage.py', '--check'),
        judged_by('2.10', 'cppcheck', 'cppcheck', '--quiet', '--error-exitcode=1', '--inline-suppr', '--std=c11', '-j2', '-I.',
                  '--include=/usr/include/jansson.h', '--enable=warning,performance,portability',
                  '--suppressions-list=tools/dev/cppcheck.txt', 'dataplane', 'control', 'config', 'tools'),
        command('shell scripts parse', 'sh', '-n', 'tools/demo', 'tools/check', '.ci/run', 'tools/dev/packages.sh'),
    ]


def stage_unit():
    row = build('gcc', '--buildtype=debugoptimized')
    return [row] if row[1] == FAIL else [row, *meson_tests('gcc', ['unit', 'sim', 'dpdk', 'docs'])]


def stage_clang():
    row = build('clang', '--buildtype=debugoptimized', env={'CC': 'clang'})
    return [row] if row[1] == FAIL else [row, *meson_tests('clang', ['unit'])]


def stage_sanitize():
    env = {'ASAN_OPTIONS': 'detect_leaks=1', 'UBSAN_OPTIONS': 'halt_on_error=1:print_stacktrace=1'}
    row = build('asan', '--buildtype=debugoptimized', '-Db_sanitize=address,undefined')
    return [row] if row[1] == FAIL else [row, *meson_tests('asan', ['unit', 'sim', 'dpdk', 'fuzz'], env)]


def cases(suite, *argv):
    """Runs a script that prints a line for each case: 'ok NAME (s)', 'FAILED NAME', 'skipped NAME: why'."""
    process = subprocess.Popen([sys.executable, *argv], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True, env={**os.environ, 'HAWSER_BUILD': str(BUILD / 'gcc')})
    rows, text = [], []
    for line in process.stdout:
        m = re.match(r'(ok|FAILED|skipped) (.*)', line.rstrip())
        if not m:
            text.append(line)
            continue
        result = {'ok': PASS, 'FAILED': FAIL, 'skipped': SKIP}[m[1]]
        rows.append((f'{suite}: {m[2]}', result, ''.join(text[-200:]) if result == FAIL else ''))
        print(f'  {result:8}{rows[-1][0]}', flush=True)
        text = []
    process.wait()
    if process.returncode != 0 and all(r[1] != FAIL for r in rows):
        rows.append((suite, FAIL, ''.join(text[-50:])))
    return rows or [(suite, FAIL, 'no case ran')]


def stage_e2e():
    return cases('e2e', 'tests/e2e/run', 'all')


def stage_soak():
    return cases('soak', 'tests/soak/run', 'short')


def stage_interop():
    return cases('interop', 'tests/interop/run', 'all')


@contextlib.contextmanager
def hugepages(wanted):
    """So many free hugepages of 2 MB, taken from the machine for a while where there are fewer; yields how many there are."""
    folder = pathlib.Path('/sys/kernel/mm/hugepages/hugepages-2048kB')
    if not folder.exists():
        yield 0
        return
    all_of_them = folder / 'nr_hugepages'
    before, free = int(all_of_them.read_text()), int((folder / 'free_hugepages').read_text())
    if free < wanted:
        all_of_them.write_text(str(before + wanted - free))
    try:
        yield int((folder / 'free_hugepages').read_text())
    finally:
        if free < wanted:
            all_of_them.write_text(str(before))


def bench_rows(returncode, text):
    """A row each goal that the short form says something of; the goals that are met are one row."""
    rows = []
    for line in text.splitlines():
        m = re.match(r'(MISSED BY MORE THAN A QUARTER|WORSE THAN KNOWN|not judged|not run|missed|met, though)\b(.*)', line)
        if m:
            result = FAIL if m[1].isupper() or m[1].startswith('MISSED') else SKIP if m[1].startswith('not') else PASS
            rows.append((f'bench: {line}', result, ''))
    met = sum(1 for line in text.splitlines() if re.match(r'P\d.* met  ', line))
    rows.append((f'bench: {met} goals met', PASS, ''))
    if returncode not in (0, 77) and all(r[1] != FAIL for r in rows):
        rows.append(('bench', FAIL, text[-3000:]))
    return rows


def stage_bench():
    """The short form of hawser-bench against its goals, on a build as it ships."""
    row = build('release', '--buildtype=release')
    if row[1] == FAIL:
        return [row]
    with hugepages(BENCH_PAGES) as free:
        if free < BENCH_PAGES:
            return [row, ('bench', SKIP, f'wants {BENCH_PAGES} free hugepages of 2 MB')]
        try:
            done = subprocess.run([str(BUILD / 'release/tools/hawser-bench/hawser-bench'), '--short'], cwd=ROOT,
                                  capture_output=True, text=True, timeout=900)
        except subprocess.TimeoutExpired:
            return [row, ('bench', FAIL, 'not done within 900 s')]
    return [row, *bench_rows(done.returncode, done.stdout + done.stderr)]


STAGES = {'lint': stage_lint, 'unit': stage_unit, 'clang': stage_clang, 'sanitize': stage_sanitize, 'e2e': stage_e2e,
          'soak': stage_soak, 'interop': stage_interop, 'bench': stage_bench}
ON_GCC_BUILD = ('e2e', 'soak', 'interop')


def main():
    wanted = sys.argv[1:] or list(STAGES)
    unknown = [s for s in wanted if s not in STAGES]
    if unknown:
        print(f'no stage {", ".join(unknown)}: there are {", ".join(STAGES)}')
        return 2
    if set(ON_GCC_BUILD) & set(wanted) and 'unit' not in wanted:
        build('gcc', '--buildtype=debugoptimized')
    rows = []
    for name in wanted:
        print(f'== {name}', flush=True)
        start = time.monotonic()
        for row in STAGES[name]():
            rows.append(row)
            if name not in ON_GCC_BUILD or row[1] == FAIL:
                print(f'  {row[1]:8}{row[0]}' + (f'  {row[2]}' if row[1] != FAIL and row[2] else ''), flush=True)
            if row[1] == FAIL:
                print('\n'.join('    | ' + line for line in row[2].splitlines()[-60:]), flush=True)
        print(f'   {time.monotonic() - start:.0f} s', flush=True)
    for name, result, _detail in rows:
        if result == FAIL:
            print(f'FAILED {name}')
    count = {r: sum(1 for row in rows if row[1] == r) for r in (PASS, FAIL, SKIP)}
    print(f'{count[PASS]} passed, {count[FAIL]} failed, {count[SKIP]} skipped')
    return 1 if count[FAIL] else 0


if __name__ == '__main__':
    sys.exit(main())
