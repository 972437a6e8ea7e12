{
  description = "The systems of this homelab's hosts";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";

  outputs = { nixpkgs, ... }: {
    nixosConfigurations.homelab-hl15 = nixpkgs.lib.nixosSystem {
      modules = [ ./hosts/homelab-hl15 ];
    };
  };
}
