# Merging modules: definitions of each option, by priority, joined as its type says.
let
  inherit (builtins) all attrNames concatMap concatStringsSep filter foldl' head isAttrs isFunction isPath;

  isMarked = mark: value: isAttrs value && (value._mark or null) == mark;
  prioritised = priority: value: { _mark = "priority"; inherit priority value; };

  lib = {
    mkIf = condition: value: { _mark = "if"; inherit condition value; };
    mkMerge = values: { _mark = "merge"; inherit values; };
    mkDefault = prioritised 1000;
    mkForce = prioritised 50;
    nixosSystem = { modules }: system modules;
  };

  # Each module as it is: called with what it asks for, and those that it imports.
  load = arguments: module:
    let
      read = if isPath module then import module else module;
      called = if isFunction read then read arguments else read;
      imported = concatMap (load arguments) (called.imports or [ ]);
    in
    imported ++ [ (called.config or (removeAttrs called [ "imports" ])) ];

  # A definition is a value and its priority (the lowest number counts); mkIf and its like are taken off.
  definitions = found:
    let inherit (found) value; in
    if isMarked "if" value then (if value.condition then definitions (found // { inherit (value) value; }) else [ ])
    else if isMarked "merge" value then concatMap (one: definitions (found // { value = one; })) value.values
    else if isMarked "priority" value then definitions value
    else [ found ];

  fail = path: what: throw "The option `${concatStringsSep "." path}' ${what}";

  # The children of attribute sets, each with all of its definitions.
  children = path: found:
    let each = one: builtins.mapAttrs (_: value: one // { inherit value; }) one.value; in
    if all (one: isAttrs one.value) found
    then builtins.zipAttrsWith (_: concatMap definitions) (map each found)
    else fail path "is a set of options, and something else was defined";

  merged = type: path: found:
    let
      best = foldl' (least: one: if one.priority < least then one.priority else least) 9999 found;
      values = map (one: one.value) (filter (one: one.priority == best) found);
      agree = all (value: value == head values) values;
      same = if agree then head values else fail path "has conflicting definition values";
    in
    if type ? options then options type.options path (children path found)
    else if type ? each then builtins.mapAttrs (name: merged type.each (path ++ [ name ])) (children path found)
    else if !(all type.check values) then fail path "is not of type ${type.name}"
    else if type ? join then type.join values
    else same;

  # A set of options: what is defined and is none of them does not exist.
  options = declared: path: found:
    let
      unknown = filter (name: !(declared ? ${name})) (attrNames found);
      value = name: type:
        if found.${name} or [ ] != [ ] then merged type (path ++ [ name ]) found.${name} else type.default or null;
    in
    if unknown == [ ] then builtins.mapAttrs value declared
    else fail (path ++ [ (head unknown) ]) "does not exist";

  system = modules:
    let
      pkgs.git.outPath = "/nix/store/git";
      arguments = { inherit lib pkgs config; };
      found = map (value: { inherit value; priority = 100; }) (concatMap (load arguments) modules);
      config = merged (import ./options.nix) [ ] (concatMap definitions found);
      failed = filter (one: !one.assertion) (config.assertions ++ import ./assertions.nix config);
      said = concatStringsSep "" (map (one: "\n- ${one.message}") failed);
    in
    {
      config = config // {
        system = config.system // {
          build.toplevel = if failed == [ ] then config else throw "\nFailed assertions:${said}";
        };
      };
    };
in
lib
