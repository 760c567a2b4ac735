// What surrounds the nodes: a local chain with the contracts, and a small service whose promise is watched.
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');
const chainTests = (path) => pathToFileURL(join(ROOT, 'tests/chain', path)).href;
const { startAnvil } = await import(chainTests('lib/anvil.mjs'));
const { Contract, ContractFactory } = await import(chainTests('node_modules/ethers/lib.esm/index.js'));

const artifact = (name) => JSON.parse(readFileSync(join(ROOT, 'rails/evm/artifacts', `${name}.json`), 'utf8'));

async function deploy(name, wallet) {
  const { abi, creation } = artifact(name);
  const contract = await new ContractFactory(abi, creation, wallet).deploy();
  await contract.waitForDeployment();
  return contract;
}

/** A chain that mines at once and besides every second, whose blocks are final after two more. */
export async function startChain(flags = ['--block-time', '1', '--mixed-mining', '--slots-in-an-epoch', '1']) {
  const anvil = await startAnvil({ flags });
  const [deployer] = anvil.wallets;
  const factory = await deploy('WeirFactory', deployer);
  const token = await deploy('DemoToken', deployer);
  return {
    ...anvil,
    id: 31337,
    factory: await factory.getAddress(),
    implementation: await factory.implementation(),
    factoryContract: factory,
    token,
    tokenAddress: await token.getAddress(),
    agreement: (address) => new Contract(address, artifact('WeirAgreement').abi, anvil.provider),
  };
}

/** A service that answers 200, and can be taken down (its port refuses) and up again. */
export async function startService() {
  let server = null;
  let port = 0;
  const up = () => new Promise((resolve, reject) => {
    server = createServer((request, response) => {
      response.setHeader('connection', 'close');
      response.end('open for business\n');
    });
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      port = server.address().port;
      resolve();
    });
  });
  const down = () => new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections?.();
  });
  await up();
  return { url: `http://127.0.0.1:${port}/`, up, down };
}
