/** What a test trains: reads its channels, prints metrics and writes a model, or fails in the way it is told to. */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const base = process.argv[2] ?? ''
const readConfig = (name: string): Record<string, string> =>
  JSON.parse(readFileSync(join(base, 'input', 'config', `${name}.json`), 'utf8'))
const { fault, mode = 'well' } = readConfig('hyperparameters')

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

function wait(): void {
  setTimeout(() => {}, 600_000)
}

switch (fault) {
  case 'killed':
    process.kill(process.pid, 'SIGKILL')
    break
  case 'memory': {
    const held: Buffer[] = []
    setInterval(() => {
      if (held.length < 30) held.push(Buffer.alloc(8 * 1024 ** 2, 1))
    }, 10)
    break
  }
  case 'hyperparameter':
    writeFileSync(join(base, 'output', 'failure'), 'max_depth must be between 1 and 12, not 99')
    process.exit(1)
    break
  case 'deaf':
    process.on('SIGTERM', () => say('heard SIGTERM and goes on'))
    wait()
    break
  case 'slow':
    process.on('SIGTERM', () => {
      writeModel('stopped')
      process.exit(0)
    })
    say('waits')
    wait()
    break
  case 'long': {
    // As long as it takes, unless somebody has begun it before.
    const checkpoint = join(base, 'checkpoints', 'rounds.txt')
    if (existsSync(checkpoint)) {
      writeModel(`went on after ${readFileSync(checkpoint, 'utf8')}`)
      break
    }
    writeFileSync(`${checkpoint}.part`, '50 rounds')
    renameSync(`${checkpoint}.part`, checkpoint)
    wait()
    break
  }
  case 'leaves-a-process': {
    // In a session of its own, and it never stops writing where the job worked.
    const endless = 'while :; do i=$((i+1)); : >model/file-$((i % 999)).txt; done'
    const left = spawn('sh', ['-c', endless], { cwd: base, detached: true, stdio: 'ignore' })
    left.unref()
    writeModel(String(left.pid))
    break
  }
  case 'fixed-place':
    writeFileSync('/opt/ml/model/model.json', 'written to /opt/ml')
    break
  default:
    train()
}

function train(): void {
  const channels = Object.keys(readConfig('inputdataconfig')).sort()
  const data = join(base, 'input', 'data')
  const files = channels.flatMap((channel) =>
    readdirSync(join(data, channel), { recursive: true, encoding: 'utf8' })
      .sort()
      .filter((file) => file.includes('.'))
      .map(
        (file) => `${channel}/${file}=${readFileSync(join(data, channel, file), 'utf8').trim()}`,
      ),
  )
  say('[0]\tvalidation-auc:0.71')
  say('[1]\tvalidation-auc:0.83\tvalidation-logloss:0.4')
  writeFileSync(join(base, 'output', 'data', 'report.txt'), 'well done')
  writeModel(files.join('\n'))
}

function writeModel(trainedOn: string): void {
  const instance = readConfig('resourceconfig')['current_instance_type']
  const model = JSON.stringify({ mode, trainedOn, instance })
  writeFileSync(join(base, 'model', 'model.json'), model)
}
