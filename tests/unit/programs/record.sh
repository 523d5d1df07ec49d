#!/bin/bash
# Install every package that deploy/ names, and print, one a line, PACKAGE PROGRAM for each program that is there, and PACKAGE -
#     deploy/on-debian.sh 13 tests/unit/programs/record.sh >tests/unit/programs/debian-13
. "$(dirname "$0")/../../../deploy/lib.sh"

named() {  # by a script
    grep -hoP '^ *install_(packages|machine) \K[a-z][a-z0-9.+ -]*' deploy/*.sh deploy/lib/*.sh | tr ' ' '\n' | sed '/./!d; s/$/ -/'
}

# whether the package holds the program, or what it is another name of
holds() {
    local path
    path=$(command -v "$2") && dpkg -L "$1" | grep -qE "/($2|$(basename "$(readlink -f "$path")"))\$"
}

. /etc/os-release
mapfile -t lines < <({ programs "$ID" "$VERSION_ID"; named; } | LC_ALL=C sort -u)
# shellcheck disable=SC2046
install_packages $(printf '%s\n' "${lines[@]}" | cut -d' ' -f1 | uniq) >&2
for line in "${lines[@]}"; do
    read -r package program <<<"$line"
    if [ "$program" = - ] || holds "$package" "$program"; then echo "$line"; fi
done
