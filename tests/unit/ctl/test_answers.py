#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What hawserctl makes of a daemon's answers, good and bad. Usage: test_answers.py HAWSERCTL"""
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

HAWSERCTL = None
DONE, FAILED, NO_DAEMON = 0, 1, 4  # hawserctl(1), EXIT STATUS
BODY = json.dumps({'version': '1.2', 'commit': 'abc', 'dpdk': 'DPDK', 'build': 'gcc', 'name': 'x', 'pid': 1, 'uptime_ms': 1}).encode()


def answer(body, status='200 OK', length=None):
    return b'HTTP/1.1 %s\r\nContent-Type: application/json\r\ncontent-length: %d\r\n\r\n%s' % (
        status.encode(), len(body) if length is None else length, body)


class Answers(unittest.TestCase):
    def ask(self, reply):
        """One connection is answered with these bytes, and closed."""
        with tempfile.TemporaryDirectory(prefix='ctl-') as where, socket.socket(socket.AF_UNIX) as listener:
            path = pathlib.Path(where) / 'sock'
            listener.bind(str(path))
            listener.listen(1)
            listener.settimeout(10)

            def serve():
                peer, _ = listener.accept()
                with peer:
                    peer.settimeout(10)
                    peer.recv(4096)
                    peer.sendall(reply)

            server = threading.Thread(target=serve)
            server.start()
            done = subprocess.run([HAWSERCTL, '-s', path, 'version'], capture_output=True, text=True, timeout=20, check=False)
            server.join()
        return done.returncode, done.stdout, done.stderr

    def refused(self, reply, status, why):
        code, out, err = self.ask(reply)
        self.assertEqual((code, out), (status, ''), err)
        self.assertRegex(err, rf'\Ahawserctl: [^\n]*{why}[^\n]*\n\Z')

    def test_a_whole_answer(self):
        code, out, err = self.ask(answer(BODY))
        self.assertEqual((code, err), (DONE, ''))
        self.assertIn('hawserd 1.2 (commit abc), DPDK', out)

    def test_an_answer_without_a_length_ends_with_the_connection(self):
        self.assertEqual(self.ask(b'HTTP/1.0 200 OK\r\n\r\n' + BODY)[0], DONE)

    def test_a_refusal_is_told(self):
        self.refused(answer(b'{"error": "no such link"}', '404 Not Found'), FAILED, 'no such link')

    def test_a_daemon_that_ends_while_it_answers(self):
        whole = answer(BODY)
        for n in (0, 1, 8, whole.index(b'\r\n\r\n'), whole.index(b'\r\n\r\n') + 4, len(whole) - 10, len(whole) - 1):
            with self.subTest(bytes=n):
                self.refused(whole[:n], NO_DAEMON, 'hawserd closed the connection')

    def test_something_else_that_answers(self):
        self.refused(b'SSH-2.0-OpenSSH\r\n', FAILED, 'the answer is not HTTP')
        self.refused(b'HTTP/1.1 x\r\n\r\n', FAILED, 'the answer is not HTTP')
        self.refused(answer(b'<html>'), FAILED, r'the answer \(status 200\) is not JSON')
        self.refused(answer(BODY + b'}'), FAILED, 'is not JSON')


if __name__ == '__main__':
    HAWSERCTL = sys.argv.pop(1)
    unittest.main()
