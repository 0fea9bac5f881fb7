const NO_BREAK_SPACE = '\u00A0';

/** French puts a space before some marks and inside its quotation marks; no line may break there. Other text is unchanged. */
export function withFixedSpaces(text: string): string {
  return text.replace(/ (?=[:;!?»])|(?<=«) /g, NO_BREAK_SPACE);
}
