import { createHash } from 'node:crypto';
import { TTS_SAMPLE_RATE_HZ, type CacheScope } from '@eloquence/shared/contracts/tts';
import type { Logger } from '@eloquence/shared/runtime/logger';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { DiskStore } from './disk-store.ts';
import { MemoryStore } from './memory-store.ts';

export interface SpeechCacheOptions {
  readonly memoryBytes: number;
  /** Without it what is kept goes with the process. */
  readonly disk?: { readonly folder: string; readonly maxBytes: number };
  /** Longer phrases are not kept; nobody asks for them twice. Default 60 s. */
  readonly maxEntryS?: number;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
}

/** Whose copy it is. `none` has none. */
export interface Owner {
  readonly scope: CacheScope;
  /** See `Tenants`. */
  readonly tenant: string;
}

const MAX_ENTRY_S = 60;

/** Phrases that were spoken whole, to be heard again: in memory, then on disk; a tenant's own, then everybody's. */
export class SpeechCache {
  readonly #memory: MemoryStore;
  readonly #disk: DiskStore | undefined;
  readonly #options: SpeechCacheOptions;
  readonly #maxEntryBytes: number;
  #closed = false;

  constructor(options: SpeechCacheOptions) {
    const { disk, logger, memoryBytes, maxEntryS = MAX_ENTRY_S } = options;
    this.#options = options;
    this.#maxEntryBytes = maxEntryS * TTS_SAMPLE_RATE_HZ * Int16Array.BYTES_PER_ELEMENT;
    this.#memory = new MemoryStore(memoryBytes);
    if (disk) this.#disk = new DiskStore({ ...disk, maxEntryBytes: this.#maxEntryBytes, logger });
  }

  /**
   * The whole phrase, s16 mono 24 kHz; undefined when it is not kept. Not to be written to: others hear the same samples.
   *
   * @param key of `phraseKey`
   */
  async get(key: string, tenant: string): Promise<Int16Array | undefined> {
    const ids = [idOf(key, tenant), idOf(key)];
    // Again at the end: it may have been completed meanwhile, and would be made twice.
    return this.#fromMemory(ids) ?? (await this.#fromDisk(ids)) ?? this.#fromMemory(ids);
  }

  /** Keeps a phrase that is complete. Never throws, never waits; the samples must not change any more. */
  put(key: string, samples: Int16Array, owner: Owner): void {
    if (this.#closed || owner.scope === 'none' || samples.length === 0) return;
    if (samples.byteLength > this.#maxEntryBytes) return;
    const id = idOf(key, owner.scope === 'tenant' ? owner.tenant : undefined);
    this.#memory.set(id, samples);
    this.#disk?.set(id, samples);
    this.#options.telemetry.count('eloquence_tts_cache_total', { outcome: 'stored' });
    this.#measure();
  }

  /** A name for speaking the phrase now, the same for callers who may share it: see `SharedStreams`. */
  flightId(key: string, { scope, tenant }: Owner): string | undefined {
    return scope === 'none' ? undefined : idOf(key, scope === 'tenant' ? tenant : undefined);
  }

  /** No more is kept; what was being written to disk is finished first. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#disk?.close();
  }

  #fromMemory(ids: readonly string[]): Int16Array | undefined {
    for (const id of ids) {
      const samples = this.#memory.get(id);
      if (!samples) continue;
      this.#disk?.touch(id);
      return samples;
    }
    return undefined;
  }

  async #fromDisk(ids: readonly string[]): Promise<Int16Array | undefined> {
    if (!this.#disk || this.#closed) return undefined;
    for (const id of ids) {
      const samples = await this.#disk.get(id);
      if (!samples) continue;
      this.#memory.set(id, samples);
      this.#measure();
      return samples;
    }
    return undefined;
  }

  #measure(): void {
    const { telemetry } = this.#options;
    telemetry.set('eloquence_tts_cache_bytes', this.#memory.bytes, { kind: 'memory' });
    telemetry.set('eloquence_tts_cache_bytes', this.#disk?.bytes ?? 0, { kind: 'disk' });
  }
}

function idOf(key: string, tenant?: string): string {
  return createHash('sha256')
    .update(tenant === undefined ? key : `${tenant}\u0000${key}`)
    .digest('hex');
}
