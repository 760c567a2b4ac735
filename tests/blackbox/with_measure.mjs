// Helpers of the black-box tests that measure: a node in a temporary folder, commands of the real
// program, CSV in and out, and comparison with truth files byte for byte.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const program = process.env.WEIR_BIN;
const OUTPUT_BYTES_MAX = 256 * 1024 * 1024;
const COMMAND_MS_MAX = 240000;

// The path of a vector file; ends the test as skipped when the folder is not there.
export function vectors(folder) {
    const path = join(process.env.WEIR_VECTORS_DIR ?? '', folder);
    if (!existsSync(path)) {
        console.log(`SKIP: ../shared/vectors/${folder} not present`);
        process.exit(77);
    }
    return path;
}

export class Node {
    // `sections`: text of the configuration behind the node's own.
    constructor(sections) {
        this.folder = mkdtempSync(join(tmpdir(), 'weir-measure-'));
        this.config = this.file('weir.yaml', `node:
  name: w1.example
  data_dir: data
  key_file: weir.keys
  passphrase_file: weir.passphrase
api:
  listen: "127.0.0.1:0"
${sections}`);
        process.on('exit', () => rmSync(this.folder, { recursive: true, force: true }));
    }

    file(name, content) {
        const path = join(this.folder, name);
        writeFileSync(path, content, { mode: 0o600 });
        return path;
    }

    // Runs a command; `expected` is its exit status.
    run(words, { expected = 0, input = undefined } = {}) {
        const result = spawnSync(program, [...words, '--config', this.config],
            { input, encoding: 'utf8', maxBuffer: OUTPUT_BYTES_MAX, timeout: COMMAND_MS_MAX });
        if (result.status !== expected)
            console.error(`weir ${words.join(' ')}\n${result.stdout.slice(0, 2000)}${result.stderr}`);
        assert.equal(result.status, expected, `exit status of weir ${words.join(' ')}`);
        return result;
    }

    json(words, options) {
        return JSON.parse(this.run([...words, '--json'], options).stdout);
    }

    // Starts a command and kills it as soon as `when` says so of what it has written so far.
    async runUntil(words, when) {
        const child = spawn(program, [...words, '--config', this.config],
            { stdio: ['ignore', 'ignore', 'pipe'] });
        const ended = new Promise((resolve) => child.on('exit', (_, signal) => resolve(signal)));
        while (child.exitCode === null && child.signalCode === null && !when())
            await new Promise((resolve) => setImmediate(resolve));
        child.kill('SIGKILL');
        return ended;
    }
}

// Rows of a CSV text as objects.
export function parseCsv(text) {
    const rows = [];
    let fields = [];
    for (const match of text.matchAll(/("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n|\n|\r|$)/g)) {
        const [, field, end] = match;
        fields.push(field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field);
        if (end === ',')
            continue;
        if (fields.length > 1 || fields[0] !== '')
            rows.push(fields);
        fields = [];
    }
    const [header, ...rest] = rows;
    return rest.map((row) => Object.fromEntries(header.map((name, i) => [name, row[i]])));
}

export function readCsv(path) {
    return parseCsv(readFileSync(path, 'utf8'));
}

// One text of the wanted columns: what two files must have in common, byte for byte.
export function project(rows, columns) {
    return rows.map((row) => columns.map((column) => row[column]).join(',') + '\n').join('');
}

// Fails at the first line that differs.
export function expectSame(actual, expected, what) {
    if (actual === expected)
        return;
    const left = actual.split('\n');
    const right = expected.split('\n');
    const at = right.findIndex((line, i) => line !== left[i]);
    const place = at < 0 ? right.length : at;
    assert.fail(`${what}, line ${place + 1}: '${left[place]}' instead of '${right[place]}'`);
}
