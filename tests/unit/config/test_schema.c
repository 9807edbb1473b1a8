/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/bind.h"
#include "config/schema.h"
#include "config/value.h"
#include "tests/unit/config/support.h"

/* Walks the table itself: what holds for every key is checked for every key. */

typedef void visit_key(const struct schema_group *group, const struct schema_key *key, const char *path, void *ctx);

static void
walk(const struct schema_group *group, const char *path, visit_key *visit, void *ctx)
{
	for (const struct schema_key *k = group->keys; k->name != NULL; k++) {
		char below[256];

		snprintf(below, sizeof(below), "%s%s%s", path, path[0] ? "." : "", k->name);
		visit(group, k, below, ctx);
		if (k->kind == SCHEMA_MAP && !(k->flags & SCHEMA_BARE))
			strcat(below, ".*");
		if (k->group != NULL && !(k->flags & SCHEMA_BARE))
			walk(k->group, below, visit, ctx);
	}
}

/* ------------------------------------------------------------------ settable */

/* Binds "key: text" in the group and compares what it is printed as; NULL wants a refusal. */
static void
try(const struct schema_group *group, const struct schema_key *key, const char *path, const char *text,
	const char *printed)
{
	struct config_notes notes = {0};
	struct bind b = {.file = "t", .places = places_new(), .notes = &notes};
	char yaml[512], buf[VALUE_TEXT_MAX];
	void *base = calloc(1, group->size);
	yaml_document_t doc;
	bool refused = false;
	const char *got;

	snprintf(yaml, sizeof(yaml), "%s: %s\n", key->name, text);
	b.doc = &doc;
	assert_true(bind_parse(&b, (const unsigned char *)yaml, strlen(yaml), &doc));
	bind_document(&b, group, base);
	for (size_t i = 0; i < notes.n; i++)
		refused |= strcmp(notes.items[i].key, key->name) == 0;
	got = value_format(key, (char *)base + key->offset, buf);
	if (refused != (printed == NULL) || (printed != NULL && (got == NULL || strcmp(got, printed) != 0)))
		fail_msg("%s: %s: wanted %s, is %s%s", path, text, printed ? printed : "refusal", got ? got : "(unset)",
			refused ? ", refused" : "");
	bind_forget(&doc);
	schema_free(group, base);
	free(base);
	places_free(b.places);
	config_notes_free(&notes);
}

static void
try_number(const struct schema_group *group, const struct schema_key *key, const char *path)
{
	char buf[VALUE_TEXT_MAX];
	const char *low, *high;

	low = strdup(value_format_number(key, key->min, buf));
	try(group, key, path, low, low);
	high = strdup(value_format_number(key, key->max, buf));
	try(group, key, path, high, high);
	if (key->words == NULL || (key->min != 1 && key->min != 0))
		try(group, key, path, value_format_number(key, key->min - 1, buf), NULL);
	try(group, key, path, value_format_number(key, key->max + 1, buf), NULL);
	for (const struct schema_word *w = key->words; w != NULL && w->name != NULL; w++)
		try(group, key, path, w->name, w->name);
	try(group, key, path, "fast", NULL);
	free((void *)(uintptr_t)low);
	free((void *)(uintptr_t)high);
}

static void
try_kind(const struct schema_group *group, const struct schema_key *key, const char *path)
{
	switch (key->kind) {
	case SCHEMA_BOOL:
		try(group, key, path, "yes", "yes");
		try(group, key, path, "no", "no");
		try(group, key, path, "true", "yes");
		try(group, key, path, "false", "no");
		try(group, key, path, "on", NULL);
		break;
	case SCHEMA_NUMBER:
		try_number(group, key, path);
		break;
	case SCHEMA_WORD:
		for (const struct schema_word *w = key->words; w->name != NULL; w++)
			try(group, key, path, w->name, w->name);
		try(group, key, path, "neither", NULL);
		break;
	case SCHEMA_TEXT:
		try(group, key, path, "some text", "some text");
		try(group, key, path, "\"\"", NULL);
		break;
	case SCHEMA_SECRET:
		try(group, key, path, "12345", "(secret)");
		try(group, key, path, "[a]", NULL);
		break;
	case SCHEMA_NAME:
	case SCHEMA_REF:
		try(group, key, path, "a-name_2.b", "a-name_2.b");
		try(group, key, path, "-a", NULL);
		break;
	case SCHEMA_ADDRESS4:
		try(group, key, path, "192.0.2.7", "192.0.2.7");
		try(group, key, path, "255.255.255.255", NULL);
		break;
	case SCHEMA_PREFIX4:
		try(group, key, path, "192.0.2.0/24", "192.0.2.0/24");
		try(group, key, path, "192.0.2.7", "192.0.2.7/32");
		try(group, key, path, "192.0.2.0/", NULL);
		break;
	case SCHEMA_IP:
		try(group, key, path, "192.0.2.7", "192.0.2.7");
		try(group, key, path, "\"2001:db8::7\"", "2001:db8::7");
		try(group, key, path, "192.0.2", NULL);
		break;
	case SCHEMA_IP_PREFIX:
		try(group, key, path, "0.0.0.0/0", "0.0.0.0/0");
		try(group, key, path, "2001:db8::/32", "2001:db8::/32");
		try(group, key, path, "\"2001:db8::1/32\"", NULL);
		try(group, key, path, "\"2001:db8::/129\"", NULL);
		try(group, key, path, "192.0.2.0/2x", NULL);
		break;
	case SCHEMA_MAC:
		try(group, key, path, "02:0a:FF:00:00:01", "02:0a:ff:00:00:01");
		try(group, key, path, "02:0a:ff:00:00:0g", NULL);
		break;
	case SCHEMA_VLAN:
	case SCHEMA_VLAN_OR_ANY:
		try(group, key, path, "untagged", "untagged");
		try(group, key, path, "0", "0");
		try(group, key, path, "4094", "4094");
		try(group, key, path, "200.7", "200.7");
		try(group, key, path, "ad:200.7", "ad:200.7");
		try(group, key, path, "\"ad:\"", NULL);
		break;
	case SCHEMA_RANGE4:
	case SCHEMA_IP_AND_NET:
		fail_msg("%s: only in lists", path);
		break;
	case SCHEMA_GROUP:
	case SCHEMA_MAP:
	case SCHEMA_LIST:
	case SCHEMA_FORBIDDEN:
		break;
	}
}

static void
visit_settable(const struct schema_group *group, const struct schema_key *key, const char *path, void *ctx)
{
	(void)ctx;
	/* lists and ranges: see values_of_a_file_arrive_in_their_fields */
	if (!(key->flags & SCHEMA_MANY))
		try_kind(group, key, path);
}

static void
every_key_takes_what_its_row_says_and_nothing_else(void **state)
{
	(void)state;
	walk(&schema_root, "", visit_settable, NULL);
}

/* ------------------------------------------------------------------ defaults, help */

static void
visit_row(const struct schema_group *group, const struct schema_key *key, const char *path, void *ctx)
{
	(*(unsigned *)ctx)++;
	if (key->help == NULL || key->help[0] == '\0')
		fail_msg("%s has no help", path);
	if (key->kind != SCHEMA_FORBIDDEN && key->help[strlen(key->help) - 1] != '.')
		fail_msg("%s: the help is no sentence", path);
	if (schema_is_scalar(key) && !(key->flags & SCHEMA_REQUIRED) && (key->preset == NULL) == (key->absent == NULL))
		fail_msg("%s says not once what holds when it is not given", path);
	if (key->preset != NULL && !(key->flags & SCHEMA_MANY))
		try(group, key, path, key->preset, key->preset);
}

