import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { silentLog } from '../../../../core/silent-log.ts'
import { checkRequest } from '../../../../local/sagemaker/api/check-request.ts'
import { Refusal } from '../../../../local/sagemaker/api/refusal.ts'
import { loadServiceModel } from '../../../../local/sagemaker/api/service-model.ts'
import { toWire } from '../../../../local/sagemaker/api/wire.ts'
import { filesBelow, packDirectory, unpackArchive } from '../../../../local/sagemaker/archive.ts'
import { instanceMemoryBytes } from '../../../../local/sagemaker/container/instance-types.ts'
import { linesOf } from '../../../../local/sagemaker/container/lines.ts'
import { type Files, FilesRefused } from '../../../../local/sagemaker/files.ts'
import { chooseVariant } from '../../../../local/sagemaker/hosting/choose-variant.ts'
import type { Variant } from '../../../../local/sagemaker/hosting/fleet.ts'
import { listPage } from '../../../../local/sagemaker/listing.ts'
import { openCollection } from '../../../../local/sagemaker/store.ts'
import { readFailure } from '../../../../local/sagemaker/training/base-directory.ts'
import { downloadChannel } from '../../../../local/sagemaker/training/channels.ts'
import { followCheckpoints } from '../../../../local/sagemaker/training/follow-checkpoints.ts'
import { newJob, withEnd, withTransition } from '../../../../local/sagemaker/training/job.ts'
import { metricFinder, withMetrics } from '../../../../local/sagemaker/training/metrics.ts'
import { openManualClock } from '../../../support/manual-clock.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

describe('checkRequest', () => {
  const model = loadServiceModel()
  const config = {
    EndpointConfigName: 'c',
    ProductionVariants: [{ VariantName: 'All', ModelName: 'm' }],
  }
  const refusalOf = (operation: string, body: unknown) => {
    try {
      checkRequest(model, operation, body)
    } catch (error) {
      return error instanceof Refusal ? `${error.type}: ${error.message}` : String(error)
    }
    return 'taken'
  }

  it('takes what the service model describes, without members that it does not know', () => {
    const unknown = { Extra: 1, constructor: 1, Tags: null }
    const taken = checkRequest(model, 'CreateEndpointConfig', { ...config, ...unknown })
    expect(taken).toEqual(config)
  })

  it('makes dates of timestamps', () => {
    const taken = checkRequest(model, 'ListModels', { CreationTimeAfter: 1.5 })
    expect(taken).toEqual({ CreationTimeAfter: new Date(1500) })
    expect(toWire(taken)).toEqual({ CreationTimeAfter: 1.5 })
  })

  it('names all that is wrong, with the way to it', () => {
    const variants = [{ VariantName: 'a b', InitialInstanceCount: 0, InstanceType: 'ml.x' }]
    const refusal = refusalOf('CreateEndpointConfig', { ProductionVariants: variants })
    expect(refusal).toMatch(/^ValidationException: 4 validation errors detected: /)
    for (const text of [
      "Value null at 'endpointConfigName' failed to satisfy constraint: Member must not be null",
      "Value 'a b' at 'productionVariants.1.member.variantName' failed to satisfy constraint: Member must satisfy regular expression pattern: ",
      "Value '0' at 'productionVariants.1.member.initialInstanceCount' failed to satisfy constraint: Member must have value greater than or equal to 1",
      "at 'productionVariants.1.member.instanceType' failed to satisfy constraint: Member must satisfy enum value set: [",
    ]) {
      expect(refusal).toContain(text)
    }
    const long = refusalOf('DescribeModel', { ModelName: 'a'.repeat(64) })
    expect(long).toContain('Member must have length less than or equal to 63')
  })

  it.each([
    ['a text for a list', { ...config, ProductionVariants: 'all' }],
    ['a number for a text', { ...config, EndpointConfigName: 7 }],
    [
      'half an instance',
      { ...config, ProductionVariants: [{ VariantName: 'a', InitialInstanceCount: 0.5 }] },
    ],
    ['no object', []],
  ])('does not read %s', (_, body) => {
    expect(refusalOf('CreateEndpointConfig', body)).toMatch(/^SerializationException: /)
  })
})

