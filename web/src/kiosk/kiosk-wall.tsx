import type { AlarmBody, WallBody } from "@openward/api";
import { IconBed } from "@tabler/icons-react";
import { useEffect, useMemo, useState } from "react";
import { SoundControl } from "../alarms/sound-control.tsx";
import { DemoBanner } from "../app/banner.tsx";
import { setTitleMark, useLive, useNow } from "../app/hooks.ts";
import { monitor } from "../app/monitor.ts";
import { Empty, Loading } from "../app/pages.tsx";
import { StorageBanner } from "../app/storage-banner.tsx";
import { count, formatTime } from "../parts/format.ts";
import { useSorted, Wall } from "../ward/wall.tsx";
import classes from "./kiosk.module.css";
import { WallContext } from "./wall.ts";
import { WhoDialog } from "./who-dialog.tsx";

/** The ward, whole and with nothing else: no menu, no way into a chart. */
export function KioskWall({ kiosk, isRefused }: { readonly kiosk: WallBody; readonly isRefused: boolean }) {
  const { tiles, phase, storage } = useLive(monitor.ward);
  const sorted = useSorted(tiles, "urgent");
  const [asked, setAsked] = useState<AlarmBody | null>(null);
  const mode = useMemo(() => ({ shows: kiosk.shows, answer: setAsked }), [kiosk.shows]);
  const { id: wardId, timeZone } = kiosk.ward;

  useEffect(() => {
    monitor.setZone(timeZone);
    monitor.ward.watch({ type: "watch", wardId, waveforms: "one" });
  }, [wardId, timeZone]);
  const raised = monitor.alarms().filter((alarm) => alarm.state === "raised").length;
  useEffect(() => setTitleMark(raised > 0 ? `(${raised}) ` : ""), [raised]);

  return (
    <WallContext value={mode}>
      <div className={classes.screen}>
        {kiosk.organisation.isDemo && <DemoBanner />}
        <StorageBanner storage={phase === "live" ? storage : "ok"} />
        <header className={classes.head}>
          <h1 className={classes.title}>{kiosk.ward.name}</h1>
          <span className={classes.count}>{phase === "live" ? count(sorted.length, "patient") : ""}</span>
          <div className={classes.tools}>
            <span className={classes.name}>{kiosk.name}</span>
            <SoundControl />
            <Clock zone={timeZone} />
          </div>
        </header>
        <main className={classes.main}>
          {isRefused ? (
            <Empty title="This screen shows nobody">
              <p>The server does not let it in. It asks again by itself.</p>
            </Empty>
          ) : sorted.length > 0 ? (
            <Wall tiles={tiles} order={sorted} />
          ) : phase === "live" ? (
            <Empty title="No patients in this ward" icon={<IconBed size={44} stroke={1.3} />}>
              <p>Whoever is admitted here comes up by itself.</p>
            </Empty>
          ) : (
            <Loading what="Waiting for the ward" />
          )}
        </main>
      </div>
      {asked && !isRefused && (
        <WhoDialog
          key={`${asked.id} ${asked.revision}`}
          alarm={asked}
          takesBadges={kiosk.takesBadges}
          onClose={() => setAsked(null)}
        />
      )}
    </WallContext>
  );
}

function Clock({ zone }: { readonly zone: string }) {
  const now = useNow();
  return <time className={classes.clock}>{formatTime(now, zone)}</time>;
}
