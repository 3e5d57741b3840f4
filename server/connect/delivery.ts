/**
 * 64 bits of a body, to tell a re-delivery from another message under the same packet id or key. Not for secrets: a
 * device that finds a collision fools itself.
 *
 * @source FNV-1a, two lanes
 */
export function hashOf(body: Uint8Array): string {
  let a = 0x811c9dc5;
  let b = 0x01000193 ^ body.length;
  for (let i = 0; i < body.length; i++) {
    const byte = body[i] as number;
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul(b ^ byte, 0x5bd1e995);
    b ^= b >>> 15;
  }
  return (a >>> 0).toString(36) + (b >>> 0).toString(36);
}
