// A column of a list: what its head says, how a cell reads as text (for the spreadsheet).
export type Column<T> = { id: string; label: string; text: (row: T) => string; num?: boolean; always?: boolean; lead?: boolean };
