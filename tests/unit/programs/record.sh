#!/bin/bash
# Print what the packages that deploy/ names hold on this Debian, one a line: PACKAGE: PROGRAM PROGRAM …; installs them all.
#     deploy/on-debian.sh 13 tests/unit/programs/record.sh >tests/unit/programs/debian-13
. "$(dirname "$0")/../../../deploy/lib.sh"
exec 3>&1 >&2
. /etc/os-release
mapfile -t packages < <(
    programs "$ID" "$VERSION_ID" | cut -d' ' -f1
    grep -hoP '^ *install_(packages|machine) \K[a-z][a-z0-9.+ -]*' deploy/*.sh deploy/lib/*.sh | tr ' ' '\n'
)
mapfile -t packages < <(printf '%s\n' "${packages[@]}" | grep . | LC_ALL=C sort -u)
install_packages "${packages[@]}"
for package in "${packages[@]}"; do
    echo "$package:" $(dpkg -L "$package" | sed -nE 's,^(/usr)?/s?bin/([^/]+)$,\2,p' | LC_ALL=C sort -u) >&3
done
