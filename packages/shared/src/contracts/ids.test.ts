import { expect, it } from 'vitest';
import { lineSchema } from './ids.ts';

it('a line of text may be in any script, and holds nothing that a database refuses or a terminal obeys', () => {
  for (const line of ['', 'Élise 🙂', '模型']) expect(lineSchema.safeParse(line).success).toBe(true);
  for (const line of ['a\u0000', 'a\nb', '\u001b[2J', '\ud83d', '\ude42 a'])
    expect([line, lineSchema.safeParse(line).success]).toEqual([line, false]);
});
