# SPDX-License-Identifier: BSD-3-Clause
"""What the tests of hawser-import share: running it in place and as a command, and asking hawserd about the result."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TOOL = ROOT / 'tools' / 'hawser-import' / 'hawser-import'
sys.path.insert(0, str(TOOL.parent))
sys.dont_write_bytecode = True

from hawser_import import main  # noqa: E402
from hawser_import.yaml_writer import Writer  # noqa: E402

hawserd = None  # path, set by test_import.py


class Result:
    """What became of some files."""

    def __init__(self, texts, section=None):
        self.texts = texts
        self.system = main.import_files(texts, section)

    def client(self, name=None):
        return next(c for c in self.system.clients if name is None or c.name == name)

    def values(self, client=None):
        """Every key of a client, its links' as links.NAME.key, and process keys as process.key."""
        found = {f'process.{k}': v.value for k, v in self.system.process.values.items()}
        if not self.system.clients:
            return found
        c = self.client(client)
        found |= {k: v.value for k, v in c.settings.values.items()}
        for link in c.links:
            found[f'links.{link.name}.ports'] = [i for i, _ in link.ports]
            found |= {f'links.{link.name}.{k}': v.value for k, v in link.own.values.items()}
        return found

    def reasons(self, notes):
        return ' '.join(f'{line.place} {line.text}: {part} {why}' for line, whys in notes.values() for why, parts in whys.items()
                        for part in parts)

    @property
    def left(self):
        return self.reasons(self.system.left)

    @property
    def needless(self):
        return self.reasons(self.system.needless)

    @property
    def remarks(self):
        return [str(r) for r in self.system.remarks.sorted(list(self.texts))]

    def yaml(self, **kw):
        return Writer(self.system, **kw).text()


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix='hawser-import-'))
        self.addCleanup(lambda: subprocess.run(['rm', '-r', str(self.dir)], check=True))

    def check(self, yaml):
        """hawserd --check on it: (accepted, what it said)."""
        path = self.dir / 'hawser.yaml'
        path.touch(mode=0o600)
        path.write_text(yaml)
        done = subprocess.run([hawserd, '--check', '-c', str(path)], capture_output=True, text=True, timeout=60, check=False)
        return done.returncode == 0, done.stdout + done.stderr

    def accepted(self, yaml):
        good, said = self.check(yaml)
        self.assertTrue(good, f'{said}\n{yaml}')
        return said

    def tool(self, *argv, stdout=None):
        """The command itself."""
        return subprocess.run([sys.executable, '-B', str(TOOL), *map(str, argv)], stdout=stdout or subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=60, cwd=self.dir, check=False)

    def put(self, name, text, mode=0o600):
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(mode)
        return path

    def rows(self, rows, make):
        """A table: (statement, {key: value}) or (statement, 'left', part of the reason) or (statement, 'needless', part)."""
        for row in rows:
            with self.subTest(statement=row[0]):
                result = make(row[0])
                values = result.values()
                for expected in row[1:]:
                    if isinstance(expected, dict):
                        for key, value in expected.items():
                            if value is None:
                                self.assertNotIn(key, values)
                            else:
                                self.assertEqual(values.get(key, '(no key)'), value, key)
                    else:
                        kind, part = expected
                        self.assertIn(part, getattr(result, kind))
                self.accepted(result.yaml())
