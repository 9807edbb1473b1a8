/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_REPLAY_H
#define CONTROL_REPLAY_H

/* hawserd --replay: captured links in, the IP packets of their bundles out. Exit status. */

struct replay_options {
	const char *const *inputs;
	unsigned n_inputs;
	const char *out;
};

int replay_run(const struct replay_options *o);

#endif
