/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "config/schema.h"
#include "config/value.h"

/* hawser.yaml(5). Groups that stand in several places are described once, behind the one where they occur first. */

enum { GROUPS_MAX = 64 };

struct man {
	FILE *out;
	const struct schema_group *groups[GROUPS_MAX]; /* to be described, in the order of their first occurrence */
	size_t n;
};

/* mdoc takes a dot or quote at the start of a line, and any backslash, for a command. */
static void
put_text(struct man *m, const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", m->out);
	for (const char *s = text; *s != '\0'; s++)
		if (*s == '\\')
			fputs("\\e", m->out);
		else
			fputc(*s, m->out);
}

/* One sentence a line, no macro, so that any punctuation is text. */
static void
put_sentence(struct man *m, const char *text)
{
	put_text(m, text);
	fputc('\n', m->out);
}

/* ------------------------------------------------------------------ values */

static const char *
kind_name(const struct schema_key *key)
{
	static const char *const units[] = {[SCHEMA_PLAIN] = "number",
		[SCHEMA_RATE] = "rate",
		[SCHEMA_TIME] = "time",
		[SCHEMA_SIZE] = "size",
		[SCHEMA_PER_SECOND] = "number a second"};

	switch (key->kind) {
	case SCHEMA_BOOL:
		return "yes or no";
	case SCHEMA_NUMBER:
		return units[key->unit];
	case SCHEMA_WORD:
		return "word";
	case SCHEMA_TEXT:
		return "text";
	case SCHEMA_SECRET:
		return "secret text";
	case SCHEMA_NAME:
		return "name";
	case SCHEMA_REF:
		return strcmp(key->target, "ports") == 0        ? "name of a port"
			: strncmp(key->target, "pools", 5) == 0 ? "name of a pool"
			: strcmp(key->target, "links") == 0     ? "name of a link"
			: strcmp(key->target, "templates") == 0 ? "name of a template"
								: "name of a client";
	case SCHEMA_ADDRESS4:
		return "IPv4 address";
	case SCHEMA_PREFIX4:
		return "IPv4 prefix";
	case SCHEMA_RANGE4:
		return "IPv4 address, range or prefix";
	case SCHEMA_IP:
		return "IP address";
	case SCHEMA_IP_PREFIX:
		return "IP prefix";
	case SCHEMA_IP_AND_NET:
		return "IP address with prefix length";
	case SCHEMA_MAC:
		return "MAC address";
	case SCHEMA_VLAN:
	case SCHEMA_VLAN_OR_ANY:
		return "VLAN";
	case SCHEMA_GROUP:
		return "group";
	case SCHEMA_MAP:
		return "mapping of names to groups";
	case SCHEMA_LIST:
		return "list of groups";
	case SCHEMA_FORBIDDEN:
		break;
	}
	return "refused";
}

static void
put_words(struct man *m, const struct schema_key *key)
{
	for (const struct schema_word *w = key->words; w != NULL && w->name != NULL; w++)
		fprintf(m->out, "%s%s", w == key->words ? "" : w[1].name == NULL ? " or " : ", ", w->name);
}

static void
put_range(struct man *m, const struct schema_key *key)
{
	char low[VALUE_TEXT_MAX], high[VALUE_TEXT_MAX];

	if (key->kind == SCHEMA_WORD) {
		fputs(": ", m->out);
		put_words(m, key);
	} else if (key->kind == SCHEMA_NUMBER) {
		fprintf(m->out, ", %s to %s", value_format_number(key, key->min, low),
			value_format_number(key, key->max, high));
		if (key->words != NULL) {
			fputs(", or ", m->out);
			put_words(m, key);
		}
	} else if (key->kind == SCHEMA_TEXT || key->kind == SCHEMA_SECRET) {
		fprintf(m->out, " of %d to %d bytes", (int)key->min, (int)key->max);
	}
}

static void
put_type(struct man *m, const struct schema_key *key)
{
	fputs(key->flags & SCHEMA_MANY ? "Type: list of: " : "Type: ", m->out);
	fputs(key->flags & SCHEMA_BARE ? "mapping of names to lists" : kind_name(key), m->out);
	put_range(m, key);
	fputs(".\n", m->out);
}

static void
put_policy_defaults(struct man *m, const struct schema_key *key)
{
	const char *glue = "Defaults: ";

	for (const struct schema_key *k = key->group->keys; k->name != NULL; k++) {
		fprintf(m->out, "%s%s %s", glue, k->name, k->preset);
		glue = ", ";
	}
	fputs(".\n", m->out);
}

static void
put_default(struct man *m, const struct schema_key *key)
{
	if (key->flags & SCHEMA_REQUIRED)
		fputs("Required.\n", m->out);
	else if (key->kind == SCHEMA_GROUP && strcmp(key->group->name, "policy") == 0)
		put_policy_defaults(m, key);
	else if (key->absent != NULL)
		fprintf(m->out, "If not given: %s.\n", key->absent);
	else if ((key->flags & SCHEMA_MANY) && key->preset != NULL)
		fprintf(m->out, "Default: [%s].\n", key->preset);
	else if (key->preset != NULL)
		fprintf(m->out, "Default: %s.\n", key->preset);
}

