#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Answers PPPoE discovery (RFC 2516) for sessions that are pinned at the peer: discovery.py DEVICE AC-MAC SESSION [...]

It sends from the peer's MAC address, so that the session's frames go to the peer afterwards.
"""
import select
import socket
import struct
import sys

ETH_P_ALL = 0x0003
ETHERTYPE, PADI, PADO, PADR, PADS = 0x8863, 0x09, 0x07, 0x19, 0x65
SERVICE_NAME, AC_NAME, HOST_UNIQ = 0x0101, 0x0102, 0x0103


def tags(data):
    while len(data) >= 4:
        kind, length = struct.unpack_from('!HH', data)
        yield kind, data[4:4 + length]
        data = data[4 + length:]


def tag(kind, value):
    return struct.pack('!HH', kind, len(value)) + value


def answer(frame, mac, session):
    """The frame to send back, None if there is nothing to answer."""
    code, _, length = struct.unpack_from('!xBHH', frame, 14)
    if code not in (PADI, PADR):
        return None
    wanted = dict(tags(frame[20:20 + length]))
    body = tag(SERVICE_NAME, wanted.get(SERVICE_NAME, b''))
    if code == PADI:
        body += tag(AC_NAME, b'pinned')
    if HOST_UNIQ in wanted:
        body += tag(HOST_UNIQ, wanted[HOST_UNIQ])
    head = struct.pack('!BBHH', 0x11, PADO if code == PADI else PADS, 0 if code == PADI else session, len(body))
    return frame[6:12] + mac + struct.pack('!H', ETHERTYPE) + head + body


def main():
    lines = {}
    for device, mac, session in zip(*[iter(sys.argv[1:])] * 3):
        # All protocols: a bridge takes the frames of its ports before sockets for one protocol see them.
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        s.bind((device, ETH_P_ALL))
        lines[s] = bytes.fromhex(mac.replace(':', '')), int(session)
    print('ready', flush=True)
    while True:
        for s in select.select(list(lines), [], [])[0]:
            frame, address = s.recvfrom(2048)
            incoming = address[1] == ETHERTYPE and address[2] != socket.PACKET_OUTGOING
            reply = answer(frame, *lines[s]) if incoming else None
            if reply is not None:
                s.send(reply)
                if reply[15] == PADS:
                    print(f'session {lines[s][1]}', flush=True)


main()
