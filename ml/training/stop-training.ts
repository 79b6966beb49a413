/** Ends a training job before its time. */
import { type SageMakerClient, StopTrainingJobCommand } from '@aws-sdk/client-sagemaker'
import { asked } from '../sagemaker/asked.ts'

/** Asks for it; the job is over once it has written its checkpoint. @throws as `asked`, also when it does not run */
export async function stopTraining(control: SageMakerClient, job: string): Promise<void> {
  const command = new StopTrainingJobCommand({ TrainingJobName: job })
  await asked(`stop training job ${job}`, control.send(command))
}
