import { expect, test } from 'vitest';
import { SessionTenants } from './session-tenants.ts';

const ID = 'ses_aaaaaaaaaaaaaaaaaaaa';

function fixture(load: (id: string) => Promise<string | undefined>) {
  const loads: string[] = [];
  const clock = { ms: 0 };
  const tenants = new SessionTenants({
    now: () => clock.ms,
    load: (id) => {
      loads.push(id);
      return load(id);
    },
  });
  return { tenants, loads, clock };
}

test('a session is looked up once, also by many at once', async () => {
  const { tenants, loads } = fixture(async () => 'marie');
  expect(await Promise.all([tenants.of(ID), tenants.of(ID), tenants.of(ID)])).toEqual(['marie', 'marie', 'marie']);
  expect(await tenants.of(ID)).toBe('marie');
  expect(loads).toHaveLength(1);
});

test('what is old is given at once, and looked up again behind', async () => {
  let answer: string | undefined = 'marie';
  const { tenants, loads, clock } = fixture(async () => answer);
  await tenants.of(ID);
  answer = undefined;
  clock.ms = 61_000;
  expect(await tenants.of(ID)).toBe('marie');
  expect(loads).toHaveLength(2);
  await expect.poll(() => tenants.of(ID)).toBeUndefined();
});

test('an outage of the database ends no conversation that is under way', async () => {
  let away = false;
  const { tenants, clock } = fixture(async () => {
    if (away) throw new Error('away');
    return 'marie';
  });
  await tenants.of(ID);
  away = true;
  clock.ms = 600_000;
  expect(await tenants.of(ID)).toBe('marie');
  await expect(tenants.of('ses_bbbbbbbbbbbbbbbbbbbb')).rejects.toThrow('away');
});

test('an id that is not known is asked for again after a moment', async () => {
  let answer: string | undefined;
  const { tenants, loads, clock } = fixture(async () => answer);
  expect(await tenants.of(ID)).toBeUndefined();
  expect(await tenants.of(ID)).toBeUndefined();
  expect(loads).toHaveLength(1);
  answer = 'marie';
  clock.ms = 1_001;
  expect(await tenants.of(ID)).toBe('marie');
});

test('the oldest of very many is forgotten', async () => {
  const { tenants, loads } = fixture(async () => 'marie');
  for (let index = 0; index <= 10_000; index += 1) await tenants.of(`ses_${index}`);
  await tenants.of('ses_1');
  expect(loads).toHaveLength(10_001);
  await tenants.of('ses_0');
  expect(loads).toHaveLength(10_002);
});
