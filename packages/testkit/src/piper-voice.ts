import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export interface PiperVoiceOptions {
  /** espeak-ng's name of the language it is spoken in: `fr`, `en-us`. */
  readonly language: string;
  readonly sampleRateHz: number;
  /** What its tone sounds like; a second speaker's is twice as high, a third's three times. */
  readonly frequencyHz: number;
  readonly speakers?: readonly string[];
}

/** Sound per phoneme id at length scale 1, in seconds; Piper puts a pause's id between any two phonemes. */
const SECONDS_PER_ID = 0.025;
/** Element types of ONNX. */
const FLOAT = 1;
const INT64 = 7;

/**
 * Writes a voice that the real Piper loads: the inputs and the output of its models, and in between a tone as long as the
 * phonemes of the text. It proves programs and wires, not how a voice sounds. Some 900 bytes.
 *
 * @param path of the `.onnx`; its description goes beside it
 */
export function writePiperVoice(path: string, options: PiperVoiceOptions): void {
  const { language, sampleRateHz, speakers = [] } = options;
  const description = {
    audio: { sample_rate: sampleRateHz, quality: 'test' },
    espeak: { voice: language },
    language: { code: language.replace('-', '_') },
    inference: { noise_scale: 0.667, length_scale: 1, noise_w: 0.8 },
    phoneme_type: 'espeak',
    num_symbols: 256,
    num_speakers: Math.max(1, speakers.length),
    speaker_id_map: Object.fromEntries(speakers.map((name, id) => [name, id])),
    // Empty means Piper's own.
    phoneme_id_map: {},
  };
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, modelProto(options));
  writeFileSync(`${path}.json`, JSON.stringify(description));
}

/** An ONNX model as protobuf (onnx.proto3 of opset 17). */
function modelProto({ sampleRateHz, frequencyHz, speakers = [] }: PiperVoiceOptions): Buffer {
  const hasSpeakers = speakers.length > 1;
  const inputs = [
    valueInfo('input', INT64, [1, 'phonemes']),
    valueInfo('input_lengths', INT64, [1]),
    valueInfo('scales', FLOAT, [3]),
    ...(hasSpeakers ? [valueInfo('sid', INT64, [1])] : []),
  ];
  const radians = (2 * Math.PI * frequencyHz) / sampleRateHz;
  const constants = [
    floatTensor('samples_per_id', [SECONDS_PER_ID * sampleRateHz]),
    floatTensor('radians', [radians]),
    floatTensor('half', [0.5]),
    floatTensor('one', [1]),
    intTensor('length_at', [1], [1]),
    intTensor('first_axis', [1], [0]),
    intTensor('both_axes', [2], [0, 1]),
    intTensor('zero', [], [0]),
    intTensor('step', [], [1]),
  ];
  const nodes = [
    node('Cast', ['input_lengths'], 'ids', { to: FLOAT }),
    node('Gather', ['scales', 'length_at'], 'length_scale'),
    node('Mul', ['ids', 'length_scale'], 'scaled'),
    node('Mul', ['scaled', 'samples_per_id'], 'samples'),
    node('Cast', ['samples'], 'whole_samples', { to: INT64 }),
    node('Squeeze', ['whole_samples', 'first_axis'], 'count'),
    node('Range', ['zero', 'count', 'step'], 'steps'),
    node('Cast', ['steps'], 'times', { to: FLOAT }),
    ...(hasSpeakers
      ? [
          node('Cast', ['sid'], 'speaker', { to: FLOAT }),
          node('Add', ['speaker', 'one'], 'octave'),
          node('Mul', ['octave', 'radians'], 'pitch'),
        ]
      : [node('Mul', ['radians', 'one'], 'pitch')]),
    node('Mul', ['times', 'pitch'], 'angles'),
    node('Sin', ['angles'], 'waves'),
    node('Mul', ['waves', 'half'], 'sound'),
    node('Unsqueeze', ['sound', 'both_axes'], 'output'),
  ];
  const graph = Buffer.concat([
    ...nodes.map((one) => bytesField(1, one)),
    textField(2, 'a tone as long as its text'),
    ...constants.map((one) => bytesField(5, one)),
    ...inputs.map((one) => bytesField(11, one)),
    bytesField(12, valueInfo('output', FLOAT, [1, 1, 'samples'])),
  ]);
  return Buffer.concat([varintField(1, 8), bytesField(7, graph), bytesField(8, varintField(2, 17))]);
}

function node(
  operator: string,
  inputs: readonly string[],
  output: string,
  attributes: Readonly<Record<string, number>> = {},
): Buffer {
  const isInt = varintField(20, 2);
  return Buffer.concat([
    ...inputs.map((name) => textField(1, name)),
    textField(2, output),
    textField(4, operator),
    ...Object.entries(attributes).map(([name, value]) =>
      bytesField(5, Buffer.concat([textField(1, name), varintField(3, value), isInt])),
    ),
  ]);
}

function valueInfo(name: string, type: number, shape: readonly (number | string)[]): Buffer {
  const dimensions = shape.map((size) =>
    bytesField(1, typeof size === 'number' ? varintField(1, size) : textField(2, size)),
  );
  const shaped = Buffer.concat([varintField(1, type), bytesField(2, Buffer.concat(dimensions))]);
  return Buffer.concat([textField(1, name), bytesField(2, bytesField(1, shaped))]);
}

function floatTensor(name: string, values: readonly number[]): Buffer {
  const data = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) data.writeFloatLE(value, index * 4);
  return tensor(name, FLOAT, [values.length], data);
}

/** @param shape empty: a scalar */
function intTensor(name: string, shape: readonly number[], values: readonly number[]): Buffer {
  const data = Buffer.alloc(values.length * 8);
  for (const [index, value] of values.entries()) data.writeBigInt64LE(BigInt(value), index * 8);
  return tensor(name, INT64, shape, data);
}

function tensor(name: string, type: number, shape: readonly number[], data: Buffer): Buffer {
  return Buffer.concat([
    ...shape.map((size) => varintField(1, size)),
    varintField(2, type),
    textField(8, name),
    bytesField(9, data),
  ]);
}

const varintField = (field: number, value: number): Buffer => Buffer.concat([varint(field * 8), varint(value)]);
const textField = (field: number, text: string): Buffer => bytesField(field, Buffer.from(text));
const bytesField = (field: number, bytes: Buffer): Buffer =>
  Buffer.concat([varint(field * 8 + 2), varint(bytes.length), bytes]);

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}
