/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/config/support.h"

/* Each row: a file with something wrong in it, and every line that is said about it. Lines and columns were counted by hand. */
struct row {
	const char *name, *yaml, *said;
};

static const struct row syntax[] = {
	{"empty_file", "", "t:1:1: document: is empty\n"},
	{"only_a_comment", "# nothing\n", "t:1:1: document: is empty\n"},
	{"root_is_a_list", "- a\n", "t:1:1: hawser.yaml: must be a mapping of keys, not a list\n"},
	{"root_is_a_word", "hawser\n", "t:1:1: hawser.yaml: must be a mapping of keys, not a value\n"},
	{"bracket_is_not_closed", "process:\n  cpus: [1, 2\n",
		"t:3:1: not YAML: while parsing a flow sequence, did not find expected ',' or ']'\n"},
	{"tab_indents", "process:\n\tworkers: 1\n",
		"t:2:1: not YAML: while scanning for the next token, found character that cannot start any token\n"},
	{"byte_is_no_text", "process:\n  name: \xff\n", "t:2:9: not YAML: invalid leading UTF-8 octet\n"},
	{"second_document", PORTS CLIENTS "---\nusers: {}\n",
		"t:8:1: document: is a second one; a file holds one document\n"},
	{"second_document_is_broken", PORTS CLIENTS "---\n[\n",
		"t:9:1: not YAML: while parsing a flow node, did not find expected node content\n"},
	{"unknown_anchor", "process: *nobody\n", "t:1:10: not YAML: found undefined alias\n"},
	{"value_has_a_tag", "process: {name: !secret x}\n",
		"t:1:17: process.name: must be one value, not a tagged value\n"},
};

#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct row keys[] = {
	{"unknown_key", "frobnicate: 1\n", "t:1:1: frobnicate: unknown key\n"},
	{"misspelt_key_is_named", "process: {worker: 2}\n",
		"t:1:11: process.worker: unknown key; did you mean workers?\n"},
	{"dash_for_underscore", "process: {control-cpu: 2}\n",
		"t:1:11: process.control-cpu: unknown key; did you mean control_cpu?\n"},
	{"repeated_key", "process:\n  workers: 1\n  name: x\n  workers: 2\n",
		"t:4:3: process.workers: stands here again; the first is on line 2\n"},
	{"repeated_port",
		"ports:\n  a: {device: d0, kind: ip}\n  b: {device: d1, kind: ip}\n  a: {device: d2, kind: ip}\n",
		"t:4:3: ports.a: stands here again; the first is on line 2\n"},
	{"key_is_a_list", "process: {[a]: 1}\n", "t:1:11: process.?: a key must be one word, not a list\n"},
	{"name_is_a_list", "ports: {[a]: {device: d, kind: ip}}\n",
		"t:1:1: ports: names must be one value, not a list\n"},
	{"group_is_a_word", "process: yes\n", "t:1:1: process: must be a mapping of keys, not a value\n"},
	{"group_is_empty", "process:\n", "t:1:1: process: must be a mapping of keys, not nothing\n"},
	{"group_is_a_list", "process: [a]\n", "t:1:1: process: must be a mapping of keys, not a list\n"},
	{"value_is_a_list", "process: {workers: [1]}\n", "t:1:20: process.workers: must be one value, not a list\n"},
	{"value_is_a_mapping", "process: {workers: {a: 1}}\n",
		"t:1:20: process.workers: must be one value, not a mapping\n"},
	{"list_is_a_mapping", "process: {cpus: {a: 1}}\n", "t:1:17: process.cpus: must be a list, not a mapping\n"},
	{"list_is_empty_value", "process:\n  cpus:\n", "t:2:8: process.cpus: must be a list, not nothing\n"},
	{"list_element_is_a_list", "process: {cpus: [1, [2]]}\n",
		"t:1:21: process.cpus[1]: must be one value, not a list\n"},
	{"routes_are_a_mapping", "routes: {to: 1.0.0.0/8}\n", "t:1:1: routes: must be a list, not a mapping\n"},
	{"route_is_a_word", "routes: [1.0.0.0/8]\n", "t:1:10: routes[0]: must be a mapping of keys, not a value\n"},
	{"ports_are_a_list", "ports: [a]\n", "t:1:1: ports: must be a mapping of names, not a list\n"},
	{"pool_is_a_mapping", "pools: {p: {from: 1}}\n", "t:1:9: pools.p: must be a list, not a mapping\n"},
	{"value_is_missing", "process:\n  name:\n", "t:2:8: process.name: has no value\n"},
	{"required_keys_are_missing", "ports:\n  a: {}\n",
		"t:2:3: ports.a.device: is missing\n"
		"t:2:3: ports.a.kind: is missing\n"},
	{"unset_where_a_value_is_needed", "process: {workers: ~}\n",
		"t:1:20: process.workers: \"~\" is not a whole number without unit\n"},
	{"required_key_is_unset", "ports: {a: {device: ~, kind: ip}}\nprocess: {name: x y}\n",
		"t:2:17: process.name: \"x y\" is not a name: 1 to 31 letters, digits, '_', and behind the first also '-' and "
		"'.'\n"},
	{"port_name_with_a_slash", "ports: {a/b: {device: d, kind: ip}}\n",
		"t:1:9: ports.a/b: \"a/b\" is not a name: 1 to 31 letters, digits, '_', and behind the first also '-' and '.'\n"},
	{"user_name_is_empty", "users: {\"\": {password: x}}\n", "t:1:9: users.: is empty\n"},
	{"text_is_empty", "secrets_file: \"\"\n", "t:1:15: secrets_file: is empty\n"},
	{"text_is_too_long", "users: {u: {password: " X64 X64 "}}\n",
		"t:1:23: users.u.password: has 128 bytes; at most 127 are allowed\n"},
	{"text_holds_nul", "process: {control_socket: \"a\\0b\"}\n",
		"t:1:27: process.control_socket: holds a NUL character\n"},
	{"required_list_is_empty", "concentrators: {a: {ports: [], address: 1.1.1.1}}\n",
		"t:1:28: concentrators.a.ports: is empty\n"},
	{"too_many_dns",
		PORTS
		"concentrators:\n  a: {ports: wan, address: 10.0.0.1, dns: [1.1.1.1, 2.2.2.2, 3.3.3.3], pool: p}\n" POOLS,
		"t:6:43: concentrators.a.dns: has 3 entries; at most 2 are allowed\n"},
};

