/** Main thread -> worker. */
export type ToWorker =
  | {
      readonly type: 'windows';
      /** What came since the last message: stream and number of windows, stream and number… in the order they came. */
      readonly streams: readonly number[];
      /** All their windows, whole ones, one after the other. */
      readonly windows: Int16Array;
    }
  | { readonly type: 'close'; readonly stream: number }
  | { readonly type: 'stop' };

/** Worker -> main thread. Probabilities come in the order of the windows. */
export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'heard'; readonly results: readonly { readonly stream: number; readonly probability: number }[] };
