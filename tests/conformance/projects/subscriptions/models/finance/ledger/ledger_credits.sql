{{ config(incremental_strategy='append', on_schema_change='ignore') }}
{{ ledger_entry('credit', '-amount', source('erp', 'credits'), id='credit_id') }}