static const struct row values[] = {
	{"rate_without_unit", "ports: {a: {device: d, kind: access, line: {rate: 500}}}\n",
		"t:1:51: ports.a.line.rate: 500 needs a unit: bit/s, kbit/s, Mbit/s or Gbit/s\n"},
	{"rate_in_another_unit", "ports: {a: {device: d, kind: access, line: {rate: 30 Mbps}}}\n",
		"t:1:51: ports.a.line.rate: unknown unit \"Mbps\": use bit/s, kbit/s, Mbit/s or Gbit/s\n"},
	{"rate_too_high", "ports: {a: {device: d, kind: access, line: {rate: 101 Gbit/s}}}\n",
		"t:1:51: ports.a.line.rate: 101 Gbit/s is out of range: auto, tags, unpaced, or 1 kbit/s to 100 Gbit/s\n"},
	{"rate_of_half_a_bit", "ports: {a: {device: d, kind: access, line: {rate: 1000.5 bit/s}}}\n",
		"t:1:51: ports.a.line.rate: 1000.5 bit/s is finer than 1 bit/s\n"},
	{"rate_is_a_word", "ports: {a: {device: d, kind: access, line: {rate: fast}}}\n",
		"t:1:51: ports.a.line.rate: \"fast\" is not auto, tags, unpaced or a number with unit (bit/s, kbit/s, Mbit/s or Gbit/s)\n"},
	{"time_without_unit", "ports: {a: {device: d, kind: access, line: {latency: 8}}}\n",
		"t:1:54: ports.a.line.latency: 8 needs a unit: us, ms, s, min or h\n"},
	{"time_too_fine", PORTS CONCENTRATOR POOLS "clients: {c: {redial: {delay: 500 us}}}\n",
		"t:8:11: clients.c.links: is missing\n"
		"t:8:31: clients.c.redial.delay: 500 us is finer than 1 ms\n"},
	{"number_with_unit", "process: {workers: 2 s}\n",
		"t:1:20: process.workers: \"2 s\" is not a whole number without unit\n"},
	{"number_with_fraction", "process: {workers: 1.5}\n",
		"t:1:20: process.workers: \"1.5\" is not a whole number without unit\n"},
	{"number_in_quotes", "process: {workers: \"2\"}\n",
		"t:1:20: process.workers: is a text in quotes; write it without\n"},
	{"number_too_big_for_any_type", "process: {workers: 99999999999999999999}\n",
		"t:1:20: process.workers: \"99999999999999999999\" is not a whole number without unit\n"},
	{"number_below", "process: {workers: 0}\n", "t:1:20: process.workers: 0 is out of range: 1 to 16\n"},
	{"number_negative", "process: {workers: -1}\n", "t:1:20: process.workers: -1 is out of range: 1 to 16\n"},
	{"mrru_below_what_rfc_1990_demands",
		"clients: {c: {multilink: {mrru: 1492}, links: {a: {ports: dsl}}}}\n" PORTS,
		"t:1:33: clients.c.multilink.mrru: 1492 is out of range: auto, or 1500 to 65535\n"
		"t:1:48: clients.c.links.a.username: is missing, here and in the client\n"},
	{"size_without_unit", "process: {memory: 256}\n",
		"t:1:19: process.memory: 256 needs a unit: B, KiB, MiB or GiB\n"},
	{"size_overflows", "process: {memory: 9000000000000 GiB}\n",
		"t:1:19: process.memory: 9000000000000 GiB is out of range: 64 MiB to 1024 GiB\n"},
	{"bool_is_a_number",
		PORTS "concentrators:\n  a: {ports: wan, address: 10.0.0.1, pool: p, any_service: 1}\n" POOLS,
		"t:6:60: concentrators.a.any_service: \"1\" is neither yes nor no\n"},
	{"bool_in_quotes",
		PORTS "concentrators:\n  a: {ports: wan, address: 10.0.0.1, pool: p, any_service: 'no'}\n" POOLS,
		"t:6:60: concentrators.a.any_service: is a text in quotes; write it without\n"},
	{"word_is_unknown", "process: {idle: lazy}\n",
		"t:1:17: process.idle: \"lazy\" is not one of adaptive or busy\n"},
	{"address_is_a_name", "users: {u: {password: x, address: host}}\n",
		"t:1:35: users.u.address: \"host\" is not an IPv4 address\n"},
	{"address_is_multicast", "users: {u: {password: x, address: 224.0.0.5}}\n",
		"t:1:35: users.u.address: 224.0.0.5 is not an address of a host\n"},
	{"prefix_with_host_bits", "users: {u: {password: x, routes: [10.1.2.3/24]}}\n",
		"t:1:35: users.u.routes[0]: 10.1.2.3/24 has bits behind its prefix length: the prefix is 10.1.2.0/24\n"},
	{"prefix_too_long", "users: {u: {password: x, routes: [10.1.2.0/33]}}\n",
		"t:1:35: users.u.routes[0]: \"10.1.2.0/33\" is not an IP prefix (such as 192.0.2.0/24)\n"},
	{"prefix6_with_host_bits", "users: {u: {password: x, routes: [\"2001:db8::1/32\"]}}\n",
		"t:1:35: users.u.routes[0]: 2001:db8::1/32 has bits behind its prefix length: the prefix is 2001:db8::/32\n"},
	{"route_is_no_prefix", "routes: [{to: default, blackhole: yes}]\n",
		"t:1:15: routes[0].to: \"default\" is not an IP prefix (such as 192.0.2.0/24)\n"},
	{"via_with_a_length", "routes: [{to: 1.0.0.0/8, via: 10.0.0.9/24}]\n" PORTS,
		"t:1:31: routes[0].via: \"10.0.0.9/24\" is not an IP address\n"},
	{"port_address_without_length", "ports: {a: {device: d, kind: ip, addresses: [10.0.0.1]}}\n",
		"t:1:46: ports.a.addresses[0]: \"10.0.0.1\" is not an address with the length of its network (such as "
		"192.0.2.1/24)\n"},
	{"port_address_is_the_network", "ports: {a: {device: d, kind: ip, addresses: [10.0.0.0/24]}}\n",
		"t:1:46: ports.a.addresses[0]: 10.0.0.0/24 is the network, not an address in it\n"},
	{"port_address_is_loopback", "ports: {a: {device: d, kind: ip, addresses: [127.0.0.1/8]}}\n",
		"t:1:46: ports.a.addresses[0]: 127.0.0.1/8 is not an address of a host\n"},
	{"range_backwards", "pools: {p: [10.0.0.9-10.0.0.1]}\n",
		"t:1:13: pools.p[0]: 10.0.0.9-10.0.0.1 ends before it begins\n"},
	{"range_is_half", "pools: {p: [10.0.0.9-]}\n",
		"t:1:13: pools.p[0]: \"10.0.0.9-\" is not a range (such as 192.0.2.10-192.0.2.99)\n"},
	{"range_begins_with_a_novel", "pools: {p: [aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-10.0.0.1]}\n",
		"t:1:13: pools.p[0]: \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-10.0.0.1\" is not a range (such as "
		"192.0.2.10-192.0.2.99)\n"},
	{"range_of_everything", "pools: {p: [1.0.0.0/4]}\n",
		"t:1:13: pools.p[0]: 1.0.0.0/4 has bits behind its prefix length: the prefix is 0.0.0.0/4\n"},
	{"range_too_wide", "pools: {p: [16.0.0.0/4]}\n",
		"t:1:13: pools.p[0]: 16.0.0.0/4 is not a range of host addresses (at most 16777216)\n"},
	{"address_of_a_hundred_characters",
		"routes: [{to: "
		"00000000000000000000000000000000000000000000000000000000000000000000000000000000/8, blackhole: yes}]\n",
		"t:1:15: routes[0].to: \"000000000000000000000000000000000000000000000000000000000000\" is not an IP prefix (such "
		"as 192.0.2.0/24)\n"},
	{"mac_is_short",
		"clients: {c: {links: {a: {ports: dsl, mac: \"02:00:00:00:00\"}}, username: u, password: x}}\n" PORTS,
		"t:1:44: clients.c.links.a.mac: \"02:00:00:00:00\" is not a MAC address (such as 02:00:5e:10:00:01)\n"},
	{"mac_with_dashes",
		"clients: {c: {links: {a: {ports: dsl, mac: 02-00-00-00-00-01}}, username: u, password: x}}\n" PORTS,
		"t:1:44: clients.c.links.a.mac: \"02-00-00-00-00-01\" is not a MAC address (such as 02:00:5e:10:00:01)\n"},
	{"mac_is_a_group",
		"clients: {c: {links: {a: {ports: dsl, mac: \"01:00:5e:00:00:01\"}}, username: u, password: x}}\n" PORTS,
		"t:1:44: clients.c.links.a.mac: 01:00:5e:00:00:01 is a group address\n"},
	{"mac_is_zero",
		"clients: {c: {links: {a: {ports: dsl, mac: \"00:00:00:00:00:00\"}}, username: u, password: x}}\n" PORTS,
		"t:1:44: clients.c.links.a.mac: 00:00:00:00:00:00 is no station's address\n"},
	{"vlan_4095", "clients: {c: {links: {a: {ports: dsl, vlan: 4095}}, username: u, password: x}}\n" PORTS,
		"t:1:45: clients.c.links.a.vlan: \"4095\" is not untagged, or a VLAN id up to 4094 (100, 200.7, ad:200.7)\n"},
	{"vlan_any_for_a_link", "clients: {c: {links: {a: {ports: dsl, vlan: any}}, username: u, password: x}}\n" PORTS,
		"t:1:45: clients.c.links.a.vlan: \"any\" is not untagged, or a VLAN id up to 4094 (100, 200.7, ad:200.7)\n"},
	{"three_vlan_tags",
		PORTS POOLS "concentrators:\n  a: {ports: wan, vlans: [1.2.3, 1., 7x], address: 10.0.0.1, pool: p}\n",
		"t:7:27: concentrators.a.vlans[0]: \"1.2.3\" is not untagged, any, or a VLAN id up to 4094 (100, 200.7, "
		"ad:200.7)\n"
		"t:7:34: concentrators.a.vlans[1]: \"1.\" is not untagged, any, or a VLAN id up to 4094 (100, 200.7, ad:200.7)\n"
		"t:7:38: concentrators.a.vlans[2]: \"7x\" is not untagged, any, or a VLAN id up to 4094 (100, 200.7, ad:200.7)\n"},
};

