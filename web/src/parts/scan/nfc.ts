/** What of Web NFC is used here. @source https://w3c.github.io/web-nfc/ */
interface NdefRecord {
  readonly recordType: string;
  readonly data?: DataView;
}
interface NdefReader extends EventTarget {
  scan(options: { readonly signal: AbortSignal }): Promise<void>;
  write(message: {
    readonly records: readonly { readonly recordType: string; readonly data: string }[];
  }): Promise<void>;
}

const readerOf = (browser: object) => (browser as { NDEFReader?: new () => NdefReader }).NDEFReader;

export const hasNfc = (browser: object): boolean => readerOf(browser) !== undefined;

/** Hears tags until it is aborted. @param onText an address or a text of a tag */
export async function listenToTags(
  browser: object,
  signal: AbortSignal,
  onText: (text: string) => void,
): Promise<void> {
  const Reader = readerOf(browser);
  if (!Reader) return;
  const reader = new Reader();
  reader.addEventListener("reading", (event) => {
    const { records } = (event as Event & { message: { records: readonly NdefRecord[] } }).message;
    const said = records.find(({ recordType }) => recordType === "url" || recordType === "text");
    if (said?.data) onText(new TextDecoder().decode(said.data));
  });
  await reader.scan({ signal });
}

export async function writeTag(browser: object, url: string): Promise<void> {
  const Reader = readerOf(browser);
  if (Reader) await new Reader().write({ records: [{ recordType: "url", data: url }] });
}
