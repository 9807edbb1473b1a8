#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A RADIUS server (RFC 2865) that accepts everybody, for l2tpns, which knows no other way to authenticate.

    radius.py PORT SECRET FRAMED-ADDRESS FRAMED-ROUTE
"""
import hashlib
import socket
import struct
import sys

ACCESS_REQUEST, ACCESS_ACCEPT, ACCOUNTING_RESPONSE = 1, 2, 5
SERVICE_TYPE, FRAMED_PROTOCOL, FRAMED_ADDRESS, FRAMED_ROUTE = 6, 7, 8, 22


def attribute(kind, value):
    return bytes([kind, 2 + len(value)]) + value


def main():
    port, secret, address, route = int(sys.argv[1]), sys.argv[2].encode(), sys.argv[3], sys.argv[4]
    accept = (attribute(SERVICE_TYPE, struct.pack('!I', 2)) + attribute(FRAMED_PROTOCOL, struct.pack('!I', 1)) +
              attribute(FRAMED_ADDRESS, socket.inet_aton(address)) + attribute(FRAMED_ROUTE, f'{route} 0.0.0.0 1'.encode()))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(('127.0.0.1', port))
        print('ready', flush=True)
        while True:
            request, peer = server.recvfrom(4096)
            code, ident, authenticator = request[0], request[1], request[4:20]
            attributes = accept if code == ACCESS_REQUEST else b''
            head = struct.pack('!BBH', ACCESS_ACCEPT if code == ACCESS_REQUEST else ACCOUNTING_RESPONSE, ident, 20 + len(attributes))
            server.sendto(head + hashlib.md5(head + authenticator + attributes + secret).digest() + attributes, peer)


main()
