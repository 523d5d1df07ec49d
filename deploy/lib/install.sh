# What the machine must be and have: Debian packages, a virtualenv, the base image.

# programs ID VERSION_ID: what a NetManager needs on a release (ID and VERSION_ID as in /etc/os-release): lines of a package
# and a program of it that we run, - for a package without one. tests/unit/programs has what each release's packages hold.
programs() {
    cat <<'PROGRAMS'
ca-certificates update-ca-certificates
curl curl
debian-archive-keyring -
debootstrap debootstrap
iproute2 ip
iptables iptables
nftables nft
openvswitch-common ovs-ofctl
openvswitch-switch ovs-vswitchd
postgresql -
postgresql-client-common psql
postgresql-common pg_ctlcluster
python3 -
python3-minimal python3
python3-venv -
redis-server redis-server
redis-tools redis-cli
dhcpcd-base dhcpcd
iputils-ping ping
openssh-client ssh
docker.io dockerd
PROGRAMS
    case "$1 $2" in  # Debian 13 took the client out of docker.io
        "debian 12" | ubuntu\ *) echo docker.io docker ;;
        *) echo docker-cli docker ;;
    esac
}

# what cannot work, said before anything is done
preflight() {
    [ "$(id -u)" = 0 ] || fail "this must run as root: it makes bridges, containers and firewall rules."
    local ID='' ID_LIKE=''
    # shellcheck disable=SC1091
    [ -r /etc/os-release ] && . /etc/os-release
    case " $ID $ID_LIKE " in *" debian "* | *" ubuntu "*) ;; *) fail "this machine is not Debian or Ubuntu; install by hand as deploy/ shows." ;; esac
    mkdir -p "$NETMANAGER_VAR/log" "$NETMANAGER_VAR/cache"
}

check_disk() {
    local place free
    for place in "$ROOT" /var/lib; do
        free=$(df --output=avail -k "$place" | tail -1)
        [ "$free" -ge $((2 * 1024 * 1024)) ] || fail "$place has less than 2 GB of free disk; images and packages need that much."
    done
}

apt() { DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@" >>"$NETMANAGER_VAR/log/apt.log" 2>&1; }

# install_packages PACKAGE...: those that are missing
install_packages() {
    local missing=() package
    for package in "$@"; do
        dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing ${missing[*]}"
    mkdir -p "$NETMANAGER_VAR/log"
    DEBIAN_FRONTEND=noninteractive dpkg --configure -a </dev/null >>"$NETMANAGER_VAR/log/apt.log" 2>&1 || true  # an interrupted one stands in the way of all others
    { apt update && apt install -y --no-install-recommends "${missing[@]}"; } ||
        fail "apt-get could not install ${missing[*]}; see $NETMANAGER_VAR/log/apt.log."
}

# install_machine PACKAGE...: what a NetManager runs, and these; another Docker Engine than Debian's will do, with its client
install_machine() {
    local ID VERSION_ID='' package program packages=()
    # shellcheck disable=SC1091
    . /etc/os-release
    while read -r package program; do
        case $program in dockerd | docker) ! command -v "$program" >/dev/null || continue ;; esac
        packages+=("$package")
    done < <(programs "$ID" "$VERSION_ID")
    install_packages "${packages[@]}" "$@"
    while read -r package program; do
        [ "$program" = - ] || command -v "$program" >/dev/null ||
            fail "the program $program is missing; package $package has it: apt-get install --reinstall $package"
    done < <(programs "$ID" "$VERSION_ID")
}

# install_python REQUIREMENTS: a virtualenv that holds exactly these; repeated only when they or the place change
install_python() {
    local made mark=.venv/installed-$1 status=0
    made="$ROOT $(/usr/bin/python3 -V)"
    /usr/bin/python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "$(/usr/bin/python3 -V) is too old; Python 3.11 or newer is needed."
    [ "$(cat .venv/made 2>/dev/null)" = "$made" ] && cmp -s "$mark" <(cat requirements*.txt) && return 0
    say "installing Python packages of $1"
    if [ "$(cat .venv/made 2>/dev/null)" != "$made" ]; then  # none, one of another place or Python, or one left half-made
        rm -rf .venv
        /usr/bin/python3 -m venv .venv || fail "python3 could not make the virtualenv .venv."
    fi
    rm -f .venv/made  # a pip that is killed leaves packages that it takes for whole
    .venv/bin/python -m pip install -q -r "$1" >"$NETMANAGER_VAR/log/pip.log" 2>&1 || status=$?
    printf '%s\n' "$made" >.venv/made
    [ "$status" = 0 ] || fail "pip could not install $1; see $NETMANAGER_VAR/log/pip.log."
    cat requirements*.txt >"$mark"
}

# Remove a tree of debootstrap. A killed one leaves /proc and /sys mounted in it.
remove_tree() {
    unmount_below "$1/"
    rm -rf --one-file-system "$1"
}

# unmount_below PREFIX: all whose place begins with it, the last mounted first
unmount_below() { awk -v prefix="$1" 'index($2, prefix) == 1 { print $2 }' /proc/mounts | tac | xargs -r umount -l; }

# Have the engine hold NETMANAGER_BASE_IMAGE: pulled where there is a registry, else made from Debian's packages.
ensure_base_image() {
    local image=$NETMANAGER_BASE_IMAGE cache=$ROOT/var/cache codename tar tree
    docker image inspect "$image" >/dev/null 2>&1 && return 0
    codename=$(sed -nE 's/^debian:([a-z]+)-slim$/\1/p' <<<"$image")
    tar=$cache/debian-$codename-slim.tar tree=$cache/debian-$codename-slim
    if [ -z "$codename" ] || [ ! -f "$tar" ]; then
        say "getting $image"
        timeout 120 docker pull -q "$image" >/dev/null 2>&1 && return 0
        [ -n "$codename" ] || fail "NETMANAGER_BASE_IMAGE is $image, which cannot be pulled; only debian:CODENAME-slim can be made here."
        say "no registry answers: making $image from Debian's packages"
        mkdir -p "$cache"
        remove_tree "$tree"
        debootstrap --variant=minbase "$codename" "$tree" >"$NETMANAGER_VAR/log/debootstrap.log" 2>&1 ||
            fail "debootstrap failed; see $NETMANAGER_VAR/log/debootstrap.log."
        tar -C "$tree" -cf "$tar.part" . && mv "$tar.part" "$tar"
        remove_tree "$tree"
    fi
    docker import "$tar" "$image" >/dev/null || fail "docker could not import $tar; remove that file and try again."
}
