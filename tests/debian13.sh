#!/usr/bin/env bash
# make demo and make test in a clean Debian 13 (Python 3.13), in a clean clone of the commit that is checked out.
#
#   sudo tests/debian13.sh FOLDER
#
# Needs root (chroot, mounts), debootstrap, a mirror of Debian (MIRROR=…) and a package index of Python, and 10 GB in
# FOLDER, which becomes Debian's root and stays. Tests of the corpora beside the checkout are skipped there.
set -euo pipefail
cd "$(dirname "$0")/.."

root=${1:-}
[ -n "$root" ] || { echo "usage: sudo tests/debian13.sh FOLDER" >&2; exit 2; }
[ "$(id -u)" = 0 ] || { echo "error: it needs root: sudo tests/debian13.sh $root" >&2; exit 1; }
command -v debootstrap > /dev/null || { echo "error: it needs debootstrap: apt-get install debootstrap" >&2; exit 1; }
root=$(realpath -m "$root")

if [ "${OWN_MOUNTS:-}" != yes ]; then  # in a mount namespace of its own: nothing stays mounted, however it ends
  OWN_MOUNTS=yes exec unshare --mount --propagation private bash "$0" "$root"
fi

if [ ! -e "$root/made" ]; then
  mkdir -p "$root"
  [ -z "$(ls -A "$root")" ] || { echo "error: $root is neither empty nor made by this script" >&2; exit 1; }
  debootstrap --include=ca-certificates,curl,git,make,python3,python3-venv trixie "$root" ${MIRROR:+"$MIRROR"}
  touch "$root/made"
fi
# How this machine reaches the network: names, package index, certificates.
cp --dereference /etc/resolv.conf "$root/etc/resolv.conf"
[ ! -e /etc/pip.conf ] || cp /etc/pip.conf "$root/etc/pip.conf"
[ ! -e /etc/ssl/certs/ca-certificates.crt ] || cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"

rm -rf "$root/root/jner_re"
git clone --quiet "file://$PWD" "$root/root/jner_re"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"

run() {
  echo "== $*"
  local start=$SECONDS
  env --ignore-environment PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
    ${OPENBLAS_CORETYPE:+OPENBLAS_CORETYPE="$OPENBLAS_CORETYPE"} \
    chroot "$root" bash -c "cd /root/jner_re && $*"
  echo "== $*: $((SECONDS - start)) s"
}
run python3 --version
run make demo
run make test
