import { expect, it } from 'vitest'
import { personalColumnsOf } from '../../../../cli/serve/personal-columns.ts'
import { compileFolder, makeFolder, writeProject } from '../../../support/project.ts'

const schemaFile = `
models:
  - name: stg_users
    columns:
      - { name: Email, meta: { pii: true } }
      - { name: id }
  - name: contacts
    columns:
      - { name: phone, config: { meta: { pii: true } } }
  - name: domains
    columns:
      - { name: email, meta: { pii: false } }
sources:
  - name: raw
    tables:
      - name: people
        columns:
          - { name: street, meta: { pii: true } }
`

it('follows personal data through the models that hand it on by its name', async () => {
  await using folder = await makeFolder()
  await writeProject(folder.path, {
    'models/schema.yml': schemaFile,
    'models/stg_users.sql': "select 1 as id, 'a@b' as Email",
    'models/contacts.sql': "select *, '1' as phone from {{ ref('stg_users') }}",
    'models/domains.sql': "select split_part(email, '@', 2) as email from {{ ref('contacts') }}",
    'models/other.sql': "{{ config(schema='marts') }} select * from {{ ref('domains') }}",
    'models/addresses.sql': "select * from {{ source('raw', 'people') }}",
    'seeds/regions.csv': 'id\n1\n',
  })
  const { graph } = await compileFolder(folder.path)
  expect(personalColumnsOf(graph)).toEqual({
    'main.stg_users': ['email'],
    'main.contacts': ['email', 'phone'],
    'main.domains': ['phone'],
    'main_marts.other': ['phone'],
    'main.addresses': ['street'],
    'main.regions': [],
  })
})
