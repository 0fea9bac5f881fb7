import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findProgram } from '@eloquence/testkit/processes';
import { resample } from '@eloquence/testkit/resample';
import { synthesize } from '@eloquence/testkit/speech-synthesis';
import { writeWav } from '@eloquence/testkit/wav';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';

const stack = inject('stack');
const OUTPUT = path.join(import.meta.dirname, 'output');
const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1280, height: 800 };
/** What Chromium plays into a microphone best: 48 kHz, 16 bit, mono. */
const MICROPHONE_HZ = 48_000;
const SPEECH_HZ = 16_000;
/** Smallest side of anything one taps (WCAG 2.5.5). */
const TARGET_PX = 44;
/** An answer on a busy machine. */
const ANSWER_MS = 60_000;

const folder = mkdtempSync(path.join(tmpdir(), 'browser-call-'));
let speaking: Browser;

/** Silence for `seconds` at the speech rate. */
const silence = (seconds: number) => new Int16Array(seconds * SPEECH_HZ);

/** A recording that greets and asks for an exercise. It plays in a loop: who was not heard yet is heard next time. */
async function microphoneFile(): Promise<string> {
  const parts = [
    silence(3),
    await synthesize('bonjour'),
    silence(8),
    await synthesize('je voudrais faire un exercice'),
    silence(8),
  ];
  const file = path.join(folder, 'microphone.wav');
  const speech = Int16Array.from(parts.flatMap((part) => [...part]));
  writeWav(file, [resample(speech, SPEECH_HZ, MICROPHONE_HZ)], MICROPHONE_HZ);
  return file;
}

interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Everything the console called an error, and every exception nobody caught. */
  readonly errors: string[];
}

interface VisitOptions {
  readonly viewport: { readonly width: number; readonly height: number };
  readonly microphone: 'allowed' | 'denied';
  readonly colorScheme?: 'light' | 'dark';
  readonly locale?: 'fr-FR' | 'en-GB';
}

async function visit(options: VisitOptions): Promise<Visit> {
  const context = await speaking.newContext({
    viewport: options.viewport,
    permissions: options.microphone === 'allowed' ? ['microphone'] : [],
    colorScheme: options.colorScheme ?? 'light',
    locale: options.locale ?? 'fr-FR',
  });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.goto(stack.urls.api);
  return { page, context, errors };
}

const said = (page: Page, role: 'user' | 'agent') =>
  page.locator(`li[data-role="${role}"][data-status="final"] p, li[data-role="${role}"][data-status="sent"] p`);
const shot = (page: Page, name: string) => page.screenshot({ path: path.join(OUTPUT, `${name}.png`) });

/** Controls that are smaller than a finger, by name. */
async function smallTargets(page: Page): Promise<string[]> {
  const small: string[] = [];
  for (const control of await page.locator('button:visible, a[href]:visible, select:visible').all()) {
    const box = await control.boundingBox();
    if (box !== null && (box.width < TARGET_PX || box.height < TARGET_PX)) {
      small.push(`${await control.innerText()}: ${Math.round(box.width)} x ${Math.round(box.height)}`);
    }
  }
  return small;
}

/** Whether something is wider than the screen. A string, because this runs in the page. */
const overflows = (page: Page) =>
  page.evaluate<boolean>('document.documentElement.scrollWidth > document.documentElement.clientWidth');