#define CLIENT(rest) PORTS "clients:\n  c: {username: u, password: x, links: {a: {ports: dsl}}, " rest "}\n"
#define AC(rest) PORTS POOLS USERS "concentrators:\n  ac: {ports: wan, address: 10.0.0.1, " rest "}\n"
#define OVER_PPPOE \
	"no frames on PPPoE have this: RFC 2516 section 7 forbids to ask for it and to accept it; remove the key\n"

static const struct row contradictions[] = {
	{"acfc_accm_and_fcs_are_refused",
		CLIENT("lcp: {options: {acfc: {want: yes}, accm: {want: no}, fcs_alternatives: {allow: yes}}}"),
		"t:6:75: clients.c.lcp.options.acfc: " OVER_PPPOE "t:6:94: clients.c.lcp.options.accm: " OVER_PPPOE
		"t:6:112: clients.c.lcp.options.fcs_alternatives: " OVER_PPPOE},
	{"cpus_for_too_few_workers", "process: {workers: 3, cpus: [2, 3]}\n",
		"t:1:29: process.cpus: names 2 CPUs for 3 workers\n"},
	{"cpu_twice", "process: {workers: 2, cpus: [2, 2]}\n", "t:1:33: process.cpus[1]: CPU 2 stands here twice\n"},
	{"control_beside_a_worker", "process: {cpus: 2, control_cpu: 2}\n" PORTS CLIENTS,
		"t:1:17: warning: process.cpus[0]: CPU 2 is the control thread's too\n"
		"t:3:3: warning: ports.wan: no concentrator and no client uses this access port\n"},
	{"windows_larger_than_memory", "process: {memory: 64 MiB, reassembly_memory: 64 MiB}\n",
		"t:1:46: process.reassembly_memory: must be less than memory: fragments wait in its packet buffers\n"},
	{"one_session_may_punt_more_than_all", "process: {punt_rate: 100 /s, punt_session_rate: 200 /s}\n",
		"t:1:49: process.punt_session_rate: is more than punt_rate, which all sessions share\n"},
	{"access_port_with_ip_keys",
		"ports: {a: {device: d, kind: access, addresses: [10.0.0.1/24], proxy_arp: yes}}\n",
		"t:1:49: ports.a.addresses: an access port has no addresses\n"
		"t:1:75: ports.a.proxy_arp: an access port answers no ARP\n"},
	{"probes_for_no_address",
		"ports:\n  six: {device: d, kind: ip, addresses: ['2001:db8::1/64'], probe_addresses: yes}\n"
		"  wan: {device: e, kind: access, probe_addresses: yes}\n"
		"clients: {c: {username: u, password: p, links: {a: {ports: wan}}}}\n",
		"t:2:78: ports.six.probe_addresses: needs an IPv4 address on the port\n"
		"t:3:51: ports.wan.probe_addresses: an access port has no addresses\n"},
	{"address_of_a_client_behind_the_wrong_ports",
		"ports:\n  wan: {device: d, kind: access, address_of: c}\n"
		"  six: {device: e, kind: ip, addresses: ['2001:db8::1/64'], address_of: c}\n"
		"  lan: {device: f, kind: ip, addresses: [10.0.0.1/24], address_of: x}\n"
		"clients: {c: {username: u, password: p, links: {a: {ports: wan}}}}\n",
		"t:2:46: ports.wan.address_of: no host is behind an access port\n"
		"t:3:73: ports.six.address_of: needs an IPv4 address on the port\n"
		"t:3:73: ports.six.address_of: the address of client c goes to port wan already\n"
		"t:4:68: ports.lan.address_of: there is no client x\n"},
	{"ip_port_with_a_line", "ports: {a: {device: d, kind: ip, line: {rate: 1 Mbit/s}, proxy_arp: yes}}\n",
		"t:1:34: ports.a.line: an ip port is no line\n"
		"t:1:69: ports.a.proxy_arp: needs an IPv4 address on the port\n"},
	{"ip_port_that_steers_sessions", "ports:\n  a: {device: d, kind: ip, steering: rings, rules_max: 5}\n",
		"t:2:38: ports.a.steering: an ip port has no sessions to steer\n"
		"t:2:56: ports.a.rules_max: an ip port has no sessions to steer\n"},
	{"steering_that_nobody_knows", "ports: {a: {device: d, kind: access, steering: rss, rules_max: 0}}\n",
		"t:1:48: ports.a.steering: \"rss\" is not one of auto or rings\n"
		"t:1:64: ports.a.rules_max: 0 is out of range: 1 to 65535\n"},
	{"device_of_two_ports", "ports:\n  a: {device: d, kind: ip}\n  b: {device: d, kind: ip}\n",
		"t:3:15: ports.b.device: is port a already\n"},
	{"networks_of_two_ports_overlap",
		"ports:\n  a: {device: d, kind: ip, addresses: [10.0.0.1/8, \"fe80::1/64\"]}\n"
		"  b: {device: e, kind: ip, addresses: [10.9.0.1/16, \"fe80::1/64\"]}\n",
		"t:3:40: ports.b.addresses[0]: overlaps the network of port a\n"},
	{"reference_to_nothing",
		PORTS
		"concentrators: {ac: {ports: [wan, wam], address: 10.0.0.1, pool: q}}\nroutes: [{to: 1.0.0.0/8, client: c}]\n",
		"t:5:35: concentrators.ac.ports[1]: there is no port wam\n"
		"t:5:66: concentrators.ac.pool: there is no pool q\n"
		"t:6:34: routes[0].client: there is no client c\n"},
	{"ports_of_the_wrong_kind",
		PORTS POOLS "concentrators: {ac: {ports: [lan], address: 10.0.0.1, pool: p}}\n"
			    "routes: [{to: 1.0.0.0/8, port: wan}]\n",
		"t:6:30: concentrators.ac.ports[0]: lan is an ip port; an access port is needed\n"
		"t:7:32: routes[0].port: wan is an access port; an ip port is needed\n"},
	{"port_twice", PORTS POOLS "concentrators: {ac: {ports: [wan, wan], address: 10.0.0.1, pool: p}}\n",
		"t:6:35: concentrators.ac.ports[1]: stands here twice\n"},
	{"nobody_can_be_served", AC("pool: p, any_service: no"),
		"t:8:61: concentrators.ac.any_service: there are no service_names: nobody could be served\n"},
	{"vlan_twice", AC("pool: p, vlans: [100, \"ad:100\", 100]"),
		"t:8:71: concentrators.ac.vlans[2]: is listened on already by the entry before\n"},
	{"pool_is_missing", AC("max_payload: no"),
		"t:8:3: concentrators.ac.pool: is missing: user u has no address of its own\n"},
	{"pool_is_missing_without_authentication", AC("authentication: []"),
		"t:8:3: concentrators.ac.pool: is missing: without authentication no client has an address of its own\n"},
	{"without_authentication_no_bundles", AC("authentication: [], pool: p") CLIENTS,
		"t:8:55: warning: concentrators.ac.authentication: without authentication every bundle has one link; see "
		"allow_unauthenticated\n"},
	{"nobody_can_log_in", PORTS POOLS CLIENTS CONCENTRATOR,
		"t:9:3: warning: concentrators.ac.authentication: there are no users: nobody can log in\n"},
	{"pap_cannot_be_repeated", AC("pool: p, authentication: pap, rechallenge: 5 min"),
		"t:8:82: concentrators.ac.rechallenge: only CHAP can be repeated, and authentication does not have it\n"},
	{"authentication_twice", AC("pool: p, authentication: [pap, pap]"),
		"t:8:70: concentrators.ac.authentication[1]: stands here twice\n"},
	{"authentication_of_four_with_one_twice", AC("pool: p, authentication: [mschapv2, chap, mschap, chap]"),
		"t:8:89: concentrators.ac.authentication[3]: stands here twice\n"},
	{"own_authentication_without_a_login", AC("pool: p, own_authentication: chap"),
		"t:8:3: concentrators.ac.username: is missing: own_authentication needs it\n"},
	{"own_authentication_without_a_password", AC("pool: p, own_authentication: chap, username: s"),
		"t:8:3: concentrators.ac.password: is missing, and no secrets_file has it\n"},
	{"own_password_without_a_name", AC("pool: p, password: s"),
		"t:8:3: concentrators.ac.username: is missing: there is a password\n"},
	{"own_login_that_nobody_may_ask_for", AC("pool: p, username: s, password: s") CLIENTS,
		"t:8:58: warning: concentrators.ac.username: is not told to anybody: own_authentication is empty\n"},
	{"own_authentication_twice", AC("pool: p, username: s, password: s, own_authentication: [pap, pap]"),
		"t:8:100: concentrators.ac.own_authentication[1]: stands here twice\n"},
	{"own_password_is_a_users", AC("pool: p, username: s, password: x, own_authentication: pap"),
		"t:8:71: concentrators.ac.password: is that of user u too; each direction needs its own\n"},
	{"peer_authentication_without_a_password", CLIENT("peer_authentication: chap"),
		"t:6:3: clients.c.peer_password: is missing, and no secrets_file has it\n"},
	{"peer_authentication_twice", CLIENT("peer_authentication: [chap, chap], peer_password: y"),
		"t:6:87: clients.c.peer_authentication[1]: stands here twice\n"},
	{"peer_password_is_our_own", CLIENT("peer_authentication: chap, peer_password: x"),
		"t:6:101: clients.c.peer_password: is our own password too; each direction needs its own\n"},
	{"peer_password_is_a_links",
		PORTS "clients: {c: {username: u, password: x, peer_authentication: pap, peer_password: z,\n"
		      "  links: {a: {ports: dsl, username: w, password: z}}}}\n",
		"t:5:82: clients.c.peer_password: is our own password too; each direction needs its own\n"},
	{"peer_password_that_is_not_asked_for", CLIENT("peer_password: y"),
		"t:2:3: warning: ports.wan: no concentrator and no client uses this access port\n"
		"t:6:74: warning: clients.c.peer_password: is not asked for: peer_authentication is empty\n"},
	{"peer_username_that_is_not_asked_for", CLIENT("peer_username: y"),
		"t:2:3: warning: ports.wan: no concentrator and no client uses this access port\n"
		"t:6:74: warning: clients.c.peer_username: is not asked for: peer_authentication is empty\n"},
	{"pap_of_the_peer_cannot_be_repeated",
		CLIENT("peer_authentication: pap, peer_password: y, peer_rechallenge: 5 min"),
		"t:6:121: clients.c.peer_rechallenge: only CHAP can be repeated, and peer_authentication does not have it\n"},
	{"two_concentrators_on_a_wire",
		PORTS POOLS USERS
		"concentrators:\n  a: {ports: [wan, dsl], address: 10.0.0.1, pool: p, vlans: [1, 100.7]}\n"
		"  b: {ports: dsl, address: 10.0.0.1, pool: p, vlans: 100.7}\n",
		"t:9:14: concentrators.b.ports[0]: concentrator a answers here too (VLAN 100.7), and both take any service\n"},
	{"prefix_of_the_wrong_family", CLIENT("accept_address: \"2001:db8::/32\""),
		"t:6:75: clients.c.accept_address: \"2001:db8::/32\" is not an IPv4 prefix (such as 192.0.2.0/24)\n"},
	{"networks_that_nobody_may_open", CLIENT("network: {ipv4: {want: no, allow: no}, ipv6: {want: no, allow: no}}"),
		"t:6:93: clients.c.network.ipv4.allow: neither IPv4 nor IPv6 is carried\n"},
	{"networks_that_only_we_may_open", CLIENT("network: {ipv4: {allow: no}, ipv6: {allow: no}}"),
		"t:6:83: clients.c.network.ipv4.allow: must be yes, since IPv4 is wanted\n"
		"t:6:102: clients.c.network.ipv6.allow: must be yes, since IPv6 is wanted\n"},
	{"address_that_is_neither_asked_for_nor_known", CLIENT("network: {address: {want: no}}"),
		"t:6:3: clients.c.address: is missing: network.address.want is no, so the peer is not asked for one\n"},
	{"address_that_is_not_asked_for_but_known", CLIENT("address: 10.0.0.9, network: {address: {want: no}}"), ""},
	{"clients_that_are_not_told_their_address", AC("pool: p, network: {address: {allow: no}}"),
		"t:3:3: warning: ports.dsl: no concentrator and no client uses this access port\n"
		"t:8:75: warning: concentrators.ac.network.address.allow: clients cannot be told their addresses and must know "
		"them\n"},
	{"concentrator_without_address", PORTS POOLS USERS "concentrators: {ac: {ports: [wan], pool: p}}\n",
		"t:7:17: concentrators.ac.address: is missing: IPv4 needs it\n"},
	{"multilink_that_nobody_may_ask_for", CLIENT("lcp: {options: {mrru: {want: no, allow: no}}}"),
		"t:6:99: clients.c.lcp.options.mrru.allow: multilink is enabled, but MRRU may be asked for by nobody\n"},
	{"multilink_off_but_wanted",
		CLIENT("multilink: {enabled: no, require: yes}, lcp: {options: {mrru: {want: yes}}}"),
		"t:6:93: clients.c.multilink.require: multilink is not enabled\n"
		"t:6:128: clients.c.lcp.options.mrru.want: multilink is not enabled\n"},
	{"scrubbed_in_no_direction", CLIENT("scrub: {min_ttl: 15, from_links: no, to_links: no}"),
		"t:6:106: clients.c.scrub.to_links: and from_links are both no: nothing would be scrubbed\n"},
	{"profile_beside_an_mrru", CLIENT("multilink: {profile: cisco, mrru: 1524}"),
		"t:6:80: clients.c.multilink.profile: an MRRU stands here too; one of them is enough\n"},
	{"stall_min_longer_than_max", CLIENT("multilink: {stall_min: 2 s, stall_max: 1 s}"),
		"t:6:82: clients.c.multilink.stall_min: is longer than stall_max\n"},
	{"template_that_is_not_there",
		PORTS "clients:\n  c: {username: u, password: x, templates: {t: {ports: dsl}},\n"
		      "      links: {a: {from: s, ports: dsl}}}\n",
		"t:7:25: clients.c.links.a.from: there is no template s\n"},
	{"template_without_ports_does_not_help",
		PORTS "clients:\n  c: {username: u, password: x, templates: {t: {vlan: 7}}, links: {a: {from: t}}}\n",
		"t:6:68: clients.c.links.a.ports: is missing\n"},
	{"template_with_a_wrong_value_is_told_once_for_each_link",
		PORTS "clients:\n  c: {username: u, password: x, templates: {t: {ports: dsl, vlan: 5000}},\n"
		      "      links: {a: {from: t}}}\n",
		"t:6:67: clients.c.links.a.vlan: \"5000\" is not untagged, or a VLAN id up to 4094 (100, 200.7, ad:200.7)\n"
		"t:6:67: clients.c.templates.t.vlan: \"5000\" is not untagged, or a VLAN id up to 4094 (100, 200.7, ad:200.7)\n"},
	{"template_that_nobody_uses_is_checked",
		PORTS "clients:\n  c: {username: u, password: x, templates: {t: {ports: lan, from: t}},\n"
		      "      links: {a: {ports: dsl}}}\n",
		"t:6:56: clients.c.templates.t.ports[0]: lan is an ip port; an access port is needed\n"
		"t:6:61: clients.c.templates.t.from: unknown key\n"},
	{"bandwidth_management_without_rates", CLIENT("bandwidth_management: {}"),
		"t:6:59: clients.c.bandwidth_management: needs to know what the lines can carry: link a has no line with a rate\n"},
	{"bandwidth_management_that_cannot_be",
		PORTS "clients:\n  c:\n    username: u\n    password: x\n    start_order: one-by-one\n"
		      "    links: {a: {ports: dsl, line: {rate: 1 Mbit/s}}, b: {ports: dsl, line: {rate: 2 Mbit/s}}}\n"
		      "    bandwidth_management: {high_water: 20, low_water: 20, links: [a, z, a]}\n",
		"t:9:18: clients.c.start_order: has no meaning with bandwidth_management, which opens links by load\n"
		"t:11:55: clients.c.bandwidth_management.low_water: low_water is not below high_water\n"
		"t:11:66: clients.c.bandwidth_management.links: does not have link b\n"
		"t:11:70: clients.c.bandwidth_management.links[1]: there is no link z\n"
		"t:11:73: clients.c.bandwidth_management.links[2]: stands here twice\n"},
	{"bandwidth_management_of_a_concentrator_has_no_links",
		PORTS POOLS USERS "concentrators:\n  ac: {ports: wan, address: 10.0.0.1, pool: p,\n"
				  "    bandwidth_management: {links: [a], period: 1 ms}}\n",
		"t:9:28: concentrators.ac.bandwidth_management.links: unknown key\n"
		"t:9:48: concentrators.ac.bandwidth_management.period: 1 ms is out of range: 600 ms to 24 h\n"},
	{"bandwidth_management_with_one_link",
		PORTS "clients:\n  c: {username: u, password: x, bandwidth_management: {high_water: 50, links: [a]},\n"
		      "      links: {a: {ports: dsl, line: {rate: 1 Mbit/s}}}, mss: {v4: 1}}\n",
		"t:2:3: warning: ports.wan: no concentrator and no client uses this access port\n"
		"t:6:33: warning: clients.c.bandwidth_management: there is only one link to open\n"
		"t:7:67: clients.c.mss.v4: 1 is out of range: auto, off, or 88 to 65495\n"},
	{"hooks_that_cannot_be",
		PORTS CLIENTS "hooks:\n"
			      "  a: {events: [link-up, link-up, up], run: [true]}\n"
			      "  b: {events: [], run: []}\n"
			      "  c: {events: link-up, run: /nowhere/at-all, timeout: 2 h}\n"
			      "  d: {run: /bin/true}\n",
		"t:2:3: warning: ports.wan: no concentrator and no client uses this access port\n"
		"t:8:25: hooks.a.events[1]: stands here twice\n"
		"t:8:34: hooks.a.events[2]: \"up\" is not one of link-up, link-down, link-refused, bundle-up, bundle-changed, "
		"bundle-down, link-suspended or link-resumed\n"
		"t:8:45: hooks.a.run[0]: \"true\" is no absolute path\n"
		"t:9:15: hooks.b.events: is empty\n"
		"t:9:24: hooks.b.run: is empty\n"
		"t:10:29: warning: hooks.c.run[0]: /nowhere/at-all cannot be run: No such file or directory\n"
		"t:10:55: hooks.c.timeout: 2 h is out of range: 100 ms to 1 h\n"
		"t:11:3: hooks.d.events: is missing\n"},
	{"hook_event_twice", PORTS CLIENTS "hooks: {a: {events: [link-up, link-up], run: /bin/true}}\n",
		"t:2:3: warning: ports.wan: no concentrator and no client uses this access port\n"
		"t:7:31: hooks.a.events[1]: stands here twice\n"},
	{"idle_client_that_is_always_dialled", CLIENT("idle_timeout: 5 min"),
		"t:6:73: clients.c.idle_timeout: with dial: always the bundle would be dialled again at once; dial must be "
		"on-demand or manual\n"},
	{"on_demand_client_without_routes", CLIENT("dial: on-demand, default_route: no"),
		"t:6:65: clients.c.dial: no packet is ever routed to the client: it has neither default_route nor routes\n"},
	{"dial_and_start_order_are_words", CLIENT("dial: demand, start_order: ordered"),
		"t:6:65: clients.c.dial: \"demand\" is not one of always, on-demand or manual\n"
		"t:6:86: clients.c.start_order: \"ordered\" is not one of together or one-by-one\n"},
	{"idle_timeout_too_short", CLIENT("dial: manual, idle_timeout: 10 ms, redial: {carrier_wait: 1 ms}"),
		"t:6:87: clients.c.idle_timeout: 10 ms is out of range: never, or 1 s to 24 h\n"
		"t:6:117: clients.c.redial.carrier_wait: 1 ms is out of range: for-ever, or 100 ms to 24 h\n"},
	{"overflow_limit_of_another_mode", CLIENT("multilink: {mode: packet, overflow_limit: 5 ms}"),
		"t:6:101: clients.c.multilink.overflow_limit: mode is not overflow\n"},
	{"overflow_limit_is_too_long", CLIENT("multilink: {mode: overflow, overflow_limit: 1 s}"),
		"t:6:103: clients.c.multilink.overflow_limit: 1 s is out of range: 1 ms to 100 ms\n"},
	{"cost_is_too_large", "ports:\n  dsl: {device: d, kind: access, line: {cost: 128}}\n" CLIENTS,
		"t:2:47: ports.dsl.line.cost: 128 is out of range: 0 to 127\n"},
	{"overflow_over_lines_of_one_cost",
		PORTS "clients: {c: {username: u, password: x, multilink: {mode: overflow},\n"
		      "  links: {a: {ports: dsl}, b: {ports: wan, line: {rate: 1 Mbit/s}}}}}\n",
		"t:5:59: warning: clients.c.multilink.mode: all links have the same cost, so none is filled first: this is "
		"weighted\n"},
	{"overflow_from_a_line_without_a_rate",
		PORTS "clients: {c: {username: u, password: x, multilink: {mode: overflow},\n"
		      "  links: {a: {ports: dsl}, b: {ports: wan, line: {rate: 1 Mbit/s, cost: 5}}}}}\n",
		"t:5:59: warning: clients.c.multilink.mode: a has no rate: unless one is told at discovery it is never full, "
		"and dearer lines are never used\n"},
	{"overflow_in_a_concentrator_with_one_port",
		PORTS POOLS USERS
		"concentrators:\n  ac: {ports: wan, address: 10.0.0.1, pool: p, authentication: [chap],\n"
		"    multilink: {mode: overflow}}\n" CLIENTS,
		"t:9:23: warning: concentrators.ac.multilink.mode: all ports have the same cost, so none is filled first: this "
		"is weighted\n"},
	{"redial_limit_below_delay", CLIENT("redial: {delay: 5 s, limit: 1 s}"),
		"t:6:87: clients.c.redial.limit: limit is shorter than delay\n"},
	{"endpoint_without_value", CLIENT("multilink: {endpoint: {class: local}}"),
		"t:6:71: clients.c.multilink.endpoint.value: is missing: this class needs up to 20 bytes of text\n"},
	{"endpoint_needs_no_value", CLIENT("multilink: {endpoint: {class: none, value: x}}"),
		"t:6:102: clients.c.multilink.endpoint.value: this class has no value\n"},
	{"endpoint_local_too_long", CLIENT("multilink: {endpoint: {class: local, value: 012345678901234567890}}"),
		"t:6:103: clients.c.multilink.endpoint.value: \"012345678901234567890\" is not up to 20 bytes of text\n"},
	{"endpoint_ip_is_none", CLIENT("multilink: {endpoint: {class: ip, value: x}}"),
		"t:6:100: clients.c.multilink.endpoint.value: \"x\" is not an IPv4 address\n"},
	{"endpoint_mac_is_none", CLIENT("multilink: {endpoint: {class: mac, value: x}}"),
		"t:6:101: clients.c.multilink.endpoint.value: \"x\" is not a MAC address\n"},
	{"endpoint_magic_is_odd", CLIENT("multilink: {endpoint: {class: magic, value: 0123456}}"),
		"t:6:103: clients.c.multilink.endpoint.value: \"0123456\" is not 1 to 5 numbers of 8 hexadecimal digits\n"},
	{"endpoint_magic_is_no_number", CLIENT("multilink: {endpoint: {class: magic, value: 0123456g}}"),
		"t:6:103: clients.c.multilink.endpoint.value: \"0123456g\" is not 1 to 5 numbers of 8 hexadecimal digits\n"},
	{"endpoint_phone_has_letters", CLIENT("multilink: {endpoint: {class: phone, value: 49x}}"),
		"t:6:103: clients.c.multilink.endpoint.value: \"49x\" is not up to 15 digits\n"},
	{"user_without_password", "users: {u: {}}\n",
		"t:1:9: users.u.password: is missing, and no secrets_file has it\n"},
	{"client_without_password", PORTS "clients: {c: {username: u, links: {a: {ports: dsl}}}}\n",
		"t:5:11: clients.c.password: is missing, and no secrets_file has it\n"},
	{"client_without_username", PORTS "clients: {c: {password: x, links: {a: {ports: dsl}}}}\n",
		"t:5:11: clients.c.username: is missing: there is a password\n"
		"t:5:36: clients.c.links.a.username: is missing, here and in the client\n"},
	{"link_without_password", PORTS "clients: {c: {links: {a: {ports: dsl, username: u}}}}\n",
		"t:5:23: clients.c.links.a.password: is missing, and no secrets_file has it\n"},
	{"link_with_another_name_only",
		PORTS
		"clients: {c: {username: u, password: x, links: {a: {ports: dsl, username: v}, b: {ports: wan}}}}\n",
		"t:5:49: clients.c.links.a.password: is missing: the client's belongs to another username\n"},
	{"quality_without_multilink",
		PORTS
		"clients: {c: {username: u, password: x, multilink: {enabled: no}, quality: {skew_max: 40 ms}, links: {a: {ports: dsl}}}}\n",
		"t:5:87: clients.c.quality.skew_max: multilink is not enabled: a bundle's only link is always sent on\n"},
	{"link_line_without_rate",
		PORTS "clients: {c: {username: u, password: x, links: {a: {ports: dsl, line: {latency: 1 ms}}}}}\n",
		"t:5:65: clients.c.links.a.line.rate: is missing: a link's line replaces the port's as a whole\n"},
	{"several_links_without_multilink",
		PORTS
		"clients: {c: {username: u, password: x, multilink: {enabled: no}, links: {a: {ports: dsl}, b: {ports: "
		"wan}}}}\n",
		"t:5:62: clients.c.multilink.enabled: several links need multilink\n"},
	{"more_links_than_allowed",
		PORTS
		"clients: {c: {username: u, password: x, multilink: {links_max: 1}, links: {a: {ports: dsl}, b: {ports: "
		"wan}}}}\n",
		"t:5:64: clients.c.multilink.links_max: there are 2 links\n"},
	{"client_without_links", PORTS "clients: {c: {username: u, password: x, links: {}}}\n",
		"t:5:41: clients.c.links: is empty\n"},
	{"two_clients_look_alike",
		PORTS "clients:\n  c: {username: u, password: x, links: {a: {ports: [wan, dsl], vlan: 7}}}\n"
		      "  d: {username: u, password: x, links: {b: {ports: [dsl], vlan: 7}}, default_route: no}\n",
		"t:7:41: clients.d.links.b: has the same port, VLAN and MAC address as link a of client c\n"},
	{"two_default_routes",
		PORTS "clients:\n  c: {username: u, password: x, links: {a: {ports: wan}}}\n"
		      "  d: {username: u, password: x, links: {b: {ports: dsl}}}\n",
		"t:7:3: clients.d.default_route: client c has the default route already\n"},
	{"wanted_address_is_not_acceptable", CLIENT("address: 10.5.0.1, accept_address: 10.4.0.0/16"),
		"t:6:68: clients.c.address: lies outside accept_address\n"},
	{"printed_mask_is_no_password",
		PORTS "clients: {c: {username: u, password: (secret), links: {a: {ports: [dsl, wan]}}}}\n",
		"t:5:38: warning: clients.c.password: is what a printed configuration shows in place of a password\n"},
	{"short_numbers_on_fast_lines",
		"ports:\n  a: {device: d, kind: access, line: {rate: 60 Mbit/s}}\n  b: {device: e, kind: access}\n"
		"clients: {c: {username: u, password: x, lcp: {options: {short_sequence: {want: yes}}},\n"
		"  links: {a: {ports: a}, b: {ports: b, line: {rate: 50 Mbit/s}}}}}\n",
		"t:4:80: warning: clients.c.lcp.options.short_sequence.want: short sequence numbers are ambiguous after little "
		"delay on lines of 110 Mbit/s in sum (100 Mbit/s at most is safe)\n"},
	{"nothing_to_do", "process: {name: x}\n",
		"t:1:1: warning: concentrators: there is neither a concentrator nor a client\n"},
};

