import { createHmac } from "node:crypto";

/** Tells one from other secrets, and its library takes it away. @source https://www.standardwebhooks.com, "Signature scheme" */
export const SECRET_PREFIX = "whsec_";
const SECRET_BYTES = 24;

export function newWebhookSecret(random: { bytes(length: number): Uint8Array }): Uint8Array {
  return random.bytes(SECRET_BYTES);
}

export const webhookSecretText = (secret: Uint8Array): string => SECRET_PREFIX + Buffer.from(secret).toString("base64");

/**
 * Headers of a message by the Standard Webhooks scheme: HMAC-SHA256 over id, time and body, one signature for each secret that
 * counts, so that a receiver may know the old or the new one.
 *
 * @param at ms UTC; the header has whole seconds, and receivers refuse what is older than some minutes: it is signed at each try
 */
export function signatureHeaders(
  message: { readonly id: string; readonly at: number; readonly body: string },
  secrets: readonly Uint8Array[],
): Record<string, string> {
  const seconds = String(Math.floor(message.at / 1_000));
  const content = `${message.id}.${seconds}.${message.body}`;
  const signatures = secrets.map((secret) => `v1,${createHmac("sha256", secret).update(content).digest("base64")}`);
  return {
    "webhook-id": message.id,
    "webhook-timestamp": seconds,
    "webhook-signature": signatures.join(" "),
  };
}
