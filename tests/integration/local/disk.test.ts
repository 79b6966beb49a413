/** Disks as they are: full ones, and one without extended attributes. Needs root, and leave to mount. */
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { openS3 } from '../../../core/clients/s3.ts'
import { instanceStatus, startInstance, stopInstance } from '../../../local/instance.ts'
import { startOptions } from '../../support/instance.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

const mount = 'mount'
const umount = 'umount'

const onlyS3 = { services: ['s3'] } as const

/** A state directory on a file system of its own; everything goes away with the test. */
function mounted(type: 'tmpfs' | 'ramfs', sizeMiB: number): string {
  const directory = temporaryDirectory()
  execFileSync(mount, ['-t', type, '-o', `size=${sizeMiB}m`, type, directory])
  chmodSync(directory, 0o711)
  const stateDir = join(directory, 'state')
  onTestFinished(async () => {
    await stopInstance(stateDir)
    execFileSync(umount, [directory])
  })
  return stateDir
}

/** Writes until nothing more fits. */
function fill(stateDir: string): string {
  const file = join(stateDir, '..', 'fill')
  spawnSync('dd', ['if=/dev/zero', `of=${file}`, 'bs=1k'])
  return file
}

function canMount(): boolean {
  if (process.getuid?.() !== 0) return false
  const probe = execFileSync('mktemp', ['-d'], { encoding: 'utf8' }).trim()
  const allowed = spawnSync(mount, ['-t', 'tmpfs', 'tmpfs', probe]).status === 0
  if (allowed) execFileSync(umount, [probe])
  rmSync(probe, { recursive: true })
  return allowed
}

describe.runIf(canMount())('an instance', () => {
  it('says that the disk is full when it cannot begin', async () => {
    const stateDir = mounted('tmpfs', 1)
    fill(stateDir)
    const start = startInstance(startOptions(stateDir, onlyS3))
    await expect(start).rejects.toMatchObject({ code: 'services/state-dir-unusable', exitCode: 2 })
  })

  it('says that the disk is full when PostgreSQL cannot start, and starts once there is space', async () => {
    const stateDir = mounted('tmpfs', 48)
    const filler = join(stateDir, '..', 'fill')
    writeFileSync(filler, Buffer.alloc(16 * 1024 * 1024))
    const options = startOptions(stateDir, { services: ['postgres'] })
    await expect(startInstance(options)).rejects.toMatchObject({
      code: 'services/failed-to-start',
      message: expect.stringContaining('No space left on device'),
      hint: expect.stringContaining('the disk is full'),
    })
    expect(instanceStatus(stateDir).supervisorPid).toBeUndefined()
    rmSync(filler)
    execFileSync(mount, ['-o', 'remount,size=300m', join(stateDir, '..')])
    await startInstance(options)
    expect(instanceStatus(stateDir).allRunning).toBe(true)
  })

  it('goes on, shows its status and stops when the disk has become full', async () => {
    const stateDir = mounted('tmpfs', 8)
    await startInstance(startOptions(stateDir, onlyS3))
    fill(stateDir)
    expect(instanceStatus(stateDir).allRunning).toBe(true)
    const { pid } = instanceStatus(stateDir).services[0] ?? {}
    expect(await stopInstance(stateDir)).toBe(true)
    expect(existsSync(`/proc/${pid}`)).toBe(false)
  })

  it('keeps the attributes of objects in files where the file system has none', async () => {
    const stateDir = mounted('ramfs', 8)
    const { settings } = await startInstance(startOptions(stateDir, onlyS3))
    const { s3 } = settings
    if (s3 === undefined) throw new Error('no S3')
    const store = openS3({
      ...inject('services').s3,
      endpoint: s3.endpoint,
      accessKeyId: s3.access_key_id,
      secretAccessKey: s3.secret_access_key,
    })
    onTestFinished(() => store.close())
    const etag = await store.put('object', Buffer.from('bytes'))
    expect(await store.putIfAbsent('object', Buffer.from('other'))).toEqual({ kind: 'exists' })
    expect((await store.get('object'))?.etag).toBe(etag)
  })
})
