/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_MSCHAP_H
#define CONTROL_PPP_MSCHAP_H

#include <stddef.h>
#include <stdint.h>

/* What MS-CHAP (RFC 2433) and MS-CHAP-V2 (RFC 2759) compute. Names and secrets are zero-terminated; a secret is UTF-8, of which a byte that
 * is none counts as Latin-1. The arithmetic is as weak as its age: it is here because peers insist on it. */

enum {
	MSCHAP_CHALLENGE_LEN = 8,
	MSCHAP2_CHALLENGE_LEN = 16,
	MSCHAP_HASH_LEN = 16,
	MSCHAP_NT_RESPONSE_LEN = 24,
	MSCHAP2_PROOF_LEN = 20,
};

/* NtPasswordHash (RFC 2759 section 8.3): MD4 of the secret in UTF-16, little end first. */
void mschap_password_hash(const char *secret, uint8_t hash[MSCHAP_HASH_LEN]);
/* ChallengeResponse (section 8.5): the challenge under three DES keys cut from the hash. */
void mschap_nt_response(const uint8_t challenge[MSCHAP_CHALLENGE_LEN], const uint8_t hash[MSCHAP_HASH_LEN],
	uint8_t response[MSCHAP_NT_RESPONSE_LEN]);

/* ChallengeHash (section 8.2). The name goes in without a domain: what stands before the last '\' is left out. */
void mschap2_challenge_hash(const uint8_t peers[MSCHAP2_CHALLENGE_LEN], const uint8_t ours[MSCHAP2_CHALLENGE_LEN],
	const char *name, uint8_t challenge[MSCHAP_CHALLENGE_LEN]);
/* GenerateAuthenticatorResponse (section 8.7), as bytes: by it the authenticator shows that it knows the secret, too. */
void mschap2_proof(const uint8_t hash[MSCHAP_HASH_LEN], const uint8_t response[MSCHAP_NT_RESPONSE_LEN],
	const uint8_t challenge[MSCHAP_CHALLENGE_LEN], uint8_t proof[MSCHAP2_PROOF_LEN]);

#endif
