import * as components from '@livekit/components-react';
import { expect, it } from 'vitest';

it('the components are of the living 2.9 line: the higher number 3.0.0 is an old accident without useSession', () => {
  expect(components).toHaveProperty('useSession');
  expect(components).toHaveProperty('RoomAudioRenderer');
});
