/** The Python in which the stand-in for SageMaker trains and serves: XGBoost and scikit-learn, by hash. */
import { existsSync, readFileSync } from 'node:fs'
import { shippedFile } from '../../core/shipped-file.ts'
import { cachePaths, xgboostVersion } from '../versions.ts'
import { runTool } from './run-tool.ts'
import type { SetupStep } from './step.ts'

const installer = shippedFile('ml/image/install.sh')
const title = `XGBoost ${xgboostVersion} for the model`

export const mlImage: SetupStep = {
  name: 'ml-image',
  title,
  after: [],
  weight: 'optional', // who trains nothing, or in SageMaker itself, does without
  isPresent: async ({ cacheDir }) => isComplete(cachePaths.mlImage(cacheDir)),
  bring: async ({ cacheDir, signal, say }) => {
    say('fetching it; it takes 500 MB of the disk')
    const args = [installer, '--without-checks', cachePaths.mlImage(cacheDir)]
    await runTool(title, 'sh', args, { signal })
  },
}

/** What was installed begins with what is wanted; behind it may stand what checks the image. */
function isComplete(venv: string): boolean {
  const note = `${venv}/millrace-requirements.txt`
  if (!existsSync(note)) return false
  const wanted = readFileSync(shippedFile('ml/image/requirements.txt'), 'utf8')
  return readFileSync(note, 'utf8').startsWith(wanted)
}