static void
count_keys(const struct schema_group *g)
{
	unsigned n = 0;

	for (const struct schema_key *k = g->keys; k->name != NULL; k++, n++)
		if (k->group != NULL)
			count_keys(k->group);
	assert_in_range(n, 1, SCHEMA_KEYS_MAX);
}

/* The loader remembers where each key of a group stood. */
static void
no_group_has_more_keys_than_the_loader_remembers(void **state)
{
	(void)state;
	count_keys(&schema_root);
}

static void
every_key_has_help_and_a_default_that_is_valid(void **state)
{
	unsigned rows = 0;

	(void)state;
	walk(&schema_root, "", visit_row, &rows);
	assert_true(rows > 150);
}

/* ------------------------------------------------------------------ shown and documented */

/* One of everything, with values other than the defaults wherever there are any. */
static const char everything[] =
	"process:\n"
	"  name: n1\n"
	"  workers: 2\n"
	"  cpus: [5, 3]\n"
	"  control_cpu: 7\n"
	"  idle: busy\n"
	"  memory: 1.5 GiB\n"
	"  hugepages: yes\n"
	"  bundles_max: 11\n"
	"  sessions_max: 12\n"
	"  routes_max: 100\n"
	"  reassembly_memory: 65 MiB\n"
	"  punt_rate: 1000 /s\n"
	"  punt_session_rate: 20/s\n"
	"  control_socket: /tmp/n1.sock\n"
	"  operator_group: staff\n"
	"  viewer_group: users\n"
	"  event_log: /tmp/events.json\n"
	"  log_level: debug\n"
	"  eal_args: [--log-level=8, \"-l 0\"]\n"
	"ports:\n"
	"  wan:\n"
	"    device: d0,iface=eth0\n"
	"    kind: access\n"
	"    mtu: 1508\n"
	"    rx_queues: 3\n"
	"    tx_queues: 4\n"
	"    steering: rings\n"
	"    rules_max: 300\n"
	"    line: {rate: 30.5 Mbit/s, latency: 250 us, encapsulation: atm, overhead: -4, cost: 3}\n"
	"  lan: {device: d1, kind: ip, addresses: [192.0.2.1/24, \"2001:db8::1/64\"], proxy_arp: yes, probe_addresses: yes,\n"
	"    delegated: {client: c, subnet: 7}, address_of: c}\n"
	"routes:\n"
	"  - {to: 203.0.113.0/24, via: 192.0.2.9}\n"
	"  - {to: \"2001:db8:1::/48\", via: \"2001:db8::9\"}\n"
	"  - {to: 198.18.0.0/15, port: lan}\n"
	"  - {to: 198.51.100.0/24, client: c}\n"
	"  - {to: 0.0.0.0/0, blackhole: yes}\n"
	"concentrators:\n"
	"  ac:\n"
	"    ports: [wan]\n"
	"    vlans: [untagged, 100, 200.7, \"ad:300.8\"]\n"
	"    ac_name: the ac\n"
	"    service_names: [internet, \"voice: 2\"]\n"
	"    any_service: no\n"
	"    on_wrong_service: silent\n"
	"    max_payload: no\n"
	"    pado_delay: 15 ms\n"
	"    limits: {padi_rate: 10 /s, padi_rate_per_mac: 11 /s, sessions: 12, sessions_per_mac: 13,\n"
	"      sessions_per_vlan: 14, sessions_per_port: 15}\n"
	"    authentication: [pap, chap, mschapv2, mschap]\n"
	"    auth_name: challenger\n"
	"    own_authentication: [mschapv2, chap]\n"
	"    username: ourselves\n"
	"    password: our own\n"
	"    rechallenge: 5 min\n"
	"    failure_delay: 250 ms\n"
	"    address: 192.0.2.1\n"
	"    pool: p\n"
	"    fsm_timeout: 4 s\n"
	"    authentication_timer: 2500 ms\n"
	"    authentication_tries: 31\n"
	"    dns: [192.0.2.53, 192.0.2.54]\n"
	"    request_dns: yes\n"
	"    ip_mtu: 1490\n"
	"    network: {address: {want: no, allow: yes}, restart_timer: 6 s, max_configure: 32, max_terminate: 33,\n"
	"      max_failure: 34}\n"
	"    pool6: links\n"
	"    delegated_pool: homes\n"
	"    dns6: ['2001:db8::53', '2001:db8::54']\n"
	"    preferred_lifetime: 30 min\n"
	"    valid_lifetime: 24 h\n"
	"    source_check: no\n"
	"    bandwidth_management: {low_water: 10}\n"
	"    mss: {v4: 1414, v6: off, from_links: no, to_links: no}\n"
	"    scrub: {reassemble: yes, min_ttl: 15, clear_df: yes, from_links: yes, to_links: no}\n"
	"    multilink:\n"
	"      require: yes\n"
	"      allow_unauthenticated: yes\n"
	"      mrru: 1590\n"
	"      endpoint: {class: magic, value: 0123456789abcdef}\n"
	"      links_max: 16\n"
	"      mode: round-robin\n"
	"      min_fragment: 256\n"
	"      tolerate_reorder: no\n"
	"      strict_reserved_bits: yes\n"
	"      null_fragments: never\n"
	"      stall_min: 31 ms\n"
	"      stall_max: 320 ms\n"
	"      queue: 33 ms\n"
	"      window_fragments_max: 1024\n"
	"      bundle_key: strip-realm\n"
	"    lcp:\n"
	"      mru: 1480\n"
	"      mtu: 1470\n"
	"      echo_interval: 7 s\n"
	"      echo_failures: 9\n"
	"      restart_timer: 1500 ms\n"
	"      max_configure: 21\n"
	"      max_terminate: 22\n"
	"      max_failure: 23\n"
	"      options:\n"
	"        mru: {want: no, allow: no}\n"
	"        magic: {want: no, allow: yes}\n"
	"        mrru: {want: yes, allow: no}\n"
	"        short_sequence: {want: yes, allow: yes}\n"
	"        endpoint: {want: no, allow: no}\n"
	"        pfc: {allow: yes}\n"
	"pools:\n"
	"  p: [10.1.0.0/30, 10.1.0.8-10.1.0.9, 10.1.0.31, 10.1.0.32/31]\n"
	"pools6:\n"
	"  homes: {prefixes: ['2001:db8:8000::/40', '2001:db8:9000::/56'], length: 60}\n"
	"  links: {prefixes: '2001:db8:100::/48', length: 64}\n"
	"users:\n"
	"  \"u@isp \\\"x\\\"\": {password: one two, address: 10.9.0.1, routes: [10.8.0.0/16, 10.7.7.7], links_max: 5,\n"
	"    sessions_max: 6, bundle: b, prefix6: '2001:db8:1:2::/64', delegated_prefix: '2001:db8:4000::/52'}\n"
	"  v: {password: \"~\"}\n"
	"clients:\n"
	"  c:\n"
	"    username: me\n"
	"    password: mine\n"
	"    service_name: internet\n"
	"    ac_name: theirs\n"
	"    authentication: chap\n"
	"    peer_authentication: [chap, pap]\n"
	"    peer_username: them\n"
	"    peer_password: their own\n"
	"    peer_rechallenge: 10 min\n"
	"    address: 10.4.0.4\n"
	"    accept_address: 10.4.0.0/16\n"
	"    dns: [192.0.2.55]\n"
	"    fsm_timeout: 5 s\n"
	"    authentication_timer: 1 min\n"
	"    authentication_tries: 41\n"
	"    network: {address: {want: yes, allow: no}, restart_timer: 7 s}\n"
	"    request_dns: no\n"
	"    request_prefix: yes\n"
	"    prefix_hint: 48\n"
	"    default_route: no\n"
	"    routes: [10.6.0.0/16]\n"
	"    ip_mtu: fit-one-fragment\n"
	"    source_check: yes\n"
	"    mss: {v4: off}\n"
	"    scrub: {min_ttl: 254, from_links: no}\n"
	"    multilink: {mode: overflow, overflow_limit: 7 ms, profile: windows, endpoint: {class: phone, value: 4912345}}\n"
	"    lcp: {mru: 1400}\n"
	"    redial: {delay: 2 s, increment: 3 s, limit: 4 min, jitter: 0 s, attempts: 5, carrier_wait: 20 s}\n"
	"    dial: on-demand\n"
	"    start_order: one-by-one\n"
	"    idle_timeout: 10 min\n"
	"    links:\n"
	"      a:\n"
	"        ports: wan\n"
	"        vlan: ad:7.9\n"
	"        mac: 02:00:00:00:00:0a\n"
	"        line: {rate: 1 Gbit/s, encapsulation: ptm}\n"
	"        username: other\n"
	"        password: others\n"
	"        max_payload: yes\n"
	"        redial: {delay: 2500 ms, attempts: -1}\n"
	"      b: {ports: [wan]}\n"
	"  d:\n"
	"    authentication: []\n"
	"    default_route: no\n"
	"    bandwidth_management: {period: 2 min, high_water: 70, low_water: 15, min_connect: 10 s, min_disconnect: 40 s,\n"
	"      low_reading: every-slot, links: [y, x]}\n"
	"    links:\n"
	"      x: {ports: wan, vlan: 21, line: {rate: 2 Mbit/s, receive_rate: 16 Mbit/s}}\n"
	"      y: {ports: wan, vlan: 22, line: {rate: 1 Mbit/s}}\n"
	"hooks:\n"
	"  resolv: {events: [bundle-up, bundle-changed, link-refused], run: [/bin/sh, -c, \"echo $HAWSER_DNS1\"], timeout: 3 s}\n"
	"  note: {events: link-down, run: /bin/true}\n";

