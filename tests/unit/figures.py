"""The figures that the dashboards and alerts of this repo live on, by who sends them."""

from __future__ import annotations

# Who sends which figures, with which labels beside job, instance and host
SENT: dict[str, dict[str, set[str]]] = {
    "alloy, of a host": {
        "node_boot_time_seconds": set(),
        "node_cpu_seconds_total": {"cpu", "mode"},
        "node_disk_io_time_seconds_total": {"device"},
        "node_disk_read_bytes_total": {"device"},
        "node_disk_written_bytes_total": {"device"},
        "node_filesystem_avail_bytes": {"device", "fstype", "mountpoint"},
        "node_filesystem_files": {"device", "fstype", "mountpoint"},
        "node_filesystem_files_free": {"device", "fstype", "mountpoint"},
        "node_filesystem_readonly": {"device", "fstype", "mountpoint"},
        "node_filesystem_size_bytes": {"device", "fstype", "mountpoint"},
        "node_hwmon_temp_celsius": {"chip", "sensor"},
        "node_load5": set(),
        "node_memory_MemAvailable_bytes": set(),
        "node_memory_MemTotal_bytes": set(),
        "node_network_receive_bytes_total": {"device"},
        "node_network_transmit_bytes_total": {"device"},
        "node_pressure_cpu_waiting_seconds_total": set(),
        "node_pressure_io_waiting_seconds_total": set(),
        "node_pressure_memory_waiting_seconds_total": set(),
        "node_timex_sync_status": set(),
        "node_uname_info": {"nodename"},
        "node_vmstat_oom_kill": set(),
        "node_zfs_arc_size": set(),
        "node_zfs_zpool_state": {"state", "zpool"},
    },
    "alloy, of containers": {
        "container_cpu_usage_seconds_total": {"service", "container", "image", "cpu"},
        "container_fs_reads_bytes_total": {"service", "container", "image", "device"},
        "container_fs_writes_bytes_total": {"service", "container", "image", "device"},
        "container_health_state": {"service", "container", "image"},
        "container_last_seen": {"service", "container", "image"},
        "container_memory_working_set_bytes": {"service", "container", "image"},
        "container_network_receive_bytes_total": {"service", "container", "image", "interface"},
        "container_network_transmit_bytes_total": {"service", "container", "image", "interface"},
    },
    "alloy, of itself": {
        "alloy_config_last_load_successful": set(),
        "loki_write_dropped_entries_total": {"reason"},
    },
    "the exporter of NixOS": {"node_systemd_unit_state": {"name", "state", "type"}},
    "prometheus": {
        "ALERTS": {"alertname", "alertstate", "container", "severity"},
        "prometheus_config_last_reload_successful": set(),
        "up": set(),
    },
}
LABELS = {name: labels | {"host", "instance", "job"} for sent in SENT.values() for name, labels in sent.items()}
