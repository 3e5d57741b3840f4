import {
  IconActivityHeartbeat,
  IconAlertTriangle,
  IconBedFlat,
  IconDeviceWatch,
  IconInbox,
  IconSettings,
} from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useMatch, useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { AlarmSummary } from "../alarms/alarm-summary.tsx";
import { AnswerProblem } from "../alarms/answer-problem.tsx";
import { SoundControl } from "../alarms/sound-control.tsx";
import { useUrgentEndings } from "../fleet/use-fleet.ts";
import { formatTime } from "../parts/format.ts";
import { ask, isSignedOut } from "./api.ts";
import { Banner, DemoBanner } from "./banner.tsx";
import { sessionQuery, useLive, useMay, useNow, useSystem, useWards } from "./hooks.ts";
import { monitor } from "./monitor.ts";
import { may } from "./permissions.ts";
import { rememberedWard, rememberWard } from "./remembered.ts";
import classes from "./shell.module.css";
import { StorageBanner } from "./storage-banner.tsx";
import { UserMenu } from "./user-menu.tsx";

/** The frame of every screen behind the sign-in: where one is, what is wrong, and the alarms. */
export function Shell() {
  const session = useQuery(sessionQuery);
  const navigate = useNavigate();
  const hasEnded = isSignedOut(session.error) || session.data === undefined;
  useEffect(() => {
    if (!hasEnded) return;
    monitor.ward.watch(null);
    monitor.patient.watch(null);
    void navigate({ to: "/sign-in" });
  }, [hasEnded, navigate]);
  if (hasEnded) return null;
  return <SignedIn />;
}

function SignedIn() {
  const wardId = useWatchedWard();
  useRefusedSession();
  return (
    <div className={classes.shell}>
      <a href="#main" className={classes.skip}>
        To the content
      </a>
      <Banners />
      <header className={classes.bar}>
        <Link to="/" className={classes.brand} aria-label="Openward, home">
          <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
            <rect width="32" height="32" rx="8" fill="var(--ow-brand, #0b6e7f)" />
            <path
              d="M4 17h6l2.2-5 4.2 12L20.6 8l2.4 9H28"
              fill="none"
              stroke="#fff"
              strokeWidth="2.6"
              strokeLinecap="round"
              strokeLinejoin="round"
            />
          </svg>
          <span>Openward</span>
        </Link>
        <Navigation wardId={wardId} />
        <div className={classes.tools}>
          <Connection />
          <AlarmSummary />
          <SoundControl />
          <WardClock wardId={wardId} />
          <UserMenu />
        </div>
      </header>
      <AnswerProblem />
      <main id="main" className={classes.main} tabIndex={-1}>
        <Outlet />
      </main>
    </div>
  );
}

/** The server ended the live view because the session has ended: ask who is signed in. */
function useRefusedSession(): void {
  const queries = useQueryClient();
  const codes = [useLive(monitor.ward).refused?.code, useLive(monitor.patient).refused?.code];
  const isRefused = codes.includes("NOT_SIGNED_IN");
  useEffect(() => {
    if (isRefused) void queries.invalidateQueries({ queryKey: ["session"] });
  }, [isRefused, queries]);
}

/** Those who answer alarms hear their ward on every page; others only where they look at patients. */
function useWatchedWard(): string | undefined {
  const onWard = useMatch({ from: "/shell/ward/$wardId", shouldThrow: false })?.params.wardId;
  const onChart = useMatch({ from: "/shell/patients/$patientId", shouldThrow: false }) !== undefined;
  const { principal } = useQuery(sessionQuery).data ?? {};
  const wards = useWards().data;
  const known = (id: string | null | undefined) => wards?.find((w) => w.id === id)?.id;
  const wardId = onWard ?? known(rememberedWard()) ?? wards?.[0]?.id;
  const isWatched =
    onWard !== undefined ||
    (wardId !== undefined && (onChart || (principal !== undefined && may(principal.role, "clinical"))));
  const zone = wards?.find((w) => w.id === wardId)?.timeZone;
  useEffect(() => {
    if (onWard) rememberWard(onWard);
  }, [onWard]);
  useEffect(() => {
    if (zone) monitor.setZone(zone);
  }, [zone]);
  const isWall = onWard !== undefined;
  useEffect(() => {
    monitor.ward.watch(isWatched && wardId ? { type: "watch", wardId, waveforms: isWall ? "one" : "none" } : null);
  }, [isWatched, wardId, isWall]);
  return wardId;
}

