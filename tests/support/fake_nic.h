/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_SUPPORT_FAKE_NIC_H
#define TESTS_SUPPORT_FAKE_NIC_H

#include <rte_ethdev.h>

#include "tests/support/rig.h"

/* A network card that hashes PPPoE and follows rte_flow rules, in front of a rig's ports: the driver's headers are not installed with
 * DPDK, so the linker puts this between the data plane and ethdev (--wrap; the test's meson.build says which calls). It keeps the rules
 * as a card does, refuses what it is told to, fails the test at anything that is no rule of ours, and puts frames into the queue that
 * its rules say, else the one its hash says. */

enum { FAKE_NIC_RULES = 1024 };

struct fake_nic {
	/* settings */
	uint64_t rss_offered; /* besides what the real driver offers */
	uint64_t rss_refused; /* offered, and refused when asked for */
	unsigned table;       /* rules that it holds: the next is refused with table_errno */
	int table_errno;      /* 0: ENOSPC */
	int refuse[3];        /* errno for rules of frames with so many VLAN tags; 0: taken */
	const char *message;  /* with a refusal */
	bool once;            /* a second rule for the same frames is refused with EEXIST */
	void (*asked)(void);  /* called when a rule is asked for */

	/* what happened */
	uint64_t rss
		[RTE_MAX_ETHPORTS]; /* what each device was asked for when it was configured last, of what is offered here */
	unsigned n, most;           /* rules now, and at most */
	unsigned asked_for;         /* in all, refused ones too */
};

extern struct fake_nic fake_nic;

/* An empty card; before rig_open(). */
void fake_nic_reset(void);
/* The queue, of so many, that a frame comes to; port: DPDK's number. */
unsigned fake_nic_queue(uint16_t port, const struct frame *f, unsigned queues);
/* A frame arrives at the rig's port. */
void fake_nic_receive(struct rig *r, unsigned port, const struct frame *f);
/* The card forgets its rules, as after a reset, and says nothing. */
void fake_nic_forget(void);

#endif
