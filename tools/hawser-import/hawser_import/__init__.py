# SPDX-License-Identifier: BSD-3-Clause
"""hawser-import: configurations of other bonding systems become hawser YAML.

One module a source system (ppp_conf, mpd, pppd, gentoo, interfaces, packet_filter) fills one model (model.py), which one writer
prints (yaml_writer.py). keys.py has every key that is ever written. Nothing here opens a file but main.py.
"""