static const struct row addresses[] = {
	{"pools_overlap", "pools: {p: [10.1.0.0/24], q: [10.1.0.200-10.1.1.9]}\n",
		"t:1:31: pools.q[0]: 10.1.0.200 belongs to pool p too\n"},
	{"pool_holds_our_address", PORTS "pools: {p: [10.0.0.1-10.0.0.9]}\n",
		"t:1:1: warning: concentrators: there is neither a concentrator nor a client\n"
		"t:2:3: warning: ports.wan: no concentrator and no client uses this access port\n"
		"t:3:3: warning: ports.dsl: no concentrator and no client uses this access port\n"
		"t:5:13: pools.p[0]: 10.0.0.1 belongs to port lan too\n"
		"t:5:13: warning: pools.p[0]: lies in the network of port lan, whose hosts find it only with proxy_arp\n"},
	{"user_lies_in_a_pool", POOLS "users: {u: {password: x, address: 10.1.0.7}}\n",
		"t:2:35: users.u.address: 10.1.0.7 belongs to pool p too\n"},
	{"user_has_our_address", PORTS "users: {u: {password: x, address: 10.0.0.1}}\n",
		"t:5:35: users.u.address: 10.0.0.1 belongs to port lan too\n"},
	{"two_users_have_one_address",
		"users: {u: {password: x, address: 10.1.0.7}, v: {password: x, address: 10.1.0.7}}\n",
		"t:1:72: users.v.address: 10.1.0.7 belongs to user u too\n"},
	{"shared_bundle_with_two_addresses",
		"users: {u: {password: x, address: 10.1.0.7, bundle: b}, v: {password: x, address: 10.1.0.8, bundle: b}}\n",
		"t:1:83: users.v.address: differs from that of user u, who shares the bundle b\n"},
	{"two_users_route_one_network",
		"users: {u: {password: x, routes: [10.2.0.0/16]}, v: {password: x, routes: [10.3.0.0/16, 10.2.0.0/16]}}\n",
		"t:1:89: users.v.routes[1]: the network 10.2.0.0/16 is routed to user u too\n"},
	{"pool6_of_ipv4", "pools6: {p: {prefixes: 10.0.0.0/8}}\n",
		"t:1:24: pools6.p.prefixes[0]: 10.0.0.0/8 is not IPv6\n"},
	{"pool6_longer_than_what_it_gives", "pools6: {p: {prefixes: '2001:db8::/60'}}\n",
		"t:1:24: pools6.p.prefixes[0]: is longer than the /56 that are cut out of it\n"},
	{"pool6_of_too_many", "pools6: {p: {prefixes: ['2001:db8::/32', '2001:db9::/32']}}\n",
		"t:1:24: pools6.p.prefixes: hold more than 16777216 prefixes of length 56\n"},
	{"pool6_of_very_many", "pools6: {p: {prefixes: '2000::/3'}}\n",
		"t:1:24: pools6.p.prefixes: hold more than 16777216 prefixes of length 56\n"},
	{"link_prefixes_of_56",
		PORTS POOLS "pools6: {q: {prefixes: '2001:db8:8000::/36'}}\n"
			    "concentrators: {ac: {ports: wan, address: 10.0.0.1, pool: p, pool6: q}}\n",
		"t:7:69: concentrators.ac.pool6: gives prefixes of length 56; the link of a bundle needs 64, or no host could make an address\n"},
	{"pool6_that_is_not",
		PORTS POOLS "pools6: {q: {prefixes: '2001:db8:8000::/36'}}\n"
			    "concentrators: {ac: {ports: wan, address: 10.0.0.1, pool: p, delegated_pool: x}}\n",
		"t:7:78: concentrators.ac.delegated_pool: there is no pool of pools6 x\n"},
	{"prefixes_without_ipv6",
		PORTS POOLS
		"pools6: {q: {prefixes: '2001:db8:8000::/36'}}\n"
		"concentrators: {ac: {ports: wan, address: 10.0.0.1, pool: p, network: {ipv6: {want: no, allow: no}}, delegated_pool: q}}\n",
		"t:7:118: concentrators.ac.delegated_pool: network.ipv6 is not allowed\n"},
	{"dns6_of_ipv4",
		PORTS POOLS "pools6: {q: {prefixes: '2001:db8:8000::/36'}}\n"
			    "concentrators: {ac: {ports: wan, address: 10.0.0.1, pool: p, dns6: 192.0.2.53}}\n",
		"t:7:68: concentrators.ac.dns6[0]: 192.0.2.53 is not IPv6: see dns\n"},
	{"preferred_longer_than_valid",
		PORTS POOLS "pools6: {q: {prefixes: '2001:db8:8000::/36'}}\n"
			    "concentrators: {ac: {ports: wan, address: 10.0.0.1, pool: p, preferred_lifetime: 3 h}}\n",
		"t:7:82: concentrators.ac.preferred_lifetime: preferred_lifetime is longer than valid_lifetime\n"},
	{"valid_shorter_than_preferred",
		PORTS POOLS "pools6: {q: {prefixes: '2001:db8:8000::/36'}}\n"
			    "concentrators: {ac: {ports: wan, address: 10.0.0.1, pool: p, valid_lifetime: 30 min}}\n",
		"t:7:78: concentrators.ac.valid_lifetime: preferred_lifetime is longer than valid_lifetime\n"},
	{"link_prefix_of_a_user_of_56", "users: {u: {password: x, prefix6: '2001:db8::/56'}}\n",
		"t:1:35: users.u.prefix6: has length 56; a link needs 64, or no host could make an address\n"},
	{"delegated_prefix_of_ipv4", "users: {u: {password: x, delegated_prefix: 10.0.0.0/8}}\n",
		"t:1:44: users.u.delegated_prefix: 10.0.0.0/8 is not IPv6\n"},
	{"delegated_prefix_of_65", "users: {u: {password: x, delegated_prefix: '2001:db8::/65'}}\n",
		"t:1:44: users.u.delegated_prefix: has length 65; 1 to 64 can be delegated\n"},
	{"prefix_of_a_user_in_anothers",
		"users: {u: {password: x, delegated_prefix: '2001:db8::/48'}, v: {password: x, prefix6: '2001:db8:0:9::/64'}}\n",
		"t:1:88: users.v.prefix6: overlaps 2001:db8::/48 of user u\n"},
	{"prefixes_of_a_user_overlap",
		"users: {u: {password: x, delegated_prefix: '2001:db8::/48', prefix6: '2001:db8:0:9::/64'}}\n",
		"t:1:44: users.u.delegated_prefix: overlaps 2001:db8:0:9::/64 of user u\n"},
	{"prefix_of_a_user_in_a_pool",
		"pools6: {p: {prefixes: '2001:db8::/36'}}\nusers: {u: {password: x, prefix6: '2001:db8:0:9::/64'}}\n",
		"t:2:35: users.u.prefix6: overlaps 2001:db8::/36 of pool p\n"},
	{"pool6_holds_a_network_of_ours",
		"ports: {lan: {device: d, kind: ip, addresses: ['2001:db8:1::1/64']}}\npools6: {p: {prefixes: '2001:db8::/32'}}\n",
		"t:2:24: pools6.p.prefixes[0]: overlaps 2001:db8:1::1/64 of port lan\n"},
	{"shared_bundle_with_two_prefixes",
		"users: {u: {password: x, prefix6: '2001:db8::/64', bundle: b}, v: {password: x, prefix6: '2001:db9::/64', bundle: b}}\n",
		"t:1:90: users.v.prefix6: differs from that of user u, who shares the bundle b\n"},
	{"delegated_to_an_access_port",
		"ports:\n  wan: {device: d0, kind: access, delegated: {client: c}}\n"
		"clients:\n  c: {username: u, password: x, request_prefix: yes, links: {a: {ports: wan}}}\n",
		"t:2:35: ports.wan.delegated: an access port has no addresses\n"},
	{"delegated_by_nobody", "ports:\n  lan: {device: d0, kind: ip, delegated: {client: x}}\n",
		"t:2:51: ports.lan.delegated.client: there is no client x\n"},
	{"delegated_without_client", "ports:\n  lan: {device: d0, kind: ip, delegated: {subnet: 1}}\n",
		"t:2:31: ports.lan.delegated.client: is missing: the prefix is a client's\n"},
	{"delegated_but_not_asked_for",
		"ports:\n  wan: {device: d0, kind: access}\n  lan: {device: d1, kind: ip, delegated: {client: c}}\n"
		"clients:\n  c: {username: u, password: x, links: {a: {ports: wan}}}\n",
		"t:3:51: ports.lan.delegated.client: client c asks for none: see request_prefix\n"},
	{"one_network_for_two_ports",
		"ports:\n  wan: {device: d0, kind: access}\n  lan: {device: d1, kind: ip, delegated: {client: c, subnet: 2}}\n"
		"  dmz: {device: d2, kind: ip, delegated: {client: c, subnet: 2}}\n"
		"clients:\n  c: {username: u, password: x, request_prefix: yes, links: {a: {ports: wan}}}\n",
		"t:4:62: ports.dmz.delegated.subnet: network 2 of client c is port lan's already\n"},
	{"prefix_asked_for_without_ipv6", CLIENT("request_prefix: yes, network: {ipv6: {want: no, allow: no}}"),
		"t:6:75: clients.c.request_prefix: network.ipv6 is not allowed\n"},
	{"hint_without_a_request", CLIENT("prefix_hint: 56"),
		"t:6:72: clients.c.prefix_hint: nothing is asked for: see request_prefix\n"},
	{"route_with_no_target", "routes: [{to: 1.0.0.0/8}]\n",
		"t:1:15: routes[0].to: needs exactly one of via, port, client and blackhole; it has 0\n"},
	{"route_with_two_targets", PORTS "routes: [{to: 1.0.0.0/8, port: lan, blackhole: yes}]\n",
		"t:5:15: routes[0].to: needs exactly one of via, port, client and blackhole; it has 2\n"},
	{"router_out_of_reach", PORTS "routes: [{to: 1.0.0.0/8, via: 10.0.1.1}]\n",
		"t:5:31: routes[0].via: lies in the network of no ip port\n"},
	{"router_of_the_other_family", PORTS "routes: [{to: 1.0.0.0/8, via: \"fe80::1\"}]\n",
		"t:5:31: routes[0].via: is IPv6, the destination IPv4\n"},
	{"route_twice", "routes: [{to: 1.0.0.0/8, blackhole: yes}, {to: 1.0.0.0/8, blackhole: yes}]\n",
		"t:1:48: routes[1].to: has a route already\n"},
};

