#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""hawser-import against listings, directives, wrong files and noise; each result goes to hawserd --check.

    test_import.py HAWSERD [CLASS...]
"""
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True

import support  # noqa: E402
from test_files import Files, Noise, Secrets  # noqa: E402, F401
from test_guide import Guide  # noqa: E402, F401
from test_keys import Keys  # noqa: E402, F401
from test_listings import Listings  # noqa: E402, F401
from test_mpd import Mpd  # noqa: E402, F401
from test_packet_filter import PacketFilter  # noqa: E402, F401
from test_ppp_conf import PppConf  # noqa: E402, F401
from test_pppd import Gentoo, Pppd  # noqa: E402, F401

if __name__ == '__main__':
    support.hawserd = sys.argv[1]
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
