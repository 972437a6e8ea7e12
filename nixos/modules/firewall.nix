# The firewall of the host's own programs. Open are SSH, and what ports.nix of the host says.
#
# It does not hold for ports that containers publish: Docker sends those on before any rule here is asked. What the
# network must not reach is published on 127.0.0.1 in its compose file.
{
  networking.firewall = {
    enable = true;
    # Every broadcast of the network would be a line in the journal.
    logRefusedConnections = false;
  };

  # Docker writes its rules with iptables; "br-+" of node-exporter.nix is a pattern of iptables, too.
  networking.nftables.enable = false;
}