/* Mistakes of the kind that the files of other programs let pass: each must be told with its line. */
static const struct row guide[] = {
	{"auth_is_forgotten_before_name",
		PORTS "clients:\n  c:\n    name: user\n    password: x\n    links: {a: {ports: dsl}}\n",
		"t:6:3: clients.c.username: is missing: there is a password\n"
		"t:7:5: clients.c.name: unknown key; did you mean username?\n"
		"t:9:13: clients.c.links.a.username: is missing, here and in the client\n"},
	{"password_argument_is_missing",
		PORTS "clients:\n  c:\n    username: user\n    password:\n    links: {a: {ports: dsl}}\n",
		"t:8:14: clients.c.password: has no value\n"},
	{"keyword_is_split",
		PORTS "clients:\n  c:\n    user name: user\n    password: x\n    links: {a: {ports: dsl}}\n",
		"t:6:3: clients.c.username: is missing: there is a password\n"
		"t:7:5: clients.c.user name: unknown key; did you mean username?\n"
		"t:9:13: clients.c.links.a.username: is missing, here and in the client\n"},
	{"colon_is_missing", PORTS "clients:\n  c:\n    username user\n    password: x\n",
		"t:8:13: not YAML: mapping values are not allowed in this context\n"},
};

/* Lines with "warning:" count only in rows that expect one. */
static void
without_warnings(char *text)
{
	char *to = text;

	for (char *line = text; *line != '\0';) {
		char *end = strchr(line, '\n') + 1;
		const size_t len = (size_t)(end - line);
		char *warning = strstr(line, ": warning: ");

		if (warning == NULL || warning >= end) {
			memmove(to, line, len);
			to += len;
		}
		line = end;
	}
	*to = '\0';
}