static struct config *
load_everything(void)
{
	struct config_notes notes;
	struct config *cfg = load_text(everything, &notes);

	if (cfg == NULL) {
		config_notes_print(stderr, &notes);
		fail();
	}
	config_notes_free(&notes);
	return cfg;
}

struct shown {
	char paths[2048][128];
	unsigned n;
};

/* Paths of printed YAML, by indentation; what lies directly in a map is a name, and becomes "*". */
static void
collect(const char *yaml, struct shown *shown)
{
	static const char *const maps[] = {
		"ports", "concentrators", "pools6", "users", "clients", "clients.*.links", "hooks"};
	char at[10][128] = {""};

	for (const char *line = yaml; *line != '\0'; line = strchr(line, '\n') + 1) {
		const size_t indent = strspn(line, " -");
		const size_t depth = indent / 2;
		char name[64], path[128];
		bool object = false;

		snprintf(name, sizeof(name), "%.*s", (int)strcspn(line + indent, ":\n"), line + indent);
		for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
			object |= strcmp(at[depth], maps[i]) == 0;
		snprintf(path, sizeof(path), "%.60s%s%s", at[depth], depth ? "." : "", object ? "*" : name);
		strcpy(at[depth + 1], path);
		strcpy(at[depth + 2], path); /* elements of a list stand one step further in */
		assert_true(shown->n < 2048);
		strcpy(shown->paths[shown->n++], at[depth + 1]);
	}
}

static void
visit_shown(const struct schema_group *group, const struct schema_key *key, const char *path, void *ctx)
{
	const struct shown *shown = ctx;

	(void)group;
	if (strncmp(path, "clients.*.templates.", 20) == 0) /* used up */
		return;
	for (unsigned i = 0; i < shown->n; i++)
		if (strcmp(shown->paths[i], path) == 0) {
			assert_int_not_equal(key->kind, SCHEMA_FORBIDDEN);
			return;
		}
	if (key->kind != SCHEMA_FORBIDDEN)
		fail_msg("%s is not printed", path);
}

static void
every_key_is_printed(void **state)
{
	struct config *cfg = load_everything();
	char *text = print_text_of(cfg);
	struct shown *shown = calloc(1, sizeof(*shown));

	(void)state;
	collect(text, shown);
	walk(&schema_root, "", visit_shown, shown);
	free(shown);
	free(text);
	config_free(cfg);
}

static void
visit_documented(const struct schema_group *group, const struct schema_key *key, const char *path, void *ctx)
{
	char want[256];
	const char *page = ctx, *section, *row, *next;

	snprintf(want, sizeof(want), ".Ss %s\n", group->name);
	section = strstr(page, want);
	if (section == NULL)
		fail_msg("%s: the group is not documented", path);
	next = strstr(section, "\n.Ss ");
	snprintf(want, sizeof(want), "\n.It Cm %s\n", key->name);
	row = strstr(section, want);
	if (row == NULL || (next != NULL && row > next) || strstr(row, key->help) == NULL)
		fail_msg("%s is not documented", path);
}

static void
every_key_is_documented(void **state)
{
	char *page = NULL;
	size_t len;
	FILE *out = open_memstream(&page, &len);

	(void)state;
	config_schema_print_man(out);
	fclose(out);
	walk(&schema_root, "", visit_documented, page);
	free(page);
}

/* ------------------------------------------------------------------ arrives */

static void
values_of_the_process_arrive_in_their_fields(void **state)
{
	struct config *cfg = load_everything();
	const struct config_process *p = &cfg->process;

	(void)state;
	assert_string_equal(cfg->path, "t");
	assert_string_equal(p->name, "n1");
	assert_int_equal(p->workers, 2);
	assert_int_equal(p->cpus.n, 2);
	assert_int_equal(p->cpus.items[0], 5);
	assert_int_equal(p->cpus.items[1], 3);
	assert_int_equal(p->control_cpu, 7);
	assert_int_equal(p->idle, CONFIG_IDLE_BUSY);
	assert_true(p->memory_bytes == UINT64_C(1610612736));
	assert_int_equal(p->hugepages, CONFIG_YES);
	assert_int_equal(p->bundles_max, 11);
	assert_int_equal(p->sessions_max, 12);
	assert_int_equal(p->routes_max, 100);
	assert_true(p->reassembly_bytes == UINT64_C(68157440));
	assert_int_equal(p->punt_pps, 1000);
	assert_int_equal(p->punt_session_pps, 20);
	assert_string_equal(p->control_socket, "/tmp/n1.sock");
	assert_string_equal(p->operator_group, "staff");
	assert_string_equal(p->viewer_group, "users");
	assert_int_equal(p->log_level, CONFIG_LOG_DEBUG);
	assert_int_equal(p->eal_args.n, 2);
	assert_string_equal(p->eal_args.items[0], "--log-level=8");
	assert_string_equal(p->eal_args.items[1], "-l 0");
	assert_null(p->eal_args.items[2]);
	config_free(cfg);
}

