// The configuration of a witness in the demonstration and in tests, as YAML text.

const indent = (text, by) => text.split('\n').map((line) => (line ? ' '.repeat(by) + line : line)).join('\n');

/**
 * `node`, all `nodes`, the `chain` {url, id, factory, implementation}, the `token` {address}, the `service` URL and
 * the terms: {provider, customer, startMs, windows, lengthS, threshold, tiers: [{below, payout}], cap}.
 */
export function witnessConfig({ node, nodes, chain, token, service, terms, probe = {}, logLevel = 'info' }) {
  const peers = nodes.filter((other) => other !== node).map((other) => `- name: ${other.name}
  url: ${other.url}
  key_set_file: peers/${other.name}.keyset
  timeout: 2s
  allow_private: true`).join('\n');
  const witnesses = nodes.map((other) => `- key: "${other.keys.report}"
  node: ${other.keys.identity}`).join('\n');
  const tiers = terms.tiers.map((tier) => `- below_percent: "${tier.below}"
  payout: "${tier.payout}"`).join('\n');
  return `node:
  name: ${node.name}
  passphrase_file: weir.passphrase
  log_level: ${logLevel}
api:
  listen: "127.0.0.1:${node.port}"
gauges:
  - name: shop
    kind: availability
    description: the shop's front door
    window:
      calendar: fixed
      length: ${terms.lengthS}s
      anchor: 1970-01-01T00:00:00Z
    target_percent: "${terms.tiers[0].below}"
    lateness: 10s
    probe:
      url: ${service}
      interval: ${probe.interval ?? '250ms'}
      timeout: ${probe.timeout ?? '200ms'}
      allow_private: true
chains:
  - name: local
    chain_id: ${chain.id}
    rpc_url: ${chain.url}
    factory: "${chain.factory}"
    implementation: "${chain.implementation}"
    finality: finalized
    poll: ${chain.poll ?? '500ms'}
    block_time: 1s
    max_fee_per_gas: 100gwei
    priority_fee: 1gwei
    allow_private: true
assets:
  - name: tUSD
    chain: local
    address: "${token.address}"
    decimals: 6
${peers ? `peers:\n${indent(peers, 2)}\n` : ''}agreements:
  - name: shop-sla
    chain: local
    gauge: shop
    asset: tUSD
    provider: "${terms.provider}"
    customer: "${terms.customer}"
    start: ${new Date(terms.startMs).toISOString().replace('.000Z', 'Z')}
    windows: ${terms.windows}
    early: ${terms.early ?? true}
    settle_delay: ${terms.settleDelay ?? '0s'}
    claim_window: ${terms.claimWindow ?? '1h'}
    max_skew: ${terms.maxSkew ?? '500ms'}
    cap: "${terms.cap}"
    threshold: ${terms.threshold}
    witnesses:
${indent(witnesses, 6)}
    tiers:
${indent(tiers, 6)}
policy:
  spending:
    - asset: tUSD
      max_per_payout: "${terms.cap}"
      max_per_day: "100000.00"
  max_fee_per_gas: 200gwei
  max_gas: 3000000
`;
}
