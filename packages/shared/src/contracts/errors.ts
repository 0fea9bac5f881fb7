import * as z from 'zod';

/** Who has to act before a failed request can succeed. */
export const faultSchema = z.enum(['caller', 'us', 'upstream']);
export type Fault = z.infer<typeof faultSchema>;

interface CodeEntry {
  readonly status: number;
  readonly fault: Fault;
  readonly retryable: boolean;
  readonly title: string;
}

/**
 * Every error code that may cross a wire, with its HTTP status. Codes are stable: clients may switch on them.
 * `retryable` says whether sending the same request again, later, can succeed.
 */
export const errorCodes = {
  invalid_request: { status: 400, fault: 'caller', retryable: false, title: 'The request is not valid' },
  unauthorized: { status: 401, fault: 'caller', retryable: false, title: 'Credentials are missing or wrong' },
  forbidden: { status: 403, fault: 'caller', retryable: false, title: 'Not allowed' },
  not_found: { status: 404, fault: 'caller', retryable: false, title: 'Not found' },
  unknown_scenario: { status: 422, fault: 'caller', retryable: false, title: 'Unknown scenario' },
  method_not_allowed: { status: 405, fault: 'caller', retryable: false, title: 'Method not allowed' },
  conflict: { status: 409, fault: 'caller', retryable: false, title: 'Conflict' },
  session_ended: { status: 409, fault: 'caller', retryable: false, title: 'The session has ended' },
  idempotency_mismatch: {
    status: 422,
    fault: 'caller',
    retryable: false,
    title: 'Idempotency-Key was used with another body',
  },
  payload_too_large: { status: 413, fault: 'caller', retryable: false, title: 'Payload too large' },
  unsupported_media_type: { status: 415, fault: 'caller', retryable: false, title: 'Unsupported media type' },
  invalid_audio: { status: 400, fault: 'caller', retryable: false, title: 'The audio cannot be used' },
  unknown_model: { status: 404, fault: 'caller', retryable: false, title: 'Unknown model' },
  unknown_voice: { status: 400, fault: 'caller', retryable: false, title: 'Unknown voice' },
  unsupported_language: {
    status: 400,
    fault: 'caller',
    retryable: false,
    title: 'The speech engine does not understand this language',
  },
  rate_limited: { status: 429, fault: 'caller', retryable: true, title: 'Too many requests' },
  quota_exceeded: { status: 429, fault: 'caller', retryable: false, title: 'The quota is used up' },
  overloaded: { status: 503, fault: 'us', retryable: true, title: 'At capacity' },
  unavailable: { status: 503, fault: 'us', retryable: true, title: 'A part this needs is not available' },
  upstream_failed: { status: 502, fault: 'upstream', retryable: true, title: 'A provider failed' },
  upstream_rejected: { status: 502, fault: 'upstream', retryable: false, title: 'A provider refused the request' },
  upstream_timeout: { status: 504, fault: 'upstream', retryable: true, title: 'A provider did not answer in time' },
  internal: { status: 500, fault: 'us', retryable: true, title: 'Internal error' },
} as const satisfies Record<string, CodeEntry>;

export type ErrorCode = keyof typeof errorCodes;
export const errorCodeSchema = z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]);

/** RFC 9457 problem body. `error` repeats it in OpenAI's shape so that OpenAI clients show the message. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  code: errorCodeSchema,
  fault: faultSchema,
  retryable: z.boolean(),
  retry_after_s: z.number().optional(),
  issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  request_id: z.string().optional(),
  error: z
    .object({ message: z.string(), type: z.string(), code: z.string(), param: z.string().nullable().optional() })
    .optional(),
});
export type Problem = z.infer<typeof problemSchema>;

/**
 * WebSocket close codes of our sockets (RFC 6455 §7.4). The close reason holds `code: sentence`, at most 123 bytes.
 * 4xxx codes are ours; the last three digits are those of the HTTP status with the same meaning.
 */
export const closeCodes = {
  normal: 1000,
  goingAway: 1001,
  unsupportedData: 1003,
  invalidPayload: 1007,
  tooBig: 1009,
  internal: 1011,
  invalidRequest: 4400,
  unauthorized: 4401,
  slowReader: 4408,
  rateLimited: 4429,
  overloaded: 4503,
} as const;