beforeAll(async () => {
  mkdirSync(OUTPUT, { recursive: true });
  const microphone = await microphoneFile();
  speaking = await chromium.launch({
    executablePath: findProgram('chromium'),
    headless: true,
    args: [
      '--no-sandbox',
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-audio-capture=${microphone}`,
      '--allow-loopback-in-peer-connection',
      '--disable-features=WebRtcHideLocalIpsWithMdns',
    ],
  });
});

afterAll(async () => {
  await speaking?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('a person with a microphone', () => {
  test('speaks, reads both sides, writes, reloads, hangs up and keeps the words', async () => {
    const { page, context, errors } = await visit({ viewport: PHONE, microphone: 'allowed' });

    await page.getByText('seules des phrases préparées sont comprises, en français').waitFor();
    await page.getByText('« Donnez-moi un conseil »').waitFor();
    await shot(page, 'home-phone');
    expect(await smallTargets(page)).toEqual([]);
    expect(await overflows(page)).toBe(false);

    await page.getByRole('link', { name: /Coaching vocal/ }).click();
    await page.getByRole('button', { name: 'Autoriser le micro' }).click();
    await page.getByText('On vous entend bien.').waitFor({ timeout: 30_000 });
    await shot(page, 'preflight-phone');
    expect(await smallTargets(page)).toEqual([]);

    await page.getByRole('button', { name: 'Commencer l’appel' }).click();
    await page.getByText('En ligne').waitFor({ timeout: 30_000 });
    const sentence = page.getByText('« Je voudrais faire un exercice »');
    await sentence.waitFor();
    await shot(page, 'call-begun-phone');
    await said(page, 'agent').first().waitFor({ timeout: ANSWER_MS });
    await said(page, 'user')
      .filter({ hasText: /exercice/i })
      .first()
      .waitFor({ timeout: 2 * ANSWER_MS });
    await said(page, 'agent').nth(1).waitFor({ timeout: ANSWER_MS });
    await sentence.waitFor({ state: 'hidden' });
    await shot(page, 'call-phone');
    expect(await smallTargets(page)).toEqual([]);
    expect(await overflows(page)).toBe(false);

    await page.getByRole('heading', { level: 1 }).click();
    await page.keyboard.press('m');
    await page.getByRole('button', { name: 'Réactiver le micro' }).waitFor();
    await page.getByText('Je vous écoute').waitFor({ timeout: ANSWER_MS });
    const answers = await said(page, 'agent').count();
    await page.getByRole('textbox', { name: 'Écrire un message' }).fill('Donne-moi un conseil');
    await page.keyboard.press('Enter');
    await said(page, 'user').filter({ hasText: 'Donne-moi un conseil' }).waitFor({ timeout: 5_000 });
    await said(page, 'agent').nth(answers).waitFor({ timeout: ANSWER_MS });
    const words = await page.locator('li[data-status="final"] p').allTextContents();

    await page.setViewportSize(DESKTOP);
    await shot(page, 'call-desktop');
    await page.reload();
    await page.getByText('En ligne').waitFor({ timeout: 30_000 });
    await said(page, 'user').filter({ hasText: 'Donne-moi un conseil' }).waitFor({ timeout: 10_000 });
    const replayed = await page.locator('li[data-status="final"] p').allTextContents();
    expect(replayed.slice(0, words.length)).toEqual(words);

    await page.getByRole('button', { name: 'Raccrocher' }).click();
    await page.getByRole('heading', { name: 'C’est dit.' }).waitFor({ timeout: 15_000 });
    await said(page, 'user').filter({ hasText: 'Donne-moi un conseil' }).waitFor();
    await shot(page, 'ended-desktop');
    await page.setViewportSize(PHONE);
    await shot(page, 'ended-phone');
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Texte' }).click();
    expect((await download).suggestedFilename()).toMatch(/^ses_.*\.txt$/);

    expect(errors).toEqual([]);
    await context.close();
  });
});

describe('a person without a microphone', () => {
  test('is told how to allow it, and has the whole conversation in writing', async () => {
    const { page, context, errors } = await visit({ viewport: DESKTOP, microphone: 'denied', colorScheme: 'dark' });
    await shot(page, 'home-desktop');
    await page.getByRole('link', { name: /Coaching vocal/ }).click();
    await page.getByRole('button', { name: 'Autoriser le micro' }).click();
    await page.getByText('Micro bloqué pour ce site.').waitFor();
    await shot(page, 'denied-desktop');

    await page.getByRole('button', { name: 'Continuer sans micro, par écrit' }).click();
    await page.getByText('En ligne').waitFor({ timeout: 30_000 });
    await page.getByText('Micro bloqué pour ce site.').waitFor({ timeout: ANSWER_MS });
    await said(page, 'agent').first().waitFor({ timeout: ANSWER_MS });
    const answers = await said(page, 'agent').count();
    await page.getByRole('textbox', { name: 'Écrire un message' }).fill('Bonjour');
    await page.getByRole('button', { name: 'Envoyer' }).click();
    await said(page, 'agent').nth(answers).waitFor({ timeout: ANSWER_MS });
    await shot(page, 'written-desktop');
    await page.getByRole('button', { name: 'Raccrocher' }).click();
    await page.getByRole('heading', { name: 'C’est dit.' }).waitFor({ timeout: 15_000 });

    expect(errors).toEqual([]);
    await context.close();
  });
});

describe('a person whose browser speaks English', () => {
  test('gets the page in English, changes to French, and finds it so again', async () => {
    const { page, context, errors } = await visit({ viewport: PHONE, microphone: 'allowed', locale: 'en-GB' });
    await page.getByRole('heading', { name: 'Say it out loud.' }).waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('en');
    await page.getByText('In French; in writing also in English').waitFor();
    await page.getByRole('button', { name: 'Français' }).click();
    await page.getByRole('heading', { name: 'De vive voix.' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'De vive voix.' }).waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('fr');
    expect(errors).toEqual([]);
    await context.close();
  });

  test('is told why the conversation is in French, and has one in English in writing', async () => {
    const { page, context, errors } = await visit({ viewport: DESKTOP, microphone: 'allowed', locale: 'en-GB' });
    await page.getByRole('link', { name: /Speaking coach/ }).click();
    await page.getByText('because spoken English is not understood here').waitFor();
    expect(await page.getByRole('radio', { name: 'French' }).isChecked()).toBe(true);
    await page.getByRole('radio', { name: 'English, in writing' }).check();
    expect(await page.getByRole('button', { name: 'Allow the microphone' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Start, in writing' }).click();
    await page.getByText('Online').waitFor({ timeout: 30_000 });
    await page.getByRole('note').getByText('Spoken English is not understood here').waitFor();
    await said(page, 'agent')
      .filter({ hasText: 'I do not understand spoken English here. Please type' })
      .waitFor({ timeout: ANSWER_MS });
    const answers = await said(page, 'agent').count();
    await page.getByRole('textbox', { name: 'Write a message' }).fill('Do I speak too fast?');
    await page.getByRole('button', { name: 'Send' }).click();
    await said(page, 'agent').nth(answers).waitFor({ timeout: ANSWER_MS });
    expect(await said(page, 'agent').nth(answers).textContent()).toMatch(/pause/i);
    await shot(page, 'written-english-desktop');
    await page.getByRole('button', { name: 'Hang up' }).click();
    await page.getByRole('heading', { name: 'Well said.' }).waitFor({ timeout: 15_000 });
    expect(errors).toEqual([]);
    await context.close();
  });
});
