import {
  IconBluetooth,
  IconDeviceWatch,
  IconEye,
  IconHome,
  IconLock,
  IconShieldLock,
  IconUrgent,
  IconUsers,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useNavigate } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import { isSignedOut } from "../app/api.ts";
import { DemoBanner } from "../app/banner.tsx";
import { sessionQuery } from "../app/hooks.ts";
import { may, type Role } from "../app/permissions.ts";
import classes from "../app/shell.module.css";
import { UserMenu } from "../app/user-menu.tsx";

const isBeside = (role: Role) => role === "patient" || role === "family";

/** The frame around the pages of whoever does not work on the ward. Nothing of the ward is in it: no alarms, no clock. */
export function OwnShell() {
  const session = useQuery(sessionQuery);
  const navigate = useNavigate();
  const hasEnded = isSignedOut(session.error) || session.data === undefined;
  useEffect(() => {
    if (hasEnded) void navigate({ to: "/sign-in" });
  }, [hasEnded, navigate]);
  const personId = session.data && isBeside(session.data.principal.role) ? session.data.principal.id : null;
  useEffect(() => {
    if (personId === null) return;
    let stop = () => {};
    let isGone = false;
    void import("./measure/sending.ts").then(({ sendWaiting }) => {
      if (!isGone) stop = sendWaiting(personId);
    });
    return () => {
      isGone = true;
      stop();
    };
  }, [personId]);
  if (hasEnded) return null;
  const { principal, organisation } = session.data;
  return (
    <div className={classes.shell}>
      <a href="#main" className={classes.skip}>
        To the content
      </a>
      {organisation.isDemo && <DemoBanner />}
      <header className={classes.bar}>
        <Link to={may(principal.role, "ward") ? "/" : "/mine"} className={classes.brand} aria-label="Openward, home">
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
        <nav className={classes.nav} aria-label="Main">
          {isBeside(principal.role) && (
            <>
              <Item to="/mine" icon={<IconHome size={20} aria-hidden />} text="Home" isExact />
              <Item to="/mine/measure" icon={<IconBluetooth size={20} aria-hidden />} text="Measure" />
              <Item to="/mine/devices" icon={<IconDeviceWatch size={20} aria-hidden />} text="Devices" />
              <Item to="/mine/looked" icon={<IconEye size={20} aria-hidden />} text="Who looked" short="Looked" />
              <Item to="/mine/consent" icon={<IconLock size={20} aria-hidden />} text="Sharing" />
            </>
          )}
          {may(principal.role, "identities") && (
            <>
              <Item to="/mine/people" icon={<IconUsers size={20} aria-hidden />} text="People" />
              <Item to="/mine/emergencies" icon={<IconUrgent size={20} aria-hidden />} text="Emergencies" />
              <Item to="/mine/privacy" icon={<IconShieldLock size={20} aria-hidden />} text="Privacy" />
            </>
          )}
        </nav>
        <div className={classes.tools} style={{ marginLeft: "auto", justifyContent: "flex-end" }}>
          <UserMenu />
        </div>
      </header>
      <main id="main" className={classes.main} tabIndex={-1}>
        <Outlet />
      </main>
    </div>
  );
}

function Item(props: {
  readonly to:
    | "/mine"
    | "/mine/measure"
    | "/mine/devices"
    | "/mine/looked"
    | "/mine/consent"
    | "/mine/people"
    | "/mine/emergencies"
    | "/mine/privacy";
  readonly icon: ReactNode;
  readonly text: string;
  /** On a phone. */
  readonly short?: string;
  readonly isExact?: boolean;
}) {
  return (
    // Whoever hears the page hears the whole name, whatever there is room for.
    <Link
      to={props.to}
      className={classes.link}
      activeOptions={{ exact: props.isExact ?? false }}
      {...(props.short === undefined ? {} : { "aria-label": props.text })}
    >
      {props.icon}
      {props.short === undefined ? (
        <span>{props.text}</span>
      ) : (
        <>
          <span data-long>{props.text}</span>
          <span data-short>{props.short}</span>
        </>
      )}
    </Link>
  );
}
