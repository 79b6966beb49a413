/** Writes a new project, or the profile of one that exists. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { parse } from 'yaml'
import { processEnvironment } from '../../core/config/environment.ts'
import { messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import type { GlobalArguments } from '../options.ts'
import { writeProfile, writeTemplate } from './write-template.ts'

export type InitArguments = GlobalArguments & {
  readonly name?: string | undefined
  readonly profile?: string | undefined
  readonly profilesDir?: string | undefined
  readonly skipProfileSetup: boolean
}

/** @throws `cli/cannot-init`, `cli/cannot-write`, `profile/not-found` */
export async function initProject(args: InitArguments): Promise<number> {
  const folder = resolve(args.projectDir)
  if (existsSync(join(folder, 'dbt_project.yml'))) return await initProfile(folder, args)
  const name = await validName(args.name)
  const project = join(folder, name)
  if (existsSync(project)) {
    const reason = `A project called ${name} already exists here.`
    throw problem('cli/cannot-init', { reason, advice: 'choose another name, or another folder.' })
  }
  if (args.profile !== undefined) await assertProfile(args.profile, args)
  await writeTemplate(project, { name, profile: args.profile ?? name })
  if (args.profile === undefined && !args.skipProfileSetup) {
    report(await writeProfile(profilesFile(project, args), { name, profile: name }), name)
  }
  process.stdout.write(
    `Your new project ${name} is in ${project}. What to do next:\n\n  cd ${name}\n  millrace build\n\n`,
  )
  return 0
}

async function initProfile(folder: string, args: InitArguments): Promise<number> {
  if (args.profile !== undefined) {
    const reason = 'This project has its profile already, and --profile is for new ones.'
    throw problem('cli/cannot-init', { reason, advice: 'set profile: in dbt_project.yml instead.' })
  }
  if (args.skipProfileSetup) {
    process.stdout.write(`There is a project in ${folder} already; nothing was written.\n`)
    return 0
  }
  const profile = await profileOfProject(folder)
  const file = profilesFile(folder, args)
  report(await writeProfile(file, { name: profile, profile }), profile)
  return 0
}

function report({ file, isNew }: { file: string; isNew: boolean }, profile: string): void {
  const what = isNew ? `was written to ${file}` : `is in ${file} already, and stays as it is`
  process.stdout.write(`The profile ${profile} ${what}.\n`)
}

/** Where commands that are started in the project look first, unless the user said another place. */
function profilesFile(project: string, { profilesDir }: InitArguments): string {
  const given = profilesDir ?? (processEnvironment['DBT_PROFILES_DIR'] || undefined)
  return join(given === undefined ? project : resolve(given), 'profiles.yml')
}

async function profileOfProject(folder: string): Promise<string> {
  const file = join(folder, 'dbt_project.yml')
  let value: unknown
  try {
    value = parse(await readFile(file, 'utf8'))
  } catch (cause) {
    throw problem('cli/cannot-read', { file, reason: messageOf(cause) }, { cause })
  }
  if (typeof value === 'object' && value !== null && 'profile' in value) {
    if (typeof value.profile === 'string') return value.profile
  }
  const reason = 'dbt_project.yml names no profile, so there is none to write.'
  throw problem('cli/cannot-init', { reason, advice: 'add `profile: <name>` to it.' })
}

/** @throws `profile/not-found` when no profiles.yml has it */
async function assertProfile(profile: string, args: InitArguments): Promise<void> {
  const { findProfile } = await import('../../transform/index.ts')
  const found = await findProfile({
    projectDir: args.projectDir,
    workDir: process.cwd(),
    homeDir: homedir(),
    environment: processEnvironment,
    vars: {},
    profile,
    profilesDir: args.profilesDir,
    target: args.target,
  })
  if (found.kind === 'none' && found.reason !== undefined) {
    process.stderr.write(
      `note: ${found.reason}; Millrace builds the project in a lake of its own.\n`,
    )
  }
}

/** The names of dbt's own packages are taken. */
const takenNames = ['dbt', 'dbt_duckdb', 'dbt_postgres']

/** A terminal is asked until the name is right; anything else is told what was wrong. */
async function validName(given: string | undefined): Promise<string> {
  const isTerminal = process.stdin.isTTY && process.stdout.isTTY
  let name = given ?? ''
  while (!isValid(name)) {
    const reason =
      name === '' ? 'The project needs a name.' : `${name} is not a valid project name.`
    if (!isTerminal) {
      const advice = 'letters, digits and _, as in `millrace init my_project`.'
      throw problem('cli/cannot-init', { reason, advice })
    }
    if (name !== '') process.stdout.write(`${reason}\n`)
    name = await ask('Enter a name for your project (letters, digits, underscore): ')
  }
  return name
}

function isValid(name: string): boolean {
  return /^[A-Za-z_]\w*$/.test(name) && !takenNames.includes(name)
}

async function ask(question: string): Promise<string> {
  const prompt = createInterface({ input: process.stdin, output: process.stdout })
  const ended = new Promise<never>((_, reject) => {
    prompt.once('close', () => reject(problem('cli/interrupted', { what: 'millrace init' })))
  })
  try {
    return (await Promise.race([prompt.question(question), ended])).trim()
  } finally {
    ended.catch(() => {}) // closing it is what we do next
    prompt.close()
  }
}
