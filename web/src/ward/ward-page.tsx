import { Button, Menu, SegmentedControl } from "@mantine/core";
import { IconBed, IconChevronDown, IconMaximize, IconMinimize, IconUserPlus } from "@tabler/icons-react";
import { Link, useParams } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { UnwatchedOnWard } from "../access/unwatched.tsx";
import { useLive, useMay, useTitle, useWards } from "../app/hooks.ts";
import { monitor } from "../app/monitor.ts";
import { Empty, Loading } from "../app/pages.tsx";
import { rememberedOrder, rememberOrder } from "../app/remembered.ts";
import { count } from "../parts/format.ts";
import { AdmitDialog } from "../patients/admit-dialog.tsx";
import { type Order, useSorted, Wall } from "./wall.tsx";
import classes from "./ward-page.module.css";

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
