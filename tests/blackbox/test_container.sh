#!/usr/bin/env bash
# Goal: what docker/ says is true without an engine.  Method: the node accepts the configuration that
# the compose file mounts, and the chain script deploys the contracts at the addresses named there.
set -euo pipefail
cd "${WEIR_SOURCE:?}"

"${WEIR_BIN:?}" config check --config docker/weir.yaml

coproc CHAIN { WEIR_CHAIN_HOST=127.0.0.1 WEIR_CHAIN_PORT=0 exec node docker/chain.mjs; }
trap 'kill "$CHAIN_PID" 2>/dev/null || true' EXIT
read -r -t 60 -u "${CHAIN[0]}" deployed
echo "deployed: $deployed"
for address in $(grep -o '0x[0-9a-fA-F]\{40\}' <<<"$deployed"); do
    grep -q "$address" docker/weir.yaml || { echo "docker/weir.yaml does not name $address"; exit 1; }
done
[ "$(grep -o '0x[0-9a-fA-F]\{40\}' <<<"$deployed" | wc -l)" = 3 ]
