/** The shop's products: 200 of them in ten categories. The simulator and `seeds/products.csv` agree on this list. */
import { createRandom } from './random.ts'

export type Category = {
  readonly name: string
  /** Added to the log-odds of buying for those who like this category best. */
  readonly appeal: number
  readonly medianCents: number
  readonly things: readonly [string, ...string[]]
}

export type Product = {
  readonly productId: number
  readonly name: string
  readonly category: string
  readonly priceCents: number
}

export const categories: readonly [Category, ...Category[]] = [
  category('books', 0.35, 1_600, 'Novel,Atlas,Cookbook,Poetry Reader,Field Guide'),
  category('coffee', 0.45, 1_400, 'Espresso Beans,Filter Roast,Hand Grinder,Moka Pot,Milk Jug'),
  category('garden', 0.1, 2_700, 'Trowel,Seed Box,Watering Can,Pruning Shears,Raised Bed'),
  category('toys', 0.2, 2_400, 'Marble Run,Puzzle,Kite,Wooden Train,Card Game'),
  category('kitchen', 0.05, 3_900, "Chef's Knife,Cast-Iron Pan,Mixing Bowl,Kettle,Pasta Roller"),
  category('clothing', 0, 4_500, 'Rain Jacket,Merino Jumper,Wool Socks,Canvas Belt,Linen Shirt'),
  category('sports', -0.1, 5_200, 'Yoga Mat,Trail Shoes,Climbing Rope,Swim Goggles,Bike Pump'),
  category('music', -0.2, 8_900, 'Ukulele,Drum Pad,Metronome,Vinyl Cleaner,Guitar Strap'),
  category('electronics', -0.3, 14_900, 'Headphones,Action Camera,E-Reader,Router,Desk Lamp'),
  category('furniture', -0.55, 24_900, 'Side Table,Bookshelf,Desk Chair,Floor Lamp,Wall Mirror'),
]

const lines = ['Aurora', 'Basalt', 'Cedar', 'Delta'] as const
const worldSeed = 20_241_125

/** All products, ids 1…200; products of one category stand together, cheapest first. */
export const products: readonly Product[] = categories.flatMap((category, categoryIndex) => {
  const random = createRandom(worldSeed, categoryIndex)
  const drafts = category.things.flatMap((thing) =>
    lines.map((line) => ({
      name: `${line} ${thing}`,
      priceCents: roundPrice(category.medianCents * Math.exp(0.5 * random.normal())),
    })),
  )
  drafts.sort((one, other) => one.priceCents - other.priceCents)
  return drafts.map((draft, index) => ({
    productId: categoryIndex * drafts.length + index + 1,
    category: category.name,
    ...draft,
  }))
})

/** Products of a category; each category has as many. */
export const productsPerCategory = products.length / categories.length

/** The content of `seeds/products.csv`. */
export function productsCsv(): string {
  const rows = products.map(({ productId, name, category, priceCents }) =>
    [productId, name, category, priceCents].join(','),
  )
  return `${['product_id,name,category,price_cents', ...rows].join('\n')}\n`
}

function category(name: string, appeal: number, medianCents: number, things: string): Category {
  const [first = name, ...rest] = things.split(',')
  return { name, appeal, medianCents, things: [first, ...rest] }
}

/** 1234 → 1249: shops end prices in 49 or 99. */
function roundPrice(cents: number): number {
  return Math.max(99, Math.round(cents / 50) * 50 - 1)
}
