"""Groups that NixOS has, or that a module of it declares as soon as it is enabled."""

from __future__ import annotations

_ALWAYS = """
    adm audio cdrom clock dialout disk floppy input keys kmem kvm lp messagebus nixbld nogroup oom polkituser proc
    render root sgx shadow sshd systemd-coredump systemd-journal systemd-journal-gateway systemd-network
    systemd-oom systemd-resolve systemd-timesync tape tty users utmp uucp uinput video wheel
"""
_OF_MODULES = """
    acme adbusers avahi caddy cups dbus docker gamemode gdm geoclue git grafana i2c incus incus-admin jellyfin libvirtd
    lpadmin lxd minidlna mosquitto mysql networkmanager nginx nscd ntp openrazer pcscd plex plugdev podman postfix
    postgres power prometheus pulse pulse-access realtime redis rtkit saned scanner seat ssh sshusers syncthing
    tailscale transmission tss usbmux vboxsf vboxusers wireshark wpa_supplicant ydotool zabbix
"""

BUILT_IN = frozenset((_ALWAYS + _OF_MODULES).split())
