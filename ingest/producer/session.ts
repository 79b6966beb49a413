/**
 * One visit: login → search → views → cart → (remove) → checkout → purchase → logout. Whether it buys is drawn
 * first, with `sessionPurchaseProbability`; the steps are the trace such a visit leaves.
 */
import { categories, type Product, products, productsPerCategory } from './catalogue.ts'
import type { Random } from './random.ts'
import { sessionPurchaseProbability, type UserTraits } from './user-model.ts'

export type Step = {
  readonly action:
    | 'login'
    | 'search'
    | 'view_product'
    | 'add_to_cart'
    | 'remove_from_cart'
    | 'checkout'
    | 'purchase'
    | 'logout'
  readonly product?: Product
  /** The event's `details` as JSON text. */
  readonly details: string
}

/** The steps of a visit at position `x` (0…1) of the span; at least one view, at most 40 steps. */
export function sessionSteps(user: UserTraits, x: number, random: Random): readonly Step[] {
  const buys = random.chance(sessionPurchaseProbability(user, x))
  const steps: Step[] = []
  if (random.chance(0.6)) steps.push({ action: 'login', details: device(random) })
  const views = viewCount(user, buys, random)
  const seen: Product[] = []
  for (let view = 0; view < views; view += 1) {
    const category = viewedCategory(user, random)
    if (random.chance(0.15)) {
      steps.push({ action: 'search', details: `{"query":"${categories[category]?.name}"}` })
    }
    const product = viewedProduct(user, category, random)
    steps.push({ action: 'view_product', product, details: price(product) })
    seen.push(product)
  }
  if (buys) buy(user, seen, random, steps)
  else browse(user, seen, random, steps)
  if (random.chance(0.3)) steps.push({ action: 'logout', details: '{}' })
  return steps
}

/** Buyers and people with intent look at more. 1…20. */
function viewCount(user: UserTraits, buys: boolean, random: Random): number {
  const mean = 2.5 + (buys ? 1.5 : 0) + 0.6 * (user.intent + 2.5)
  return 1 + Math.min(19, Math.floor(-Math.log(1 - random.next()) * mean))
}

function viewedCategory(user: UserTraits, random: Random): number {
  return random.chance(user.focus) ? user.favourite : random.int(categories.length)
}

/** Of two candidates the price-sensitive take the cheaper one; products of a category stand cheapest first. */
function viewedProduct(user: UserTraits, category: number, random: Random): Product {
  const one = random.int(productsPerCategory)
  const other = random.int(productsPerCategory)
  const cheaper = random.chance(0.15 + 0.8 * user.priceSensitivity)
  const index = cheaper ? Math.min(one, other) : Math.max(one, other)
  return productAt(category * productsPerCategory + index)
}

function buy(user: UserTraits, seen: readonly Product[], random: Random, steps: Step[]): void {
  const wanted = new Set<Product>()
  const items = 1 + random.int(Math.min(3, seen.length))
  for (let item = 0; item < items; item += 1) wanted.add(seenAt(seen, random))
  for (const product of wanted)
    steps.push({ action: 'add_to_cart', product, details: price(product) })
  const kept = [...wanted]
  while (kept.length > 1 && random.chance(0.5 * user.priceSensitivity)) remove(kept, steps)
  const bought = kept.map((product) => ({ product, quantity: random.chance(0.12) ? 2 : 1 }))
  steps.push({ action: 'checkout', details: checkoutDetails(bought) })
  for (const { product, quantity } of bought) {
    const details = `{"price_cents":${product.priceCents},"quantity":${quantity}}`
    steps.push({ action: 'purchase', product, details })
  }
}

/** A visit that does not buy: perhaps a cart, emptied or left, perhaps a checkout that is given up. */
function browse(user: UserTraits, seen: readonly Product[], random: Random, steps: Step[]): void {
  if (!random.chance(0.16 + 0.05 * (user.intent + 2.5))) return
  const product = seenAt(seen, random)
  steps.push({ action: 'add_to_cart', product, details: price(product) })
  if (random.chance(0.2 + 0.6 * user.priceSensitivity)) remove([product], steps)
  else if (random.chance(0.25)) {
    steps.push({ action: 'checkout', details: checkoutDetails([{ product, quantity: 1 }]) })
  }
}

/** The dearest goes first. */
function remove(cart: Product[], steps: Step[]): void {
  cart.sort((one, other) => one.priceCents - other.priceCents)
  const product = cart.pop()
  if (product !== undefined) {
    steps.push({ action: 'remove_from_cart', product, details: price(product) })
  }
}

function checkoutDetails(cart: readonly { product: Product; quantity: number }[]): string {
  let totalCents = 0
  for (const { product, quantity } of cart) totalCents += product.priceCents * quantity
  return `{"items":${cart.length},"total_cents":${totalCents}}`
}

function price(product: Product): string {
  return `{"price_cents":${product.priceCents}}`
}

function device(random: Random): string {
  return `{"device":"${random.pick(['mobile', 'desktop', 'tablet'])}"}`
}

function seenAt(seen: readonly Product[], random: Random): Product {
  return seen[random.int(seen.length)] ?? productAt(0)
}

function productAt(index: number): Product {
  const product = products[index]
  if (product === undefined) throw new RangeError(`the catalogue has no product ${index}`)
  return product
}
