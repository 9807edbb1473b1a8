/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/mschap.h"

#include <nettle/des.h>
#include <nettle/md4.h>
#include <nettle/sha1.h>
#include <string.h>

_Static_assert(MD4_DIGEST_SIZE == MSCHAP_HASH_LEN && SHA1_DIGEST_SIZE == MSCHAP2_PROOF_LEN, "sizes of the digests");

/* ------------------------------------------------------------------ the secret as UTF-16 */

/* Bytes that follow the first of a character in UTF-8; 0: it stands alone, or is no beginning of one. */
static unsigned
more_bytes(uint8_t first)
{
	if (first >= 0xc2 && first <= 0xdf)
		return 1;
	if (first >= 0xe0 && first <= 0xef)
		return 2;
	return first >= 0xf0 && first <= 0xf4 ? 3 : 0;
}

/* The smallest number that needs so many further bytes: a longer form of a smaller one is no UTF-8. */
static uint32_t
smallest(unsigned more)
{
	static const uint32_t of[] = {0, 0x80, 0x800, 0x10000};

	return of[more];
}

static uint32_t
character_next(const uint8_t **at)
{
	const uint8_t *p = *at;
	const unsigned more = more_bytes(p[0]);
	uint32_t c = more == 0 ? p[0] : p[0] & (0x3fu >> more);

	*at = p + 1;
	for (unsigned i = 1; i <= more; i++) { /* the terminating zero is none of the following bytes */
		if ((p[i] & 0xc0) != 0x80)
			return p[0];
		c = c << 6 | (p[i] & 0x3f);
	}
	if (more != 0 && (c < smallest(more) || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)))
		return p[0];
	*at = p + 1 + more;
	return c;
}

static void
hash_unit(struct md4_ctx *ctx, uint32_t unit)
{
	const uint8_t bytes[2] = {(uint8_t)unit, (uint8_t)(unit >> 8)};

	md4_update(ctx, sizeof(bytes), bytes);
}

void
mschap_password_hash(const char *secret, uint8_t hash[MSCHAP_HASH_LEN])
{
	const uint8_t *at = (const uint8_t *)secret;
	struct md4_ctx ctx;

	md4_init(&ctx);
	while (*at != 0) {
		const uint32_t c = character_next(&at);

		if (c >= 0x10000)
			hash_unit(&ctx, 0xd800 + ((c - 0x10000) >> 10));
		hash_unit(&ctx, c >= 0x10000 ? 0xdc00 + (c & 0x3ff) : c);
	}
	md4_digest(&ctx, MSCHAP_HASH_LEN, hash);
}

/* ------------------------------------------------------------------ responses */

/* DesEncrypt (RFC 2759 section 8.6): 56 bits of key spread over eight bytes, whose lowest bits are parity and left alone by the cipher. */
static void
encrypt(const uint8_t key[7], const uint8_t clear[DES_BLOCK_SIZE], uint8_t cypher[DES_BLOCK_SIZE])
{
	uint8_t spread[DES_KEY_SIZE];
	uint64_t bits = 0;
	struct des_ctx ctx;

	for (unsigned i = 0; i < 7; i++)
		bits = bits << 8 | key[i];
	for (unsigned i = 0; i < DES_KEY_SIZE; i++)
		spread[i] = (uint8_t)(bits >> (49 - 7 * i) << 1);
	(void)des_set_key(&ctx, spread); /* false for a weak key, which works all the same */
	des_encrypt(&ctx, DES_BLOCK_SIZE, cypher, clear);
}

void
mschap_nt_response(const uint8_t challenge[MSCHAP_CHALLENGE_LEN], const uint8_t hash[MSCHAP_HASH_LEN],
	uint8_t response[MSCHAP_NT_RESPONSE_LEN])
{
	uint8_t keys[21] = {0};

	memcpy(keys, hash, MSCHAP_HASH_LEN);
	for (unsigned i = 0; i < 3; i++)
		encrypt(keys + 7 * i, challenge, response + 8 * i);
}

void
mschap2_challenge_hash(const uint8_t peers[MSCHAP2_CHALLENGE_LEN], const uint8_t ours[MSCHAP2_CHALLENGE_LEN],
	const char *name, uint8_t challenge[MSCHAP_CHALLENGE_LEN])
{
	const char *domain_end = strrchr(name, '\\');
	const char *user = domain_end != NULL ? domain_end + 1 : name;
	struct sha1_ctx ctx;

	sha1_init(&ctx);
	sha1_update(&ctx, MSCHAP2_CHALLENGE_LEN, peers);
	sha1_update(&ctx, MSCHAP2_CHALLENGE_LEN, ours);
	sha1_update(&ctx, strlen(user), (const uint8_t *)user);
	sha1_digest(&ctx, MSCHAP_CHALLENGE_LEN, challenge);
}

void
mschap2_proof(const uint8_t hash[MSCHAP_HASH_LEN], const uint8_t response[MSCHAP_NT_RESPONSE_LEN],
	const uint8_t challenge[MSCHAP_CHALLENGE_LEN], uint8_t proof[MSCHAP2_PROOF_LEN])
{
	static const char magic1[] = "Magic server to client signing constant";
	static const char magic2[] = "Pad to make it do more than one iteration";
	uint8_t hash_hash[MSCHAP_HASH_LEN], inner[SHA1_DIGEST_SIZE];
	struct md4_ctx md4;
	struct sha1_ctx sha1;

	md4_init(&md4);
	md4_update(&md4, MSCHAP_HASH_LEN, hash);
	md4_digest(&md4, sizeof(hash_hash), hash_hash);
	sha1_init(&sha1);
	sha1_update(&sha1, sizeof(hash_hash), hash_hash);
	sha1_update(&sha1, MSCHAP_NT_RESPONSE_LEN, response);
	sha1_update(&sha1, sizeof(magic1) - 1, (const uint8_t *)magic1);
	sha1_digest(&sha1, sizeof(inner), inner);
	sha1_init(&sha1);
	sha1_update(&sha1, sizeof(inner), inner);
	sha1_update(&sha1, MSCHAP_CHALLENGE_LEN, challenge);
	sha1_update(&sha1, sizeof(magic2) - 1, (const uint8_t *)magic2);
	sha1_digest(&sha1, MSCHAP2_PROOF_LEN, proof);
}
