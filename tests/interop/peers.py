# SPDX-License-Identifier: BSD-3-Clause
"""What each peer does that is unusual, and how hawser answers: seen in the cells, told in docs/interop.md."""

BEHAVIOUR = [
    ('Linux kernel', 'throws away a multilink fragment without data before it takes note of its number; each null fragment of RFC 1990 '
     'is then a hole, and packets behind it wait until every link has passed it',
     'null fragments carry an LCP Discard-Request, which RFC 1990 section 2 allows inside MP; one that comes in is counted as null'),
    ('pppd', 'the kernel has no session until pppd has connected it, some milliseconds after the PADS: a Configure-Request that follows '
     'the PADS at once is lost', 'a request without an answer is repeated 200 ms after the peer sent its own, not after 3 s'),
    ('pppd', 'rejects protocol 0x003d for the milliseconds between CHAP or PAP success and its interface',
     'a Protocol-Reject of multilink within 2 s of link-up is noted and survived; later it closes the link'),
    ('pppd', 'the pppd of the first link owns the interface of the bundle: ended, it ends the others; killed, it leaves links without a '
     'bundle; its link lost, it stays as the owner', 'each link is judged by its own LCP; a link that dials again joins the living bundle'),
    ('Linux, after a crash', 'dials anew while its old links look alive, and says nothing to frames of sessions it does not know; its new '
     'links begin with number 0', 'a link joins a bundle only after a sign of life from that; after three seconds of silence its old links '
     'are ended and the new ones get a bundle of their own'),
    ('pppd, killed by force', 'its kernel sends no PADT and drops what comes in', 'echoes find it (echo_interval x echo_failures)'),
    ('pppd', 'without `mrru` it announces its MRU, 1486 in the guide', 'no packet above it is sent, though RFC 1990 asks it to take 1500'),
    ('pppd with the rp-pppoe plugin', 'sets the MTU of the bundle to 1492 at most, whatever the MRRU',
     'nothing to do on our side; `ip link set ppp0 mtu 1500` on theirs'),
    ('pppd', 'NCPs (IPCP, IPV6CP, CCP) travel inside MP, LCP does not; the inner protocol field is one byte though PFC was never agreed',
     'both lengths are taken always; CCP and IPV6CP are answered by Protocol-Reject'),
    ('Linux kernel as the sender', 'cuts every packet into equal pieces whatever the lines carry, and never pauses: twice the slowest '
     'line is all it brings through', 'accepted up to the configured window; the loss is the sender\'s'),
    ('Linux kernel as the receiver', 'has 128 slots and no timer', 'our pieces arrive at the same time on all lines: paced to each '
     'line\'s rate and shifted by its latency'),
    ('a line that is much later than the other', 'its lateness cannot be known before the first packet came over it',
     'that packet may be lost (counted as mp_late, mp_lost); from then on the window is as patient as the measured skew asks'),
    ('pppoe-server', 'hands each session to pppd over a pty: bursts lose frames, 20 to 100 Mbit/s are its limit',
     'the loss is counted as mp_lost'),
    ('pppoe-server', 'asks for CCP and VJ compression', 'Protocol-Reject and Configure-Reject; the bundle stays'),
    ('pppoe -T', 'gives the line up after so many seconds without a frame', 'our echoes are frames'),
    ('l2tpns', 'listens on one interface: all lines reach it with the same AC MAC', 'sessions are told apart by port'),
    ('l2tpns', 'announces MRU 1462, MRRU 1614 and its IP address as endpoint', 'all taken; our MTU becomes 1614'),
    ('l2tpns', 'answers Terminate-Request and PADT, but keeps the session in its bundle for seconds; a link that dials meanwhile joins '
     'the dead bundle and gets no IPCP', 'IPCP is tried again until the old session has expired'),
    ('l2tpns', 'sends its first LCP packet so soon that it overtakes the handling of the PADS', 'dropped as session_unknown, repeated by '
     'both ends'),
    ('User-mode Linux', 'on CPUs with AMX its 2.7 KiB of extended registers are too few for PTRACE_SETREGSET: init is killed at boot',
     '`tests/interop/xstate.c`, a preloaded ptrace() that fills the rest'),
]

NOT_COVERED = [
    'Pinned sessions as such: our client always does discovery, which a script of the cell answers for the pinned peer.',
]
