/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>

#include "dataplane/wire/tcp_mss.h"

/* What the stages mss and ip_route do to IP packets, for comparison with others who do it: packets on standard input, each behind two bytes
 * of length (big endian), come out the same way, MSS clamped and one hop further.
 *
 *   clamp MSS4 MSS6 */

enum { PACKET_MAX = 65535 };

static uint16_t
number(const char *text)
{
	char *end;
	const unsigned long n = strtoul(text, &end, 10);

	if (*text == '\0' || *end != '\0' || n > UINT16_MAX)
		exit(2);
	return (uint16_t)n;
}

static void
hop(uint8_t *p, size_t n)
{
	if (ip_version(p, n) == 6 && n >= IP6_HDR_LEN)
		ip6_hop_decrement(p);
	else if (ip_version(p, n) == 4 && n >= IP4_HDR_MIN)
		ip4_ttl_decrement(p);
}

int
main(int argc, char **argv)
{
	static uint8_t packet[PACKET_MAX];
	uint8_t len[2];
	uint16_t v4, v6;

	if (argc != 3)
		return 2;
	v4 = number(argv[1]);
	v6 = number(argv[2]);
	while (fread(len, sizeof(len), 1, stdin) == 1) {
		const size_t n = load_be16(len);

		if (fread(packet, 1, n, stdin) != n)
			return 1;
		if (mss_may_clamp(packet, n))
			mss_clamp(packet, n, v4, v6);
		hop(packet, n);
		if (fwrite(len, sizeof(len), 1, stdout) != 1 || fwrite(packet, 1, n, stdout) != n)
			return 1;
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
