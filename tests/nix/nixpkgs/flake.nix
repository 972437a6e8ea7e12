# Stands in for nixpkgs where there is no network: `lib.nixosSystem` merges modules as NixOS does, as far as ours go,
# and knows no option but those of options.nix. The system it gives is what was configured, as data.
{
  outputs = { self }: {
    lib = import ./lib.nix;
  };
}