static void
check_rows(const struct row *rows, size_t n)
{
	unsigned wrong = 0;

	for (size_t i = 0; i < n; i++) {
		struct config_notes notes;
		struct config *cfg = load_text(rows[i].yaml, &notes);
		char *said = notes_text(&notes);

		assert_int_equal(cfg == NULL, notes.n_errors != 0);
		if (strstr(rows[i].said, ": warning: ") == NULL)
			without_warnings(said);
		if (strcmp(said, rows[i].said) != 0) {
			print_error("%s:\nwanted\n%ssaid\n%s\n", rows[i].name, rows[i].said, said);
			wrong++;
		}
		free(said);
		config_free(cfg);
		config_notes_free(&notes);
	}
	assert_int_equal(wrong, 0);
}

#define ROWS_TEST(test, table)                                       \
	static void test(void **state)                               \
	{                                                            \
		(void)state;                                         \
		check_rows(table, sizeof(table) / sizeof(table[0])); \
	}
ROWS_TEST(what_is_not_yaml_is_told_with_its_place, syntax)
ROWS_TEST(wrong_keys_and_types_are_told_with_their_place, keys)
ROWS_TEST(wrong_values_are_told_with_their_place, values)
ROWS_TEST(contradictions_are_told_with_their_place, contradictions)
ROWS_TEST(clashing_addresses_are_told_with_their_place, addresses)
ROWS_TEST(slips_that_other_formats_let_pass_are_told, guide)

