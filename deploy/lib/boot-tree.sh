# The first process in the namespaces of deploy/on-debian.sh: mount what a host has, enter the tree, run the command.
set -euo pipefail
read -r pid _ </proc/self/stat  # /proc is still this machine's, so this is the pid there
echo "$pid" >&"$NETWORK"
exec {NETWORK}>&-

hostname debian
mount --bind "$TREE_TO_ENTER" "$TREE_TO_ENTER"  # pivot_root wants a mount
cd "$TREE_TO_ENTER"
mount -t proc proc proc
mount -t sysfs sysfs sys  # of this network namespace
mount --rbind /sys/fs/cgroup sys/fs/cgroup
mount --rbind /dev dev
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
mkdir -p run/lock
ip link set lo up
for _ in {1..300}; do
    [ -z "$(ip route show default)" ] || break
    read -rt 0.1 <> <(:) || true
done
[ -n "$(ip route show default)" ] || { echo "netmanager: slirp4netns did not make a network; see its log, network.log." >&2; exit 1; }
rm -f etc/resolv.conf
echo "nameserver 10.0.2.3" >etc/resolv.conf  # slirp4netns's, which asks this machine's
printf '127.0.0.1 localhost debian\n' >etc/hosts
pivot_root . .
umount -l .  # this machine's files
# The last line keeps bash as the first process, which reaps what daemons leave.
exec chroot . /bin/bash -c 'cd "$0" && "$@"; exit $?' "$@"