static void
values_of_ports_and_routes_arrive_in_their_fields(void **state)
{
	struct config *cfg = load_everything();
	const struct config_port *wan = &cfg->ports[0], *lan = &cfg->ports[1];
	const struct config_route *r = cfg->routes;

	(void)state;
	assert_int_equal(cfg->n_ports, 2);
	assert_string_equal(wan->name, "wan");
	assert_string_equal(wan->device, "d0,iface=eth0");
	assert_int_equal(wan->kind, CONFIG_ACCESS);
	assert_int_equal(wan->mtu, 1508);
	assert_int_equal(wan->rx_queues, 3);
	assert_int_equal(wan->tx_queues, 4);
	assert_int_equal(wan->steering, CONFIG_STEERING_RINGS);
	assert_int_equal(wan->rules_max, 300);
	assert_true(wan->line.given);
	assert_true(wan->line.rate_bps == 30500000);
	assert_int_equal(wan->line.latency_us, 250);
	assert_int_equal(wan->line.encapsulation, CONFIG_ATM);
	assert_int_equal(wan->line.overhead_bytes, -4);
	assert_int_equal(wan->line.cost, 3);
	assert_int_equal(lan->kind, CONFIG_IP);
	assert_int_equal(lan->rx_queues, 0);
	assert_int_equal(lan->steering, CONFIG_STEERING_AUTO);
	assert_int_equal(lan->rules_max, CONFIG_RULES_MAX);
	assert_false(lan->line.given);
	assert_true(lan->proxy_arp);
	assert_true(lan->probe_addresses);
	assert_string_equal(lan->address_of.name, "c");
	assert_int_equal(lan->address_of.index, 0);
	assert_int_equal(lan->addresses.n, 2);
	assert_int_equal(lan->addresses.items[0].family, 4);
	assert_int_equal(lan->addresses.items[0].len, 24);
	assert_memory_equal(lan->addresses.items[0].bytes, "\xc0\x00\x02\x01", 4);
	assert_int_equal(lan->addresses.items[1].family, 6);
	assert_int_equal(lan->addresses.items[1].len, 64);
	assert_memory_equal(lan->addresses.items[1].bytes, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16);

	assert_int_equal(cfg->n_routes, 5);
	assert_int_equal(r[0].to.len, 24);
	assert_memory_equal(r[0].to.bytes, "\xcb\x00\x71\x00", 4);
	assert_memory_equal(r[0].via.bytes, "\xc0\x00\x02\x09", 4);
	assert_int_equal(r[1].via.family, 6);
	assert_string_equal(r[2].port.name, "lan");
	assert_int_equal(r[2].port.index, 1);
	assert_null(r[2].client.name);
	assert_string_equal(r[3].client.name, "c");
	assert_int_equal(r[3].client.index, 0);
	assert_true(r[4].blackhole);
	assert_int_equal(r[4].to.len, 0);
	config_free(cfg);
}

static void
values_of_a_concentrator_arrive_in_their_fields(void **state)
{
	struct config *cfg = load_everything();
	const struct config_concentrator *ac = &cfg->concentrators[0];

	(void)state;
	assert_int_equal(cfg->n_concentrators, 1);
	assert_string_equal(ac->name, "ac");
	assert_int_equal(ac->ports.n, 1);
	assert_int_equal(ac->ports.items[0].index, 0);
	assert_int_equal(ac->vlans.n, 4);
	assert_int_equal(ac->vlans.items[0].outer, 0);
	assert_false(ac->vlans.items[0].any);
	assert_int_equal(ac->vlans.items[1].outer, 100 | CONFIG_VLAN_TAGGED);
	assert_int_equal(ac->vlans.items[2].outer, 200 | CONFIG_VLAN_TAGGED);
	assert_int_equal(ac->vlans.items[2].inner, 7 | CONFIG_VLAN_TAGGED);
	assert_int_equal(ac->vlans.items[3].outer, 300 | CONFIG_VLAN_TAGGED | CONFIG_VLAN_AD);
	assert_string_equal(ac->ac_name, "the ac");
	assert_int_equal(ac->service_names.n, 2);
	assert_string_equal(ac->service_names.items[1], "voice: 2");
	assert_false(ac->any_service);
	assert_int_equal(ac->on_wrong_service, CONFIG_WRONG_SERVICE_SILENT);
	assert_false(ac->max_payload);
	assert_int_equal(ac->pado_delay_ms, 15);
	assert_int_equal(ac->limits.padi_per_s, 10);
	assert_int_equal(ac->limits.padi_per_mac_per_s, 11);
	assert_int_equal(ac->limits.sessions, 12);
	assert_int_equal(ac->limits.sessions_per_mac, 13);
	assert_int_equal(ac->limits.sessions_per_vlan, 14);
	assert_int_equal(ac->limits.sessions_per_port, 15);
	assert_int_equal(ac->authentication.n, 4);
	assert_int_equal(ac->authentication.items[0], CONFIG_AUTH_PAP);
	assert_int_equal(ac->authentication.items[1], CONFIG_AUTH_CHAP);
	assert_int_equal(ac->authentication.items[2], CONFIG_AUTH_MSCHAPV2);
	assert_int_equal(ac->authentication.items[3], CONFIG_AUTH_MSCHAP);
	assert_string_equal(ac->auth_name, "challenger");
	assert_int_equal(ac->own_authentication.n, 2);
	assert_int_equal(ac->own_authentication.items[0], CONFIG_AUTH_MSCHAPV2);
	assert_string_equal(ac->username, "ourselves");
	assert_string_equal(ac->password, "our own");
	assert_int_equal(ac->rechallenge_ms, 300000);
	assert_int_equal(ac->failure_delay_ms, 250);
	assert_int_equal(ac->address, 0xc0000201);
	assert_string_equal(ac->pool.name, "p");
	assert_int_equal(ac->dns.n, 2);
	assert_int_equal(ac->dns.items[1], 0xc0000236);
	assert_string_equal(ac->pool6.name, "links");
	assert_int_equal(ac->pool6.index, 1);
	assert_string_equal(ac->delegated_pool.name, "homes");
	assert_int_equal(ac->delegated_pool.index, 0);
	assert_int_equal(ac->dns6.n, 2);
	assert_int_equal(ac->dns6.items[1].bytes[15], 0x54);
	assert_int_equal(ac->preferred_s, 1800);
	assert_int_equal(ac->valid_s, 86400);
	assert_false(ac->source_check);
	assert_int_equal(ac->mss.v4, 1414);
	assert_int_equal(ac->mss.v6, CONFIG_MSS_OFF);
	assert_false(ac->mss.from_links);
	assert_false(ac->mss.to_links);
	config_free(cfg);
}

