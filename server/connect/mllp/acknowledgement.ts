import { type Message, partsOf, textOf } from "@openward/codecs/hl7v2";
import type { RefusalCode } from "@openward/errors";

/** Text longer than any name or number that a sender can mean. */
const MAX_ECHOED = 200;
/** Of what was wrong, so much is told; the rest lies in quarantine beside it. */
const MAX_ERRORS = 20;

/** What is said of a message: in the words of the accept mode CA, CE and CR, else AA, AE and AR. */
export type Verdict = "accepted" | "error" | "rejected";

/** One ERR segment. */
export interface Fault {
  /** "OBX^3^5", or "MSH^1^9"; "" where it is nowhere. */
  readonly at: string;
  readonly code: Hl7Error;
  readonly severity: "E" | "W";
  readonly refusal: RefusalCode | undefined;
  /** In words, without a clinical value. */
  readonly expected: string;
}

/** HL7 table 0357. */
const HL7_ERRORS = {
  100: "Segment sequence error",
  101: "Required field missing",
  102: "Data type error",
  103: "Table value not found",
  200: "Unsupported message type",
  201: "Unsupported event code",
  202: "Unsupported processing id",
  203: "Unsupported version id",
  204: "Unknown key identifier",
  207: "Application internal error",
} as const;
export type Hl7Error = keyof typeof HL7_ERRORS;

const LETTER: Readonly<Record<Verdict, string>> = { accepted: "A", error: "E", rejected: "R" };

/**
 * The answers that the sender asked for: MSH-15 for the accept mode, MSH-16 for the application's; neither is the original
 * mode, which has one.
 *
 * @returns first letters of MSA-1
 */
export function modesOf(message: Message | undefined, verdict: Verdict): readonly ("A" | "C")[] {
  const accept = message?.msh.field(15).trim() ?? "";
  const application = message?.msh.field(16).trim() ?? "";
  if (accept === "" && application === "") return ["A"];
  const isWanted = (condition: string) => {
    if (condition === "AL") return true;
    return condition === (verdict === "accepted" ? "SU" : "ER");
  };
  return [...(isWanted(accept) ? (["C"] as const) : []), ...(isWanted(application) ? (["A"] as const) : [])];
}

/**
 * The text of an acknowledgement, in UTF-8 and with the usual delimiters whatever the sender's were.
 *
 * @param message undefined where its header could not be read
 * @param own id of this message, and its time (ms UTC)
 */
export function acknowledgement(
  message: Message | undefined,
  mode: "A" | "C",
  verdict: Verdict,
  faults: readonly Fault[],
  own: { readonly id: string; readonly at: number },
): string {
  const field = (number: number) => (message ? echoed(message.msh.field(number), message) : "");
  const trigger = message ? plain(partsOf(message.msh.field(9), message.delimiters.component)[1] ?? "", message) : "";
  const version = field(12) || "2.6";
  const type = trigger === "" ? "ACK" : `ACK^${trigger}^ACK`;
  const processing = field(11) || "P";
  const segments = [
    `MSH|^~\\&|${field(5)}|${field(6)}|${field(3)}|${field(4)}|${timeOf(own.at)}||${type}|${own.id}|${processing}|${version}||||||UNICODE UTF-8`,
    `MSA|${mode}${LETTER[verdict]}|${field(10)}`,
    ...faults.slice(0, MAX_ERRORS).map(({ at, code, severity, refusal, expected }) => {
      const ours = refusal === undefined ? "" : `${refusal}^^L`;
      return `ERR||${at}|${code}^${HL7_ERRORS[code]}^HL70357|${severity}|${ours}|||${escaped(expected)}`;
    }),
  ];
  return `${segments.join("\r")}\r`;
}

/** What the sender said, part by part. */
function echoed(field: string, message: Message): string {
  const parts = partsOf(field, message.delimiters.component).slice(0, 10);
  return parts.map((part) => plain(part, message)).join("^");
}

function plain(part: string, message: Message): string {
  return escaped(textOf(part, message).slice(0, MAX_ECHOED));
}

/** Nothing in it can be taken for a part of the message, or of its frame. */
export function escaped(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be kept out
  return text.replaceAll(/[\\|^&~\u0000-\u001f\u007f]/g, (character) => {
    switch (character) {
      case "\\":
        return "\\E\\";
      case "|":
        return "\\F\\";
      case "^":
        return "\\S\\";
      case "&":
        return "\\T\\";
      case "~":
        return "\\R\\";
      default:
        return `\\X${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}\\`;
    }
  });
}

function timeOf(at: number): string {
  return `${new Date(at).toISOString().replaceAll(/[-:TZ]/g, "")}+0000`;
}
