/** The id of an utterance's line in the page. The address bar holds the route: anchors of the transcript are no part of it. */
export const lineId = (utteranceId: string): string => `s${utteranceId}`;

/** Scrolls to an utterance of the transcript, opening it; does nothing when the minutes do not hold it. */
export function showUtterance(utteranceId: string): void {
  const line = document.getElementById(lineId(utteranceId));
  if (line === null) return;
  line.closest('details')?.setAttribute('open', '');
  for (const before of document.querySelectorAll('[data-shown]')) before.removeAttribute('data-shown');
  line.setAttribute('data-shown', '');
  line.scrollIntoView({ block: 'center' });
}
