#!/bin/bash
# Run a command in a clone of this checkout, on another Debian: deploy/on-debian.sh RELEASE COMMAND [ARGUMENT...]
# RELEASE is 12, 13, or 12-to-13: a 12 on which `make up` ran before it was upgraded to 13.
#
# The Debian is a folder, var/debian-RELEASE/root, made by debootstrap and kept. A command gets mount, PID, network, IPC and UTS
# namespaces of its own, so nothing it starts outlives it, and this machine's services, networks and files stay untouched. Only
# the kernel is shared. The clone is /root/netmanager; it holds the last commit, and keeps what earlier commands left.
# To begin again: rm -rf var/debian-RELEASE
. "$(dirname "$0")/lib.sh"
say() { printf '%s\n' "$*" >&2; }  # what the command prints is all that stdout gets
RELEASE=${1:-}; shift || true
PLACE=$ROOT/var/debian-$RELEASE
TREE=$PLACE/root
CLONE=/root/netmanager

# How to call this, for whoever called it otherwise.
usage() { fail "usage: deploy/on-debian.sh 12|13|12-to-13 COMMAND [ARGUMENT...], for example: deploy/on-debian.sh 13 make demo"; }

# Make a bare Debian: what its installer leaves, git and make. A half-made one is never taken for a whole one.
make_tree() {
    local codename=$1
    say "making a Debian ($codename) in $TREE"
    rm -rf --one-file-system "$TREE.part"
    debootstrap --variant=minbase --include=ca-certificates,git,make "$codename" "$TREE.part" >"$PLACE/debootstrap.log" 2>&1 ||
        fail "debootstrap failed; see $PLACE/debootstrap.log."
    adopt_settings "$TREE.part"
}

# Give a tree this machine's ways to the package registries: certificate authorities, proxies, pip's settings.
adopt_settings() {
    local tree=$1
    mkdir -p "$tree/usr/local/share/ca-certificates" "$tree/root/.config"
    cp -r /usr/local/share/ca-certificates/. "$tree/usr/local/share/ca-certificates/"
    chroot "$tree" update-ca-certificates >/dev/null
    apt-config dump | grep -E '^Acquire::(http|https|Check|Retries)' >"$tree/etc/apt/apt.conf.d/99this-machine" || true
    [ ! -f /etc/pip.conf ] || cp /etc/pip.conf "$tree/etc/"
}

# Upgrade a 12 on which NetManager ran, as an operator would.
upgrade_tree() {
    cp -a --reflink=auto "$ROOT/var/debian-12/root" "$TREE.part"
    update_clone "$TREE.part"
    say "starting NetManager on the 12 that will be upgraded"
    inside "$TREE.part" bash -c 'make up && make down' >"$PLACE/before.log" 2>&1 || fail "make up failed on Debian 12; see $PLACE/before.log."
    say "upgrading it to 13"
    inside "$TREE.part" bash -c '
        sed -i "s/bookworm/trixie/g" /etc/apt/sources.list
        export DEBIAN_FRONTEND=noninteractive
        apt-get update && apt-get full-upgrade -y -o Dpkg::Options::=--force-confold' >"$PLACE/upgrade.log" 2>&1 ||
        fail "the upgrade failed; see $PLACE/upgrade.log."
}

ensure_tree() {
    [ -d "$TREE" ] && return 0
    mkdir -p "$PLACE"
    case $RELEASE in
        12) make_tree bookworm ;;
        13) make_tree trixie ;;
        12-to-13)
            (cd "$ROOT" && deploy/on-debian.sh 12 true)
            rm -rf --one-file-system "$TREE.part"
            upgrade_tree
            ;;
    esac
    mv "$TREE.part" "$TREE"
}

# Have the clone hold this checkout's last commit; files that are not in git stay there.
update_clone() {
    local clone=$1$CLONE
    [ -z "$(git status --porcelain)" ] || say "changes that are not committed are left out"
    [ -d "$clone/.git" ] || git clone -q --no-hardlinks "$ROOT" "$clone"
    git -C "$clone" fetch -q "$ROOT" HEAD
    git -C "$clone" checkout -q -f --detach FETCH_HEAD
}

# inside TREE COMMAND...: boot the tree's namespaces, run the command there in the clone, and return its exit status.
# The network is slirp4netns's: connections out, none in, no rule and no interface on this machine.
inside() {
    local network status=0
    exec {network}> >(read -r pid && exec slirp4netns --configure --mtu=1500 --exit-fd=0 "$pid" tap0 >"$PLACE/network.log" 2>&1)
    env -u NETMANAGER_ENV_FILE -u NETMANAGER_VAR TREE_TO_ENTER="$1" NETWORK="$network" setpriv --pdeathsig KILL \
        unshare --mount --net --pid --ipc --uts --fork --kill-child bash "$ROOT/deploy/lib/boot-tree.sh" "$CLONE" "${@:2}" || status=$?
    exec {network}>&-
    return "$status"
}

main() {
    case $RELEASE in 12 | 13 | 12-to-13) ;; *) usage ;; esac
    [ $# -gt 0 ] || usage
    [ "$(id -u)" = 0 ] || fail "this must run as root: it makes namespaces and mounts."
    preflight
    check_disk
    install_packages debootstrap debian-archive-keyring git iproute2 slirp4netns
    ensure_tree
    update_clone "$TREE"
    inside "$TREE" "$@"
    exit  # bash reads a script as it runs; a change of this file meanwhile must not matter
}

main "$@"