static void
values_of_lcp_and_multilink_arrive_in_their_fields(void **state)
{
	struct config *cfg = load_everything();
	const struct config_multilink *ml = &cfg->concentrators[0].multilink;
	const struct config_lcp *lcp = &cfg->concentrators[0].lcp;

	(void)state;
	assert_true(ml->enabled);
	assert_true(ml->require);
	assert_true(ml->allow_unauthenticated);
	assert_int_equal(ml->mrru, 1590);
	assert_int_equal(ml->endpoint.class, CONFIG_ENDPOINT_MAGIC);
	assert_int_equal(ml->endpoint.n_bytes, 8);
	assert_memory_equal(ml->endpoint.bytes, "\x01\x23\x45\x67\x89\xab\xcd\xef", 8);
	assert_int_equal(ml->links_max, 16);
	assert_int_equal(ml->mode, CONFIG_ROUND_ROBIN);
	assert_int_equal(ml->min_fragment, 256);
	assert_false(ml->tolerate_reorder);
	assert_true(ml->strict_reserved_bits);
	assert_int_equal(ml->null_ms, 0);
	assert_int_equal(ml->stall_min_ms, 31);
	assert_int_equal(ml->stall_max_ms, 320);
	assert_int_equal(ml->queue_ms, 33);
	assert_int_equal(ml->window_fragments_max, 1024);
	assert_int_equal(ml->bundle_key, CONFIG_KEY_STRIP_REALM);
	assert_int_equal(lcp->mru, 1480);
	assert_int_equal(lcp->echo_interval_ms, 7000);
	assert_int_equal(lcp->echo_failures, 9);
	assert_int_equal(lcp->restart_ms, 1500);
	assert_int_equal(lcp->max_configure, 21);
	assert_int_equal(lcp->max_terminate, 22);
	assert_int_equal(lcp->max_failure, 23);
	assert_true(!lcp->options.mru.want && !lcp->options.mru.allow);
	assert_true(!lcp->options.magic.want && lcp->options.magic.allow);
	assert_true(lcp->options.mrru.want && !lcp->options.mrru.allow);
	assert_true(lcp->options.short_sequence.want && lcp->options.short_sequence.allow);
	assert_true(!lcp->options.endpoint.want && !lcp->options.endpoint.allow);
	assert_true(!lcp->options.pfc.want && lcp->options.pfc.allow);
	const struct config_concentrator *ac = &cfg->concentrators[0];

	assert_int_equal(ac->fsm_timeout_ms, 4000);
	assert_int_equal(ac->authentication_ms, 2500);
	assert_int_equal(ac->authentication_tries, 31);
	assert_true(ac->request_dns);
	assert_int_equal(ac->ip_mtu, 1490);
	assert_int_equal(ac->scrub.min_ttl, 15);
	assert_true(ac->scrub.reassemble && ac->scrub.clear_df && ac->scrub.from_links && !ac->scrub.to_links);
	assert_int_equal(lcp->mtu, 1470);
	assert_int_equal(ac->multilink.profile, CONFIG_PROFILE_NONE);
	assert_true(!ac->network.address.want && ac->network.address.allow);
	assert_int_equal(ac->network.restart_ms, 6000);
	assert_int_equal(ac->network.max_configure, 32);
	assert_int_equal(ac->network.max_terminate, 33);
	assert_int_equal(ac->network.max_failure, 34);
	config_free(cfg);
}

static void
values_of_pools_and_users_arrive_in_their_fields(void **state)
{
	struct config *cfg = load_everything();
	const struct config_range4 *r = cfg->pools[0].ranges.items;
	const struct config_user *u = cfg->users;

	(void)state;
	assert_string_equal(cfg->pools[0].name, "p");
	assert_int_equal(cfg->pools[0].ranges.n, 4);
	assert_int_equal(r[0].first, 0x0a010001); /* a /30 without its network and broadcast addresses */
	assert_int_equal(r[0].last, 0x0a010002);
	assert_int_equal(r[1].first, 0x0a010008);
	assert_int_equal(r[1].last, 0x0a010009);
	assert_int_equal(r[2].first, 0x0a01001f);
	assert_int_equal(r[2].last, 0x0a01001f);
	assert_int_equal(r[3].first, 0x0a010020); /* a /31 has neither (RFC 3021) */
	assert_int_equal(r[3].last, 0x0a010021);

	assert_int_equal(cfg->n_users, 2);
	assert_string_equal(u[0].name, "u@isp \"x\"");
	assert_string_equal(u[0].password, "one two");
	assert_false(u[0].from_secrets);
	assert_int_equal(u[0].address, 0x0a090001);
	assert_int_equal(u[0].routes.n, 2);
	assert_int_equal(u[0].routes.items[0].family, 4);
	assert_memory_equal(u[0].routes.items[0].bytes, "\x0a\x08\x00\x00", 4);
	assert_int_equal(u[0].routes.items[0].len, 16);
	assert_int_equal(u[0].routes.items[1].len, 32);
	assert_int_equal(u[0].links_max, 5);
	assert_int_equal(u[0].sessions_max, 6);
	assert_string_equal(u[0].bundle, "b");
	assert_int_equal(u[0].prefix6.len, 64);
	assert_memory_equal(u[0].prefix6.bytes, "\x20\x01\x0d\xb8\0\1\0\2", 8);
	assert_int_equal(u[0].delegated_prefix.len, 52);
	assert_int_equal(u[1].prefix6.family, 0);
	assert_int_equal(u[1].delegated_prefix.family, 0);

	assert_int_equal(cfg->n_pools6, 2);
	assert_string_equal(cfg->pools6[0].name, "homes");
	assert_int_equal(cfg->pools6[0].length, 60);
	assert_int_equal(cfg->pools6[0].prefixes.n, 2);
	assert_int_equal(cfg->pools6[0].prefixes.items[0].len, 40);
	assert_int_equal(cfg->pools6[1].length, 64);
	assert_string_equal(u[1].password, "~");
	assert_int_equal(u[1].address, 0);
	assert_int_equal(u[1].links_max, 0);
	assert_int_equal(u[1].sessions_max, 16);
	assert_null(u[1].bundle);
	config_free(cfg);
}

static void
values_of_a_client_arrive_in_their_fields(void **state)
{
	struct config *cfg = load_everything();
	const struct config_client *c = &cfg->clients[0];
	const struct config_link *a = &c->links[0];

	(void)state;
	assert_string_equal(c->username, "me");
	assert_string_equal(c->password, "mine");
	assert_string_equal(c->service_name, "internet");
	assert_string_equal(c->ac_name, "theirs");
	assert_int_equal(c->authentication.n, 1);
	assert_int_equal(c->authentication.items[0], CONFIG_AUTH_CHAP);
	assert_int_equal(c->peer_authentication.n, 2);
	assert_int_equal(c->peer_authentication.items[1], CONFIG_AUTH_PAP);
	assert_string_equal(c->peer_username, "them");
	assert_string_equal(c->peer_password, "their own");
	assert_int_equal(c->peer_rechallenge_ms, 600000);
	assert_int_equal(c->address, 0x0a040004);
	assert_int_equal(c->accept_address.address, 0x0a040000);
	assert_int_equal(c->accept_address.len, 16);
	assert_false(c->request_dns);
	assert_int_equal(c->dns.n, 1);
	assert_int_equal(c->dns.items[0], 0xc0000237);
	assert_int_equal(c->fsm_timeout_ms, 5000);
	assert_int_equal(c->authentication_ms, 60000);
	assert_int_equal(c->authentication_tries, 41);
	assert_true(c->network.address.want && !c->network.address.allow);
	assert_int_equal(c->network.restart_ms, 7000);
	assert_int_equal(c->network.max_configure, 0);
	assert_false(c->default_route);
	assert_int_equal(c->routes.n, 1);
	assert_int_equal(c->ip_mtu, CONFIG_IP_MTU_FIT_ONE_FRAGMENT);
	assert_true(c->source_check);
	assert_int_equal(c->mss.v4, CONFIG_MSS_OFF);
	assert_int_equal(c->mss.v6, CONFIG_MSS_AUTO);
	assert_int_equal(c->scrub.min_ttl, 254);
	assert_true(!c->scrub.reassemble && !c->scrub.clear_df && !c->scrub.from_links && c->scrub.to_links);
	assert_int_equal(c->multilink.endpoint.class, CONFIG_ENDPOINT_PHONE);
	assert_int_equal(c->multilink.endpoint.n_bytes, 7);
	assert_int_equal(c->multilink.profile, CONFIG_PROFILE_WINDOWS);
	assert_int_equal(c->multilink.mrru, 0);
	assert_int_equal(c->lcp.mru, 1400);
	assert_int_equal(c->redial.delay_ms, 2000);
	assert_int_equal(c->redial.increment_ms, 3000);
	assert_int_equal(c->redial.limit_ms, 240000);
	assert_int_equal(c->redial.jitter_ms, 0);
	assert_int_equal(c->redial.attempts, 5);
	assert_int_equal(c->redial.carrier_wait_ms, 20000);
	assert_int_equal(c->dial, CONFIG_DIAL_ON_DEMAND);
	assert_int_equal(c->start_order, CONFIG_START_ONE_BY_ONE);
	assert_int_equal(c->idle_timeout_ms, 600000);
	assert_int_equal(c->n_links, 2);
	assert_int_equal(c->multilink.mode, CONFIG_OVERFLOW);
	assert_int_equal(c->multilink.overflow_ms, 7);
	assert_string_equal(a->name, "a");
	assert_int_equal(a->vlan.outer, 7 | CONFIG_VLAN_TAGGED | CONFIG_VLAN_AD);
	assert_int_equal(a->vlan.inner, 9 | CONFIG_VLAN_TAGGED);
	assert_memory_equal(a->mac, "\x02\0\0\0\0\x0a", 6);
	assert_true(a->line.given);
	assert_true(a->line.rate_bps == 1000000000);
	assert_int_equal(a->line.encapsulation, CONFIG_PTM);
	assert_string_equal(a->username, "other");
	assert_string_equal(a->password, "others");
	assert_true(a->max_payload);
	assert_true(c->request_prefix);
	assert_int_equal(c->prefix_hint, 48);
	assert_true(cfg->ports[1].delegated.given);
	assert_string_equal(cfg->ports[1].delegated.client.name, "c");
	assert_int_equal(cfg->ports[1].delegated.subnet, 7);
	assert_false(cfg->ports[0].delegated.given);
	config_free(cfg);
}

