// Starts and stops a real node in a temporary directory, and speaks to it as a device or a browser does.
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const START_MS = 30_000;
const EVERY_MS = 200;
const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

/** Asks again until the answer is true in JavaScript's sense; fails after `limit` ms. */
export async function until(what, ask, limit = 20_000) {
  const end = Date.now() + limit;
  for (;;) {
    const found = await ask();
    if (found) return found;
    if (Date.now() > end) throw new Error(`not within ${limit / 1000} s: ${what}`);
    await pause(EVERY_MS);
  }
}

export async function startNode(program) {
  const dir = mkdtempSync(join(tmpdir(), 'khien-road-'));
  const listen = ['--listen-syslog', '--listen-syslog-tls', '--listen-https'].flatMap((name) => [name, '127.0.0.1:0']);
  const child = spawn(program, ['--data', dir, ...listen], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (text) => { output += text; });
  child.stderr.on('data', (text) => { output += text; });
  const ended = new Promise((done) => { child.on('exit', done); child.on('error', done); });
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(dir, { recursive: true, force: true });
  };
  const path = join(dir, 'run', 'listen.json');
  try {
    const code = await until(`set-up code of ${program}`, () => {
      if (child.exitCode !== null) throw new Error(`the node ended with ${child.exitCode}: ${output}`);
      return existsSync(path) && /set-up code.*:\s+(\S+)/.exec(output)?.[1];
    }, START_MS);
    const where = JSON.parse(readFileSync(path, 'utf8'));
    return { url: `https://${where.https}`, syslog: where.syslog, fingerprint: where.fingerprint, code, stop, output: () => output };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** One record of RFC 5424; `priority` 38 is auth.info. */
export const record = (text, { host = 'may-chu-01', program = 'sshd', priority = 38 } = {}) =>
  `<${priority}>1 ${new Date().toISOString()} ${host} ${program} 4711 - - ${text}`;

const place = (address) => ({ host: address.slice(0, address.lastIndexOf(':')), port: Number(address.slice(address.lastIndexOf(':') + 1)) });

export async function sendUdp(address, lines) {
  const { host, port } = place(address);
  const socket = createSocket('udp4');
  for (const line of lines) await new Promise((done, fail) => { socket.send(line, port, host, (error) => (error ? fail(error) : done())); });
  socket.close();
}
export function sendTcp(address, lines) {
  const { host, port } = place(address);
  return new Promise((done, fail) => {
    const socket = connect(port, host, () => { socket.end(lines.map((line) => `${Buffer.byteLength(line)} ${line}`).join('')); });
    socket.on('close', done);
    socket.on('error', fail);
  });
}

/** The code of RFC 6238 that a telephone would show now. */
export function totp(secret, at = Date.now()) {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const mac = createHmac('sha1', key).update(step).digest();
  const start = mac[19] & 15;
  return String((mac.readUInt32BE(start) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}
