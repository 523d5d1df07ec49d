# What the machine must be and have: Debian packages, a virtualenv, the base image.
PACKAGES="ca-certificates curl debootstrap iproute2 iptables nftables openvswitch-switch postgresql python3 python3-venv redis-server"
PACKAGES="$PACKAGES dhcpcd-base iputils-ping openssh-client"  # of the lab in a box

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

# the packages of a NetManager; another Docker Engine than Debian's will do
install_machine() {
    # shellcheck disable=SC2086
    if command -v dockerd >/dev/null; then install_packages $PACKAGES "$@"; else install_packages $PACKAGES docker.io "$@"; fi
}

# install_python REQUIREMENTS: a virtualenv that holds exactly these; repeated only when they or the place change
install_python() {
    local made mark=.venv/installed-$1
    made="$ROOT $(/usr/bin/python3 -V)"
    /usr/bin/python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "$(/usr/bin/python3 -V) is too old; Python 3.11 or newer is needed."
    [ "$(cat .venv/made 2>/dev/null)" = "$made" ] && cmp -s "$mark" <(cat requirements*.txt) && return 0
    say "installing Python packages of $1"
    if [ "$(cat .venv/made 2>/dev/null)" != "$made" ]; then  # none, a half-made one, or one of another place or Python
        rm -rf .venv
        /usr/bin/python3 -m venv .venv && printf '%s\n' "$made" >.venv/made || fail "python3 could not make the virtualenv .venv."
    fi
    .venv/bin/python -m pip install -q -r "$1" >"$NETMANAGER_VAR/log/pip.log" 2>&1 ||
        fail "pip could not install $1; see $NETMANAGER_VAR/log/pip.log."
    cat requirements*.txt >"$mark"
}

# debian:bookworm-slim, pulled where there is a registry, else made from Debian's packages
ensure_base_image() {
    local image=debian:bookworm-slim cache=$ROOT/var/cache
    local tar=$cache/debian-bookworm-slim.tar tree=$cache/debian-bookworm-slim
    docker image inspect "$image" >/dev/null 2>&1 && return 0
    if [ ! -f "$tar" ]; then
        say "getting $image"
        timeout 120 docker pull -q "$image" >/dev/null 2>&1 && return 0
        say "no registry answers: making $image from Debian's packages"
        mkdir -p "$cache"
        rm -rf "$tree"
        debootstrap --variant=minbase bookworm "$tree" >"$NETMANAGER_VAR/log/debootstrap.log" 2>&1 ||
            fail "debootstrap failed; see $NETMANAGER_VAR/log/debootstrap.log."
        tar -C "$tree" -cf "$tar.part" . && mv "$tar.part" "$tar"
        rm -rf "$tree"
    fi
    docker import "$tar" "$image" >/dev/null || fail "docker could not import $tar; remove that file and try again."
}
