import type { InferenceSession } from "onnxruntime-web";

/** A learned model. */
export interface Model {
  /** Features of a row. */
  readonly width: number;
  /** Numbers that it says of a row: one chance, one estimate, or a chance for each class. */
  readonly outputs: number;
  /**
   * @param rows features one row after the other, NaN where one is absent
   * @returns `outputs` numbers a row
   * @throws RangeError when these are no whole rows
   */
  predict(rows: Float32Array): Promise<Float32Array>;
}

/** The bytes are no model of this house. */
export class ModelError extends Error {
  override readonly name = "ModelError";
}

/** Loaded with the first model: nobody who asks none fetches the 14 MB of WebAssembly. In browsers that part of it alone. */
async function runtime() {
  const onnx = await import("#onnxruntime");
  // One thread: what one patient costs is the same whoever else is there, and a page needs no shared memory.
  onnx.env.wasm.numThreads = 1;
  return onnx;
}

/**
 * @param bytes an ONNX file with one input of rows of features and one output of rows
 * @throws ModelError
 */
export async function openModel(bytes: Uint8Array): Promise<Model> {
  const { InferenceSession, Tensor } = await runtime();
  const session = await InferenceSession.create(bytes, { executionProviders: ["wasm"] }).catch((error: unknown) => {
    throw new ModelError(`onnx: ${error instanceof Error ? error.message : error}`);
  });
  const width = lengthOf(session.inputMetadata, "input");
  const outputs = lengthOf(session.outputMetadata, "output");
  const input = session.inputNames[0] as string; // one, as lengthOf has seen
  const output = session.outputNames[0] as string;
  return {
    width,
    outputs,
    async predict(rows) {
      const count = rows.length / width;
      if (!Number.isInteger(count)) throw new RangeError(`${rows.length} numbers are no rows of ${width}`);
      if (count === 0) return new Float32Array(0);
      const answer = await session.run({ [input]: new Tensor("float32", rows, [count, width]) });
      return answer[output]?.data as Float32Array; // float32, as lengthOf has seen
    },
  };
}

function lengthOf(all: InferenceSession["inputMetadata"], what: string): number {
  const [one] = all;
  const length = one?.isTensor && one.type === "float32" && one.shape.length === 2 ? one.shape[1] : undefined;
  if (all.length !== 1 || typeof length !== "number")
    throw new ModelError(`onnx: its ${what} is not rows of float32 of a fixed length`);
  return length;
}