static void
bandwidth_management_arrives_and_is_off_unless_given(void **state)
{
	struct config *cfg = load_everything();
	const struct config_bandwidth *off = &cfg->clients[0].bandwidth, *on = &cfg->clients[1].bandwidth,
				      *tells = &cfg->concentrators[0].bandwidth;

	(void)state;
	assert_false(off->given);
	assert_true(on->given && tells->given);
	assert_int_equal(on->period_ms, 120000);
	assert_int_equal(on->high_percent, 70);
	assert_int_equal(on->low_percent, 15);
	assert_int_equal(on->min_connect_ms, 10000);
	assert_int_equal(on->min_disconnect_ms, 40000);
	assert_int_equal(on->low_reading, CONFIG_LOW_EVERY_SLOT);
	assert_int_equal(on->links.n, 2);
	assert_int_equal(on->links.items[0].index, 1);
	assert_int_equal(on->links.items[1].index, 0);
	assert_true(cfg->clients[1].links[0].line.receive_bps == 16000000);
	assert_true(cfg->clients[1].links[1].line.receive_bps == 0);
	/* mpd's defaults */
	assert_int_equal(tells->period_ms, 60000);
	assert_int_equal(tells->high_percent, 80);
	assert_int_equal(tells->low_percent, 10);
	assert_int_equal(tells->min_connect_ms, 30000);
	assert_int_equal(tells->min_disconnect_ms, 90000);
	assert_int_equal(tells->low_reading, CONFIG_LOW_AVERAGE);
	config_free(cfg);
}

static void
hooks_arrive_in_their_fields(void **state)
{
	struct config *cfg = load_everything();
	const struct config_hook *h = cfg->hooks;

	(void)state;
	assert_int_equal(cfg->n_hooks, 2);
	assert_string_equal(h[0].name, "resolv");
	assert_int_equal(h[0].events.n, 3);
	assert_int_equal(h[0].events.items[0], CONFIG_HOOK_BUNDLE_UP);
	assert_int_equal(h[0].events.items[2], CONFIG_HOOK_LINK_REFUSED);
	assert_string_equal(config_hook_event_name(h[0].events.items[1]), "bundle-changed");
	assert_int_equal(h[0].run.n, 3);
	assert_string_equal(h[0].run.items[2], "echo $HAWSER_DNS1");
	assert_null(h[0].run.items[3]);
	assert_int_equal(h[0].timeout_ms, 3000);
	assert_int_equal(h[1].events.items[0], CONFIG_HOOK_LINK_DOWN);
	assert_int_equal(h[1].timeout_ms, 10000);
	assert_string_equal(cfg->process.event_log, "/tmp/events.json");
	config_free(cfg);
}

static void
a_link_takes_from_its_client_what_it_does_not_say_itself(void **state)
{
	struct config *cfg = load_everything();
	const struct config_link *a = &cfg->clients[0].links[0], *b = &cfg->clients[0].links[1];

	(void)state;
	assert_int_equal(a->redial.delay_ms, 2500);
	assert_int_equal(a->redial.increment_ms, 3000);
	assert_int_equal(a->redial.limit_ms, 240000);
	assert_int_equal(a->redial.jitter_ms, 0);
	assert_int_equal(a->redial.attempts, CONFIG_REDIAL_NEVER);
	assert_int_equal(b->redial.delay_ms, 2000);
	assert_int_equal(b->redial.attempts, 5);
	assert_int_equal(a->redial.carrier_wait_ms, 20000);
	assert_int_equal(b->redial.carrier_wait_ms, 20000);
	assert_false(b->line.given);
	assert_null(b->username);
	assert_null(b->password);
	config_free(cfg);
}

static const char with_templates[] =
	"ports:\n"
	"  d1: {device: a, kind: access}\n"
	"  d2: {device: b, kind: access}\n"
	"clients:\n"
	"  c:\n"
	"    username: u\n"
	"    password: x\n"
	"    redial: {limit: 2 min, attempts: 9}\n"
	"    templates:\n"
	"      base:\n"
	"        ports: [d1, d2]\n"
	"        vlan: 7\n"
	"        line: {rate: 5 Mbit/s, latency: 9 ms}\n"
	"        username: t\n"
	"        password: secret-of-t\n"
	"        redial: {delay: 3 s, jitter: 1 s}\n"
	"      other: {vlan: 8}\n"
	"    links:\n"
	"      a: {from: base}\n"
	"      b: {from: base, ports: d2, vlan: 9, line: {rate: 8 Mbit/s}, redial: {jitter: 7 s}, max_payload: yes}\n"
	"      d: {from: other, ports: d1, username: ~}\n";

static void
a_link_takes_from_its_template_what_it_does_not_say_itself(void **state) /* G-22, G-24 */
{
	struct config_notes notes;
	struct config *cfg = load_text(with_templates, &notes);
	const struct config_link *a, *b, *d;

	(void)state;
	assert_non_null(cfg);
	assert_int_equal(cfg->clients[0].n_links, 3);
	a = &cfg->clients[0].links[0];
	b = &cfg->clients[0].links[1];
	d = &cfg->clients[0].links[2];
	assert_int_equal(a->ports.n, 2);
	assert_int_equal(a->ports.items[1].index, 1);
	assert_int_equal(a->vlan.outer, 7 | CONFIG_VLAN_TAGGED);
	assert_true(a->line.given && a->line.rate_bps == 5000000 && a->line.latency_us == 9000);
	assert_string_equal(a->username, "t");
	assert_string_equal(a->password, "secret-of-t");
	assert_int_equal(a->redial.delay_ms, 3000);
	assert_int_equal(a->redial.jitter_ms, 1000);
	assert_int_equal(a->redial.limit_ms, 120000); /* neither says it: the client's */
	assert_false(a->max_payload);
	assert_int_equal(b->ports.n, 1);
	assert_int_equal(b->vlan.outer, 9 | CONFIG_VLAN_TAGGED);
	assert_true(b->line.rate_bps == 8000000 && b->line.latency_us == 0); /* a line as a whole */
	assert_int_equal(b->redial.delay_ms, 3000);
	assert_int_equal(b->redial.jitter_ms, 7000);
	assert_int_equal(b->redial.attempts, 9);
	assert_true(b->max_payload);
	assert_int_equal(d->vlan.outer, 8 | CONFIG_VLAN_TAGGED);
	assert_null(d->username);
	assert_false(d->line.given);
	config_free(cfg);
	config_notes_free(&notes);
}

