import { OutsideTrouble } from "@openward/errors";
import { createTransport } from "nodemailer";

const TIMEOUT_MS = 15_000;

export interface Mail {
  /** @throws OutsideTrouble MAIL_NOT_SENT */
  sendLink(to: string, link: string, expiresAt: number): Promise<void>;
  /** That nobody watches, or somebody does again. @throws OutsideTrouble MAIL_NOT_SENT */
  sendMonitoring(
    to: string,
    what: { readonly isWatched: boolean; readonly isPatient: boolean },
    link: string,
  ): Promise<void>;
  /** How many certificates and tokens end soon, or have ended. @throws OutsideTrouble MAIL_NOT_SENT */
  sendEndings(to: string, what: { readonly soon: number; readonly ended: number }, link: string): Promise<void>;
  /**
   * That something happened of which somebody asked to be told: how often, and not what.
   *
   * @param attached the notification as FHIR, where it was asked for; null: a few words are all
   * @throws OutsideTrouble MAIL_NOT_SENT
   */
  sendNotification(
    to: string,
    what: { readonly isFirst: boolean; readonly events: number },
    link: string,
    attached: string | null,
  ): Promise<void>;
  close(): void;
}

/**
 * Mails by the operator's mail server. A mail travels in the clear through many hands: it names nobody and has no value
 * in it. What it is about stands behind its link; one that signs in works once.
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
  async function send(
    to: string,
    subject: string,
    lines: readonly string[],
    fhir: string | null = null,
  ): Promise<void> {
    const attachments =
      fhir === null
        ? {}
        : { attachments: [{ filename: "notification.json", content: fhir, contentType: "application/fhir+json" }] };
    try {
      await transport.sendMail({
        from,
        to: [{ name: "", address: to }],
        subject,
        text: lines.join("\n"),
        ...attachments,
      });
    } catch (error) {
      // What a mail server says may repeat the address; its code does not.
      const cause = new Error((error as { code?: string }).code ?? "SMTP");
      throw new OutsideTrouble("MAIL_NOT_SENT", true, { at: "email" }, { cause });
    }
  }
  return {
    async sendLink(to, link, expiresAt) {
      const until = `${new Date(expiresAt).toISOString().slice(0, 16).replace("T", " ")} UTC`;
      await send(to, "Your access to Openward", [
        "You have been given access to Openward. This link signs you in once:",
        "",
        link,
        "",
        `It works until ${until}. Do not pass it on: whoever opens it is taken for you.`,
        "If you did not expect this mail, leave the link alone.",
        "",
      ]);
    },
    async sendMonitoring(to, { isWatched, isPatient }, link) {
      const about = isPatient ? "what is measured at your side" : "a patient for whom you are responsible";
      await send(to, isWatched ? "Openward: somebody watches again" : "Openward: nobody watches", [
        isWatched ? `Somebody watches ${about} again.` : `At the moment nobody watches ${about}.`,
        ...(isWatched || !isPatient ? [] : ["If you feel unwell, call for help yourself: nobody may call you."]),
        "",
        `More, when you have signed in: ${link}`,
        "",
      ]);
    },
    async sendEndings(to, { soon, ended }, link) {
      await send(to, "Openward: certificates or tokens end", [
        ...(ended > 0 ? [`${ended} that devices, programs or the server sign in with: ended.`] : []),
        ...(soon > 0 ? [`${soon} of them: to be renewed within a month, or a week.`] : []),
        "",
        `Which, when you have signed in: ${link}`,
        "",
      ]);
    },
    async sendNotification(to, { isFirst, events }, link, attached) {
      const said =
        events === 0
          ? "Nothing has happened since; this says that it is still watched for."
          : `It has happened: ${events}.`;
      await send(
        to,
        isFirst ? "Openward: a subscription to this address" : "Openward: a subscription",
        [
          ...(isFirst
            ? [
                "A program asked that this address be told when something happens. If you do not expect that, tell who runs this server.",
              ]
            : [said]),
          "",
          `What it is about, for who may read it: ${link}`,
          "",
        ],
        attached,
      );
    },
    close: () => transport.close(),
  };
}