/* ------------------------------------------------------------------ groups */

/* Policies have one description, though several tables: their defaults differ. */
static void
want_group(struct man *m, const struct schema_group *group)
{
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->groups[i]->name, group->name) == 0)
			return;
	if (m->n < GROUPS_MAX)
		m->groups[m->n++] = group;
}

static void
put_key(struct man *m, const struct schema_key *key)
{
	fprintf(m->out, ".It Cm %s\n", key->name);
	if (key->kind == SCHEMA_FORBIDDEN) {
		fputs("Refused: ", m->out);
		put_sentence(m, key->help);
		return;
	}
	put_sentence(m, key->help);
	put_type(m, key);
	put_default(m, key);
	if (key->group != NULL) {
		fprintf(m->out, "See\n.Sx %s .\n", key->group->name);
		want_group(m, key->group);
	}
}

static void
put_group(struct man *m, const struct schema_group *group)
{
	const bool policy = strcmp(group->name, "policy") == 0;

	fprintf(m->out, ".Ss %s\n", group->name);
	put_sentence(m, group->help);
	fputs(".Bl -tag -width Ds\n", m->out);
	for (const struct schema_key *k = group->keys; k->name != NULL; k++) {
		struct schema_key row = *k;

		if (policy)
			row.preset = NULL; /* stands at each option */
		put_key(m, &row);
	}
	fputs(".El\n", m->out);
}

/* ------------------------------------------------------------------ the page */

static const char head[] =
	".\\\" SPDX-License-Identifier: BSD-3-Clause\n"
	".\\\" Made from the schema table by config/man.c: change it there.\n"
	".Dd November 21, 2026\n"
	".Dt HAWSER.YAML 5\n"
	".Os hawser\n"
	".Sh NAME\n"
	".Nm hawser.yaml\n"
	".Nd configuration of hawserd\n"
	".Sh DESCRIPTION\n"
	"One YAML file describes one\n"
	".Xr hawserd 8\n"
	"process: access concentrators, clients, or both, any number of each.\n"
	"Unknown and repeated keys, values of a wrong type or out of range, and contradictions are errors.\n"
	"All of them are shown in one run, each as\n"
	".Dq file:line:column: key: why .\n"
	".Pp\n"
	"A key that may be absent can be given as ~, which is the same as leaving it out.\n"
	"Where a list of single values is expected, one value may stand alone.\n"
	".Ss values\n"
	".Bl -tag -width Ds\n";

static const char tail[] = ".Sh EXAMPLES\n"
			   "A client with two lines:\n"
			   ".Bd -literal -offset indent\n"
			   "ports:\n"
			   "  dsl1: {device: \"net_af_packet0,iface=eth1\", kind: access,\n"
			   "         line: {rate: 30 Mbit/s}}\n"
			   "  dsl2: {device: \"net_af_packet1,iface=eth2\", kind: access,\n"
			   "         line: {rate: 10 Mbit/s}}\n"
			   "  lan: {device: \"net_af_packet2,iface=eth0\", kind: ip,\n"
			   "        addresses: [192.168.1.1/24]}\n"
			   "secrets_file: secrets.yaml\n"
			   "clients:\n"
			   "  home:\n"
			   "    username: user@isp.example\n"
			   "    links:\n"
			   "      a: {ports: dsl1}\n"
			   "      b: {ports: dsl2}\n"
			   ".Ed\n"
			   ".Pp\n"
			   "Complete files are in config/examples of the sources.\n"
			   ".Sh SEE ALSO\n"
			   ".Xr hawser-import 1 ,\n"
			   ".Xr hawserctl 1 ,\n"
			   ".Xr hawserd 8\n"
			   ".Sh STANDARDS\n"
			   "RFC 1661, RFC 1990, RFC 2516, RFC 4638.\n";

static void
put_units(struct man *m)
{
	static const struct {
		enum schema_unit unit;
		const char *name, *example;
	} rows[] = {
		{SCHEMA_RATE, "rate", "1.5 Mbit/s"},
		{SCHEMA_TIME, "time", "20 ms"},
		{SCHEMA_SIZE, "size", "256 MiB"},
		{SCHEMA_PER_SECOND, "number a second", "200 /s"},
	};
	char units[VALUE_TEXT_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		fprintf(m->out, ".It %s\nA number with the unit %s; %s for example.\n", rows[i].name,
			value_units(rows[i].unit, units), rows[i].example);
	fprintf(m->out,
		".It number\nA whole number without unit.\n"
		".It yes or no\nAlso true or false.\n"
		".It name\n1 to %d letters, digits, '_', and behind the first also '-' and '.'.\n.El\n",
		CONFIG_NAME_MAX);
}

void
config_schema_print_man(FILE *out)
{
	struct man m = {.out = out};

	fputs(head, out);
	put_units(&m);
	fputs(".Sh KEYS\n", out);
	want_group(&m, &schema_root);
	for (size_t i = 0; i < m.n; i++)
		put_group(&m, m.groups[i]);
	fputs(tail, out);
}