/* Links are printed with what their templates gave them, which loads again as the same. */
static void
templates_are_used_up_in_what_is_printed(void **state)
{
	struct config_notes notes, again_notes;
	struct config *cfg = load_text(with_templates, &notes), *again;
	char *text, *second;

	(void)state;
	assert_non_null(cfg);
	text = print_text_of(cfg);
	again = load_text(text, &again_notes);
	assert_non_null(again);
	second = print_text_of(again);
	assert_string_equal(text, second);
	assert_non_null(strstr(text, "templates: {}\n"));
	assert_int_equal(again->clients[0].links[1].redial.delay_ms, 3000);
	assert_null(strstr(text, "secret-of-t"));
	free(text);
	free(second);
	config_free(cfg);
	config_free(again);
	config_notes_free(&notes);
	config_notes_free(&again_notes);
}

static void
names_that_are_not_given_follow_from_others(void **state)
{
	struct config_notes notes;
	struct config *cfg = load_text(PORTS CONCENTRATOR POOLS USERS "process: {name: box}\n", &notes);

	(void)state;
	assert_non_null(cfg);
	assert_string_equal(cfg->process.control_socket, "/run/hawser/box.sock");
	assert_string_equal(cfg->concentrators[0].ac_name, "ac");
	assert_string_equal(cfg->concentrators[0].auth_name, "ac");
	config_free(cfg);
	config_notes_free(&notes);
}

static void
all_classes_of_endpoints_become_bytes(void **state)
{
	static const struct {
		const char *yaml;
		enum config_endpoint_class class;
		const char *bytes;
		unsigned n;
	} rows[] = {
		{"{class: none}", CONFIG_ENDPOINT_NONE, "", 0},
		{"{class: auto}", CONFIG_ENDPOINT_AUTO, "", 0},
		{"{class: local, value: 01234567890123456789}", CONFIG_ENDPOINT_LOCAL, "01234567890123456789", 20},
		{"{class: ip, value: 192.0.2.7}", CONFIG_ENDPOINT_IP, "\xc0\x00\x02\x07", 4},
		{"{class: mac, value: \"02:00:00:00:00:0a\"}", CONFIG_ENDPOINT_MAC, "\x02\0\0\0\0\x0a", 6},
		{"{class: magic, value: 01234567}", CONFIG_ENDPOINT_MAGIC, "\x01\x23\x45\x67", 4},
		{"{class: phone, value: 123456789012345}", CONFIG_ENDPOINT_PHONE, "123456789012345", 15},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char yaml[512];
		struct config_notes notes;
		struct config *cfg;

		snprintf(yaml, sizeof(yaml),
			PORTS
			"clients: {c: {username: u, password: x, links: {a: {ports: dsl}}, multilink: {endpoint: %s}}}\n",
			rows[i].yaml);
		cfg = load_text(yaml, &notes);
		assert_non_null(cfg);
		const struct config_endpoint *e = &cfg->clients[0].multilink.endpoint;

		assert_int_equal(e->class, rows[i].class);
		assert_int_equal(e->n_bytes, rows[i].n);
		assert_memory_equal(e->bytes, rows[i].bytes, rows[i].n);
		config_free(cfg);
		config_notes_free(&notes);
	}
}

static void
want_and_allow_are_independent(void **state)
{
	static const char *const words[] = {"no", "yes"};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		char yaml[512];
		struct config_notes notes;
		struct config *cfg;

		snprintf(yaml, sizeof(yaml),
			PORTS "clients: {c: {username: u, password: x, links: {a: {ports: dsl}},\n"
			      "  lcp: {options: {magic: {want: %s, allow: %s}}}}}\n",
			words[i & 1], words[i >> 1]);
		cfg = load_text(yaml, &notes);
		assert_non_null(cfg);
		assert_int_equal(cfg->clients[0].lcp.options.magic.want, i & 1);
		assert_int_equal(cfg->clients[0].lcp.options.magic.allow, i >> 1);
		config_free(cfg);
		config_notes_free(&notes);
	}
}

/* [G-15, B-10] Of authentication, too: what a client asks of its peer, and what it lets the peer ask; the same of a concentrator. */
static void
want_and_allow_of_authentication_are_independent(void **state)
{
	static const char *const list[] = {"[]", "[chap]"};

	(void)state;
	for (unsigned i = 0; i < 16; i++) {
		char yaml[1024];
		struct config_notes notes;
		struct config *cfg;

		snprintf(yaml, sizeof(yaml),
			PORTS POOLS USERS
			"concentrators: {ac: {ports: wan, address: 10.0.0.1, pool: p, username: s, password: t,\n"
			"  authentication: %s, own_authentication: %s}}\n"
			"clients: {c: {username: u, password: y, peer_username: s, peer_password: t, links: {a: {ports: dsl}},\n"
			"  peer_authentication: %s, authentication: %s}}\n",
			list[i & 1], list[i >> 1 & 1], list[i >> 2 & 1], list[i >> 3]);
		cfg = load_text(yaml, &notes);
		assert_non_null(cfg);
		assert_int_equal(cfg->concentrators[0].authentication.n, i & 1);
		assert_int_equal(cfg->concentrators[0].own_authentication.n, i >> 1 & 1);
		assert_int_equal(cfg->clients[0].peer_authentication.n, i >> 2 & 1);
		assert_int_equal(cfg->clients[0].authentication.n, i >> 3);
		config_free(cfg);
		config_notes_free(&notes);
	}
}

/* ------------------------------------------------------------------ round trip */

static void
round_trip(const struct config *cfg)
{
	char *first = print_text_of(cfg);
	struct config_notes notes;
	struct config *again = load_text(first, &notes);
	char *second;

	if (again == NULL) {
		config_notes_print(stderr, &notes);
		fail();
	}
	second = print_text_of(again);
	assert_string_equal(first, second);
	free(first);
	free(second);
	config_free(again);
	config_notes_free(&notes);
}

static void
what_is_printed_loads_again_and_prints_the_same(void **state)
{
	struct config *cfg = load_everything();

	(void)state;
	round_trip(cfg);
	config_free(cfg);
}

static void
no_password_is_printed(void **state)
{
	struct config *cfg = load_everything();
	char *text = print_text_of(cfg);

	(void)state;
	assert_null(strstr(text, "one two"));
	assert_null(strstr(text, "mine"));
	assert_null(strstr(text, "others"));
	assert_null(strstr(text, "our own"));
	assert_null(strstr(text, "their own"));
	assert_non_null(strstr(text, "password: \"(secret)\""));
	free(text);
	config_free(cfg);
}

