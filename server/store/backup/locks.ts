/** Numbers that only these lock, as advisory locks of PostgreSQL. */
export const LOCKS = {
  /** One backup of a database at a time. */
  backup: 7_276_903_412,
  /** Shared while a backup reads: journal_drop_before and raw_input_drop_before (0009-operations.sql) stay away. */
  journalDays: 7_276_903_413,
} as const;
