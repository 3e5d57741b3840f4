import type { FastifyInstance } from "fastify";

/** A sender is let finish this much of a body that was already refused; then its connection is cut. */
const LINGER_BYTES = 67_108_864;

/**
 * Lets a sender see its refusal. Closing a connection while its body still comes in resets it, and many clients then
 * report a broken pipe and not the answer. So what follows a refusal is read and forgotten, within `bytes` and
 * the server's own time limit for a request.
 */
export function lingerAfterRefusals(app: FastifyInstance, bytes = LINGER_BYTES): void {
  app.addHook("onSend", (request, reply, payload, done) => {
    const { raw } = request;
    if (reply.statusCode >= 400 && !raw.complete) {
      // Fastify asks for the close when a body is too large; Node would then cut without reading.
      reply.removeHeader("connection");
      let left = bytes;
      raw.on("data", (chunk: Buffer) => {
        left -= chunk.length;
        if (left < 0) raw.socket.destroy();
      });
    }
    done(null, payload);
  });
}
