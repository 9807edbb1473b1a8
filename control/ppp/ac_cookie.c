/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/ac_cookie.h"

#include <nettle/hmac.h>
#include <nettle/memops.h>

enum { WHO_LEN = ETH_ADDR_LEN + 2 + 4 + 8 };

void
ac_cookie_init(struct ac_cookie *c, const uint8_t random[2 * AC_COOKIE_KEY_LEN], uint64_t now_ms)
{
	memcpy(c->key, random, sizeof(c->key));
	c->slot = 1;
	c->next_ms = now_ms + AC_COOKIE_PERIOD_MS;
}

bool
ac_cookie_is_stale(const struct ac_cookie *c, uint64_t now_ms)
{
	return now_ms >= c->next_ms;
}

void
ac_cookie_rotate(struct ac_cookie *c, const uint8_t random[2 * AC_COOKIE_KEY_LEN], uint64_t now_ms)
{
	if (now_ms - c->next_ms >= AC_COOKIE_PERIOD_MS) { /* even the current key is older than the previous may be */
		memcpy(c->key, random, sizeof(c->key));
		c->slot += 2;
	} else {
		memcpy(c->key[1], c->key[0], AC_COOKIE_KEY_LEN);
		memcpy(c->key[0], random, AC_COOKIE_KEY_LEN);
		c->slot++;
	}
	c->next_ms = now_ms + AC_COOKIE_PERIOD_MS;
}

static void
digest(const uint8_t key[AC_COOKIE_KEY_LEN], uint64_t slot, const struct ac_cookie_host *who,
	uint8_t out[AC_COOKIE_LEN])
{
	struct hmac_sha256_ctx hmac;
	uint8_t bytes[WHO_LEN];

	memcpy(bytes, &who->peer, ETH_ADDR_LEN);
	store_be16(bytes + 6, who->port);
	store_be16(bytes + 8, who->vlans.outer);
	store_be16(bytes + 10, who->vlans.inner);
	store_be64(bytes + 12, slot);
	hmac_sha256_set_key(&hmac, AC_COOKIE_KEY_LEN, key);
	hmac_sha256_update(&hmac, sizeof(bytes), bytes);
	hmac_sha256_digest(&hmac, AC_COOKIE_LEN, out);
}

void
ac_cookie_store(const struct ac_cookie *c, const struct ac_cookie_host *who, uint8_t out[AC_COOKIE_LEN])
{
	digest(c->key[0], c->slot, who, out);
}

bool
ac_cookie_is_valid(const struct ac_cookie *c, const struct ac_cookie_host *who, const uint8_t *cookie, size_t len)
{
	uint8_t want[AC_COOKIE_LEN];

	if (len != AC_COOKIE_LEN)
		return false;
	digest(c->key[0], c->slot, who, want);
	if (memeql_sec(want, cookie, AC_COOKIE_LEN))
		return true;
	digest(c->key[1], c->slot - 1, who, want);
	return memeql_sec(want, cookie, AC_COOKIE_LEN) != 0;
}
