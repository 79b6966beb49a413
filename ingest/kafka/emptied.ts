/**
 * Batches that compaction has emptied. Kafka keeps the header of a producer's last batch when all its records are
 * gone; where a segment ends with such headers kafkajs sees an empty answer and asks for the same offset for ever.
 */
import { Consumer } from '@platformatic/kafka'
import type { KafkaOptions } from './connect.ts'
import { clientOptions } from './topic-identity.ts'

type Place = { readonly topic: string; readonly partition: number; readonly offset: number }

/**
 * The end of the batch at an offset when it holds no record, undefined when it holds some or nothing is there. A
 * client of its own reads the header: an answer without records proves nothing, a header does.
 */
export async function endOfEmptied(
  options: KafkaOptions,
  place: Place,
): Promise<number | undefined> {
  const { topic, partition, offset } = place
  const consumer = new Consumer({ ...clientOptions(options), groupId: `${options.clientId}-look` })
  try {
    const metadata = await consumer.metadata({ topics: [topic] })
    const found = metadata.topics.get(topic)
    const leader = found?.partitions[partition]?.leader
    if (found === undefined || leader === undefined) return undefined
    const answer = await consumer.fetch({
      node: leader,
      minBytes: 1,
      maxBytes: oneBatchBytes,
      maxWaitTime: 1_000,
      topics: [
        {
          topicId: found.id,
          partitions: [
            {
              partition,
              currentLeaderEpoch: -1,
              fetchOffset: BigInt(offset),
              lastFetchedEpoch: -1,
              // Kafka answers with one whole batch at least, however large it is.
              partitionMaxBytes: oneBatchBytes,
            },
          ],
        },
      ],
    })
    const batch = answer.responses[0]?.partitions[0]?.records?.[0]
    if (batch === undefined || batch.records.length > 0 || batch.firstOffset > BigInt(offset)) {
      return undefined
    }
    const end = Number(batch.firstOffset) + batch.lastOffsetDelta + 1
    return end > offset ? end : undefined
  } finally {
    await consumer.close()
  }
}

const oneBatchBytes = 1
