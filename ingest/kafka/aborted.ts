/**
 * Records of aborted transactions, which kafkajs does not always leave out: it takes a key of four zero bytes (a 0
 * from a Java producer) for an abort marker, and begins one aborted transaction a record where several interleave.
 */

export type FetchedPartition = {
  abortedTransactions?: readonly AbortedTransaction[] | null
  readonly messages: readonly FetchedMessage[]
}
type AbortedTransaction = { readonly producerId: unknown; readonly firstOffset: string }
type FetchedMessage = {
  readonly offset: string
  readonly key: Buffer | null
  isControlRecord?: boolean
  readonly batchContext?: { readonly producerId?: unknown; readonly inTransaction?: boolean }
}

/** Marks aborted records as control records, which kafkajs skips and counts, and leaves it nothing to judge. */
export function hideAborted(partition: FetchedPartition): void {
  const begun = (partition.abortedTransactions ?? [])
    .map(({ producerId, firstOffset }) => ({
      producer: String(producerId),
      at: BigInt(firstOffset),
    }))
    .sort((a, b) => Number(a.at - b.at))
  if (begun.length === 0) return
  partition.abortedTransactions = []
  const open = new Set<string>()
  let next = 0
  for (const message of partition.messages) {
    const offset = BigInt(message.offset)
    for (let one = begun[next]; one !== undefined && one.at <= offset; one = begun[++next]) {
      open.add(one.producer)
    }
    const producer = String(message.batchContext?.producerId)
    if (message.isControlRecord === true) {
      if (isAbortMarker(message.key)) open.delete(producer)
    } else if (message.batchContext?.inTransaction === true && open.has(producer)) {
      message.isControlRecord = true
    }
  }
}

/** The key of a control record is its version and its type, two int16: 0 aborts, 1 commits. */
function isAbortMarker(key: Buffer | null): boolean {
  return key !== null && key.length >= 4 && key.readInt16BE(2) === 0
}
