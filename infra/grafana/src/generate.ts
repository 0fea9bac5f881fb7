import { writeFileSync } from 'node:fs';
import { voiceDashboard } from './voice-dashboard.ts';

/** Writes the provisioned JSON; a test asserts that it is what the code says. */
writeFileSync(new URL('../dashboards/voice.json', import.meta.url), `${JSON.stringify(voiceDashboard(), null, 2)}\n`);
