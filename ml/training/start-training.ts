/** Starts a training job, or finds the one that was started with the same wish. */
import {
  CreateTrainingJobCommand,
  type CreateTrainingJobRequest,
  DescribeTrainingJobCommand,
  type DescribeTrainingJobResponse,
  type SageMakerClient,
  SageMakerServiceException,
} from '@aws-sdk/client-sagemaker'
import { problem } from '../../core/problems.ts'
import { asked, askedIfThere } from '../sagemaker/asked.ts'
import { differencesOf } from './differences.ts'
import { defaultName, nameRequest } from './training-request.ts'

export type StartedTraining = {
  readonly name: string
  readonly request: CreateTrainingJobRequest
  /** `started` now; `found` running or completed, because the same was asked for before. */
  readonly how: 'started' | 'found'
  /** TrainingJobStatus. */
  readonly status: string
  /** Of a job that was found. */
  readonly arn?: string | undefined
}

/** Jobs that failed before the same wish gets up. */
const maxAttempts = 50

/**
 * Starts the job. A job of that name with the same content is not started again; without a name of the caller's a
 * failed one is left behind and the next number taken.
 * @param name of the job; without one it follows from the content
 * @throws `ml/training-differs`, and as `asked`
 */
export async function startTraining(
  control: SageMakerClient,
  model: string,
  request: Omit<CreateTrainingJobRequest, 'TrainingJobName'>,
  name: string | undefined,
): Promise<StartedTraining> {
  const first = name ?? defaultName(model, request, 1)
  for (let attempt = 1; ; attempt++) {
    const wanted = name ?? defaultName(model, request, attempt)
    const started = await startNamed(control, nameRequest(request, wanted, first))
    const isOver = started.status === 'Failed' || started.status === 'Stopped'
    if (name === undefined && isOver && attempt < maxAttempts) continue
    return started
  }
}

async function startNamed(
  control: SageMakerClient,
  request: CreateTrainingJobRequest,
): Promise<StartedTraining> {
  const name = request.TrainingJobName ?? ''
  const before = await findTraining(control, name)
  if (before !== undefined) return adopt(before, request)
  try {
    await control.send(new CreateTrainingJobCommand(request))
    return { name, request, how: 'started', status: 'InProgress' }
  } catch (error) {
    const isTaken = error instanceof SageMakerServiceException && error.name === 'ResourceInUse'
    const now = isTaken ? await findTraining(control, name) : undefined
    if (now !== undefined) return adopt(now, request) // somebody else was quicker
    return await asked(`start training job ${name}`, Promise.reject(error))
  }
}

function adopt(there: DescribeTrainingJobResponse, request: CreateTrainingJobRequest) {
  const name = request.TrainingJobName ?? ''
  const differences = differencesOf(there, request)
  if (differences.length > 0) throw problem('ml/training-differs', { job: name, differences })
  const { TrainingJobStatus: status = '', TrainingJobArn: arn } = there
  return { name, request, how: 'found', status, arn } as const
}

/** Undefined when there is no such job. @throws as `asked` */
export function findTraining(
  control: SageMakerClient,
  name: string,
): Promise<DescribeTrainingJobResponse | undefined> {
  const command = new DescribeTrainingJobCommand({ TrainingJobName: name })
  return askedIfThere(`describe training job ${name}`, control.send(command))
}
