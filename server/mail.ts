import { OutsideTrouble } from "@openward/errors";
import { createTransport } from "nodemailer";

const TIMEOUT_MS = 15_000;

export interface Mail {
  /** @throws OutsideTrouble MAIL_NOT_SENT */
  sendLink(to: string, link: string, expiresAt: number): Promise<void>;
  close(): void;
}

/**
 * Sign-in links by the operator's mail server. A mail travels in the clear through many hands: it names nobody, says
 * nothing of a patient or a role, and has nothing in it but the link, which works once.
 *
 * @param url smtp://user:password@host:587 or smtps://host; off this machine never without TLS
 */
export function createMail({ url, from }: { readonly url: string; readonly from: string }): Mail {
  const { hostname } = new URL(url);
  const isHere = hostname === "localhost" || hostname === "127.0.0.1" || hostname === "[::1]";
  const transport = createTransport({
    url,
    requireTLS: url.startsWith("smtp:") && !isHere,
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    // What is sent is text of ours: nothing is fetched, from a disk or an address.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async sendLink(to, link, expiresAt) {
      const until = `${new Date(expiresAt).toISOString().slice(0, 16).replace("T", " ")} UTC`;
      const text = [
        "You have been given access to Openward. This link signs you in once:",
        "",
        link,
        "",
        `It works until ${until}. Do not pass it on: whoever opens it is taken for you.`,
        "If you did not expect this mail, leave the link alone.",
        "",
      ].join("\n");
      try {
        await transport.sendMail({ from, to: [{ name: "", address: to }], subject: "Your access to Openward", text });
      } catch (error) {
        // What a mail server says may repeat the address; its code does not.
        const cause = new Error((error as { code?: string }).code ?? "SMTP");
        throw new OutsideTrouble("MAIL_NOT_SENT", true, { at: "email" }, { cause });
      }
    },
    close: () => transport.close(),
  };
}
