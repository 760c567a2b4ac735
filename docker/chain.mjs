// The local chain of compose.yaml: anvil, with the factory and a 6-decimal test token deployed at once, at
// the addresses that docker/weir.yaml names (they follow from the deployer's key and the order here).
// Ends when anvil ends, and ends it when asked to.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { JsonRpcProvider, Wallet } from '../tests/chain/node_modules/ethers/lib.esm/index.js';
import { deploy } from '../tests/chain/lib/agreement.mjs';
import { foundryBinary } from '../tests/chain/lib/anvil.mjs';

const HOST = process.env.WEIR_CHAIN_HOST ?? '0.0.0.0';
const PORT = process.env.WEIR_CHAIN_PORT ?? '8545';
// The first key of the mnemonic that every development chain knows: worth nothing anywhere else.
const DEPLOYER = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80';

const anvil = spawn(foundryBinary('anvil'),
  ['--host', HOST, '--port', PORT, '--chain-id', '31337', '--hardfork', 'prague', '--block-time', '2'],
  { stdio: ['ignore', 'pipe', 'inherit'] });
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => anvil.kill(signal));
anvil.once('exit', (code) => process.exit(code ?? 0));

let text = '';
let port;
while (port === undefined) {
  text += (await once(anvil.stdout, 'data'))[0];
  port = /Listening on [0-9.]+:(\d+)/.exec(text)?.[1];
}
anvil.stdout.resume();

const provider = new JsonRpcProvider(`http://127.0.0.1:${port}`, 31337, { staticNetwork: true, pollingInterval: 100 });
const wallet = new Wallet(DEPLOYER, provider);
const factory = await deploy(wallet, 'WeirFactory');
const token = await deploy(wallet, 'DemoToken');
console.log(JSON.stringify({
  factory: await factory.getAddress(), implementation: await factory.implementation(), token: await token.getAddress(),
}));
