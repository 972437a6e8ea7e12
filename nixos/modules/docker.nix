# Docker, which the services run in.
{
  virtualisation.docker = {
    enable = true;
    # `docker logs` and what collects logs read these files; a service may set its own limits
    logDriver = "json-file";
    daemon.settings = {
      log-opts = {
        max-size = "10m";
        max-file = "3";
      };
      # A system that is activated may restart dockerd: containers live on.
      live-restore = true;
      # Docker gives each network a /16 and soon takes 192.168.0.0/20, which may be yours; this is room for 1024.
      default-address-pools = [
        {
          base = "172.20.0.0/14";
          size = 24;
        }
      ];
    };
    # No autoPrune: it removes the containers of services that were stopped on purpose, and networks that nobody is in
    # at that moment. `inv cleanup` leaves both alone.
  };

  # What images ask for at their start, and no container can set.
  boot.kernel.sysctl = {
    "net.core.rmem_max" = 7500000; # HTTP/3 of caddy
    "net.core.wmem_max" = 7500000;
    "vm.overcommit_memory" = 1; # valkey saves in a copy of itself
  };
}
