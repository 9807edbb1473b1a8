/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/config.h"

/* Writes hawser.yaml(5): tests/unit/config/make_hawser_yaml_5 >docs/man/hawser.yaml.5 in the build directory's terms. */
int
main(void)
{
	config_schema_print_man(stdout);
	return ferror(stdout) || fflush(stdout) != 0;
}
