import { pipeline, type Readable, Transform } from "node:stream";
import { createGunzip } from "node:zlib";
import { RefusedInput } from "@openward/errors";

/**
 * A gzip body as its content, cut off as soon as it grows past the limit: the bomb is not let go off in the dark.
 * Errors arrive on the stream: RefusedInput BODY_TOO_LARGE, BODY_SHAPE.
 */
export function gunzip(compressed: Readable, limitBytes: number): Readable {
  let arrived = 0;
  let length = 0;
  const inflate = createGunzip();
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      length += chunk.length;
      if (length > limitBytes) done(new RefusedInput("BODY_TOO_LARGE", { expected: `at most ${limitBytes} bytes` }));
      else done(null, chunk);
    },
  });
  compressed.on("data", (chunk: Buffer) => {
    arrived += chunk.length;
  });
  pipeline(compressed, inflate, meter, (error) => {
    if (!error || error instanceof RefusedInput || meter.destroyed) return;
    meter.destroy(error);
  });
  inflate.on("error", (cause) => {
    meter.destroy(new RefusedInput("BODY_SHAPE", { at: "Content-Encoding", expected: "gzip (RFC 1952)" }, { cause }));
  });
  // Fastify compares what has arrived with Content-Length, and asks the stream for it.
  return Object.defineProperty(meter, "receivedEncodedLength", { get: () => arrived });
}
