import { useEffect, useMemo, useRef, useState } from "react";
import { compareBeds, urgencyOf } from "../alarms/priority.ts";
import type { Tiles } from "../live/tiles.ts";
import { layoutOf, type WardLayout } from "./layout.ts";
import { Tile } from "./tile.tsx";
import { useSteady } from "./use-steady.ts";
import classes from "./ward-page.module.css";

export type Order = "urgent" | "bed";

/** The tiles of a ward, as large as the room for them lets them be. */
export function Wall({ tiles, order: wanted }: { readonly tiles: Tiles; readonly order: readonly string[] }) {
  const room = useRef<HTMLDivElement>(null);
  const [layout, setLayout] = useState<WardLayout>({ columns: 1, rowHeight: 260 });
  const order = useSteady(wanted, room);
  const n = order.length;
  useEffect(() => {
    const element = room.current;
    if (!element) return;
    const measure = () => {
      const next = layoutOf(n, element.clientWidth, element.clientHeight);
      setLayout((old) => (old.columns === next.columns && Math.abs(old.rowHeight - next.rowHeight) < 1 ? old : next));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [n]);
  return (
    <div ref={room} className={classes.room}>
      <div
        className={classes.wall}
        style={{
          gridTemplateColumns: `repeat(${layout.columns}, minmax(0, 1fr))`,
          gridAutoRows: `${layout.rowHeight}px`,
        }}
      >
        {order.map((id) => {
          const tile = tiles.get(id);
          return tile ? <Tile key={id} tile={tile} /> : null;
        })}
      </div>
    </div>
  );
}

/** Ids in the order of the wall; the same array while the order is the same. */
export function useSorted(tiles: Tiles, order: Order): readonly string[] {
  const key = useMemo(() => {
    return [...tiles.values()]
      .sort(
        (a, b) =>
          (order === "urgent" ? urgencyOf(a.alarms) - urgencyOf(b.alarms) : 0) ||
          compareBeds(a.patient.stay?.bed ?? "", b.patient.stay?.bed ?? "") ||
          (a.patient.id < b.patient.id ? -1 : 1),
      )
      .map((t) => t.patient.id)
      .join(" ");
  }, [tiles, order]);
  return useMemo(() => (key === "" ? [] : key.split(" ")), [key]);
}
