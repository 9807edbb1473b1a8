# SPDX-License-Identifier: BSD-3-Clause
"""Frames of PPPoE, PPP, multilink, IPv4 and ICMP, from bytes to values and back: written from the RFCs for the raw peer, so that
hawser's own codec meets another one."""
import collections
import struct

DISCOVERY, SESSION = 0x8863, 0x8864
PADI, PADO, PADR, PADS, PADT = 0x09, 0x07, 0x19, 0x65, 0xa7
SERVICE_NAME, AC_NAME, HOST_UNIQ, AC_COOKIE = 0x0101, 0x0102, 0x0103, 0x0104
SERVICE_NAME_ERROR, AC_SYSTEM_ERROR, GENERIC_ERROR = 0x0201, 0x0202, 0x0203
BROADCAST = b'\xff' * 6
FRAME_MIN = 60

IPV4, MP, IPV6 = 0x0021, 0x003d, 0x0057
IPCP, ECP, IPV6CP, CCP, LCP, PAP, CHAP = 0x8021, 0x8053, 0x8057, 0x80fd, 0xc021, 0xc023, 0xc223

# RFC 1661 section 5, RFC 1570
CONF_REQ, CONF_ACK, CONF_NAK, CONF_REJ, TERM_REQ, TERM_ACK, CODE_REJ = 1, 2, 3, 4, 5, 6, 7
PROTO_REJ, ECHO_REQ, ECHO_REP, DISCARD, IDENTIFICATION = 8, 9, 10, 11, 12
ANSWERS = CONF_ACK, CONF_NAK, CONF_REJ
CHALLENGE, RESPONSE, SUCCESS, FAILURE = 1, 2, 3, 4  # RFC 1994
AUTH_REQ, AUTH_ACK, AUTH_NAK = 1, 2, 3              # RFC 1334

# LCP options: RFC 1661, 1570, 1990, 2125
MRU, ACCM, AUTH, QUALITY, MAGIC, PFC, ACFC, FCS, PADDING, NUMBERED, CALLBACK, COMPOUND = 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 13, 15
MRRU, SSNHF, ENDPOINT, LINK_DISCRIMINATOR = 17, 18, 19, 23
COMPRESSION, ADDRESS, DNS1, DNS2 = 2, 3, 129, 131  # of IPCP

Frame = collections.namedtuple('Frame', 'dst src type code session payload')
# A packet of a control protocol. raw: all of it, header first; inside: whether it came in multilink frames.
Control = collections.namedtuple('Control', 'proto code id data raw inside')


def u16(value):
    return struct.pack('!H', value)


def u32(value):
    return struct.pack('!I', value)


# PPPoE


def frame(dst, src, kind, code, session, payload):
    head = dst + src + struct.pack('!HBBHH', kind, 0x11, code, session, len(payload))
    return (head + payload).ljust(FRAME_MIN, b'\0')


def parse(data):
    """The PPPoE frame of these bytes, None if they are another one or damaged."""
    if len(data) < 20:
        return None
    kind, version, code, session, length = struct.unpack_from('!HBBHH', data, 12)
    if kind not in (DISCOVERY, SESSION) or version != 0x11 or length > len(data) - 20:
        return None
    return Frame(data[:6], data[6:12], kind, code, session, data[20:20 + length])


def tag(kind, value=b''):
    return struct.pack('!HH', kind, len(value)) + value


def tags(data):
    """[(type, value)]"""
    out = []
    while len(data) >= 4:
        kind, length = struct.unpack_from('!HH', data)
        out.append((kind, data[4:4 + length]))
        data = data[4 + length:]
    return out


# PPP


def protocol(value, short=False):
    """A protocol field; short: one byte, where that is possible (RFC 1661 section 6.5)."""
    return bytes([value]) if short and value < 0x100 else u16(value)


def split_protocol(data):
    """(protocol, what follows)"""
    if data[:1] and data[0] & 1:
        return data[0], data[1:]
    if len(data) < 2:
        return None, b''
    return struct.unpack_from('!H', data)[0], data[2:]


def control(code, ident, data=b''):
    return struct.pack('!BBH', code, ident, 4 + len(data)) + data


def parse_control(proto, raw, inside=False):
    """None if it is damaged. What follows the length is padding."""
    if len(raw) < 4:
        return None
    code, ident, length = struct.unpack_from('!BBH', raw)
    if not 4 <= length <= len(raw):
        return None
    return Control(proto, code, ident, raw[4:length], raw[:length], inside)


def option(kind, data=b''):
    return struct.pack('!BB', kind, 2 + len(data)) + data


def encode(options):
    return b''.join(option(kind, data) for kind, data in options)


def decode(data):
    """[(type, data)]; None if an option's length is wrong."""
    out = []
    while data:
        if len(data) < 2 or not 2 <= data[1] <= len(data):
            return None
        out.append((data[0], data[2:data[1]]))
        data = data[data[1]:]
    return out


# Multilink (RFC 1990 section 3)


def mp_header(first, last, number, short=False, reserved=0):
    flags = first << 7 | last << 6
    if short:
        return u16((flags | reserved << 4) << 8 | number)
    return u32((flags | reserved) << 24 | number)


def mp_parse(data, short=False):
    """(first, last, number, data)"""
    word = struct.unpack_from('!H' if short else '!I', data)[0]
    top = word >> 8 if short else word >> 24
    return bool(top & 0x80), bool(top & 0x40), word & (0xfff if short else 0xffffff), data[2 if short else 4:]


# IPv4 and ICMP


def checksum(data):
    total = sum(struct.unpack(f'!{len(data) // 2}H', data[:len(data) & ~1])) + (data[-1] << 8 if len(data) & 1 else 0)
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def echo_request(src, dst, ident, number, data):
    icmp = struct.pack('!BBHHH', 8, 0, 0, ident, number) + data
    icmp = icmp[:2] + u16(checksum(icmp)) + icmp[4:]
    head = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(icmp), number, 0, 64, 1, 0, src, dst)
    return head[:10] + u16(checksum(head)) + head[12:] + icmp


def echo_reply(packet):
    """(source, destination, identifier, number, data) of an ICMP echo reply with sound checksums, None if it is none."""
    if len(packet) < 28 or packet[0] != 0x45 or packet[9] != 1 or checksum(packet[:20]):
        return None
    packet = packet[:struct.unpack_from('!H', packet, 2)[0]]
    kind, code, _, ident, number = struct.unpack_from('!BBHHH', packet, 20)
    if (kind, code) != (0, 0) or checksum(packet[20:]):
        return None
    return packet[12:16], packet[16:20], ident, number, packet[28:]


def show(packet):
    """A line for people."""
    names = {LCP: 'LCP', IPCP: 'IPCP', CHAP: 'CHAP', PAP: 'PAP'}
    return (f'{names.get(packet.proto, hex(packet.proto))} code {packet.code} id {packet.id} {packet.data.hex() or "-"}'
            f'{" inside MP" if packet.inside else ""}')
