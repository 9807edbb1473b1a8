# SPDX-License-Identifier: BSD-3-Clause
# Debian packages that hawser needs, and install_packages to get what is missing. Sourced by tools/demo and tools/check.

packages_build="gcc libc6-dev meson ninja-build pkg-config git libdpdk-dev libnuma-dev libyaml-dev libevent-dev
	libjansson-dev nettle-dev libcmocka-dev libpcap-dev"
packages_run="python3 iproute2 ethtool iperf3 iputils-ping tcpdump tshark procps curl"
packages_check="clang clang-format libclang-rt-dev cppcheck iptables nftables
	dnsmasq-base busybox"

# install_packages NAME...: asks apt only when something is missing, so that a second run needs no network.
install_packages() {
	missing=
	for p in "$@"; do
		dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
	done
	[ -n "$missing" ] || return 0
	echo "Installing by apt:$missing"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -q >/dev/null
	# shellcheck disable=SC2086
	apt-get install -q -y --no-install-recommends $missing >/dev/null
}

need_root() {
	[ "$(id -u)" -eq 0 ] || { echo "$1 makes network namespaces and installs packages: run it as root (sudo $1)." >&2; exit 1; }
}
