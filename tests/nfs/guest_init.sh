#!/bin/busybox sh
# The first process of the guest: exports a folder over NFS 4.2 to two machines, mounts it there, and runs the tests.
# What it prints last says how they ended.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin:/applets
/bin/busybox mkdir /applets; /bin/busybox --install -s /applets
fail() { echo "guest: $*"; echo "guest ended with 1"; poweroff -f; }

mkdir -p /proc /sys /dev; mount -t proc none /proc; mount -t sysfs none /sys; mount -t devtmpfs none /dev
mkdir -p /tmp /run /export /var/lib/nfs/rpc_pipefs /var/lib/nfs/v4recovery
for folder in /tmp /run /export; do mount -t tmpfs none "$folder"; done
touch /var/lib/nfs/etab /var/lib/nfs/rmtab
depmod
for module in virtio_rng nfsd nfsv4 veth; do modprobe "$module" || fail "no module $module"; done
mount -t nfsd none /proc/fs/nfsd
ip link set lo up

# Two machines: each has a name and a network of its own, so the server takes them for two clients.
machine() {
  # $1: its name, $2: its number; the rest is run there.
  name=$1 number=$2; shift 2
  unshare -n -u sleep 100000 & inside=$!
  until [ "$(readlink /proc/$inside/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.1; done
  /bin/ip link add "to_$name" type veth peer name "of_$name" || fail "no network for $name"
  /bin/ip link set "of_$name" netns "$inside" || fail "no network for $name"
  ip addr add "10.0.$number.1/24" dev "to_$name"; ip link set "to_$name" up
  nsenter -n -u -t "$inside" sh -c "
    hostname $name; ip link set lo up; ip addr add 10.0.$number.2/24 dev of_$name; ip link set of_$name up"
  echo "$inside" > "/run/$name"
}
machine one 1; machine two 2

echo '/export *(rw,fsid=0,no_root_squash,no_subtree_check,insecure)' > /etc/exports
echo 'nfs 2049/tcp' > /etc/services
echo 10 > /proc/fs/nfsd/nfsv4leasetime; echo 10 > /proc/fs/nfsd/nfsv4gracetime
exportfs -ra || fail "exportfs"
rpc.mountd -N 3 || fail "rpc.mountd"
rpc.nfsd -N 3 -V 4.2 8 || fail "rpc.nfsd"
echo Y > /proc/fs/nfsd/v4_end_grace

cd /project || fail "no project"
DENO_DIR=/deno deno test -A --no-check --cached-only tests/nfs/guest.ts
echo "guest ended with $?"
poweroff -f
