# SSH with keys only. Key exchange, ciphers and MACs are those of NixOS, which are renewed with each release.
{
  services.openssh = {
    enable = true;
    hostKeys = [
      {
        path = "/etc/ssh/ssh_host_ed25519_key";
        type = "ed25519";
      }
    ];
    settings = {
      PermitRootLogin = "no";
      PasswordAuthentication = false;
      KbdInteractiveAuthentication = false;
      AllowGroups = [ "wheel" ];
      AllowAgentForwarding = false;
      # Needed: the health checks of a deploy ask ports of the host through its connection.
      AllowTcpForwarding = true;
      GatewayPorts = "no";
      PermitTunnel = "no";
      X11Forwarding = false;
      # A connection whose other end is gone is closed after two minutes.
      ClientAliveInterval = 30;
      ClientAliveCountMax = 4;
    };
  };
}