static void
texts_of_any_characters_survive_printing(void **state)
{
	static const char *const texts[] = {"~", "- a", "a: b", "[x]", "#x", "a #b", "'", "a\\tb", "yes", " lead",
		"tail ", "\\u0085", "\\u2028", "\\ufeff", "\\ufffe", "\\u00e4\\u20ac", "\\U0001f600", "\\x7f", "\\x01",
		"\\\\", "\\\"", "@at", "%p", "&a", "*a", "!t", "|", ">", "?", "a,b", "{a}", "-", "-1", "a  b", "\\n"};
	char yaml[512];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct config_notes notes;
		struct config *cfg, *again;
		char *text;

		snprintf(yaml, sizeof(yaml),
			PORTS CONCENTRATOR POOLS "users: {\"%s\": {password: x, bundle: \"%s\"}}\n", texts[i],
			texts[i]);
		cfg = load_text(yaml, &notes);
		assert_non_null(cfg);
		config_notes_free(&notes);
		text = print_text_of(cfg);
		again = load_text(text, &notes);
		if (again == NULL)
			fail_msg("%s", text);
		assert_string_equal(cfg->users[0].name, again->users[0].name);
		assert_string_equal(cfg->users[0].bundle, again->users[0].bundle);
		free(text);
		config_free(cfg);
		config_free(again);
		config_notes_free(&notes);
	}
}

/* ------------------------------------------------------------------ nonsense */

static uint32_t
random_next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* A file with some characters or lines changed is loaded, or refused with a reason; the sanitizers watch. */
static void
mutated_files_load_or_are_refused_with_a_reason(void **state)
{
	static const char odd[] = "{}[]:,&*!|>'\"%@`#-?~ \n\t0179azZ\x01\xff";
	const size_t len = strlen(everything);
	unsigned loaded = 0, refused = 0;

	(void)state;
	for (uint32_t run = 0; run < 3000; run++) {
		uint32_t seed = run;
		char *yaml = strdup(everything);
		struct config_notes notes = {0};
		struct config *cfg;

		for (uint32_t n = 1 + (run % 4 == 0) * random_next(&seed) % 4; n > 0; n--) {
			const size_t at = random_next(&seed) % len, from = random_next(&seed) % len;
			const size_t most = len - (at > from ? at : from);

			if (random_next(&seed) % 4 != 0)
				yaml[at] = odd[random_next(&seed) % (sizeof(odd) - 1)];
			else
				memmove(yaml + at, yaml + from, random_next(&seed) % 60 % (most + 1));
		}
		config_load_string("t", yaml, len, &cfg, &notes);
		assert_int_equal(cfg == NULL, notes.n_errors != 0);
		if (cfg != NULL) {
			config_check_mtu(cfg, &notes);
			round_trip(cfg);
		}
		loaded += cfg != NULL;
		refused += cfg == NULL;
		free(yaml);
		config_free(cfg);
		config_notes_free(&notes);
	}
	/* both do occur, or the test shows nothing */
	assert_true(loaded > 100);
	assert_true(refused > 1000);
}

/* ------------------------------------------------------------------ examples, places */

static void
examples_load_and_survive_printing(void **state)
{
	static const char *const names[] = {"client-two-lines", "both-roles", "vlan-qinq", "single-link-multilink",
		"tap-uplink", "client-on-demand", "client-overflow", "concentrator-ipv6", "client-ipv6", "cpe"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[512];
		struct config_notes notes = {0};
		struct config *cfg;

		snprintf(path, sizeof(path), "%s/%s.yaml", CONFIG_EXAMPLES, names[i]);
		if (config_load(path, &cfg, &notes) != 0) {
			config_notes_print(stderr, &notes);
			fail_msg("%s", path);
		}
		/* but for passwords in a file that everybody may read, nothing is to be said */
		for (size_t j = 0; j < notes.n; j++)
			assert_int_equal(notes.items[j].line, 0);
		round_trip(cfg);
		config_free(cfg);
		config_notes_free(&notes);
	}
}

static void
the_example_in_the_manual_needs_only_its_secrets(void **state)
{
	static const char secrets[] = "secrets_file: secrets.yaml\n";
	char *page = NULL;
	size_t len;
	FILE *out = open_memstream(&page, &len);
	struct config_notes notes;
	char *yaml, *line;

	(void)state;
	config_schema_print_man(out);
	fclose(out);
	yaml = strstr(page, ".Bd -literal -offset indent\n");
	assert_non_null(yaml);
	yaml = strchr(yaml, '\n') + 1;
	*strstr(yaml, ".Ed\n") = '\0';
	line = strstr(yaml, secrets);
	assert_non_null(line);
	memset(line, ' ', strlen(secrets) - 1);
	assert_null(load_text(yaml, &notes));
	assert_int_equal(notes.n, 1);
	assert_string_equal(notes.items[0].key, "clients.home.password");
	config_notes_free(&notes);
	free(page);
}

static void
places_of_values_are_known(void **state)
{
	struct config *cfg = load_everything();
	unsigned line = 0;
	char key[128];

	(void)state;
	assert_true(config_where(cfg, &cfg->process.workers, &line, key, sizeof(key)));
	assert_string_equal(key, "process.workers");
	assert_int_equal(line, 3);
	assert_true(config_where(cfg, &cfg->ports[1].addresses.items[1], &line, key, sizeof(key)));
	assert_string_equal(key, "ports.lan.addresses[1]");
	assert_int_equal(line, 31);
	/* not given: the link's own place */
	assert_true(config_where(cfg, &cfg->clients[0].links[1].redial.delay_ms, &line, key, sizeof(key)));
	assert_string_equal(key, "clients.c.links.b.redial.delay");
	assert_true(config_where(cfg, &cfg->process.workers, &line, key, 5));
	assert_string_equal(key, "proc");
	assert_false(config_where(cfg, &line, &line, key, sizeof(key)));
	config_free(cfg);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_takes_what_its_row_says_and_nothing_else),
		cmocka_unit_test(no_group_has_more_keys_than_the_loader_remembers),
		cmocka_unit_test(every_key_has_help_and_a_default_that_is_valid),
		cmocka_unit_test(every_key_is_printed),
		cmocka_unit_test(bandwidth_management_arrives_and_is_off_unless_given),
		cmocka_unit_test(hooks_arrive_in_their_fields),
		cmocka_unit_test(a_link_takes_from_its_template_what_it_does_not_say_itself),
		cmocka_unit_test(templates_are_used_up_in_what_is_printed),
		cmocka_unit_test(every_key_is_documented),
		cmocka_unit_test(values_of_the_process_arrive_in_their_fields),
		cmocka_unit_test(values_of_ports_and_routes_arrive_in_their_fields),
		cmocka_unit_test(values_of_a_concentrator_arrive_in_their_fields),
		cmocka_unit_test(values_of_lcp_and_multilink_arrive_in_their_fields),
		cmocka_unit_test(values_of_pools_and_users_arrive_in_their_fields),
		cmocka_unit_test(values_of_a_client_arrive_in_their_fields),
		cmocka_unit_test(a_link_takes_from_its_client_what_it_does_not_say_itself),
		cmocka_unit_test(names_that_are_not_given_follow_from_others),
		cmocka_unit_test(all_classes_of_endpoints_become_bytes),
		cmocka_unit_test(want_and_allow_are_independent),
		cmocka_unit_test(want_and_allow_of_authentication_are_independent),
		cmocka_unit_test(what_is_printed_loads_again_and_prints_the_same),
		cmocka_unit_test(no_password_is_printed),
		cmocka_unit_test(texts_of_any_characters_survive_printing),
		cmocka_unit_test(mutated_files_load_or_are_refused_with_a_reason),
		cmocka_unit_test(examples_load_and_survive_printing),
		cmocka_unit_test(the_example_in_the_manual_needs_only_its_secrets),
		cmocka_unit_test(places_of_values_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
