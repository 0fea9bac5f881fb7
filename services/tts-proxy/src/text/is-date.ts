/** Whether the calendar has this day; years of four digits only. */
export function isDate(day: number, month: number, year: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, day));
  return year >= 1000 && year <= 2999 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}
