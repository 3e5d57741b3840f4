import { Button, Menu, SegmentedControl } from "@mantine/core";
import { IconBed, IconChevronDown, IconMaximize, IconMinimize, IconUserPlus } from "@tabler/icons-react";
import { Link, useParams } from "@tanstack/react-router";
import { useEffect, useMemo, useRef, useState } from "react";
import { UnwatchedOnWard } from "../access/unwatched.tsx";
import { compareBeds, urgencyOf } from "../alarms/priority.ts";
import { useLive, useMay, useTitle, useWards } from "../app/hooks.ts";
import { monitor } from "../app/monitor.ts";
import { Empty, Loading } from "../app/pages.tsx";
import { rememberedOrder, rememberOrder } from "../app/remembered.ts";
import type { Tiles } from "../live/tiles.ts";
import { count } from "../parts/format.ts";
import { AdmitDialog } from "../patients/admit-dialog.tsx";
import { layoutOf, type WardLayout } from "./layout.ts";
import { Tile } from "./tile.tsx";
import { useSteady } from "./use-steady.ts";
import classes from "./ward-page.module.css";

type Order = "urgent" | "bed";

export function WardPage() {
  const { wardId } = useParams({ from: "/shell/ward/$wardId" });
  const wards = useWards().data;
  const ward = wards?.find((w) => w.id === wardId);
  const { tiles, phase, refused } = useLive(monitor.ward);
  const [order, setOrder] = useState<Order>(rememberedOrder);
  const [isAdmitting, setAdmitting] = useState(false);
  const mayAdmit = useMay("clinical");
  useTitle(ward?.name ?? "Ward");
  const sorted = useSorted(tiles, order);

  return (
    <div className={classes.ward}>
      <header className={classes.head}>
        <h1 className={classes.title}>
          {wards && wards.length > 1 ? (
            <Menu position="bottom-start">
              <Menu.Target>
                <button type="button" className={classes.choose}>
                  {ward?.name ?? "Ward"} <IconChevronDown size={20} aria-hidden />
                </button>
              </Menu.Target>
              <Menu.Dropdown>
                {wards.map((w) => (
                  <Menu.Item key={w.id} component={Link} to={`/ward/${w.id}`}>
                    {w.name}
                  </Menu.Item>
                ))}
              </Menu.Dropdown>
            </Menu>
          ) : (
            (ward?.name ?? "Ward")
          )}
        </h1>
        <span className={classes.count}>{phase === "connecting" ? "" : count(sorted.length, "patient")}</span>
        <div className={classes.actions}>
          <SegmentedControl
            size="xs"
            aria-label="Order of patients"
            value={order}
            onChange={(value) => {
              setOrder(value as Order); // one of the two below
              rememberOrder(value as Order);
            }}
            data={[
              { value: "urgent", label: "Most urgent first" },
              { value: "bed", label: "By bed" },
            ]}
          />
          <FullScreen />
          {mayAdmit && (
            <Button size="xs" leftSection={<IconUserPlus size={17} />} onClick={() => setAdmitting(true)}>
              Admit patient
            </Button>
          )}
        </div>
      </header>
      <UnwatchedOnWard wardId={wardId} />
      {refused ? (
        <Empty title="This ward cannot be shown">
          <p>{refused.detail}</p>
          <Button variant="default" onClick={() => monitor.ward.reconnect()}>
            Try again
          </Button>
        </Empty>
      ) : sorted.length > 0 ? (
        <Wall tiles={tiles} order={sorted} />
      ) : phase === "live" ? (
        <Empty title="No patients in this ward" icon={<IconBed size={44} stroke={1.3} />}>
          <p>Admit a patient, and put a device on them under Devices.</p>
        </Empty>
      ) : (
        <Loading what="Waiting for the ward" />
      )}
      {mayAdmit && <AdmitDialog isOpen={isAdmitting} onClose={() => setAdmitting(false)} wardId={wardId} />}
    </div>
  );
}

function Wall({ tiles, order: wanted }: { readonly tiles: Tiles; readonly order: readonly string[] }) {
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
function useSorted(tiles: Tiles, order: Order): readonly string[] {
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

function FullScreen() {
  const [isFull, setFull] = useState(false);
  useEffect(() => {
    const listen = () => setFull(document.fullscreenElement !== null);
    document.addEventListener("fullscreenchange", listen);
    return () => document.removeEventListener("fullscreenchange", listen);
  }, []);
  if (!document.fullscreenEnabled) return null;
  return (
    <Button
      size="xs"
      variant="default"
      className={classes.wide ?? ""}
      leftSection={isFull ? <IconMinimize size={16} /> : <IconMaximize size={16} />}
      onClick={() => void (isFull ? document.exitFullscreen() : document.documentElement.requestFullscreen())}
    >
      {isFull ? "Leave full screen" : "Full screen"}
    </Button>
  );
}
