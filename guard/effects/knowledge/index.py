"""Which module describes a program. Kept apart so that one program costs one module; a test holds it to the modules."""

FAMILIES: dict[str, str] = {
    "looks": "true false : whoami id groups who w users logname uname arch nproc uptime free vmstat iostat mpstat pidstat lscpu lsblk lspci "
    "lsusb lsmod lsmem lsns lslogins modinfo ps pgrep pidof pidwait pmap pwdx pstree top htop btop sleep usleep seq jot yes tty "
    "stty tput clear reset locale getconf getent which whereis type apropos whatis help expr factor numfmt lsof netstat last lastb "
    "lastlog sw_vers sysinfo neofetch fastfetch echo printf pwd cowsay figlet toilet fortune lolcat banner sensors lsb_release "
    "hostid ipcs findmnt lshw inxi test errno units jobs wait uuidgen pwgen vm_stat nstat iftop iotop ncal runlevel tzselect zdump "
    "lsipc lsfd lslocks lsscsi dpkg-architecture ss dmesg man info bc dc logger nvidia-smi dmidecode blkid iperf iperf3",
    "machine": "systemctl service rc-service initctl loginctl timedatectl hostnamectl localectl resolvectl busctl coredumpctl journalctl "
    "systemd-analyze launchctl defaults dscl networksetup scutil pmset nvram csrutil profiles shutdown reboot halt poweroff init "
    "telinit insmod modprobe rmmod kexec bpftool setenforce apparmor_parser aa-teardown auditctl setcap grub-install update-grub "
    "efibootmgr kmod dkms depmod update-initramfs sysrq swapoff swapon bpftrace useradd userdel usermod groupadd groupdel groupmod "
    "passwd chpasswd adduser deluser addgroup delgroup visudo chsh chfn vipw vigr gpasswd newusers sysadminctl pwck pwconv "
    "usermod.ldap realm chage mkswap wipefs fdisk sfdisk gdisk sgdisk cfdisk parted blkdiscard hdparm badblocks fsck e2fsck "
    "tune2fs resize2fs debugfs mke2fs mkfs mkfs.ext4 mkfs.ext3 mkfs.ext2 mkfs.xfs mkfs.btrfs mkfs.vfat mkfs.fat mkfs.ntfs "
    "mkfs.exfat mkfs.f2fs partprobe dmsetup losetup nvme newfs newfs_apfs format fsck.ext4 xfs_repair cryptsetup lvremove vgremove "
    "pvremove lvcreate vgcreate pvcreate lvextend lvreduce vgextend mdadm lvresize lvrename lvs vgs pvs lvdisplay vgdisplay "
    "pvdisplay lvscan vgscan pvscan zpool zfs btrfs mount umount fusermount fusermount3 pivot_root mount.nfs mount.cifs sshfs "
    "diskutil sysctl iptables ip6tables iptables-legacy iptables-nft ebtables arptables iptables-save nft ufw firewall-cmd pfctl "
    "ifconfig iwconfig route ip nmcli tc arp ethtool tcpdump tshark pkill killall killall5 skill xkill fuser renice hwclock "
    "ntpdate rtcwake loadkeys setterm chronyd ntpd pbcopy pbpaste xclip xsel wl-copy wl-paste clip hg sl svn bzr fossil jj p4 "
    "darcs cvs ssh-agent ssh-add ssh-keyscan ssh-copy-id ssh-keygen gpg gpg2 ngrok cloudflared localtunnel lt tailscale bore caddy "
    "nginx httpd apache2 apachectl sshd dockerd containerd haproxy lighttpd traefik memcached redis-server valkey-server mongod "
    "mysqld postgres pg_ctl pg_ctlcluster initdb elasticsearch rabbitmq-server etcd minio dnsmasq named squid vsftpd smbd serve "
    "open xdg-open gio gnome-open start wslview crond cron atd anacron atq atrm update-alternatives ldconfig chcon restorecon "
    "getcap getsebool setsebool semanage logrotate wall mesg mail mailx mutt sendmail msmtp swaks notify-send",
    "containers": "docker podman nerdctl docker-compose podman-compose buildah crictl ctr runc crun minikube kind k3d skopeo lxc incus virsh "
    "dive ctop hadolint",
    "cluster": "kubectl",
}
"""Module of this package to the names it describes."""

FAMILY: dict[str, str] = {name: family for family, names in FAMILIES.items() for name in names.split()}
