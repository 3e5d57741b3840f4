/** The first bytes of a stream, and all of it. What is not read on is to be ended with `whole.return()`. */
export async function peek(
  opened: AsyncIterable<Uint8Array>,
  bytes: number,
): Promise<{ readonly head: Buffer; readonly whole: AsyncGenerator<Uint8Array> }> {
  const reading = opened[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  let length = 0;
  while (length < bytes) {
    const { value, done } = await reading.next();
    if (done) break;
    first.push(value);
    length += value.length;
  }
  async function* whole(): AsyncGenerator<Uint8Array> {
    try {
      yield* first;
      for (;;) {
        const { value, done } = await reading.next();
        if (done) return;
        yield value;
      }
    } finally {
      await reading.return?.();
    }
  }
  const rest = whole();
  // A generator that was never asked does not come to its end.
  const end = rest.return.bind(rest);
  rest.return = async (value) => {
    await reading.return?.();
    return end(value);
  };
  return { head: Buffer.concat(first, length).subarray(0, bytes), whole: rest };
}
