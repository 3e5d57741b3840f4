// A page of inference.test.ts: a model that the server sends, asked in the browser.
import { openModel } from "@openward/inference";

/** @returns what it says, or why it cannot be asked */
async function ask(url: string, rows: readonly number[]): Promise<number[] | string> {
  const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
  try {
    const model = await openModel(bytes);
    return [...(await model.predict(Float32Array.from(rows)))];
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
}

Object.assign(globalThis, { ask });
