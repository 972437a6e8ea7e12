# The options of NixOS 25.11 and 26.05 that our modules may set, with their types.
let
  inherit (builtins) concatLists concatStringsSep isAttrs isBool isInt isList isString;

  type = name: check: { inherit name check; };
  set = options: { inherit options; name = "set of options"; check = isAttrs; default = none options; };
  each = type: { each = type; name = "attribute set"; check = isAttrs; default = { }; };
  none = options: builtins.mapAttrs (_: option: option.default or null) options;

  bool = type "boolean" isBool // { default = false; };
  int = type "integer" isInt;
  str = type "string" isString;
  lines = type "lines" isString // { join = concatStringsSep "\n"; default = ""; };
  list = type "list" isList // { join = concatLists; default = [ ]; };
  strings = type "list of strings" (value: isList value && builtins.all isString value)
    // { join = concatLists; default = [ ]; };
  isPort = port: isInt port && port > 0 && port < 65536;
  ports = type "list of ports" (value: isList value && builtins.all isPort value)
    // { join = concatLists; default = [ ]; };
  scalar = type "scalar" (value: isBool value || isInt value || isString value);
  # Whatever a program's own file may hold
  free = each (type "value" (_: true));

  open = set { allowedTCPPorts = ports; allowedUDPPorts = ports; };
  dataset = set {
    autosnap = bool;
    autoprune = bool;
    hourly = int;
    daily = int;
    weekly = int;
    monthly = int;
    yearly = int;
  };
in
set {
  assertions = list;

  boot = set {
    initrd = set { availableKernelModules = strings; kernelModules = strings; };
    kernelModules = strings;
    kernel = set { sysctl = each scalar; };
    loader = set {
      efi = set { canTouchEfiVariables = bool; };
      systemd-boot = set { enable = bool; configurationLimit = int; };
    };
  };

  environment = set {
    etc = each (set { text = lines; });
    systemPackages = list;
  };

  fileSystems = each (set { device = str; fsType = str; options = strings; });

  networking = set {
    hostId = str;
    hostName = str;
    firewall = set {
      enable = bool // { default = true; };
      logRefusedConnections = bool // { default = true; };
      allowedTCPPorts = ports;
      allowedUDPPorts = ports;
      interfaces = each open;
    };
    nftables = set { enable = bool; };
  };

  nix = set {
    gc = set { automatic = bool; dates = str; options = str; randomizedDelaySec = str; };
    optimise = set { automatic = bool; };
    settings = set { experimental-features = strings; min-free = int; max-free = int; };
  };
  nixpkgs = set { hostPlatform = str; };

  security = set { sudo = set { wheelNeedsPassword = bool // { default = true; }; execWheelOnly = bool; }; };

  services = set {
    openssh = set {
      enable = bool;
      hostKeys = list;
      settings = each (type "scalar or list" (value: scalar.check value || isList value));
    };
    prometheus = set {
      exporters = set { node = set { enable = bool; port = int; enabledCollectors = strings; }; };
    };
    sanoid = set { enable = bool; datasets = each dataset; };
    smartd = set { enable = bool; defaults = set { monitored = str; }; extraOptions = strings; };
    timesyncd = set { enable = bool; };
    zfs = set { autoScrub = set { enable = bool; interval = str; }; };
  };

  system = set {
    autoUpgrade = set { enable = bool; };
    stateVersion = str;
  };

  systemd = set {
    services = each (set { restartIfChanged = bool // { default = true; }; unitConfig = free; });
    tmpfiles = set { rules = strings; };
  };

  time = set { timeZone = str; };

  users = set {
    groups = each (set { gid = int; });
    users = each (set {
      isSystemUser = bool;
      isNormalUser = bool;
      uid = int;
      group = str;
      extraGroups = strings;
      openssh = set { authorizedKeys = set { keys = strings; }; };
    });
  };

  virtualisation = set {
    docker = set {
      enable = bool;
      logDriver = str // { default = "journald"; };
      daemon = set { settings = free; };
    };
  };
}
