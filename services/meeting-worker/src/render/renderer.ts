import type { Report, ReportFormat } from '@eloquence/shared/contracts/report';

/**
 * Renders a report in every format. Names of speakers come from `report.speakers`. The same report gives the same bytes, on every
 * machine, at every time. PDF and DOCX are made in a child process, because they block for long and their libraries keep memory.
 */
export interface Renderer {
  render(report: Report, format: ReportFormat, signal: AbortSignal): Promise<Uint8Array>;
}
