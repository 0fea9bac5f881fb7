import { expect, it } from 'vitest';
import { EventTickets, TICKET_TTL_MS } from './event-tickets.ts';

const session = 'ses_aaaaaaaaaaaaaaaaaaaa';

it('opens its own session, for ten minutes, and nothing else', () => {
  let nowMs = 1_000_000;
  const tickets = new EventTickets('secret', () => nowMs);
  const ticket = tickets.issue(session);
  expect(tickets.isValid(ticket, session)).toBe(true);
  expect(tickets.isValid(ticket, 'ses_bbbbbbbbbbbbbbbbbbbb')).toBe(false);
  nowMs += TICKET_TTL_MS + 1;
  expect(tickets.isValid(ticket, session)).toBe(false);
});

it('cannot be forged or prolonged', () => {
  const tickets = new EventTickets('secret');
  const ticket = tickets.issue(session);
  const [expiry = '', signature = ''] = ticket.split('.');
  for (const forged of ['', '.', `${Number(expiry) + 1}.${signature}`, `${expiry}.${'A'.repeat(43)}`, `${ticket}x`]) {
    expect(tickets.isValid(forged, session), forged).toBe(false);
  }
  expect(new EventTickets('other secret').isValid(ticket, session)).toBe(false);
});