describe('listPage', () => {
  const things = ['b', 'a', 'ab', 'c'].map((name, i) => ({
    name,
    createdAt: i,
    status: i < 2 ? 'On' : 'Off',
  }))
  const names = (request: Parameters<typeof listPage>[1]) =>
    listPage(things, request)
      .page.map(({ name }) => name)
      .join(' ')

  it('filters and sorts, the newest first', () => {
    expect(names({})).toBe('c ab a b')
    expect(names({ SortBy: 'Name', SortOrder: 'Ascending' })).toBe('a ab b c')
    expect(names({ NameContains: 'A' })).toBe('ab a')
    expect(names({ StatusEquals: 'On' })).toBe('a b')
    expect(names({ CreationTimeAfter: new Date(0), CreationTimeBefore: new Date(3) })).toBe('ab a')
  })

  it('gives each thing on one page', () => {
    const first = listPage(things, { MaxResults: 3 })
    const second = listPage(things, { MaxResults: 3, NextToken: first.NextToken ?? '' })
    expect([...first.page, ...second.page]).toHaveLength(4)
    expect(second.NextToken).toBeUndefined()
    const isLeft = things.filter(({ name }) => name !== 'ab')
    const made = [...isLeft, { name: 'new', createdAt: 9, status: 'On' }]
    const rest = listPage(made, { NextToken: listPage(things, { MaxResults: 2 }).NextToken ?? '' })
    expect(rest.page.map(({ name }) => name)).toEqual(['a', 'b'])
    expect(() => listPage(things, { NextToken: 'mine' })).toThrow('Invalid pagination token.')
  })
})

describe('packDirectory', () => {
  const files = {
    'model.json': '{}',
    empty: '',
    'a/b.txt': 'b',
    [`${'d'.repeat(90)}/${'e'.repeat(60)}`]: 'long',
  }

  function filled(order: (names: string[]) => string[]): string {
    const directory = mkdtempSync(join(temporaryDirectory(), 'model-'))
    for (const name of order(Object.keys(files))) {
      mkdirSync(dirname(join(directory, name)), { recursive: true })
      writeFileSync(join(directory, name), files[name] ?? '')
      utimesSync(join(directory, name), Math.random() * 1e9, Math.random() * 1e9)
    }
    return directory
  }

  it('gives the same bytes for the same files, and they come out again', async () => {
    const [one, two] = [filled((names) => names), filled((names) => names.reverse())]
    expect(await packDirectory(one, `${one}.tgz`)).toBe(true)
    await packDirectory(two, `${two}.tgz`)
    expect(readFileSync(`${one}.tgz`).equals(readFileSync(`${two}.tgz`))).toBe(true)
    expect(await unpackArchive(`${one}.tgz`, `${one}-out`)).toBeUndefined()
    for (const [name, text] of Object.entries(files)) {
      expect(readFileSync(join(`${one}-out`, name), 'utf8')).toBe(text)
    }
  })

  it('writes nothing for a directory without files, and follows links', async () => {
    const directory = temporaryDirectory()
    expect(await packDirectory(directory, `${directory}.tgz`)).toBe(false)
    symlinkSync('/etc/hostname', join(directory, 'linked'))
    expect(await packDirectory(directory, `${directory}.tgz`)).toBe(true)
  })

  it('follows links in no circle, and keeps names and sizes that plain tar cannot say', async () => {
    const directory = mkdtempSync(join(temporaryDirectory(), 'model-'))
    const name = '\u304b'.repeat(80) // 240 bytes in one name
    writeFileSync(join(directory, name), 'long')
    for (const link of ['a', 'b', 'c']) symlinkSync('.', join(directory, link))
    symlinkSync('itself', join(directory, 'itself'))
    expect(filesBelow(directory)).toEqual([name])
    expect(await packDirectory(directory, `${directory}.tgz`)).toBe(true)
    expect(await unpackArchive(`${directory}.tgz`, `${directory}-out`)).toBeUndefined()
    expect(readFileSync(join(`${directory}-out`, name), 'utf8')).toBe('long')
  })

  it('takes links within an archive, and nothing that leaves it or is no file', async () => {
    const unpacked = async (make: (directory: string) => void) => {
      const directory = mkdtempSync(join(temporaryDirectory(), 'model-'))
      make(directory)
      execFileSync('tar', ['-czf', `${directory}.tgz`, '-C', directory, '.'])
      return await unpackArchive(`${directory}.tgz`, `${directory}-out`)
    }
    const stranger = /^odd is neither a file/
    const link = (to: string) => (directory: string) => symlinkSync(to, join(directory, 'odd'))
    expect(await unpacked(link('/etc/hostname'))).toMatch(stranger)
    expect(await unpacked(link('../../x'))).toMatch(stranger)
    expect(await unpacked(link('.'))).toBeUndefined()
    const pipe = (directory: string) => void execFileSync('mkfifo', [join(directory, 'odd')])
    expect(await unpacked(pipe)).toMatch(stranger)
  })

  it('says what is no archive', async () => {
    const file = join(temporaryDirectory(), 'model.tar.gz')
    writeFileSync(file, 'nothing of the kind')
    expect(await unpackArchive(file, temporaryDirectory())).toMatch(/^ended with exit code 2: /)
  })
})

