/** `millrace.published`, in which publishing writes what each table shows. */

/** The ledger, when it is there and may be read. */
export const ledgerQuery = `select 1 from pg_attribute
  where attrelid = to_regclass('millrace.published') and attname = 'contract'
    and has_table_privilege(attrelid, 'select')`
