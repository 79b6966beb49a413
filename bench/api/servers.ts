/** The two servers, each one process on given cores. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { repository } from '../harness.ts'

export type Server = AsyncDisposable & {
  readonly url: string
  readonly pid: number
}

export type ServerOptions = {
  readonly postgresUrl: string
  /** Connections to PostgreSQL. */
  readonly pool: number
  /** As taskset takes them. */
  readonly cores: string
  /** Where its log goes. */
  readonly folder: string
}

/** @param command of Millrace, for example `node dist/cli/main.js` */
export async function startOurs(
  command: readonly string[],
  projectDir: string,
  options: ServerOptions,
): Promise<Server> {
  const port = await freePort()
  const words = ['serve', '--project-dir', projectDir, '--port', String(port)]
  const env = {
    BENCH_POSTGRES_URL: options.postgresUrl,
    MILLRACE_API_POSTGRES_CONNECTIONS: String(options.pool),
  }
  return await start('millrace', [...command, ...words], { port, env, options, ready: '/readyz' })
}

/** @param venv of bench/api/fastapi/install.sh */
export async function startFastapi(venv: string, options: ServerOptions): Promise<Server> {
  const port = await freePort()
  const command = [
    join(venv, 'bin/uvicorn'),
    'app:app',
    `--app-dir=${import.meta.dirname}/fastapi`,
    `--port=${port}`,
    '--loop=uvloop',
    '--http=httptools',
    '--no-access-log',
    '--workers=1',
  ]
  const env = {
    BENCH_POSTGRES_URL: options.postgresUrl.replace(/^postgres(ql)?:/, 'postgresql+asyncpg:'),
    BENCH_POOL: String(options.pool),
    PYTHONDONTWRITEBYTECODE: '1',
  }
  return await start('fastapi', command, { port, env, options, ready: '/openapi.json' })
}

/** `node:http` alone, with a body of the same size. */
export async function startFloor(options: ServerOptions): Promise<Server> {
  const port = await freePort()
  const command = [process.execPath, join(repository, 'bench/api-floor-server.ts'), String(port)]
  return await start('floor', command, { port, env: {}, options, ready: '/' })
}

type Start = {
  readonly port: number
  readonly env: Readonly<Record<string, string>>
  readonly options: ServerOptions
  readonly ready: string
}

async function start(
  name: string,
  command: readonly string[],
  { port, env, options, ready }: Start,
): Promise<Server> {
  const log = join(options.folder, `${name}.log`)
  const file = openSync(log, 'w')
  // taskset becomes the program, so the pid is the server's own.
  const child = spawn('taskset', ['--cpu-list', options.cores, ...command], {
    env: { ...process.env, ...env },
    stdio: ['ignore', file, file],
  })
  closeSync(file)
  const url = `http://127.0.0.1:${port}`
  try {
    await untilReady(child, url + ready)
  } catch (cause) {
    await end(child)
    throw new Error(`${name} did not start:\n${readFileSync(log, 'utf8').slice(-2000)}`, { cause })
  }
  return { url, pid: child.pid ?? 0, [Symbol.asyncDispose]: () => end(child) }
}

async function untilReady(child: ChildProcess, address: string): Promise<void> {
  const end = performance.now() + 30_000
  while (child.exitCode === null && performance.now() < end) {
    const answer = await fetch(address).catch(() => undefined)
    if (answer?.ok) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`no answer from ${address}`)
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await ended
  clearTimeout(timer)
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}