describe('metrics', () => {
  it('finds values by the first group, Python names too, and keeps the last of each', () => {
    const find = metricFinder([
      { Name: 'auc', Regex: 'auc=(?P<v>[0-9.e-]+)' },
      { Name: 'loss', Regex: 'loss=(\\S+)' },
    ])
    const first = find('epoch 1 auc=0.5 loss=nan', 1)
    expect(first).toEqual([{ name: 'auc', value: 0.5, at: 1 }])
    expect(withMetrics(first, find('auc=1e-3 loss=2', 2))).toEqual([
      { name: 'auc', value: 0.001, at: 2 },
      { name: 'loss', value: 2, at: 2 },
    ])
  })

  it('refuses an expression that is none', () => {
    expect(() => metricFinder([{ Name: 'a', Regex: '([' }])).toThrow(
      'Invalid metric definition regex',
    )
  })
})

describe('followCheckpoints', () => {
  it('uploads what has changed and is whole, and goes on when the store is away', async () => {
    const directory = temporaryDirectory()
    const clock = openManualClock(1_000_000)
    const write = (name: string, text: string) => {
      writeFileSync(join(directory, name), text)
      utimesSync(join(directory, name), clock.now() / 1000, clock.now() / 1000)
    }
    write('from-s3', 'old')
    let uploads: string[] = []
    let isAway = false
    const said: unknown[] = []
    const files = {
      upload: async (file: string, { key }: { key: string }) => {
        if (isAway) throw new Error('away')
        uploads.push(`${key}=${readFileSync(file, 'utf8')}`)
      },
    }
    const stop = followCheckpoints(
      {
        files: files as unknown as Files, // all that it asks
        clock,
        log: Object.assign(Object.create(silentLog), { warn: (line: unknown) => said.push(line) }),
      },
      'job',
      directory,
      { bucket: 'b', key: 'c' },
    )
    const look = async () => {
      uploads = []
      await clock.advance(2_000)
      return uploads
    }
    write('state', 'one')
    expect(await look()).toEqual(['c/state=one'])
    expect(await look()).toEqual([])
    isAway = true
    write('state', 'two')
    expect([await look(), await look()]).toEqual([[], []])
    expect(said).toMatchObject([{ job: 'job', reason: 'away' }])
    isAway = false
    expect(await look()).toEqual(['c/state=two'])
    await clock.advance(1_900)
    write('state', 'thr')
    await clock.advance(100)
    expect(uploads).toEqual(['c/state=two'])
    expect(await look()).toEqual(['c/state=thr'])
    await stop()
    write('state', 'four')
    expect(await look()).toEqual([])
  })
})

describe('downloadChannel', () => {
  /** What was downloaded to where, from a store with these keys. */
  async function downloaded(
    S3Uri: string,
    objects: Record<string, string>,
    manifest = false,
    fault?: Error,
  ) {
    const found: string[] = []
    const files: Files = {
      answers: async () => true,
      list: async ({ key }) =>
        Object.keys(objects)
          .filter((each) => each.startsWith(key))
          .map((each) => ({ key: each, bytes: 1 })),
      readText: async ({ key }) => objects[key] ?? '',
      download: async (place, file) => {
        if (fault !== undefined) throw fault
        found.push(`${place.bucket}/${place.key} > ${file}`)
      },
      exists: async () => true,
      upload: async () => {},
    }
    const S3DataType = manifest ? 'ManifestFile' : 'S3Prefix'
    const channel = {
      ChannelName: 'c',
      DataSource: { S3DataSource: { S3DataType, S3Uri } },
    } as const
    await downloadChannel(files, channel, '/c', new AbortController().signal)
    return found
  }

  it('keeps the paths below the prefix, with or without a slash at its end', async () => {
    const objects = { 'a/b/c.csv': '', 'a/b/d/e.csv': '', 'a/b/': '' }
    const expected = ['x/a/b/c.csv > /c/c.csv', 'x/a/b/d/e.csv > /c/d/e.csv']
    expect(await downloaded('s3://x/a/b', objects)).toEqual(expected)
    expect(await downloaded('s3://x/a/b/', objects)).toEqual(expected)
    expect(await downloaded('s3://x/a/b/c', objects)).toEqual(['x/a/b/c.csv > /c/c.csv'])
  })

  it('takes what a manifest names', async () => {
    const text = JSON.stringify([{ prefix: 's3://y/p/' }, 'q.csv', 'r/s.csv'])
    expect(await downloaded('s3://x/m', { m: text }, true)).toEqual([
      'y/p/q.csv > /c/q.csv',
      'y/p/r/s.csv > /c/r/s.csv',
    ])
    const wrong = downloaded('s3://x/m', { m: '{}' }, true)
    await expect(wrong).rejects.toThrow('s3://x/m is not a valid S3 manifest')
  })

  it.each([
    [
      new FilesRefused('NoSuchKey (404) for s3://x/a'),
      /^ClientError: Data download failed: NoSuch/,
    ],
    [Object.assign(new Error('incorrect header check'), { code: 'Z_DATA_ERROR' }), /^ClientError/],
    [Object.assign(new Error('no space left'), { code: 'ENOSPC' }), /^ClientError.*no space left/],
    [Object.assign(new Error('gone'), { code: 'ECONNREFUSED' }), /^gone$/],
  ])('says what was wrong with the data: %s', async (fault, message) => {
    await expect(downloaded('s3://x/a', { a: '' }, false, fault)).rejects.toThrow(message)
  })

  it('writes nowhere else, and says when there is nothing', async () => {
    const outside = downloaded('s3://x/a', { 'a/../../etc/passwd': '' })
    await expect(outside).rejects.toThrow('../../etc/passwd is outside of the channel')
    await expect(downloaded('s3://x/a', {})).rejects.toThrow(
      'No S3 objects found under S3 URL "s3://x/a"',
    )
  })
})

