/** The files of a new project: those of `template/`, with its names in them. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { parse } from 'yaml'
import { messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { shippedFile } from '../../core/shipped-file.ts'

export type TemplateNames = { readonly name: string; readonly profile: string }

/** Written by itself, and not always. */
const profilesName = 'profiles.yml'

/** Writes the project, profiles.yml apart, into a folder that must not be there. @throws `cli/cannot-write` */
export async function writeTemplate(folder: string, names: TemplateNames): Promise<void> {
  const template = shippedFile('cli/init/template')
  const entries = await readdir(template, { recursive: true, withFileTypes: true })
  await writing(folder, () => mkdir(folder))
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name)
    if (!entry.isFile() || entry.name === profilesName) continue
    // npm would read a .gitignore inside a package, and leave files out.
    const shown = relative(template, path).replace(/^gitignore$/, '.gitignore')
    const file = join(folder, shown)
    const text = filledIn(await readFile(path, 'utf8'), names)
    await writing(file, async () => {
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, text, { flag: 'wx' })
    })
  }
}

/**
 * Adds a profile to a file, which is made when it is not there; a profile of that name stays as it is.
 * @throws `cli/cannot-write`, `cli/cannot-read`
 */
export async function writeProfile(
  file: string,
  names: TemplateNames,
): Promise<{ readonly file: string; readonly isNew: boolean }> {
  const found = await readFile(file, 'utf8').catch(() => undefined)
  if (found !== undefined && profilesOf(file, found).includes(names.profile)) {
    return { file, isNew: false }
  }
  const text = filledIn(
    await readFile(shippedFile(`cli/init/template/${profilesName}`), 'utf8'),
    names,
  )
  await writing(file, async () => {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, found === undefined ? text : `${found.trimEnd()}\n\n${text}`.trimStart())
  })
  return { file, isNew: true }
}

function profilesOf(file: string, text: string): string[] {
  try {
    const value: unknown = parse(text)
    return typeof value === 'object' && value !== null ? Object.keys(value) : []
  } catch (cause) {
    throw problem('cli/cannot-read', { file, reason: messageOf(cause) }, { cause })
  }
}

function filledIn(text: string, { name, profile }: TemplateNames): string {
  return text.replaceAll('PROJECT_NAME', name).replaceAll('PROFILE_NAME', profile)
}

async function writing(file: string, write: () => Promise<unknown>): Promise<void> {
  try {
    await write()
  } catch (cause) {
    throw problem('cli/cannot-write', { file, reason: messageOf(cause) }, { cause })
  }
}
