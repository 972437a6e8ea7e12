# Figures of the host for prometheus, which asks host.docker.internal:9100 from its container.
{
  services.prometheus.exporters.node = {
    enable = true;
    port = 9100;
    enabledCollectors = [ "systemd" ]; # units that failed
  };

  # It listens everywhere, as Docker's addresses are not there when it starts (and a unit that fails takes the deploy
  # back); the firewall lets only Docker's bridges in.
  networking.firewall.interfaces = {
    docker0.allowedTCPPorts = [ 9100 ];
    "br-+".allowedTCPPorts = [ 9100 ];
  };
}
