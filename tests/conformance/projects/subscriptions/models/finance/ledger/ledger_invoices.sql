{{ ledger_entry('invoice', 'amount', ref('invoices')) }}
