import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { runCli } from '../support/cli.ts'
import { externalProject } from '../support/external-project.ts'
import { event, landingBench } from '../support/landing.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const services = inject('services')

/** A file system of so many MiB, gone with the test. */
function smallDisk(sizeMiB: number): string {
  const directory = temporaryDirectory()
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m`, 'tmpfs', directory])
  onTestFinished(() => void execFileSync('umount', [directory]))
  return directory
}

function canMount(): boolean {
  if (process.getuid?.() !== 0) return false
  const probe = execFileSync('mktemp', ['-d'], { encoding: 'utf8' }).trim()
  const allowed = spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', probe]).status === 0
  if (allowed) execFileSync('umount', [probe])
  rmSync(probe, { recursive: true })
  return allowed
}

describe.runIf(canMount())('millrace land on a full disk (needs root and leave to mount)', () => {
  it('says what to do, claims nothing, leaves nothing, and goes on once there is space', async () => {
    await using bench = await landingBench(services)
    const disk = smallDisk(4)
    const { projectDir, env } = externalProject(services)
    const settings = {
      MILLRACE_DUCKDB_TEMP_DIRECTORY: disk,
      MILLRACE_LANDING_GROUP_ID: bench.topic,
    }
    const land = () =>
      runCli(['land', '--topic', bench.topic, '--until-caught-up', '--project-dir', projectDir], {
        env: { ...env, ...settings },
      })
    const messages = [...Array.from({ length: 2_000 }, (_, id) => event(id)), 'broken']
    await bench.produce(messages)
    const filler = join(disk, 'filler')
    spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=4k'])

    const full = await land()
    expect([full.code, full.stderr]).toEqual([3, expect.stringContaining('lake/out-of-space')])
    expect(full.stderr).toContain(disk)
    expect(full.stderr).toContain('free some space and run it again')
    expect(await bench.entries()).toEqual([])
    expect(readdirSync(disk)).toEqual(['filler'])

    rmSync(filler)
    const freed = await land()
    expect([freed.code, freed.stderr]).toEqual([0, ''])
    expect(JSON.parse(freed.stdout)).toMatchObject({ records: 2_000, dead_letters: 1 })
    expect(await bench.entries()).toMatchObject([{ start: 0, end: 2_001 }])
    expect(readdirSync(disk)).toEqual([])
  })
})
