/**
 * A small seeded random generator (sfc32). Streams are derived from a seed and labels, so that what one part
 * draws never shifts what another part draws.
 */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** A whole number in [0, below). */
  int(below: number): number
  /** Normal, mean 0, deviation 1. */
  normal(): number
  /** One of the items. */
  pick<Item>(items: readonly [Item, ...Item[]]): Item
  chance(probability: number): boolean
}

/** Derives a stream; the same seed and labels give the same numbers on every machine. */
export function createRandom(seed: number, ...labels: readonly number[]): Random {
  let [a, b, c] = [seedWord(seed, 0x9e3779b9), seedWord(seed, 0x85ebca6b), 0x27d4eb2f]
  for (const label of labels) {
    a = mix(a ^ label)
    b = mix(b + Math.imul(label, 0x9e3779b1))
    c = mix(c ^ (a + b))
  }
  let counter = 1

  function nextWord(): number {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return sum >>> 0
  }
  for (let round = 0; round < 8; round += 1) nextWord()

  const next = () => nextWord() / 4_294_967_296
  return {
    next,
    int: (below) => Math.floor(next() * below),
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    pick: (items) => items[Math.floor(next() * items.length)] ?? items[0],
    chance: (probability) => next() < probability,
  }
}

/** A short name of some numbers, the same every time: eight base-36 digits at most. */
export function fingerprint(...parts: readonly number[]): string {
  let hash = 0x811c9dc5
  for (const part of parts) hash = mix(hash ^ seedWord(part, 0x9e3779b9))
  return (hash >>> 0).toString(36)
}

function seedWord(seed: number, salt: number): number {
  const high = Math.floor(seed / 4_294_967_296)
  return mix((seed ^ salt) + Math.imul(high | 0, 0x2545f491))
}

/** The finalizer of splitmix32. */
function mix(word: number): number {
  let mixed = (word + 0x9e3779b9) | 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
  return mixed ^ (mixed >>> 15)
}
