import { expect, it } from 'vitest';
import { audioQuerySchema } from './meeting-api.ts';
import { meetingOptionsSchema } from './meeting.ts';

const read = (start_ms: unknown) => audioQuerySchema.safeParse({ speaker: 'anne.me', start_ms });

it('sound is put where its sender says in digits: nothing at all is not the beginning', () => {
  expect(read('60000').data).toEqual({ speaker: 'anne.me', start_ms: 60_000 });
  for (const odd of ['', ' ', '-1', '1.5', '1e3', '0x10', 'NaN', '2000000001', '99999999999', undefined, ['1', '2']])
    expect(read(odd).success, String(odd)).toBe(false);
});

const zone = (time_zone: unknown) => meetingOptionsSchema.safeParse({ time_zone });

it('a meeting has a time zone there is, else its opener is told what is needed', () => {
  for (const name of ['Europe/Paris', 'America/Montreal', 'UTC']) expect(zone(name).data?.time_zone).toBe(name);
  expect(zone(undefined).data?.time_zone).toBe('Europe/Paris');
  for (const odd of ['', 'Paris', 'Europe/Pariss', '../etc/passwd', 'x'.repeat(65), 2])
    expect(zone(odd).success, String(odd)).toBe(false);
  expect(zone('Paris').error?.issues[0]?.message).toMatch(/IANA name is needed, such as Europe\/Paris/);
});