static void
all_errors_of_a_file_are_told_in_one_run(void **state)
{
	static const struct row rows[] = {{"one_of_each",
		"process:\n  workers: 99\n  wrokers: 1\nports:\n  a: {device: d, kind: acces}\n  b: [x]\n"
		"concentrators: {ac: {ports: c, address: 10.0.0.1, pool: p}}\nroutes: [{to: 1.0.0.0/8}]\n",
		"t:2:12: process.workers: 99 is out of range: 1 to 16\n"
		"t:3:3: process.wrokers: unknown key; did you mean workers?\n"
		"t:5:24: ports.a.kind: \"acces\" is not one of access or ip\n"
		"t:6:3: ports.b: must be a mapping of keys, not a list\n"
		"t:7:29: concentrators.ac.ports[0]: there is no port c\n"
		"t:7:57: concentrators.ac.pool: there is no pool p\n"
		"t:8:15: routes[0].to: needs exactly one of via, port, client and blackhole; it has 0\n"}};

	(void)state;
	check_rows(rows, 1);
}

static void
a_thousand_messages_are_kept_and_no_more(void **state)
{
	char *yaml = NULL;
	size_t len;
	FILE *out = open_memstream(&yaml, &len);
	struct config_notes notes;

	(void)state;
	fprintf(out, "process:\n");
	for (unsigned i = 0; i < 1500; i++)
		fprintf(out, "  unknown%u: 1\n", i);
	fclose(out);
	assert_null(load_text(yaml, &notes));
	assert_int_equal(notes.n, 1000);
	assert_int_equal(notes.n_errors, 1500);
	assert_true(notes.overflow);
	char *said = notes_text(&notes);

	assert_non_null(strstr(said, "more than 1000 messages: the rest is not shown\n"));
	free(said);
	free(yaml);
	config_notes_free(&notes);
}

