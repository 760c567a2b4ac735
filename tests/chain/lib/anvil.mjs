// A local chain that is certainly our own: anvil picks a free port itself and says on its own output which one, so
// another process on that port can never be taken for it. It dies with `stop`, and with this process at the latest.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { JsonRpcProvider, Wallet, HDNodeWallet, Mnemonic } from 'ethers';

const MODULES = join(dirname(fileURLToPath(import.meta.url)), '../node_modules');
const START_MS = 20000;
const MNEMONIC = 'test test test test test test test test test test test junk';

/** Path of the binary `name` (anvil or forge) for this machine; throws when it is not installed. */
export function foundryBinary(name) {
  const machine = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const path = join(MODULES, '@foundry-rs', `${name}-linux-${machine}`, 'bin', name);
  if (!existsSync(path)) throw new Error(`${name} is not installed; run "npm ci" in tests/chain first`);
  return path;
}

/**
 * Starts a chain and waits until it answers. `flags` are more arguments for anvil.
 * @returns {Promise<{url: string, port: number, pid: number, provider: JsonRpcProvider,
 *   wallets: Wallet[], stop: () => Promise<void>}>} `wallets` are ten rich accounts, connected.
 */
export async function startAnvil({ chainId = 31337, flags = [] } = {}) {
  const args = ['--port', '0', '--host', '127.0.0.1', '--chain-id', String(chainId), '--hardfork', 'prague',
    '--mnemonic', MNEMONIC, ...flags];
  const child = spawn(foundryBinary('anvil'), args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const killAtExit = () => child.kill('SIGKILL');
  process.once('exit', killAtExit);
  const ended = new Promise((resolve) => child.once('close', resolve));
  const stop = async () => {
    process.removeListener('exit', killAtExit);
    child.kill('SIGKILL');
    await ended;
  };
  try {
    const port = await announcedPort(child);
    const url = `http://127.0.0.1:${port}`;
    const provider = new JsonRpcProvider(url, chainId, { staticNetwork: true, cacheTimeout: -1, pollingInterval: 20 });
    const answered = BigInt(await provider.send('eth_chainId', []));
    if (answered !== BigInt(chainId)) throw new Error(`${url} is chain ${answered}, not ${chainId}`);
    const wallets = Array.from({ length: 10 }, (_, index) => richWallet(index, provider));
    const stopAll = async () => {
      provider.destroy();
      await stop();
    };
    return { url, port, pid: child.pid, provider, wallets, stop: stopAll };
  } catch (error) {
    await stop();
    throw error;
  }
}

function richWallet(index, provider) {
  const node = HDNodeWallet.fromMnemonic(Mnemonic.fromPhrase(MNEMONIC), `m/44'/60'/0'/0/${index}`);
  return new Wallet(node.privateKey, provider);
}

function announcedPort(child) {
  return new Promise((resolve, reject) => {
    let text = '';
    const timer = setTimeout(() => reject(new Error(`anvil did not start within ${START_MS} ms:\n${text}`)), START_MS);
    child.stdout.on('data', (bytes) => {
      if (text.length > 100000) return; // the log of later requests is only drained
      text += bytes;
      const found = /Listening on 127\.0\.0\.1:(\d+)/.exec(text);
      if (!found) return;
      clearTimeout(timer);
      resolve(Number(found[1]));
    });
    child.stderr.on('data', (bytes) => { text += bytes; });
    child.once('error', reject);
    child.once('close', (code) => reject(new Error(`anvil ended with status ${code}:\n${text}`)));
  });
}
