/** The release of dbt whose behaviour, language and formats these are; tools choose their parsers by it. */
export const dbtVersion = '1.12.6'
