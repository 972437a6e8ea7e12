#!/bin/bash
# Take networks of a compose project away, which Compose then makes as its files say now: Docker changes none that is
# there. Arguments: the project, the networks. Its containers on them are stopped, each within its own grace, and stay,
# as only a container that is made of an older one gets the volumes without a name. Those of others keep the network.
project=$1; shift
for network; do
  docker network inspect "$network" >/dev/null 2>&1 || continue
  all=$(docker ps --all --filter "network=$network" --format '{{.ID}}|{{.Label "com.docker.compose.project"}}|{{.Names}}') || exit
  ours=() others= move=
  while IFS='|' read -r id of name; do
    if [ "$of" = "$project" ]; then ours+=("$id"); elif [ -n "$id" ]; then
      others=${others:+$others, }$name
      if [ -n "$of" ]; then away="docker compose --project-name $of down"; else away="docker container rm --force $name"; fi
      case " && $move && " in *" && $away && "*) ;; *) move=${move:+$move && }$away ;; esac
    fi
  done <<<"$all"
  if [ -n "$others" ]; then printf 'the network %s has to be made anew, and %s is on it; %s (volumes stay), then run the same again\n' "$network" "$others" "$move" >&2; exit 1; fi
  if [ ${#ours[@]} -gt 0 ]; then docker container stop "${ours[@]}" >/dev/null || exit; fi
  for id in "${ours[@]}"; do docker network disconnect --force "$network" "$id" || exit; done
  docker network rm "$network" >/dev/null || exit
done
