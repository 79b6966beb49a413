/**
 * The evaluator of trained models beside Python: are 100,000 random rows with missing values given the same scores, and
 * how many a second? 200 trees of depth 6 over 40 features. Run by hand: `node bench/ml-evaluate.ts [rows]`.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { explainRow } from '../ml/model/explain.ts'
import { type Model, readModel } from '../ml/model/read-model.ts'
import { scoreRows } from '../ml/model/score.ts'

const tolerance = 1e-6
const leastRowsPerSecond = 20_000
const rounds = 7

const count = String(Number(process.argv[2] ?? 100_000))
const folder = mkdtempSync(join(tmpdir(), 'millrace-evaluate-'))
try {
  const venv = execFileSync('sh', [besides('../ml/image/install.sh')], { encoding: 'utf8' }).trim()
  const program = [besides('ml/evaluate.py'), folder, count]
  const python: { scored: number; explained: number } = JSON.parse(
    execFileSync(join(venv, 'bin/python'), program, { encoding: 'utf8' }),
  )
  const started = performance.now()
  const model = readModel(text('model.json'), text('serving.json'))
  const readMs = performance.now() - started
  const { roots, features, depth } = model.trees
  console.log(
    `${roots.length} trees, depth ${depth}, ${features.length} nodes, read in ${ms(readMs)}`,
  )
  console.log(`calibration: ${model.calibration.kind}`)
  const scored = measureScores(model)
  const explained = measureContributions(model)
  console.log(`rows a second (Python, one thread):`)
  console.log(`  all at once    ${rate(scored.atOnce)}   (${rate(python.scored)})`)
  console.log(`  one by one     ${rate(scored.oneByOne)}`)
  console.log(`  with reasons   ${rate(explained.perSecond)}   (${rate(python.explained)})`)
  const isEqual = scored.distance <= tolerance && explained.distance <= tolerance
  process.exitCode = isEqual && scored.atOnce >= leastRowsPerSecond ? 0 : 1
} finally {
  rmSync(folder, { recursive: true })
}

function measureScores(model: Model) {
  const rows = new Float32Array(bytes('rows.f32'))
  const wanted = new Float64Array(bytes('scores.f64'))
  const width = model.features.length
  const missing = rows.reduce((total, value) => total + (Number.isNaN(value) ? 1 : 0), 0)
  const found = scoreRows(model, rows)
  const distance = greatestDistance(found, wanted)
  console.log(
    `scores of ${found.length} rows, ${missing} of ${rows.length} values missing: at most ${distance} from Python`,
  )
  const single = rows.subarray(0, 10_000 * width)
  const oneByOne = () => {
    for (let at = 0; at < single.length; at += width)
      scoreRows(model, single.subarray(at, at + width))
  }
  return {
    distance,
    atOnce: found.length / medianSeconds(() => scoreRows(model, rows)),
    oneByOne: single.length / width / medianSeconds(oneByOne),
  }
}

function measureContributions(model: Model) {
  const rows = new Float32Array(bytes('rows.f32'))
  const wanted = new Float32Array(bytes('contributions.f32'))
  const width = model.features.length
  const count = wanted.length / (width + 1)
  const found = new Float64Array(wanted.length)
  const started = performance.now()
  for (let row = 0; row < count; row++) {
    const { base, contributions } = explainRow(model, rows.subarray(row * width, (row + 1) * width))
    for (const { feature, contribution } of contributions) {
      found[row * (width + 1) + model.features.indexOf(feature)] = contribution
    }
    found[row * (width + 1) + width] = base
  }
  const perSecond = count / ((performance.now() - started) / 1000)
  const distance = greatestDistance(found, wanted)
  console.log(`contributions of ${count} rows: at most ${distance} from Python`)
  return { distance, perSecond }
}

function greatestDistance(found: ArrayLike<number>, wanted: ArrayLike<number>): number {
  let greatest = found.length === wanted.length ? 0 : Number.POSITIVE_INFINITY
  for (let index = 0; index < wanted.length; index++) {
    const distance = Math.abs((found[index] ?? Number.NaN) - (wanted[index] ?? Number.NaN))
    // What is no number is no equal either.
    if (!(distance <= greatest))
      greatest = Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance
  }
  return greatest
}

function medianSeconds(run: () => void): number {
  const seconds = Array.from({ length: rounds }, () => {
    const started = performance.now()
    run()
    return (performance.now() - started) / 1000
  })
  return seconds.sort((a, b) => a - b)[rounds >> 1] ?? Number.NaN
}

function besides(path: string): string {
  return join(import.meta.dirname, path)
}

function text(file: string): string {
  return readFileSync(join(folder, file), 'utf8')
}

function bytes(file: string): ArrayBuffer {
  const { buffer, byteOffset, byteLength } = readFileSync(join(folder, file))
  const copy = new Uint8Array(byteLength)
  copy.set(new Uint8Array(buffer, byteOffset, byteLength))
  return copy.buffer
}

function rate(perSecond: number): string {
  return Math.round(perSecond).toLocaleString('en')
}

function ms(value: number): string {
  return `${Math.round(value)} ms`
}
