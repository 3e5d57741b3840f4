const QUOTE = 0x22;
const LF = 0x0a;

/** Records of RFC 4180, each a list of cells; a quote inside of an unquoted cell is a character. Empty lines are left out. */
export function* csvRecords(text: string, delimiter: string): Generator<readonly string[]> {
  let cells: string[] = [];
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  while (at < text.length) {
    let cell = "";
    if (text[at] === '"') {
      at++;
      for (;;) {
        const end = text.indexOf('"', at);
        if (end < 0) {
          cell += text.slice(at);
          at = text.length;
          break;
        }
        cell += text.slice(at, end);
        at = end + 1;
        if (text[at] !== '"') break;
        cell += '"';
        at++;
      }
    }
    const end = endOfCell(text, at, delimiter);
    cell += text.slice(at, end);
    cells.push(cell.endsWith("\r") ? cell.slice(0, -1) : cell);
    at = end + 1;
    if (end < text.length && text[end] === delimiter) {
      if (at === text.length) cells.push("");
      else continue;
    }
    if (cells.length > 1 || cells[0] !== "") yield cells;
    cells = [];
  }
}

function endOfCell(text: string, from: number, delimiter: string): number {
  for (let i = from; i < text.length; i++) {
    const character = text[i];
    if (character === delimiter || character === "\n") return i;
  }
  return text.length;
}

/** Behind the newline that ends the record at `from`; -1: it has not come. */
export function endOfRecord(bytes: Uint8Array, from: number, length: number): number {
  let isQuoted = false;
  for (let i = from; i < length; i++) {
    const byte = bytes[i];
    if (byte === QUOTE) isQuoted = !isQuoted;
    else if (byte === LF && !isQuoted) return i + 1;
  }
  return -1;
}
