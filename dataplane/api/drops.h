/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_API_DROPS_H
#define DATAPLANE_API_DROPS_H

enum drop_reason {
#define DROP(name, sentence) DROP_##name,
#include "dataplane/api/drops.def"
#undef DROP
	DROP_REASONS
};

/* Short name as in drops.def, lower case, and its sentence. Both static strings; NULL when r is out of range. */
const char *drop_name(enum drop_reason r);
const char *drop_sentence(enum drop_reason r);

#endif
