import { expect, it } from 'vitest';
import { decodeCursor, encodeCursor } from './list-cursor.ts';

it('brings back the position it was made of', () => {
  const position = { createdAt: '2026-01-02T03:04:05.678901Z', sessionId: 'ses_aaaaaaaaaaaaaaaaaaaa' };
  expect(decodeCursor(encodeCursor(position))).toEqual(position);
});

it('refuses what it did not make', () => {
  const nonsense = [
    '',
    'x',
    '!!',
    Buffer.from('["2026","x"]').toString('base64url'),
    encodeCursor({ createdAt: '0000-01-02T03:04:05.678901Z', sessionId: 'ses_aaaaaaaaaaaaaaaaaaaa' }),
    Buffer.from("' or 1=1").toString('base64url'),
  ];
  for (const cursor of nonsense) expect(() => decodeCursor(cursor)).toThrow(/cursor is not valid/);
});
