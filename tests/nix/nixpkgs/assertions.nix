# What NixOS asserts of users and groups, and of a host with ZFS.
config:
let
  inherit (builtins) attrNames attrValues filter length map;

  users = attrValues config.users.users;
  numbers = filter (number: number != null);
  set = list: builtins.listToAttrs (map (value: { name = toString value; inherit value; }) list);
  distinct = list: length (attrNames (set list)) == length list;
  zfs = builtins.any (fs: fs.fsType == "zfs") (attrValues config.fileSystems);

  ofUser = name:
    let user = config.users.users.${name}; in
    [
      {
        assertion = user.isSystemUser != user.isNormalUser;
        message = "Exactly one of users.users.${name}.isSystemUser and users.users.${name}.isNormalUser must be set.";
      }
      {
        assertion = user.isNormalUser || user.group != null;
        message = "users.users.${name}.group is unset.";
      }
    ];
in
builtins.concatMap ofUser (attrNames config.users.users)
++ [
  {
    assertion = distinct (numbers (map (user: user.uid) users))
      && distinct (numbers (map (group: group.gid) (attrValues config.users.groups)));
    message = "UIDs and GIDs must be unique!";
  }
  {
    assertion = !zfs || config.networking.hostId != null;
    message = "ZFS requires networking.hostId to be set";
  }
]
