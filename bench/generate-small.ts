/** A small shop as many projects begin: 3 seeds, 5 models, 20 data tests. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export function generateSmall(folder: string): void {
  for (const [file, text] of Object.entries({ ...files, ...seeds() })) {
    const path = join(folder, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
}

/** 100 customers, 99 orders, 113 payments: numbers in a row, no chance in them. */
function seeds(): Record<string, string> {
  const lines = (count: number, line: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => `${line(index + 1)}\n`).join('')
  const statuses = ['placed', 'shipped', 'completed', 'returned']
  const methods = ['credit_card', 'coupon', 'bank_transfer', 'gift_card']
  const day = (index: number) =>
    new Date(Date.UTC(2024, 0, 1 + (index % 90))).toISOString().slice(0, 10)
  return {
    'seeds/raw_customers.csv': `id,first_name,last_name\n${lines(100, (i) => `${i},Name${i},Family${i % 7}`)}`,
    'seeds/raw_orders.csv': `id,user_id,order_date,status\n${lines(99, (i) => `${i},${1 + (i % 80)},${day(i)},${statuses[i % 4]}`)}`,
    'seeds/raw_payments.csv': `id,order_id,payment_method,amount\n${lines(113, (i) => `${i},${1 + (i % 99)},${methods[i % 4]},${100 * (i % 31)}`)}`,
  }
}

const key = (column: string) => `      - {name: ${column}, data_tests: [unique, not_null]}\n`
const files: Record<string, string> = {
  'dbt_project.yml': `name: small
version: '1.0'
config-version: 2
profile: synth
models: {small: {+materialized: table, staging: {+materialized: view}}}
`,
  'profiles.yml': `synth:
  target: dev
  outputs:
    dev: {type: duckdb, path: synth.duckdb, threads: 4}
`,
  'models/staging/stg_customers.sql':
    "select id as customer_id, first_name, last_name from {{ ref('raw_customers') }}\n",
  'models/staging/stg_orders.sql':
    "select id as order_id, user_id as customer_id, order_date, status from {{ ref('raw_orders') }}\n",
  'models/staging/stg_payments.sql':
    "select id as payment_id, order_id, payment_method, amount / 100 as amount from {{ ref('raw_payments') }}\n",
  'models/customers.sql': `with orders as (select * from {{ ref('stg_orders') }}),
paid as (
    select orders.customer_id, sum(amount) as total
    from {{ ref('stg_payments') }} payments left join orders using (order_id) group by 1
)
select customer_id, first_name, last_name, count(order_id) as orders, any_value(total) as lifetime_value
from {{ ref('stg_customers') }} left join orders using (customer_id) left join paid using (customer_id)
group by all
`,
  'models/orders.sql': `{% set methods = ['credit_card', 'coupon', 'bank_transfer', 'gift_card'] %}
select order_id, customer_id, order_date, status,
{% for method in methods %}  sum(case when payment_method = '{{ method }}' then amount else 0 end) as {{ method }}_amount,
{% endfor %}  sum(amount) as amount
from {{ ref('stg_orders') }} left join {{ ref('stg_payments') }} using (order_id)
group by all
`,
  'models/schema.yml': `version: 2
models:
  - name: customers
    columns:
${key('customer_id')}      - {name: first_name, data_tests: [not_null]}
  - name: orders
    columns:
${key('order_id')}      - name: customer_id
        data_tests: [not_null, {relationships: {arguments: {to: ref('customers'), field: customer_id}}}]
      - name: status
        data_tests: [not_null, {accepted_values: {arguments: {values: [placed, shipped, completed, returned]}}}]
      - {name: amount, data_tests: [not_null]}
      - {name: credit_card_amount, data_tests: [not_null]}
  - name: stg_customers
    columns:
${key('customer_id')}  - name: stg_orders
    columns:
${key('order_id')}      - name: status
        data_tests: [accepted_values: {arguments: {values: [placed, shipped, completed, returned]}}]
  - name: stg_payments
    columns:
${key('payment_id')}      - name: payment_method
        data_tests: [accepted_values: {arguments: {values: [credit_card, coupon, bank_transfer, gift_card]}}]
`,
}
