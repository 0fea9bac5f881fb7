/** A figure for a table; '-' when there is none. */
export function show(value: number | null, digits = 0): string {
  return value !== null && Number.isFinite(value) ? value.toFixed(digits) : '-';
}