static void
too_many_objects_are_refused(void **state)
{
	char *yaml = NULL;
	size_t len;
	FILE *out = open_memstream(&yaml, &len);
	struct config_notes notes;

	(void)state;
	fprintf(out, "ports:\n");
	for (unsigned i = 0; i <= CONFIG_PORTS_MAX; i++)
		fprintf(out, "  p%u: {device: d%u, kind: ip}\n", i, i);
	fclose(out);
	assert_null(load_text(yaml, &notes));
	assert_int_equal(notes.n_errors, 1);
	assert_string_equal(notes.items[0].why, "has 65 entries; at most 64 are allowed");
	free(yaml);
	config_notes_free(&notes);
}

static void
a_port_has_room_for_32_mac_addresses(void **state)
{
	char *yaml = NULL;
	size_t len;
	FILE *out = open_memstream(&yaml, &len);
	struct config_notes notes;

	(void)state;
	fprintf(out, PORTS "clients:\n");
	for (unsigned i = 0; i < 33; i++)
		fprintf(out,
			"  c%u: {username: u, password: x, default_route: no, links: {a: {ports: dsl, mac: \"02:00:00:00:00:%02x\"},"
			" b: {ports: dsl, mac: \"02:00:00:00:00:%02x\"}}}\n",
			i, i + 1, i + 1);
	fclose(out);
	assert_null(load_text(yaml, &notes));
	assert_int_equal(notes.n_errors, 2); /* links a and b of the 33rd client */
	for (size_t i = 0, n = 0; i < notes.n; i++)
		if (notes.items[i].level == CONFIG_ERROR) {
			assert_string_equal(
				notes.items[i].key, n++ == 0 ? "clients.c32.links.a.mac" : "clients.c32.links.b.mac");
			assert_string_equal(
				notes.items[i].why, "is one more than the 32 addresses that port dsl can have");
		}
	free(yaml);
	config_notes_free(&notes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_yaml_is_told_with_its_place),
		cmocka_unit_test(wrong_keys_and_types_are_told_with_their_place),
		cmocka_unit_test(wrong_values_are_told_with_their_place),
		cmocka_unit_test(contradictions_are_told_with_their_place),
		cmocka_unit_test(clashing_addresses_are_told_with_their_place),
		cmocka_unit_test(slips_that_other_formats_let_pass_are_told),
		cmocka_unit_test(all_errors_of_a_file_are_told_in_one_run),
		cmocka_unit_test(a_thousand_messages_are_kept_and_no_more),
		cmocka_unit_test(too_many_objects_are_refused),
		cmocka_unit_test(a_port_has_room_for_32_mac_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