it('divides requests by weight without chance, and keeps to a name', () => {
  // Only the name and the weight count here.
  const variants = [
    { name: 'a', weight: 2 },
    { name: 'b', weight: 1 },
    { name: 'c', weight: 0 },
  ] as Variant[]
  const chosen = Array.from({ length: 6 }, () => chooseVariant(variants, undefined).name)
  expect(chosen.join('')).toBe('abaaba')
  expect(chooseVariant(variants, 'c').name).toBe('c')
  expect(() => chooseVariant(variants, 'd')).toThrow('Variant d not found')
  expect(() => chooseVariant(variants.slice(2), undefined)).toThrow('No production variant')
})

it('ends each step of a job where the next begins', () => {
  const request = { TrainingJobName: 'j' } as Parameters<typeof newJob>[0]
  const job = withEnd(
    withTransition(newJob(request, 1), 'Training', 'trains', 5),
    { status: 'Completed' },
    'done',
    9,
  )
  expect(job.transitions.map((each) => [each.status, each.startedAt, each.endedAt])).toEqual([
    ['Starting', 1, 5],
    ['Training', 5, 9],
    ['Completed', 9, 9],
  ])
})

it('remembers things in files, in the order in which they were made', () => {
  const directory = temporaryDirectory()
  const things = openCollection<{ name: string; createdAt: number }>(directory)
  things.put({ name: 'group/2', createdAt: 2 })
  things.put({ name: 'group/1', createdAt: 1 })
  things.put({ name: 'gone', createdAt: 3 })
  things.delete('gone')
  const again = openCollection(directory)
  expect(again.all().map(({ name }) => name)).toEqual(['group/1', 'group/2'])
})

it('cuts output into lines, also output that never ends one', async () => {
  async function* chunks() {
    yield Buffer.from('one\r\ntwo\r50 %\r100 %\nhalf of \u00e9').subarray(0, -1)
    yield Buffer.from([0xa9])
    for (let i = 0; i < 10; i++) yield Buffer.alloc(32 * 1024, 'x')
  }
  const lines: string[] = []
  for await (const line of linesOf(chunks())) lines.push(line)
  expect(lines.slice(0, 4)).toEqual(['one', 'two', '50 %', '100 %'])
  expect(lines[4]).toMatch(/^half of \u00e9x+$/)
  expect(Math.max(...lines.map(({ length }) => length))).toBe(64 * 1024)
  expect(lines.slice(4).join('')).toHaveLength('half of \u00e9'.length + 10 * 32 * 1024)
})

it('reads the beginning of what a job says about its failure, and waits for nobody', () => {
  const base = temporaryDirectory()
  mkdirSync(join(base, 'output'))
  const file = join(base, 'output', 'failure')
  expect(readFailure(base)).toBe('')
  execFileSync('mkfifo', [file])
  expect(readFailure(base)).toBe('')
  rmSync(file)
  symlinkSync('/dev/zero', file)
  expect(readFailure(base)).toBe('')
  rmSync(file)
  writeFileSync(file, `no such column ${'x'.repeat(10_000)}`)
  expect(readFailure(base)).toMatch(/^no such column x{4081}$/)
})

it('knows how much memory an instance has', () => {
  const gib = (type: string) => instanceMemoryBytes(type) / 1024 ** 3
  const types = [
    'ml.t2.medium',
    'ml.m5.large',
    'ml.m5.2xlarge',
    'ml.c5.xlarge',
    'ml.r5.large',
    'ml.p4d.24xlarge',
  ]
  expect(types.map(gib)).toEqual([4, 8, 32, 8, 16, 16])
})