function Navigation({ wardId }: { readonly wardId: string | undefined }) {
  const mayTechnical = useMay("technical");
  const mayAdmin = useMay("admin");
  const urgent = useUrgentEndings(useMay("fleet"));
  const open = useQuery({
    queryKey: ["quarantine", "open"],
    queryFn: ({ signal }) => ask("quarantine", { query: { state: "open" }, signal }),
    enabled: mayTechnical,
    refetchInterval: 30_000,
  }).data?.length;
  return (
    <nav className={classes.nav} aria-label="Main">
      {wardId && (
        <Link to="/ward/$wardId" params={{ wardId }} className={classes.link}>
          <IconActivityHeartbeat size={20} aria-hidden />
          <span>Ward</span>
        </Link>
      )}
      <Link to="/patients" className={classes.link}>
        <IconBedFlat size={20} aria-hidden />
        <span>Patients</span>
      </Link>
      <Link
        to="/devices"
        className={classes.link}
        aria-label={urgent > 0 ? `Devices, ${urgent} certificates or tokens to renew` : "Devices"}
      >
        <IconDeviceWatch size={20} aria-hidden />
        <span>Devices</span>
        {urgent > 0 ? <b className={classes.count}>{urgent > 99 ? "99+" : urgent}</b> : null}
      </Link>
      {mayTechnical && (
        <Link to="/quarantine" className={classes.link} aria-label={open ? `Quarantine, ${open} open` : "Quarantine"}>
          <IconInbox size={20} aria-hidden />
          <span>Quarantine</span>
          {open ? <b className={classes.count}>{open > 99 ? "99+" : open}</b> : null}
        </Link>
      )}
      {mayAdmin && (
        <Link to="/administration" className={classes.link} aria-label="Administration">
          <IconSettings size={20} aria-hidden />
          <span data-long>Administration</span>
          <span data-short>Admin</span>
        </Link>
      )}
    </nav>
  );
}

/** What must be known on every screen. */
function Banners() {
  const session = useQuery(sessionQuery).data;
  const ward = useLive(monitor.ward);
  const system = useSystem().data;
  const storage = ward.phase === "live" ? ward.storage : (system?.storage ?? "ok");
  return (
    <>
      {session?.organisation.isDemo && <DemoBanner />}
      <StorageBanner storage={storage} />
      {(system?.archive === "failing" || system?.archive === "damaged") && (
        <Banner kind="storage" label="Archive">
          <IconAlertTriangle size={18} aria-hidden /> <strong>Archive: {system.archive}.</strong> Some older readings
          cannot be shown. New readings and alarms are not affected. Call the technician.
        </Banner>
      )}
    </>
  );
}

function Connection() {
  const ward = useLive(monitor.ward);
  const patient = useLive(monitor.patient);
  const isUnsteady = [ward, patient].some((l) => l.isUnsteady && l.phase !== "lost" && l.phase !== "idle");
  if (!isUnsteady) return null;
  return (
    <span className={classes.unsteady} role="status">
      Reconnecting…
    </span>
  );
}

function WardClock({ wardId }: { readonly wardId: string | undefined }) {
  const now = useNow();
  const ward = useWards().data?.find((w) => w.id === wardId);
  if (!ward) return null;
  return (
    <time className={classes.clock} dateTime={new Date(now).toISOString()} title={`Time in ${ward.timeZone}`}>
      {formatTime(now, ward.timeZone)}
    </time>
  );
}
