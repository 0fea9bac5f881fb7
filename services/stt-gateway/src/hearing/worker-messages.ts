/** Main thread -> worker. `windows` holds whole windows, one after the other. */
export type ToWorker =
  | { readonly type: 'windows'; readonly stream: number; readonly windows: Int16Array }
  | { readonly type: 'close'; readonly stream: number }
  | { readonly type: 'stop' };

/** Worker -> main thread. Probabilities come in the order of the windows. */
export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'heard'; readonly results: readonly { readonly stream: number; readonly probability: number }[] };
