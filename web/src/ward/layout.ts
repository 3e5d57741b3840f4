/** Columns of tiles, and the height of a row in pixels. */
export interface WardLayout {
  readonly columns: number;
  readonly rowHeight: number;
}

/** Tiles are not narrower than this: comfortable, and just readable where that shows the whole ward at once. */
const TILE_WIDTH_COMFORTABLE = 320;
const TILE_WIDTH_MIN = 270;
/** Wider than this a tile only gets emptier. */
const TILE_WIDTH_MAX = 760;
/** Height of a tile in terms of its width, and never less than its text needs. */
const ASPECT = 0.62;
const TILE_HEIGHT_MIN = 300;

/** A narrow tile needs more height for its width: its words take two lines. */
function heightFor(width: number): number {
  const wrapped = width < TILE_WIDTH_COMFORTABLE ? 24 : 0;
  return Math.max(TILE_HEIGHT_MIN + wrapped, Math.min(width, TILE_WIDTH_MAX) * ASPECT);
}

/** Type on a tile grows with its width and its height (`--unit` of tile.module.css), whichever is smaller. */
const typeSize = (width: number, height: number): number => Math.min(width, TILE_WIDTH_MAX, height * 1.15);

/**
 * The tiles with the largest figures that show the whole ward without scrolling; when not all fit, comfortable ones.
 *
 * @param count tiles, >= 0
 * @param width @param height of the room for them, px
 */
export function layoutOf(count: number, width: number, height: number, gap = 10): WardLayout {
  const atMost = (least: number) => Math.max(1, Math.floor((width + gap) / (least + gap)));
  const widthOf = (columns: number) => (width - gap * (columns - 1)) / columns;
  let best: (WardLayout & { readonly size: number }) | null = null;
  for (let columns = 1; columns <= Math.min(atMost(TILE_WIDTH_MIN), Math.max(count, 1)); columns++) {
    const rows = Math.max(1, Math.ceil(count / columns));
    const room = (height - gap * (rows - 1)) / rows;
    const needed = heightFor(widthOf(columns));
    if (room < needed) continue;
    const rowHeight = Math.min(room, needed * 1.6);
    const size = typeSize(widthOf(columns), rowHeight);
    if (best === null || size > best.size) best = { columns, rowHeight, size };
  }
  if (best) return { columns: best.columns, rowHeight: best.rowHeight };
  const columns = atMost(TILE_WIDTH_COMFORTABLE);
  return { columns, rowHeight: heightFor(widthOf(columns)) };
}
