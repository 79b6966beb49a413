/** The services of an instance. */

/** In the order in which data flows through them. */
export const serviceNames = ['kafka', 's3', 'postgres', 'sagemaker'] as const
export type ServiceName = (typeof serviceNames)[number]
